"""Below the thresholds of the Rules page: do the rules hold? Tests, kinds of errors, versions, what blocking misses."""

import streamlit as st

from engine.match.run import Match
from pages._ui.components import frame, rule_tests, versions
from pages._ui.text import _


def panel(entity: str, found: Match) -> None:
    """Tests, recall by kind of error and versions, each behind a tab of its own."""
    st.caption(rule_tests.unseen(found))
    frame.tabs(
        {
            _("Rule tests"): lambda: rule_tests.show(entity, found),
            _("Kinds of errors"): lambda: rule_tests.errors(entity, found),
            _("Saved versions"): lambda: versions.show(entity, found),
        },
        key="proving_tabs",
    )
