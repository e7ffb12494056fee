"""Rules as a file: undo and redo, back to the start, suggest, download, upload."""

import streamlit as st

from engine import rules as rule_files
from engine.errors import RulesError
from pages._ui import state, work
from pages._ui.text import _


def bar(entity: str) -> None:
    """One row of buttons above the thresholds."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _button(_("Undo"), ":material/undo:", "undo", disabled=not state.can("undo"), act=lambda: state.step("undo"))
        _button(_("Redo"), ":material/redo:", "redo", disabled=not state.can("redo"), act=lambda: state.step("redo"))
        _button(
            _("Suggested rules"),
            ":material/auto_awesome:",
            "suggest",
            help=_("Forget all changes and start from what suits this account."),
            act=lambda: work.reset(entity),
        )
        st.download_button(
            _("Download rules"),
            data=lambda: rule_files.dump(work.match(entity).rules),
            file_name=f"rules-{entity}.yaml",
            mime="application/yaml",
            icon=":material/download:",
            on_click="ignore",
            key="rules_download",
        )
        with st.popover(_("Upload rules"), icon=":material/upload:"):
            _upload(entity)


def _upload(entity: str) -> None:
    given = st.file_uploader(_("A rules file (YAML)"), type=["yaml", "yml"], max_upload_size=1, key="rules_file")
    if given is not None and st.button(_("Use these rules"), type="primary", key="rules_use"):
        try:
            loaded = rule_files.load(given.getvalue().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise RulesError("the rule file is not UTF-8 text", code="rules_not_yaml") from error
        if loaded.entity != entity:
            raise RulesError(f"these rules are for {loaded.entity!r}, not for {entity!r}", code="rules_other_entity")
        work.change(entity, loaded)
        st.rerun()


def _button(label: str, icon: str, key: str, *, act: object, disabled: bool = False, help: str | None = None) -> None:
    st.button(label, icon=icon, key=key, disabled=disabled, on_click=act, help=help)
