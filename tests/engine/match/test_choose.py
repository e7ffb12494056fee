"""What the engine chooses, and what binds the clusters whatever the evidence says: vetoes, judgements, exclusions."""

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import choose
from engine.match.run import Match, match
from engine.rules import Clustering, Exclusion, LatentClass, Rules, Thresholds, Veto, Weights
from engine.schema import JUDGEMENTS
from tests.engine.match.tables import firm_rules, firms


def trusting() -> Rules:
    """Rules for the firms under which a shared name or phone is enough to merge."""
    rules = firm_rules()
    agree = {c.name: (0.05, *[0.95 / (len(c.levels) - 1)] * (len(c.levels) - 1)) for c in rules.comparisons}
    differ = {c.name: (0.999, *[0.001 / (len(c.levels) - 1)] * (len(c.levels) - 1)) for c in rules.comparisons}
    # A tax id that differs speaks against a match, but less than name and phone speak for it.
    agree["tax_id"], differ["tax_id"] = (0.4, 0.6), (0.9, 0.1)
    weights = Weights((LatentClass("match", True, 0.5, agree), LatentClass("other", False, 0.5, differ)))
    return msgspec.structs.replace(rules, weights=weights, thresholds=Thresholds(0.5, 0.1))


def judged(*verdicts: tuple[str, str, str]) -> pl.DataFrame:
    rows = [("company", a, b, verdict, "anna", f"2026-01-0{i + 1}") for i, (a, b, verdict) in enumerate(verdicts)]
    return pl.DataFrame(rows, schema=JUDGEMENTS, orient="row")


def together(found: Match) -> set[frozenset[str]]:
    groups = found.clusters.group_by("cluster_id").agg("record_id")["record_id"].to_list()
    return {frozenset(g) for g in groups if len(g) > 1}


def test_without_any_bond_the_evidence_decides():
    assert together(match(firms(), trusting())) == {frozenset("ab"), frozenset("cd"), frozenset("eg")}


def test_a_veto_keeps_two_tax_ids_apart_and_says_so():
    found = match(firms(), msgspec.structs.replace(trusting(), vetoes=(Veto("tax_id", 0),)))
    assert together(found) == {frozenset("ab"), frozenset("eg")}
    assert found.splits.rows() == [(2, 3, "veto:tax_id")]


def test_a_veto_holds_between_records_that_were_never_compared():
    chain = pl.DataFrame(
        {
            "record_id": ["left", "bridge", "right"],
            "name": ["Вектор", "Вектор", "Сатурн"],
            "phone": ["84951112233", "84952223344", "84952223344"],
            "tax_id": ["7707083893", None, "7736050003"],
        }
    )
    free = match(chain, trusting())
    assert together(free) == {frozenset({"left", "bridge", "right"})}
    assert len(free.pairs) == 2  # the ends share no key
    bound = match(chain, msgspec.structs.replace(trusting(), vetoes=(Veto("tax_id", 0),)))
    assert all(len(group) == 2 for group in together(bound))
    assert not any({"left", "right"} <= group for group in together(bound))


def test_a_missing_value_is_no_ground_for_a_veto():
    found = match(firms(), msgspec.structs.replace(trusting(), vetoes=(Veto("tax_id", 0),)))
    assert frozenset("ab") in together(found)  # b has no tax id


def test_judgements_bind():
    found = match(firms(), trusting(), judgements=judged(("a", "b", "non_match")))
    assert together(found) == {frozenset("cd"), frozenset("eg")}


def test_a_judged_match_joins_what_the_evidence_would_not():
    strict = msgspec.structs.replace(trusting(), thresholds=Thresholds(0.9999, 0.5))
    pair = ("e", "g")
    assert frozenset(pair) not in together(match(firms(), strict))
    assert frozenset(pair) in together(match(firms(), strict, judgements=judged((*pair, "match"))))


def test_a_judged_match_outweighs_a_veto_that_the_evidence_does_not_call_for():
    strict = msgspec.structs.replace(trusting(), vetoes=(Veto("tax_id", 0),), thresholds=Thresholds(0.99999999, 0.5))
    assert frozenset("cd") not in together(match(firms(), strict))
    assert frozenset("cd") in together(match(firms(), strict, judgements=judged(("c", "d", "match"))))


def test_the_latest_judgement_counts_and_unsure_binds_nothing():
    both = judged(("a", "b", "non_match"), ("b", "a", "match"))
    assert frozenset("ab") in together(match(firms(), trusting(), judgements=both))
    unsure = judged(("a", "b", "unsure"), ("a", "nobody", "non_match"))
    assert together(match(firms(), trusting(), judgements=unsure)) == together(match(firms(), trusting()))


def test_an_excluded_pair_stays_apart_and_an_excluded_value_says_nothing():
    pair = msgspec.structs.replace(trusting(), exclusions=(Exclusion(pair=("d", "c")), Exclusion(pair=("a", "nobody"))))
    found = match(firms(), pair)
    assert frozenset("cd") not in together(found)
    assert (2, 3, "excluded") in found.splits.rows()
    value = msgspec.structs.replace(trusting(), exclusions=(Exclusion(comparison="phone", value="84953334455"),))
    found = match(firms(), value)
    assert frozenset("eg") not in together(found)
    assert ("phone", "84953334455", 2, "excluded") in found.placeholders.rows()


def test_at_most_one_record_of_each_source():
    records = firms().with_columns(source=pl.Series(["x", "y", "x", "x", "x", "y", "y"]))
    rules = msgspec.structs.replace(trusting(), clustering=Clustering(one_per_source=True))
    found = match(records, rules, source="source")
    assert together(found) == {frozenset("ab"), frozenset("eg")}
    chain = pl.DataFrame(
        {
            "record_id": ["1", "2", "3"],
            "name": ["Вектор", "Вектор", "Сатурн"],
            "phone": ["84951112233", "84952223344", "84952223344"],
            "tax_id": [None] * 3,
            "source": ["x", "y", "x"],
        },
        schema_overrides={"tax_id": pl.String},
    )
    found = match(chain, rules, source="source")
    assert all(len(group) == 2 for group in together(found))
    assert len(together(found)) == 1


@given(st.data())
@settings(deadline=None, max_examples=25)
def test_no_cluster_breaks_a_bond(data):
    """Random judgements against: whatever they are, no two records judged apart share a cluster."""
    ids = firms()["record_id"].to_list()
    pairs = st.tuples(st.sampled_from(ids), st.sampled_from(ids)).filter(lambda p: p[0] < p[1])
    apart = data.draw(st.lists(pairs, max_size=6, unique=True))
    found = match(firms(), trusting(), judgements=judged(*((a, b, "non_match") for a, b in apart)))
    cluster = dict(found.clusters.rows())
    assert not any(cluster[a] == cluster[b] for a, b in apart)


def patterns(*rows: tuple[float, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"match_probability": pl.Float64, "pairs": pl.Int64}, orient="row")


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 1000)), max_size=20))
def test_thresholds_are_probabilities_in_order(rows):
    chosen = choose.thresholds(patterns(*rows), 100)
    assert 0 < chosen.review <= chosen.merge < 1


def test_the_threshold_with_the_best_expected_f1_is_chosen():
    table = patterns((0.99, 100), (0.55, 40), (0.45, 400), (0.001, 100_000))
    chosen = choose.thresholds(table, 1000)
    p, n = table["match_probability"].to_numpy(), table["pairs"].to_numpy()

    def f1(threshold: float) -> float:
        above = p >= threshold
        return 2 * (p * n)[above].sum() / (n[above].sum() + (p * n).sum())

    assert f1(chosen.merge) == pytest.approx(max(f1(t) for t in np.linspace(0.4, 0.6, 201)))
    held = (p * n)[p >= chosen.review].sum() / (p * n).sum()
    assert held >= choose.REVIEW_RECALL or chosen.review == pytest.approx(0.02)


def test_nothing_found_still_gives_thresholds():
    assert choose.thresholds(patterns(), 0) == Thresholds(0.9, 0.5)
