"""Whatever is switched off, what the groups add up to is what a match without it finds."""

import datetime as dt
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RulesError
from engine.match import compare, run, suggest, switches
from engine.rules import MISSING, Veto
from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables


@pytest.fixture(scope="module")
def found() -> run.Match:
    """The contacts of the small sample account, matched."""
    tables = read_tables([Path(__file__).parents[3] / "sample_data" / "zoho" / "contacts.csv"])
    made = mapping.apply(tables, [mapping.recognise(t) for t in tables], as_of=dt.date(2026, 10, 31))
    records = made.frames["contact"]
    return run.match(records, suggest.suggest(records, entity="contact"))


def left(groups: pl.DataFrame, rules: int, vetoes: int, patterns: int) -> list[int]:
    """Groups, bits of what is on → pairs of each pattern that are left: what the bench does in the browser."""
    kept = groups.filter((pl.col("found_by") & rules) > 0, (pl.col("vetoed_by") & vetoes) == 0)
    return np.bincount(kept["pattern"], weights=kept["pairs"], minlength=patterns).astype(int).tolist()


@given(off=st.sets(st.integers(0, 30), max_size=6), barred=st.sets(st.integers(0, 9), max_size=3))
@settings(max_examples=25, deadline=None)
def test_every_combination_is_what_a_match_under_it_holds(found, off, barred):
    blocking, offered = found.rules.blocking, switches.on_offer(found.rules)
    on = {rule.name: i not in {o % len(blocking) for o in off} for i, rule in enumerate(blocking)}
    on |= {switches.name(v): i in {b % len(offered) for b in barred} for i, v in enumerate(offered)}
    if not any(on[rule.name] for rule in blocking):
        return
    rules = switches.switched(found.rules, vetoes=offered, blocking=blocking, on=on)
    other = switches.after_vetoes(run.narrow(found, rules))
    groups, exact = switches.groups(found, switches.vetoed_by(found, offered))
    assert exact == len(blocking)
    bits = [sum(1 << i for i, one in enumerate(names) if on[one]) for names in (
        [rule.name for rule in blocking], [switches.name(v) for v in offered])]  # fmt: skip
    names = [c.name for c in found.rules.comparisons]
    counted = found.patterns.select(names).with_columns(pairs=pl.Series(left(groups, *bits, len(found.patterns))))
    expected = other.patterns.select(*names, "pairs").filter(pl.col("pairs") > 0).sort(names)
    assert counted.filter(pl.col("pairs") > 0).sort(names).rows() == expected.rows()


def test_groups_hold_every_pair_and_match_once(found):
    rng = np.random.default_rng(1)
    same = rng.random(len(found.pairs)) < 0.2
    groups, _ = switches.groups(found, switches.vetoed_by(found, switches.on_offer(found.rules)), matches=same)
    assert groups["pairs"].sum() == len(found.pairs)
    assert groups["matches"].sum() == same.sum()
    assert groups.select("pattern", "found_by", "vetoed_by").is_unique().all()


def test_too_many_groups_stay_exact_while_few_rules_are_off(found):
    offered = switches.on_offer(found.rules)
    whole, _ = switches.groups(found, switches.vetoed_by(found, offered))
    fewer, exact = switches.groups(found, switches.vetoed_by(found, offered), most=len(whole) - 1)
    assert len(fewer) < len(whole) and 1 <= exact < len(found.rules.blocking)
    every = (1 << len(found.rules.blocking)) - 1
    size = len(found.patterns)
    for off in range(len(found.rules.blocking)):
        assert left(fewer, every & ~(1 << off), 0, size) == left(whole, every & ~(1 << off), 0, size)


def test_vetoes_on_offer_are_those_in_use_and_one_for_each_other_comparison(found):
    own = Veto("name", 30) if any(c.name == "name" for c in found.rules.comparisons) else None
    first = own or Veto(found.rules.comparisons[0].name, 30)
    offered = switches.on_offer(msgspec.structs.replace(found.rules, vetoes=(first,)))
    assert first in offered
    assert switches.on_offer(found.rules, offered) == offered  # also when it is no longer in use
    assert sorted(v.comparison for v in offered) == sorted(c.name for c in found.rules.comparisons)
    assert all(0 <= v.at_most < 100 for v in offered)


def test_a_veto_bars_what_the_clusters_are_kept_from(found):
    for veto in switches.on_offer(found.rules):
        barred = switches.vetoed_by(found, [veto]) > 0
        ends = (found.pairs[side].to_numpy()[barred] for side in ("left", "right"))
        similar = compare.similarity(found.encoded[veto.comparison], *ends)
        assert ((similar <= veto.at_most) & (similar != MISSING)).all()


def test_the_last_blocking_rule_stays_on(found):
    with pytest.raises(RulesError, match="leave one on"):
        switches.switched(found.rules, vetoes=(), blocking=found.rules.blocking, on={})


def test_what_is_missing_elsewhere_is_measured_in_expected_matches(found):
    rules = msgspec.structs.replace(found.rules, blocking=found.rules.blocking[:1])
    fewer = run.narrow(found, rules)
    expected = [float((m.patterns["match_probability"] * m.patterns["pairs"]).sum()) for m in (found, fewer)]
    assert switches.elsewhere(found, fewer) == pytest.approx(expected[0] / expected[1] - 1)
    assert switches.elsewhere(found, found) == 0
