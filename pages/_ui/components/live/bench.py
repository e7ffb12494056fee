"""Draws the bench, takes what was set on it, and confirms it with exact figures."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from engine.errors import WinnowError
from engine.match import switches
from engine.match.run import Match
from engine.rules import BlockingRule, Veto
from pages._ui import key_words, live, state, text, words, work
from pages._ui.components import between, thresholds
from pages._ui.components.live import packing
from pages._ui.text import _, num

_FOLDER = Path(__file__).parent
# Seconds in which the server sends what was confirmed and the browser draws it, before both work on the rest of the
# page: a thread that computes would keep the one that sends from its turn.
_HEAD_START, _STEPS = 0.04, 4
_TURN, _TURNS = 0.03, 20  # seconds, and how often so long the groups at every threshold are waited for
_EVERY = 1.0  # seconds between two looks whether they are there


def _file(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


_PARTS = ("scoring", "contraction", "standing", "parting", "groups", "picture", "figures", "levels", "live")
_carrier = st.components.v2.component("winnow.table", js=_file("carrier.js"))
_bench = st.components.v2.component(
    "winnow.bench", html=_file("live.html"), css=_file("live.css"), js="\n".join(_file(f"{part}.js") for part in _PARTS)
)


def draw(entity: str, found: Match) -> None:
    """The bench with the rules in use. What is set on it comes back by way of `work.adopt`."""
    state.give_way()
    key = f"live:{entity}"
    table, known = live.table(entity, found), live.known(entity, found, live.outcomes(entity, found))
    with st.container(gap=None):
        _carrier(data=table, key=f"table:{entity}", height=1)
        _carrier(data=known, key=f"known:{entity}", height=1)
        _bench(
            data=_data(entity, found, key, (table, known)),
            key=key,
            on_settings_change=lambda: _take(entity, key),
        )
    problem = state.take("bench_problem")
    if problem:
        st.error(words.problem(problem), icon=":material/error:")
    for _step in range(_STEPS if state.get("answering") else 0):
        time.sleep(_HEAD_START / _STEPS)
        state.give_way()


def complete(entity: str, found: Match) -> None:
    """Below everything else, so that it keeps nothing waiting: the groups at every threshold."""
    for _turn in range(_TURNS):
        groups = live.outcomes(entity, found, patience=_TURN)
        if groups is not None:
            _carrier(data=live.known(entity, found, groups), key=f"every:{entity}", height=1)
            return
        state.give_way()
    _watch(entity, found)


@st.fragment(run_every=_EVERY)
def _watch(entity: str, found: Match) -> None:
    state.start()
    if live.outcomes(entity, found) is not None:
        st.rerun()


def _take(entity: str, key: str) -> None:
    said = state.said(key).get("settings")
    state.put("released", True)
    if isinstance(said, Mapping):
        focus = said.get("focus")
        if focus != state.get(f"focus:{entity}"):
            state.put(f"focus:{entity}", focus)
        try:
            work.adopt(entity, said)
        except WinnowError as error:
            state.put("bench_problem", error)


def _data(entity: str, found: Match, key: str, carried: tuple[bytes, bytes]) -> dict[str, Any]:
    rules = found.rules
    known = {c.name: c for c in rules.comparisons}
    wanted = state.get(f"focus:{entity}")
    focus = known[wanted] if wanted in known else rules.comparisons[0]
    said = state.said(key).get("settings")
    bits = packing.level_bits(found)[focus.name]
    cheapest = between.best(entity, found)
    vetoes, blocking = work.offered(entity, rules), work.base(entity, rules)
    return {
        "digest": carried[0][:16].decode(),
        "known": carried[1][:16].decode(),
        "seq": said.get("seq", 0) if isinstance(said, Mapping) else 0,
        "lang": text.language(),
        "lowest": work.LOWEST,
        "highest": work.HIGHEST,
        "focus": focus.name,
        "names": {name: words.comparison(name) for name in known},
        "levels": [
            {"name": level.name, "label": words.level(level.name), "bits": value}
            for level, value in zip(focus.levels, bits, strict=True)
        ],
        "similarity": live.similarity(entity, found, focus.name),
        "settings": {
            "merge": rules.thresholds.merge,
            "review": rules.thresholds.review,
            "adjust": {c.name: [level.adjust for level in c.levels] for c in rules.comparisons},
            "enabled": {c.name: c.enabled for c in rules.comparisons},
            "bounds": {c.name: [level.at_least for level in c.levels] for c in rules.comparisons},
            "focus": focus.name,
            "on": {rule.name: rule in rules.blocking for rule in blocking}
            | {switches.name(veto): veto in rules.vetoes for veto in vetoes},
        },
        "vetoes": [
            {"name": switches.name(v), "label": words.comparison(v.comparison), "said": _veto(v)} for v in vetoes
        ],
        "blocking": [{"name": r.name, "label": key_words.blocking_keys(r.keys), "said": _no_more(r)} for r in blocking],
        "confirmed": _confirmed(found),
        "cheapest": {"merge": cheapest.merge, "review": cheapest.review},
        "texts": _texts(entity, found),
    }


def _veto(veto: Veto) -> str:
    name = words.comparison(veto.comparison)
    return _("Records whose {name} is at most {n} of 120 alike are never merged.", name=name, n=num(veto.at_most))


def _no_more(rule: BlockingRule) -> str:
    return _("Values that more than {n} records share make no pairs.", n=num(rule.cap))


def _confirmed(found: Match) -> dict[str, Any]:
    """What only the whole way round can say: the groups that come of it, after vetoes, judgements and doubts."""
    several = found.group_sizes
    return {
        "gone": int(several.sum() - len(several)),
        "groups": len(several),
        "apart": found.splits.height,
        "sizes": live.by_size(found),
    }


def _texts(entity: str, found: Match) -> dict[str, str]:
    """Everything the bench says, in the language in use."""
    said = {code: thresholds.basis(code, work.judgements(entity).height).replace("**", "") for code in thresholds.BASES}
    return {
        "merge": _("Merge"),
        "review": _("Review"),
        "merge_from": _("Merge from this match probability"),
        "review_from": _("Show for review from this match probability"),
        "precision": _("Precision"),
        "recall": _("Recall"),
        "merged": _("Pairs merged"),
        "waiting": _("Pairs to review"),
        "removable": _("Removable records"),
        "exact_on_release": _("exact on release"),
        "before_splits": _("before doubtful groups are parted; exact on release"),
        "without_weakest": _("without the weakest pairs; exact on release"),
        "pairs": _("Pairs by match weight (logarithmic; colours show shares)"),
        "cheapest": _("cheapest thresholds at your costs"),
        "share": _("Precision and recall if merged from here"),
        "gone": _("Removable records if merged from here"),
        "probability": _("match probability"),
        "different": _("different"),
        "same": _("the same"),
        "percent": _("{n}%"),
        "same_pairs": _("truly the same") if work.truth(entity) is not None else _("the same, as estimated"),
        "other_pairs": _("truly different") if work.truth(entity) is not None else _("different, as estimated"),
        "confirmed": _("Confirmed over all {n} pairs:", n=num(len(found.pairs))),
        "on_release": _("Confirmed when you let go:"),
        "records_gone": _("records to merge away"),
        "groups": _("groups"),
        "apart": _("pairs kept apart"),
        "sizes": _("Groups by number of records"),
        "size": _("groups of {size} records: {n}"),
        "comparisons": _("Comparisons that count"),
        "counts": _("{name} counts"),
        "level": _("Level"),
        "level_pairs": _("Pairs"),
        "level_bits": _("Weight, bits"),
        "by_hand": _("By hand, bits"),
        "bits": _("{n} bits"),
        "bits_for": _("Bits by hand: {name}"),
        "from": _("{name} begins at this similarity"),
        "similarity": _("Pairs by similarity"),
        "bench": _("Tuning bench"),
        "figures": _("Figures at these thresholds"),
        "by_level": _("Levels of the chosen comparison"),
        "at_most": _("at most; exact on release"),
        "vetoes": _("Vetoes"),
        "vetoes_help": _("Records that differ in what is ticked are never merged. Beside it: merges it would bar."),
        "vetoes_decides": _("bars {n}"),
        "blocking": _("How pairs are found"),
        "blocking_help": _("Only records that share a key are compared. Beside it: pairs found in this way alone."),
        "blocking_decides": _("{n} alone"),
        "merge_heard": _(
            "match probability {merge}: {pairs} pairs merged, {gone} removable records, {groups} groups, "
            "precision {precision}, recall {recall}"
        ),
        "review_heard": _("match probability {review}: {waiting} pairs to review"),
        "boundary_heard": _("similarity {n} of 120: {pairs} pairs at this level"),
        "boundary_help": _(
            "Pairs by similarity, 0 to 120 (from 100: the same value, rarer to the right). "
            "Drag a boundary to move a level."
        ),
        "heard": _(
            "Merge from {merge}, review from {review}: {pairs} pairs merged, {waiting} to review, "
            "{gone} removable records, {groups} groups, precision {precision}, recall {recall}."
        ),
        **{f"basis_{code}": sentence for code, sentence in said.items()},
    }
