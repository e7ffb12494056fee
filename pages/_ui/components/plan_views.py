"""The views of the Plan page: target, figures, items with reasons, before and after, download, checking a plan."""

import json

import polars as pl
import streamlit as st

from engine.plan import recheck, simulate, verify
from engine.plan.build import ACTIONS, Plan
from engine.plan.compile import capabilities
from pages._ui import meanings, outcome, state, words, work
from pages._ui.components import frame, schedule_views, tables
from pages._ui.text import _, n_, num, percent, size

_SHOWN = tables.MOST  # items on the page; the ZIP has them all
_LARGEST = 500  # MB of a plan that is given back for checking


def settings() -> None:
    """For which CRM, and as of which day."""
    known = {code: able["label"] for code, able in capabilities().items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            _("Steps for"),
            list(known),
            format_func=lambda code: _("Any CRM (CSV)") if code == "csv" else known[code],
            width=220,
            help=_("The ZIP holds instructions within the limits of this CRM."),
            **state.keep("target", "amocrm", options=list(known)),
        )
        schedule_views.as_of()


def figures(plan: Plan) -> None:
    """How many items of each kind, and the bytes freed."""
    counts = dict(plan.items.group_by("action").len().iter_rows())
    frame.figures(
        [
            *((meanings.plan_action(a), num(counts.get(a, 0)), None) for a in ACTIONS),
            (_("Storage freed"), size(int(plan.summary["bytes_freed"].sum())), None),
        ]
    )


def take_along(plan: Plan) -> None:
    """The download; the ZIP is made when it is asked for."""
    st.download_button(
        _("Download the plan (ZIP)"),
        data=lambda: outcome.plan_zip(plan),
        file_name=f"winnow-plan-{plan.as_of.isoformat()}-{plan.snapshot_id[:6]}.zip",
        mime="application/zip",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="download_plan",
    )
    st.caption(
        _("Inside: tables for people and machines, the rules, steps for the CRM, and a backup of every row it touches.")
    )


def items(plan: Plan) -> None:
    """Every item with its reason, by action."""
    counts = dict(plan.items.group_by("action").len().iter_rows())
    there = [a for a in ACTIONS if counts.get(a)]
    if not there:
        st.success(_("There is nothing to do."))
        return
    st.pills(
        _("Show"),
        there,
        required=True,
        format_func=lambda a: f"{meanings.plan_action(a)} · {num(counts[a])}",
        label_visibility="collapsed",
        **state.keep("plan_action", there[0], options=there),
    )
    action = state.get("plan_action") if state.get("plan_action") in there else there[0]
    rows = plan.items.filter(action=action).head(_SHOWN)
    why = [meanings.reason(c, {**json.loads(d or "{}"), "survivor_id": s}) for c, d, s in
           rows.select("reason", "details", "survivor_id").iter_rows()]  # fmt: skip
    columns = [
        words.told(rows["entity"], words.plan_entity).alias(_("Records")),
        pl.col("record_id").alias(_("ID")),
        pl.Series(_("Why"), why, dtype=pl.String),
    ]
    if action == "merge":
        columns.insert(2, pl.col("survivor_id").alias(_("Goes into")))
        columns.append(pl.col("match_probability").round(3).alias(_("Probability")))
    elif rows["bytes"].sum():
        columns.append(tables.megabytes(pl.col("bytes")).alias(_("Size, {unit}", unit=_("MB"))))
    tables.table(
        rows.select(columns),
        digits={_("Probability"): 3, _("Size, {unit}", unit=_("MB")): 2},
        column_config={
            _("Probability"): st.column_config.NumberColumn(width=110),
            _("Records"): st.column_config.TextColumn(width=110),
            _("ID"): st.column_config.TextColumn(width=110),
            _("Goes into"): st.column_config.TextColumn(width=110),
            _("Why"): st.column_config.TextColumn(width=450 if action == "merge" else 640),
        },
    )
    if counts[action] > _SHOWN:
        st.caption(n_("Only the first {n} is shown.", "Only the first {n} are shown.", _SHOWN))
    if plan.conflicts.height:
        st.caption(
            n_(
                "Merging loses {n} value; the ZIP lists it under conflicts and keeps it in the backup.",
                "Merging loses {n} values; the ZIP lists them under conflicts and keeps them in the backup.",
                plan.conflicts.height,
            )
        )


def change(plan: Plan) -> None:
    """The account before and after, in figures."""
    changed = simulate.figures(plan, work.snapshot())
    rows = [
        {
            _("Records"): words.entity(row["entity"]),
            _("Figure"): meanings.measure(row["measure"]),
            _("Before"): _shown(row["measure"], row["before"]),
            _("After"): _shown(row["measure"], row["after"]),
        }
        for row in changed.iter_rows(named=True)
        if row["measure"] != "bytes" or row["entity"] == "file"
    ]
    st.table(pl.DataFrame(rows), hide_index=True, border="horizontal")
    st.caption(_("Worked out on the snapshot: the plan was carried out on a copy, and counted again."))


def check() -> None:
    """A plan given back: is it whole, and what of it has been done according to this snapshot?"""
    st.caption(_("Give a plan back to see whether it is whole, and, with a newer snapshot, what of it was done."))
    given = st.file_uploader(_("A plan (ZIP)"), type=["zip"], max_upload_size=_LARGEST, key="plan_zip")
    if given is None:
        return
    content = given.getvalue()
    problems = verify.verify(content)
    if problems:
        st.error(_("This plan was changed or damaged. Do not carry it out; download it again."))
        told = [{_("File"): p.path or "–", _("Problem"): meanings.plan_problem(p.code)} for p in problems]
        st.dataframe(pl.DataFrame(told), hide_index=True)
        return
    st.success(_("The plan is whole: every file is as it was made."))
    states = recheck.recheck(content, work.snapshot())
    counts = states.group_by("state").len().sort("len", descending=True)
    if counts.height:
        st.markdown("**" + _("Compared with the snapshot you are looking at") + "**")
        frame.figures([(meanings.done_state(s), num(c), None) for s, c in counts.iter_rows()])


def _shown(measure: str, value: float) -> str:
    return percent(value, 1) if measure == "filled" else size(value) if measure == "bytes" else num(value)
