"""Match → the bytes from which the browser redraws everything: patterns, pairs by rule and veto, the evidence model.

    16 characters   name
    4 bytes         length of the header, little-endian
    header          JSON: comparisons, classes, basis, and for each array its type, offset and length
    arrays          little-endian, each beginning at a multiple of 8 bytes after the header

`scoring.js` reads it. No value of any record is in it: only level codes, counts, probabilities and numbers of records.
There are two of them. The table is the same whatever is switched and whatever bits are given by hand; its name is that
of its content. What is known (`known`) holds for one way in which everything stands, and is named by the caller.
"""

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from engine.match import bonds, candidates, conditions, edges, evaluate, switches, tuning
from engine.match.judged import judged_counts, judged_pairs
from engine.match.outcomes import Outcomes
from engine.match.run import Match
from engine.rules import Veto

LARGEST = 50_000  # patterns: with more, the browser would no longer keep up with a thumb
_TYPES = {"uint8": "Uint8Array", "uint16": "Uint16Array", "uint32": "Uint32Array", "float64": "Float64Array"}


def fits(found: Match) -> bool:
    """→ whether the pattern table is small enough to be kept in the browser."""
    return 0 < len(found.patterns) <= LARGEST


def pack(whole: Match, *, offered: Sequence[Veto], truth: pl.DataFrame | None) -> bytes:
    """The Match under all blocking rules that can be switched, vetoes, the truth if there is one → the table."""
    used = whole.rules
    read = conditions.blanks_read(used.comparisons, whole.patterns)
    codes = np.concatenate([read[c.name].to_numpy() for c in used.comparisons])
    same, in_table = (None, 0) if truth is None else evaluate.true_matches(whole, truth)
    barred = switches.vetoed_by(whole, offered)
    groups, exact = switches.groups(whole, barred, matches=same)
    strongest, inside = edges.told(whole, offered, barred, (groups, exact))
    arrays = {
        "codes": codes.astype(np.uint8),
        "logs": _log_levels(whole).astype(np.float64),
        "verdict": conditions.verdicts(whole.patterns).astype(np.uint8),
        **{f"group_{name}": _small(groups[name].to_numpy()) for name in groups.columns},
        "group_told": strongest.told.astype(np.uint8),
        "left": strongest.left.astype(np.uint32),
        "right": strongest.right.astype(np.uint32),
        "edge_group": _small(strongest.group),
        "bands": strongest.bands.astype(np.uint32),
        "record": strongest.record.astype(np.uint32),
        "part_first": np.flatnonzero(strongest.level == 0).astype(np.uint32),
        "tree": inside.tree.astype(np.uint32),
        "inside_first": inside.first.astype(np.uint32),
        "inside_other": inside.other.astype(np.uint32),
        "inside_set": _small(inside.set),
        "bar_vetoed_by": inside.vetoed_by,
        "bar_never": inside.never,
    }
    header = {
        "patterns": len(whole.patterns),
        "comparisons": [{"name": c.name, "levels": len(c.levels)} for c in used.comparisons],
        "classes": [{"match": c.match, "log_share": float(np.log(c.share))} for c in used.weights.classes],
        "blocking": [rule.name for rule in used.blocking],
        "vetoes": [switches.name(veto) for veto in offered],
        "exact_up_to": exact,
        "nodes": len(strongest.record),
        "twos": strongest.twos,
        "alone": strongest.alone,
        "binds": bonds.bind(msgspec.structs.replace(used, vetoes=())),
        "complete": whole.parts is None,
        **({"basis": "estimate"} if truth is None else {"basis": "exact", "total": in_table}),
    }
    return _bytes(header, arrays)


def known(
    name: str, whole: Match, *, found: Match, judgements: pl.DataFrame | None, thresholds: Sequence[float],
    outcomes: Outcomes | None,
) -> bytes:  # fmt: skip
    """A name, the Match under all blocking rules, the one in use, judgements where there is no truth → what is known.

    Both have the same levels and weights. `thresholds`: where a curve with intervals is given point by point;
    `outcomes`: the groups at every merge threshold, if they are worked out.
    """
    header: dict[str, Any] = {"settings": standing(found)}
    arrays: dict[str, np.ndarray] = {}
    left = found if judgements is None else switches.after_vetoes(found)
    judged = judged_counts(left.records, left.pairs, len(left.patterns), judgements)
    if judged is not None and judged[0].sum() + judged[1].sum() > 0:
        elsewhere = switches.elsewhere(whole, left)
        curve = evaluate.curve(left.patterns, judged=judged, thresholds=[0.0, *thresholds], blocked=elsewhere)
        header |= {"basis": "judged", "total": curve["matches"][0] / max(curve["recall"][0], 1e-9)}
        arrays["rate"] = _rate(whole, left, curve)
        for column in ("threshold", *_BOUNDED):
            arrays[f"curve_{column}"] = curve[column].to_numpy().astype(np.float64)
    arrays |= _said(whole, found)
    if outcomes is not None:
        header["known_from"] = outcomes.known
        arrays |= {"stops": outcomes.stops, "gone": _small(outcomes.gone), "sizes": _small(outcomes.groups.ravel())}
    return _bytes(header, arrays, name=name)


def _said(whole: Match, found: Match) -> dict[str, np.ndarray]:
    """→ the pairs that somebody judged or excluded, which blocking rules found them, whether they are one."""
    judged = judged_pairs(found.records, found.judgements)
    parts = [bonds.excluded(found, found.rules).select("left", "right", verdict=pl.lit("non_match"))]
    if judged is not None:
        parts.append(judged.filter(pl.col("verdict") != "unsure").cast({"left": pl.UInt32, "right": pl.UInt32}))
    said = pl.concat(parts)
    ends = said["left"].to_numpy(), said["right"].to_numpy()
    at = candidates.numbers(whole.pairs, *ends)
    return {
        "said_left": ends[0],
        "said_right": ends[1],
        "said_found_by": np.where(at < 0, 0, whole.pairs["found_by"].to_numpy()[at]).astype(np.uint32),
        "said_verdict": (said["verdict"] == "match").to_numpy().astype(np.uint8),
    }


def standing(found: Match) -> dict[str, Any]:
    """→ bits by hand, comparisons that count, vetoes and blocking rules that are on: how everything stands."""
    rules = found.rules
    return {
        "adjust": {c.name: [level.adjust for level in c.levels] for c in rules.comparisons},
        "enabled": {c.name: c.enabled for c in rules.comparisons},
        "on": [rule.name for rule in rules.blocking] + [switches.name(veto) for veto in rules.vetoes],
    }


def _small(values: np.ndarray) -> np.ndarray:
    """Counts and bits → the same in as few bytes as hold them."""
    top = int(values.max(initial=0))
    return values.astype(np.uint8 if top < 1 << 8 else np.uint16 if top < 1 << 16 else np.uint32)


_BOUNDED = ("precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high")


def _rate(whole: Match, left: Match, curve: pl.DataFrame) -> np.ndarray:
    """→ share of matches in each pattern, so that above each threshold of the curve there are as many as it says."""
    steps = curve["threshold"].to_numpy()

    def cells(one: Match) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        p, verdict = one.patterns["match_probability"].to_numpy(), conditions.verdicts(one.patterns)
        certain = verdict == conditions.MERGE  # merged at every threshold
        cell = np.where(certain, len(steps) - 1, np.searchsorted(steps, p, side="right") - 1)
        return p, cell, certain | (verdict == conditions.OPEN)

    p, cell, counts = cells(left)
    inside = -np.diff(curve["matches"].to_numpy(), append=0.0)
    expected = np.bincount(cell, weights=p * left.patterns["pairs"].to_numpy() * counts, minlength=len(inside))
    share = np.where(expected > 0, inside / np.maximum(expected, 1e-300), 1.0)
    p, cell, counts = cells(whole)
    return np.asarray(p * np.where(counts, share[cell], 1.0))


def _log_levels(found: Match) -> np.ndarray:
    """→ log P(level | class): class after class, comparison after comparison, codes 0 (missing: 0.0), 1…k."""
    parts = [
        np.concatenate([[0.0], np.log(one.levels[c.name])])
        for one in found.rules.weights.classes
        for c in found.rules.comparisons
    ]
    return np.concatenate(parts)


def _bytes(header: dict[str, Any], arrays: dict[str, np.ndarray], *, name: str = "") -> bytes:
    at, placed, body = 0, {}, []
    for array, values in arrays.items():
        raw = np.ascontiguousarray(values).tobytes()
        raw += b"\0" * (-len(raw) % 8)
        placed[array] = {"type": _TYPES[str(values.dtype)], "offset": at, "length": len(values)}
        body.append(raw)
        at += len(raw)
    head = json.dumps({**header, "arrays": placed}).encode()
    head += b" " * (-(20 + len(head)) % 8)
    rest = struct.pack("<I", len(head)) + head + b"".join(body)
    return (name or hashlib.sha256(rest).hexdigest()[:16]).encode() + rest


def similarity(found: Match, comparison: str) -> dict[str, list[float]]:
    """→ pairs and expected matches at each similarity 0…120 of one comparison; those with a missing value left out."""
    pairs, matches = tuning.similarity_histogram(found, comparison)
    return {"pairs": pairs[:121].tolist(), "matches": np.round(matches[:121], 3).tolist()}


def level_bits(found: Match) -> dict[str, list[float]]:
    """→ per comparison what each level weighs, bits, strongest first: matches against all other pairs together."""
    classes = found.rules.weights.classes
    share = pl.Series([c.share for c in classes]).to_numpy()
    match = np.array([c.match for c in classes])
    bits = {}
    for c in found.rules.comparisons:
        levels = np.array([one.levels[c.name] for one in classes])
        m, u = ((share[side] @ levels[side]) / share[side].sum() for side in (match, ~match))
        bits[c.name] = np.log2(m / u)[::-1].tolist()
    return bits
