"""One table in, no set-up: map the columns, suggest rules, estimate weights, match, cluster."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import InputError, UnknownColumn
from engine.match.output import write
from engine.match.run import Match, match
from engine.match.suggest import suggest
from engine.progress import Progress, silent
from engine.rules import Rules, load
from engine.snapshot import map as mapping
from engine.snapshot.kinds import kinds
from engine.snapshot.read import Table, read_tables

ID_COLUMNS = ("record_id", "ID", "id", "Id")
ENTITIES = ("contact", "company")


def dedupe(
    file: Path,
    out: Path,
    *,
    rules: Path | None = None,
    entity: str = "auto",
    id_column: str | None = None,
    link_column: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """A file with one table → clusters.csv, pairs.parquet, rules.yaml and summary.json in `out`; gives the summary.

    An export that a CRM profile recognises is taken apart into its contacts and companies, each with rules of its
    own; any other table is compared column by column by what the columns hold.
    """
    tables = [t for t in read_tables([file], progress=progress) if len(t.frame)]
    if not tables:
        raise InputError(f"{file.name} holds no rows: export it again with data", code="no_rows")
    table = max(tables, key=lambda t: len(t.frame))
    given = None if rules is None else load(_text(rules))
    records, known, found = _records(table, entity, id_column)
    if link_column is not None and link_column not in records.columns:
        raise UnknownColumn.among(link_column, table.frame.columns)
    region = given.region if given else _region(table)
    chosen = given or suggest(records, entity=found, kinds={c: k for c, k in known.items() if c != link_column},
                              region=region, source=link_column, progress=progress)  # fmt: skip
    result = match(records, chosen, source=link_column, progress=progress)
    return write(result, out, extra={"rejects": len(table.rejects)})
