"""The views of the Usage page: quota, groups, findings, growth."""

import json

import polars as pl
import streamlit as st

from engine.storage import findings as engine_findings
from pages._ui import cache, charts, meanings, outcome, state, words, work
from pages._ui.components import frame, tables
from pages._ui.text import _, date, n_, num, percent, signed, size

BY = ("entity", "stage", "pipeline", "type", "age", "owner")
_GB, _MB = 2**30, 2**20
_SHOWN = 20  # groups drawn; the table has them all
_MOST = tables.MOST  # files on the page; the plan has them all


def quota_row(snapshot: object) -> None:
    """Bytes used against the quota: figures and a gauge."""
    used = cache.usage(work.path(), work.snapshot_id() or "", "entity", work.as_of())
    files, total = round(used["file_share"].sum()), int(used["bytes"].sum())
    limit = outcome.quota_bytes()
    free = engine_findings.freeable(_found())
    frame.figures(
        [
            (_("Files"), num(files), None),
            (_("In use"), size(total), _("Current and older versions; the trash is not counted.")),
            (_("Quota"), size(limit), _("Set it below the gauge.")),
            (_("Share of the quota"), percent(total / limit) if limit else "–", None),
            (_("Could be freed"), size(free), _("If everything under “What could go” went; each file counted once.")),
        ]
    )
    if limit:
        with st.container(border=True):
            frame.chart(
                charts.gauge(total / _GB, limit / _GB, _("GB")),
                _("The bar is what is used; the upright line is the quota."),
                key="gauge",
            )
    with st.popover(_("Set the quota"), icon=":material/speed:"):
        given = st.number_input(
            _("Storage of your plan, GB"), min_value=0.0, step=1.0, format="%.6g", value=(limit or 0) / _GB
        )
        if st.button(_("Apply"), key="apply_quota"):
            outcome.set_quota(given * _GB)
            st.rerun()


def by_group() -> None:
    """Bytes by one of the dimensions, as bars and as a table."""
    st.segmented_control(
        _("Break down by"),
        BY,
        required=True,
        format_func=words.dimension,
        **state.keep("by", "entity", options=list(BY)),
    )
    by = state.get("by")
    used = cache.usage(work.path(), work.snapshot_id() or "", by, work.as_of())
    shown = used.with_columns(words.told(used["group"], lambda g: words.group(by, g)))
    step, unit = _unit(used["bytes"])
    frame.chart(
        charts.bars(
            shown.head(_SHOWN).select(name="group", value=pl.col("bytes") / step),
            name="name",
            value="value",
            titles=(words.dimension(by), _("storage, {unit}", unit=unit)),
            unit=",.1f",
        ),
        _("A longer bar holds more. A file on several records is split among them, so the bars add up to the whole."),
        key="usage",
    )
    mb = _("MB")
    tables.table(
        shown.select(
            pl.col("group").alias(words.dimension(by)),
            pl.col("file_share").round(0).cast(pl.Int64).alias(_("Files")),
            (pl.col("bytes") / _MB).round(1).alias(_("In use, {unit}", unit=mb)),
            (pl.col("version_bytes") / _MB).round(1).alias(_("Older versions, {unit}", unit=mb)),
            (pl.col("trash_bytes") / _MB).round(1).alias(_("In trash, {unit}", unit=mb)),
            (pl.col("shared_bytes") / _MB).round(1).alias(_("On several records, {unit}", unit=mb)),
        ),
        digits={
            _("In use, {unit}", unit=mb): 1,
            _("Older versions, {unit}", unit=mb): 1,
            _("In trash, {unit}", unit=mb): 1,
            _("On several records, {unit}", unit=mb): 1,
        },
    )


def findings() -> None:
    """What could go, by kind of finding, with what it would free; one kind at a time in detail."""
    found = _found()
    if found.is_empty():
        st.success(_("Nothing was found that could go."))
        return
    kinds = found.group_by("finding", maintain_order=True).agg(pl.len(), pl.col("bytes").sum())
    names = {k: meanings.finding(k) for k in kinds["finding"]}
    step, unit = _unit(kinds["bytes"])
    frame.chart(
        charts.bars(
            kinds.sort("bytes", descending=True).select(
                name=pl.col("finding").replace_strict(names), value=pl.col("bytes") / step
            ),
            name="name",
            value="value",
            titles=(_("Finding"), _("could be freed, {unit}", unit=unit)),
            unit=",.2f",
        ),
        _("What each kind of finding would free. One file may be in several, so do not add the bars up."),
        key="findings",
    )
    chosen = st.selectbox(
        _("Show"), list(names), format_func=names.__getitem__, **state.keep("finding", options=list(names))
    )
    st.caption(meanings.finding_meaning(chosen))
    every = found.filter(finding=chosen)
    rows = every.sort("bytes", descending=True, maintain_order=True).head(_MOST)
    name = words.told(rows["details"], lambda d: str(json.loads(d).get("name") or ""))
    tables.table(
        rows.select(
            pl.lit(name).alias(_("File")),
            (pl.col("bytes") / _MB).round(2).alias(_("Could be freed, {unit}", unit=_("MB"))),
            words.told(rows["certainty"], meanings.certainty).alias(_("How sure")),
            words.told(rows["action"], meanings.action).alias(_("Plan")),
            pl.col("reversible").alias(_("Can be undone")),
            pl.col("file_id").alias(_("File ID")),
        ),
        digits={_("Could be freed, {unit}", unit=_("MB")): 2},
    )
    if every.height > _MOST:
        st.caption(n_("Only the first {n} is shown.", "Only the first {n} are shown.", _MOST))


def growth() -> None:
    """Against an earlier snapshot: which groups grew."""
    current = work.snapshot_id()
    day = work.as_of()
    earlier = {s.id: s for s in work.snapshots() if s.id != current}
    if not earlier:
        st.info(_("Load an earlier or later export of the same account to see what grew."))
        return
    chosen = st.selectbox(
        _("Compare with"),
        list(earlier),
        format_func=lambda i: date(earlier[i].as_of) + " · " + i[:6],
        **state.keep("before", next(iter(earlier)), options=list(earlier)),
    )
    by = state.get("by")
    change = cache.difference(work.path(), chosen, current or "", by, work.export_day(chosen), day)
    total = int(change["bytes_change"].sum())
    sign = "+" if total >= 0 else "−"
    st.markdown(
        _("Since {day}: {change}; number of files: {files}.", day=date(earlier[chosen].as_of),
          change=f"**{sign}{size(abs(total))}**", files=f"**{signed(int(change['files_change'].sum()), 0)}**")
    )  # fmt: skip
    step, unit = _unit(change["bytes_change"])
    frame.chart(
        charts.bars(
            change.head(_SHOWN).select(
                name=words.told(change["group"].head(_SHOWN), lambda g: words.group(by, g)),
                value=pl.col("bytes_change") / step,
            ),
            name="name",
            value="value",
            titles=(words.dimension(by), _("change, {unit}", unit=unit)),
            unit=",.2f",
        ),
        _("Bars to the right grew, bars to the left shrank. The breakdown is the one chosen under “By group”."),
        key="growth",
    )


def _unit(sizes: pl.Series) -> tuple[int, str]:
    """Numbers of bytes → what they are divided by in a chart, and its unit."""
    return (_GB, _("GB")) if (sizes.abs().max() or 0) >= _GB else (_MB, _("MB"))


def _found() -> pl.DataFrame:
    return cache.findings(work.path(), work.snapshot_id() or "", work.as_of())
