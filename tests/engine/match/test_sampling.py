"""Which pairs to judge next: those that are open, where they teach most; and which judgements contradict each other."""

import polars as pl
import pytest

from engine.match.evaluate import curve
from engine.match.judged import judged_counts
from engine.match.sampling import contradictions, needed, next_pairs
from engine.schema import JUDGEMENTS


def judgements(rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    made = [("contact", a, b, verdict, "anna", "2026-01-01") for a, b, verdict in rows]
    return pl.DataFrame(made, schema=JUDGEMENTS, orient="row")


def said(pairs: pl.DataFrame, truth: pl.DataFrame) -> list[tuple[str, str, str]]:
    label = dict(truth.select("record_id", "cluster_id").rows())
    return [
        (a, b, "match" if label[a] == label[b] else "non_match") for a, b in pairs.select("left_id", "right_id").rows()
    ]


def test_a_judged_pair_does_not_come_again(matched, truth):
    rows: list[tuple[str, str, str]] = []
    for _ in range(4):
        new = next_pairs(matched, judgements(rows), around=0.5, count=10)
        assert len(new) == 10
        rows += said(new, truth)
    assert len({frozenset(row[:2]) for row in rows}) == 40
    turned = judgements([(b, a, "unsure") for a, b, _ in rows])
    again = next_pairs(matched, turned, around=0.5, count=10)
    assert not {frozenset(p) for p in again.select("left_id", "right_id").rows()} & {frozenset(r[:2]) for r in rows}


def test_the_choice_follows_the_seed_alone(matched):
    one, other = (next_pairs(matched, None, around=0.5, count=5, seed=s) for s in (1, 1))
    assert one.equals(other)


def test_chosen_judgements_narrow_the_interval_more_than_none(matched, truth):
    def width(rows: list[tuple[str, str, str]]) -> float:
        counts = judged_counts(matched.records, matched.pairs, len(matched.patterns), judgements(rows))
        row = curve(matched.patterns, judged=counts, thresholds=[0.5]).row(0, named=True)
        return row["precision_high"] - row["precision_low"]

    few = said(next_pairs(matched, None, around=0.5, count=8), truth)
    more = few + said(next_pairs(matched, judgements(few), around=0.5, count=60), truth)
    assert width(more) < width(few)


def test_a_looser_bound_needs_no_more_judgements(matched):
    # A forecast made step by step: neighbouring bounds may change places by a few, bounds far apart may not.
    tight, loose = (needed(matched, None, around=0.5, points=points) for points in (3, 20))
    assert loose is not None
    assert tight is None or loose < tight
    assert needed(matched, None, around=0.5, points=99) == 0


@pytest.mark.parametrize(
    ("rows", "paths"),
    [
        ([], []),
        ([("a", "b", "match"), ("b", "c", "match"), ("a", "c", "match")], []),
        ([("a", "b", "match"), ("c", "b", "match"), ("c", "a", "non_match")], [["c", "b", "a"]]),
        ([("a", "b", "match"), ("c", "d", "match"), ("a", "c", "non_match")], []),
        ([("a", "b", "match"), ("b", "c", "unsure"), ("a", "c", "non_match")], []),
    ],
)
def test_judgements_that_cannot_all_be_true_are_found(rows, paths):
    assert contradictions(judgements(rows))["path"].to_list() == paths
