"""What the browser is told of pairs is all it needs to make groups as the engine makes them."""

import msgspec
import numpy as np
import polars as pl
import pytest

from engine.match import bonds, edges, evaluate, switches
from engine.match.run import match
from engine.match.spanning import components, spanning
from tests.engine.match.test_bonds import bound, table
from tests.engine.match.test_choose import trusting


@pytest.fixture(scope="module")
def found(matched):
    return matched


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("exact", [None, 1])
def test_the_strongest_pairs_are_those_of_their_groups(found, share, exact):
    offered = switches.on_offer(found.rules)
    most = {} if exact is None else {"most": 1}
    barred = switches.vetoed_by(found, offered)
    groups, exact = switches.groups(found, barred, **most)
    made = edges.strongest(found, barred, (groups, exact), most=int(share * len(found.pairs)))
    left, right, group = made.left, made.right, made.group
    count = np.bincount(group, minlength=len(groups))
    assert 0 < len(left) == len(right) == count.sum() <= share * len(found.pairs)
    assert sorted(set(np.r_[left, right].tolist())) == list(range(len(made.record)))
    assert made.told.tolist() == (count > 0).tolist()
    size = np.bincount(np.cumsum(made.level == 0))[1:]
    assert made.twos == size[size > 2].sum() and (left[: made.alone] < made.twos).all()
    assert (right[made.alone :] == left[made.alone :] + 1).all() and (np.bincount(left[made.alone :]) < 2).all()
    # All pairs of a group or none, and of the strongest patterns: so what any setting leaves of them is what it leaves.
    assert set(np.unique(count[count > 0] == groups["pairs"].to_numpy()[count > 0])) == {True}
    weight = found.patterns["match_weight"].to_numpy()[groups["pattern"].to_numpy()]
    assert weight[count > 0].min() > weight[count == 0].max(initial=-np.inf)
    for begin, end in zip(np.r_[0, made.bands[:-1]], made.bands, strict=True):
        assert (np.diff(left[begin:end]) >= 0).all() and np.ptp(weight[group[begin:end]].clip(-24, 24)) < edges.BAND
    # A forest of them at any threshold takes as many records away as the forest of all pairs.
    for threshold in (0.5, 0.9):
        strong = found.patterns["match_probability"].to_numpy()[groups["pattern"].to_numpy()] >= threshold
        taken = spanning(left[strong[group]], right[strong[group]], len(made.record))[0]
        assert len(taken) == evaluate.removable(found.forest, [threshold])["removable"][0] > 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("most", [1_000_000, 40])
def test_inside_what_they_connect_every_pair_is_told(seed, most, monkeypatch):
    rules = bound(trusting(), seed)
    found = match(table(seed), rules, source="source" if rules.clustering.one_per_source else None)
    offered = switches.on_offer(found.rules)
    barred = switches.vetoed_by(found, offered)
    groups, exact = switches.groups(found, barred)
    strong, inside = edges.told(found, offered, barred, (groups, exact), most=most)
    part = components(strong.left, strong.right, len(strong.record))
    lower = np.repeat(np.arange(len(strong.record)), np.diff(inside.first))
    assert (lower < inside.other).all()
    candidate = inside.set < len(groups)
    number = np.full(len(found.records), -1)
    number[strong.record] = np.arange(len(strong.record))
    expected = {}
    for left, right, pattern, found_by, vetoed in zip(
        *(found.pairs[c] for c in ("left", "right", "pattern", "found_by")), barred, strict=True
    ):
        a, b = sorted((number[left], number[right]))
        if a >= 0 and part[a] == part[b]:
            expected[a, b] = (pattern, found_by, vetoed)
    rows = groups.select("pattern", "found_by", "vetoed_by").rows()
    told = {
        (a, b): rows[g]
        for a, b, g in zip(lower[candidate], inside.other[candidate], inside.set[candidate], strict=True)
    }
    assert told == expected
    # Of every two others in one tree what bars them is told, and nothing where nothing does.
    ends = [
        (a, b)
        for a in range(len(part))
        for b in range(a + 1, len(part))
        if inside.tree[a] == inside.tree[b] and (a, b) not in told
    ]
    left, right = (np.sort(strong.record[np.array(ends, int).reshape(-1, 2)], axis=1).T).astype(np.uint32)
    never = bonds.forbidden(
        found, msgspec.structs.replace(rules, vetoes=()), pl.DataFrame({"left": left, "right": right})
    )
    never = set(never.select("left", "right").rows())
    bits = switches.barred_by(found, offered, left, right).tolist()
    bars = {
        pair: (vetoed, (a, b) in never)
        for pair, a, b, vetoed in zip(ends, left.tolist(), right.tolist(), bits, strict=True)
    }
    strangers = inside.set[~candidate] - len(groups)
    said = {
        (a, b): (inside.vetoed_by[k], bool(inside.never[k]))
        for a, b, k in zip(lower[~candidate], inside.other[~candidate], strangers, strict=True)
    }
    assert said == {pair: what for pair, what in bars.items() if any(what)}
    assert len(ends) > 10
