"""Pairs told one by one, from which the browser makes groups under any rules, with no server: see groups.js.

What joins records are strong pairs. What parts them again are the other pairs inside what those connect, weak ones, and
vetoes between records that are no candidates: those are told as well, as far as it stays within bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl

from engine.match import bonds, candidates, cluster, conditions, switches
from engine.match.spanning import spanning
from engine.rules import Veto

if TYPE_CHECKING:
    from engine.match.run import Match

MOST = 1_000_000  # pairs that join records
MOST_INSIDE = 4_000_000  # pairs inside what they connect
BAND = 4.0  # bits: pairs of like strength stand together
HELD_BACK = 2_000.0  # bits by which pairs that only a person joins stand behind all others
MOST_STRANGERS = 1_000_000  # records two by two, candidates or not, of which is told what bars them
NEAR = (bonds.LARGEST_CHECKED, 96, 48, 24, 12)  # so many that hang together, at most; the first that keeps within that


@dataclass(frozen=True)
class Edges:
    """The strongest pairs: their ends, numbered anew (`record[number]`), and their rows of `switches.groups`.

    They come in bands of like strength, which end at `bands`, and within a band those that hang together stand near one
    another, as do the numbers of their ends. From number `twos` and pair `alone` on each pair has its two records for
    itself. `told`: which groups are in it.
    """

    left: np.ndarray
    right: np.ndarray
    group: np.ndarray
    told: np.ndarray
    bands: np.ndarray
    twos: int
    alone: int
    record: np.ndarray
    level: np.ndarray  # which of the strengths connects each number with those before it, 0: none
    bits: np.ndarray  # the strengths, ascending, -inf before them


@dataclass(frozen=True)
class Inside:
    """All candidate pairs inside what `Edges` connect, of every strength, and what bars others.

    `other[first[n] : first[n + 1]]`: the other ends of the pairs of number n, greater than it; `set`: the row of
    `switches.groups` that counts each, beyond those the row of `vetoed_by` and `never` which says what bars two records
    that are no candidates. Of such two all is told if they have the same number in `tree`.
    """

    first: np.ndarray
    other: np.ndarray
    set: np.ndarray
    vetoed_by: np.ndarray
    never: np.ndarray
    tree: np.ndarray


def told(
    match: "Match", vetoes: Sequence[Veto], barred: np.ndarray, groups: tuple[pl.DataFrame, int], *,
    most: int = MOST, most_inside: int = MOST_INSIDE,
) -> tuple[Edges, Inside]:  # fmt: skip
    """Match, vetoes, which of them forbid each pair, what `switches.groups` gave → the strongest pairs, those inside.

    At most `most` of them; fewer, if more than `most_inside` pairs were inside.
    """
    edges = strongest(match, barred, groups, most=most)
    rows = _inside(match, edges)
    while len(rows) > most_inside and len(edges.left):
        edges = strongest(match, barred, groups, most=len(edges.left) // 2)
        rows = _inside(match, edges)
    return edges, _with_strangers(match, vetoes, barred, groups, edges, rows)


def strongest(match: "Match", barred: np.ndarray, groups: tuple[pl.DataFrame, int], *, most: int) -> Edges:
    """Match, which vetoes forbid each pair, what `switches.groups` gave → the strongest pairs, at most `most`."""
    number, verdict = match.pairs["pattern"].to_numpy(), conditions.verdicts(match.patterns)
    weight = match.patterns["match_weight"].to_numpy()
    weight = np.where(verdict == conditions.MERGE, conditions.ranking(match.patterns)[1], weight)
    weight = np.where(conditions.held_back(match.patterns), weight - HELD_BACK, weight)
    order = np.argsort(-weight, kind="stable")
    fit = np.cumsum(match.patterns["pairs"].to_numpy()[order]) <= most
    some = np.zeros(len(weight), bool)
    some[order[fit]] = True
    row = np.flatnonzero(some[number])
    left, right = (match.pairs[side].to_numpy()[row] for side in ("left", "right"))
    bits, rank = np.unique(weight, return_inverse=True)
    by_strength = cluster.by_rank(len(bits) - rank[number[row]])
    nodes, at = np.unique(np.concatenate([left, right]), return_inverse=True)
    ends = at[: len(row)][by_strength], at[len(row) :][by_strength]
    forest = by_strength[spanning(*ends, len(nodes))[0]]
    laid = cluster.nest(left[forest], right[forest], weight[number[row[forest]]], len(match.records))
    begins = np.flatnonzero(laid.level == 0)
    size = np.diff(np.r_[begins, len(laid.level)])
    two = np.repeat(size == 2, size)
    turn = np.argsort(two, kind="stable")
    place = np.empty(len(match.records), np.int32)
    place[laid.order[turn]] = np.arange(len(turn), dtype=np.int32)
    ends = place[left], place[right]
    left, right = np.minimum(*ends), np.maximum(*ends)
    twos = int(np.count_nonzero(~two))
    band = np.clip(np.floor(weight[number[row]] / BAND), -6, 6) - 100 * (left >= twos)
    order = np.lexsort((left, -band))
    bands = np.r_[np.flatnonzero(np.diff(band[order])) + 1, len(order)]
    group = switches.of_pairs(match, barred, *groups, row)
    return Edges(left[order], right[order], group[order], some[groups[0]["pattern"].to_numpy()], bands, twos,
                 int(np.count_nonzero(left < twos)), laid.order[turn], laid.level[turn],
                 np.r_[-np.inf, laid.strengths[1:]])  # fmt: skip


def _places(match: "Match", edges: Edges) -> np.ndarray:
    """→ the number of each record, −1 where it has none."""
    place = np.full(len(match.records), -1, np.int32)
    place[edges.record] = np.arange(len(edges.record), dtype=np.int32)
    return place


def _inside(match: "Match", edges: Edges) -> np.ndarray:
    """→ the rows of the candidate pairs inside what edges connect."""
    part = np.r_[np.cumsum(edges.level == 0, dtype=np.int32) - 1, np.int32(-1)]  # the last: of records without a number
    place = _places(match, edges)
    a, b = (part[place[match.pairs[side].to_numpy()]] for side in ("left", "right"))
    return np.flatnonzero((a == b) & (a >= 0))


def _trees(edges: Edges) -> np.ndarray:
    """→ for each number the first of those that hang together with it, of which every two are told about."""
    known = edges.bits[1:]
    steps = np.arange(np.ceil(known.max(initial=0.0)), np.floor(known.min(initial=0.0)) - 2, -2.0).clip(-200, 200)
    levels = np.unique(np.searchsorted(edges.bits, steps).clip(1))[::-1].tolist()
    for near in NEAR:
        tree = np.arange(len(edges.level))
        for level in levels:
            begins = np.flatnonzero(edges.level < level)
            size = np.diff(np.r_[begins, len(tree)])
            tree = np.where(np.repeat(size <= near, size), np.repeat(begins, size), tree)
        size = np.unique(tree, return_counts=True)[1]
        if (size * (size - 1) // 2).sum() <= MOST_STRANGERS:
            break
    return tree


def _with_strangers(
    match: "Match", vetoes: Sequence[Veto], barred: np.ndarray, groups: tuple[pl.DataFrame, int], edges: Edges,
    rows: np.ndarray,
) -> Inside:  # fmt: skip
    """Edges, rows of the candidate pairs inside → all of them, with what bars records that are no candidates."""
    place, tree = _places(match, edges), _trees(edges)
    size = np.diff(np.r_[np.unique(tree), len(tree)])
    every = bonds.every_two(edges.record, size, size > 2)
    ends = [every[side].to_numpy() for side in ("left", "right")]
    every = every.filter(pl.Series(candidates.numbers(match.pairs, *ends) < 0, dtype=pl.Boolean))
    ends = [every[side].to_numpy() for side in ("left", "right")]
    bits = switches.barred_by(match, vetoes, *ends)
    bare = msgspec.structs.replace(match.rules, vetoes=())
    never_one = bonds.forbidden(match, bare, every).select("left", "right", never=True).unique()
    never = every.join(never_one, on=["left", "right"], how="left", maintain_order="left")["never"].fill_null(False)
    kinds, kind = np.unique(bits.astype(np.uint64) * 2 + never.to_numpy(), return_inverse=True)
    some = kinds[kind] > 0
    group = np.r_[switches.of_pairs(match, barred, *groups, rows), len(groups[0]) + kind[some]]
    pairs = [np.r_[place[match.pairs[side].to_numpy()[rows]], place[end[some]]]
             for side, end in zip(("left", "right"), ends, strict=True)]  # fmt: skip
    low, high = np.minimum(*pairs), np.maximum(*pairs)
    order = np.argsort((low.astype(np.uint64) << np.uint64(32)) | high.astype(np.uint64))
    first = np.searchsorted(low[order], np.arange(len(place[place >= 0]) + 1))
    return Inside(first, high[order], group[order], (kinds >> np.uint64(1)).astype(np.uint32),
                  (kinds & np.uint64(1)).astype(np.uint8), tree)  # fmt: skip
