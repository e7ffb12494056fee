"""Steps of one field's threshold agree with a loop over the pairs; last digits with text compared digit by digit."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RulesError
from engine.match import last_digits, run, steps, suggest
from engine.match.encode import encode
from engine.match.evaluate import against
from engine.rules import MISSING, Comparison, Level, validate
from tests.engine.match.tables import compared

PHONE = compared("phone", "phone", 100, 72, 0)


def naive_digits(a: list[str] | None, b: list[str] | None) -> int:
    """Numbers of two cells → the greatest N in 6…15 whose last N digits agree, as a spreadsheet would compare them."""
    if a is None or b is None:
        return MISSING
    best = 0
    for x in (n.removeprefix("+") for n in a):
        for y in (n.removeprefix("+") for n in b):
            for n in range(6, 16):
                if x == y or (len(x) >= n and len(y) >= n and x[-n:] == y[-n:]):
                    best = max(best, n)
    return best


NUMBER = st.one_of(
    st.sampled_from(["+79161234567", "89161234567", "9161234567", "1234567", "+380441234567", "+74951234567", "нет"]),
    st.text("0123456789+", min_size=5, max_size=17),
)


@given(st.lists(st.one_of(st.none(), NUMBER, st.lists(NUMBER, min_size=2, max_size=3).map("; ".join)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_last_digits_agree_as_text_does(cells):
    records = pl.DataFrame({"record_id": list(map(str, range(len(cells)))), "phone": pl.Series(cells, dtype=pl.String)})
    one = encode(records, [PHONE], region="RU")[0]["phone"]
    at = np.array([(i, j) for i in range(len(cells)) for j in range(i + 1, len(cells))]).reshape(-1, 2)
    numbers = [None if code < 0 else one.table["numbers"][int(code)].to_list() for code in one.codes]
    expected = [naive_digits(numbers[i], numbers[j]) for i, j in at]
    assert last_digits.agreeing(one, at[:, 0], at[:, 1]).tolist() == expected


@pytest.mark.parametrize(
    ("left", "right", "n"),
    [
        ("+7 916 123-45-67", "8 (916) 123-45-67", 15),  # one number in two spellings agrees however far one looks
        ("+7 916 123-45-67", "+7 495 123-45-67", 7),
        ("+7 916 123-45-67", "+7 916 923-45-67", 6),
        ("+7 916 123-45-67", "+7 916 123-45-68", 0),
        ("765-43-17", "8 916 765-43-17", 7),
        ("8 916 123-45-67 доб. 5", "8 916 123-45-67 доб. 6", 15),  # extensions are no digits of the number
        ("8 495 000-11-22, 8 916 123-45-67", "8 935 123-45-67", 7),
        ("8 916 123-45-67", None, MISSING),
    ],
)
def test_last_digits_by_example(left, right, n):
    records = pl.DataFrame({"record_id": ["a", "b"], "phone": [left, right]})
    one = encode(records, [PHONE], region="RU")[0]["phone"]
    assert last_digits.agreeing(one, np.array([0]), np.array([1])).tolist() == [n]


@pytest.fixture(scope="module")
def asked(matched) -> list[tuple[str, str]]:
    return [(c.name, axis) for c in matched.rules.comparisons for axis in steps.axes(c)]


def test_steps_count_what_a_loop_over_the_pairs_counts(matched, truth, asked):
    own = dict(truth.select("record_id", "cluster_id").iter_rows())
    ids = matched.records["record_id"].to_list()
    pairs = [(ids[a], ids[b]) for a, b in matched.pairs.select("left", "right").iter_rows()]
    one = [own.get(a) is not None and own.get(a) == own.get(b) for a, b in pairs]
    for name, axis in asked:
        at = steps.values(matched, name, axis=axis).tolist()
        expected = steps.steps(matched, name, axis=axis)
        exact = steps.steps(matched, name, axis=axis, truth=truth)
        assert (expected.basis, exact.basis) == ("estimate", "exact")
        assert expected.present + expected.missing == len(pairs)
        assert expected.missing == at.count(MISSING)
        marks = expected.table["step"].to_list()
        for row, true, end in zip(
            expected.table.iter_rows(named=True), exact.table.iter_rows(named=True), [*marks[1:], MISSING], strict=True
        ):
            above = [i for i, v in enumerate(at) if row["step"] <= v < MISSING]
            here = [i for i in above if at[i] < end]
            assert (row["pairs"], row["here"]) == (len(above), len(here))
            assert row["matches"] == pytest.approx(sum(matched.probability[i] for i in above))
            assert row["here_matches"] == pytest.approx(sum(matched.probability[i] for i in here))
            assert true["matches"] == sum(one[i] for i in above)
            assert true["here_matches"] == sum(one[i] for i in here)
            assert row["precision"] == (pytest.approx(row["matches"] / len(above)) if above else None)


def test_examples_stand_at_their_step_and_show_their_values(matched, asked):
    ids = matched.records["record_id"].to_list()
    place = {(ids[a], ids[b]): i for i, (a, b) in enumerate(matched.pairs.select("left", "right").iter_rows())}
    for name, axis in asked:
        found = steps.steps(matched, name, axis=axis)
        at = steps.values(matched, name, axis=axis)
        marks = [*found.table["step"].to_list(), MISSING]
        columns = next(c.columns for c in matched.rules.comparisons if c.name == name)
        for row in found.examples.iter_rows(named=True):
            pair = place[row["left_id"], row["right_id"]]
            assert row["step"] <= at[pair] < marks[marks.index(row["step"]) + 1]
            assert row["match_probability"] == pytest.approx(matched.probability[pair])
            assert row["left"] and row["right"]
            if axis == "digits":
                assert naive_digits([row["left"]], [row["right"]]) == at[pair]
            elif len(columns) == 1:
                assert row["left"] == matched.records.filter(record_id=row["left_id"])[columns[0]][0].strip()
        shown = found.examples.group_by("step").len()
        held = dict(found.table.select("step", "here").iter_rows())
        assert not found.examples.select("step", "left_id", "right_id").is_duplicated().any()
        assert {s for s, n in held.items() if n} == set(shown["step"])
        assert all(1 <= n <= min(steps.EXAMPLES, held[s]) for s, n in shown.iter_rows())


def test_counting_by_sorting_gives_the_same(matched, monkeypatch):
    name = matched.rules.comparisons[0].name
    quick = steps.steps(matched, name)
    monkeypatch.setattr(steps, "_SPACE", 1)
    slow = steps.steps(matched, name)
    assert slow.table.equals(quick.table)
    assert slow.examples.equals(quick.examples)


def test_judgements_count_when_there_are_enough(matched, truth):
    own = dict(truth.select("record_id", "cluster_id").iter_rows())
    ids = matched.records["record_id"]
    rng = np.random.default_rng(5)
    rows = matched.pairs[rng.choice(len(matched.pairs), 200, replace=False)]
    judged = pl.DataFrame({"left_id": ids.gather(rows["left"]), "right_id": ids.gather(rows["right"])}).with_columns(
        pl.struct("left_id", "right_id")
        .map_elements(
            lambda p: "match" if own.get(p["left_id"]) == own.get(p["right_id"]) else "non_match",
            return_dtype=pl.String,
        )
        .alias("verdict"),
        pl.lit("2026-01-01T00:00:00").alias("judged_at"),
    )
    name = next(c.name for c in matched.rules.comparisons if c.kind == "family_name")
    few = steps.steps(matched, name, judgements=judged.head(20))
    assert few.basis == "estimate"
    found = steps.steps(matched, name, judgements=judged)
    assert found.basis == "judged"
    held = found.table.filter(pl.col("pairs") > 0)
    assert (held["precision_low"] <= held["precision_high"]).all()
    assert held["matches"].is_sorted(descending=True)
    exact = steps.steps(matched, name, truth=truth).table.filter(pl.col("pairs") > 0)
    inside = (exact["precision"] >= held["precision_low"]) & (exact["precision"] <= held["precision_high"])
    assert inside.mean() >= 0.8


def test_a_match_without_pairs_has_steps_without_pairs(people):
    alone = people.head(2).with_columns(pl.lit(None, pl.String).alias(c) for c in people.columns if c != "record_id")
    records = alone.with_columns(email=pl.Series(["a@b.ru", "c@d.ru"]), phone=pl.Series(["84951112233", "84954445566"]))
    found = run.match(records, suggest.suggest(records, entity="contact"))
    table = steps.steps(found, "email").table
    assert table["pairs"].sum() == 0
    assert table["precision"].is_null().all()


def test_a_level_may_begin_between_its_neighbours():
    one = Comparison(
        "name", "city", ("name",), tuple(Level(n, b) for n, b in (("same", 100), ("near", 80), ("far", 0)))
    )
    assert steps.movable(one, 100) == steps.movable(one, 0) == steps.movable(one, 121) == []
    assert steps.movable(one, 110) == ["same"]
    assert steps.movable(one, 84) == ["near", "same"]
    assert steps.movable(one, 96) == ["same", "near"]
    assert steps.movable(one, 40) == ["near"]


def test_what_may_move_there_makes_rules_that_hold(matched):
    from engine.match import tuning

    for comparison in matched.rules.comparisons:
        for boundary in range(1, 121, 7):
            for level in steps.movable(comparison, boundary):
                bounds = [boundary if x.name == level else x.at_least for x in comparison.levels]
                validate(tuning.moved(matched, comparison.name, bounds))


def test_the_boundary_of_digits_lets_the_same_digits_through(matched):
    """Whoever agrees in the last N digits stands at or above the boundary named for N."""
    phone = next(c.name for c in matched.rules.comparisons if c.kind == "phone")
    digits, similar = steps.values(matched, phone), matched.similarities[phone]
    for step, boundary in steps.steps(matched, phone).table.select("step", "boundary").iter_rows():
        if step <= 10:
            assert (similar[(digits >= step) & (digits != MISSING)] >= boundary).all()


def test_unknown_names_are_refused(matched):
    with pytest.raises(RulesError, match="no comparison 'shoe size'"):
        steps.steps(matched, "shoe size")
    with pytest.raises(RulesError, match="no steps by 'digits'"):
        steps.steps(matched, "email", axis="digits")


def test_truth_counts_as_elsewhere(matched, truth):
    name = matched.rules.comparisons[0].name
    found = steps.steps(matched, name, truth=truth)
    per_pattern = against(matched, truth).per_pattern
    present = steps.values(matched, name) != MISSING
    at = np.unique(matched.pairs["pattern"].to_numpy()[present])
    assert found.table["matches"][0] == per_pattern[at].sum()
