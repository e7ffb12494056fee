"""The thresholds of the Rules page: two sliders, what they mean in figures, and the pictures that show why."""

import numpy as np
import polars as pl
import streamlit as st

from engine.match import conditions, evaluate
from engine.match.cluster import logit
from engine.match.run import Match
from pages._ui import charts, state, work
from pages._ui import live as asked
from pages._ui.components import frame
from pages._ui.components.live import packing
from pages._ui.text import _, n_, num, percent, sentences

_PATIENCE = 0.3  # seconds for which the groups at every threshold are waited for
_WIDTH = 2.0  # bits of one column of the histogram
BASES = ("exact", "judged", "estimate")


def live(found: Match) -> bool:
    """The switch between the live bench and ordinary inputs → whether the bench is shown."""
    ways = {"live": _("Live"), "inputs": _("Ordinary inputs")}
    st.segmented_control(
        _("Controls"),
        list(ways),
        required=True,
        format_func=ways.__getitem__,
        label_visibility="collapsed",
        **state.keep("controls", "live", options=list(ways)),
    )
    if state.get("controls") == "inputs":
        return False
    if not packing.fits(found):
        st.info(
            _(
                "These records differ in {n} ways, too many to redraw while you drag. The ordinary inputs do the same.",
                n=num(len(found.patterns)),
            )
        )
    return packing.fits(found)


def controls(entity: str, found: Match) -> None:
    """Merge and review threshold, as sliders over match probability."""
    used = found.rules.thresholds
    left, right = st.columns(2)
    left.slider(
        _("Merge from this match probability"),
        work.LOWEST,
        work.HIGHEST,
        step=0.001,
        format="%.3f",
        help=_("Pairs at or above it are merged, unless a veto or a judgement keeps them apart."),
        **state.keep(f"merge_{entity}", _held(used.merge)),
    )
    right.slider(
        _("Show for review from this match probability"),
        work.LOWEST,
        work.HIGHEST,
        step=0.001,
        format="%.3f",
        help=_(
            "Pairs between the two thresholds are for a person to look at. It never stands above the merge threshold."
        ),
        **state.keep(f"review_{entity}", _held(used.review)),
    )


def figures(entity: str, found: Match) -> None:
    """What the thresholds in use mean: pairs, records, precision and recall with what they rest on."""
    used = found.rules.thresholds
    merge, review = used.merge or 0.0, used.review or 0.0
    at = work.measures(entity, found, [merge]).row(0, named=True)
    left = work.after_vetoes(entity, found).patterns
    waiting = int(left["pairs"].to_numpy()[conditions.waiting(left, review, merge)].sum())
    groups = found.group_sizes
    gone = int(groups.sum()) - len(groups)
    frame.figures(
        [
            (_("Records to merge away"), num(gone), _("Records that disappear into another one at this threshold.")),
            (_("Groups of duplicates"), num(len(groups)), _("Groups of two or more records that are one.")),
            (_("Pairs merged"), num(at["pairs"]), _("Candidate pairs at or above the merge threshold.")),
            (_("Pairs to review"), num(waiting), _("Pairs between the review and the merge threshold.")),
            (_("Precision"), percent(at["precision"], 1), _("Of the pairs merged, the share that truly are one.")),
            (_("Recall"), percent(at["recall"], 1), _("Of the pairs that truly are one, the share that is merged.")),
        ]
    )
    st.caption(basis(at["basis"], work.judgements(entity).height))


def basis(code: str, judged: int) -> str:
    """What precision and recall rest on, in a sentence."""
    return {
        "exact": _("**Exact:** precision and recall are counted against the known truth of the sample account."),
        "judged": n_(
            "**From {n} judgement:** precision and recall with 95% intervals; judge more pairs to narrow them.",
            "**From {n} judgements:** precision and recall with 95% intervals; judge more pairs to narrow them.",
            judged,
        ),
        "estimate": _("**Estimate:** what the model expects. Judge some pairs on the Review page to check it."),
    }[code]


def pictures(entity: str, found: Match) -> None:
    """Histogram of weights; precision and recall, and removable records, against the merge threshold."""
    used = found.rules.thresholds
    merge, review = used.merge or 0.0, used.review or 0.0
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**" + _("How the pairs score") + "**")
        drawn, groups = _histogram(entity, found)
        frame.chart(
            charts.scores(drawn, groups=groups, merge=_bits(merge), review=_bits(review)),
            _("Columns count pairs by weight. Two hills with a gap are ideal; the threshold belongs in the gap."),
            key="scores",
        )
    sweep = [*evaluate.THRESHOLDS]
    with right, st.container(border=True):
        measured = work.measures(entity, found, sweep)
        st.markdown("**" + _("What a threshold costs") + "**")
        exact = measured["basis"][0] != "estimate"
        frame.chart(
            charts.curve(_long(measured), merge=merge, review=review, estimate=not exact),
            sentences(
                _("Further right: fewer wrong merges, more missed ones."),
                _("Solid lines are measured.") if exact else _("Dashed lines are estimates."),
            ),
            key="curve",
        )
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**" + _("Groups by number of records") + "**")
        sizes = pl.DataFrame(asked.by_size(found), schema={"size": pl.String, "groups": pl.Int64}, orient="row")
        frame.chart(
            charts.bars(sizes, name="size", value="groups", titles=(_("records in a group"), _("groups"))),
            _("How many groups of two, three and more records there are at this merge threshold."),
            key="sizes",
        )
    with right, st.container(border=True):
        st.markdown("**" + _("Records that would go") + "**")
        every = asked.outcomes(entity, found, patience=_PATIENCE)
        if every is None:
            gone = evaluate.removable(found.forest, sweep)
            said = _(
                "Records that go at each threshold, before vetoes and judgements. A flat stretch is a safe choice."
            )
        else:
            gone = pl.DataFrame({"threshold": every.stops, "removable": every.gone})[every.known :]
            said = _("Records that go at each threshold. A flat stretch is a safe choice.")
        frame.chart(charts.removable(gone, merge=merge), said, key="removable")


def _histogram(entity: str, found: Match) -> tuple[pl.DataFrame, list[str]]:
    known = work.truth(entity)
    truth = None if known is None else evaluate.against(found, known)
    counted = evaluate.histogram(found.patterns, truth=truth, width=_WIDTH)
    same = _("truly the same") if truth else _("the same, as estimated")
    other = _("truly different") if truth else _("different, as estimated")
    base = counted.select(low="weight", high=pl.col("weight") + _WIDTH, matches="matches", pairs="pairs")
    rows = [
        base.select("low", "high", group=pl.lit(other), pairs=(pl.col("pairs") - pl.col("matches")).clip(0)),
        base.select("low", "high", group=pl.lit(same), pairs=pl.col("matches").cast(pl.Float64)),
    ]
    return pl.concat(rows, how="vertical_relaxed"), [same, other]


def _long(measured: pl.DataFrame) -> pl.DataFrame:
    names = (("precision", _("Precision")), ("recall", _("Recall")))
    parts = [
        measured.select(
            "threshold", measure=pl.lit(shown), value=pl.col(name),
            low=pl.col(f"{name}_low").cast(pl.Float64), high=pl.col(f"{name}_high").cast(pl.Float64),
        )
        for name, shown in names
    ]  # fmt: skip
    return pl.concat(parts)


def _bits(probability: float) -> float:
    return float(logit(probability) / np.log(2))


def _held(value: float | None) -> float:
    return min(max(round(value or 0.9, 3), work.LOWEST), work.HIGHEST)
