"""The views of the Snapshot page: what is kept, how it was read, what it holds."""

import polars as pl
import streamlit as st

from engine.match import conditions
from pages._ui import cache, charts, intake, meanings, state, words, work
from pages._ui.components import frame, tables
from pages._ui.text import _, date, labelled, listed, n_, num, percent, plain

_SHOWN = 1000  # rejects on the page; the snapshot has them all
_PATTERNS = 8
_RECORDS = ("contact", "company", "deal", "file")


def known() -> None:
    """Every snapshot of the workspace: look at it or delete it."""
    there = work.snapshots()
    if not there:
        frame.nothing_loaded(here=True)
        return
    for info in there:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            rows = " · ".join(words.records(e, info.rows[e]) for e in _RECORDS if e in info.rows)
            st.markdown(f"**{date(info.as_of)}** · {plain(info.id[:6])} · {rows}")
            if info.id != work.snapshot_id():
                st.button(_("Look at it"), key=f"open:{info.id}", on_click=state.put, args=("snapshot", info.id))
            with st.popover(_("Delete"), icon=":material/delete:"):
                st.markdown(_("The snapshot goes from this workspace. Your CRM and your judgements stay."))
                st.button(
                    _("Delete for good"), key=f"delete:{info.id}", on_click=intake.forget_snapshot, args=(info.id,)
                )


def reading(snapshot: object) -> None:
    """How the files were read, and what did not become a record."""
    sources(snapshot)
    rejects(snapshot)


def sources(snapshot: object) -> None:
    """Each file of the snapshot: format, encoding, delimiter, CRM, rows; and its mapping."""
    rows = [
        {
            _("File"): s.file,
            _("Recognised as"): meanings.crm(s.crm),
            _("Format"): s.format,
            _("Encoding"): s.encoding or "–",
            _("Delimiter"): {"\t": "Tab"}.get(s.delimiter, s.delimiter) or "–",
            _("Rows"): s.rows,
            _("Rejects"): s.rejects,
        }
        for s in snapshot.sources  # type: ignore[attr-defined]
    ]
    tables.table(pl.DataFrame(rows))
    with st.expander(_("Which column was taken for which field")):
        st.caption(_("To correct it, load the export again and change the mapping before keeping it."))
        pairs = [
            {
                _("File"): s.file,
                _("Column"): column,
                _("Records"): words.entity(e.entity),
                _("Field"): words.field(field),
            }
            for s in snapshot.sources  # type: ignore[attr-defined]
            for e in s.mapping.entities
            for column, field in e.columns.items()
        ]
        if pairs:
            st.dataframe(pl.DataFrame(pairs), hide_index=True)


def rejects(snapshot: object) -> None:
    """Rows that did not become records, each with its file, line and reason."""
    refused = snapshot.rejects  # type: ignore[attr-defined]
    st.markdown("**" + _("Rows that are not records of their own") + "**")
    if refused.is_empty():
        st.caption(_("There are none: every row became a record."))
        return
    counts = refused.group_by("reason").len().sort("len", descending=True)
    st.caption(listed(*(labelled(meanings.reject(reason), num(count)) for reason, count in counts.iter_rows())))
    tables.table(
        refused.head(_SHOWN).select(
            pl.col("source_file").alias(_("File")),
            pl.col("source_line").alias(_("Line")),
            words.told(refused.head(_SHOWN)["reason"], meanings.reject).alias(_("Why")),
            pl.col("content").str.slice(0, 200).alias(_("Content")),
        )
    )
    if refused.height > _SHOWN:
        st.caption(n_("Only the first {n} is shown.", "Only the first {n} are shown.", _SHOWN))


def profile(snapshot: object) -> None:
    """Completeness and invalid values of one kind of record, and how its duplicates come about."""
    there = [e for e in _RECORDS if e in snapshot.frames]  # type: ignore[attr-defined]
    st.segmented_control(
        _("Records"),
        there,
        required=True,
        format_func=words.entity,
        label_visibility="collapsed",
        **state.keep("profiled", there[0], options=there),
    )
    entity = state.get("profiled") if state.get("profiled") in there else there[0]
    filled = cache.completeness(work.path(), work.snapshot_id() or "", entity).filter(pl.col("filled") > 0)
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**" + _("How complete the records are") + "**")
        frame.chart(
            charts.bars(
                filled.select(name=words.told(filled["field"], words.field), value=pl.col("share")),
                name="name",
                value="value",
                titles=(_("Field"), _("share of records with a value")),
                unit=".0%",
            ),
            _("A full bar: every record has a value. What is often empty can hardly tell duplicates."),
            key="completeness",
        )
    with right:
        _invalid(entity)
        if entity in work.entities():
            _situations(entity)


def _invalid(entity: str) -> None:
    st.markdown("**" + _("Values that cannot be right") + "**")
    wrong = cache.invalid(work.path(), work.snapshot_id() or "", entity)
    if wrong.is_empty():
        st.caption(_("No value is malformed."))
        return
    tables.table(
        wrong.select(
            words.told(wrong["field"], words.field).alias(_("Field")),
            words.told(wrong["problem"], meanings.invalid).alias(_("Why")),
            pl.col("records").alias(_("Records")),
            pl.col("examples").list.head(2).list.join(" · ").alias(_("Examples")),
        )
    )


def _situations(entity: str) -> None:
    """The most common ways in which two records of a group agree and differ."""
    st.markdown("**" + _("The most common duplicates") + "**")
    with frame.working(_("Looking for duplicates…")):
        found = work.match(entity)
    merged = found.patterns.filter(pl.Series(conditions.merged(found.patterns, found.rules.thresholds.merge or 1)))
    total = int(merged["pairs"].sum())
    if not total:
        st.caption(_("No duplicates at this threshold."))
        return
    st.caption(
        _("Of all pairs that are merged, the share whose fields agree in this way; what is missing is left out.")
    )
    for row in merged.sort("pairs", descending=True).head(_PATTERNS).iter_rows(named=True):
        parts = []
        for comparison in found.rules.comparisons:
            code = row[comparison.name]
            name = comparison.levels[len(comparison.levels) - code].name if code else "missing"
            if code:
                parts.append(labelled(words.comparison(comparison.name), words.level(name)))
        st.markdown(f"**{percent(row['pairs'] / total)}** · {plain(listed(*parts), 300)}")
