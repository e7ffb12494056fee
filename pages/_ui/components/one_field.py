"""The threshold of one field: how many pairs each step lets through, how sure they are, which ones come and go."""

import polars as pl
import streamlit as st

from engine.match import steps
from engine.match.run import Match
from engine.match.steps import Steps
from engine.rules import Comparison
from pages._ui import charts, state, words, work
from pages._ui.components import compare, frame, pairs, tables
from pages._ui.text import _, n_, num, percent, plain, sentences

_LEVEL_FROM_DIGITS = {60 + 2 * n: n for n in range(6, 11)}  # similarity of a phone → last digits that agree


@st.fragment
def draw(entity: str, found: Match) -> None:
    """Choose a field and a step; see its curve, the pairs gained and lost beside it, and use it as a boundary."""
    state.start()  # a fragment runs by itself: it has to find its language again
    with frame.guard():
        _draw(entity, found)


def _draw(entity: str, found: Match) -> None:
    known = {c.name: c for c in found.rules.comparisons}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            _("Field"),
            list(known),
            format_func=words.comparison,
            width=260,
            **state.keep(f"field:{entity}", _first(found), options=list(known)),
        )
        one = known[state.get(f"field:{entity}", _first(found))]
        axis = _axis(entity, one)
    with frame.working(_("Counting pairs…")):
        curve = work.field_steps(entity, found, one.name, axis)
    if curve.present == 0:
        st.info(_("No compared pair has a value here on both sides."))
        return
    there = curve.table["step"].to_list()
    name = f"step:{entity}:{one.name}:{axis}"
    step = state.get(name, _begin(one, curve))
    step = step if step in there else min(there, key=lambda s: abs(s - step))
    _figures(curve, step)
    _picture(one, curve, step, name)
    st.select_slider(
        _("Look at this step"),
        there,
        format_func=lambda s: _say(axis, s),
        **state.keep(name, step, options=there),
    )
    _boundary(entity, found, one, curve, step)
    at = there.index(step)
    left, right = st.columns(2)
    with st.expander(_("All steps as a table")):
        tables.table(_as_table(curve), column_config={_("Precision"): st.column_config.TextColumn(alignment="right")})
    with left:
        _lost(entity, found, one, curve, at)
    with right:
        _gained(entity, found, one, curve, at)


def _first(found: Match) -> str:
    """→ the field to begin with: the phone where there is one, for it is asked about most."""
    compared = found.rules.comparisons
    return next((c.name for c in compared if c.kind == "phone"), compared[0].name)


def _axis(entity: str, one: Comparison) -> str:
    """The switch between the ways to look at this field's threshold → the one chosen."""
    ways = list(steps.axes(one))
    if len(ways) == 1:
        return ways[0]
    names = {"digits": _("Last digits"), "similarity": _("Similarity")}
    name = f"axis:{entity}:{one.name}"
    st.segmented_control(
        _("Measured by"), ways, required=True, format_func=names.__getitem__, **state.keep(name, ways[0], options=ways)
    )
    return str(state.get(name, ways[0]))


def _begin(one: Comparison, curve: Steps) -> int:
    """→ the step to begin with: the lowest boundary of the rules that stands on the axis, else the middle."""
    marked = [step for step, _name in _levels(one, curve.axis) if step in curve.table["step"].to_list() and step]
    return min(marked) if marked else int(curve.table["step"][curve.table.height // 2])


def _levels(one: Comparison, axis: str) -> list[tuple[int, str]]:
    """→ (step, level) for every level of the rules that begins at a step of this axis."""
    if axis == "digits":
        return [(_LEVEL_FROM_DIGITS[x.at_least], x.name) for x in one.levels if x.at_least in _LEVEL_FROM_DIGITS]
    return [(x.at_least, x.name) for x in one.levels]


def _say(axis: str, step: int) -> str:
    """A step → its name, such as 'last 7 digits' or '84'."""
    return _("last {n} digits", n=step) if axis == "digits" else _("similarity {n}", n=step)


def _figures(curve: Steps, step: int) -> None:
    row = curve.table.row(by_predicate=pl.col("step") == step, named=True)
    share = percent(row["precision"], 1)
    if row["precision_low"] is not None:
        share = f"{percent(row['precision_low'])} – {percent(row['precision_high'])}"
    frame.figures(
        [
            (_("Pairs let through"), num(row["pairs"]), _("Compared pairs at or above this step.")),
            (_("Precision"), share, _("Of these pairs, the share that truly are one.")),
            (_("Duplicates among them"), num(row["matches"]), _("Of these pairs, those that truly are one.")),
            (_("Not known"), num(curve.missing), _("Compared pairs in which one side has no value here.")),
        ]
    )
    st.caption(_basis(curve))


def _basis(curve: Steps) -> str:
    measured = {
        "exact": _("**Exact:** counted against the known truth of the sample account."),
        "judged": _("**From judgements:** estimated from the judged pairs at or above each step, with 95% intervals."),
        "estimate": _("**Estimate:** the match probabilities of the pairs, summed. In them all fields count."),
    }[curve.basis]
    if curve.axis != "digits":
        return measured
    return sentences(
        measured,
        _(
            "Digits are compared from the end, with the country code where it is known and without extensions; a "
            "number that has fewer digits must agree as a whole. Pairs that agree in fewer than 7 digits are only seen "
            "where something else brought them together."
        ),
    )


def _picture(one: Comparison, curve: Steps, step: int, name: str) -> None:
    marks = [(s, words.level(level)) for s, level in _levels(one, curve.axis)]
    key = f"curve:{name}:{step}"
    digits = curve.axis == "digits"
    said = sentences(
        _("Columns: pairs at or above a step (left scale). Line: how many of them truly are one (right scale)."),
        _("The line is solid: measured.") if curve.basis != "estimate" else _("Dashed: an estimate."),
    )
    st.altair_chart(
        charts.steps(
            curve.table,
            chosen=step,
            levels=pl.DataFrame(marks, schema={"step": pl.Int64, "level": pl.String}, orient="row"),
            title=_("last digits that agree") if digits else _("similarity (from 100: the same value, rarer upwards)"),
            estimate=curve.basis == "estimate",
        ),
        key=key,
        on_select=lambda: _clicked(key, name),
        alt=said,
    )
    st.caption(sentences(said, _("Thin lines are level boundaries of the rules. Click a column to look at its step.")))


def _clicked(key: str, name: str) -> None:
    said = state.said(key).get("selection") or {}
    steps_clicked = said.get("step") or []
    if steps_clicked:
        state.put(name, int(steps_clicked[0]["step"]))


def _as_table(curve: Steps) -> pl.DataFrame:
    return curve.table.select(
        pl.col("step").alias(_("Last digits") if curve.axis == "digits" else _("Similarity")),
        pl.col("pairs").alias(_("Pairs")),
        pl.Series(_("Precision"), [percent(p, 1) for p in curve.table["precision"]]),
        pl.when(pl.col("step") < pl.col("step").max()).then("here").alias(_("Goes with the next")),
    )


def _boundary(entity: str, found: Match, one: Comparison, curve: Steps, step: int) -> None:
    """The button that lets a level of the rules begin at this step."""
    boundary = int(curve.table.row(by_predicate=pl.col("step") == step, named=True)["boundary"])
    may = steps.movable(one, boundary)
    held = next((x.name for x in one.levels if x.at_least == boundary), None)
    if held is not None:
        st.caption(_("In the rules the level “{level}” begins here.", level=plain(words.level(held))))
        return
    begins = {x.name: x.at_least for x in one.levels}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        level = st.selectbox(
            _("Level that shall begin here"),
            may,
            format_func=lambda x: _("{level} (now from {n})", level=words.level(x), n=begins[x]),
            key=f"level:{entity}:{one.name}:{boundary}",
            width=340,
        )
        if st.button(
            _("Use this as the boundary"),
            key=f"use_step:{entity}",
            help=_("The weights of this field are counted anew for it. Undo takes it back."),
        ):
            work.move_level(entity, found, one.name, str(level), boundary)
            st.rerun()
    if curve.axis == "digits":
        over = int((found.similarities[one.name] >= boundary).sum()) - curve.missing
        st.caption(
            _("In the rules this is similarity {n}. There stand {pairs} pairs: also those with one digit off, for "
              "instance, which the rules hold for more alike.", n=boundary, pairs=num(over))
        )  # fmt: skip


def _lost(entity: str, found: Match, one: Comparison, curve: Steps, at: int) -> None:
    table = curve.table
    if at + 1 >= table.height:
        st.markdown("**" + _("Nothing is stricter than this step.") + "**")
        return
    st.markdown("**" + _("Stricter: {step}", step=_say(curve.axis, table["step"][at + 1])) + "**")
    n = int(table["here"][at])
    _count(
        n_("{n} pair is lost.", "{n} pairs are lost.", n),
        n,
        table["here_matches"][at],
        curve,
    )
    _examples(entity, found, one, curve, int(table["step"][at]), "lost")


def _gained(entity: str, found: Match, one: Comparison, curve: Steps, at: int) -> None:
    table = curve.table
    if at == 0:
        st.markdown("**" + _("Nothing is looser than this step.") + "**")
        return
    st.markdown("**" + _("Looser: {step}", step=_say(curve.axis, table["step"][at - 1])) + "**")
    n = int(table["here"][at - 1])
    _count(
        n_("{n} pair is gained.", "{n} pairs are gained.", n),
        n,
        table["here_matches"][at - 1],
        curve,
    )
    _examples(entity, found, one, curve, int(table["step"][at - 1]), "gained")


def _count(said: str, n: int, matches: float, curve: Steps) -> None:
    """How many pairs come or go, and how many of them are duplicates."""
    if n:
        share = percent(matches / n, 1)
        said = sentences(
            said,
            _("Of them {share} truly are duplicates.", share=share)
            if curve.basis == "exact"
            else _("Of them about {share} are duplicates, as estimated.", share=share),
        )
    st.markdown(said)
    if n > steps.EXAMPLES:
        st.caption(_("A sample, from the likeliest duplicate to the least likely:"))


def _examples(entity: str, found: Match, one: Comparison, curve: Steps, step: int, side: str) -> None:
    rows = curve.examples.filter(step=step)
    ids = pl.concat([rows["left_id"], rows["right_id"]]).unique()
    records = found.records.filter(pl.col("record_id").is_in(ids.implode()))
    called = dict(zip(records["record_id"], pairs.label(records, contact=False), strict=True))
    for row in rows.iter_rows(named=True):
        left, right = compare.marked([row["left"] or "", row["right"] or ""])
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(width="stretch", gap="xxsmall"):
                st.markdown(f"{left}  \n{right}")
                both = [called.get(row[end]) or row[end] for end in ("left_id", "right_id")]
                who = "" if one.kind in _NAMES else " ↔ ".join(dict.fromkeys(plain(x, 40) for x in both)) + " · "
                st.caption(who + _("match probability {share}", share=percent(row["match_probability"], 1)))
            if st.button(
                _("Open"),
                key=f"open:{side}:{entity}:{one.name}:{row['left_id']}:{row['right_id']}",
                type="tertiary",
                width="content",
            ):
                pairs.opened(found, row["left_id"], row["right_id"])


_NAMES = ("person_name", "company")
