"""The Merge page: groups of duplicates as a list, one group side by side with its golden record, the decision."""

from typing import Any

import polars as pl
import streamlit as st

from engine.match import cluster_graph
from engine.match.run import Match
from engine.plan.survivorship import Golden, joined
from pages._ui import desk, meanings, outcome, state, words
from pages._ui.components import compare, frame, group_graph, pairs, tables
from pages._ui.text import _, date, n_, num, percent, plain, unbroken

SHOW = ("all", "open", "accepted", "rejected", "conflicts", "large")
_LARGE = 4
_OPENED = 6  # oversized groups with a button of their own


def summary(entity: str, found: Match, golden: Golden) -> pl.DataFrame:
    """A row per group: key, members, name of the survivor, weakest link, conflicts, decision; the weakest first."""
    members = found.clusters.join(golden.survivors, on="cluster_id").group_by("cluster_id").agg("record_id")
    inside = cluster_graph.weakest_links(found).select("cluster_id", probability="match_probability")
    named = pl.DataFrame({"survivor_id": found.records["record_id"], "name": pairs.label(found.records)})
    conflicts = golden.conflicts.group_by("cluster_id").agg(conflicts=pl.col("field").n_unique())
    decided = outcome.decisions()
    keys = members["record_id"].map_elements(lambda ids: desk.group_key(ids.to_list()), return_dtype=pl.String)
    verdicts = [decided.get(k, {}).get("verdict", "open") for k in keys]
    return (
        golden.survivors.join(
            members.select("cluster_id", members="record_id", key=keys, verdict=pl.Series(verdicts, dtype=pl.String)),
            on="cluster_id",
        )
        .join(named.unique("survivor_id"), on="survivor_id", how="left")
        .join(inside, on="cluster_id", how="left")
        .join(conflicts, on="cluster_id", how="left")
        .with_columns(pl.col("conflicts").fill_null(0))
        .sort("probability", "cluster_id", nulls_last=True)
    )


def figures(table: pl.DataFrame) -> None:
    """How many groups and records, how many decided."""
    frame.figures(
        [
            (_("Groups of duplicates"), num(table.height), None),
            (_("Records to merge away"), num(int(table["records"].sum()) - table.height), None),
            (_("Accepted"), num(table.filter(verdict="accept").height), None),
            (_("Rejected"), num(table.filter(verdict="reject").height), _("They are left out of the plan.")),
            (
                _("With conflicts"),
                num(table.filter(pl.col("conflicts") > 0).height),
                _("Groups in which a value is lost by merging."),
            ),
        ]
    )


def oversized(found: Match, table: pl.DataFrame) -> None:
    """A warning with the groups that are larger than the rules expect, and a way to open each."""
    large = found.oversized.join(table.select("cluster_id", "name", "probability"), on="cluster_id", how="left")
    large = large.sort("records", "probability", "cluster_id", descending=[True, False, False], nulls_last=True)
    if large.is_empty():
        return
    limit = found.rules.clustering.max_size
    st.warning(
        n_(
            "{n} group has more than {limit} records. So many duplicates of one record are rare: look at it first.",
            "{n} groups have more than {limit} records. So many duplicates of one record are rare: look at them first.",
            large.height,
            limit=num(limit),
        ),
        icon=":material/warning:",
    )
    with st.container(horizontal=True):
        for row in large.head(_OPENED).iter_rows(named=True):
            st.button(
                n_("{name}: {n} record", "{name}: {n} records", row["records"], name=plain(row["name"], 40)),
                key=f"large:{row['cluster_id']}",
                on_click=_look_at,
                args=(row["cluster_id"],),
            )
    if large.height > _OPENED:
        st.caption(
            _("The {n} largest are listed; the others are under “{name}” below.", n=num(_OPENED), name=_several())
        )


def _look_at(cluster_id: str) -> None:
    """Make this group the one that is shown, whatever was filtered or chosen before."""
    state.forget("show", "search")
    state.reset("groups")
    state.put("cluster", cluster_id)


def _several() -> str:
    return n_("{n} record or more", "{n} records or more", _LARGE)


def filtered(table: pl.DataFrame) -> pl.DataFrame:
    """The groups the visitor wants to see."""
    names = {
        "all": _("All"),
        "open": _("Undecided"),
        "accepted": _("Accepted"),
        "rejected": _("Rejected"),
        "conflicts": _("With conflicts"),
        "large": _several(),
    }
    st.pills(
        _("Show"),
        SHOW,
        required=True,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        **state.keep("show", "all", options=list(SHOW)),
    )
    wanted = st.text_input(
        _("Search"),
        icon=":material/search:",
        placeholder=_("Search by name, phone or ID"),
        label_visibility="collapsed",
        width=360,
        **state.keep("search", ""),
    )
    rules = {
        "open": pl.col("verdict") == "open",
        "accepted": pl.col("verdict") == "accept",
        "rejected": pl.col("verdict") == "reject",
        "conflicts": pl.col("conflicts") > 0,
        "large": pl.col("records") >= _LARGE,
    }
    shown = table.filter(rules.get(state.get("show"), pl.lit(True)))
    if wanted:
        needle = str(wanted).strip().lower()
        in_name = pl.col("name").fill_null("").str.to_lowercase().str.contains(needle, literal=True)
        shown = shown.filter(in_name | pl.col("members").list.contains(needle))
    return shown


def choose(shown: pl.DataFrame) -> dict[str, Any] | None:
    """The list of groups, the least sure first → the group chosen."""
    if shown.is_empty():
        st.info(_("No group fits this filter."))
        return None
    event = tables.table(
        shown.select(
            pl.col("name").alias(_("Surviving record")),
            pl.col("records").alias(_("Records")),
            pl.col("probability").round(3).alias(_("Weakest link")),
            pl.col("conflicts").alias(_("Conflicts")),
            words.told(shown["verdict"], meanings.decision).alias(_("Decision")),
        ),
        on_select="rerun",
        selection_mode="single-row",
        key="groups",
        digits={_("Weakest link"): 3},
        column_config={_("Weakest link"): st.column_config.NumberColumn(help=_weakest())},
    )
    st.caption(_("The least sure groups come first. Choose a row to see its records."))
    rows = event.selection.rows
    if rows and rows[0] < shown.height:
        state.put("cluster", shown["cluster_id"][rows[0]])
    wanted = shown.filter(cluster_id=state.get("cluster") or "")
    return (wanted if wanted.height else shown).row(0, named=True)


def detail(entity: str, found: Match, golden: Golden, group: dict[str, Any]) -> None:
    """One group: the decision, and its golden record beside its members."""
    members = [group["survivor_id"], *(m for m in sorted(group["members"]) if m != group["survivor_id"])]
    title = n_("{n} record becomes one", "{n} records become one", len(members))
    st.subheader(title, anchor=False)
    chance = percent(group["probability"], 1)
    st.caption(
        _("Weakest link {share}. Survivor chosen by: {why}.", share=chance, why=meanings.criterion(group["chosen_by"]))
    )
    _decide(entity, found, group, members)
    group_graph.draw(found, group["cluster_id"], group["survivor_id"])
    whole = joined(golden.values.filter(cluster_id=group["cluster_id"]))
    merged = {r["field"]: r["value"] for r in whole.iter_rows(named=True)}
    records = [(i, pairs.record(found, i)) for i in members]
    fields = [c for c in found.records.columns if not c.startswith(("original.", "source_"))]
    _golden_table(whole, records, fields, merged)


def _golden_table(whole: pl.DataFrame, records: list[tuple[str, Any]], fields: list[str], merged: Any) -> None:
    source = {r["field"]: (r["record_id"], r["rule"]) for r in whole.iter_rows(named=True)}
    rows = []
    for field in fields:
        values = [compare.shown(record.get(field)) for _id, record in records]
        if not any(values) or field == "record_id":
            continue
        from_id, rule = source.get(field, ("", ""))
        days = any(hasattr(record.get(field), "isoformat") for _id, record in records)
        kept = date(merged.get(field)) if days else merged.get(field) or ""
        where = meanings.survivorship(rule) if rule == "union" else plain(from_id) if rule else ""
        rows.append(
            [
                f"**{plain(unbroken(words.field(field)))}**",
                f"**{plain(kept)}**" if kept else "",
                where,
                *compare.marked(values, whole=days),
            ]
        )
    headings = [_("Field"), _("Golden record"), _("Taken from"), *(plain(i) for i, _r in records)]
    st.table(
        pl.DataFrame(rows, schema=dict.fromkeys(headings, pl.String), orient="row"),
        hide_index=True,
        border="horizontal",
    )


def _decide(entity: str, found: Match, group: dict[str, Any], members: list[str]) -> None:
    decided = outcome.decisions().get(group["key"], {})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for verdict, label, kind in (("accept", _("Accept"), "primary"), ("reject", _("Reject"), "secondary")):
            st.button(
                label,
                key=f"decide:{verdict}",
                type=kind,
                disabled=decided.get("verdict") == verdict,
                on_click=outcome.decide,
                args=(group["key"], {"verdict": verdict}),
            )
        st.button(
            _("Undecided"),
            key="decide:open",
            disabled="verdict" not in decided,
            on_click=outcome.decide,
            args=(group["key"], {"verdict": None}),
        )
        name = dict(zip(found.records["record_id"], pairs.label(found.records), strict=True))
        survivor = st.selectbox(
            _("Record that survives"),
            members,
            format_func=lambda i: f"{i} · {name[i]}",
            key=f"survivor:{group['key']}",
            width=360,
        )
        if survivor != group["survivor_id"]:
            outcome.decide(group["key"], {"survivor": survivor})
            state.reset(f"survivor:{group['key']}")
            st.rerun()


def _weakest() -> str:
    return _("Match probability of the weakest pair that holds the group together.")
