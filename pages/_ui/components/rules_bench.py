"""The Rules page below its title: the rules at hand, their figures and pictures, and all that can be asked of them."""

import streamlit as st

from pages._ui import state, work
from pages._ui.components import (
    between,
    conditions,
    frame,
    levels,
    one_field,
    pairs,
    proving,
    rule_files,
    thresholds,
)
from pages._ui.components.live import bench
from pages._ui.text import _


@st.fragment
def draw(entity: str) -> None:
    """Everything that follows from the rules: redrawn by itself, and of the tabs only the open one."""
    state.start()
    state.put("answering", state.take("released"))
    with frame.guard():
        rule_files.bar(entity)
        with frame.working(_("Comparing records…")):
            found = work.match(entity)
        live = thresholds.live(found)
        if live:
            bench.draw(entity, found)
        else:
            thresholds.controls(entity, found)
            thresholds.figures(entity, found)
            thresholds.pictures(entity, found)
        frame.tabs(
            {
                _("Pairs at the threshold"): lambda: pairs.at_threshold(entity, found),
                _("Another threshold"): lambda: between.merges(entity, found),
                _("One field"): lambda: one_field.draw(entity, found),
                _("Costs"): lambda: between.prices(entity, found),
                _("Weights and levels"): lambda: levels.editor(entity, found),
                _("Conditions and exclusions"): lambda: conditions.editor(entity, found),
                _("How pairs are found"): lambda: levels.blocking(found),
            },
            key="rules_tabs",
        )
        state.give_way()
        proving.panel(entity, found)
        if live:
            bench.complete(entity, found)
