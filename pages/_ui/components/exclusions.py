"""Exclusions: what is never a duplicate, or proves nothing; listed, added and taken back, and offered at a pair."""

import streamlit as st

from engine.match.explain import Explanation
from engine.match.run import Match
from engine.rules import DOMAIN_KINDS, Exclusion
from pages._ui import laid_down, state, words, work
from pages._ui.text import _, plain

_LISTED = 100


def editor(entity: str, found: Match) -> None:
    """The exclusions in use with their reasons, and a new one."""
    st.markdown("**" + _("Exclusions") + "**")
    there = found.rules.exclusions
    if not there:
        st.caption(_("There are none. A pair can be excluded where it is shown, here and on the Review page."))
    for at, exclusion in enumerate(there[:_LISTED]):
        with st.container(horizontal=True, vertical_alignment="center"):
            reason = f" · {plain(exclusion.reason)}" if exclusion.reason else ""
            st.markdown("– " + told(exclusion) + reason)
            st.button(
                _("Take back"),
                key=f"include:{entity}:{at}",
                on_click=laid_down.include,
                args=(entity, exclusion),
            )
    if len(there) > _LISTED:
        st.caption(_("The others are in the rules file: download it to see them."))
    _new(entity, found)


def told(exclusion: Exclusion) -> str:
    """An exclusion → what it says, in words."""
    if exclusion.pair is not None:
        left, right = exclusion.pair
        return _("The records {left} and {right} are two", left=plain(left), right=plain(right))
    where = plain(words.comparison(exclusion.comparison)) if exclusion.comparison else ""
    if exclusion.domain is not None:
        domain = plain(exclusion.domain)
        if where:
            return _("{field}: every address at {domain} proves nothing", field=where, domain=domain)
        return _("Every address at {domain} proves nothing", domain=domain)
    return _("{field}: “{value}” proves nothing", field=where, value=plain(exclusion.value))


def _new(entity: str, found: Match) -> None:
    names = [c.name for c in found.rules.comparisons]
    ways = {"value": _("A value"), "pair": _("A pair of records")}
    if any(c.kind in DOMAIN_KINDS for c in found.rules.comparisons):
        ways["domain"] = _("A domain")
    with st.expander(_("Exclude something"), icon=":material/block:"):
        way = st.segmented_control(
            _("What"), list(ways), required=True, format_func=ways.__getitem__,
            **state.keep(f"exclude_way:{entity}", "value", options=list(ways)),
        )  # fmt: skip
        with st.form(f"exclude:{entity}:{way}", border=False, clear_on_submit=True):
            made = _asked(entity, found, str(way), names)
            reason = st.text_input(_("Why (optional)"), max_chars=200, key=f"exclude_reason:{entity}:{way}")
            if st.form_submit_button(_("Exclude"), key=f"exclude_add:{entity}:{way}"):
                if made is None:
                    st.warning(_("Fill in what is to be excluded; the records must be of this account."))
                else:
                    laid_down.exclude(entity, laid_down.because(made, reason.strip()))
                    st.rerun()


def _asked(entity: str, found: Match, way: str, names: list[str]) -> Exclusion | None:
    """The fields of one kind of exclusion → what was filled in, None while something is missing."""
    if way == "pair":
        left = st.text_input(_("ID of the first record"), key=f"exclude_left:{entity}").strip()
        right = st.text_input(_("ID of the second record"), key=f"exclude_right:{entity}").strip()
        known = laid_down.known_records(found, left, right)
        return Exclusion(pair=(left, right)) if known and left != right else None
    if way == "domain":
        domain = st.text_input(_("Domain"), key=f"exclude_domain:{entity}").strip()
        return Exclusion(domain=domain) if "." in domain else None
    comparison = st.selectbox(_("Comparison"), names, format_func=words.comparison, key=f"exclude_in:{entity}")
    value = st.text_input(_("Value, however it is written"), key=f"exclude_value:{entity}").strip()
    return Exclusion(comparison=comparison, value=value) if value else None


def offer(found: Match, pair: Explanation, *, view: str) -> None:
    """At a pair: never a duplicate on the ground of this pair, of a value they share, of a domain they share."""
    entity = found.rules.entity
    ids = sorted((pair.left_id, pair.right_id))
    choices = [Exclusion(pair=(ids[0], ids[1])), *work.shared(found, pair)]
    at = f"{view}:{ids[0]}:{ids[1]}"
    with st.popover(_("Never a duplicate"), icon=":material/block:", key=f"never:{at}"):
        chosen = st.radio(_("On what ground"), range(len(choices)), format_func=lambda i: told(choices[i]),
                          key=f"never_what:{at}")  # fmt: skip
        reason = st.text_input(_("Why (optional)"), max_chars=200, key=f"never_reason:{at}")
        st.caption(_("It becomes part of the rules: undo it on the Rules page, save or download the rules to keep it."))
        st.button(
            _("Exclude"),
            key=f"never_do:{at}",
            type="primary",
            on_click=laid_down.exclude,
            args=(entity, laid_down.because(choices[chosen or 0], reason.strip())),
        )
