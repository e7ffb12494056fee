"""Conditions on the Rules page: key fields, gaps, and what becomes of pairs for which certain things hold."""

import streamlit as st

from engine.match.explain import Explanation
from engine.match.run import Match
from engine.rules import Condition, Test
from pages._ui import laid_down, state, words
from pages._ui.components import exclusions
from pages._ui.text import _, labelled, listed, n_, num, percent, plain, sentences

THENS = ("merge", "review", "never", "needed")
_HOWS = ("at_least", "at_most", "filled")


def editor(entity: str, found: Match) -> None:
    """What the last change did; key fields and gaps; the conditions in use; a condition to write."""
    st.caption(
        _(
            "What you know for certain, beside the evidence. It decides which pairs are merged; precision and recall "
            "are still estimated from the evidence, so a condition that merges wrongly shows in them."
        )
    )
    _effect(entity, found)
    _keys(entity, found)
    st.markdown("**" + _("Conditions") + "**")
    if not found.rules.conditions:
        st.caption(_("There are none yet: the evidence alone decides."))
    for at, condition in enumerate(found.rules.conditions):
        _shown(entity, found, at, condition)
    _draft(entity, found)
    exclusions.editor(entity, found)


def grounds(told: Explanation) -> list[str]:
    """An explanation → sentences: what was laid down and decides the pair, which values do not count."""
    said = {
        "condition": lambda name: _("Decided by the condition “{name}”: {what}.", name=plain(name), what=what),
        "keys": lambda name: _("No key field agrees: {what}.", what=what),
        "exclusion": lambda name: _("Excluded as a pair: {what}.", what=what) + (f" {plain(name)}" if name else ""),
        "veto": lambda name: _("A veto on {field}: {what}.", field=plain(words.comparison(name)), what=what),
    }
    what = verdict(told.verdict)
    decided = [said[kind](name) for kind, name in told.decided_by]
    ignored = [p for p in told.parts if p.ignored]
    return decided + [
        _(
            "{field} does not count: {why}.",
            field=plain(words.comparison(p.comparison)),
            why=words.placeholder(p.ignored),
        )
        for p in ignored
    ]


def _effect(entity: str, found: Match) -> None:
    """What the last change of conditions, keys or exclusions did, and what they decide now."""
    changed = laid_down.effect(entity, found)
    if changed is not None:
        pairs = dict(changed.pairs.group_by("change").len().iter_rows())
        groups = dict(changed.clusters.group_by("change").len().iter_rows())
        st.info(
            _(
                "Your last change. Merged pairs: +{gained} −{lost}; groups: +{new} −{gone}.",
                gained=num(pairs.get("gained", 0)), lost=num(pairs.get("lost", 0)),
                new=num(groups.get("gained", 0)), gone=num(groups.get("lost", 0)),
            ),
            icon=":material/difference:",
        )  # fmt: skip
    counts = laid_down.decided(found)
    if counts:
        st.caption(
            sentences(
                _("Of the candidate pairs, conditions and key fields settle:"),
                listed(*(labelled(verdict(name), num(n)) for name, n in counts.items())),
            )
        )


def verdict(name: str) -> str:
    """What a condition makes of a pair → in words."""
    return {
        "merge": _("merge"),
        "apart": _("do not merge"),
        "review": _("for a person"),
        "never": _("no duplicate"),
        "open": _("the evidence decides"),
    }[name]


def then(name: str) -> str:
    """What a condition is for → in words."""
    return {
        "merge": _("Merge on this ground alone"),
        "review": _("Always show to a person"),
        "never": _("Never a duplicate"),
        "needed": _("Needed for every merge"),
    }[name]


def _keys(entity: str, found: Match) -> None:
    names = [c.name for c in found.rules.comparisons]
    roles = {c.name: c.role for c in found.rules.comparisons}
    gaps = [c.name for c in found.rules.comparisons if c.blank == "differs"]
    chosen = {}
    at = f"{entity}:{'+'.join(n for n in names if roles[n])}:{'+'.join(gaps)}"
    with st.container(border=True):
        st.markdown("**" + _("Key fields and gaps") + "**")
        left, middle, right = st.columns(3)
        for place, role, label, tip in (
            (left, "primary", _("Primary keys"), _("One of them that agrees is enough for a merge.")),
            (middle, "secondary", _("Secondary keys"), _("Two of them must agree where no primary key does.")),
        ):
            chosen[role] = place.multiselect(
                label,
                names,
                default=[n for n in names if roles[n] == role],
                format_func=words.comparison,
                placeholder=_("none"),
                help=tip,
                key=f"keys:{role}:{at}",
            )
        differs = right.multiselect(
            _("A gap counts as a difference"),
            names,
            default=gaps,
            format_func=words.comparison,
            placeholder=_("none"),
            help=_("Otherwise a missing value says nothing: neither for one record nor against."),
            key=f"gaps:{at}",
        )
        st.caption(_("A key agrees when both values are the same, however they are written. A gap never agrees."))
    both = [n for n in chosen["secondary"] if n not in chosen["primary"]]
    wanted = {n: "primary" if n in chosen["primary"] else "secondary" if n in both else "" for n in names}
    if wanted != roles or differs != gaps:
        if not chosen["primary"] and len(both) == 1:
            st.warning(_("One secondary key alone is not enough: choose another, or make it primary."))
            return
        laid_down.set_keys(entity, primary=chosen["primary"], secondary=both, gaps=differs)
        st.rerun()


def _shown(entity: str, found: Match, at: int, condition: Condition) -> None:
    with st.container(border=True):
        st.markdown(f"**{plain(condition.name)}** · {then(condition.then)}")
        st.markdown(sentence(condition))
        st.caption(_reach(found, condition))
        with st.container(horizontal=True):
            st.button(
                _("Edit"),
                key=f"condition_edit:{entity}:{at}",
                icon=":material/edit:",
                on_click=_edit,
                args=(entity, condition),
            )
            st.button(
                _("Delete"),
                key=f"condition_delete:{entity}:{at}",
                icon=":material/delete:",
                on_click=laid_down.drop_condition,
                args=(entity, condition.name),
            )


def _edit(entity: str, condition: Condition) -> None:
    state.put(f"draft:{entity}", (condition, condition.name))
    state.forget(f"condition_name:{entity}", f"condition_then:{entity}", f"condition_count:{entity}")


def _reach(found: Match, condition: Condition) -> str:
    told = laid_down.reach(found, condition)
    said = (
        n_("{n} candidate pair does not fulfil it", "{n} candidate pairs do not fulfil it", told.pairs)
        if condition.then == "needed"
        else n_("{n} candidate pair fulfils it", "{n} candidate pairs fulfil it", told.pairs)
    )
    if told.pairs:
        share = percent(told.matches / told.pairs, 1)
        said += "; " + _("of these the evidence takes {share} for one record", share=share)
    return said + "; " + n_("it decides {n} pair otherwise.", "it decides {n} pairs otherwise.", told.changed)


def sentence(condition: Condition) -> str:
    """A condition → what it says, in words."""
    parts = [" · ".join(_told(t) for t in condition.all_of)] if condition.all_of else []
    if condition.any_of:
        tests = " · ".join(_told(t) for t in condition.any_of)
        parts.append(n_("at least {n} of these:", "at least {n} of these:", condition.how_many) + " " + tests)
    return (" " + _("and") + " ").join(parts)


def _told(test: Test) -> str:
    name = plain(words.comparison(test.comparison))
    if test.at_least is not None and test.at_most is not None:
        said = _("{field} between “{low}” and “{high}”", field=name,
                 low=_level(test.at_least), high=_level(test.at_most))  # fmt: skip
    elif test.at_least is not None:
        said = _("{field} at least “{level}”", field=name, level=_level(test.at_least))
    elif test.at_most is not None:
        said = _("{field} at most “{level}”", field=name, level=_level(test.at_most))
    else:
        said = _("{field} filled in on both sides", field=name)
    return said + (" " + _("(or a gap)") if test.blank == "passes" else "")


def _level(name: str) -> str:
    return plain(words.level(name))


def _draft(entity: str, found: Match) -> None:
    """The condition being written: its tests so far, a test to add, its name, what it is for."""
    draft, before = state.get(f"draft:{entity}") or (Condition(name="", then="merge"), None)
    title = _("Edit the condition") if before else _("Write a condition")
    with st.expander(title, expanded=bool(before or draft.all_of or draft.any_of), icon=":material/add:"):
        _tests(entity, draft, before)
        _add_test(entity, found, draft, before)
        left, middle, right = st.columns([3, 2, 1])
        name = left.text_input(
            _("Name of the condition"), max_chars=80, **state.keep(f"condition_name:{entity}", draft.name)
        )
        what = middle.selectbox(
            _("What becomes of such pairs"),
            THENS,
            format_func=then,
            **state.keep(f"condition_then:{entity}", draft.then, options=list(THENS)),
        )
        count = 1
        if len(draft.any_of) > 1:
            most = len(draft.any_of)
            kept = state.keep(f"condition_count:{entity}", min(draft.how_many, most))
            count = right.number_input(_("How many of “any”"), 1, most, **kept)
        made = Condition(
            name=name.strip() or _("Condition {n}", n=num(len(found.rules.conditions) + 1)),
            then=what,
            all_of=draft.all_of,
            any_of=draft.any_of,
            how_many=int(count) if draft.any_of else 1,
        )
        empty = not made.all_of and not made.any_of
        if not empty:
            st.markdown(sentence(made))
            st.caption(_reach(found, made))
        with st.container(horizontal=True):
            if st.button(_("Use this condition"), type="primary", disabled=empty, key=f"condition_use:{entity}"):
                laid_down.put_condition(entity, made, instead_of=before)
                _clear(entity)
                st.rerun()
            st.button(_("Start over"), key=f"condition_clear:{entity}", on_click=_clear, args=(entity,))


def _clear(entity: str) -> None:
    state.forget(f"draft:{entity}", f"condition_name:{entity}", f"condition_then:{entity}", f"condition_count:{entity}")


def _tests(entity: str, draft: Condition, before: str | None) -> None:
    for group, title in (("all_of", _("All of these")), ("any_of", _("Any of these"))):
        tests = getattr(draft, group)
        if tests:
            st.markdown(title)
        for at, test in enumerate(tests):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown("– " + _told(test))
                left = (*tests[:at], *tests[at + 1 :])
                st.button(
                    _("Remove"),
                    key=f"test_drop:{entity}:{group}:{at}",
                    on_click=_set,
                    args=(entity, draft, before, group, left),
                )


def _set(entity: str, draft: Condition, before: str | None, group: str, tests: tuple[Test, ...]) -> None:
    groups = {"all_of": draft.all_of, "any_of": draft.any_of, group: tests}
    how_many = min(draft.how_many, max(1, len(groups["any_of"])))
    changed = Condition(name=draft.name, then=draft.then, how_many=how_many, **groups)
    state.put(f"draft:{entity}", (changed, before))
    state.forget(f"condition_count:{entity}")


def _add_test(entity: str, found: Match, draft: Condition, before: str | None) -> None:
    hows = {"at_least": _("is at least"), "at_most": _("is at most"), "filled": _("is filled in on both sides")}
    names = [c.name for c in found.rules.comparisons]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        comparison = st.selectbox(
            _("Comparison"), names, format_func=words.comparison, width=200,
            **state.keep(f"test_of:{entity}", names[0], options=names),
        )  # fmt: skip
        how = st.selectbox(
            _("Requirement"), _HOWS, format_func=hows.__getitem__, width=200,
            **state.keep(f"test_how:{entity}", "at_least", options=list(_HOWS)),
        )  # fmt: skip
        levels = laid_down.levels(found, comparison)
        level = st.selectbox(
            _("Level"), levels, format_func=words.level, width=270, disabled=how == "filled",
            **state.keep(f"test_level:{entity}", levels[0], options=levels),
        )  # fmt: skip
        gap = st.checkbox(_("or a gap"), help=_("A missing value then fulfils it too."),
                          **state.keep(f"test_gap:{entity}", False))  # fmt: skip
    test = laid_down.test(comparison, how, level, gap)
    with st.container(horizontal=True):
        for group, label in (("all_of", _("Add: must hold")), ("any_of", _("Add: one of several"))):
            tests = getattr(draft, group)
            st.button(
                label,
                key=f"test_add:{entity}:{group}",
                disabled=test in tests,
                on_click=_set,
                args=(entity, draft, before, group, (*tests, test)),
            )
