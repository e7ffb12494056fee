"""The Review page: which pair comes next, the two records, the buttons and their keys, what was judged."""

import datetime as dt
import zlib

import polars as pl
import streamlit as st

from engine.match import sampling
from engine.match.run import Match
from pages._ui import laid_down, state, trials, words, work
from pages._ui.components import compare, exclusions, frame, pairs, rule_tests
from pages._ui.text import _, n_, num, percent, plain, sentences

Pair = tuple[str, str]
_FIRST = 30  # judgements from which it can be forecast how many more are needed
_EVERY = 3.0  # seconds between two looks at what colleagues judged
_KEYS = {"match": "1", "non_match": "2", "unsure": "3"}


def progress(entity: str) -> None:
    """How many were judged, by verdict; who judges; blind or not."""
    _tally(entity)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            _("Blind"),
            help=_("Hide score and reasons, so that they do not sway you."),
            **state.keep("blind", False),
        )
        with st.popover(_("Who judges"), icon=":material/person:"):
            st.text_input(_("Your name"), max_chars=60, **state.keep("judge", ""))
            st.caption(_("Stored with each judgement, so that colleagues know whom to ask."))


@st.fragment(run_every=_EVERY)
def _tally(entity: str) -> None:
    """What everybody judged here; what colleagues add is seen at once, while the pair that is shown stays."""
    state.start()
    with frame.guard():
        done = work.judgements(entity)
        counts = dict(done.group_by("verdict").len().iter_rows())
        frame.figures(
            [
                (_("Judged"), num(done.height), None),
                *((words.verdict(v), num(counts.get(v, 0)), None) for v in _KEYS),
            ]
        )


def asked(entity: str, found: Match) -> bool:
    """Which pairs come up, where conditions send some to a person → whether those alone do."""
    waiting = len(laid_down.for_a_person(entity, found))
    if not waiting and state.get("queue") != "asked":
        return False
    ways = {"telling": _("Pairs that tell most"), "asked": _("Sent here by conditions ({n})", n=num(waiting))}
    chosen = st.segmented_control(
        _("Which pairs come up"),
        list(ways),
        required=True,
        format_func=ways.__getitem__,
        label_visibility="collapsed",
        **state.keep("queue", "telling", options=list(ways)),
    )
    return bool(chosen == "asked")


def next_pair(entity: str, found: Match) -> Pair | None:
    """The pair whose judgement tells most; one in the link comes first. Every judge gets pairs of their own."""
    wanted = str(state.get("pair") or "").split("~")
    ids = set(found.records["record_id"])
    if len(wanted) == 2 and set(wanted) <= ids and wanted[0] != wanted[1]:
        return wanted[0], wanted[1]
    if asked(entity, found):
        pairs_asked = laid_down.for_a_person(entity, found)
        gone = {tuple(sorted(pair)) for pair in state.get("skipped", ())} | laid_down.excluded_pairs(found)
        return next((pair for pair in pairs_asked if tuple(sorted(pair)) not in gone), None)
    skipped = {tuple(sorted(pair)) for pair in state.get("skipped", ())} | laid_down.excluded_pairs(found)
    seed = zlib.crc32(str(state.get("judge") or "").encode())
    chosen = trials.next_pairs(entity, found, count=len(skipped) + 1, seed=seed)
    for pair in zip(chosen["left_id"], chosen["right_id"], strict=True):
        if tuple(sorted(pair)) not in skipped:
            return pair
    return None


def outlook(entity: str, found: Match) -> None:
    """How well the thresholds are known, how many more judgements that needs, and what contradicts what."""
    merge = found.rules.thresholds.merge or 0.5
    at = work.measures(entity, found, [merge]).row(0, named=True)
    if at["precision_low"] is not None:
        st.markdown(
            _(
                "At the merge threshold: precision {p} ({p_low} to {p_high}), recall {r} ({r_low} to {r_high}), 95%.",
                p=percent(at["precision"], 1), p_low=percent(at["precision_low"], 1),
                p_high=percent(at["precision_high"], 1), r=percent(at["recall"], 1),
                r_low=percent(at["recall_low"], 1), r_high=percent(at["recall_high"], 1),
            )
        )  # fmt: skip
    st.caption(_forecast(entity, found))
    st.caption(rule_tests.unseen(found))
    _contradictions(entity, found)


def _forecast(entity: str, found: Match) -> str:
    """How many more judgements it takes; too few say nothing of it yet."""
    points = num(trials.POINTS)
    if work.judgements(entity).height < _FIRST:
        return _("After {n} judgements this page says how many more are needed for ±{points} points.",
                 n=num(_FIRST), points=points)  # fmt: skip
    more = trials.needed(entity, found)
    if more is None:
        return _("Even thousands of judgements would not fix precision and recall to ±{points} points.", points=points)
    if more == 0:
        return _("Precision and recall at the merge threshold are known to ±{points} points.", points=points)
    return n_(
        "About {n} more judgement fixes precision and recall to ±{points} points.",
        "About {n} more judgements fix precision and recall to ±{points} points.",
        more,
        points=points,
    )


def _contradictions(entity: str, found: Match) -> None:
    wrong = sampling.contradictions(work.judgements(entity))
    if wrong.is_empty():
        return
    st.warning(
        sentences(
            n_("{n} judgement contradicts others.", "{n} judgements contradict others.", wrong.height),
            _("Open the pair and judge it again."),
        ),
        icon=":material/error:",
    )
    name = dict(zip(found.records["record_id"], pairs.label(found.records, contact=False), strict=True))
    for at, (left, right, path) in enumerate(wrong.head(5).iter_rows()):
        chain = " = ".join(plain(name.get(one, one)) for one in path)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(chain + " · " + plain(name.get(left, left)) + " ≠ " + plain(name.get(right, right)))
            st.button(_("Open the pair"), key=f"contradiction:{at}", on_click=_open, args=((left, right),))


def _open(pair: Pair) -> None:
    state.put("pair", "~".join(pair))


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
            disabled=not state.get("done"),
            on_click=_undo,
        )


def show(found: Match, pair: Pair) -> None:
    """The two records; unless blind, the score and why."""
    if state.get("blind"):
        both = [(i, pairs.record(found, i)) for i in pair]
        compare.side_by_side(both, fields=[c for c in found.records.columns if not c.startswith("original.")])
        exclusions.offer(found, work.explained(found, *pair), view="blind")
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


def importing(entity: str) -> None:
    """Judgements from a file, such as another workspace's."""
    with st.popover(_("Upload judgements"), icon=":material/upload:"):
        given = st.file_uploader(_("Judgements (CSV)"), type=["csv"], max_upload_size=20, key="judgements_file")
        if given is not None and st.button(_("Keep these judgements"), key="judgements_keep"):
            kept = trials.import_judgements(entity, given.getvalue(), now=dt.datetime.now(dt.UTC))
            state.put("said", n_("{n} judgement was kept.", "{n} judgements were kept.", kept))
            st.rerun()
        said = state.take("said")
        if said:
            st.success(said)


def _judge(entity: str, pair: Pair, verdict: str) -> None:
    if _just_done(pair):
        return
    if state.get("pair"):
        state.put("pair", None)
    left, right = sorted(pair)
    row = work.judge(entity, left, right, verdict, judge=str(state.get("judge") or ""), now=dt.datetime.now(dt.UTC))
    state.put("done", [*state.get("done", []), row])


def _skip(pair: Pair) -> None:
    if _just_done(pair):
        return
    state.put("skipped", [*state.get("skipped", []), pair])
    state.put("done", [*state.get("done", []), pair])
    state.put("pair", None)


def _just_done(pair: Pair) -> bool:
    """→ whether this pair is the one that was done last: a second key, pressed before the next pair was to be seen."""
    done = state.get("done", [])
    if not done or state.get("pair"):
        return False
    last = done[-1]
    return sorted(pair) == sorted((last["left_id"], last["right_id"]) if isinstance(last, dict) else last)


def _undo() -> None:
    """Take back what was done last here, a judgement or a skip, and show its pair again."""
    done = list(state.get("done", []))
    if not done:
        return
    last = done.pop()
    if isinstance(last, dict):
        work.unjudge(last)
        pair = last["left_id"], last["right_id"]
    else:
        pair = last
        state.put("skipped", [one for one in state.get("skipped", []) if one != last])
    state.put("done", done or None)
    _open(pair)
