"""Rules: what counts as a duplicate, and what each threshold costs."""

import streamlit as st

from pages._ui import work
from pages._ui.components import between, frame, levels, pairs, proving, rule_files, sidebar, thresholds
from pages._ui.components.live import bench
from pages._ui.text import _

sidebar.enter()
frame.title(
    _("Rules"),
    _("Decide from which match probability records are merged. Every figure follows at once; your CRM stays as it is."),
)
entity = sidebar.entity()
if entity:
    rule_files.bar(entity)
    with frame.working(_("Comparing records…")):
        found = work.match(entity)
    if thresholds.live(found):
        bench.draw(entity, found)
    else:
        thresholds.controls(entity, found)
        thresholds.figures(entity, found)
        thresholds.pictures(entity, found)
    near, other, cost, weights, finding = st.tabs(
        [
            _("Pairs at the threshold"),
            _("Another threshold"),
            _("Costs"),
            _("Weights and levels"),
            _("How pairs are found"),
        ]
    )
    with near:
        pairs.at_threshold(entity, found)
    with other:
        between.merges(entity, found)
    with cost:
        between.prices(entity, found)
    with weights:
        levels.editor(entity, found)
    with finding:
        levels.blocking(found)
    proving.panel(entity, found)
