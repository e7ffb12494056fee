"""The Fxiaoke-shaped account in Chinese: 客户.csv (companies, GB18030) and 联系人.csv (contacts), with the truth.

`write(folder, seed)` writes everything; the same seed gives the same bytes.
"""

import csv
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sample_data._make.fxiaoke_names import Company, Person, build, company_name, mobile, person_name, tel, wide
from sample_data._make.judging import Candidate, write_truth
from sample_data._make.words_zh import DEPARTMENTS, LEVELS, OWNERS, SOURCES, STREETS, TITLES

COMPANIES = (
    "客户名称（必填）|客户编号|客户级别|客户来源|电话|邮件|网址|省|市|区|详细地址|统一社会信用代码|负责人（必填）|归属部门|"
    "成交状态|备注|创建人|创建时间|最后修改人|最后修改时间|最后跟进时间"
).split("|")
CONTACTS = (
    "姓名（必填）|联系人编号|客户名称（必填）|职务|手机|电话|邮件|备注|负责人（必填）|归属部门|创建人|创建时间|最后修改人|最后修改时间"
).split("|")
START, END = datetime(2021, 2, 20, 9), datetime(2026, 10, 30, 18)
NAME, CLIENT = "姓名（必填）", "客户名称（必填）"
ENOUGH = 3.2
NOTHING = ("无", "-", "暂无", "13800000000", "000000")


@dataclass
class Row:
    cluster: str
    cells: dict[str, str]
    facts: dict[str, Any]
    created: datetime
    company: "Row | None" = None
    home: dict[str, str] = field(default_factory=dict)
    id: str = ""


def _evidence(a: Row, b: Row) -> float:
    x, y = a.facts, b.facts
    weight = {"phone": 2.5, "web": 2.5, "code": 3, "city": 0.8, "mobile": 3, "mail": 3, "company": 1.2}
    found = sum(points for key, points in weight.items() if x.get(key) and y.get(key))
    return found + 2 * min(x["name"], y["name"])


def _company(rng: Random, c: Company, again: bool) -> tuple[dict[str, str], dict[str, Any]]:
    has = {k: rng.random() < s for k, s in (("phone", 0.72), ("web", 0.4), ("code", 0.5), ("city", 0.75))}
    if c.careful:
        has["city"] = has["code"] = True
    cells = {CLIENT: company_name(rng, c, again)}
    if has["phone"]:
        cells["电话"] = tel(rng, c.city[3], c.phone)
    elif rng.random() < 0.06:
        cells["电话"] = rng.choice(NOTHING)
    if has["web"]:
        cells["网址"] = rng.choice(("www.{}", "http://www.{}", "{}", "https://{}/")).format(c.domain)
    if rng.random() < 0.3:
        cells["邮件"] = f"{rng.choice(('info', 'sales', 'service'))}@{c.domain}"
        has["web"] = True
    if has["code"]:
        cells["统一社会信用代码"] = wide(c.code) if again and rng.random() < 0.15 else c.code
    if has["city"]:
        cells |= {"省": c.city[0], "市": c.city[1]}
        if again and rng.random() < 0.2:
            cells |= {"省": c.city[0].rstrip("省市"), "市": c.city[1].rstrip("市")}
    if rng.random() < 0.5:
        cells |= {"区": c.district, "详细地址": f"{c.street}{c.number}号"}
    return cells, {**has, "name": 0.85}


def _person(rng: Random, p: Person, again: bool) -> tuple[dict[str, str], dict[str, Any]]:
    has = {k: rng.random() < s for k, s in (("mobile", 0.74), ("mail", 0.35), ("company", 0.93), ("office", 0.4))}
    if not (has["mobile"] or has["mail"]):
        has["company"] = has["office"] = True
    name, clear = person_name(rng, p, again, plain=not (has["mobile"] or has["mail"]))
    cells = {NAME: name}
    if has["mobile"]:
        cells["手机" if rng.random() < 0.8 else "电话"] = mobile(rng, p.mobile, again)
    elif rng.random() < 0.08:
        cells["手机"] = rng.choice(NOTHING)
    if has["office"] and has["company"] and "电话" not in cells:
        cells["电话"] = tel(rng, p.company.city[3], p.company.phone, p.extension if rng.random() < 0.4 else "")
    office = p.company.phone if has["office"] and has["company"] and cells["电话"] else ""
    if has["mail"]:
        cells["邮件"] = p.mail.upper() if again and rng.random() < 0.15 else p.mail
    elif rng.random() < 0.15:
        cells["邮件"] = f"{rng.choice(('info', 'sales'))}@{p.company.domain}"
    if rng.random() < 0.5:
        cells["职务"] = p.title
    return cells, {**has, "name": 1.0 if clear else 0.35, "office": office}


def _rows(rng: Random, things: list[Any], cells_of: Any, extra: int, homes: dict[str, list[Row]]) -> list[Row]:
    """Things → one record each and `extra` duplicates, each recognisable beside an earlier record."""
    copies = [0] * len(things)
    while sum(copies) < extra:
        at = rng.randrange(len(things))
        copies[at] = max(copies[at], rng.choice((1, 1, 1, 1, 2, 2, 3)))
    rows: list[Row] = []
    for thing, more in zip(things, copies, strict=True):
        written: list[Row] = []
        for turn in range(1 + more):
            for _ in range(60):
                when = START + timedelta(minutes=int(rng.random() * 2_990_000))
                row = Row(thing.key, *cells_of(rng, thing, turn > 0), created=when.replace(hour=9 + when.hour % 10))
                if not written or max(_evidence(row, other) for other in written) >= ENOUGH:
                    break
            if row.facts.get("company"):
                row.company = rng.choice(homes[thing.company.key])
            written.append(row)
        homes[thing.key] = written
        rows += written
    return rows


def _finish(rng: Random, rows: list[Row], prefix: str) -> None:
    """Gives numbers, owners and dates, in the order in which the records were made."""
    rows.sort(key=lambda r: (r.created, r.cluster))
    for number, row in enumerate(rows, start=1):
        row.id = f"{prefix}{row.created:%Y%m}{number:05d}"
        edited = min(END, row.created + timedelta(days=int(rng.random() ** 3 * 800), minutes=rng.randrange(50)))
        owner = rng.choice(OWNERS)
        row.cells |= {
            "负责人（必填）": owner,
            "归属部门": rng.choice(DEPARTMENTS),
            "创建人": owner.removesuffix("（离职）"),
            "创建时间": f"{row.created:%Y-%m-%d %H:%M}",
            "最后修改人": rng.choice(OWNERS).removesuffix("（离职）"),
            "最后修改时间": f"{edited:%Y-%m-%d %H:%M}",
        }
        if rng.random() < 0.12:
            row.cells["备注"] = rng.choice(("已寄样品", "价格偏高，待跟进", "下半年有采购计划", "不需要", "微信已加"))


def _table(path: Path, header: list[str], rows: list[Row], encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows([row.cells.get(column, "") for column in header] for row in rows)


def write(folder: Path, *, seed: int) -> None:
    """Folder, seed → 客户.csv, 联系人.csv, truth.csv, judgements.csv and hard_negatives.csv in the folder."""
    rng = Random(f"{seed} fxiaoke")
    companies, people, alike = build(rng, streets=STREETS, titles=TITLES, companies=415, people=432)
    homes: dict[str, list[Row]] = {}
    clients = _rows(rng, companies, _company, 68, homes)
    contacts = _rows(rng, people, _person, 66, homes)
    _finish(rng, clients, "KH")
    _finish(rng, contacts, "LXR")
    for row in clients:
        row.cells |= {"客户编号": row.id, "客户级别": rng.choice(LEVELS), "客户来源": rng.choice(SOURCES)}
        row.cells |= {"成交状态": rng.choice(("已成交", "未成交", "未成交"))}
        row.cells |= {"最后跟进时间": row.cells["最后修改时间"] if rng.random() < 0.6 else ""}
    for row in contacts:
        row.cells["联系人编号"] = row.id
        row.cells[CLIENT] = row.company.cells[CLIENT] if row.company else rng.choice(("个人", "", "无"))
    _table(folder / "客户.csv", COMPANIES, clients, "gb18030")
    _table(folder / "联系人.csv", CONTACTS, contacts, "utf-8-sig")
    known = [Candidate(r.id, r.cluster, "company", r.cells[CLIENT], "") for r in clients]
    known += [Candidate(r.id, r.cluster, "contact", r.cells[NAME], r.facts["office"]) for r in contacts]
    write_truth(folder, known, alike, rng, judges=["陈晓静", "黄国峰"], pairs=120)
