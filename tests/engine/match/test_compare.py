"""Similarities: each pair as if it were the only one, null before anything else, levels as the rules cut them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match.compare import compare, levels, patterns, similarity
from engine.match.encode import encode
from engine.match.kinds import KINDS
from engine.match.sides import of_frames
from engine.rules import MISSING, RAREST, SAME, Comparison, Level
from tests.engine.match.tables import compared

VALUES = {
    "person_name": ["Иванов Пётр", "Пётр Иванов", "Ivanov Petr", "Анна Ким", "Ким А.", "王伟", None],
    "given_name": ["Саша", "Александр", "Alexander", "Анна", "А.", None],
    "family_name": ["Иванов", "Иванова", "Ivanov", "Петров", None],
    "patronymic": ["Иванович", "Ивановна", "Петрович", None],
    "company": ["ООО «Вектор»", "АО Вектор", "Vektor LLC", "ВекторСервис", "深圳市华为有限公司", "华为", None],
    "phone": ["84951112233", "+7 495 111-22-33", "84951112234; 89161234567", "1112233", None],
    "email": ["a.b@gmail.com", "ab@gmail.com", "info@vektor.ru", "ab@gmial.com", None],
    "website": ["https://www.vektor.ru/a", "vektor.ru", "vector.ru", None],
    "tax_id": ["7707083893", "7707083894", "7736050003", None],
    "identifier": ["1027700132195", "1027700132196", "x", None],
    "date": ["1990-03-04", "04.03.1990", "1990-04-03", "1991-03-04", None],
    "address": ["ул. Ленина, 5", "Ленина 5", "ул. Ленина, 7", None],
    "city": ["Москва", "Moscow", "г. Казань", None],
    "postcode": ["101000", "101001", None],
    "number": ["12", "12.0", "13", None],
    "category": ["Опт", "опт", "Розница", None],
    "text": ["насос центробежный", "Насос центробежный!", "клапан", None],
}


def all_pairs(size: int) -> pl.DataFrame:
    left, right = np.triu_indices(size, 1)
    return pl.DataFrame({"left": left, "right": right}, schema={"left": pl.UInt32, "right": pl.UInt32})


def keys(kind: str, values: list[str | None]):
    comparison = compared("v", kind, 100, 80, 0)
    frame = pl.DataFrame({"v": values}, schema={"v": pl.String})
    return encode(frame, [comparison], region="RU")[0]


def test_the_table_of_values_covers_every_kind():
    assert set(VALUES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pair_among_others_is_what_the_similarity_function_says_of_it_alone(kind):
    encoded = keys(kind, VALUES[kind])
    one = encoded["v"]
    pairs = all_pairs(len(VALUES[kind]))
    found = compare(encoded, pairs)["v"]
    for (left, right), got in zip(pairs.rows(), found.tolist(), strict=True):
        a, b = one.codes[left], one.codes[right]
        if a < 0 or b < 0:
            assert got == MISSING
        elif a == b:
            assert got >= SAME
        else:
            low, high = min(a, b), max(a, b)
            pair = of_frames(one.table[[int(low)]], one.table[[int(high)]])
            alone = int(one.kind.similarity(*pair, **one.context_argument)[0])
            assert got == alone if alone < SAME else got >= SAME


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_a_pair_does_not_matter(kind):
    one = keys(kind, VALUES[kind])["v"]
    left, right = np.triu_indices(len(VALUES[kind]), 1)
    assert similarity(one, left, right).tolist() == similarity(one, right, left).tolist()


@given(st.sampled_from(sorted(VALUES)), st.data())
@settings(deadline=None, max_examples=30)
def test_missing_is_decided_before_any_similarity(kind, data):
    values = data.draw(st.lists(st.sampled_from(VALUES[kind]), min_size=2, max_size=8))
    encoded = keys(kind, values)
    pairs = all_pairs(len(values))
    found = compare(encoded, pairs)["v"]
    codes = encoded["v"].codes
    lacking = [codes[a] < 0 or codes[b] < 0 for a, b in pairs.rows()]
    assert (found == MISSING).tolist() == lacking
    assert found[found != MISSING].max(initial=0) <= RAREST


def test_the_same_value_is_graded_by_how_many_hold_it():
    values = ["84951112233"] * 2 + ["84952223344"] * 4
    encoded = keys("phone", values)
    found = dict(zip(all_pairs(6).rows(), compare(encoded, all_pairs(6))["v"].tolist(), strict=True))
    assert found[0, 1] == RAREST
    assert found[2, 5] == RAREST - 2
    assert found[0, 2] < SAME


def test_two_spellings_of_one_value_are_graded_by_the_more_common():
    values = ["ООО «Вектор»"] + ["Вектор"] * 3
    one = keys("company", values)["v"]
    found = similarity(one, np.array([0, 1]), np.array([1, 2]))
    assert found[1] == RAREST - 2  # the name is held by four records, in whichever form
    assert found[0] in (RAREST - 2, *range(SAME))


NAMES = pl.DataFrame(
    {
        "given": ["Пётр", "Иванов", "Пётр", "Анна", "Олег"],
        "family": ["Иванов", "Пётр", "Сидоров", "Иванов", None],
    }
)


def test_names_typed_into_each_others_column_are_read_crosswise():
    comparisons = [
        compared("given", "given_name", 100, 72, 0),
        compared("family", "family_name", 100, 72, 0),
    ]
    encoded, _ = encode(NAMES, comparisons, region="RU")
    pairs = all_pairs(5)
    found = compare(encoded, pairs)
    plain = {
        c.name: similarity(encoded[c.name], *(pairs[s].to_numpy() for s in ("left", "right"))) for c in comparisons
    }
    at = {pair: i for i, pair in enumerate(pairs.rows())}
    for name in ("given", "family"):
        assert found[name][at[0, 1]] >= SAME  # read crosswise, and graded by how many records hold the name
        same = [i for pair, i in at.items() if pair != (0, 1)]
        assert found[name][same].tolist() == plain[name][same].tolist()


@given(st.lists(st.integers(1, 120), min_size=1, max_size=6, unique=True), st.integers(0, 255))
def test_the_level_of_a_similarity_is_the_first_that_it_reaches(bounds, value):
    cuts = [*sorted(bounds, reverse=True), 0]
    comparison = Comparison("c", "city", ("c",), tuple(Level(str(at), at) for at in cuts))
    code = int(levels(comparison, np.array([value], np.uint8))[0])
    if value == MISSING:
        assert code == 0
    else:
        reached = next(i for i, at in enumerate(cuts) if value >= at)
        assert code == len(cuts) - reached


@given(st.lists(st.tuples(*[st.sampled_from([0, 79, 80, 100, 120, 255])] * 3), max_size=60))
@settings(deadline=None)
def test_patterns_hold_every_pair_once(rows):
    comparisons = [compared(n, "city", 100, 80, 0) for n in "abc"]
    array = np.array(rows, np.uint8).reshape(-1, 3)
    similar = {n: array[:, i] for i, n in enumerate("abc")}
    table, number = patterns(comparisons, similar)
    assert table["pairs"].sum() == len(rows)
    assert np.bincount(number, minlength=len(table)).tolist() == table["pairs"].to_list()
    vectors = table.select(*"abc").rows()
    assert len(set(vectors)) == len(vectors)
    for i, c in enumerate(comparisons):
        assert [vectors[n][i] for n in number.tolist()] == levels(c, array[:, i]).tolist()


def test_many_comparisons_are_counted_without_a_table_of_all_patterns():
    comparisons = [compared(f"c{i}", "city", 120, 100, 90, 80, 0) for i in range(20)]
    rng = np.random.default_rng(0)
    similar = {c.name: rng.choice(np.array([0, 85, 110, 255], np.uint8), 500) for c in comparisons}
    table, number = patterns(comparisons, similar)
    for c in comparisons:
        assert table[c.name].to_numpy()[number].tolist() == levels(c, similar[c.name]).tolist()


def test_tables_with_very_many_comparisons_have_right_patterns():
    cuts = tuple(Level(str(at), at) for at in (100, 80, 60, 40, 20, 0))
    many = [Comparison(f"c{i}", "city", (f"c{i}",), cuts) for i in range(40)]
    rng = np.random.default_rng(3)
    values = {c.name: rng.integers(0, 101, 500).astype(np.uint8) for c in many}
    for similar in values.values():
        similar[250:] = similar[:250]  # every pattern twice
    table, number = patterns(many, values)
    assert table["pairs"].sum() == 500
    assert (number[:250] == number[250:]).all()
    for c in many:
        assert table[c.name].to_numpy()[number].tolist() == levels(c, values[c.name]).tolist()
