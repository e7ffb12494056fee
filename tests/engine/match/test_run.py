"""The pipeline as a whole: rules that were used give the same again, short ways round equal the long way."""

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled, RulesError
from engine.match.judged import judged_counts, judged_pairs
from engine.match.run import match, narrow, recluster, reweigh
from engine.match.suggest import suggest
from engine.rules import Level, Thresholds, Weights, dump, load
from engine.schema import JUDGEMENTS
from tests.engine.match.tables import firm_rules


def same(one, other) -> bool:
    return (
        one.clusters.equals(other.clusters)
        and one.pairs.equals(other.pairs)
        and one.patterns.equals(other.patterns)
        and one.forest.equals(other.forest)
    )


def test_the_rules_that_were_used_give_the_same_again(matched):
    assert matched.rules.weights.classes
    assert matched.rules.thresholds.merge is not None
    assert same(match(matched.records, load(dump(matched.rules))), matched)


def test_running_twice_gives_the_same(matched, people):
    assert same(match(people, suggest(people, entity="contact", region="US")), matched)


def test_another_seed_hardly_moves_the_clusters(matched, people):
    other = match(people, suggest(people, entity="contact", region="US", seed=5), seed=5)
    moved = (matched.clusters["cluster_id"] != other.clusters["cluster_id"]).sum()
    assert moved <= 0.01 * len(people)


def test_the_order_of_the_records_does_not_matter(matched, people):
    turned = match(people.reverse(), matched.rules)

    def groups(found):
        return {frozenset(g) for g in found.clusters.group_by("cluster_id").agg("record_id")["record_id"].to_list()}

    assert groups(turned) == groups(matched)


def test_reclustering_equals_a_full_run_with_those_thresholds(matched):
    for merge in (0.05, 0.9, 0.999):
        rules = msgspec.structs.replace(matched.rules, thresholds=Thresholds(merge, 0.02))
        assert same(recluster(matched, rules), match(matched.records, rules))


def test_reweighing_equals_a_full_run_with_those_levels_and_weights(matched):
    first, *rest = matched.rules.comparisons
    moved = tuple(Level(level.name, level.at_least - (level.at_least > 2), -1.5) for level in first.levels)
    for weights in (matched.rules.weights, Weights()):
        rules = msgspec.structs.replace(
            matched.rules, weights=weights, comparisons=(msgspec.structs.replace(first, levels=moved), *rest)
        )
        assert same(reweigh(matched, rules), match(matched.records, rules))


def test_fewer_blocking_rules_narrow_the_candidates_as_a_full_run_does(matched):
    kept = matched.rules.blocking[:2]
    rules = msgspec.structs.replace(matched.rules, blocking=kept)
    assert same(narrow(matched, rules), match(matched.records, rules))


def test_a_match_is_whole(matched):
    records = len(matched.records)
    left, right = matched.pairs["left"], matched.pairs["right"]
    assert (left < right).all()
    assert right.max() < records
    assert matched.pairs.select("left", "right").is_unique().all()
    assert (matched.pairs["found_by"] > 0).all()
    assert matched.patterns["pairs"].sum() == len(matched.pairs)
    assert matched.clusters["record_id"].equals(matched.records["record_id"])
    assert set(matched.clusters["cluster_id"]) <= set(matched.records["record_id"])
    assert set(matched.seconds) >= {"encode", "block", "compare", "weigh", "forest", "cluster"}
    assert len(matched.forest) < records


CELLS = st.sampled_from(["Вектор", "ООО Вектор", "Сатурн", "ОРБИТА", "", None])
PHONES = st.sampled_from(["84951112233", "+7 495 111-22-33", "84952223344", "нет", None])


@given(st.lists(st.tuples(CELLS, PHONES), max_size=14), st.sampled_from([0.2, 0.5, 0.9]))
@settings(deadline=None, max_examples=25)
def test_clusters_partition_the_records(rows, merge):
    records = pl.DataFrame(
        {
            "record_id": [f"r{i}" for i in range(len(rows))],
            "name": [name for name, _ in rows],
            "phone": [phone for _, phone in rows],
            "tax_id": [None] * len(rows),
        },
        schema=dict.fromkeys(("record_id", "name", "phone", "tax_id"), pl.String),
    )
    found = match(records, msgspec.structs.replace(firm_rules(), thresholds=Thresholds(merge, 0.1)))
    assert found.clusters["record_id"].to_list() == records["record_id"].to_list()
    cluster = dict(found.clusters.rows())
    for name in cluster.values():
        assert cluster[name] == name  # a cluster is called after one of its own
    assert np.isfinite(found.weight).all()


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_tables_too_small_for_pairs_are_matched_all_the_same(rows):
    columns = ("record_id", "name", "phone", "tax_id")
    records = pl.DataFrame(
        {c: [f"{c}{i}" for i in range(rows)] for c in columns}, schema=dict.fromkeys(columns, pl.String)
    )
    found = match(records, firm_rules())
    assert len(found.clusters) == rows


def judged(rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    made = [("contact", a, b, verdict, "anna", f"2026-01-{i + 1:02}") for i, (a, b, verdict) in enumerate(rows)]
    return pl.DataFrame(made, schema=JUDGEMENTS, orient="row")


def test_judged_pairs_are_ordered_and_the_last_word_counts(people):
    a, b, c = people["record_id"][:3]
    rows = judged([(b, a, "match"), (a, b, "non_match"), (a, a, "match"), (c, "nobody", "match"), (c, b, "unsure")])
    assert judged_pairs(people, rows).sort("left", "right").rows() == [(0, 1, "non_match"), (1, 2, "unsure")]
    assert judged_pairs(people, None) is None
    assert judged_pairs(people, judged([])) is None


def test_judgements_are_counted_by_pattern(matched):
    ids = matched.records["record_id"]
    left, right, pattern = matched.pairs.select("left", "right", "pattern").row(0)
    rows = judged([(ids[right], ids[left], "match")])
    yes, no = judged_counts(matched.records, matched.pairs, len(matched.patterns), rows)
    assert (yes.sum(), yes[pattern], no.sum()) == (1, 1, 0)
    assert judged_counts(matched.records, matched.pairs, len(matched.patterns), None) is None


def test_judgements_hold_in_the_clusters(matched, people, truth):
    """Every cluster and every close call judged as the truth has it: the clusters become the truth's."""
    label = dict(truth.select("record_id", "cluster_id").rows())
    ids = people["record_id"]
    likely = matched.pairs.filter(pl.Series(matched.probability > 0.01))
    pairs = [(ids[a], ids[b]) for a, b in likely.select("left", "right").rows()]
    rows = judged([(a, b, "match" if label[a] == label[b] else "non_match") for a, b in pairs[:400]])
    found = match(people, matched.rules, judgements=rows)
    cluster = dict(found.clusters.rows())
    assert not any(cluster[a] == cluster[b] for _, a, b, verdict, *_ in rows.rows() if verdict == "non_match")


def test_a_job_can_be_stopped_at_every_stage(matched):
    stages = []
    match(
        matched.records,
        msgspec.structs.replace(matched.rules, weights=Weights()),
        progress=lambda s, _: stages.append(s),
    )
    for stage in dict.fromkeys(stages):

        def stop(now: str, share: float, at: str = stage) -> None:
            if now == at:
                raise Cancelled("stopped")

        with pytest.raises(Cancelled):
            match(matched.records, msgspec.structs.replace(matched.rules, weights=Weights()), progress=stop)


def test_rules_that_contradict_themselves_are_refused(people):
    with pytest.raises(RulesError):
        match(people, msgspec.structs.replace(firm_rules(), comparisons=()))


def test_a_threshold_below_all_that_was_prepared_is_answered_too(matched):
    low = msgspec.structs.replace(matched.rules, thresholds=Thresholds(0.001, 0.0005))
    found = recluster(matched, low)
    assert found.ground.floor == 0.001
    assert len(found.group_sizes) and found.group_sizes.sum() >= matched.group_sizes.sum()
    again = recluster(found, matched.rules)
    assert again.clusters.equals(matched.clusters)
    assert again.splits.equals(matched.splits)
