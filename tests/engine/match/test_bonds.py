"""What binds the clusters binds them at every threshold as it does the plain way, prepared beforehand or not."""

from itertools import combinations

import msgspec
import numpy as np
import polars as pl
import pytest

from engine.match import compare, conditions
from engine.match.judged import judged_pairs
from engine.match.run import Match, match, recluster
from engine.rules import MISSING, Clustering, Condition, Exclusion, Rules, Test, Thresholds, Veto
from engine.schema import JUDGEMENTS
from tests.engine.match import plain
from tests.engine.match.test_choose import trusting


def table(seed: int) -> pl.DataFrame:
    """Firms with few names, phones and tax ids among them, so that much hangs together."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(20, 70))
    values = {
        "name": [None, *(f"Фирма {chr(1040 + i)}{chr(1045 + i)}{chr(1050 + i)}" for i in range(15))],
        "phone": [None, *(f"8495111{1000 + 7 * i}" for i in range(25))],
        "tax_id": [None, None, "7707083893", "7736050003", "7728168971"],
        "source": ["x", "y", "z"],
    }
    drawn = {name: [some[i] for i in rng.integers(0, len(some), size)] for name, some in values.items()}
    return pl.DataFrame(
        {"record_id": [f"r{i:02}" for i in range(size)], **drawn}, schema_overrides={"tax_id": pl.String}
    )


def said(seed: int, size: int) -> pl.DataFrame:
    """Judgements of all kinds about random pairs."""
    rng = np.random.default_rng(seed)
    rows = [
        (
            "company",
            f"r{a:02}",
            f"r{b:02}",
            str(rng.choice(["match", "non_match", "unsure"])),
            "anna",
            f"2026-01-01T{i:02}",
        )
        for i, (a, b) in enumerate(rng.integers(0, size, (12, 2)).tolist())
    ]
    return pl.DataFrame(rows, schema=JUDGEMENTS, orient="row")


def bound(rules: Rules, seed: int) -> Rules:
    never = Condition(
        name="two ids", then="never", all_of=(Test("tax_id", at_most="from 0"), Test("phone", at_most="from 0"))
    )
    changes = [
        {"vetoes": (Veto("tax_id", 0),)},
        {"clustering": Clustering(one_per_source=True), "exclusions": (Exclusion(pair=("r03", "r01")),)},
        {"conditions": (never,), "exclusions": (Exclusion(pair=("r01", "nobody")), Exclusion(pair=("r00", "r05")))},
        {"vetoes": (Veto("tax_id", 0), Veto("phone", 40)), "conditions": (never,)},
    ]
    return msgspec.structs.replace(rules, **changes[seed % len(changes)])


def kept_apart(found: Match, rules: Rules) -> dict[tuple[int, int], str]:
    """→ every two records that a veto, a condition or their source keeps apart where they hang together, and why."""
    both = list(combinations(range(len(found.records)), 2))
    pairs = pl.DataFrame(both, schema={"left": pl.UInt32, "right": pl.UInt32}, orient="row")
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    out = {}
    for veto in rules.vetoes:
        s = compare.similarity(found.encoded[veto.comparison], left, right)
        barred = np.flatnonzero((s <= veto.at_most) & (s != MISSING)).tolist()
        out |= {both[i]: f"veto:{veto.comparison}" for i in barred}
    for part in conditions.forbidden(found, rules, pairs):
        out |= {(a, b): reason for a, b, reason in part.rows()}
    if rules.clustering.one_per_source and found.source is not None:
        out |= {(a, b): "one_per_source" for a, b in both if found.source[a] == found.source[b]}
    return out


def by_people(found: Match, rules: Rules) -> dict[tuple[int, int], str]:
    """→ pairs that were judged apart or excluded."""
    judged = judged_pairs(found.records, found.judgements)
    out = {(a, b): "judged" for a, b, verdict in ([] if judged is None else judged.rows()) if verdict == "non_match"}
    at = {name: row for row, name in enumerate(found.records["record_id"])}
    for exclusion in rules.exclusions:
        if exclusion.pair is not None and set(exclusion.pair) <= set(at):
            a, b = sorted(at[name] for name in exclusion.pair)
            out[a, b] = "excluded"
    return out


@pytest.mark.parametrize("seed", range(16))
def test_clusters_are_bound_as_in_the_plain_way(seed, monkeypatch):
    prepared, checked = [(24, 200), (3, 200), (3, 4), (2, 5)][seed // 4]
    monkeypatch.setattr("engine.match.bonds.LARGEST_PREPARED", prepared)
    monkeypatch.setattr("engine.match.bonds.LARGEST_CHECKED", checked)
    records = table(seed)
    judgements = said(seed, len(records)) if seed % 3 else None
    rules = bound(trusting(), seed)
    found = match(records, rules, judgements=judgements, source="source" if rules.clustering.one_per_source else None)
    apart, people = kept_apart(found, rules), by_people(found, rules)
    rows = found.pairs.select("left", "right").rows()
    number = found.pairs["pattern"].to_numpy()
    some = np.unique(found.patterns["match_probability"].to_numpy())
    for threshold in (0.02, 0.5, *np.random.default_rng(seed).choice(some[some >= 0.02], 2).tolist()):
        other = msgspec.structs.replace(rules, weights=found.rules.weights, thresholds=Thresholds(threshold, 0.01))
        made = recluster(found, other)
        probability = conditions.deciding(found.patterns, threshold)[number]
        joined = {row for row, p in zip(rows, probability.tolist(), strict=True) if p >= threshold}
        component = plain.components(sorted(joined), len(records))
        large = {c for c in component if component.count(c) > checked}
        held = {
            (a, b): why
            for (a, b), why in apart.items()
            if component[a] == component[b] and (component[a] not in large or (a, b) in joined)
        }
        judged = judged_pairs(records, judgements)
        for a, b, verdict in [] if judged is None else judged.rows():
            if (a, b) in rows and verdict != "unsure":
                probability[rows.index((a, b))] = float(verdict == "match")
        label, cut, reasons = plain.cluster(found.pairs, probability, len(records), threshold, held | people)
        assert made.label.tolist() == label
        assert made.splits.rows() == [(*rows[i], reason) for i, reason in zip(cut, reasons, strict=True)]
        assert sorted(made.group_sizes.tolist()) == sorted(n for n in np.bincount(label).tolist() if n > 1)


def test_other_vetoes_than_those_prepared_for_are_looked_for_anew():
    found = match(table(1), trusting())
    bare = found.rules
    assert found.bonds.never.is_empty()
    changed = recluster(found, msgspec.structs.replace(bare, vetoes=(Veto("tax_id", 0),)))
    assert "veto:tax_id" in changed.splits["reason"]
    assert recluster(changed, bare).splits.equals(found.splits)


def test_without_bonds_nothing_is_prepared_or_forbidden(matched):
    assert matched.bonds.never.is_empty() or matched.rules.vetoes
