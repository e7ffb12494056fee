"""What another merge threshold would bring: the merges that appear or disappear, and the thresholds that cost least."""

import streamlit as st

from engine.match import costs, tuning
from engine.match.costs import Best, Costs
from engine.match.run import Match
from pages._ui import state, work
from pages._ui.components import frame, pairs, tables
from pages._ui.text import _, n_, num

_MOST = 200  # merges listed


def merges(entity: str, found: Match) -> None:
    """Another threshold → the merges that would come or go, each with its pair."""
    now = found.rules.thresholds.merge or 0.5
    other = st.number_input(
        _("If the merge threshold were"),
        work.LOWEST,
        work.HIGHEST,
        step=0.01,
        format="%.3f",
        width=220,
        **state.keep(f"other_{entity}", max(work.LOWEST, round(now - 0.05, 3))),
    )
    low, high = sorted((other, now))
    changed = tuning.merges_between(found, low, high, count=_MOST)
    if changed.is_empty():
        st.info(_("No merge appears or disappears between these thresholds."))
        return
    gone = tuning.count_between(found, low, high)
    said = (
        n_("{n} merge appears if you go from {a} to {b}.", "{n} merges appear if you go from {a} to {b}.", gone,
           a=num(now, 3), b=num(other, 3))
        if other < now
        else n_("{n} merge disappears if you go from {a} to {b}.", "{n} merges disappear if you go from {a} to {b}.",
                gone, a=num(now, 3), b=num(other, 3))
    )  # fmt: skip
    st.markdown("**" + said + "**")
    st.caption(_("Before vetoes and judgements. Choose a row to see the pair."))
    event = tables.table(
        pairs.pair_table(found, changed, now),
        on_select="rerun",
        selection_mode="single-row",
        key=f"between:{entity}",
        digits={_("Probability"): 3},
        column_config={_("Probability"): st.column_config.NumberColumn(width=110)},
    )
    rows = event.selection.rows
    chosen = rows[0] if rows and rows[0] < changed.height else 0
    pairs.why(found, changed["left_id"][chosen], changed["right_id"][chosen], view="between")


def best(entity: str, found: Match) -> Best:
    """→ the thresholds that cost least, at the costs the visitor gave."""
    asked = Costs(**{name: float(state.get(f"cost_{name}", getattr(Costs, name))) for name in _NAMES})
    return work.cheapest(entity, found, asked)


_NAMES = ("wrong_merge", "missed", "minute", "minutes")


def prices(entity: str, found: Match) -> None:
    """What mistakes and time cost → the cheapest thresholds, what they leave to review, and a button to use them."""
    labels = {
        "wrong_merge": _("A wrong merge costs"),
        "missed": _("A missed duplicate costs"),
        "minute": _("A minute of review costs"),
        "minutes": _("Minutes to review a pair"),
    }
    with st.container(horizontal=True):
        for name, label in labels.items():
            kept = state.keep(f"cost_{name}", getattr(costs.Costs, name))
            st.number_input(label, 0.0, 1e9, step=1.0 if name != "minutes" else 0.1, format="%.12g", width=180, **kept)
    cheapest = best(entity, found)
    frame.figures(
        [
            (_("Merge from"), num(cheapest.merge, 3), _("The merge threshold that costs least.")),
            (_("Review from"), num(cheapest.review, 3), _("The review threshold that costs least.")),
            (_("Pairs to review"), num(cheapest.waiting), _("Pairs between the review and the merge threshold.")),
            (_("Hours of review"), num(cheapest.hours, 1), None),
            (_("Wrong merges"), num(cheapest.wrong), None),
            (
                _("Missed duplicates"),
                num(cheapest.missed),
                _("With those that share no key, where the truth is known."),
            ),
            (_("Cost in all"), num(cheapest.total), _("Wrong merges, missed duplicates and review, in your currency.")),
        ]
    )
    known = work.truth(entity) is not None
    st.caption(
        _("Counted against the known truth of the sample account.")
        if known
        else _("Estimated from what the model expects.")
    )
    st.button(
        _("Use these thresholds"),
        key="use_cheapest",
        on_click=lambda: work.set_thresholds(entity, cheapest.merge, cheapest.review),
    )
