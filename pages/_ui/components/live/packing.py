"""Match → the bytes from which the browser redraws everything: the pattern table, the evidence model, the truth.

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

from engine.match import evaluate, tuning
from engine.match.evaluate import Truth
from engine.match.run import Match

LARGEST = 50_000  # patterns: with more, the browser would no longer keep up with a thumb
_TYPES = {"uint8": "Uint8Array", "uint32": "Uint32Array", "float64": "Float64Array"}
Judged = tuple[np.ndarray, np.ndarray]


def fits(found: Match) -> bool:
    """→ whether the pattern table is small enough to be kept in the browser."""
    return 0 < len(found.patterns) <= LARGEST


def pack(found: Match, *, truth: Truth | None, judged: Judged | None, thresholds: Sequence[float]) -> bytes:
    """Match, what is known of it → the bytes. `thresholds`: where a curve with intervals is given point by point."""
    used = found.rules
    codes = np.concatenate([found.patterns[c.name].to_numpy() for c in used.comparisons])
    arrays = {
        "codes": codes.astype(np.uint8),
        "pairs": found.patterns["pairs"].to_numpy().astype(np.uint32),
        "logs": _log_levels(found).astype(np.float64),
        "forest": tuning.forest_by_pattern(found),
    }
    known: dict[str, Any] = {"basis": "estimate"}
    if truth is not None:
        known = {"basis": "exact", "total": truth.in_table}
        arrays["matches"] = truth.per_pattern.astype(np.float64)
    elif judged is not None and judged[0].sum() + judged[1].sum() > 0:
        curve = evaluate.curve(found.patterns, judged=judged, thresholds=[0.0, *thresholds])
        known = {"basis": "judged", "total": curve["matches"][0]}
        arrays["matches"] = _shared_out(found, curve)
        for name in ("threshold", *_BOUNDED):
            arrays[f"curve_{name}"] = curve[name].to_numpy().astype(np.float64)
    header = {
        "patterns": len(found.patterns),
        "comparisons": [{"name": c.name, "levels": len(c.levels)} for c in used.comparisons],
        "classes": [{"match": c.match, "log_share": float(np.log(c.share))} for c in used.weights.classes],
        # The weights for which `forest` and `curve_…` were made: how the comparisons stood.
        "adjust": {c.name: [level.adjust for level in c.levels] for c in used.comparisons},
        "enabled": {c.name: c.enabled for c in used.comparisons},
        **known,
    }
    return _bytes(header, arrays)


_BOUNDED = ("precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high")


def _shared_out(found: Match, curve: pl.DataFrame) -> np.ndarray:
    """→ matches of each pattern, so that above each threshold of the curve there are as many as the curve says."""
    p, n = found.patterns["match_probability"].to_numpy(), found.patterns["pairs"].to_numpy()
    cell = np.searchsorted(curve["threshold"].to_numpy(), p, side="right") - 1
    inside = -np.diff(curve["matches"].to_numpy(), append=0.0)
    expected = np.bincount(cell, weights=p * n, minlength=len(inside))
    return np.asarray(p * n * (inside / np.maximum(expected, 1e-300))[cell])


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
