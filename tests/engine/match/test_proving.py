"""Rule tests, recall by kind of error, differences between versions, and what blocking cannot see."""

import dataclasses

import msgspec
import numpy as np
import polars as pl
import pytest

from engine.errors import Cancelled, InputError, RulesError, UnknownColumn
from engine.match import evaluate, mutate, rule_tests, versions
from engine.match.run import recluster
from engine.rules import Thresholds, Veto, Weights

PACKS = sorted(p.stem for p in rule_tests.PACKS.glob("*.csv"))


@pytest.mark.parametrize("name", PACKS)
def test_a_starter_pack_holds_enough_of_each_verdict(name):
    table = rule_tests.load((rule_tests.PACKS / f"{name}.csv").read_bytes())
    assert 20 <= table.height <= 40
    assert table["reason"].null_count() == 0
    assert table["reason"].n_unique() >= table.height - 1
    for entity in ("contact", "company"):
        assert {"match", "non_match"} <= set(table.filter(entity=entity)["expected"])


def test_tests_stop_between_some_of_them_when_nobody_waits(matched):
    table, done = pl.concat([rule_tests.starter("US")] * 10), []

    def progress(stage: str, share: float) -> None:
        done.append(stage)
        if done.count("tests") == 3:
            raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        rule_tests.run_tests(matched.rules, table, progress=progress)
    assert done[0] == "encode" and done[-1] == "tests"


def test_the_packs_are_those_that_regions_lead_to():
    assert PACKS == ["en", "ru", "zh"]
    for region, name in (("RU", "ru"), ("CN", "zh"), ("GB", "en")):
        assert rule_tests.starter(region).equals(rule_tests.load((rule_tests.PACKS / f"{name}.csv").read_bytes()))


def test_clear_pairs_are_told_apart_and_told_why(matched):
    results = rule_tests.run_tests(matched.rules, rule_tests.starter("US"))
    assert [r.number for r in results] == sorted(r.number for r in results)
    by_reason = {r.reason: r for r in results}
    assert by_reason["the same number with and without +1"].got == "match"
    assert by_reason["namesakes: a common name, all else different"].got != "match"
    for reason in (
        "colleagues: the switchboard and the firm in common",
        "a shared mailbox",
        "one digit apart, different names",
    ):
        assert by_reason[reason].got == "non_match"
    for r in results:
        assert r.passed == (r.got == r.expected)
        total = r.explanation.prior + sum(part.weight for part in r.explanation.parts)
        assert total == pytest.approx(r.explanation.weight, abs=1e-6)


def test_thresholds_turn_the_same_results(matched):
    table = rule_tests.starter("US")
    strict = msgspec.structs.replace(matched.rules, thresholds=Thresholds(0.9999, 0.9998))
    again = rule_tests.held_against(strict, rule_tests.run_tests(matched.rules, table))
    assert [r.got for r in again] == [r.got for r in rule_tests.run_tests(strict, table)]
    assert sum(r.got == "match" for r in again) < sum(
        r.got == "match" for r in rule_tests.run_tests(matched.rules, table)
    )


def test_records_made_comparable_once_serve_all_rules_that_read_them_alike(matched):
    table, rules = rule_tests.starter("US"), matched.rules
    met = rule_tests.meet(rules, table)
    first, *rest = rules.comparisons
    strongest, *weaker = first.levels
    moved = (msgspec.structs.replace(strongest, adjust=1.0, at_least=strongest.at_least - 1), *weaker)
    others = (
        msgspec.structs.replace(rules, comparisons=(msgspec.structs.replace(first, levels=moved), *rest)),
        msgspec.structs.replace(rules, comparisons=(msgspec.structs.replace(first, enabled=False), *rest)),
        msgspec.structs.replace(rules, vetoes=(Veto(first.name, 254),), blocking=rules.blocking[1:]),
    )
    for other in (rules, *others):
        assert rule_tests.run_tests(other, table, met=met) == rule_tests.run_tests(other, table)
    assert len({str(rule_tests.run_tests(other, table, met=met)) for other in (rules, *others)}) == 4
    assert rule_tests.run_tests(rules, table.filter(entity="company")) == []


def test_a_veto_makes_it_a_non_match(matched):
    name = matched.rules.comparisons[0].name
    vetoed = msgspec.structs.replace(matched.rules, vetoes=(Veto(name, 254),))
    for r in rule_tests.run_tests(vetoed, rule_tests.starter("US")):
        there = next(p for p in r.explanation.parts if p.comparison == name).similarity is not None
        assert (r.veto == name) == there
        assert r.got == "non_match" or not there


def test_open_rules_cannot_be_tested(matched):
    for open_ in (
        msgspec.structs.replace(matched.rules, weights=Weights()),
        msgspec.structs.replace(matched.rules, thresholds=Thresholds()),
    ):
        with pytest.raises(RulesError, match="leave weights or thresholds open"):
            rule_tests.run_tests(open_, rule_tests.starter("US"))
        with pytest.raises(RulesError, match="leave weights or thresholds open"):
            mutate.recall_by_mutation(matched.records, open_)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("entity,expected,left.nmae\ncontact,match,Anna\n", UnknownColumn),
        ("expected\nmatch\n", UnknownColumn),
        ("entity,expected\ncontact,perhaps\n", InputError),
        ("entity,expected\nfile,match\n", InputError),
        ("", InputError),
    ],
)
def test_a_wrong_table_is_refused(text, error):
    with pytest.raises(error):
        rule_tests.load(text.encode())


def test_empty_rows_are_no_tests():
    table = rule_tests.load(b"entity,expected,left.name,right.name\n,,,\ncontact,match,Anna Bell,Anna Bell\n , ,,\n")
    assert table.height == 1


def test_copies_are_made_as_their_kind_says_and_follow_the_seed(matched):
    once, again = (mutate.recall_by_mutation(matched.records, matched.rules, seed=3, sample=30) for _ in range(2))
    assert once.equals(again)
    assert set(once["kind"]) <= set(mutate.MUTATIONS)
    assert (once["merged"] <= once["found"]).all() and (once["found"] <= once["tried"]).all()
    harmless = once.filter(pl.col("kind") == "capitals").row(0, named=True)
    assert harmless["recall"] == 1.0


@pytest.mark.parametrize(
    ("kind", "record", "expected"),
    [
        ("yo", {"name": "Алёна Королёва"}, {"name": "Алена Королева"}),
        ("transliterated", {"name": "Щукин Юрий"}, {"name": "Shchukin Yuriy"}),
        ("transliterated", {"name": "王伟"}, {"name": "Wang Wei"}),
        ("name_order", {"last_name": "Bell", "first_name": "Anna"}, {"last_name": "Anna", "first_name": "Bell"}),
        ("phone_format", {"phone": "+7 912 345-67-89"}, {"phone": "8912 345.6789"}),
        ("no_email", {"email": "a@b.example", "name": "Anna"}, {"email": None, "name": "Anna"}),
        ("typo", {"name": "王伟"}, {"name": "王伟"}),
    ],
)
def test_a_mutation_changes_what_it_should(kind, record, expected):
    assert mutate.MUTATIONS[kind](record, np.random.default_rng(0)) == expected


def test_rules_that_compare_nothing_alike_recognise_no_copy(matched):
    hopeless = msgspec.structs.replace(matched.rules, thresholds=Thresholds(1.0, 1.0))
    assert mutate.recall_by_mutation(matched.records, hopeless, sample=10)["merged"].sum() == 0


def test_a_version_beside_itself_shows_no_difference(matched):
    same = versions.difference(matched, matched)
    assert same.pairs.is_empty() and same.clusters.is_empty()
    assert (same.figures["before"] == same.figures["after"]).all()


def test_what_a_stricter_version_loses_is_what_the_looser_one_gains(matched):
    strict = recluster(matched, msgspec.structs.replace(matched.rules, thresholds=Thresholds(0.999, 0.5)))
    there, back = versions.difference(matched, strict), versions.difference(strict, matched)
    swap = {"gained": "lost", "lost": "gained"}
    assert not there.pairs.is_empty()
    key = ["left_id", "right_id", "change"]
    turned = back.pairs.with_columns(pl.col("change").replace(swap))
    assert set(there.pairs.select(key).rows()) == set(turned.select(key).rows())
    naive = [
        {frozenset(p) for ids in m.clusters.group_by("cluster_id").agg("record_id")["record_id"].to_list()
         for p in ((a, b) for a in ids for b in ids if a < b)}
        for m in (matched, strict)
    ]  # fmt: skip
    lost = {frozenset(r[:2]) for r in there.pairs.filter(change="lost").rows()}
    assert lost == naive[0] - naive[1]


def test_versions_of_different_records_are_not_compared(matched):
    other = dataclasses.replace(matched, records=matched.records.reverse())
    with pytest.raises(InputError, match="different records"):
        versions.difference(matched, other)


def test_what_blocking_misses_follows_from_what_two_ways_find(matched):
    found = evaluate.blocked_out(matched)
    assert found.assumption == "ways_independent"
    assert found.missed is not None and 0 <= found.missed < 0.2 * matched.probability.sum()
    first = matched.rules.blocking[0]
    one_way = dataclasses.replace(matched, rules=msgspec.structs.replace(matched.rules, blocking=(first,)))
    assert evaluate.blocked_out(one_way) == evaluate.BlockedOut(None, None, "one_way")


def test_matches_that_blocking_misses_lower_recall_and_nothing_else(matched):
    plain, less = (
        evaluate.curve(matched.patterns, thresholds=[0.5], blocked=b).row(0, named=True) for b in (0.0, 0.25)
    )
    assert less["recall"] == pytest.approx(plain["recall"] / 1.25)
    assert less["precision"] == plain["precision"]
