"""Draws the bench, takes what was set on it, and confirms it with exact figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from engine.match.run import Match
from pages._ui import state, text, words, work
from pages._ui.components import between, thresholds
from pages._ui.components.live import packing
from pages._ui.text import _, num

_FOLDER = Path(__file__).parent
_SIZES = 6  # groups with so many records or more are counted together


def _file(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


_carrier = st.components.v2.component("winnow.table", js=_file("carrier.js"))
_bench = st.components.v2.component(
    "winnow.bench", html=_file("live.html"), css=_file("live.css"), js=_file("scoring.js") + _file("live.js")
)


def draw(entity: str, found: Match) -> None:
    """The bench with the rules in use. What is set on it comes back by way of `work.adopt`."""
    key = f"live:{entity}"
    table = work.live_table(entity, found)
    with st.container(gap=None):
        _carrier(data=table, key=f"table:{entity}", height=1)
        _bench(
            data=_data(entity, found, key, table[:16].decode()), key=key, on_settings_change=lambda: _take(entity, key)
        )


def _take(entity: str, key: str) -> None:
    said = state.said(key).get("settings")
    if isinstance(said, Mapping):
        focus = said.get("focus")
        if focus != state.get(f"focus:{entity}"):
            state.put(f"focus:{entity}", focus)
        work.adopt(entity, said)


def _data(entity: str, found: Match, key: str, digest: str) -> dict[str, Any]:
    rules = found.rules
    known = {c.name: c for c in rules.comparisons}
    wanted = state.get(f"focus:{entity}")
    focus = known[wanted] if wanted in known else rules.comparisons[0]
    said = state.said(key).get("settings")
    bits = packing.level_bits(found)[focus.name]
    cheapest = between.best(entity, found)
    return {
        "digest": digest,
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
        "similarity": work.live_similarity(entity, found, focus.name),
        "settings": {
            "merge": rules.thresholds.merge,
            "review": rules.thresholds.review,
            "adjust": {c.name: [level.adjust for level in c.levels] for c in rules.comparisons},
            "enabled": {c.name: c.enabled for c in rules.comparisons},
            "bounds": {c.name: [level.at_least for level in c.levels] for c in rules.comparisons},
            "focus": focus.name,
        },
        "confirmed": _confirmed(found),
        "cheapest": {"merge": cheapest.merge, "review": cheapest.review},
        "texts": _texts(entity, found),
    }


def _confirmed(found: Match) -> dict[str, Any]:
    """What only the whole way round can say: the groups that come of it, after vetoes, judgements and doubts."""
    sizes = found.clusters.group_by("cluster_id").len().filter(pl.col("len") > 1)
    several = sizes["len"]
    counts = sizes.group_by(pl.col("len").clip(upper_bound=_SIZES)).len("groups").sort("len")
    return {
        "gone": int(several.sum() - len(several)),
        "groups": len(several),
        "apart": found.splits.height,
        "sizes": [[f"{s}+" if s == _SIZES else str(s), n] for s, n in counts.iter_rows()],
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
        "before_vetoes": _("before vetoes and judgements"),
        "at_least": _("at least; exact on release"),
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
        "sizes": _("groups by size"),
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
        "boundary_help": _(
            "Pairs by similarity, 0 to 120 (from 100: the same value, rarer to the right). "
            "Drag a boundary to move a level."
        ),
        "heard": _(
            "Merge from {merge}, review from {review}: {pairs} pairs merged, {waiting} to review, "
            "{gone} removable records, precision {precision}, recall {recall}."
        ),
        **{f"basis_{code}": sentence for code, sentence in said.items()},
    }
