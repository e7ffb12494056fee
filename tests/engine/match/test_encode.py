"""Records become keys once per distinct value, and every record keeps its own."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UnknownColumn
from engine.match.encode import ABSENT, encode, rarity, raw_values
from engine.match.kinds import KINDS
from engine.rules import RAREST, SAME, Exclusion
from tests.engine.match.tables import compared, firms

CITY = compared("city", "city", 100, 0)
PHONE = compared("phone", "phone", 100, 0)


def encoded(values, comparison=CITY, **more):
    frame = pl.DataFrame({comparison.name: values}, schema={comparison.name: pl.String})
    found, ignored = encode(frame, [comparison], region="RU", **more)
    return found[comparison.name], ignored


def test_one_row_of_the_table_for_each_distinct_key():
    one, _ = encoded(["Москва", "москва ", None, "Казань", "", "Москва"])
    assert one.codes.tolist() == [one.codes[0], one.codes[0], ABSENT, one.codes[3], ABSENT, one.codes[0]]
    assert len(one.table) == 2
    assert one.holders[one.codes[0]] == 3
    assert one.holders[one.codes[3]] == 1


@given(st.lists(st.sampled_from(["Москва", "Kazan", "Казань", "北京", "", " ", None]), max_size=30))
@settings(deadline=None, max_examples=40)
def test_a_record_is_encoded_as_if_it_were_alone(values):
    one, _ = encoded(values)
    key = one.kind.same
    for value, code in zip(values, one.codes.tolist(), strict=True):
        alone, _ = encoded([value])
        if code == ABSENT:
            assert alone.codes.tolist() == [ABSENT]
        else:
            assert one.table[key][code] == alone.table[key][0]
    present = one.codes[one.codes >= 0]
    assert np.array_equal(one.holders, np.bincount(present, minlength=len(one.table)))


def test_an_empty_table_and_an_empty_column_encode():
    for values in ([], [None, "", " "]):
        one, ignored = encoded(values)
        assert (one.codes == ABSENT).all()
        assert one.table.is_empty()
        assert ignored.is_empty()
        assert len(one.key_column("city").hash) == 0


def test_a_cell_with_several_values_counts_its_most_common():
    one, _ = encoded(["84951112233", "84951112233; 84952223344", "84952223344", "84951112233"], PHONE)
    # 495 111-22-33 is held by three records, 495 222-33-44 by two.
    assert one.holders[one.codes].tolist() == [3, 3, 2, 3]


def test_blocking_keys_stand_at_the_records_that_hold_the_value():
    one, _ = encoded(["84951112233", None, "84952223344; 8 495 111 22 33", "84951112233"], PHONE)
    column = one.key_column("number")
    by_key = {}
    for record, key in zip(column.record.tolist(), column.hash.tolist(), strict=True):
        by_key.setdefault(key, set()).add(record)
    assert sorted(map(sorted, by_key.values())) == [[0, 2, 3], [2]]


def test_an_unknown_key_or_column_names_the_nearest():
    one, _ = encoded(["84951112233"], PHONE)
    with pytest.raises(UnknownColumn, match=r"did you mean 'phone\.number'"):
        one.key_column("numbr")
    with pytest.raises(UnknownColumn, match="did you mean 'tax_id'"):
        raw_values(firms(), ["taxid"])


def test_several_columns_are_read_as_one_cell():
    frame = pl.DataFrame({"a": ["1", "", None, None], "b": [" 2 ", "3", " ", None]})
    assert raw_values(frame, ["a", "b"]).to_list() == ["1; 2", "3", None, None]


def test_placeholders_and_excluded_values_are_missing_and_listed():
    one, ignored = encoded(
        ["0000000000", "84951112233", "84952223344", "84952223344"],
        PHONE,
        exclusions=[Exclusion(comparison="phone", value="84952223344"), Exclusion(comparison="name", value="x")],
    )
    assert one.codes.tolist() == [ABSENT, 0, ABSENT, ABSENT]
    listed = {(row["value"], row["records"], row["reason"]) for row in ignored.to_dicts()}
    assert listed == {("0000000000", 1, "repeated"), ("84952223344", 2, "excluded")}
    assert ignored["comparison"].unique().to_list() == ["phone"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_every_cell(kind):
    values = [None, "", "x", "=1+1", "<b>", "0", "\u202eabc", "张伟", "a" * 5000, "7707083893", "31.12.1990", "a@b.cc"]
    one, _ = encoded(values, compared("v", kind, 100, 0))
    assert len(one.codes) == len(values)
    assert one.codes.max() < len(one.table)
    for key in (*KINDS[kind].alone, *KINDS[kind].joint):
        column = one.key_column(key)
        assert set(column.record.tolist()) <= set(np.flatnonzero(one.codes >= 0).tolist())


def test_rarity_falls_two_steps_for_each_doubling():
    assert rarity(np.array([0, 1, 2, 3, 4, 8, 16, 2048, 10**6])).tolist() == [
        120,
        120,
        120,
        119,
        118,
        116,
        114,
        100,
        100,
    ]


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=30))
def test_rarity_never_rises_with_the_holders(holders):
    graded = rarity(np.sort(np.array(holders))).astype(int)
    assert (np.diff(graded) <= 0).all()
    assert graded.min() >= SAME
    assert graded.max() <= RAREST
