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
    """(entity, its records) → record_id, cluster_id when these are the sample's records, else None."""
    known = _truth(entity)
    if known is None or records.is_empty():
        return None
    ids = records["record_id"]
    return known if ids.is_in(known["record_id"].implode()).mean() >= _OURS else None


def quota_bytes(snapshot: Any) -> int | None:
    """A snapshot → the sample account's quota when it is the sample's, else None."""
    path = FOLDER / "quota.json"
    if not path.exists() or not any(truth(e, f) is not None for e, f in snapshot.frames.items()):
        return None
    return int(json.loads(path.read_text(encoding="utf-8"))["file_quota_bytes"])


@lru_cache(maxsize=4)
def _truth(entity: str) -> pl.DataFrame | None:
    path = FOLDER / "truth.csv"
    if not path.exists():
        return None
    whole = pl.read_csv(path, infer_schema=False)
    mine = whole.filter(entity=entity) if "entity" in whole.columns else whole
    return mine.select("record_id", "cluster_id") if mine.height else None
