"""A later snapshot + the plan's ZIP → what was done, what was not, and what came back."""

from typing import TYPE_CHECKING

import polars as pl

from engine.cells import read_csv
from engine.plan.build import ITEMS
from engine.plan.verify import read, table
from engine.storage.links import RECORDS
from engine.storage.links import table as frame_of

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

STATES = {
    "item_id": pl.String(),
    "action": pl.String(),
    "entity": pl.String(),
    "record_id": pl.String(),
    "survivor_id": pl.String(),
    "state": pl.String(),  # done | not_done | survivor_gone | came_back | cannot_tell
    "back_as": pl.String(),  # the new record that holds what was removed
}
KEYS = ("phone", "email")


def recheck(content: bytes, later: "Snapshot") -> pl.DataFrame:
    """(bytes of the ZIP, later snapshot) → STATES, one row per item that changes something.

    Done: the record is gone (a file: gone or in the trash). Not done: it is there. Survivor gone: both are gone.
    Came back: gone, but a record that is newer than the plan holds one of its phones or e-mails (and was not there
    when the plan was made, as far as the plan's backup knows). Archiving, anonymising and older versions leave no
    sure trace in an export: cannot tell. Raises PlanError when the ZIP does not verify.
    """
    manifest, files = read(content)
    items = table(files, "items", {**ITEMS, "sentence": pl.String()}).filter(pl.col("action") != "review")
    there = pl.concat(
        [frame_of(later, e).select("record_id", entity=pl.lit(e), there=pl.lit(True)) for e in RECORDS]
        + [
            frame_of(later, "file").select(
                "record_id", entity=pl.lit("file"), there=~pl.col("is_trashed").fill_null(False)
            )
        ]
    ).unique(["entity", "record_id"])
    on = ["entity", "record_id"]
    items = items.join(there, on=on, how="left", maintain_order="left")
    survivors = there.select("entity", survivor_id="record_id", survivor_there="there")
    items = items.join(survivors, on=["entity", "survivor_id"], how="left", maintain_order="left")
    items = items.join(_back(files, items, later, str(manifest["as_of"])), on=on, how="left", maintain_order="left")
    checkable = pl.col("action").is_in(["merge", "delete"]) & (pl.col("entity") != "file_version")
    gone = ~pl.col("there").fill_null(False)
    alone = (pl.col("action") == "merge") & ~pl.col("survivor_there").fill_null(False)
    state = (
        pl.when(~checkable & gone & (pl.col("entity") != "file_version")).then(pl.lit("done"))
        .when(~checkable).then(pl.lit("cannot_tell"))
        .when(~gone).then(pl.lit("not_done"))
        .when(pl.col("back_as").is_not_null()).then(pl.lit("came_back"))
        .when(alone).then(pl.lit("survivor_gone"))
        .otherwise(pl.lit("done"))
    )  # fmt: skip
    return items.with_columns(state=state).select(*STATES)


def _back(files: dict[str, bytes], items: pl.DataFrame, later: "Snapshot", as_of: str) -> pl.DataFrame:
    """Removed contacts and companies → the newer record that holds one of their phones or e-mails."""
    found = [pl.DataFrame(schema={"entity": pl.String(), "record_id": pl.String(), "back_as": pl.String()})]
    for entity in ("contact", "company"):
        before = files.get(f"backup/{entity}.csv")
        if before is None:
            continue
        old = read_csv(before)
        known = old.select(new_id="record_id")
        removed = items.filter((pl.col("entity") == entity) & pl.col("action").is_in(["merge", "delete"]))
        fresh = frame_of(later, entity).filter(
            pl.col("created_at") > pl.lit(as_of).str.to_date().cast(pl.Datetime("us"))
        )
        old_keys = _keys(old).join(removed.select("record_id"), on="record_id", how="semi")
        new_keys = _keys(fresh).rename({"record_id": "new_id"}).join(known, on="new_id", how="anti")
        pairs = old_keys.join(new_keys, on="key").sort("record_id", "new_id").unique("record_id", keep="first")
        found.append(pairs.select(pl.lit(entity).alias("entity"), "record_id", back_as="new_id"))
    return pl.concat(found)


def _keys(records: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for column in KEYS:
        if column not in records.columns:
            continue
        values = records.select("record_id", key=pl.col(column).str.split(";")).explode("key").drop_nulls()
        digits = pl.col("key").str.replace_all(r"\D", "").str.tail(10)
        key = digits if column == "phone" else pl.col("key").str.strip_chars().str.to_lowercase()
        parts.append(values.select("record_id", key=key).filter(pl.col("key").str.len_chars() >= 6))
    empty = pl.DataFrame(schema={"record_id": pl.String(), "key": pl.String()})
    return pl.concat([empty, *parts]).unique()
