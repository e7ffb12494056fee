"""Conditions: a verdict per pattern that decides, while the estimates stay the evidence's."""

import itertools
from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import choose, conditions, costs, evaluate, explain, mutate, rule_tests, run, tuning, versions, weigh
from engine.match.conditions import APART, MERGE, NEVER, OPEN, REVIEW
from engine.match.output import pair_table, summarise
from engine.plan.make import evidence
from engine.rules import Condition, Exclusion, Rules, Test, Thresholds, validate
from tests.engine.match.tables import SHARED, compared, firm_rules, firms

NAME, PHONE, TAX = (
    compared("name", "company", 100, 80, 0),
    compared("phone", "phone", 100, 72, 0),
    compared("tax_id", "tax_id", 100, 0),
)
RULES = Rules(entity="company", comparisons=(NAME, PHONE, TAX), blocking=())
EVERY = pl.DataFrame(
    list(itertools.product(range(4), range(4), range(3))), schema=["name", "phone", "tax_id"], orient="row"
).cast(pl.UInt8)
SAME_PHONE = Test("phone", at_least="from 100")
OTHER_TAX = Test("tax_id", at_most="from 0")
ALIKE = Test("name", at_least="from 80")


def condition(then, *all_of, any_of=(), how_many=1, name=None):
    return Condition(name=name or f"{then} rule", then=then, all_of=all_of, any_of=any_of, how_many=how_many)


def verdicts(*asked, comparisons=RULES.comparisons, patterns=EVERY):
    rules = msgspec.structs.replace(RULES, comparisons=comparisons, conditions=asked)
    return conditions.verdicts(conditions.with_verdicts(rules, patterns))


def said(rows, verdict, *, patterns=EVERY):
    """The rows an expression picks, and no others, have this verdict."""
    picked = patterns.select(rows.alias("x"))["x"].to_numpy()
    return np.where(picked, verdict, OPEN).tolist()


def test_a_level_holds_for_itself_and_the_stronger_ones_and_not_for_a_missing_value():
    name, phone = pl.col("name"), pl.col("phone")
    assert verdicts(condition("merge", ALIKE, SAME_PHONE)).tolist() == said((name >= 2) & (phone == 3), MERGE)


def test_at_most_means_that_level_or_a_weaker_one_where_both_have_a_value():
    assert verdicts(condition("never", OTHER_TAX)).tolist() == said(pl.col("tax_id") == 1, NEVER)


def test_a_test_of_nothing_but_the_comparison_asks_for_two_values():
    assert verdicts(condition("review", Test("phone"))).tolist() == said(pl.col("phone") > 0, REVIEW)


def test_a_missing_value_passes_where_the_test_says_so():
    lenient = Test("phone", at_least="from 100", blank="passes")
    assert verdicts(condition("merge", lenient)).tolist() == said(pl.col("phone").is_in([0, 3]), MERGE)


def test_any_of_counts_how_many_hold_besides_all_of():
    tests = (SAME_PHONE, Test("tax_id", at_least="from 100"), Test("name", at_least="from 100"))
    count = sum((pl.col(c) == top).cast(pl.Int8) for c, top in (("name", 3), ("phone", 3), ("tax_id", 2)))
    assert verdicts(condition("merge", any_of=tests, how_many=2)).tolist() == said(count >= 2, MERGE)
    both = condition("merge", ALIKE, any_of=tests, how_many=2)
    assert verdicts(both).tolist() == said((count >= 2) & (pl.col("name") >= 2), MERGE)


def test_what_is_needed_holds_back_the_others():
    assert verdicts(condition("needed", SAME_PHONE)).tolist() == said(pl.col("phone") != 3, APART)


def test_the_more_cautious_condition_wins():
    code = {"merge": MERGE, "review": REVIEW, "never": NEVER}
    for one, other in itertools.permutations(code, 2):
        got = verdicts(condition(one, SAME_PHONE), condition(other, ALIKE))
        both = (EVERY["phone"] == 3) & (EVERY["name"] >= 2)
        assert set(got[both.to_numpy()].tolist()) == {max(code[one], code[other])}
    needed = verdicts(condition("merge", ALIKE), condition("needed", SAME_PHONE))
    assert set(needed[((EVERY["phone"] != 3) & (EVERY["name"] >= 2)).to_numpy()].tolist()) == {APART}


def test_one_primary_key_or_two_secondary_ones_must_agree():
    def keys(**roles):
        return tuple(msgspec.structs.replace(c, role=roles.get(c.name, "")) for c in RULES.comparisons)

    phone, tax, name = pl.col("phone") == 3, pl.col("tax_id") == 2, pl.col("name") == 3
    assert verdicts(comparisons=keys(phone="primary")).tolist() == said(~phone, APART)
    mixed = keys(tax_id="primary", phone="secondary", name="secondary")
    assert verdicts(comparisons=mixed).tolist() == said(~(tax | (phone & name)), APART)


def test_a_key_with_no_level_of_equal_values_agrees_at_its_strongest():
    weak = msgspec.structs.replace(compared("name", "company", 90, 60, 0), role="primary")
    assert conditions.keys_agree((weak,), EVERY).tolist() == (EVERY["name"] == 3).to_list()


def test_a_gap_read_as_a_difference_weighs_like_one_and_differs_for_conditions_too():
    gaps = tuple(
        msgspec.structs.replace(c, blank="differs" if c.name == "tax_id" else c.blank) for c in RULES.comparisons
    )
    assert verdicts(condition("never", OTHER_TAX), comparisons=gaps).tolist() == said(pl.col("tax_id") <= 1, NEVER)
    found = run.match(firms(), firm_rules())
    rules = msgspec.structs.replace(found.rules, comparisons=gaps)
    pairs = EVERY.filter(pl.col("tax_id") <= 1).with_columns(pairs=pl.lit(1))
    read = weigh.score(rules.comparisons, rules.weights, pairs)
    plain = weigh.score(found.rules.comparisons, found.rules.weights, pairs.with_columns(tax_id=pl.lit(1, pl.UInt8)))
    assert read["match_weight"].to_list() == plain["match_weight"].to_list()
    ignored = weigh.score(found.rules.comparisons, found.rules.weights, pairs)
    assert ignored["match_weight"].to_list() != plain["match_weight"].to_list()
    assert read["tax_id"].to_list() == pairs["tax_id"].to_list()  # the table still says what is missing


@st.composite
def some_test(draw):
    comparison = draw(st.sampled_from(RULES.comparisons))
    first, last = sorted(draw(st.lists(st.integers(0, len(comparison.levels) - 1), min_size=2, max_size=2)))
    return Test(
        comparison.name,
        at_least=draw(st.sampled_from([None, comparison.levels[last].name])),
        at_most=draw(st.sampled_from([None, comparison.levels[first].name])),
        blank=draw(st.sampled_from(["fails", "passes"])),
    )


def scalar(test, row):
    """The same, one pair at a time and by the words of the level."""
    comparison = next(c for c in RULES.comparisons if c.name == test.comparison)
    if row[test.comparison] == 0:
        return test.blank == "passes"
    names = [level.name for level in reversed(comparison.levels)]
    here = row[test.comparison] - 1
    above = test.at_least is None or here >= names.index(test.at_least)
    return above and (test.at_most is None or here <= names.index(test.at_most))


@given(st.lists(some_test(), max_size=3), st.lists(some_test(), max_size=3), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_on_patterns_a_condition_says_what_it_says_pair_by_pair(all_of, any_of, how_many):
    one = Condition(name="c", then="merge", all_of=tuple(all_of), any_of=tuple(any_of), how_many=how_many)
    expected = [
        all(scalar(t, row) for t in all_of) and (not any_of or sum(scalar(t, row) for t in any_of) >= how_many)
        for row in EVERY.iter_rows(named=True)
    ]
    assert conditions.holds(one, {c.name: c for c in RULES.comparisons}, EVERY).tolist() == expected


# On a whole run


@pytest.fixture(scope="module")
def found():
    return run.match(firms(), firm_rules())


def under(found, *asked, **changes):
    return run.reweigh(found, msgspec.structs.replace(found.rules, conditions=asked, **changes))


def groups(found):
    several = found.clusters.group_by("cluster_id").agg("record_id").filter(pl.col("record_id").list.len() > 1)
    return {"".join(sorted(ids)) for ids in several["record_id"]}


def test_rules_without_conditions_leave_every_pair_to_the_evidence(found):
    assert set(conditions.verdicts(found.patterns).tolist()) == {OPEN}
    assert "verdict" not in pair_table(found, found.pairs).columns


def test_a_merge_condition_merges_at_any_threshold_and_leaves_the_probability_alone(found):
    strict = Thresholds(0.999999, 0.9999)
    before = run.recluster(found, msgspec.structs.replace(found.rules, thresholds=strict))
    after = under(found, condition("merge", SAME_PHONE), thresholds=strict)
    assert "eg" not in groups(before) and {"ab", "cd", "eg"} <= groups(after)
    assert after.probability.tolist() == found.probability.tolist()
    assert after.forest.height >= 3 and evaluate.removable(after.forest, [0.999])["removable"][0] >= 3


def test_a_never_condition_keeps_apart_even_those_that_a_third_record_ties():
    three = pl.concat([firms(), pl.DataFrame({"record_id": ["h"], "name": ["Сатурн"], "phone": [SHARED]})],
                      how="diagonal")  # fmt: skip
    whole = run.match(three, msgspec.structs.replace(firm_rules(), thresholds=Thresholds(0.02, 0.01)))
    assert "cdh" in groups(whole)
    split = under(whole, condition("never", OTHER_TAX, name="two tax ids"))
    assert not {"cd", "cdh"} & groups(split)
    assert "condition:two tax ids" in split.splits["reason"].to_list()


def test_a_key_that_is_needed_does_not_break_up_what_others_tie():
    records = pl.DataFrame({
        "record_id": ["x", "y", "z"], "name": ["Орион Трейд"] * 3,
        "phone": ["+7 495 111-22-33", "+7 495 111-22-33; +7 495 999-88-77", "+7 495 999-88-77"],
    })  # fmt: skip
    rules = Rules(
        entity="company",
        comparisons=(compared("name", "company", 100, 80, 0), compared("phone", "phone", 100, 72, 0)),
        blocking=firm_rules().blocking,
        thresholds=Thresholds(0.02, 0.01),
    )
    tied = under(run.match(records, rules), condition("needed", SAME_PHONE))
    assert groups(tied) == {"xyz"}  # x and z share no number, but y has both


def test_review_sends_a_pair_to_a_person_whatever_it_weighs(found):
    low = Thresholds(0.02, 0.01)
    held = under(found, condition("review", SAME_PHONE), thresholds=low)
    same = held.pairs.filter(pl.Series(held.patterns["phone"].to_numpy()[held.pairs["pattern"].to_numpy()] == 3))
    assert len(same) >= 3 and not groups(held) & {"ab", "cd", "eg"}
    figures = dict(versions.difference(found, held).figures.select("measure", "after").iter_rows())
    assert figures["pairs_to_review"] >= len(same)


def test_a_person_who_judged_settles_what_a_condition_put_before_one(found):
    said = pl.DataFrame({"left_id": ["a"], "right_id": ["b"], "verdict": ["match"], "judged_at": ["2026-01-01"]})
    asked = msgspec.structs.replace(found.rules, conditions=(condition("review", SAME_PHONE),))
    assert "ab" in groups(run.recluster(run.reweigh(replace(found, judgements=said), asked), asked))


def test_precision_of_pairs_that_a_rule_merges_is_still_what_the_evidence_expects():
    p, n = np.array([0.9, 0.6, 0.2, 0.01]), np.array([100, 50, 200, 9000])
    table = pl.DataFrame({"match_probability": p, "pairs": n, "verdict": np.array([0, 4, 1, 2], np.uint8)})
    at = evaluate.curve(table, thresholds=[0.5]).row(0, named=True)
    assert at["pairs"] == 300
    assert at["precision"] == pytest.approx((0.9 * 100 + 0.2 * 200) / 300)
    assert at["recall"] == pytest.approx((0.9 * 100 + 0.2 * 200) / (p * n).sum())
    judged = (np.array([9.0, 6.0, 4.0, 0.0]), np.array([1.0, 4.0, 16.0, 20.0]))
    from_judged = evaluate.curve(table, judged=judged, thresholds=[0.5]).row(0, named=True)
    assert from_judged["pairs"] == 300 and from_judged["precision_low"] < 0.45 < from_judged["precision_high"]
    truth = evaluate.Truth(np.array([95, 20, 30, 5]), 160)
    exact = evaluate.curve(table, truth=truth, thresholds=[0.5]).row(0, named=True)
    assert (exact["precision"], exact["recall"]) == (pytest.approx(125 / 300), pytest.approx(125 / 160))


def test_costs_count_what_conditions_settle_at_every_threshold():
    table = pl.DataFrame({
        "match_probability": [0.99, 0.3, 0.9, 0.01], "pairs": [100, 10, 40, 1000],
        "verdict": np.array([0, 1, 3, 0], np.uint8),
    })  # fmt: skip
    best = costs.best_thresholds(table, costs.Costs(wrong_merge=100, missed=100, minute=2, minutes=1))
    assert best.waiting >= 40  # the pairs that a condition puts before a person
    assert best.wrong == pytest.approx(1 + 7)  # of the pairs merged by rule seven in ten are expected to be wrong
    open_only = costs.best_thresholds(table.drop("verdict"), costs.Costs(100, 100, 2, 1))
    assert best.merge <= open_only.merge


def test_the_chosen_threshold_looks_at_what_it_can_move():
    p, n = np.array([0.99, 0.7, 0.45, 0.1, 0.001]), np.array([50, 30, 30, 100, 10_000])
    table = pl.DataFrame({"match_probability": p, "pairs": n})
    none = table.with_columns(verdict=pl.lit(0, pl.UInt8))
    assert choose.thresholds(none, 100) == choose.thresholds(table, 100)
    all_by_rule = table.with_columns(verdict=pl.lit(1, pl.UInt8))
    assert choose.thresholds(all_by_rule, 100) == Thresholds(0.9, 0.5)


def test_an_explanation_says_what_decided(found):
    merged = under(found, condition("merge", SAME_PHONE, name="one phone"))
    told = explain.pair(merged, "e", "g")
    assert (told.verdict, told.decided_by) == ("merge", (("condition", "one phone"),))
    keys = tuple(
        msgspec.structs.replace(c, role="primary" if c.name == "tax_id" else "") for c in found.rules.comparisons
    )
    told = explain.pair(under(found, comparisons=keys), "a", "b")
    assert (told.verdict, told.decided_by) == ("apart", (("keys", ""),))
    kept = run.recluster(
        found, msgspec.structs.replace(found.rules, exclusions=(Exclusion(pair=("b", "a"), reason="two branches"),))
    )
    told = explain.pair(kept, "a", "b")
    assert (told.verdict, told.decided_by) == ("never", (("exclusion", "two branches"),))
    assert explain.pair(found, "a", "b").verdict == "open"


def test_what_would_change_a_pair_knows_of_conditions(found):
    needed = under(found, condition("needed", SAME_PHONE), thresholds=Thresholds(0.02, 0.01))
    changes = {(c, level) for c, level, _w in explain.pair(needed, "e", "f").would_match}
    assert all(c == "phone" for c, _level in changes)


def test_a_run_writes_the_verdicts_beside_the_model_s_probability(found):
    asked = under(found, condition("merge", SAME_PHONE))
    table = pair_table(asked, asked.pairs)
    assert table.filter(verdict="merge")["phone"].unique().to_list() == ["from 100"]
    assert table["match_probability"].to_list() == pair_table(found, found.pairs)["match_probability"].to_list()
    assert summarise(asked)["clusters"] <= summarise(found)["clusters"]


def test_conditions_cost_nothing_per_pair_and_the_merges_between_two_thresholds_leave_them_out(found):
    asked = under(found, condition("merge", SAME_PHONE))
    between = tuning.merges_between(asked, 0.02, 0.999)
    ids = set(zip(between["left_id"], between["right_id"], strict=True))
    assert not ids & {("a", "b"), ("c", "d"), ("e", "g")}


def test_rule_tests_and_mutations_follow_conditions(found, people, matched):
    never = Condition(name="none", then="never", all_of=(Test(matched.rules.comparisons[0].name),))
    strict = msgspec.structs.replace(matched.rules, conditions=(never,))
    validate(strict)
    results = rule_tests.run_tests(strict, rule_tests.starter("US"))
    named = [r for r in results if r.explanation.verdict == "never"]
    assert named and {r.got for r in named} == {"non_match"}
    assert mutate.recall_by_mutation(people, strict, sample=20)["merged"].sum() == 0
    assert mutate.recall_by_mutation(people, matched.rules, sample=20)["merged"].sum() > 0


def test_pairs_for_a_person_come_until_somebody_judged_them(found):
    asked = under(found, condition("review", SAME_PHONE))
    waiting = conditions.for_a_person(asked, None)
    ids = {tuple(sorted(pair)) for pair in waiting.iter_rows()}
    assert {("a", "b"), ("c", "d"), ("e", "g")} <= ids
    said = pl.DataFrame({"left_id": ["b"], "right_id": ["a"], "verdict": ["unsure"], "judged_at": ["2026-01-01"]})
    left = {tuple(sorted(pair)) for pair in conditions.for_a_person(asked, said).iter_rows()}
    assert left == ids - {("a", "b")}
    assert conditions.for_a_person(found, None).is_empty()


def test_the_verdict_of_a_pair_is_found_whichever_way_round_it_is_named(found):
    asked = under(found, condition("review", SAME_PHONE))
    left, right = pl.Series(["a", "b", "a"]), pl.Series(["b", "a", "g"])
    assert conditions.of_pairs(asked, left, right).tolist() == [REVIEW, REVIEW, OPEN]
    assert conditions.of_pairs(found, left, right).tolist() == [OPEN, OPEN, OPEN]


def test_a_plan_is_told_which_condition_merges_two(found):
    asked = under(found, condition("merge", SAME_PHONE, name="one phone"), thresholds=Thresholds(0.999999, 0.9))
    told = {frozenset(ids): by for *ids, by in evidence(asked).select("left_id", "right_id", "condition").iter_rows()}
    assert told[frozenset("eg")] == told[frozenset("ab")] == "one phone"
    assert evidence(found)["condition"].null_count() == evidence(found).height


@pytest.mark.parametrize("merge", [0.05, 0.5, 0.95])
def test_on_a_whole_account_what_is_decided_is_what_comes_out(matched, merge):
    first, second = (c for c in matched.rules.comparisons if c.name in ("email", "phone"))
    same, differ = first.levels[0].name, second.levels[-1].name
    asked = (
        condition("never", Test(first.name, at_least=same), Test(second.name, at_most=differ)),
        condition("merge", Test(first.name, at_least=same), Test(second.name, at_least=second.levels[0].name)),
        condition("needed", any_of=(Test(first.name, at_least=same, blank="passes"),)),
    )
    out = under(matched, *asked, thresholds=Thresholds(merge, 0.01))
    cluster, pairs = out.clusters["cluster_id"], out.pairs
    together = (cluster.gather(pairs["left"]) == cluster.gather(pairs["right"])).to_numpy()
    verdict = conditions.verdicts(out.patterns)[pairs["pattern"].to_numpy()]
    assert {NEVER, MERGE, APART, OPEN} == set(verdict.tolist())
    assert not together[verdict == NEVER].any()
    cut = set(out.splits.select("left", "right").iter_rows())
    for left, right in pairs.filter(pl.Series((verdict == MERGE) & ~together)).select("left", "right").iter_rows():
        assert (left, right) in cut  # only what forbids, or outvotes, keeps such a pair apart, and it is said
    at = evaluate.curve(out.patterns, thresholds=[merge]).row(0, named=True)
    assert at["pairs"] == int((verdict == MERGE).sum() + ((verdict == OPEN) & (out.probability >= merge)).sum())
    assert at["matches"] == pytest.approx(
        out.probability[(verdict == MERGE) | ((verdict == OPEN) & (out.probability >= merge))].sum()
    )
