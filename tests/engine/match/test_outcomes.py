"""What is known of every threshold at once is what clustering at each of them gives."""

from types import SimpleNamespace

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled
from engine.match import outcomes
from engine.match.cluster import cluster
from engine.match.lives import NONE, lives
from engine.match.run import Match, match, recluster
from engine.rules import Condition, Test, Thresholds
from tests.engine.match.test_bonds import bound, said, table
from tests.engine.match.test_choose import trusting
from tests.engine.match.test_cluster import RECORDS, frame, laid

SOME = (0.3, 0.5, 0.5000001, 0.7, 0.93, 0.999)  # so that much is equal
edges = st.dictionaries(
    st.tuples(st.integers(0, RECORDS - 1), st.integers(0, RECORDS - 1)).filter(lambda p: p[0] < p[1]),
    st.one_of(st.floats(0.001, 0.9999), st.sampled_from(SOME)),
    max_size=30,
)


def counted(label: np.ndarray) -> tuple[list[int], int]:
    """Labels of records → groups of 2, 3, 4, 5, 6 or more; records that go."""
    size = np.bincount(label)
    size = size[size > 1]
    return np.bincount(size.clip(max=outcomes.LARGEST), minlength=outcomes.LARGEST + 1)[2:].tolist(), int(
        size.sum() - len(size)
    )


def plain_match(pairs: dict[tuple[int, int], float]) -> SimpleNamespace:
    """→ what outcomes need of a match: each pair a pattern of its own, nothing bound."""
    made, probability = frame(pairs)
    return SimpleNamespace(
        patterns=pl.DataFrame({"match_probability": probability}), judgements=None, rules=trusting(),
        records=pl.DataFrame({"record_id": [f"r{i}" for i in range(RECORDS)]}),
        ground=laid(made, probability, RECORDS, 0.02),
    )  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(edges, st.lists(st.floats(0.02, 0.999), max_size=20))
def test_every_threshold_is_as_clustered_there(pairs, others):
    found = plain_match(pairs)
    stops = sorted({0.02, *SOME, *(p for p in pairs.values() if p >= 0.02), *others})
    made = outcomes.outcomes(found, stops=stops)
    assert made.known == 0
    probability = found.patterns["match_probability"].to_numpy()
    for k, threshold in enumerate(stops):
        label = cluster(found.ground, probability, threshold=threshold).label
        assert (made.groups[k].tolist(), made.gone[k]) == counted(label), threshold


@pytest.mark.parametrize("seed", range(12))
def test_vetoes_conditions_judgements_and_exclusions_bind_at_every_threshold(seed, monkeypatch):
    monkeypatch.setattr("engine.match.bonds.LARGEST_PREPARED", [24, 3, 2][seed % 3])
    records = table(seed)
    rules = bound(trusting(), seed)
    if seed % 4 == 1:  # some pairs wait for a person, whatever the evidence says; others merge
        asked = Condition(name="ask", then="review", all_of=(Test("tax_id", at_most="from 0"),))
        sure = Condition(name="sure", then="merge", all_of=(Test("phone", at_least="from 100"),))
        rules = msgspec.structs.replace(rules, conditions=(*rules.conditions, asked, sure))
    source = "source" if rules.clustering.one_per_source else None
    found = match(records, rules, judgements=said(seed, len(records)) if seed % 3 else None, source=source)
    made = outcomes.outcomes(found)
    assert made.known == 0
    for k in range(seed % 7, len(made.stops), 61):
        assert (made.groups[k].tolist(), made.gone[k]) == counted(at(found, made.stops[k]).label), made.stops[k]


def at(found: Match, threshold: float) -> Match:
    return recluster(found, msgspec.structs.replace(found.rules, thresholds=Thresholds(float(threshold), 0.02)))


def test_the_sample_account_at_every_tenth_threshold(matched):
    made = outcomes.outcomes(matched)
    changes = 0
    for k in range(0, len(made.stops), 10):
        assert (made.groups[k].tolist(), made.gone[k]) == counted(at(matched, made.stops[k]).label)
        changes += k > 0 and (made.groups[k] != made.groups[k - 10]).any()
    assert changes > 5


def test_components_too_large_to_be_gone_through_are_not_made_up(monkeypatch):
    monkeypatch.setattr("engine.match.bonds.LARGEST_CHECKED", 3)
    # Five in a row, strong at the front: the first three are all that hangs together above 0.6.
    found = plain_match({(0, 1): 0.95, (1, 2): 0.9, (2, 3): 0.6, (3, 4): 0.55})
    made = outcomes.outcomes(found, stops=(0.1, 0.5, 0.57, 0.7, 0.92))
    assert made.known == 3
    probability = found.patterns["match_probability"].to_numpy()
    for k in (3, 4):
        label = cluster(found.ground, probability, threshold=float(made.stops[k])).label
        assert (made.groups[k].tolist(), made.gone[k]) == counted(label)


def test_it_stops_when_nobody_waits():
    def progress(stage: str, share: float) -> None:
        assert stage == "outcomes" and 0 < share <= 1
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        outcomes.outcomes(plain_match({(0, 1): 0.9, (1, 2): 0.8}), progress=progress)


@settings(deadline=None)
@given(edges)
def test_lives_are_the_components_of_each_threshold(pairs):
    ground = plain_match(pairs).ground
    stops = np.array([0.02, 0.4, 0.5, 0.6, 0.93, 0.99])
    made = lives(ground, stops)
    for k, threshold in enumerate(stops):
        begins = np.flatnonzero(np.r_[ground.gap < threshold, True])
        there = {(a, b) for a, b in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True) if b - a > 1}
        alive = (made.low <= k) & (k < made.high)
        assert set(zip(made.start[alive].tolist(), made.end[alive].tolist(), strict=True)) == there
    for i, parent in enumerate(made.parent.tolist()):
        if parent != NONE:
            assert parent > i and made.start[parent] <= made.start[i] < made.end[i] <= made.end[parent]
            assert made.high[parent] == made.low[i]
