"""A group of duplicates as a picture: its records, the pairs that hold it together, the weakest of them."""

from typing import Any

import polars as pl
import streamlit as st

from engine.match import cluster_graph
from engine.match.cluster_graph import ClusterGraph
from engine.match.run import Match
from pages._ui import charts, graph_layout, words
from pages._ui.components import frame, pairs, tables
from pages._ui.text import _, bare, n_, num, percent, plain, sentences

_ALL_LINKS = 50  # up to so many records every pair is drawn, beyond only those that hold the group together
_DRAWN = 150  # beyond so many records there is no picture, only the table
_LISTED = 500  # pairs in the table


def draw(found: Match, cluster_id: str, survivor: str) -> None:
    """What holds the group together: a sentence, the picture, the pairs as a table, each opening."""
    graph = cluster_graph.graph(found, cluster_id)
    weakest = graph.weakest
    if weakest is None:
        return
    with st.container(border=True):
        st.markdown("**" + _("What holds the group together") + "**")
        ids = _ordered(graph, survivor)
        st.markdown(_sentence(graph, weakest, ids))
        several = len(ids) > 2  # of two records there is one pair: nothing to draw or to list
        if several and len(ids) <= _DRAWN:
            _picture(found, graph, ids)
        elif several:
            st.caption(_("With more than {n} records a picture would show nothing: see the table.", n=num(_DRAWN)))
        label = _("Open the weakest pair") if several else _("Open the pair")
        if st.button(label, key=f"weakest:{cluster_id}"):
            pairs.opened(found, str(weakest["left_id"]), str(weakest["right_id"]))
        if several:
            with st.expander(_("The pairs as a table")):
                _table(found, graph, ids)


def _ordered(graph: ClusterGraph, survivor: str) -> list[str]:
    """→ the records in the order in which they are numbered, as beside the golden record: the survivor first."""
    return sorted(graph.nodes["record_id"], key=lambda i: (i != survivor, i))


def _sentence(graph: ClusterGraph, weakest: dict[str, Any], ids: list[str]) -> str:
    """Where the group is weakest, what would part there, and what was never compared."""
    share = percent(weakest["match_probability"], 1)
    if graph.nodes.height == 2:
        said = _("Two records, one pair: match probability {share}.", share=share)
    else:
        sizes = [graph.nodes.filter(part=side).height for side in (0, 1)]
        small, large = sorted(sizes)
        if small == 1:
            side = sizes.index(1)
            alone = graph.nodes.filter(part=side)["record_id"][0]
            said = _(
                "The weakest link has match probability {share}. Without it record {number} ({id}) would stand alone; "
                "the other {n} would stay together.",
                share=share, number=ids.index(alone) + 1, id=plain(alone), n=num(large),
            )  # fmt: skip
        else:
            said = _(
                "The weakest link has match probability {share}. Without it the group would fall into {a} and {b} "
                "records.",
                share=share, a=num(large), b=num(small),
            )  # fmt: skip
    never = n_(
        "{n} pair of its records was never compared: they are together through others.",
        "{n} pairs of its records were never compared: they are together through others.",
        graph.not_compared,
    )
    return sentences(
        said,
        _("Somebody judged that pair to be the same.") if weakest["judged"] == "match" else "",
        never if graph.not_compared else "",
    )


def _picture(found: Match, graph: ClusterGraph, ids: list[str]) -> None:
    number = {record: at for at, record in enumerate(ids)}
    every = len(ids) <= _ALL_LINKS
    edges = graph.edges if every else graph.edges.filter(pl.col("role") != "other")
    links = [(number[a], number[b]) for a, b in edges.select("left_id", "right_id").iter_rows()]
    weakest = links[edges["role"].to_list().index("weakest")]
    merge = found.rules.thresholds.merge or 0.5
    near = [
        link
        for link, role, p in zip(links, edges["role"], edges["match_probability"], strict=True)
        if role != "other" or p >= merge
    ]
    at = graph_layout.places(len(ids), near, weakest)
    called = _called(found, ids)
    part = dict(zip(graph.nodes["record_id"], graph.nodes["part"], strict=True))
    sides = [_("one side of the weakest link"), _("the other side")]
    nodes = pl.DataFrame(
        {
            "x": at[:, 0],
            "y": at[:, 1],
            "number": [str(i + 1) for i in range(len(ids))],
            "name": [f"{bare(called[i])} ({bare(i)})" for i in ids],
            "label": [bare(called[i], 22) for i in ids],
            "side": [sides[int(part[i] != part[ids[0]])] for i in ids],
        }
    )
    roles = {
        "other": _("also compared"),
        "tree": _("holds the group together"),
        "weakest": _("the weakest link"),
    }
    drawn = pl.DataFrame(
        {
            "x": [at[a, 0] for a, _b in links],
            "y": [at[a, 1] for a, _b in links],
            "x2": [at[b, 0] for _a, b in links],
            "y2": [at[b, 1] for _a, b in links],
            "pair": [f"{a + 1} – {b + 1}" for a, b in links],
            "probability": edges["match_probability"],
            "role": [roles[r] for r in edges["role"]],
        }
    )
    said = _(
        "Circles are records, numbered in the order of the columns below; lines are pairs. Point at one to see it."
    )
    said = sentences(
        said,
        _("Circles of one colour would stay together without the weakest link."),
        "" if every else _("Of so many records only the pairs that hold the group together are drawn."),
    )
    frame.chart(
        charts.graph(nodes, drawn, roles=list(roles.values()), sides=sides), said, key=f"graph:{graph.cluster_id}"
    )


def _table(found: Match, graph: ClusterGraph, ids: list[str]) -> None:
    """Every pair of the group as a row, the strongest first; choosing one opens it."""
    called = _called(found, ids)
    number = {record: at + 1 for at, record in enumerate(ids)}
    roles = {"other": "", "tree": _("holds the group together"), "weakest": _("the weakest link")}
    edges = graph.edges.head(_LISTED)
    if not (edges["role"] == "weakest").any():
        edges = pl.concat([edges, graph.edges.filter(role="weakest")])
    event = tables.table(
        pl.DataFrame(
            {
                _("First record"): [f"{number[i]} · {called[i]}" for i in edges["left_id"]],
                _("Second record"): [f"{number[i]} · {called[i]}" for i in edges["right_id"]],
                _("Probability"): edges["match_probability"].round(3),
                _("Role"): [roles[r] for r in edges["role"]],
                _("Judged"): [words.verdict(v) if v else "" for v in edges["judged"]],
            }
        ),
        on_select="rerun",
        selection_mode="single-row",
        key=f"links:{graph.cluster_id}",
        digits={_("Probability"): 3},
        column_config={_("Probability"): st.column_config.NumberColumn(width=110)},
    )
    rows = event.selection.rows
    if rows and rows[0] < edges.height:
        pairs.why(found, edges["left_id"][rows[0]], edges["right_id"][rows[0]], view="group")


def _called(found: Match, ids: list[str]) -> dict[str, str]:
    records = found.records.filter(pl.col("record_id").is_in(ids))
    return dict(zip(records["record_id"], pairs.label(records, contact=False).fill_null(""), strict=True))
