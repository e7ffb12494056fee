"""Pairs of records: those at the threshold, and why a pair matched."""

import polars as pl
import streamlit as st

from engine.match import conditions as laws
from engine.match import evaluate
from engine.match.explain import Explanation
from engine.match.run import Match
from pages._ui import cache, state, words, work
from pages._ui.components import compare, conditions, exclusions, frame, tables
from pages._ui.text import _, language, listed, num, percent, plain


def at_threshold(entity: str, found: Match) -> None:
    """A dozen pairs around the merge threshold; choosing one shows why it stands there."""
    merge = found.rules.thresholds.merge or 0.5
    near = evaluate.examples(found, near=merge, count=12)
    if near.is_empty():
        st.info(_("No two records share a key, so there are no pairs to show."))
        return
    st.caption(_("Pairs nearest to the merge threshold, the strongest first. Choose a row to see why it scores so."))
    event = tables.table(
        pair_table(found, near, merge),
        on_select="rerun",
        selection_mode="single-row",
        key=f"near:{entity}",
        digits={_("Probability"): 3},
        column_config={
            _("Probability"): st.column_config.NumberColumn(width=110),
            _("Result"): st.column_config.TextColumn(width="small"),
        },
    )
    chosen = event.selection.rows[0] if event.selection.rows and event.selection.rows[0] < near.height else 0
    why(found, near["left_id"][chosen], near["right_id"][chosen])


def pair_table(found: Match, pairs: pl.DataFrame, merge: float) -> pl.DataFrame:
    """Pairs by id → a table of what the two are called, how alike they are, what happens to them."""
    above = pl.col("match_probability") >= merge
    pairs = pairs.with_columns(verdict=pl.Series(laws.of_pairs(found, pairs["left_id"], pairs["right_id"])))
    ids = pl.concat([pairs["left_id"], pairs["right_id"]]).unique()
    shown = found.records.filter(pl.col("record_id").is_in(ids.implode()))
    called = pl.DataFrame({"id": shown["record_id"], "called": label(shown, contact=False)})
    return (
        pairs.join(called.rename({"called": "a"}), left_on="left_id", right_on="id", how="left", maintain_order="left")
        .join(called.rename({"called": "b"}), left_on="right_id", right_on="id", how="left", maintain_order="left")
        .select(
            pl.col("match_probability").round(3).alias(_("Probability")),
            pl.when(pl.col("verdict") == laws.REVIEW)
            .then(pl.lit(_("for a person")))
            .when((pl.col("verdict") == laws.MERGE) | (pl.col("verdict") == laws.OPEN) & above)
            .then(pl.lit(_("merge")))
            .otherwise(pl.lit(_("apart")))
            .alias(_("Result")),
            pl.col("a").alias(_("First record")),
            pl.col("b").alias(_("Second record")),
        )
    )


def label(records: pl.DataFrame, *, contact: bool = True) -> pl.Series:
    """Records → a name for each: what it is called, with its first phone or e-mail."""
    there = [c for c in ("phone", "email", "city") if contact and c in records.columns]
    more = pl.coalesce([pl.col(c) for c in there]) if there else pl.lit(None, pl.String)
    more = more.str.split("; ").list.first()
    called = [pl.col(c) for c in ("name", "company", "record_id") if c in records.columns]
    return records.select(pl.concat_str(pl.coalesce(called), more, separator=" · ", ignore_nulls=True).alias("label"))[
        "label"
    ]


def why(found: Match, left_id: str, right_id: str, *, view: str = "near") -> None:
    """The two records side by side, and how each comparison moved the weight."""
    told = work.explained(found, left_id, right_id)
    st.markdown("**" + _("The two records") + "**")
    both = [(i, record(found, i)) for i in (left_id, right_id)]
    compare.side_by_side(both, fields=[c for c in found.records.columns if not c.startswith("original.")])
    with st.container(border=True):
        st.markdown("**" + _("Why") + "**")
        st.markdown(verdict(told, found))
        for ground in conditions.grounds(told):
            st.markdown(ground)
        frame.chart(
            cache.waterfall(language(), _steps(told)),
            _("Bars to the right speak for one record, bars to the left against. Together they are the pair's weight."),
            key=f"why:{view}:{left_id}:{right_id}",
        )
        st.caption(_candidates(told))
        exclusions.offer(found, told, view=view)
        below = told.probability < (found.rules.thresholds.merge or 1)
        if told.would_match and (below if told.verdict == "open" else told.verdict == "apart"):
            changes = listed(
                *(
                    f"{plain(words.comparison(c))} → {plain(words.level(level))}"
                    for c, level, _w in told.would_match[:3]
                )
            )
            st.caption(_("It would be merged if: {changes}.", changes=changes))


def opened(found: Match, left_id: str, right_id: str) -> None:
    """A pair over the page: the two records and why they score so; closed, the page is as it was."""

    @st.dialog(_("One pair"), width="large")
    def show() -> None:
        state.start()  # what is pressed in it runs it by itself: it has to find its language again
        why(found, left_id, right_id, view="opened")

    show()


def _candidates(told: Explanation) -> str:
    """An explanation → one sentence: which blocking rules brought the two together, or would have."""
    if told.found_by:
        return _("Compared because they agree on: {rules}.", rules=_named(told.found_by))
    if told.would_find:
        return _("No blocking rule brought these two together. These would: {rules}.", rules=_named(told.would_find))
    return _("No blocking rule can bring these two together: they agree on no key.")


def _named(rules: tuple[str, ...]) -> str:
    """Names of blocking rules → the first few in words, each once."""
    return plain(listed(*list(dict.fromkeys(map(words.blocking_rule, rules)))[:4]))


def verdict(told: Explanation, found: Match) -> str:
    """An explanation → one sentence: probability, weight, what happens."""
    merged = told.probability >= (found.rules.thresholds.merge or 1)
    if told.verdict != "open":  # something laid down decides, and it is said next
        return _("Match probability {share}, weight {bits} bits: what the evidence says.",
                 share=percent(told.probability, 1), bits=num(told.weight, 1))  # fmt: skip
    sentence = (
        _("Match probability {share}, weight {bits} bits: at or above the merge threshold.")
        if merged
        else _("Match probability {share}, weight {bits} bits: below the merge threshold.")
    )
    return sentence.format(share=percent(told.probability, 1), bits=num(told.weight, 1))


def record(found: Match, record_id: str) -> dict[str, object]:
    """A record id → its fields."""
    at = found.records["record_id"].index_of(record_id)
    return found.records.row(at, named=True) if at is not None else {}


def _steps(told: Explanation) -> tuple[tuple[str, float, float, float, str], ...]:
    rows = [(_("before any evidence"), 0.0, told.prior, told.prior, "–")]
    reached = told.prior
    for part in told.parts:
        says = words.level(part.level)
        rows.append((words.comparison(part.comparison), reached, reached + part.weight, part.weight, says))
        reached += part.weight
    rows.append((_("together"), 0.0, told.weight, told.weight, "–"))
    return tuple(rows)
