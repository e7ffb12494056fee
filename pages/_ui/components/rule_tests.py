"""Rule tests on the Rules page: green and red, why, and the table of tests to edit; recall by kind of error."""

import polars as pl
import streamlit as st

from engine.match.rule_tests import SIDES, VERDICTS, Result
from engine.match.run import Match
from pages._ui import charts, meanings, state, trials, words
from pages._ui.components import frame, tables
from pages._ui.text import _, labelled, n_, num, percent, plain, sentences, signed


def show(entity: str, found: Match) -> None:
    """What the rules in use say of each test, then the tests themselves."""
    table = trials.tests(found.rules)
    results = trials.results(found.rules, table)
    st.caption(_("Pairs whose verdict people agreed on. They run at every change of the rules."))
    if results:
        _verdicts(entity, results)
    else:
        st.info(_("There are no tests for these records yet. Add some below."))
    frame.expander(
        _("Edit the tests"), lambda: _editor(entity, found, table), key=f"tests_edit:{entity}", icon=":material/edit:"
    )


def _verdicts(entity: str, results: list[Result]) -> None:
    red = sum(not r.passed for r in results)
    green = n_("{n} test is green.", "{n} tests are green.", len(results) - red)
    if red:
        st.warning(sentences(green, n_("{n} test is red.", "{n} tests are red.", red)), icon=":material/error:")
    else:
        st.success(green, icon=":material/check:")
    ranked = sorted(results, key=lambda r: r.passed)
    shown = pl.DataFrame(
        {
            _("Test"): [r.number for r in ranked],
            _("Result"): ["✓ " + _("green") if r.passed else "✗ " + _("red") for r in ranked],
            _("Expected"): [words.verdict(r.expected) for r in ranked],
            _("The rules say"): [words.verdict(r.got) for r in ranked],
            _("Probability"): [round(r.explanation.probability, 3) for r in ranked],
            _("Reason"): [r.reason for r in ranked],
        }
    )
    event = tables.table(
        shown, digits={_("Probability"): 3}, on_select="rerun", selection_mode="single-row", key=f"tests:{entity}"
    )
    rows = event.selection.rows
    _why(ranked[rows[0]] if rows and rows[0] < len(ranked) else ranked[0])


def _why(result: Result) -> None:
    parts = [
        f"- {plain(labelled(words.comparison(part.comparison), words.level(part.level)))} · "
        + plain(part.left)
        + " / "
        + plain(part.right)
        + f" · **{plain(_('{n} bits', n=signed(part.weight)))}**"
        for part in result.explanation.parts
        if part.level != "missing"
    ]
    st.markdown("**" + _("Test {n}, why:", n=num(result.number)) + "**\n\n" + "\n".join(parts))
    if result.veto:
        st.caption(_("A veto on {comparison} keeps the two apart.", comparison=plain(words.comparison(result.veto))))


def _editor(entity: str, found: Match, table: pl.DataFrame) -> None:
    own = table.filter(entity=entity).drop("entity")
    fields = {c for comparison in found.rules.comparisons for c in comparison.columns}
    wanted = [f"{side}.{f}" for f in sorted(fields) for side in SIDES]
    own = own.with_columns(pl.lit(None, pl.String).alias(c) for c in wanted if c not in own.columns)
    own = own.with_columns(pl.exclude("expected").fill_null(""))  # an empty cell would read "None"
    edited = st.data_editor(
        own,
        num_rows="dynamic",
        hide_index=True,
        key=f"edit_tests:{entity}",
        column_config={
            "expected": st.column_config.SelectboxColumn(
                _("Expected"), options=list(VERDICTS), required=True, format_func=words.verdict
            ),
            "reason": st.column_config.TextColumn(_("Reason")),
            **{c: st.column_config.TextColumn(_side(c)) for c in own.columns if "." in c},
        },
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Save the tests"), type="primary", key="tests_save"):
            trials.keep_tests(entity, found.rules, edited)
            state.reset(f"edit_tests:{entity}")
            st.rerun()
        st.download_button(
            _("Download the tests"), data=table.write_csv(), file_name="rule-tests.csv", mime="text/csv",
            icon=":material/download:", on_click="ignore", key="tests_download",
        )  # fmt: skip
        st.button(_("Back to the bundled tests"), key="tests_reset", on_click=trials.use_tests, args=(None,))
        with st.popover(_("Upload tests"), icon=":material/upload:"):
            given = st.file_uploader(_("Tests (CSV)"), type=["csv"], max_upload_size=5, key="tests_file")
            if given is not None and st.button(_("Use these tests"), key="tests_use"):
                trials.use_tests(given.getvalue())
                st.rerun()


def _side(column: str) -> str:
    side, _dot, field = column.partition(".")
    return f"{words.field(field)} {1 if side == SIDES[0] else 2}"


def errors(entity: str, found: Match) -> None:
    """Recall by kind of error, measured when asked for: it compares hundreds of altered records."""
    st.caption(
        _("Records of this account are altered the way people and systems alter them. Do the rules still find them?")
    )
    if not st.button(_("Measure recall by kind of error"), key="mutate") and not state.get(f"mutated:{entity}"):
        return
    state.put(f"mutated:{entity}", True)
    with frame.working(_("Altering and comparing records…")):
        measured = trials.mutations(entity, found.rules)
    if measured.is_empty():
        st.info(_("No record of this account can be altered in these ways."))
        return
    drawn = measured.with_columns(words.told(measured["kind"], meanings.mutation).alias("said")).sort("recall")
    frame.chart(
        charts.bars(drawn, name="said", value="recall", titles=(_("kind of error"), _("share recognised")), unit=".0%"),
        _("Each bar: of the records altered this way, the share that would be merged with its original."),
        key="mutations",
    )
    worst = drawn.row(0, named=True)
    st.caption(
        _(
            "Hardest: {kind}. Of {tried} records {merged} would be merged, {review} shown for review.",
            kind=plain(worst["said"]), tried=num(worst["tried"]), merged=num(worst["merged"]),
            review=num(worst["review"]),
        )
    )  # fmt: skip


def unseen(found: Match) -> str:
    """What blocking cannot see, in a sentence that says what it rests on."""
    estimated = trials.unseen(found)
    if estimated.missed is None:
        return _("All pairs are found in one way only, so nothing can be said of the matches that this way misses.")
    return sentences(
        n_(
            "About {n} match ({share} of those found) is estimated to share no key, so no threshold can reach it.",
            "About {n} matches ({share} of those found) are estimated to share no key, so no threshold can reach them.",
            round(estimated.missed),
            share=percent(estimated.share, 1),
        ),
        _("This assumes that each way of finding pairs works independently of the others; if not, it is more."),
    )
