"""Records of an entity with what their relations say of them; conditions and holds as expressions on that."""

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from engine.retention.schedule import Condition, Hold
from engine.storage.links import deal_links, file_links, table

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot


def enrich(snapshot: "Snapshot", entity: str) -> pl.DataFrame:
    """(snapshot, entity) → its frame with the schedule's DERIVED columns and triggers, each record id once."""
    records = table(snapshot, entity).unique("record_id", keep="first", maintain_order=True)
    if entity == "file":
        return _files(snapshot, records)
    files = file_links(snapshot).filter(pl.col("entity") == entity).group_by("record_id").agg(files=pl.len())
    records = records.join(files, on="record_id", how="left", maintain_order="left")
    records = records.with_columns(pl.col("files").fill_null(0))
    if entity == "deal":
        return records.with_columns(open_deals=(pl.col("status") == "open").fill_null(False).cast(pl.UInt32))
    deals = table(snapshot, "deal").select(
        deal_id="record_id",
        moved_at=pl.max_horizontal("created_at", "updated_at", "closed_at", "last_activity_at"),
    )
    links = deal_links(snapshot).filter(pl.col("entity") == entity).join(deals, on="deal_id", how="left")
    counts = links.group_by("record_id").agg(
        deals=pl.len(),
        open_deals=(pl.col("status") == "open").sum(),
        won_deals=(pl.col("status") == "won").sum(),
        last_deal_at=pl.col("moved_at").max(),
    )
    records = records.join(counts, on="record_id", how="left", maintain_order="left")
    return records.with_columns(pl.col("deals", "open_deals", "won_deals").fill_null(0))


def matches(condition: Condition) -> pl.Expr:
    """Condition → Boolean expression; an empty value meets `empty: true` and `none_of`, nothing else."""
    text = pl.col(condition.field).cast(pl.String).str.strip_chars().str.to_lowercase()
    blank = text.is_null() | (text == "")
    tests = []
    if condition.any_of:
        tests.append(text.is_in(_lower(condition.any_of)))
    if condition.none_of:
        tests.append(~text.is_in(_lower(condition.none_of)).fill_null(False))
    if condition.has:
        tests.append(_has(text, condition.has))
    if condition.empty is not None:
        tests.append(blank if condition.empty else ~blank)
    number = pl.col(condition.field).cast(pl.Float64, strict=False)
    if condition.at_least is not None:
        tests.append(number >= condition.at_least)
    if condition.at_most is not None:
        tests.append(number <= condition.at_most)
    return reduce(lambda a, b: a & b, tests, pl.lit(True)).fill_null(False)


def held(records: pl.DataFrame, entity: str, holds: Sequence[Hold]) -> pl.DataFrame:
    """Records of an entity, holds → record_id and the name of the first hold on it, held records only."""
    hold: pl.Expr = pl.lit(None, pl.String())
    for each in reversed(holds):
        if each.entity not in (None, entity):
            continue
        tests = [pl.lit(True)]
        if each.record_ids:
            tests.append(pl.col("record_id").is_in(list(each.record_ids)))
        if each.tags:
            tests.append(
                _has(pl.col("tags").str.to_lowercase(), each.tags) if "tags" in records.columns else pl.lit(False)
            )
        if each.owners:
            owner = pl.col("owner").str.strip_chars().str.to_lowercase()
            tests.append(owner.is_in(_lower(each.owners)).fill_null(False))
        hold = pl.when(reduce(lambda a, b: a & b, tests)).then(pl.lit(each.name)).otherwise(hold)
    return records.select("record_id", hold=hold).filter(pl.col("hold").is_not_null())


def _files(snapshot: "Snapshot", files: pl.DataFrame) -> pl.DataFrame:
    deals = table(snapshot, "deal").select("record_id", "status", "closed_at", entity=pl.lit("deal"))
    links = file_links(snapshot).join(deals, on=["entity", "record_id"], how="left")
    on = links.group_by("file_id").agg(
        known=pl.col("known").any(),
        lost=(pl.col("status") == "lost").fill_null(False).all(),
        # One deal without a date leaves open when the last was closed, so the file has none.
        closed_at=pl.when(pl.col("closed_at").is_not_null().all()).then(pl.col("closed_at").max()),
    )
    files = files.join(on, left_on="record_id", right_on="file_id", how="left", maintain_order="left")
    hangs = (
        pl.when(pl.col("known").is_null()).then(pl.lit("nothing"))
        .when(~pl.col("known")).then(pl.lit("missing_records"))
        .when("lost").then(pl.lit("lost_deals"))
        .otherwise(pl.lit("records"))
    )  # fmt: skip
    size = pl.col("bytes").fill_null(0) + pl.col("versions_bytes").fill_null(0)
    # What lies in the trash frees nothing more: the usual CRM gives its space back at once.
    return files.with_columns(
        hangs_on=hangs, size=pl.when(pl.col("is_trashed").fill_null(False)).then(0).otherwise(size)
    )


def _has(text: pl.Expr, values: tuple[str, ...]) -> pl.Expr:
    parts = text.str.replace_all(",", ";", literal=True).str.split(";")
    return parts.list.eval(pl.element().str.strip_chars().is_in(_lower(values))).list.any().fill_null(False)


def _lower(values: tuple[str, ...]) -> list[str]:
    return [value.strip().lower() for value in values]
