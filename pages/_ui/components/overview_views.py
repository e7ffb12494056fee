"""The parts of the Overview: what is there, what is there twice, what to do next."""

import polars as pl
import streamlit as st

from engine.match import conditions
from engine.match.run import Match
from engine.storage import findings as engine_findings
from pages._ui import cache, outcome, sample, words, work
from pages._ui.components import frame
from pages._ui.text import _, date, n_, num, percent, size

_GOES = ("archive", "anonymise", "delete")


def contents(snapshot: object) -> None:
    """How many records of each kind; whose account this is."""
    frames = snapshot.frames  # type: ignore[attr-defined]
    if any(sample.truth(e, f) is not None for e, f in frames.items()):
        st.caption(
            _("This is the bundled sample account, an invented company. Load your own export on the Snapshot page.")
        )
    counts = [
        (words.entity(e), num(frames[e].height), None) for e in ("contact", "company", "deal", "file") if e in frames
    ]
    used = storage_used(frames)
    if used is not None:
        limit = outcome.quota_bytes()
        name = _("Storage, {share} of the quota", share=percent(used / limit)) if limit else _("Storage")
        counts.append((name, size(used), _("Current and older versions; the trash is not counted.")))
    counts.append((_("As of"), date(work.as_of()), _("The day on which the export was made.")))
    frame.figures(counts)


def storage_used(frames: dict[str, pl.DataFrame]) -> int | None:
    """→ bytes in use, or None without a file list."""
    if "file" not in frames or frames["file"].is_empty():
        return None
    return int(cache.usage(work.path(), work.snapshot_id() or "", "entity", work.as_of())["bytes"].sum())


def removable(found: Match) -> int:
    """→ records that go when every group is merged."""
    return found.clusters.height - found.clusters["cluster_id"].n_unique()


def unsure(found: Match) -> int:
    """→ pairs between the review and the merge threshold, and those that a condition sends to a person."""
    used = found.rules.thresholds
    waiting = conditions.waiting(found.patterns, used.review or 0, used.merge or 1)
    return int(found.patterns["pairs"].to_numpy()[waiting].sum())


def duplicates(found: dict[str, Match]) -> None:
    """Probable duplicates of each kind of record."""
    figures = []
    for entity, match in found.items():
        gone = removable(match)
        name = _("{records}: probable duplicates", records=words.entity(entity))
        share = percent(gone / max(match.records.height, 1), 1)
        figures.append(
            (name, f"{num(gone)} · {share}", _("Records that merging at the present threshold would remove."))
        )
    if figures:
        frame.figures(figures)


def next_steps(snapshot: object, found: dict[str, Match]) -> None:
    """At most four actions, each with its size and its page; none of which there is nothing to do."""
    st.subheader(_("What to do next"), anchor=False)
    gone, pairs = sum(map(removable, found.values())), sum(map(unsure, found.values()))
    day, chosen = work.as_of(), work.snapshot_id() or ""
    free = 0
    if storage_used(snapshot.frames) is not None:  # type: ignore[attr-defined]
        free = engine_findings.freeable(cache.findings(work.path(), chosen, day))
    due = outcome.dispositions().filter(pl.col("disposition").is_in(_GOES)).height
    steps = [
        (
            pairs,
            n_("Look at {n} unsure pair", "Look at {n} unsure pairs", pairs),
            _("They stand between the thresholds. A few dozen answers already show how good the rules are."),
            ("pages/review.py", _("Review")),
        ),
        (
            gone,
            n_("Merge away {n} record", "Merge away {n} records", gone),
            _("Check the groups, choose the record that survives, and where each value comes from."),
            ("pages/merge.py", _("Merge")),
        ),
        (
            free,
            _("Free up to {amount}", amount=size(free)),
            n_("Copies, old versions, strays; {n} record is due today.",
               "Copies, old versions, strays; {n} records are due today.", due),
            ("pages/storage.py", _("Usage")),
        ),
        (
            True,
            _("Take the plan along"),
            _("Every merge and deletion with its reason, a backup, and steps for your CRM, in one ZIP."),
            ("pages/plan.py", _("Plan")),
        ),
    ]  # fmt: skip
    steps = [step for step in steps if step[0]]
    columns = st.columns(len(steps))
    for column, (_size, what, why, (page, label)) in zip(columns, steps, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{what}**")
            st.caption(why)
            st.page_link(page, label=label, icon=":material/arrow_forward:")


def picture(found: dict[str, Match]) -> None:
    """How large the groups of duplicates are."""
    from pages._ui import charts  # loaded when the figures above are there already

    sizes = [
        match.clusters.group_by("cluster_id")
        .len()
        .filter(pl.col("len") > 1)
        .group_by(size=pl.col("len").clip(upper_bound=6))
        .agg(groups=pl.len())
        .with_columns(entity=pl.lit(words.entity(entity)))
        for entity, match in found.items()
    ]
    if not sizes or not sum(s.height for s in sizes):
        return
    counted = pl.concat(sizes).sort("size").with_columns(
        pl.when(pl.col("size") < 6).then(pl.col("size").cast(pl.String)).otherwise(pl.lit("6+")).alias("size")
    )  # fmt: skip
    with st.container(border=True):
        st.markdown("**" + _("How large the groups of duplicates are") + "**")
        frame.chart(
            charts.group_sizes(counted, groups=[words.entity(e) for e in found]),
            _("Most duplicates come in twos. Large groups deserve a look before they are merged."),
            key="sizes",
        )
