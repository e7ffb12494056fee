"""The views of the Retention page: what falls due, the schedule as a table to edit, legal holds."""

import datetime as dt

import msgspec
import polars as pl
import streamlit as st

from engine.retention import schedule as schedules
from engine.retention.schedule import DISPOSITIONS, Hold, Period, Schedule
from pages._ui import charts, meanings, outcome, state, words, work
from pages._ui.components import frame, tables
from pages._ui.text import _, date, day_format, listed, n_, num, plain, size

_AHEAD = 24  # months of the timeline
_MOST = tables.MOST  # rows on the page; the plan has them all
_ENTITIES = ("contact", "company", "deal", "file")


def as_of() -> None:
    """The day from which periods are counted."""
    kept = state.keep("as_of", work.as_of().isoformat())
    day = st.date_input(_("As of"), value=work.as_of(), key=kept["key"] + ":day", format=day_format(), width=200)
    if isinstance(day, dt.date) and day != work.as_of():
        state.put("as_of", day.isoformat())
        st.rerun()


def figures(decided: pl.DataFrame) -> None:
    """How many records and bytes fall under each disposition today."""
    gone = decided.filter(pl.col("disposition").is_in(["archive", "anonymise", "delete"]))
    counts = dict(decided.group_by("disposition").len().iter_rows())
    frame.figures(
        [
            *((meanings.disposition(d), num(counts.get(d, 0)), meanings.disposition_meaning(d)) for d in DISPOSITIONS),
            (_("Would be freed"), size(int(gone["bytes"].sum())), _("Files that would be archived or deleted today.")),
        ]
    )


def due(decided: pl.DataFrame) -> None:
    """The months in which records fall due, and today's dispositions in detail."""
    day = work.as_of()
    coming = decided.filter(
        pl.col("due").is_not_null()
        & (pl.col("reason") == "not_due")
        & (pl.col("due") <= day + dt.timedelta(days=31 * _AHEAD))
    )
    with st.container(border=True):
        st.markdown("**" + _("What falls due in the next two years") + "**")
        if coming.is_empty():
            st.caption(_("Nothing falls due in the next two years."))
        else:
            monthly = coming.group_by(month=pl.col("due").dt.truncate("1mo"), group="entity").agg(value=pl.len())
            named = monthly.with_columns(pl.col("group").replace_strict({e: words.entity(e) for e in _ENTITIES}))
            groups = [words.entity(e) for e in _ENTITIES if words.entity(e) in set(named["group"])]
            frame.chart(
                charts.timeline(named.sort("month"), groups=groups, value_title=_("records and files")),
                _("Each column is what a rule of the schedule takes hold of in that month, if nothing changes."),
                key="due",
            )
    acting = decided.filter(pl.col("disposition") != "retain")
    st.markdown("**" + _("What is due today") + "**")
    if acting.is_empty():
        st.caption(_("Nothing is due today."))
        return
    mb = _("Size, {unit}", unit=_("MB"))
    shown = _table(acting.head(_MOST))
    tables.table(shown if shown[mb].count() else shown.drop(mb), digits={mb: 2})
    if acting.height > _MOST:
        st.caption(n_("Only the first {n} is shown.", "Only the first {n} are shown.", _MOST))


def editor() -> None:
    """The schedule: a row per rule. What is selected by conditions is kept as it is in the file."""
    used = outcome.schedule()
    rows = [
        {
            _("Rule"): meanings.schedule_rule(r.name),
            _("Records"): words.entity(r.entity),
            _("Years"): r.period.years,
            _("Months"): r.period.months,
            _("Days"): r.period.days,
            _("Counted from"): listed(*map(words.field, r.trigger)),
            _("Then"): meanings.disposition(r.disposition),
            _("Basis"): r.basis.text,
        }
        for r in used.rules
    ]
    there = [meanings.disposition(d) for d in DISPOSITIONS]
    edited = st.data_editor(
        pl.DataFrame(rows),
        hide_index=True,
        key="schedule",
        placeholder="",
        disabled=[_("Rule"), _("Records"), _("Counted from"), _("Basis")],
        column_config={
            **{
                c: st.column_config.NumberColumn(min_value=0, max_value=100, step=1)
                for c in (_("Years"), _("Months"), _("Days"))
            },
            _("Then"): st.column_config.SelectboxColumn(options=there, required=True),
        },
    )
    with st.container(horizontal=True):
        if st.button(_("Apply"), type="primary", key="apply_schedule"):
            _apply(used, edited, there)
        if st.button(_("Back to the bundled schedule"), icon=":material/undo:", key="reset_schedule"):
            outcome.set_schedule(schedules.default())
            state.reset("schedule")
            st.rerun()
        st.download_button(
            _("Download schedule"),
            data=schedules.dump(used),
            file_name="schedule.yaml",
            icon=":material/download:",
            on_click="ignore",
        )
        with st.popover(_("Upload schedule"), icon=":material/upload:"):
            given = st.file_uploader(
                _("A schedule (YAML)"), type=["yaml", "yml"], max_upload_size=1, key="schedule_file"
            )
            if given is not None and st.button(_("Use this schedule"), type="primary"):
                loaded = schedules.load(given.getvalue().decode("utf-8-sig", errors="replace"))
                outcome.set_schedule(loaded)
                st.rerun()
    st.caption(
        _("The bundled schedule is a starting point, not legal advice. Check the periods that bind your company.")
    )
    for note in used.notes:
        st.caption(f"{plain(note.name)}: {plain(note.text, 500)} ({plain(note.source)}, {plain(note.date)})")


def _apply(used: Schedule, edited: pl.DataFrame, there: list[str]) -> None:
    made = [
        msgspec.structs.replace(
            rule,
            period=Period(int(row[_("Years")] or 0), int(row[_("Months")] or 0), int(row[_("Days")] or 0)),
            disposition=DISPOSITIONS[there.index(row[_("Then")])],
        )
        for rule, row in zip(used.rules, edited.iter_rows(named=True), strict=True)
    ]
    changed = msgspec.structs.replace(used, rules=tuple(made))
    schedules.validate(changed)
    outcome.set_schedule(changed)
    state.reset("schedule")
    st.rerun()


def holds(decided: pl.DataFrame) -> None:
    """Legal holds: add one by tag, owner or ids; see what each keeps."""
    st.caption(_("A hold keeps everything it selects, whatever the schedule says, until it is lifted."))
    current = outcome.holds()
    for at, hold in enumerate(current):
        kept = decided.filter((pl.col("reason") == "hold") & (pl.col("rule") == hold.name)).height
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(hold.name)}** · {words.records('', kept)} · {plain(hold.reason)}")
            if st.button(_("Lift"), key=f"lift:{at}"):
                outcome.set_holds(tuple(h for h in current if h is not hold))
                st.rerun()
    if not current:
        st.caption(_("There are no holds."))
    with st.form("hold", clear_on_submit=True):
        st.markdown("**" + _("Add a hold") + "**")
        name = st.text_input(_("Name"), max_chars=80)
        tags = st.text_input(_("Tags, separated by commas"))
        owners = st.text_input(_("Owners, separated by commas"))
        ids = st.text_area(_("Record IDs, one a line"))
        reason = st.text_input(_("Reason"), max_chars=200)
        if st.form_submit_button(_("Add")):
            made = Hold(name=name.strip(), tags=_list(tags, ","), owners=_list(owners, ","),
                        record_ids=_list(ids, "\n"), reason=reason.strip())  # fmt: skip
            schedules.validate_hold(made)
            outcome.set_holds((*current, made))
            st.rerun()


def _list(text: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def _table(decided: pl.DataFrame) -> pl.DataFrame:
    return decided.select(
        pl.col("entity").replace_strict({e: words.entity(e) for e in _ENTITIES}).alias(_("Records")),
        pl.col("record_id").alias(_("ID")),
        words.told(decided["disposition"], meanings.disposition).alias(_("Disposition")),
        words.told(decided["rule"], meanings.schedule_rule).alias(_("Rule")),
        words.told(decided["due"], date).alias(_("Due since")),
        words.told(decided["reason"], meanings.retention_reason).alias(_("Reason")),
        tables.megabytes(pl.col("bytes")).alias(_("Size, {unit}", unit=_("MB"))),
    )
