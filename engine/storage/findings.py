"""Snapshot → files that could go: duplicates, old versions, trash, orphans, files of lost deals, the largest.

A finding is a question with its price, not a decision: `bytes` is what it would free, `certainty` how sure it is
(certain | probable | possible), `reversible` whether the CRM can bring the file back for a while, `action` what a
plan does with it unless told otherwise (delete | review). Reasons are codes with details; `plan.reasons` has the words.
"""

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from engine.storage.links import file_links, table

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

FINDINGS = {
    "finding": pl.String(),  # duplicate_file | old_versions | trash | orphan | lost_deal_file | large_file
    "file_id": pl.String(),
    "keep_id": pl.String(),  # of a duplicate, the file that stays
    "bytes": pl.Int64(),
    "certainty": pl.String(),
    "reversible": pl.Boolean(),
    "action": pl.String(),
    "reason": pl.String(),
    "details": pl.String(),  # JSON
}


def findings(
    snapshot: "Snapshot", *, as_of: dt.date, lost_days: int = 365, largest: int = 50, trash_counts: bool = False
) -> pl.DataFrame:
    """Snapshot → FINDINGS of every kind, the largest first within its kind. One file may be in several."""
    return pl.concat(
        [
            duplicate_files(snapshot),
            old_versions(snapshot),
            trash(snapshot, trash_counts=trash_counts),
            orphans(snapshot),
            lost_deal_files(snapshot, as_of=as_of, older_than=lost_days),
            largest_files(snapshot, count=largest),
        ]
    )


def freeable(found: pl.DataFrame) -> int:
    """Findings → bytes they would free together; a file found twice counts once, with its larger figure."""
    return int(found.group_by("file_id").agg(pl.col("bytes").max())["bytes"].sum() or 0)


def duplicate_files(snapshot: "Snapshot") -> pl.DataFrame:
    """Snapshot → files with the same name, size and type as an older one, which stays.

    Exports carry no hash of the content, so this is probable at best. Copies on the same records as the file that
    stays may be deleted; a copy that hangs elsewhere is for review, since its record would lose the file.
    """
    files = _live(snapshot).filter(pl.col("bytes").is_not_null() & (pl.col("bytes") > 0) & pl.col("name").is_not_null())
    same = ["name", "bytes", "type"]
    places = (
        file_links(snapshot)
        .group_by("file_id")
        .agg(place=(pl.col("entity") + ":" + pl.col("record_id")).sort().str.join(","))
    )
    files = files.join(places, on="file_id", how="left").with_columns(pl.col("place").fill_null(""))
    files = files.sort(pl.col("created_at"), pl.col("file_id"), nulls_last=True)
    files = files.with_columns(
        keep_id=pl.col("file_id").first().over(same),
        keep_place=pl.col("place").first().over(same),
        copies=pl.len().over(same),
    ).filter(pl.col("file_id") != pl.col("keep_id"))
    here = pl.col("place") == pl.col("keep_place")
    return _found(
        files.with_columns(bytes="size", copy_bytes="bytes"),
        "duplicate_file",
        certainty="probable",
        reversible=True,
        action=pl.when(here).then(pl.lit("delete")).otherwise(pl.lit("review")),
        reason=pl.when(here).then(pl.lit("duplicate_file_here")).otherwise(pl.lit("duplicate_file_elsewhere")),
        details=["name", "keep_id", "copies", "copy_bytes"],
    )


def old_versions(snapshot: "Snapshot") -> pl.DataFrame:
    """Snapshot → files with older versions. Bytes are those of the older versions (0 when the export hides them)."""
    files = _live(snapshot).filter(pl.col("versions").fill_null(1) > 1)
    known = pl.col("versions_bytes").is_not_null()
    return _found(
        files.with_columns(bytes=pl.col("versions_bytes").fill_null(0)),
        "old_versions",
        certainty=pl.when(known).then(pl.lit("certain")).otherwise(pl.lit("possible")),
        reversible=False,
        action="review",
        reason=pl.when(known).then(pl.lit("old_versions")).otherwise(pl.lit("old_versions_unsized")),
        details=["name", "versions"],
    )


def trash(snapshot: "Snapshot", *, trash_counts: bool = False) -> pl.DataFrame:
    """Snapshot → files in the trash. `trash_counts` false: the CRM has freed their space already, so 0 bytes."""
    files = _sized(snapshot).filter("trashed")
    freed = pl.col("size") if trash_counts else pl.lit(0)
    return _found(
        files.with_columns(bytes=freed),
        "trash",
        certainty="certain",
        reversible=False,
        action="review",
        reason="trash",
        details=["name", "deleted_at", "size"],
    )


def orphans(snapshot: "Snapshot") -> pl.DataFrame:
    """Snapshot → files on no record, or only on records that are not in the snapshot.

    Without any links in the snapshot every file would look lost, so then nothing is found. Records that were not
    exported look the same as records that are gone: probable, for review.
    """
    links = file_links(snapshot)
    if links.is_empty():
        return pl.DataFrame(schema=FINDINGS)
    on = links.group_by("file_id").agg(records=pl.len(), known=pl.col("known").any())
    files = _live(snapshot).join(on, on="file_id", how="left").filter(~pl.col("known").fill_null(False))
    unlinked = pl.col("records").is_null()
    return _found(
        files.with_columns(bytes="size"),
        "orphan",
        certainty=pl.when(unlinked).then(pl.lit("probable")).otherwise(pl.lit("possible")),
        reversible=True,
        action="review",
        reason=pl.when(unlinked).then(pl.lit("orphan_unlinked")).otherwise(pl.lit("orphan_record_missing")),
        details=["name", "records"],
    )


def lost_deal_files(snapshot: "Snapshot", *, as_of: dt.date, older_than: int = 365) -> pl.DataFrame:
    """Snapshot → files that hang on lost deals alone, the last of them closed more than `older_than` days ago."""
    deals = table(snapshot, "deal").select("record_id", "status", "closed_at", entity=pl.lit("deal"))
    links = file_links(snapshot).join(deals, on=["entity", "record_id"], how="left")
    on = links.group_by("file_id").agg(
        lost=(pl.col("status") == "lost").fill_null(False).all(),
        dated=pl.col("closed_at").is_not_null().all(),
        closed_at=pl.col("closed_at").max(),
        deals=pl.len(),
    )
    before = pl.lit(as_of).cast(pl.Date) - pl.duration(days=older_than)
    files = _live(snapshot).join(on.filter("lost", "dated"), on="file_id")
    files = files.filter(pl.col("closed_at").cast(pl.Date) < before).with_columns(bytes="size", days=pl.lit(older_than))
    return _found(
        files,
        "lost_deal_file",
        certainty="certain",
        reversible=True,
        action="review",
        reason="lost_deal_file",
        details=["name", "closed_at", "deals", "days"],
    )


def largest_files(snapshot: "Snapshot", *, count: int = 50) -> pl.DataFrame:
    """Snapshot → the `count` largest files in use, with their older versions."""
    files = _live(snapshot).sort(["size", "file_id"], descending=[True, False]).head(count)
    return _found(
        files.with_columns(bytes="size"),
        "large_file",
        certainty="possible",
        reversible=True,
        action="review",
        reason="large_file",
        details=["name", "created_at"],
    )


def _sized(snapshot: "Snapshot") -> pl.DataFrame:
    return (
        table(snapshot, "file")
        .rename({"record_id": "file_id"})
        .with_columns(
            trashed=pl.col("is_trashed").fill_null(False),
            size=pl.col("bytes").fill_null(0) + pl.col("versions_bytes").fill_null(0),
        )
    )


def _live(snapshot: "Snapshot") -> pl.DataFrame:
    return _sized(snapshot).filter(~pl.col("trashed"))


def _found(
    files: pl.DataFrame,
    finding: str,
    *,
    certainty: str | pl.Expr,
    reversible: bool,
    action: str | pl.Expr,
    reason: str | pl.Expr,
    details: list[str],
) -> pl.DataFrame:
    def expression(value: str | pl.Expr) -> pl.Expr:
        return pl.lit(value) if isinstance(value, str) else value

    shown = [pl.col(c).dt.strftime("%Y-%m-%d") if files.schema[c] == pl.Datetime("us") else pl.col(c) for c in details]
    keep = pl.col("keep_id") if "keep_id" in files.columns else pl.lit(None, pl.String())
    frame = files.select(
        "file_id",
        finding=pl.lit(finding),
        keep_id=keep,
        bytes=pl.col("bytes"),
        certainty=expression(certainty),
        reversible=pl.lit(reversible),
        action=expression(action),
        reason=expression(reason),
        details=pl.struct(shown).struct.json_encode(),
    )
    ordered = frame.sort(["bytes", "file_id"], descending=[True, False])
    return ordered.select(pl.col(name).cast(dtype) for name, dtype in FINDINGS.items())
