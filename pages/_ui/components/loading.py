"""Loading an export: choose files, check encoding, delimiter, CRM and mapping, keep it as a snapshot."""

import datetime as dt

import polars as pl
import streamlit as st

from engine.snapshot import map as mapping
from engine.snapshot.mapping import FIELDS, Mapping
from pages._ui import cache, intake, meanings, state, words
from pages._ui.components import frame
from pages._ui.text import _, day_format, n_, plain, size

ENCODINGS = ("utf-8", "utf-16", "cp1251", "cp866", "gb18030", "latin-1")
DELIMITERS = {",": ",", ";": ";", "\t": "Tab", "|": "|"}
_TYPES = ["csv", "tsv", "txt", "xlsx", "json", "parquet", "zip"]
_EXAMPLE = 40  # letters


def load() -> None:
    """Choose files, check how they were read, keep them."""
    choose()
    with frame.guard():
        draft()


def just_kept() -> None:
    """Once, after a snapshot was kept: says so."""
    if state.take("just_kept"):
        st.success(_("The snapshot is kept. You are looking at it now."), icon=":material/check:")


def choose() -> None:
    """Three ways in: upload, the inbox folder, the bundled sample account."""
    upload, inbox, sample = st.columns([2, 2, 1])
    with upload:
        given = st.file_uploader(
            _("Files of one export: CSV, XLSX, JSON, Parquet, or a ZIP of them"),
            type=_TYPES,
            accept_multiple_files=True,
            key=_upload_key(),
        )
        if given and st.button(_("Read the files"), type="primary", key="read_upload"):
            state.put("draft", {"paths": intake.store_uploads(given)})
    with inbox:
        there = intake.inbox()
        st.multiselect(
            _("Larger files: from the inbox folder"),
            list(there),
            format_func=lambda name: f"{name} · {size(there[name])}",
            placeholder=_("Choose files") if there else _("The inbox is empty"),
            help=_("Put files that are too large to upload into {folder}", folder=plain(intake.inbox_folder())),
            disabled=not there,
            **state.keep("inbox", []),
        )
        chosen = [name for name in state.get("inbox") or [] if name in there]
        if chosen and st.button(_("Read the files"), type="primary", key="read_inbox"):
            state.put("draft", {"paths": intake.inbox_paths(chosen)})
    with sample:
        st.caption(_("To try things out:"))
        st.button(_("Load the sample account"), key="load_sample", on_click=intake.begin_sample)


def draft() -> None:
    """The files that were read and are not kept yet: check, correct, keep."""
    current = state.get("draft")
    if not current:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader(_("Check how the files were read"), anchor=False, width="content")
        if st.button(_("Forget these files"), key="forget_draft"):
            _clear()
            st.rerun()
    encoding, delimiter = _reading()
    with frame.working(_("Reading…")):
        tables = cache.tables(tuple(current["paths"]), encoding, delimiter)
        guessed = [mapping.recognise(t) for t in tables]
    corrected = state.get("mappings", {})
    used = [mapping.load(corrected[t.name]) if t.name in corrected else g for t, g in zip(tables, guessed, strict=True)]
    for at, (table, one) in enumerate(zip(tables, used, strict=True)):
        label = " · ".join([plain(table.name), n_("{n} row", "{n} rows", table.frame.height), meanings.crm(one.crm)])
        with st.expander(label, expanded=one.crm == "unknown" and table.frame.width > 0):
            st.caption(
                _(
                    "Format {format}, encoding {encoding}, delimiter {delimiter}",
                    format=table.format,
                    encoding=table.encoding or "–",
                    delimiter=DELIMITERS.get(table.delimiter or "", "–"),
                )
            )
            _editor(at, table, one)
    keep, day = st.columns(2, vertical_alignment="bottom")
    as_of = day.date_input(_("Day of the export"), format=day_format(), key="draft_day")
    keep.button(
        _("Keep as a snapshot"), type="primary", key="keep_draft", width="stretch", on_click=intake.begin_keeping
    )
    if state.get("keeping"):
        with frame.working(_("Keeping the snapshot…")):
            intake.keep_snapshot(tables, used, as_of if isinstance(as_of, dt.date) else dt.date.today())
        _clear()
        state.put("just_kept", True)
        st.rerun()


def _upload_key() -> str:
    """The uploader's key: another one, once its files are done with, is how it is emptied."""
    emptied = state.get("uploads", 0)
    return f"upload:{emptied}" if emptied else "upload"


def _clear() -> None:
    """The draft and the chosen files are done with."""
    state.forget("draft", "mappings", "keeping", "inbox")
    state.put("uploads", state.get("uploads", 0) + 1)


def _reading() -> tuple[str | None, str | None]:
    """How text files are read: detected, unless the visitor says otherwise."""
    left, right = st.columns(2)
    auto = _("as detected")
    left.selectbox(
        _("Encoding"),
        [None, *ENCODINGS],
        format_func=lambda e: e or auto,
        placeholder=auto,
        help=_("Choose another one when letters look wrong below."),
        **state.keep("encoding"),
    )
    right.selectbox(
        _("Delimiter"),
        [None, *DELIMITERS],
        format_func=lambda d: DELIMITERS[d] if d else auto,
        placeholder=auto,
        **state.keep("delimiter"),
    )
    return state.get("encoding"), state.get("delimiter")


def _editor(at: int, table: object, one: Mapping) -> None:
    """A row per column: its header, an example, and the field it is taken for, per entity."""
    frame_ = table.frame  # type: ignore[attr-defined]
    if not frame_.width:
        st.warning(_("This file is not a table and was left out."))
        return
    fields = {e.entity: {words.field(f): f for f in FIELDS[e.entity]} for e in one.entities}
    rows = {
        _("Column"): frame_.columns,
        _("Example"): [_example(frame_[c]) for c in frame_.columns],
        **{
            words.entity(e.entity): [
                words.field(e.columns[c]) if c in e.columns else None for c in frame_.columns
            ]
            for e in one.entities
        },
    }  # fmt: skip
    edited = st.data_editor(
        pl.DataFrame(rows, strict=False),
        hide_index=True,
        key=f"mapping:{at}",
        placeholder="–",
        disabled=[_("Column"), _("Example")],
        column_config={
            words.entity(e): st.column_config.SelectboxColumn(options=list(known)) for e, known in fields.items()
        },
    )
    if st.button(_("Use this mapping"), key=f"use_mapping:{at}"):
        changed = one
        for part in one.entities:
            wanted = edited[words.entity(part.entity)]
            for column, label in zip(frame_.columns, wanted, strict=True):
                field = fields[part.entity].get(label) if label else None
                if field != part.columns.get(column):
                    changed = mapping.correct(changed, column, field, entity=part.entity)
        state.put("mappings", {**state.get("mappings", {}), table.name: mapping.dump(changed)})  # type: ignore[attr-defined]
        state.reset(f"mapping:{at}")
        st.rerun()


def _example(values: pl.Series) -> str:
    first = values.drop_nulls().head(1)
    return str(first[0])[:_EXAMPLE] if len(first) else ""
