"""Plan + snapshot → every row the plan touches, as it was, with all original columns; and back."""

from typing import TYPE_CHECKING

import polars as pl

from engine.cells import csv, read_csv
from engine.plan.build import Plan
from engine.plan.reasons import Sentences, english
from engine.storage.links import RECORDS

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot


def affected(plan: Plan, snapshot: "Snapshot") -> dict[str, pl.DataFrame]:
    """Plan, snapshot → rows per entity that an item changes, merges into or moves; links of those records and files.

    Items for review change nothing and need no backup.
    """
    changing = plan.items.filter(pl.col("action") != "review")
    kind = pl.col("entity").replace({"file_version": "file"})
    survivors = changing.filter(pl.col("survivor_id").is_not_null())
    moves = plan.moves
    touched = pl.concat(
        [
            changing.select(kind, "record_id"),
            survivors.select(kind, record_id="survivor_id"),
            moves.select(
                entity=pl.when(pl.col("what") == "deal").then(pl.lit("deal")).otherwise(pl.lit("file")),
                record_id="moved_id",
            ),
        ]
    ).unique()
    rows = {}
    for entity in (*RECORDS, "file"):
        frame = snapshot.frames.get(entity)
        if frame is not None:
            ids = touched.filter(pl.col("entity") == entity).select("record_id")
            rows[entity] = frame.join(ids, on="record_id", how="semi", maintain_order="left")
    links = snapshot.frames.get("link")
    if links is not None:
        records = touched.select("entity", entity_id="record_id")
        files = touched.filter(pl.col("entity") == "file").select(file_id="record_id")
        number = links.with_row_index("row")
        of_records = number.join(records, on=["entity", "entity_id"], how="semi")
        of_files = number.join(files, on="file_id", how="semi")
        rows["link"] = pl.concat([of_records, of_files]).unique("row").sort("row").drop("row")
    return {entity: frame for entity, frame in rows.items() if frame.height}


def backup(plan: Plan, snapshot: "Snapshot", *, sentences: Sentences = english) -> dict[str, bytes]:
    """Plan, snapshot → files of the backup: one CSV per entity and how to restore.

    The CSVs are reversible (`cells.read_csv` gives every cell back, an empty text and no value told apart).
    """
    files = {f"backup/{entity}.csv": csv(frame) for entity, frame in affected(plan, snapshot).items()}
    return {**files, "backup/RESTORE.txt": sentences("restore", {}).encode()}


def restore(content: bytes) -> pl.DataFrame:
    """One CSV of a backup → its rows as they were, all columns as text."""
    return read_csv(content)
