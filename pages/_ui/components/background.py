"""What is under way in the background: the panel where its result will be, and the line in the sidebar."""

import hashlib

import streamlit as st

from pages._ui import cache, jobs, state, words, work
from pages._ui.jobs import Job, Waiting
from pages._ui.text import _, listed, n_, percent

_EVERY = 0.7  # seconds between two looks at a job
_MINUTE, _HOUR = 60, 3600


def panel(waiting: Waiting, *, before: bool = False) -> None:
    """In place of what is not there yet: how far it is, or that it was stopped or failed, and what can be done.

    `before`: what stands below is shown under the rules before.
    """
    under_way = [job for job in waiting.jobs if _active(job)]
    beside = state.get("aside")
    if beside is not None and any(job.key not in beside for job in under_way):
        st.rerun()  # begun in a part of the page that is redrawn by itself: the sidebar is to show it too
    with st.container(border=True, key=f"job_{_digest(waiting.jobs[0])}"):
        if before:
            st.markdown("**" + _("These figures are of the rules before your change.") + "**")
        if under_way:
            _watch(under_way)
        over = [job for job in waiting.jobs if job not in under_way]
        if over:
            _ended(over, before)


def aside() -> None:
    """The visitor's jobs, on every page: share done, and a way to stop them."""
    under_way = cache.room().of(state.who())
    state.put("aside", [job.key for job in under_way])
    if under_way:
        with st.container(key="jobs_aside", gap="xsmall"):
            _watch_aside(under_way)


def time_left(seconds: float | None) -> str:
    """Seconds, as estimated → words no more exact than the estimate; nothing when nobody can tell."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 0.75 * _MINUTE:
        return _("less than a minute left")
    if seconds < 1.5 * _HOUR:
        return n_("about {n} minute left", "about {n} minutes left", round(seconds / _MINUTE) or 1)
    return n_("about {n} hour left", "about {n} hours left", round(seconds / _HOUR))


@st.fragment(run_every=_EVERY)
def _watch(under_way: list[Job]) -> None:
    state.start()  # a fragment runs by itself: it has to find its language again
    _rerun_when_over(under_way)
    for job in under_way:
        st.progress(job.share, text=" · ".join(filter(None, [_name(job), *_figures(job)])))
        stages, now = job.stages, job.now
        if now in stages:
            st.progress(stages[now], text=f"{_stage(now)} · {percent(stages[now])}")
        gone_through = [_stage(stage) for stage in stages if stage != now]
        if gone_through:
            st.caption(_("Done: {stages}", stages=listed(*dict.fromkeys(gone_through))))
    st.button(_("Cancel"), key=f"cancel_{_digest(under_way[0])}", on_click=_cancel, args=(under_way,))
    st.caption(_("It goes on when you leave this page."))


@st.fragment(run_every=_EVERY)
def _watch_aside(under_way: list[Job]) -> None:
    state.start()
    _rerun_when_over(under_way)
    for job in under_way:
        st.progress(job.share, text=" · ".join([_name(job), *_figures(job)]))
        st.button(_("Cancel"), key=f"aside_{_digest(job)}", on_click=_cancel, args=([job],), type="tertiary")


def _rerun_when_over(under_way: list[Job]) -> None:
    who = state.who()
    if any(not _active(job) or cache.room().stopped(job.key, who) for job in under_way):
        st.rerun()


def _ended(over: list[Job], before: bool) -> None:
    """Jobs that were stopped or failed, and one button that begins them all anew."""
    for job in over:
        if job.state == "failed":
            said = words.problem(job.error) if job.error else words.apology()
            st.error(_("{work}. {said}", work=_name(job), said=said), icon=":material/error:")
        else:
            st.markdown(_("{work}. {said}", work=_name(job), said=_("Stopped. Nothing was changed.")))
    failed = any(job.state == "failed" for job in over)
    with st.container(horizontal=True):
        st.button(
            _("Try again") if failed else _("Start again"),
            key=f"again_{_digest(over[0])}", on_click=_again, args=(over,),
        )  # fmt: skip
        if before and over[0].key[0] == "match":
            of = over[0].key[3]
            st.button(_("Back to the rules before"), key=f"back_{_digest(over[0])}", on_click=work.back, args=(of,))


def _again(over: list[Job]) -> None:
    for job in over:
        cache.again(job.key)


def _cancel(under_way: list[Job]) -> None:
    for job in under_way:
        cache.room().cancel(job.key, state.who())


def _active(job: Job) -> bool:
    return job.state in ("waiting", "running")


def _figures(job: Job) -> list[str]:
    if job.state == "waiting":
        return [_("waiting for its turn")]
    return [said for said in (percent(job.share) if job.share else "", time_left(job.left())) if said]


def _name(job: Job) -> str:
    kind = job.key[0]
    if kind in ("match", "suggest", "mutate", "golden", "outcomes"):
        of = words.entity(job.key[3])
        return {
            "match": _("Comparing records: {records}", records=of),
            "suggest": _("Looking for duplicates: {records}", records=of),
            "mutate": _("Altering and comparing records: {records}", records=of),
            "golden": _("Grouping duplicates: {records}", records=of),
            "outcomes": _("Grouping at every threshold: {records}", records=of),
        }[kind]
    return {
        "due": _("Applying the schedule"),
        "plan": _("Putting the plan together"),
        "tables": _("Reading the files"),
        "kept": _("Keeping the snapshot"),
        "sample": _("Opening the sample account"),
        "older": _("Reading the sample's earlier export"),
    }.get(kind, kind)


def _stage(code: str) -> str:
    """A stage of the engine in words; a second round of the same stage is called the same."""
    name = code.partition(jobs.ROUND)[0]
    return {
        "read": _("reading"),
        "map": _("recognising columns"),
        "save": _("saving"),
        "encode": _("making values comparable"),
        "block": _("finding candidate pairs"),
        "compare": _("comparing pairs"),
        "patterns": _("counting patterns"),
        "weigh": _("estimating weights"),
        "forest": _("linking pairs"),
        "cluster": _("forming groups"),
        "evidence": _("gathering the evidence"),
        "findings": _("looking through the files"),
        "golden": _("choosing survivors and values"),
        "items": _("listing what is to be done"),
        "decide": _("applying the rules"),
        "outcomes": _("forming groups"),
    }.get(name, name)


def _digest(job: Job) -> str:
    return hashlib.sha256("\x1f".join(job.key).encode()).hexdigest()[:12]
