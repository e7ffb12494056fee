"""What one visitor has chosen: the only module that touches `st.session_state` and the URL.

A *setting* makes a view: it lives in the URL, so a link reopens exactly this view. Everything else (unsaved rules,
the pair being judged) lives in the session. Streamlit forgets a widget's value when its page is left; so each widget
gets a key of its own (`w:name`) and `keep` copies its value to a key that stays.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages._ui import text

# setting → (default, how to read it from a URL). None: the page decides from its data.
SETTINGS: dict[str, tuple[Any, type]] = {
    "lang": (None, str),
    "snapshot": (None, str),
    "before": (None, str),
    "entity": ("contact", str),
    "merge_contact": (None, float),
    "merge_company": (None, float),
    "review_contact": (None, float),
    "review_company": (None, float),
    "version_contact": (None, str),
    "version_company": (None, str),
    "against": (None, str),
    "by": ("entity", str),
    "show": ("all", str),
    "target": ("amocrm", str),
    "as_of": (None, str),
    "pair": (None, str),
    "cluster": (None, str),
    "controls": ("live", str),
}


_started: ContextVar[bool] = ContextVar("started", default=False)
_read: ContextVar[dict[str, Any] | None] = ContextVar("read", default=None)
# Changes of these can be undone.
TRACKED = ("merge_", "review_", "rules:", "version_")
_together: ContextVar[list[tuple[str, Any]] | None] = ContextVar("together", default=None)


def start() -> None:
    """At the start of a run: read the URL once a session, keep it in step ever after, choose the language."""
    if "settings" not in st.session_state:
        st.session_state["settings"] = _from_url()
    _started.set(True)
    _read.set({})
    chosen = st.session_state["settings"]
    text.use(chosen.get("lang") or text.best(st.context.locale))
    _to_url()


def give_way() -> None:
    """Here, in a run that answers a release on the bench, the run ends when its visitor has let go anew meanwhile.

    Streamlit lets a part of the page run to its end before it runs again: then an answer waits for what nobody wants
    any more. Whether something was asked for, it tells nobody in public; where it is no longer found, all runs to its
    end. Other runs are not ended: what a pressed button does in its run would be lost. Nor does a look at what is under
    way, which comes by itself, end one.
    """
    here = get_script_run_ctx(suppress_warning=True)
    requests = getattr(here, "script_requests", None)
    asked = getattr(getattr(requests, "_state", None), "value", None)
    by_itself = getattr(getattr(requests, "_rerun_data", None), "is_auto_rerun", False)
    in_part = getattr(here, "fragment_ids_this_run", None)
    if get("answering") and in_part and asked == "RERUN" and not by_itself:
        st.rerun(scope="fragment")


def who() -> str:
    """→ the name of this visit, made up when it began; it says nothing about the person."""
    made: str = st.session_state.setdefault("who", secrets.token_hex(8))
    return made


def once(name: str, read: Callable[[], Any]) -> Any:
    """(name, a function that reads something) → what it gave when it was first asked for in this run."""
    known = _read.get()
    if known is None:
        return read()
    if name not in known:
        known[name] = read()
    return known[name]


def started() -> bool:
    """→ whether this run came in by app.py."""
    return _started.get()


def get(name: str, default: Any = None) -> Any:
    """The name of a setting or of something kept in the session → its value, else the default."""
    if name in SETTINGS:
        value = st.session_state.get("settings", {}).get(name)
        fallback = SETTINGS[name][0]
        return value if value is not None else default if default is not None else fallback
    return st.session_state.get(f"kept:{name}", default)


def put(name: str, value: Any) -> None:
    """Remember a setting (in the URL too) or anything else for this session; None forgets it."""
    before = get(name)
    with one_step() as changed:
        if name.startswith(TRACKED) and before != value:
            changed.append((name, before))
        _put(name, value)


@contextmanager
def one_step() -> Iterator[list[tuple[str, Any]]]:
    """Whatever is changed inside is undone, and done again, in one step: what one gesture of a person changed."""
    outer = _together.get()
    if outer is not None:
        yield outer
        return
    changed: list[tuple[str, Any]] = []
    token = _together.set(changed)
    try:
        yield changed
    finally:
        _together.reset(token)
        before = dict(reversed(changed))  # of what was changed twice, what stood there first
        if made := [(name, value) for name, value in before.items() if get(name) != value]:
            st.session_state.setdefault("trail:undo", []).append(made)
            st.session_state["trail:redo"] = []


def can(step: str) -> bool:
    """'undo' or 'redo' → whether there is a change to take back or to do again."""
    return bool(st.session_state.get(f"trail:{step}"))


def step(which: str) -> None:
    """Take the last step back ('undo') or do it again ('redo')."""
    trail = st.session_state.get(f"trail:{which}", [])
    if trail:
        made = trail.pop()
        back = {"undo": "redo", "redo": "undo"}[which]
        st.session_state.setdefault(f"trail:{back}", []).append([(name, get(name)) for name, _before in made])
        for name, before in made:
            _put(name, before)


def _put(name: str, value: Any) -> None:
    if name in SETTINGS:
        st.session_state.setdefault("settings", {})[name] = value
        _to_url()
    elif value is None:
        st.session_state.pop(f"kept:{name}", None)
    else:
        st.session_state[f"kept:{name}"] = value


def take(name: str, default: Any = None) -> Any:
    """Like `get`, and forget it: for messages said once."""
    value = get(name, default)
    put(name, None)
    return value


def keep(name: str, value: Any = None, *, options: list[Any] | None = None) -> dict[str, Any]:
    """(name, value to begin with) → the `key` and `on_change` of a widget that survives leaving the page.

    With `options`, a remembered value that is no longer among them gives way to the first value.
    """
    key = f"w:{name}"
    remembered = get(name, value)
    if options is not None and not isinstance(remembered, list) and remembered not in options:
        remembered = value if value in options else (options[0] if options else None)
    if st.session_state.get(key) is None or st.session_state[key] != remembered:
        st.session_state[key] = remembered
    return {"key": key, "on_change": _copy, "args": (name,)}


def url() -> dict[str, str]:
    """→ the settings that differ from their defaults, as the query parameters of a link."""
    chosen = st.session_state.get("settings", {})
    return {n: _written(v) for n, v in chosen.items() if v is not None and v != SETTINGS[n][0]}


def forget(*names: str) -> None:
    """Forget these settings, kept values and their widgets."""
    with one_step():
        for name in names:
            put(name, None)
            st.session_state.pop(f"w:{name}", None)


def reset(widget: str) -> None:
    """Empty a widget, such as an editor whose table has changed below it."""
    st.session_state.pop(widget, None)


def is_drawn(widget: str) -> bool:
    """The key of a widget → whether the run before drew it: Streamlit forgets those of a page that was left."""
    return widget in st.session_state


def said(component: str) -> dict[str, Any]:
    """The key of a component → what it last sent, by name."""
    return dict(st.session_state.get(component) or {})


def _copy(name: str) -> None:
    put(name, st.session_state[f"w:{name}"])


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _from_url() -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, (_default, kind) in SETTINGS.items():
        given = st.query_params.get(name)
        if given is None:
            continue
        try:
            value = kind(given[:200])
        except ValueError:
            continue
        if kind is not float or 0 <= value <= 1:  # what is no probability is not a setting
            read[name] = value
    return read


def _to_url() -> None:
    wanted = url()
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)
