"""Snapshot → what hangs on what: files on records, deals on contacts and companies.

Storage, retention and plan all ask these questions; they are answered here once.
"""

from typing import TYPE_CHECKING

import polars as pl

from engine.schema import ENTITIES, NOT_STRING, VALUE_SEPARATOR

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

RECORDS = ("contact", "company", "deal")
FILE_LINKS = {"file_id": pl.String(), "entity": pl.String(), "record_id": pl.String(), "known": pl.Boolean()}
DEAL_LINKS = {
    "deal_id": pl.String(),
    "entity": pl.String(),
    "record_id": pl.String(),
    "by": pl.String(),  # id | name | shared_name (several records bear that name)
    "status": pl.String(),
}


def table(snapshot: "Snapshot", entity: str) -> pl.DataFrame:
    """(snapshot, entity) → its frame with every field of the schema; an entity that is absent is an empty frame."""
    frame = snapshot.frames.get(entity, pl.DataFrame())
    missing = [
        pl.lit(None, NOT_STRING.get(field, pl.String())).alias(field)
        for field in ENTITIES[entity]
        if field not in frame.columns
    ]
    return frame.with_columns(missing) if frame.width else pl.DataFrame(schema=_schema(entity))


def file_links(snapshot: "Snapshot") -> pl.DataFrame:
    """Snapshot → FILE_LINKS, each pair of file and record once; `known` is false when the record is not there."""
    links = table(snapshot, "link").select("file_id", "entity", record_id="entity_id")
    links = links.drop_nulls().unique(maintain_order=True)
    known = pl.concat(
        [table(snapshot, e).select(pl.lit(e).alias("entity"), "record_id", known=pl.lit(True)) for e in RECORDS]
    ).unique(["entity", "record_id"])
    found = links.join(known, on=["entity", "record_id"], how="left").with_columns(pl.col("known").fill_null(False))
    return found.select(*FILE_LINKS).sort("file_id", "entity", "record_id")


def deal_links(snapshot: "Snapshot") -> pl.DataFrame:
    """Snapshot → DEAL_LINKS: the contacts and companies of every deal.

    By id where the export has ids; otherwise by the exact name (case and outer blanks aside), as some exports name
    the contact of a deal and nothing more. `shared_name` marks a name that several records bear: enough to protect
    all of them, not enough to move a deal.
    """
    deals = table(snapshot, "deal")
    parts = []
    for entity in ("contact", "company"):
        records = table(snapshot, entity)
        parts.append(_by_id(deals, entity))
        unlinked = deals.filter(pl.col(f"{entity}_id").is_null() & pl.col(f"{entity}_name").is_not_null())
        named = records.select("record_id", key=_name_key("name")).drop_nulls().filter(pl.col("key") != "")
        named = named.with_columns(
            by=pl.when(pl.len().over("key") > 1).then(pl.lit("shared_name")).otherwise(pl.lit("name"))
        )
        by_name = unlinked.select(deal_id="record_id", status="status", key=_name_key(f"{entity}_name"))
        parts.append(by_name.join(named, on="key").with_columns(entity=pl.lit(entity)).select(*DEAL_LINKS))
    return pl.concat(parts).unique(maintain_order=True).sort("deal_id", "entity", "record_id")


def _by_id(deals: pl.DataFrame, entity: str) -> pl.DataFrame:
    ids = deals.filter(pl.col(f"{entity}_id").is_not_null()).select(
        deal_id="record_id", status="status", record_id=pl.col(f"{entity}_id").str.split(VALUE_SEPARATOR.strip())
    )
    ids = ids.explode("record_id").with_columns(pl.col("record_id").str.strip_chars())
    ids = ids.filter(pl.col("record_id").is_not_null() & (pl.col("record_id") != ""))
    return ids.with_columns(entity=pl.lit(entity), by=pl.lit("id")).select(*DEAL_LINKS)


def _name_key(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()


def _schema(entity: str) -> dict[str, pl.DataType]:
    return {field: NOT_STRING.get(field, pl.String()) for field in ENTITIES[entity]}
