"""Weights and levels of the rules as a table to edit, and what each blocking rule found."""

import msgspec
import numpy as np
import polars as pl
import streamlit as st

from engine.match.run import Match
from engine.rules import Comparison, Level, Rules, validate
from pages._ui import key_words, state, words, work
from pages._ui.components import tables
from pages._ui.text import _, n_, percent, signed


def editor(entity: str, found: Match) -> None:
    """A row per level: where it begins, how likely it is among matches and others, its weight, bits by hand."""
    rules = found.rules
    st.caption(
        _(
            "A level is a degree of agreement. Its weight says how much more often it occurs in records that are one "
            "(1 bit = twice as often). “From” moves its lower boundary; “By hand” adds bits."
        )
    )
    shown = _table(rules)
    edited = st.data_editor(
        tables.written(
            shown,
            {
                _("Weight, bits"): signed,
                _("Among the same"): lambda share: percent(share / 100, 1),
                _("Among others"): lambda share: percent(share / 100, 2),
            },
        ),
        hide_index=True,
        key=f"levels:{entity}",
        disabled=[c for c in shown.columns if c not in (_("From"), _("By hand, bits"))],
        column_config={
            _("From"): st.column_config.NumberColumn(min_value=0, max_value=120, step=1, help=_boundary_help()),
            # What is typed is written and read as the browser's language has it.
            _("By hand, bits"): st.column_config.NumberColumn(
                min_value=-20.0, max_value=20.0, step=0.5, format="localized"
            ),
        },
    )
    on = [c.name for c in rules.comparisons if c.enabled]
    chosen = st.multiselect(
        _("Comparisons that count"),
        [c.name for c in rules.comparisons],
        default=on,
        format_func=words.comparison,
        placeholder=_("none"),
        key=f"enabled:{entity}:{len(on)}",
    )
    with st.container(horizontal=True):
        if st.button(_("Apply"), type="primary", key="apply_levels"):
            _apply(entity, rules, pl.from_pandas(edited), chosen)
        judged = work.judgements(entity).height
        label = n_("Learn the weights from {n} judgement", "Learn the weights from {n} judgements", judged)
        if st.button(label, disabled=judged < 10, key="learn", help=_("Needs at least 10 judgements.")):
            work.learn(entity)
            st.rerun()


def _table(rules: Rules) -> pl.DataFrame:
    rows = []
    for comparison in rules.comparisons:
        matches, others = _shares(rules, comparison)
        for position, level in enumerate(comparison.levels):
            code = len(comparison.levels) - 1 - position
            m, u = matches[code], others[code]
            rows.append(
                {
                    _("Comparison"): words.comparison(comparison.name),
                    _("Level"): words.level(level.name),
                    _("From"): level.at_least,
                    _("Among the same"): 100 * m,
                    _("Among others"): 100 * u,
                    _("Weight, bits"): float(np.log2(m / u)),
                    _("By hand, bits"): float(level.adjust),
                }
            )
    return pl.DataFrame(rows)


def _shares(rules: Rules, comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """P(level) among the matches, and among all kinds of other pairs together, for codes 1…k."""
    first, *rest = rules.weights.classes
    share = np.array([c.share for c in rest])
    others = np.array([c.levels[comparison.name] for c in rest])
    return np.array(first.levels[comparison.name]), (share[:, None] * others).sum(axis=0) / share.sum()


def _apply(entity: str, rules: Rules, edited: pl.DataFrame, chosen: list[str]) -> None:
    rows = iter(edited.iter_rows(named=True))
    comparisons = []
    moved = False
    for comparison in rules.comparisons:
        made = []
        for level in comparison.levels:
            row = next(rows)
            made.append(Level(level.name, int(row[_("From")]), float(row[_("By hand, bits")] or 0.0)))
        moved = moved or [x.at_least for x in made] != [x.at_least for x in comparison.levels]
        comparisons.append(msgspec.structs.replace(comparison, levels=tuple(made), enabled=comparison.name in chosen))
    changed = msgspec.structs.replace(rules, comparisons=tuple(comparisons))
    validate(changed)
    if moved:  # other levels hold other pairs: what was estimated for the old ones no longer fits
        changed = msgspec.structs.replace(changed, weights=type(rules.weights)())
    work.change(entity, changed)
    state.reset(f"levels:{entity}")
    st.rerun()


def _boundary_help() -> str:
    return _(
        "0…99: how alike two different values are. 100…120: the same value; the higher, the rarer it is in the account."
    )


def blocking(found: Match) -> None:
    """What each blocking rule found, and the values it skipped because too many records share them."""
    st.caption(
        _(
            "Only records that share a key are compared. “Only here” counts pairs that no other rule found; "
            "values held by very many records (“skipped”) are left out."
        )
    )
    keys = {rule.name: rule.keys for rule in found.rules.blocking}
    table = found.blocking.rename(
        {
            "rule": _("Rule"),
            "pairs": _("Pairs"),
            "only_here": _("Only here"),
            "capped_values": _("Values skipped"),
            "capped_pairs": _("Pairs skipped"),
        }
    ).with_columns(
        words.told(found.blocking["rule"], lambda name: key_words.blocking_keys(keys[name])).alias(_("Rule"))
    )
    tables.table(table, column_config={_("Rule"): st.column_config.TextColumn(width=380)})
    if found.placeholders.height:
        st.markdown("**" + _("Placeholders that do not count as agreement") + "**")
        tables.table(
            found.placeholders.select(
                words.told(found.placeholders["comparison"], words.comparison).alias(_("Comparison")),
                pl.col("value").alias(_("Value")),
                pl.col("records").alias(_("Records")),
                words.told(found.placeholders["reason"], words.placeholder).alias(_("Why")),
            )
        )
