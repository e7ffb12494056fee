"""The amoCRM account: two exports a month apart, in amoCRM's own formats, with truth and judgements.

`write(folder, seed)` writes everything; the same seed gives the same bytes.
"""

import csv
import io
import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_BZIP2, ZipFile, ZipInfo

from sample_data._make import amocrm_deals, amocrm_files, amocrm_records, amocrm_world
from sample_data._make.amocrm_deals import Deal
from sample_data._make.amocrm_files import File, unix
from sample_data._make.amocrm_headers import CONTACTS, LEADS
from sample_data._make.amocrm_records import FIRST, LATEST, Record
from sample_data._make.judging import Candidate, write_truth

DATE = "%d.%m.%Y %H:%M:%S"
CARRIED = LEADS[21:33]  # columns that a deal's row copies from its contact
QUOTA = {
    "file_quota_bytes": 10 * 1024**3,
    "note": "10 GB of file storage; the trash takes no space. Set by hand, an export does not say it.",
}


def _contact_row(record: Record, at: datetime, deals: str) -> list[str]:
    cells = dict(record.cells)
    updated = record.updated
    if at < LATEST and record.before:
        cells |= record.before
        updated = record.before_updated or record.updated
    employer = record.employer
    if employer:
        cells["Название компании"] = employer.cells["Название компании"] if employer.alive(at) else ""
    cells |= {
        "ID": record.id,
        "Тип": record.kind,
        "Дата создания контакта": record.created.strftime(DATE),
        "Дата редактирования": updated.strftime(DATE),
        "Сделки": deals,
    }
    return [cells.get(column, "") for column in CONTACTS]


def _lead_row(deal: Deal, at: datetime) -> list[str]:
    moved = at < LATEST and bool(deal.stage_before)
    contact = deal.contact if deal.contact and deal.contact.alive(at) else None
    company = deal.company if deal.company and deal.company.alive(at) else None
    cells = {
        "ID": deal.id,
        "Название сделки": deal.name,
        "Бюджет ": str(deal.amount),
        "Ответственный": deal.owner,
        "Дата создания сделки": deal.created.strftime(DATE),
        "Кем создана сделка": deal.creator,
        "Дата редактирования": ((deal.updated_before if moved else None) or deal.updated).strftime(DATE),
        "Кем редактирована": deal.owner.removesuffix(" (уволен)"),
        "Дата закрытия": deal.closed.strftime("%d.%m.%Y %H:%M:00") if deal.closed and not moved else "не закрыта",
        "Теги": "" if moved else deal.tags,
        "Этап сделки": deal.stage_before if moved else deal.stage,
        "Воронка": deal.pipeline,
        "Компания": company.cells["Название компании"] if company else "",
    }
    for number, note in enumerate(deal.notes, start=1):
        cells["Примечание" if number == 1 else f"Примечание {number}"] = note
    if contact:
        carried = {c: contact.cells.get(c, "") for c in CARRIED} | (contact.before if at < LATEST else {})
        cells |= {column: carried[column] for column in CARRIED}
        cells["Полное имя контакта"] = contact.cells["Полное имя контакта"]
        cells["Ответственный за контакт"] = contact.cells["Ответственный"]
        cells["Компания контакта"] = cells["Компания"]
    row = [cells.get(column, "") if LEADS.index(column) == i else "" for i, column in enumerate(LEADS)]
    again = {column: len(LEADS) - 1 - LEADS[::-1].index(column) for column in ("Товар", "Источник", "uid")}
    row[again["Товар"]], row[LEADS.index("Производитель")] = deal.product, deal.maker
    row[again["Источник"]] = deal.source
    if deal.source == "Сайт":
        row[again["uid"]], row[LEADS.index("domain")] = (
            str(6 * 10**8 + int(deal.id)),
            "prom.example",
        )
        row[LEADS.index("utm_source")] = ("yandex", "google", "direct", "")[int(deal.id) % 4]
    return row


def _table(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _json_list(items: list[dict[str, Any]], wrap: str = "") -> str:
    """Items → JSON text, one item a line, as a bare list or as amoCRM's `_embedded` list."""
    lines = ",\n".join(json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in items)
    head, tail = (f'{{"_count":{len(items)},"_embedded":{{"{wrap}":[\n', "\n]}}\n") if wrap else ("[\n", "\n]\n")
    return head + lines + tail


def _file_item(file: File, at: datetime) -> dict[str, Any]:
    versions = file.versions(at)
    trashed = file.trashed is not None and file.trashed <= at
    return {
        "uuid": file.uuid,
        "version_uuid": versions[-1][0],
        "name": file.name,
        "size": versions[-1][1],
        "type": file.kind[2],
        "is_trashed": trashed,
        "has_multiple_versions": len(versions) > 1,
        "created_at": unix(versions[0][2]),
        "updated_at": unix(versions[-1][2]),
        "deleted_at": unix(file.trashed) if trashed and file.trashed else None,
        "metadata": {"extension": file.kind[0], "mime_type": file.kind[1]},
    }


def _version_items(file: File, at: datetime) -> list[dict[str, Any]]:
    versions = file.versions(at)
    return [
        {
            "uuid": uuid,
            "file_uuid": file.uuid,
            "name": file.name,
            "size": size,
            "type": file.kind[2],
            "is_main": uuid == versions[-1][0],
            "created_at": unix(when),
            "updated_at": unix(when),
        }
        for uuid, size, when in reversed(versions)
        if len(versions) > 1
    ]


def _link_items(files: list[File], at: datetime) -> list[dict[str, Any]]:
    items = []
    for file in files:
        entities = [{"id": int(to.id), "entity_type": kind} for kind, to in file.links if to.alive(at)]
        if entities:
            items.append({"file_uuid": file.uuid, "entities": entities})
    return items


def _export(folder: Path, at: datetime, records: list[Record], deals: list[Deal], files: list[File]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[int, list[str]] = defaultdict(list)
    for deal in deals:
        if deal.alive(at) and deal.contact:
            names[id(deal.contact)].append(deal.name)
    rows = [_contact_row(r, at, ", ".join(names[id(r)][:2])) for r in reversed(records) if r.alive(at)]
    there = [f for f in files if f.alive(at)]
    contacts = _table(CONTACTS, rows)
    others = {
        "leads.csv": _table(LEADS, [_lead_row(d, at) for d in reversed(deals) if d.alive(at)]),
        "files.json": _json_list([_file_item(f, at) for f in there], "files"),
        "file_versions.json": _json_list([v for f in there for v in _version_items(f, at)], "versions"),
        "links.json": _json_list(_link_items(there, at)),
    }
    for name, text in {"contacts.csv": contacts, **(others if at == LATEST else {})}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    if at < LATEST:
        _pack(folder / "leads-and-files.zip", others, at)


def _pack(path: Path, texts: dict[str, str], at: datetime) -> None:
    """Texts by name → a ZIP of them; the older export is packed because its lists are large."""
    with ZipFile(path, "w") as archive:
        for name, text in texts.items():
            entry = ZipInfo(name, date_time=at.timetuple()[:6])
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(entry, text, compress_type=ZIP_BZIP2)


def write(folder: Path, *, seed: int) -> None:
    """Folder, seed → the two exports, truth.csv, judgements.csv, hard_negatives.csv and quota.json in the folder."""
    world = amocrm_world.build(Random(f"{seed} amocrm world"))
    records = amocrm_records.build(Random(f"{seed} amocrm records"), world)
    deals = amocrm_deals.build(Random(f"{seed} amocrm deals"), records)
    files = amocrm_files.build(Random(f"{seed} amocrm files"), records, deals)
    for at in (FIRST, LATEST):
        _export(folder / at.strftime("%Y-%m-%d"), at, records, deals, files)
    entity = {"контакт": "contact", "компания": "company"}
    known = [
        Candidate(r.id, r.entity, entity[r.kind], r.cells["Полное имя контакта"], str(r.facts["office"] or ""))
        for r in records
        if r.alive(LATEST)
    ]
    judges = ["Ольга", "Денис", "Лилия"]
    write_truth(folder, known, world.negatives, Random(f"{seed} amocrm judgements"), judges=judges, pairs=300)
    text = json.dumps(QUOTA, ensure_ascii=False, indent=1)
    (folder / "quota.json").write_text(text + "\n", encoding="utf-8", newline="\n")
