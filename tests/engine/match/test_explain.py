"""Why two records match or do not: parts that sum to the weight, changes that would suffice, keys that agree."""

from itertools import combinations

import msgspec
import numpy as np
import polars as pl
import pytest

from engine.errors import InputError
from engine.match import explain
from engine.match.run import Match, match, recluster
from engine.match.weigh import score
from engine.rules import Thresholds, Veto


def ids_of(found: Match, rows: pl.DataFrame) -> list[tuple[str, str]]:
    ids = found.records["record_id"]
    return list(zip(ids.gather(rows["left"]), ids.gather(rows["right"]), strict=True))


@pytest.fixture(scope="module")
def some(matched) -> list[tuple[int, str, str]]:
    """Forty candidate pairs from across the scores: position, left id, right id."""
    order = np.argsort(matched.weight)
    at = order[np.linspace(0, len(order) - 1, 40).astype(int)]
    return [(int(i), *ids) for i, ids in zip(at, ids_of(matched, matched.pairs[at]), strict=True)]


def test_parts_sum_to_the_weight_of_the_pair(matched, some):
    for at, left, right in some:
        why = explain.pair(matched, left, right)
        assert why.weight == pytest.approx(matched.weight[at])
        assert why.probability == pytest.approx(matched.probability[at])
        assert why.prior + sum(part.weight for part in why.parts) == pytest.approx(why.weight)
        assert [part.comparison for part in why.parts] == [c.name for c in matched.rules.comparisons]
        pattern = matched.patterns.row(matched.pairs["pattern"][at], named=True)
        assert why.looks_like == pattern["looks_like"]


def test_parts_say_what_was_compared_and_how_alike_it_was(matched, some):
    for at, left, right in some:
        for part in explain.pair(matched, left, right).parts:
            similar = int(matched.similarities[part.comparison][at])
            assert part.similarity == (None if similar == 255 else similar)
            assert (part.level == "missing") == (similar == 255)
            if part.similarity is not None:
                assert part.left
                assert part.right


def test_many_pairs_are_told_like_each_alone(matched, some):
    asked = [(left, right) for _, left, right in some]
    other = msgspec.structs.replace(matched.rules, thresholds=Thresholds(0.5, 0.1), vetoes=(Veto("phone", 60),))
    for found in (matched, match(matched.records, other)):
        told = explain.pairs(found, asked)
        assert told == [explain.pair(found, *ids) for ids in asked]
        assert len({len(one.would_match) for one in told}) > 1 and len({one.found_by for one in told}) > 1
    assert explain.pairs(matched, []) == []


def test_the_order_of_the_two_does_not_change_the_verdict(matched, some):
    for _, left, right in some[::4]:
        assert explain.pair(matched, left, right).weight == pytest.approx(explain.pair(matched, right, left).weight)


def test_what_would_make_it_match_makes_it_match(matched, some):
    level_codes = {
        c.name: {level.name: len(c.levels) - i for i, level in enumerate(c.levels)} | {"missing": 0}
        for c in matched.rules.comparisons
    }
    tried = 0
    for _, left, right in some:
        why = explain.pair(matched, left, right)
        codes = {part.comparison: level_codes[part.comparison][part.level] for part in why.parts}
        for comparison, level, weight in why.would_match:
            changed = {**codes, comparison: level_codes[comparison][level]}
            frame = pl.DataFrame([changed]).cast(pl.UInt8)
            scored = score(matched.rules.comparisons, matched.rules.weights, frame).row(0, named=True)
            assert scored["match_probability"] >= matched.rules.thresholds.merge
            assert scored["match_weight"] == pytest.approx(weight)
            tried += 1
    assert tried > 20


def test_rules_named_are_those_that_found_the_pair(matched, some):
    names = [rule.name for rule in matched.rules.blocking]
    for at, left, right in some:
        found_by = {n for i, n in enumerate(names) if int(matched.pairs["found_by"][at]) >> i & 1}
        # A cap may have dropped a key on which the two agree, so more rules can agree than found the pair.
        assert found_by
        assert found_by <= set(explain.pair(matched, left, right).found_by)


def test_two_records_that_no_rule_brought_together_are_explained_too(matched):
    candidates = set(matched.pairs.select("left", "right").rows())
    apart = next(p for p in combinations(range(len(matched.records)), 2) if p not in candidates)
    left, right = ids_of(matched, pl.DataFrame([apart], schema=["left", "right"], orient="row"))[0]
    why = explain.pair(matched, left, right)
    assert why.found_by == ()
    assert why.probability < 0.5
    assert why.prior + sum(part.weight for part in why.parts) == pytest.approx(why.weight)


def test_a_disabled_comparison_has_no_part(matched, some):
    first, *rest = matched.rules.comparisons
    rules = msgspec.structs.replace(matched.rules, comparisons=(msgspec.structs.replace(first, enabled=False), *rest))
    found = match(matched.records, rules)
    why = explain.pair(found, *some[-1][1:])
    assert first.name not in {part.comparison for part in why.parts}
    assert why.prior + sum(part.weight for part in why.parts) == pytest.approx(why.weight)


def test_a_pair_that_matches_already_needs_no_stronger_level(matched, some):
    *_, (_, left, right) = some
    lenient = recluster(matched, msgspec.structs.replace(matched.rules, thresholds=Thresholds(0.01, 0.01)))
    assert explain.pair(lenient, left, right).probability >= 0.01


def test_an_unknown_record_is_named(matched):
    with pytest.raises(InputError, match="no record 'nobody'") as refused:
        explain.pair(matched, matched.records["record_id"][0], "nobody")
    assert refused.value.code == "unknown_record"
