"""One table in, no set-up: map the columns, suggest rules, estimate weights, match, cluster."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import InputError, UnknownColumn
from engine.files import read_text
from engine.match.account import match_account
from engine.match.output import write
from engine.match.run import Match, match
from engine.match.run import Table as Records
from engine.match.spill import Room
from engine.match.suggest import suggest_and_match
from engine.progress import Progress, silent
from engine.rules import Rules, load_all
from engine.schema import COMPANY, CONTACT
from engine.snapshot import batches
from engine.snapshot.assemble import apply
from engine.snapshot.batches import Waiting
from engine.snapshot.columns import Frame
from engine.snapshot.headers import field_of
from engine.snapshot.kinds import kinds
from engine.snapshot.map import recognise
from engine.snapshot.mapping import Mapping as Meaning
from engine.snapshot.read import Table, read_tables
from engine.snapshot.records import distinct

KEPT = ("created_at", "created_by", "updated_at", "updated_by", "last_activity_at", "owner", "tags")
MANY = 300_000  # rows; of so many each column is read from disk when it is encoded, and is not held beside its keys
BYTES_PER_BYTE = 6  # of memory that a byte of a file may take while it is read whole: cells are short
RECOGNISED = 0.5  # confidence from which a table is an export of a known CRM

Kinds = Mapping[str, str | None]  # column → kind of its values
ID_COLUMNS = ("record_id", "ID", "id", "Id")


def dedupe(
    file: Path,
    out: Path,
    *,
    rules: Path | None = None,
    entity: str = "auto",
    id_column: str | None = None,
    link_column: str | None = None,
    memory: int | None = None,
    say: Callable[[str], None] = lambda text: None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """A file with one table → clusters.csv, pairs.parquet, rules.yaml and summary.json in `out`; gives the summary.

    An export that a CRM profile recognises is taken apart into its contacts and companies, each with rules of its
    own; any other table is compared column by column by what the columns hold. `memory`: bytes that may be taken; what
    does not fit waits on disk, in `out`; `say` is told how much.
    """
    room = None if memory is None else Room(memory, out, say)
    as_export = id_column is None and link_column is None
    table, mapping = _read(file, room, as_export, progress)
    given = {} if rules is None else load_all(read_text(rules, "the rules"))
    if isinstance(table, Table) and mapping.confidence > RECOGNISED and as_export:
        account = apply([table], [mapping])
        wanted = {e: f for e, f in account.frames.items() if entity in ("auto", e)}
        matches = match_account(replace(account, frames=wanted), given, room=room, progress=progress)
        rejects = len(account.rejects)
    else:
        rows: Records
        rows, known, found = _records(table, entity, id_column)
        rejects = len(table.rejects)
        if link_column is not None and link_column not in rows.columns:
            raise UnknownColumn.among(link_column, table.frame.columns)
        del table  # the rows are held once
        if room is not None:
            room.check_disk(len(rows))
        if isinstance(rows, pl.DataFrame) and len(rows) >= MANY:
            out.mkdir(parents=True, exist_ok=True)
            rows = Frame(rows, out)
        known = {column: kind for column, kind in known.items() if column != link_column}
        matches = {found: _without_keys(_match_table(rows, given, found, known, link_column, room, progress))}
    if not matches:
        raise InputError(f"{file.name} holds fewer than two contacts or companies: nothing to compare", code="no_rows")
    return write(matches, out, extra={"rejects": rejects})


def _read(file: Path, room: Room | None, as_export: bool, progress: Progress) -> tuple[Table | Waiting, Meaning]:
    """File → its largest table, and what its columns mean. Of a file too large to be held the rows wait on disk.

    `as_export`: an export of a known CRM is to be taken apart; that is done in memory.
    """
    if room is not None and file.is_file() and file.stat().st_size * BYTES_PER_BYTE > room.memory:
        room.folder.mkdir(parents=True, exist_ok=True)
        waiting = batches.read(file, room.folder, batch=room.batch, progress=progress)
        if waiting is not None and len(waiting.frame):
            mapping = recognise(waiting)
            if mapping.confidence <= RECOGNISED or not as_export:
                return waiting, mapping
        del waiting
    tables = [t for t in read_tables([file], progress=progress) if len(t.frame)]
    if not tables:
        raise InputError(f"{file.name} holds no rows: export it again with data", code="no_rows")
    table = max(tables, key=lambda t: len(t.frame))
    return table, recognise(table)


def _match_table(
    records: Records, given: Mapping[str, Rules], entity: str, known: Kinds, link_column: str | None,
    room: Room | None, progress: Progress,
) -> Match:  # fmt: skip
    if given:
        return match(records, next(iter(given.values())), source=link_column, room=room, progress=progress)
    return suggest_and_match(records, entity=entity, kinds=known, source=link_column, room=room, progress=progress)


def _without_keys(found: Match) -> Match:
    """A Match → the same without the keys and similarities, half of all its memory, which no file is made of."""
    return replace(found, encoded={}, similarities={})


def _records(table: Table | Waiting, entity: str, id_column: str | None) -> tuple[Records, Kinds, str]:
    """Table → records with record_id, the kind of each column, the entity."""
    columns = table.frame.columns
    if id_column is not None and id_column not in columns:
        raise UnknownColumn.among(id_column, columns)
    key = id_column or next((c for c in ID_COLUMNS if c in columns), None)
    records: Records
    if isinstance(table, Waiting):
        records = table.with_lines("record_id") if key is None else table.frame.renamed(key, "record_id")
    elif key is None:
        records = table.frame.with_columns(record_id=table.lines.cast(pl.String))
    else:
        records = table.frame.rename({key: "record_id"}) if key != "record_id" else table.frame
    if key is not None:
        _check_ids(records["record_id"], key)
    known = {c: None if _about_the_record(c) else k for c, k in kinds(records).items() if c != "record_id"}
    return records, known, _entity(known) if entity == "auto" else entity


def _about_the_record(column: str) -> bool:
    """Header → whether it is kept about the record and not about whom it describes: when it was made, who owns it."""
    found = {"contact": CONTACT, "company": COMPANY}
    return any(
        (field := field_of(column, entity)) in KEPT and fields[field] is None for entity, fields in found.items()
    )


def _check_ids(ids: pl.Series, column: str) -> None:
    if ids.null_count() or distinct(ids) < len(ids):
        raise InputError(
            f"column {column!r} does not tell every record apart (empty or repeated values): name another --id-column",
            code="ids_not_unique",
        )


def _entity(known: Mapping[str, str | None]) -> str:
    """Kinds of the columns → company when only organisations are named, else contact."""
    found = set(known.values())
    return "company" if "company" in found and not found & {"person_name", "given_name", "family_name"} else "contact"
