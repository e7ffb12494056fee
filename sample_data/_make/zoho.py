"""The Zoho-shaped account in English: contacts, accounts, deals, attachments, with truth and judgements.

`write(folder, seed)` writes everything; the same seed gives the same bytes.
"""

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sample_data._make.judging import Candidate, write_truth
from sample_data._make.words_en import INDUSTRIES, OWNERS, SOURCES
from sample_data._make.zoho_people import account_cells, accounts, people, person_cells

CONTACTS = (
    "Record Id|Contact Owner.id|Contact Owner|Lead Source|First Name|Last Name|Account Name.id|Account Name|Title|"
    "Email|Phone|Mobile|Secondary Email|Mailing Street|Mailing City|Mailing State|Mailing Zip|Created By|Modified By|"
    "Created Time|Modified Time|Last Activity Time|Tag"
).split("|")
ACCOUNTS = (
    "Record Id|Account Owner.id|Account Owner|Account Name|Phone|Website|Industry|Billing Street|Billing City|"
    "Billing State|Billing Code|Created By|Modified By|Created Time|Modified Time|Last Activity Time|Tag"
).split("|")
DEALS = (
    "Record Id|Deal Owner.id|Deal Owner|Deal Name|Amount|Stage|Pipeline|Closing Date|Account Name.id|Account Name|"
    "Contact Name.id|Contact Name|Lead Source|Created By|Modified By|Created Time|Modified Time|Last Activity Time"
).split("|")
ATTACHMENTS = "Record Id|Parent.id|Parent Module|File Name|Size|Created Time".split("|")
STAGES = "Qualification|Needs Analysis|Proposal/Price Quote|Negotiation/Review|Closed Won|Closed Won|Closed Lost"
START, END = datetime(2021, 3, 1, 9), datetime(2026, 10, 30, 18)
ENOUGH = 3.2


@dataclass
class Row:
    entity: str
    cells: dict[str, str]
    facts: dict[str, Any]
    created: datetime
    account: "Row | None" = None
    id: str = ""


def _evidence(a: Row, b: Row) -> float:
    x, y = a.facts, b.facts
    if "core" in x:
        return 1.7 + 2.5 * (x["phone"] and y["phone"]) + 2.5 * (x["web"] and y["web"]) + 1.5 * (x["city"] and y["city"])
    found = 3 * (x["mobile"] and y["mobile"]) + 3 * bool(x["emails"] & y["emails"])
    found += 1.2 * (x["account"] and y["account"]) + 0.4 * (x["city"] and y["city"])
    return float(found + (2 if {"first", "last"} <= x["parts"] & y["parts"] else 1))


def _moment(rng: Random, start: datetime = START) -> datetime:
    when = start + timedelta(minutes=int(rng.random() * ((END - start).days + 1) * 1440))
    return min(when.replace(hour=9 + when.hour % 9, second=rng.randrange(60)), END)


def _rows(rng: Random, things: list[Any], cells_of: Any, extra: int, homes: dict[str, list[Row]]) -> list[Row]:
    """Things → one record each and `extra` duplicates, each recognisable beside an earlier record."""
    copies = [0] * len(things)
    while sum(copies) < extra:
        at = rng.randrange(len(things))
        copies[at] = max(copies[at], rng.choice((1, 1, 1, 1, 2, 2, 3)))
    rows: list[Row] = []
    for thing, more in zip(things, copies, strict=True):
        written: list[Row] = []
        for turn in range(1 + (min(more, 1) if thing.careful else more)):
            for _ in range(40):
                row = Row(thing.key, *cells_of(rng, thing, turn > 0), created=_moment(rng))
                if not written or max(_evidence(row, other) for other in written) >= ENOUGH:
                    break
            if row.facts.get("account"):
                row.account = rng.choice(homes[thing.account.key])
            written.append(row)
        homes[thing.key] = written
        rows += written
    return rows


def _finish(rng: Random, rows: list[Row], kind: str, base: int) -> None:
    """Gives ids, owners and dates, in the order in which the records were made."""
    rows.sort(key=lambda r: (r.created, r.entity))
    for row in rows:
        base += rng.randrange(1, 400)
        row.id = f"zcrm_{base}"
        owner = int(rng.random() ** 1.0 * len(OWNERS))
        edited = min(END, row.created + timedelta(days=int(rng.random() ** 3 * 900), minutes=rng.randrange(50)))
        row.cells |= {
            "Record Id": row.id,
            f"{kind} Owner": OWNERS[owner],
            f"{kind} Owner.id": f"zcrm_48710000000{320 + owner}001",
            "Created By": OWNERS[owner],
            "Modified By": rng.choice(OWNERS),
            "Created Time": f"{row.created:%Y-%m-%d %H:%M:%S}",
            "Modified Time": f"{edited:%Y-%m-%d %H:%M:%S}",
            "Last Activity Time": f"{edited:%Y-%m-%d %H:%M:%S}" if rng.random() < 0.7 else "",
        }
        if rng.random() < 0.12:
            row.cells["Tag"] = rng.choice(("VIP", "newsletter", "do not call", "trade show 2024"))


def _deals(rng: Random, contacts: list[Row], count: int) -> list[Row]:
    rows = []
    for _ in range(count):
        contact = rng.choice(contacts)
        created = _moment(rng, contact.created)
        who = contact.account.cells["Account Name"] if contact.account else contact.cells["Last Name"]
        stage = rng.choice(STAGES.split("|"))
        what = rng.choice(("Annual contract", "Renewal", "Pilot", "Spare parts", "Upgrade", "Consulting"))
        cells = {
            "Deal Name": f"{who} - {what}",
            "Amount": str(rng.randrange(4, 900) * 250),
            "Stage": stage,
            "Pipeline": "Renewals" if what == "Renewal" else "Standard",
            "Closing Date": f"{created + timedelta(days=rng.randrange(10, 200)):%Y-%m-%d}",
            "Contact Name.id": contact.id,
            "Contact Name": f"{contact.cells['First Name']} {contact.cells['Last Name']}".strip(),
            "Lead Source": contact.cells["Lead Source"],
        }
        if contact.account:
            cells |= {"Account Name.id": contact.account.id, "Account Name": who}
        rows.append(Row("", cells, {}, created))
    return rows


def _attachments(rng: Random, parents: list[tuple[str, Row]], count: int) -> list[Row]:
    """Parents (module, record) → attachments; a brochure is attached again and again."""
    kinds = (("Quote {}.pdf", 400), ("Contract {}.docx", 180), ("IMG_{}.jpg", 2600), ("PO {}.pdf", 120))
    kinds += (("Call recording {}.mp3", 1400), ("Drawing {}.dwg", 3900), ("Product demo {}.mp4", 38000))
    brochures = (("Company brochure.pdf", 11_804_233), ("W-9.pdf", 141_900), ("Price list 2025.xlsx", 702_114))
    rows = []
    for _ in range(count):
        module, parent = rng.choice(parents)
        created, kind = _moment(rng, parent.created), rng.choice(kinds[:6] if rng.random() < 0.98 else kinds)
        name, size = kind[0].format(rng.randrange(100, 9999)), int(kind[1] * 1024 * (0.3 + 1.4 * rng.random()))
        if rng.random() < 0.15:
            name, size = rng.choice(brochures)
        cells = {"Parent.id": parent.id, "Parent Module": module, "File Name": name, "Size": str(size)}
        rows.append(Row("", cells, {}, created))
    return rows


def _table(path: Path, header: list[str], rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")  # Zoho's exports end lines so
        writer.writerow(header)
        writer.writerows([row.cells.get(column, "") for column in header] for row in rows)


def write(folder: Path, *, seed: int) -> None:
    """Folder, seed → four tables, truth.csv, judgements.csv and hard_negatives.csv in the folder."""
    rng = Random(f"{seed} zoho")
    known, alike = accounts(rng, 178)
    persons, alike_people = people(rng, known, 438)
    homes: dict[str, list[Row]] = {}
    companies = _rows(rng, known, account_cells, 26, homes)
    contacts = _rows(rng, persons, person_cells, 66, homes)
    for row in companies:
        row.cells["Industry"] = rng.choice(INDUSTRIES)
    _finish(rng, companies, "Account", 4_871_000_000_410_000)
    for row in contacts:
        row.cells["Lead Source"] = rng.choice(SOURCES)
        if row.account:
            row.cells |= {"Account Name.id": row.account.id, "Account Name": row.account.cells["Account Name"]}
    _finish(rng, contacts, "Contact", 4_871_000_000_620_000)
    deals = _deals(rng, contacts, 320)
    _finish(rng, deals, "Deal", 4_871_000_000_810_000)
    parents = (
        [("Deals", d) for d in deals] * 2 + [("Contacts", c) for c in contacts] + [("Accounts", c) for c in companies]
    )
    attachments = _attachments(rng, parents, 640)
    _finish(rng, attachments, "", 4_871_000_000_990_000)
    for name, header, rows in (
        ("contacts.csv", CONTACTS, contacts),
        ("accounts.csv", ACCOUNTS, companies),
        ("deals.csv", DEALS, deals),
        ("attachments.csv", ATTACHMENTS, attachments),
    ):
        _table(folder / name, header, rows)
    candidates = [Candidate(r.id, r.entity, "company", str(r.facts["phone"]), "") for r in companies]
    candidates += [Candidate(r.id, r.entity, "contact", "", r.facts["office"]) for r in contacts]
    judges = ["Dana Whitfield", "Priya Raman"]
    write_truth(folder, candidates, alike + alike_people, rng, judges=judges, pairs=120)
