"""The Review page: which pair comes next, the two records, the buttons and their keys, what was judged."""

import datetime as dt

import polars as pl
import streamlit as st

from engine.match import evaluate
from engine.match.run import Match
from pages._ui import state, words, work
from pages._ui.components import compare, frame, pairs
from pages._ui.text import _, n_, num

Pair = tuple[str, str]
_AHEAD = 60  # pairs beyond those judged or skipped from which the next is chosen
_KEYS = {"match": "1", "non_match": "2", "unsure": "3"}


def progress(entity: str) -> None:
    """How many were judged, by verdict; who judges; blind or not."""
    done = work.judgements(entity)
    counts = dict(done.group_by("verdict").len().iter_rows())
    frame.figures(
        [
            (_("Judged"), num(done.height), None),
            *((words.verdict(v), num(counts.get(v, 0)), None) for v in _KEYS),
        ]
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            _("Blind"),
            help=_("Hide score and reasons, so that they do not sway you."),
            **state.keep("blind", False),
        )
        with st.popover(_("Who judges"), icon=":material/person:"):
            st.text_input(_("Your name"), max_chars=60, **state.keep("judge", ""))
            st.caption(_("Stored with each judgement, so that colleagues know whom to ask."))


def next_pair(entity: str, found: Match) -> Pair | None:
    """The pair not yet judged or skipped that stands nearest to the merge threshold; a pair in the link comes first."""
    wanted = str(state.get("pair") or "").split("~")
    ids = set(found.records["record_id"])
    if len(wanted) == 2 and set(wanted) <= ids and wanted[0] != wanted[1]:
        return wanted[0], wanted[1]
    done = work.judgements(entity)
    seen = set(zip(done["left_id"], done["right_id"], strict=True)) | set(state.get("skipped", ()))
    near = evaluate.examples(found, near=found.rules.thresholds.merge or 0.5, count=len(seen) + _AHEAD)
    merge = found.rules.thresholds.merge or 0.5
    ranked = near.sort((pl.col("match_probability") - merge).abs(), "left_id", "right_id")
    for pair in zip(ranked["left_id"], ranked["right_id"], strict=True):
        if pair not in seen and pair[::-1] not in seen:
            return pair
    return None


def buttons(entity: str, pair: Pair) -> None:
    """Same, different, unsure, skip, undo; each with a key."""
    with st.container(horizontal=True, key="judge"):
        for verdict, key in _KEYS.items():
            st.button(
                words.verdict(verdict),
                key=f"judge:{verdict}",
                shortcut=key,
                type="primary" if verdict == "match" else "secondary",
                on_click=_judge,
                args=(entity, pair, verdict),
            )
        st.button(_("Skip"), key="judge:skip", shortcut="4", on_click=_skip, args=(pair,))
        st.button(
            _("Undo"),
            key="judge:undo",
            shortcut="5",
            icon=":material/undo:",
            disabled=not state.get("judged"),
            on_click=_undo,
            args=(entity,),
        )


def show(found: Match, pair: Pair) -> None:
    """The two records; unless blind, the score and why."""
    if state.get("blind"):
        both = [(i, pairs.record(found, i)) for i in pair]
        compare.side_by_side(both, fields=[c for c in found.records.columns if not c.startswith("original.")])
    else:
        pairs.why(found, *pair)


def table(entity: str) -> None:
    """Everything judged so far, to look at and to take along."""
    done = work.judgements(entity)
    with st.expander(n_("{n} judgement", "{n} judgements", done.height)):
        if done.is_empty():
            st.caption(_("Nothing was judged yet."))
            return
        latest = done.sort("judged_at", descending=True)
        st.dataframe(
            latest.select(
                pl.col("left_id").alias(_("First record")),
                pl.col("right_id").alias(_("Second record")),
                words.told(latest["verdict"], words.verdict).alias(_("Verdict")),
                pl.col("judge").alias(_("Judged by")),
                pl.col("judged_at").str.slice(0, 16).str.replace("T", " ").alias(_("When")),
            ),
            hide_index=True,
        )
        st.download_button(
            _("Download judgements"),
            data=done.write_csv(),
            file_name=f"judgements-{entity}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _judge(entity: str, pair: Pair, verdict: str) -> None:
    left, right = sorted(pair)
    work.judge(entity, left, right, verdict, judge=str(state.get("judge") or ""), now=dt.datetime.now(dt.UTC))
    state.put("judged", [*state.get("judged", []), (entity, left, right)])
    state.put("pair", None)


def _skip(pair: Pair) -> None:
    state.put("skipped", [*state.get("skipped", []), pair])
    state.put("pair", None)


def _undo(entity: str) -> None:
    judged = list(state.get("judged", []))
    if judged:
        of, left, right = judged.pop()
        work.unjudge(of, left, right, judge=str(state.get("judge") or ""), now=dt.datetime.now(dt.UTC))
        state.put("judged", judged or None)
        state.put("pair", f"{left}~{right}" if of == entity else None)
