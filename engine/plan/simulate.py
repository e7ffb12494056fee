"""Plan + snapshot → the account as it would be afterwards, and what that changes in figures."""

from typing import TYPE_CHECKING

import polars as pl

from engine.plan.build import Plan
from engine.plan.survivorship import joined
from engine.schema import ENTITIES, VALUE_SEPARATOR
from engine.storage.links import RECORDS, table

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

FIGURES = {
    "entity": pl.String(),
    "measure": pl.String(),  # records | filled (share of fields with a value) | bytes
    "before": pl.Float64(),
    "after": pl.Float64(),
}
# What says who a person is; blanked by anonymising.
PERSONAL = ("name", "last_name", "first_name", "middle_name", "phone", "email", "website", "address", "postcode",
            "birth_date", "tax_id", "identifier", "note")  # fmt: skip


def simulate(plan: Plan, snapshot: "Snapshot") -> dict[str, pl.DataFrame]:
    """Plan, snapshot → frames per entity after merges, deletions and anonymising; archived records are still there.

    Only the schema's fields are kept: original columns belong to the export they came from.
    """
    gone = plan.items.filter(pl.col("action").is_in(["merge", "delete"]))
    after = {}
    for entity in (*RECORDS, "file"):
        frame = table(snapshot, entity).select(*ENTITIES[entity])
        removed = gone.filter(pl.col("entity") == entity).select("record_id")
        frame = frame.join(removed, on="record_id", how="anti", maintain_order="left")
        after[entity] = _blanked(_golden(frame, plan, entity), plan, entity)
    into = plan.items.filter(pl.col("action") == "merge")
    after["deal"] = _repointed(after["deal"], into)
    links = table(snapshot, "link").select(*ENTITIES["link"])
    links = links.join(gone.filter(pl.col("entity") == "file").select(file_id="record_id"), on="file_id", how="anti")
    to = into.select("entity", "survivor_id", entity_id="record_id")
    links = links.join(to, on=["entity", "entity_id"], how="left", maintain_order="left")
    new = plan.moves.filter(pl.col("what") == "link").select(file_id="moved_id", entity="entity", entity_id="to_id")
    links = links.with_columns(entity_id=pl.coalesce("survivor_id", "entity_id")).select(*ENTITIES["link"])
    after["link"] = pl.concat([links, new]).unique(maintain_order=True)
    versions = plan.items.filter((pl.col("entity") == "file_version") & (pl.col("action") == "delete"))
    slim = after["file"].join(
        versions.select("record_id", slim=True), on="record_id", how="left", maintain_order="left"
    )
    zero = pl.when("slim").then(0).otherwise("versions_bytes")
    after["file"] = slim.with_columns(versions_bytes=zero).select(*ENTITIES["file"])
    return after


def figures(plan: Plan, snapshot: "Snapshot") -> pl.DataFrame:
    """Plan, snapshot → FIGURES: records, completeness and bytes before and after."""
    after = simulate(plan, snapshot)
    rows = []
    for entity in (*RECORDS, "file"):
        old, new = table(snapshot, entity).select(*ENTITIES[entity]), after[entity]
        rows.append((entity, "records", float(old.height), float(new.height)))
        rows.append((entity, "filled", _filled(old), _filled(new)))
    rows.append(("file", "bytes", _bytes(table(snapshot, "file")), _bytes(after["file"])))
    return pl.DataFrame(rows, schema=FIGURES, orient="row")


def _golden(frame: pl.DataFrame, plan: Plan, entity: str) -> pl.DataFrame:
    values = plan.golden.filter(pl.col("entity") == entity)
    if values.is_empty():
        return frame
    values = values.filter(pl.col("field").is_in(frame.columns))
    wide = joined(values).pivot(on="field", index="survivor_id", values="value").rename({"survivor_id": "record_id"})
    fields = [f for f in wide.columns if f != "record_id"]
    wide = wide.rename({f: f"{f} golden" for f in fields})
    mixed = frame.join(wide, on="record_id", how="left", maintain_order="left")
    return mixed.with_columns(
        pl.coalesce(
            pl.col(f"{f} golden").str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us")
            if frame.schema[f] == pl.Datetime("us")
            else pl.col(f"{f} golden"),
            pl.col(f),
        ).alias(f)
        for f in fields
    ).select(frame.columns)


def _blanked(frame: pl.DataFrame, plan: Plan, entity: str) -> pl.DataFrame:
    blank = plan.items.filter((pl.col("action") == "anonymise") & (pl.col("entity") == entity))["record_id"]
    fields = [f for f in PERSONAL if f in frame.columns]
    if blank.is_empty() or entity == "file":
        return frame
    hit = pl.col("record_id").is_in(blank.implode())
    return frame.with_columns(pl.when(~hit).then(pl.col(f)).alias(f) for f in fields)


def _repointed(deals: pl.DataFrame, into: pl.DataFrame) -> pl.DataFrame:
    for entity in ("contact", "company"):
        mapping = into.filter(pl.col("entity") == entity).select("record_id", "survivor_id")
        if mapping.is_empty():
            continue
        separator = VALUE_SEPARATOR.strip()
        ids = pl.col(f"{entity}_id").str.split(separator).list.eval(pl.element().str.strip_chars())
        old, new = mapping["record_id"], mapping["survivor_id"]
        renamed = (
            ids.list.eval(pl.element().replace(old, new)).list.unique(maintain_order=True).list.join(VALUE_SEPARATOR)
        )
        deals = deals.with_columns(renamed.alias(f"{entity}_id"))
    return deals


def _filled(frame: pl.DataFrame) -> float:
    cells = frame.height * frame.width
    present = sum(
        int((c.str.strip_chars().str.len_chars() > 0).sum() if c.dtype == pl.String else c.is_not_null().sum())
        for c in frame.get_columns()
    )
    return present / cells if cells else 0.0


def _bytes(files: pl.DataFrame) -> float:
    live = files.filter(~pl.col("is_trashed").fill_null(False))
    return float(live.select(pl.col("bytes", "versions_bytes").fill_null(0).sum()).sum_horizontal()[0])
