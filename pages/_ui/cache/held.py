"""What everything else is kept beside: the workspace, the room for jobs, the snapshots."""

import atexit
import gc
import hashlib
import weakref
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from engine.match import spill
from engine.snapshot.workspace import Workspace
from pages._ui import jobs, state

FEW, SOME, MANY = 4, 24, 200  # results of one kind that stay
MEMORY_SHARE = 0.7  # of the machine's memory that matching may take unless something else is set


@st.cache_resource(show_spinner=False)
def workspace(path: str) -> Workspace:
    """A folder → its workspace, opened once for all visitors."""
    return Workspace(Path(path))


@st.cache_resource(show_spinner=False)
def room() -> jobs.Room:
    """→ the room in which the jobs of all visitors are done."""
    return jobs.Room()


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Once, when what the pages need is loaded: Streamlit's sweep after every run passes over all that is there.

    It takes 0.1 s otherwise, with the interpreter's lock held.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else libraries complain, at the end, of what was never given back


def ask(key: jobs.Key, work: jobs.Work, *, slot: jobs.Key = (), patience: float | None = None) -> Any:
    """(key, work) → its result, or `jobs.Waiting` while it is done for this visitor."""
    return room().ask(key, work, who=state.who(), slot=slot, patience=patience)


def again(key: jobs.Key) -> None:
    """What this visitor cancelled, what failed, or what changed the workspace, is done anew when it is asked for."""
    room().again(key, state.who())


@st.cache_resource(show_spinner=False, max_entries=FEW)
def snapshot(path: str, snapshot_id: str) -> Any:
    """→ the snapshot with its frames."""
    return workspace(path).load(snapshot_id)


def memory_bytes(path: str) -> int:
    """→ how much memory matching may take: what was set for the workspace, else most of what this machine has."""
    return int(workspace(path).account().get("memory_bytes") or MEMORY_SHARE * spill.physical_memory())


def judgements(path: str, entity: str) -> pl.DataFrame:
    """→ everything that was judged about an entity; read again when something was added, by whomever."""
    return _judgements(path, entity, workspace(path).judgements_mark)


@st.cache_resource(show_spinner=False, max_entries=FEW)
def _judgements(path: str, entity: str, mark: tuple[int, int]) -> pl.DataFrame:
    return workspace(path).judgements(entity)


def frame_digest(frame: pl.DataFrame | None) -> str:
    """A small frame → a digest of its content, made once for each frame: what is kept is never changed."""
    if frame is None:
        return _digest(b"")
    at = id(frame)
    known = _digests.get(at)
    if known is None or known[0]() is not frame:
        known = weakref.ref(frame, lambda _gone: _digests.pop(at, None)), _digest(frame.write_csv().encode())
        _digests[at] = known
    return known[1]


_digests: dict[int, tuple[weakref.ref[pl.DataFrame], str]] = {}  # by the frame's id, as long as there is the frame


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
