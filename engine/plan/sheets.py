"""Plan → plan.xlsx, the workbook for people: a sheet each for what is merged, deleted, archived, reviewed and moved.

Real types, frozen headings, filters, widths that fit. A sheet that is full goes on in a second one, and a cell that
is too long goes on in the sheet of long values; nothing is cut off. Cells never run as formulas.
"""

import datetime as dt
import io
import json
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from engine.cells import STARTERS
from engine.plan.build import Plan
from engine.plan.reasons import Sentences
from engine.plan.survivorship import joined
from engine.schema import VALUE_SEPARATOR

MAX_ROWS = 1_048_576  # of a sheet, the heading included
MAX_CELL = 32_767
WIDEST = 60  # characters of a column
LIST_ITEMS = ("deals", "files")


@dataclass
class _Book:
    """A workbook being written; `long` collects the rest of cells that are too long."""

    book: Any
    sentences: Sentences
    max_rows: int
    max_cell: int
    long: list[tuple[str, int, str, str]] = field(default_factory=list)

    def text(self, code: str) -> str:
        return self.sentences(code, {})


def workbook(plan: Plan, *, sentences: Sentences, max_rows: int = MAX_ROWS, max_cell: int = MAX_CELL) -> bytes:
    """Plan → bytes of the workbook; the same plan gives the same bytes. Smaller limits serve tests."""
    buffer = io.BytesIO()
    made = dt.datetime(plan.as_of.year, plan.as_of.month, plan.as_of.day, tzinfo=dt.UTC)
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    import xlsxwriter  # only a plan that is taken along needs it

    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": "Winnow", "created": made})
    out = _Book(book, sentences, max_rows, max_cell)
    for code, frame in tables(plan, sentences).items():
        _write(out, code, frame)
    if out.long:
        schema = {"sheet": pl.String(), "row": pl.Int64(), "column": pl.String(), "part": pl.String()}
        _write(out, "sheet_long", pl.DataFrame(out.long, schema=schema, orient="row"))
    book.close()
    return buffer.getvalue()


def tables(plan: Plan, sentences: Sentences) -> dict[str, pl.DataFrame]:
    """Plan → sheet code → frame for people, in the order of the sheets. Every item is on exactly one of them."""
    items = with_sentences(plan.items, sentences)
    columns = ["item_id", "entity", "record_id", "sentence", "confidence", "bytes", "reversible"]
    return {
        "sheet_summary": plan.summary,
        "sheet_merges": _merges(plan, items),
        "sheet_deletions": items.filter(pl.col("action") == "delete").select(*columns),
        "sheet_archives": items.filter(pl.col("action").is_in(["archive", "anonymise"])).select("action", *columns[:5]),
        "sheet_review": items.filter(pl.col("action") == "review").select(*columns[:6]),
        "sheet_conflicts": plan.conflicts.drop("cluster_id"),
        "sheet_moves": plan.moves,
    }


def with_sentences(items: pl.DataFrame, sentences: Sentences) -> pl.DataFrame:
    """ITEMS → with `sentence`, the reason in words."""
    told = [
        sentences(
            reason, {**json.loads(details or "{}"), "record_id": record, "survivor_id": survivor, "keep_id": survivor}
        )
        for reason, details, record, survivor in items.select(
            "reason", "details", "record_id", "survivor_id"
        ).iter_rows()
    ]
    return items.with_columns(sentence=pl.Series(told, dtype=pl.String))


def _merges(plan: Plan, items: pl.DataFrame) -> pl.DataFrame:
    """One row per merge group and field of the survivor: the values, whose they are, and why the losers merge."""
    merged = items.filter(pl.col("action") == "merge")
    groups = merged.group_by("entity", "survivor_id", maintain_order=True).agg(
        losers=pl.col("record_id").str.join(VALUE_SEPARATOR),
        sentence=(pl.col("record_id") + ": " + pl.col("sentence")).str.join("\n"),
        match_probability=pl.col("match_probability").min(),
    )
    label = pl.when(pl.col("name").is_null()).then("moved_id").otherwise(pl.format("{} ({})", "name", "moved_id"))
    moved = plan.moves.filter(pl.col("what").is_in(["deal", "file"])).with_columns(label=label)
    moved = moved.group_by("entity", survivor_id="to_id").agg(
        deals=pl.col("label").filter(pl.col("what") == "deal").sort().str.join(VALUE_SEPARATOR),
        files=pl.col("label").filter(pl.col("what") == "file").sort().str.join(VALUE_SEPARATOR),
    )
    values = plan.golden.partition_by("entity", as_dict=True, maintain_order=True)
    texts = ("entity", "survivor_id", "field", "value", "value_from", "rule")
    schema: dict[str, pl.DataType] = {**dict.fromkeys(texts, pl.String()), "changes": pl.Boolean()}
    fields = [
        joined(frame).select(
            pl.lit(e).alias("entity"), "survivor_id", "field", "value", "rule", "changes", value_from="record_id"
        )
        for (e,), frame in values.items()
    ]
    golden = pl.concat([pl.DataFrame(schema=schema), *[f.select(*schema) for f in fields]])
    on = ["entity", "survivor_id"]
    rows = groups.join(golden, on=on, how="left", maintain_order="left_right")
    rows = rows.join(moved, on=on, how="left", maintain_order="left")
    order = [
        *on,
        "losers",
        "sentence",
        "match_probability",
        "field",
        "value",
        "value_from",
        "rule",
        "changes",
        *LIST_ITEMS,
    ]
    return rows.select(*order)


def _write(out: _Book, code: str, frame: pl.DataFrame) -> None:
    title = out.text(code)[:25]
    room = out.max_rows - 1
    for number, start in enumerate(range(0, max(frame.height, 1), room), start=1):
        part = frame.slice(start, room)
        sheet = out.book.add_worksheet(title if number == 1 else f"{title} {number}")
        headings = [out.text(f"column_{c}") for c in part.columns]
        sheet.write_row(0, 0, headings, out.book.add_format({"bold": True, "bottom": 1, "text_wrap": True}))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, part.height, part.width - 1)
        for index, column in enumerate(part.columns):
            _write_column(out, sheet, index, part[column], headings[index])


def _write_column(out: _Book, sheet: Any, index: int, values: pl.Series, heading: str) -> None:
    formats = {"bytes": "#,##0", "match_probability": "0.0%"}
    kind = next((shape for name, shape in formats.items() if values.name.startswith(name)), None)
    number = out.book.add_format({"num_format": kind}) if kind else None
    is_text = values.dtype == pl.String
    longest = values.cast(pl.String).str.len_chars().fill_null(0).to_numpy().max(initial=0)
    sheet.set_column(index, index, min(max(int(longest), len(heading), 6) + 2, WIDEST))
    for row, value in enumerate(values, start=1):
        if value is None:
            continue
        if is_text:
            sheet.write_string(row, index, _fit(out, sheet.name, row, heading, value))
        elif isinstance(value, bool):
            sheet.write_boolean(row, index, value)
        else:
            sheet.write_number(row, index, value, number)


def _fit(out: _Book, sheet: str, row: int, heading: str, value: str) -> str:
    """A text cell → neutral, and no longer than a cell may be; what is left over goes to the sheet of long values."""
    safe = "'" + value if value.startswith(STARTERS) else value
    if len(safe.encode("utf-16-le")) // 2 <= out.max_cell:
        return safe
    note = out.sentences("continued", {"sheet": out.text("sheet_long"), "row": len(out.long) + 2})
    room = out.max_cell // 2 - len(note)  # a letter outside the basic plane counts twice in a workbook
    rest = safe[room:]
    step = out.max_cell // 2 - 1
    out.long += [(sheet, row + 1, heading, rest[i : i + step]) for i in range(0, len(rest), step)]
    return safe[:room] + note
