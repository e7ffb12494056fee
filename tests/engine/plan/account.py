"""A small account that has one of everything the storage, retention and plan rooms must get right."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from engine.schema import ENTITIES, NOT_STRING

AS_OF = dt.date(2026, 1, 31)
MB = 1_000_000


@dataclass(frozen=True)
class SmallSnapshot:
    id: str
    frames: dict[str, pl.DataFrame]
    rejects: pl.DataFrame = field(default_factory=pl.DataFrame)
    sources: tuple[Any, ...] = ()
    as_of: dt.date | None = None


def day(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def frame(entity: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of fields → the entity's frame, every field there, with two original columns per record."""
    schema = {f: NOT_STRING.get(f, pl.String()) for f in ENTITIES[entity]}
    rows = [{k: day(v) if k.endswith("_at") else v for k, v in row.items()} for row in rows]
    made = pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)
    return made.with_columns(
        pl.lit("export.csv").alias("source_file"),
        pl.int_range(2, pl.len() + 2, dtype=pl.UInt32).alias("source_line"),
        pl.col(next(iter(schema))).alias("original.ID"),
        pl.lit("=cmd()").alias("original.Note"),
    )


def account(**replace: list[dict[str, Any]]) -> SmallSnapshot:
    """The account; an entity given by name replaces its rows."""
    rows = {**ROWS, **replace}
    return SmallSnapshot("abc123", {entity: frame(entity, rows[entity]) for entity in rows})


ROWS: dict[str, list[dict[str, Any]]] = {
    "contact": [
        {
            "record_id": "1",
            "name": "Анна Смирнова",
            "phone": "+7 900 000-00-01",
            "email": "anna@example.com",
            "owner": "Olga",
            "tags": "vip",
            "position": "Director",
            "created_at": "2020-01-05",
            "updated_at": "2025-12-01",
        },
        {
            "record_id": "2",
            "name": "Смирнова А.",
            "phone": "8 (900) 000-00-01; +7 900 000-00-09",
            "email": None,
            "owner": "Ivan",
            "tags": "expo; VIP",
            "city": "Tver",
            "created_at": "2022-03-01",
            "updated_at": "2023-03-01",
        },
        {
            "record_id": "3",
            "name": "Anna Smirnova",
            "email": "a.smirnova@example.com",
            "owner": "Olga",
            "created_at": "2023-06-01",
            "updated_at": "2026-01-10",
        },
        {
            "record_id": "4",
            "name": "=HYPERLINK(1)",
            "email": "old@example.com",
            "owner": "Ivan",
            "created_at": "2015-02-01",
            "updated_at": "2016-02-01",
        },
        {
            "record_id": "5",
            "name": "Пётр Ильин",
            "email": "petr@example.com",
            "owner": "Ivan",
            "created_at": "2016-02-01",
            "updated_at": "2017-02-01",
        },
        {"record_id": "6", "name": "No Date", "email": None, "owner": None},
        {
            "record_id": "7",
            "name": "Held Person",
            "tags": "court",
            "created_at": "2014-01-01",
            "updated_at": "2014-01-02",
        },
    ],
    "company": [
        {
            "record_id": "c1",
            "name": "ООО Ромашка",
            "tax_id": "7707083893",
            "owner": "Olga",
            "created_at": "2020-01-01",
            "updated_at": "2025-06-01",
        },
        {
            "record_id": "c2",
            "name": "Ромашка",
            "phone": "+7 495 000-00-00",
            "owner": "Olga",
            "created_at": "2021-01-01",
            "updated_at": "2024-06-01",
        },
    ],
    "deal": [
        {
            "record_id": "d1",
            "name": "Roof",
            "stage": "Offer",
            "status": "open",
            "pipeline": "Sales",
            "contact_id": "2",
            "company_id": "c2",
            "owner": "Ivan",
            "created_at": "2025-10-01",
            "updated_at": "2025-11-01",
        },
        {
            "record_id": "d2",
            "name": "Door",
            "stage": "Lost",
            "status": "lost",
            "pipeline": "Sales",
            "contact_id": "4",
            "owner": "Ivan",
            "created_at": "2016-01-01",
            "updated_at": "2016-02-01",
            "closed_at": "2016-03-01",
        },
        {
            "record_id": "d3",
            "name": "Wall",
            "stage": "Negotiation",
            "status": "open",
            "pipeline": "Service",
            "contact_name": "Пётр Ильин",
            "owner": "Ivan",
            "created_at": "2017-01-01",
            "updated_at": "2017-01-01",
        },
        {
            "record_id": "d4",
            "name": "Gate",
            "stage": "Won",
            "status": "won",
            "pipeline": "Sales",
            "contact_id": "1",
            "owner": "Olga",
            "created_at": "2024-01-01",
            "updated_at": "2024-05-01",
            "closed_at": "2024-05-01",
        },
    ],
    "file": [
        {
            "record_id": "f1",
            "name": "offer.pdf",
            "extension": "pdf",
            "type": "document",
            "bytes": 10 * MB,
            "versions": 3,
            "versions_bytes": 5 * MB,
            "is_trashed": False,
            "owner": "Ivan",
            "created_at": "2025-10-02",
        },
        {
            "record_id": "f2",
            "name": "door.mp4",
            "extension": "mp4",
            "type": "video",
            "bytes": 101 * MB,
            "versions": 1,
            "is_trashed": False,
            "owner": "Ivan",
            "created_at": "2016-01-15",
        },
        {
            "record_id": "f3",
            "name": "offer.pdf",
            "extension": "pdf",
            "type": "document",
            "bytes": 10 * MB,
            "versions": 1,
            "is_trashed": False,
            "owner": "Ivan",
            "created_at": "2025-10-03",
        },
        {
            "record_id": "f4",
            "name": "gone.zip",
            "extension": "zip",
            "type": "archive",
            "bytes": 7 * MB,
            "versions": 1,
            "is_trashed": True,
            "owner": "Olga",
            "created_at": "2025-01-01",
            "deleted_at": "2026-01-20",
        },
        {
            "record_id": "f5",
            "name": "stray.png",
            "extension": "png",
            "type": "image",
            "bytes": 3 * MB + 1,
            "versions": 1,
            "is_trashed": False,
            "owner": "Olga",
            "created_at": "2022-01-01",
        },
        {
            "record_id": "f6",
            "name": "missing.png",
            "extension": "png",
            "type": "image",
            "bytes": None,
            "versions": 2,
            "is_trashed": False,
            "owner": None,
            "created_at": "2024-01-01",
        },
        {
            "record_id": "f7",
            "name": "shared.png",
            "extension": "png",
            "type": "image",
            "bytes": 3 * MB + 1,
            "versions": 1,
            "is_trashed": False,
            "owner": "Olga",
            "created_at": "2024-02-01",
        },
    ],
    "link": [
        {"file_id": "f1", "entity": "deal", "entity_id": "d1"},
        {"file_id": "f2", "entity": "deal", "entity_id": "d2"},
        {"file_id": "f3", "entity": "deal", "entity_id": "d1"},
        {"file_id": "f6", "entity": "contact", "entity_id": "999"},
        {"file_id": "f7", "entity": "deal", "entity_id": "d4"},
        {"file_id": "f7", "entity": "contact", "entity_id": "2"},
    ],
}


CLUSTERS = {
    "contact": pl.DataFrame(
        {"record_id": ["1", "2", "3", "4", "7", "5", "6"], "cluster_id": ["1", "1", "1", "4", "5", "5", "6"]}
    ),
    "company": pl.DataFrame({"record_id": ["c1", "c2"], "cluster_id": ["c1", "c1"]}),
}
EVIDENCE = {
    "contact": pl.DataFrame(
        {
            "left_id": ["1", "2"],
            "right_id": ["2", "3"],
            "match_probability": [0.97, 0.9],
            "looks_like": ["match", "match"],
        }
    )
}
