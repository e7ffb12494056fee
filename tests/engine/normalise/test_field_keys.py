"""E-mails, numbers of authorities, dates, places, websites, placeholders, text: tables of cases and invariants."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.normalise import dates, emails, ids, numbers, placeholders, places, text, websites

CASES = Path(__file__).parents[2] / "cases"


def cases(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((CASES / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def said(flag: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[flag]


@pytest.mark.parametrize("case", cases("emails"), ids=lambda c: c["raw"])
def test_email_cases(case: dict[str, str]) -> None:
    row = emails.keys(pl.Series([case["raw"]])).row(0, named=True)
    assert (row["key"] or "", said(row["is_role"]), row["domain_guess"] or "") == (
        case["key"],
        case["role"],
        case["guess"],
    )


@pytest.mark.parametrize("case", cases("ids"), ids=lambda c: c["raw"])
def test_id_cases(case: dict[str, str]) -> None:
    row = ids.keys(pl.Series([case["raw"]])).row(0, named=True)
    assert (row["key"] or "", row["scheme"] or "", said(row["valid"])) == (case["key"], case["scheme"], case["valid"])


@pytest.mark.parametrize("case", cases("date_keys"), ids=lambda c: c["raw"])
def test_date_cases(case: dict[str, str]) -> None:
    row = dates.keys(pl.Series([case["raw"]])).row(0, named=True)
    assert (row["key"] or "") == case["key"]
    if case["key"]:
        assert said(row["date"] is not None) == case["real"]
        assert said(row["ambiguous"]) == case["ambiguous"]


KEYS_OF_PLACES: dict[str, Callable[[pl.Series], pl.DataFrame]] = {
    "city": places.city_keys,
    "address": places.address_keys,
    "postcode": places.postcode_keys,
}


@pytest.mark.parametrize("case", cases("places"), ids=lambda c: f"{c['left']} {c['right']}")
def test_place_cases(case: dict[str, str]) -> None:
    one, two = KEYS_OF_PLACES[case["kind"]](pl.Series([case["left"], case["right"]]))["key"].to_list()
    assert one is not None
    assert said(one == two) == case["same"]


@pytest.mark.parametrize("case", cases("websites"), ids=lambda c: c["raw"])
def test_website_cases(case: dict[str, str]) -> None:
    assert (websites.keys(pl.Series([case["raw"]]))["key"][0] or "") == case["key"]


@pytest.mark.parametrize("case", cases("placeholders"), ids=lambda c: f"{c['kind']} {c['raw']} {c['records']}")
def test_placeholder_cases(case: dict[str, str]) -> None:
    found = placeholders.found(pl.Series([case["raw"]]), pl.Series([int(case["records"])]), case["kind"])
    assert found["reason"].to_list() == ([case["reason"]] if case["reason"] else [])


ALL: dict[str, Callable[[pl.Series], pl.DataFrame]] = {
    "email": emails.keys,
    "tax_id": ids.keys,
    "identifier": ids.identifier_keys,
    "date": dates.keys,
    "website": websites.keys,
    "number": numbers.keys,
    "text": text.keys,
    "category": text.category_keys,
    **KEYS_OF_PLACES,
}


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=20, deadline=None)
@given(cells=st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=20))
def test_any_cells_are_taken_and_none_is_lost(kind: str, cells: list[str | None]) -> None:
    values = pl.Series(cells, dtype=pl.String)
    before = values.to_list()
    table = ALL[kind](values)
    assert table.height == len(cells)
    assert values.to_list() == before
    for cell, key in zip(cells, table["key"], strict=True):
        assert cell is not None or key is None
        assert key != ""


@pytest.mark.parametrize("kind", ALL)
def test_empty_column(kind: str) -> None:
    assert ALL[kind](pl.Series([], dtype=pl.String)).height == 0
    nothing = ALL[kind](pl.Series([None, None], dtype=pl.String))
    assert nothing["key"].null_count() == 2


@pytest.mark.parametrize("kind", ["email", "identifier", "date", "website", "city", "postcode", "number"])
@settings(max_examples=30, deadline=None)
@given(cell=st.text("abcdefgh0123456789.@-/ абв京", max_size=25))
def test_keys_are_stable(kind: str, cell: str) -> None:
    key = ALL[kind](pl.Series([cell], dtype=pl.String))["key"][0]
    if key is not None:
        assert ALL[kind](pl.Series([key]))["key"][0] == key


@settings(max_examples=25, deadline=None)
@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y年%m月%d日"]))
def test_dates_of_one_day_meet(day: object, form: str) -> None:
    if not 1800 <= day.year <= 2199:  # type: ignore[attr-defined]
        return
    assert dates.keys(pl.Series([day.strftime(form)]))["date"][0] == day  # type: ignore[attr-defined]


def test_the_column_tells_which_number_is_the_month() -> None:
    american = dates.keys(pl.Series(["03/25/1984", "12/31/2001", "03/05/1984"]))
    assert american["key"].to_list() == ["19840325", "20011231", "19840305"]
    assert dates.keys(pl.Series(["03/05/1984"]), month_first=True)["key"].to_list() == ["19840305"]
    assert dates.keys(pl.Series(["03/05/1984"]))["key"].to_list() == ["19840503"]


def test_a_lost_zero_comes_back_when_the_check_digits_say_so() -> None:
    whole = ids.keys(pl.Series(["0105018270"]))
    for lost in ("105018270", "105018279"):
        got = ids.keys(pl.Series([lost])).row(0, named=True)
        assert got["key"] == ("0105018270" if whole["valid"][0] and lost == "105018270" else lost)


@settings(max_examples=25, deadline=None)
@given(st.integers(10**8, 999_999_998))
def test_one_wrong_digit_is_noticed(body: int) -> None:
    stem = str(body)
    last = sum(int(d) * w for d, w in zip(stem, (2, 4, 10, 3, 5, 9, 4, 6, 8), strict=True)) % 11 % 10
    right = stem + str(last)
    wrong = stem + str((last + 1) % 10)
    valid = ids.keys(pl.Series([right, wrong]))["valid"]
    assert valid[0] is True
    assert valid[1] is not True


def test_block_keys_of_desks_are_left_out() -> None:
    table = emails.block_keys(emails.keys(pl.Series(["info@acme.ru", "ivan.petrov@acme.ru"])))
    assert table.rows() == [
        (["info@acme.ru"], None, None),
        (["ivan.petrov@acme.ru"], "ivan.petrov", "ivanpetrov"),
    ]


def test_block_keys_have_the_height_of_their_table() -> None:
    cells = pl.Series(["ул. Ленина 5", None, "Very Large Data Bases", "12.05.1984", "7707083893"])
    tables = [
        places.address_block_keys(places.address_keys(cells)),
        places.city_block_keys(places.city_keys(cells)),
        places.postcode_block_keys(places.postcode_keys(cells)),
        text.block_keys(text.keys(cells)),
        dates.block_keys(dates.keys(cells)),
        ids.block_keys(ids.keys(cells)),
        websites.block_keys(websites.keys(cells)),
        numbers.block_keys(numbers.keys(cells)),
    ]
    assert [t.height for t in tables] == [len(cells)] * len(tables)
    assert tables[0]["house_word"].to_list()[:2] == [["5 lenin"], None]


def test_swapped_day_and_month_share_a_block() -> None:
    parts = dates.block_keys(dates.keys(pl.Series(["1984-03-05", "1984-05-03"])))["parts"]
    assert parts[0] == parts[1]


def test_shared_by_absurdly_many() -> None:
    generator = np.random.default_rng(5)
    honest = (200 / np.arange(1, 2001) ** 0.8).astype(int) + generator.integers(0, 2, 2000) + 1
    assert not placeholders.outliers(pl.Series(honest)).any()
    with_one = pl.Series(np.r_[20_000, honest])
    assert placeholders.outliers(with_one).arg_true().to_list() == [0]
    assert not placeholders.outliers(pl.Series([1] * 500)).any()
    assert not placeholders.outliers(pl.Series([25, 1, 1, 1])).any()
    found = placeholders.found(pl.Series([f"+7916{n:07d}" for n in range(2001)]), with_one, "phone")
    assert found.rows() == [("+79160000000", 20_000, "made_up")]


def test_numbers_of_any_writing() -> None:
    raw = pl.Series(["1 234,50", "1,234.50", "1.234,50", "1,234", "1.234.567", "12,5", "$ 7", "x"])
    assert numbers.keys(raw)["value"].to_list() == [1234.5, 1234.5, 1234.5, 1234.0, 1234567.0, 12.5, 7.0, None]


def test_rare_words_weigh_more() -> None:
    table = text.keys(pl.Series([f"data base {n}x" for n in range(50)] + ["data quantum"]))
    weights = [token % text.WEIGHT_STEPS for token in table["tokens"][-1]]
    assert weights[0] < weights[1]
    assert table["rare"][-1].to_list()[0] == "quantum"
