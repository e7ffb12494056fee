"""Match → the bytes from which the browser redraws everything: patterns, pairs by rule and veto, the evidence model.

    16 characters   name of the content
    4 bytes         length of the header, little-endian
    header          JSON: comparisons, classes, basis, and for each array its type, offset and length
    arrays          little-endian, each beginning at a multiple of 8 bytes after the header

`scoring.js` reads it. No value of any record is in it: only level codes, counts and probabilities.
"""

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from engine.match import conditions, evaluate, switches, tuning
from engine.match.judged import judged_counts
from engine.match.run import Match
from engine.rules import Veto

LARGEST = 50_000  # patterns: with more, the browser would no longer keep up with a thumb
_TYPES = {"uint8": "Uint8Array", "uint16": "Uint16Array", "uint32": "Uint32Array", "float64": "Float64Array"}


def fits(found: Match) -> bool:
    """→ whether the pattern table is small enough to be kept in the browser."""
    return 0 < len(found.patterns) <= LARGEST


def pack(
    whole: Match,
    *,
    found: Match,
    offered: Sequence[Veto],
    truth: pl.DataFrame | None,
    judgements: pl.DataFrame | None,
    thresholds: Sequence[float],
) -> bytes:
    """The Match under all blocking rules that can be switched, the one in use, vetoes, what is known → the bytes.

    Both have the same levels and weights. `thresholds`: where a curve with intervals is given point by point.
    """
    used = found.rules
    read = conditions.blanks_read(used.comparisons, whole.patterns)
    codes = np.concatenate([read[c.name].to_numpy() for c in used.comparisons])
    arrays = {
        "codes": codes.astype(np.uint8),
        "logs": _log_levels(whole).astype(np.float64),
        "verdict": conditions.verdicts(whole.patterns).astype(np.uint8),
    }
    known: dict[str, Any] = {"basis": "estimate"}
    same, in_table = (None, 0) if truth is None else evaluate.true_matches(whole, truth)
    left = switches.after_vetoes(found)
    judged = None if truth is not None else judged_counts(left.records, left.pairs, len(left.patterns), judgements)
    if truth is not None:
        known = {"basis": "exact", "total": in_table}
    elif judged is not None and judged[0].sum() + judged[1].sum() > 0:
        elsewhere = switches.elsewhere(whole, left)
        curve = evaluate.curve(left.patterns, judged=judged, thresholds=[0.0, *thresholds], blocked=elsewhere)
        known = {"basis": "judged", "total": curve["matches"][0] / max(curve["recall"][0], 1e-9)}
        arrays["rate"] = _rate(whole, left, curve)
        for name in ("threshold", *_BOUNDED):
            arrays[f"curve_{name}"] = curve[name].to_numpy().astype(np.float64)
    groups, exact = switches.groups(whole, offered, forest=found.forest, matches=same)
    arrays |= {f"group_{name}": _small(groups[name].to_numpy()) for name in groups.columns}
    on = {rule.name for rule in used.blocking}
    header = {
        "patterns": len(whole.patterns),
        "comparisons": [{"name": c.name, "levels": len(c.levels)} for c in used.comparisons],
        "classes": [{"match": c.match, "log_share": float(np.log(c.share))} for c in used.weights.classes],
        "blocking": [rule.name for rule in whole.rules.blocking],
        "vetoes": [switches.name(veto) for veto in offered],
        "exact_up_to": exact,
        # What `forest` and `curve_…` were made for: how everything stood.
        "adjust": {c.name: [level.adjust for level in c.levels] for c in used.comparisons},
        "enabled": {c.name: c.enabled for c in used.comparisons},
        "on": {rule.name: rule.name in on for rule in whole.rules.blocking}
        | ({switches.name(veto): veto in used.vetoes for veto in offered} if known["basis"] == "judged" else {}),
        **known,
    }
    return _bytes(header, arrays)


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


def _bytes(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    at, placed, body = 0, {}, b""
    for name, values in arrays.items():
        raw = np.ascontiguousarray(values).tobytes()
        placed[name] = {"type": _TYPES[str(values.dtype)], "offset": at, "length": len(values)}
        body += raw + b"\0" * (-len(raw) % 8)
        at = len(body)
    head = json.dumps({**header, "arrays": placed}).encode()
    head += b" " * (-(20 + len(head)) % 8)
    rest = struct.pack("<I", len(head)) + head + body
    return hashlib.sha256(rest).hexdigest()[:16].encode() + rest


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
