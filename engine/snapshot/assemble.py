"""Tables and their mappings → `Snapshot`: a frame per entity, and the rows that could not become records."""

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import polars as pl

from engine.errors import InputError
from engine.schema import ENTITIES, NOT_STRING, ORIGINAL, REJECTS
from engine.snapshot.fields import field
from engine.snapshot.identity import snapshot_id
from engine.snapshot.mapping import UNKNOWN, EntityMapping, Mapping, Where
from engine.snapshot.records import complete, fold_versions, number, without_repeats
from engine.snapshot.table import Table


class Source(msgspec.Struct, frozen=True):
    """One table that went into a snapshot, how it was read and what its columns were taken for."""

    file: str
    format: str
    encoding: str | None
    delimiter: str | None
    rows: int
    rejects: int
    crm: str
    mapping: Mapping
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """An account as it was exported. `id` names its content; see `engine.schema` for `frames` and `rejects`."""

    id: str
    frames: dict[str, pl.DataFrame]
    rejects: pl.DataFrame
    sources: tuple[Source, ...]
    as_of: dt.date | None = None


def apply(tables: Sequence[Table], mappings: Sequence[Mapping], *, as_of: dt.date | None = None) -> Snapshot:
    """Tables and a mapping for each → `Snapshot`.

    Every row of every table is in a frame or in the rejects. Rows that repeat an id are rejects: `repeated_row` when
    they say the same as the first one with that id, else `repeated_id`. Records without an id are called by their row.
    Beside tables of a known CRM, one in which nothing was recognised is rejected as `not_recognised`; alone it is taken
    as it is. `as_of` is the day of the export; it is kept, and does not change the id.
    """
    if len(tables) != len(mappings):
        raise InputError(f"{len(tables)} tables but {len(mappings)} mappings: give one for each table")
    pieces: dict[str, list[pl.DataFrame]] = {}
    used: dict[str, list[EntityMapping]] = {}
    rejects = [t.rejects for t in tables]
    # Tables of a CRM come first, so that a stray file beside them cannot take their ids.
    pairs = sorted(zip(tables, mappings, strict=True), key=lambda pair: pair[1].crm == UNKNOWN)
    among_known = bool(pairs) and pairs[0][1].crm != UNKNOWN
    for table, mapping in pairs:
        if among_known and mapping.crm == UNKNOWN and not _comparable(mapping):
            rejects.append(_not_recognised(table))
            continue
        for part in mapping.entities if table.frame.width else ():
            pieces.setdefault(part.entity, []).append(_piece(table, part))
            used.setdefault(part.entity, []).append(part)
    joined = {entity: pl.concat(parts, how="diagonal", rechunk=True) for entity, parts in pieces.items()}
    if "version" in joined:
        joined["file"], counted = fold_versions(joined.get("file"), joined.pop("version"))
        rejects.append(counted)
    frames = {}
    for entity in ENTITIES:
        if entity in joined:
            records, repeated = without_repeats(number(joined[entity], entity), entity)
            if records.height:
                frames[entity] = _ordered(complete(records, entity), entity)
            rejects.append(repeated)
    refused = (
        pl.concat([r.select(pl.col(c).cast(t) for c, t in REJECTS.items()) for r in rejects])
        if rejects
        else pl.DataFrame(schema=REJECTS)
    )
    return Snapshot(
        id=snapshot_id(frames, refused, used),
        frames=frames,
        rejects=refused,
        sources=tuple(_source(t, m) for t, m in zip(tables, mappings, strict=True)),
        as_of=as_of,
    )


def _comparable(mapping: Mapping) -> bool:
    return any(ENTITIES.get(part.entity, {}).get(name) for part in mapping.entities for name in part.fields)


def _not_recognised(table: Table) -> pl.DataFrame:
    """All rows of a table → rejects."""
    return pl.DataFrame(
        [
            pl.repeat(table.name, table.frame.height, dtype=pl.String, eager=True).alias("source_file"),
            table.lines.alias("source_line"),
            pl.repeat("not_recognised", table.frame.height, dtype=pl.String, eager=True).alias("reason"),
            table.frame.select(pl.struct(pl.all()).struct.json_encode().alias("content")).to_series()
            if table.frame.width
            else pl.Series("content", [], dtype=pl.String),
        ]
    )


def _piece(table: Table, mapping: EntityMapping) -> pl.DataFrame:
    """The records of one entity in one table: its fields, where they come from, and all original columns."""
    frame, lines = table.frame, table.lines
    if mapping.where is not None:
        mask = _mask(frame, mapping.where)
        frame, lines = frame.filter(mask), lines.filter(mask)
    nul = table.format != "csv" or "nul_characters" in table.notes
    with ThreadPoolExecutor() as pool:
        made = pool.map(lambda name: field(frame, name, mapping, nul=nul).alias(name), mapping.fields)
        fields = list(made)
    if mapping.expected_close:
        fields.append(pl.repeat(True, frame.height, dtype=pl.Boolean, eager=True).alias("expected_close"))
    origin = pl.repeat(table.name, frame.height, dtype=pl.String, eager=True).alias("source_file")
    originals = [frame[c].alias(ORIGINAL + c) for c in frame.columns]
    return pl.DataFrame([*fields, origin, lines.alias("source_line"), *originals])


def _mask(frame: pl.DataFrame, where: Where) -> pl.Series:
    said = frame[where.column].str.strip_chars().str.to_lowercase().str.replace_all("ё", "е", literal=True)
    among = said.is_in(list(where.values)).fill_null(False)
    return ~among if where.negate else among


def _ordered(frame: pl.DataFrame, entity: str) -> pl.DataFrame:
    # All missing fields of one type share their memory, which is most of the memory of a narrow table.
    missing: dict[pl.DataType, pl.Series] = {}
    fields = []
    for name in ENTITIES[entity]:
        kind = NOT_STRING.get(name, pl.String())
        if name in frame.columns:
            fields.append(frame[name].cast(kind))
        else:
            if kind not in missing:
                missing[kind] = pl.repeat(None, frame.height, dtype=kind, eager=True)
            fields.append(missing[kind].alias(name))
    originals = [frame[c] for c in frame.columns if c.startswith(ORIGINAL)]
    return pl.DataFrame([*fields, frame["source_file"], frame["source_line"].cast(pl.UInt32), *originals])


def _source(table: Table, mapping: Mapping) -> Source:
    return Source(
        file=table.name,
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        rows=table.frame.height,
        rejects=table.rejects.height,
        crm=mapping.crm,
        mapping=mapping,
        notes=table.notes,
    )
