"""(snapshot, schedule, holds, day) → a disposition with its reason for every record and file.

Several rules may speak of one record. The mildest wins (retain, review, archive, anonymise, delete), so a rule that
keeps beats any that deletes. On top, whatever the rules say: a hold keeps; a record with open deals is kept; a rule
whose trigger date is missing asks for review. Files follow the records they hang on.
"""

import datetime as dt
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from engine.progress import Progress, silent
from engine.retention.classes import enrich, held, matches
from engine.retention.schedule import DISPOSITIONS, Hold, Period, Rule, Schedule, validate_hold
from engine.storage.links import file_links

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

DECISIONS = {
    "entity": pl.String(),
    "record_id": pl.String(),
    "disposition": pl.String(),
    "rule": pl.String(),  # the schedule's rule, or the hold's name
    "trigger": pl.String(),
    "trigger_at": pl.Date(),
    "due": pl.Date(),  # when the rule takes effect (retain: when keeping ends)
    "reason": pl.String(),
    "details": pl.String(),  # JSON
    "bytes": pl.Int64(),  # files only; a record's row carries 0, so that sums are right
}
_ENTITIES = ("contact", "company", "deal", "file")  # files follow the records, so they come last
# Reasons that keep a file even when a rule of its own is due.
BINDING = ("hold", "open_deals", "retained", "missing_trigger")


def decide(
    snapshot: "Snapshot",
    schedule: Schedule,
    holds: Sequence[Hold] = (),
    *,
    as_of: dt.date,
    progress: Progress = silent,
) -> pl.DataFrame:
    """Snapshot, schedule, holds, day → DECISIONS: one row per contact, company, deal and file.

    Reasons: no_rule, not_due, due, retained, missing_trigger, open_deals, hold; of files also record_kept,
    follows_record.
    """
    for hold in holds:
        validate_hold(hold)
    verdicts = {}
    for at, entity in enumerate(_ENTITIES):
        progress("decide", at / (len(_ENTITIES) + 1))
        verdicts[entity] = _entity(snapshot, entity, schedule, holds, as_of)
    progress("decide", len(_ENTITIES) / (len(_ENTITIES) + 1))
    files = verdicts.pop("file")
    records = pl.concat(verdicts.values())
    decided = pl.concat([records, _follow(files, records, file_links(snapshot))]).select(
        pl.col(name).cast(dtype) for name, dtype in DECISIONS.items()
    )
    progress("decide", 1.0)
    return decided


def due_within(dispositions: pl.DataFrame, *, as_of: dt.date, days: int) -> pl.DataFrame:
    """Dispositions → those that fall due after `as_of` and within `days`, soonest first."""
    until = as_of + dt.timedelta(days=days)
    soon = pl.col("due").is_between(as_of, until, closed="right") & (pl.col("reason") == "not_due")
    return dispositions.filter(soon).sort("due", "entity", "record_id")


def _entity(
    snapshot: "Snapshot", entity: str, schedule: Schedule, holds: Sequence[Hold], as_of: dt.date
) -> pl.DataFrame:
    records = enrich(snapshot, entity)
    spoken = [_speak(records, rule, as_of) for rule in schedule.rules if rule.entity == entity]
    default = records.select(
        "record_id",
        severity=pl.lit(0),
        rank=pl.lit(9),  # any rule that speaks comes before silence
        disposition=pl.lit("retain"),
        rule=pl.lit(None, pl.String()),
        trigger=pl.lit(None, pl.String()),
        trigger_at=pl.lit(None, pl.Date()),
        due=pl.lit(None, pl.Date()),
        reason=pl.lit("no_rule"),
    )
    # Rules in force first, the mildest of them; rules not yet due next, the soonest first; silence last.
    order = ["record_id", "rank", "severity", "due"]
    verdicts = pl.concat([default, *spoken]).sort(order, nulls_last=True, maintain_order=True)
    verdicts = verdicts.unique("record_id", keep="first", maintain_order=True)
    verdicts = verdicts.join(held(records, entity, holds), on="record_id", how="left", maintain_order="left")
    open_deals = records.select("record_id", open_deals=pl.col("open_deals") if "open_deals" in records.columns else 0)
    verdicts = verdicts.join(open_deals, on="record_id", how="left", maintain_order="left")
    return _protect(verdicts, records, entity)


def _speak(records: pl.DataFrame, rule: Rule, as_of: dt.date) -> pl.DataFrame:
    """Records of the rule's class → what the rule says of each."""
    of_class = records.filter(reduce(lambda a, b: a & b, [matches(c) for c in rule.when], pl.lit(True)))
    dates = of_class.select("record_id", *[pl.col(t).cast(pl.Date) for t in rule.trigger])
    latest = dates.with_columns(trigger_at=pl.max_horizontal(rule.trigger))
    which = pl.coalesce([pl.when(pl.col(t) == pl.col("trigger_at")).then(pl.lit(t)) for t in rule.trigger])
    latest = latest.with_columns(trigger=which, due=pl.col("trigger_at").dt.offset_by(_offset(rule.period)))
    over = pl.col("due") <= pl.lit(as_of).cast(pl.Date)
    missing = pl.col("trigger_at").is_null()
    keeps = rule.disposition == "retain"
    disposition = pl.when(missing).then(pl.lit("review"))
    if keeps:
        said = disposition.otherwise(pl.lit("retain"))
        reason = (
            pl.when(missing)
            .then(pl.lit("missing_trigger"))
            .when(over)
            .then(pl.lit("no_rule"))
            .otherwise(pl.lit("retained"))
        )
        rank = pl.when(missing | ~over).then(0).otherwise(2)
    else:
        said = disposition.when(over).then(pl.lit(rule.disposition)).otherwise(pl.lit("retain"))
        reason = (
            pl.when(missing).then(pl.lit("missing_trigger")).when(over).then(pl.lit("due")).otherwise(pl.lit("not_due"))
        )
        rank = pl.when(missing | over).then(0).otherwise(1)
    spoken = latest.with_columns(disposition=said, reason=reason, rank=rank, rule=pl.lit(rule.name))
    severity = pl.col("disposition").replace_strict(DISPOSITIONS, range(len(DISPOSITIONS)), return_dtype=pl.Int32)
    spoken = spoken.with_columns(severity=severity)
    if keeps:  # a keeping period that has run out says nothing more
        spoken = spoken.filter(pl.col("rank") == 0)
    return spoken.select(
        "record_id", "severity", "rank", "disposition", "rule", "trigger", "trigger_at", "due", "reason"
    )


def _protect(verdicts: pl.DataFrame, records: pl.DataFrame, entity: str) -> pl.DataFrame:
    """Verdicts of the rules → with holds and open deals on top; `wanted` in details is what a rule asked for."""
    hold = pl.col("hold").is_not_null()
    busy = (pl.col("open_deals").fill_null(0) > 0) & pl.col("disposition").is_in(["archive", "anonymise", "delete"])
    wanted = pl.when(hold | busy).then(pl.col("disposition"))
    details = pl.struct(
        wanted=wanted,
        wanted_rule=pl.when(hold | busy).then(pl.col("rule")),
        open_deals=pl.when(busy & ~hold).then(pl.col("open_deals")),
    )
    sizes = records.select("record_id", bytes="size") if entity == "file" else records.select("record_id", bytes=0)
    protected = verdicts.with_columns(
        entity=pl.lit(entity),
        details=pl.when(hold | busy).then(details.struct.json_encode()).otherwise(pl.lit("{}")),
        disposition=pl.when(hold | busy).then(pl.lit("retain")).otherwise("disposition"),
        rule=pl.when(hold).then("hold").otherwise("rule"),
        reason=pl.when(hold).then(pl.lit("hold")).when(busy).then(pl.lit("open_deals")).otherwise("reason"),
    ).join(sizes, on="record_id", how="left", maintain_order="left")
    return protected.select(pl.col(name).cast(dtype) for name, dtype in DECISIONS.items())


def _follow(files: pl.DataFrame, records: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Verdicts of files and of records → verdicts of files that respect their records.

    A file whose own rule is due is kept while any of its records is bound to be kept (BINDING). A file without a rule
    of its own is kept while any of its records is; when all are deleted so is the file, when all are deleted or
    anonymised it is for review.
    """
    severity = pl.col("disposition").replace_strict(DISPOSITIONS, range(len(DISPOSITIONS)), return_dtype=pl.Int32)
    on = links.filter("known").join(records.with_columns(severity=severity), on=["entity", "record_id"])
    on = (
        on.sort("file_id", "severity", "entity", "record_id")
        .group_by("file_id", maintain_order=True)
        .agg(
            binding=(pl.col("disposition").is_in(["retain", "review"]) & pl.col("reason").is_in(BINDING)).any(),
            mildest=pl.col("disposition").first(),
            because=(pl.col("entity") + " " + pl.col("record_id")).first(),
            due_on=pl.col("due").max(),
        )
    )
    joined = files.join(on, left_on="record_id", right_on="file_id", how="left", maintain_order="left")
    goes = pl.col("disposition").is_in(["archive", "anonymise", "delete"])
    bound = goes & pl.col("binding").fill_null(False)
    silent = (pl.col("reason") == "no_rule") & pl.col("mildest").is_not_null()
    follows = silent & pl.col("mildest").is_in(["anonymise", "delete"])
    kept = bound | (silent & ~follows)
    note = pl.struct(record="because", wanted=pl.when(bound).then("disposition")).struct.json_encode()
    # What a file says of a person cannot be blanked in place, so a person looks at it.
    followed = pl.when(pl.col("mildest") == "delete").then(pl.lit("delete")).otherwise(pl.lit("review"))
    reason = pl.when(kept).then(pl.lit("record_kept")).when(follows).then(pl.lit("follows_record"))
    return joined.with_columns(
        disposition=pl.when(bound).then(pl.lit("retain")).when(follows).then(followed).otherwise("disposition"),
        reason=reason.otherwise("reason"),
        details=pl.when(kept | follows).then(note).otherwise("details"),
        due=pl.when(follows).then("due_on").otherwise("due"),
    ).select(*DECISIONS)


def _offset(period: Period) -> str:
    return f"{period.years}y{period.months}mo{period.days}d"
