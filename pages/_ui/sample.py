"""The bundled sample account: its files, the truth behind them, its quota. Only for snapshots made from it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

FOLDER = Path(__file__).parents[2] / "sample_data" / "amocrm"
_OURS = 0.9  # share of a snapshot's records that the truth must know, to be taken for the sample account


def exports() -> list[Path]:
    """→ the folders of the sample's exports, the oldest first; each is named for its day."""
    return sorted(p for p in FOLDER.iterdir() if p.is_dir() and p.name[:2] == "20") if FOLDER.is_dir() else []


def truth(entity: str, records: pl.DataFrame) -> pl.DataFrame | None:
    """(entity, its records) → record_id, cluster_id when these are a sample's records, else None."""
    if entity not in ("contact", "company") or records.is_empty():
        return None
    ids = records["record_id"]
    return next((t for t in _truths() if ids.is_in(t["record_id"].implode()).mean() >= _OURS), None)


def quota_bytes(snapshot: Any) -> int | None:
    """A snapshot → the sample account's quota when it is the sample's, else None."""
    path = FOLDER / "quota.json"
    contacts = snapshot.frames.get("contact", pl.DataFrame())
    ours = pl.read_csv(FOLDER / "truth.csv", infer_schema=False)["record_id"] if path.exists() else pl.Series()
    if contacts.is_empty() or not path.exists() or contacts["record_id"].is_in(ours.implode()).mean() < _OURS:
        return None
    return int(json.loads(path.read_text(encoding="utf-8"))["file_quota_bytes"])


@lru_cache(maxsize=1)
def _truths() -> tuple[pl.DataFrame, ...]:
    files = sorted(FOLDER.parent.glob("*/truth.csv"))
    return tuple(pl.read_csv(f, infer_schema=False).select("record_id", "cluster_id") for f in files)
