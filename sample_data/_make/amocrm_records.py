"""What people typed: every person and company of the world becomes one or more records.

`build(rng, world) → [Record]`. A duplicate is written in another style than the first record of its cluster, but keeps
enough evidence (`evidence`) for a reader of the two rows to recognise it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sample_data._make.amocrm_companies import company_record
from sample_data._make.amocrm_people import person_record
from sample_data._make.amocrm_world import Company, Person, World
from sample_data._make.words_ru import NOTES, OWNERS, TAGS

START, FIRST, LATEST = datetime(2020, 10, 5), datetime(2026, 9, 30, 21), datetime(2026, 10, 31, 21)
LEFT = {"Антон": 2022, "Глеб": 2024, "Жанна": 2023}  # owners and the year they left
ENOUGH = 3.2


@dataclass
class Record:
    kind: str  # контакт | компания
    entity: str  # key of the person or company that it stands for
    cells: dict[str, str]
    facts: dict[str, object]
    created: datetime
    updated: datetime
    employer: "Record | None" = None  # the company record that a contact is linked to
    gone: datetime | None = None  # deleted, or merged into another record
    before: dict[str, str] = field(default_factory=dict)  # what edited cells said until the first export
    before_updated: datetime | None = None
    id: str = ""

    def alive(self, at: datetime) -> bool:
        """Whether an export at this moment contains the record."""
        return self.created <= at and (self.gone is None or self.gone > at)


def evidence(a: Record, b: Record) -> float:
    """(record, record of the same entity) → how much a reader of both rows has in hand; `ENOUGH` decides."""
    x, y = a.facts, b.facts
    same = {k for k in x if x[k] and x[k] == y.get(k)}
    found = 3.0 * ("mobile" in same) + 3.0 * bool(x["emails"] & y["emails"])
    found += 1.2 * ("company" in same) + 0.4 * ("city" in same) + 3.0 * ("inn" in same)
    found += 2.2 * ("office" in same and a.kind == "компания") + 2.0 * ("domain" in same) + 1.5 * ("core" in same)
    both = x["parts"] & y["parts"]
    return found + (2.0 if {"first", "last"} <= both else 0.7 * bool(both)) + 1.2 * ("patronymic" in both)


def moment(rng: Random, start: datetime = START, end: datetime = LATEST) -> datetime:
    """(start, end) → an office hour of a weekday between them; later days are a little more likely."""
    while True:
        share = max(rng.random(), rng.random()) if rng.random() < 0.35 else rng.random()
        when = start + timedelta(days=int(share * ((end - start).days + 1)))
        when = when.replace(hour=rng.randrange(8, 20), minute=rng.randrange(60), second=rng.randrange(60))
        if start <= when <= end and (when.weekday() < 5 or rng.random() < 0.1):
            return when


def owner_at(rng: Random, when: datetime) -> str:
    """A salesperson who worked here then; some who left still own what they had."""
    while True:
        name = OWNERS[int(rng.random() * max(rng.random(), rng.random()) * len(OWNERS))]
        if name not in LEFT:
            return name
        if when.year < LEFT[name]:
            return f"{name} (уволен)" if rng.random() < 0.8 else rng.choice([o for o in OWNERS if o not in LEFT])


def _clusters(rng: Random, count: int, share: float) -> list[int]:
    """Number of records that each of `count` entities gets, so that about `share` of all records are surplus."""
    sizes = [1] * count
    surplus = round(count * share / (1 - share))
    while surplus > 0:
        extra = rng.choice((1,) * 15 + (2,) * 4 + (3,) + (4,))
        place = rng.randrange(count)
        if sizes[place] == 1:
            sizes[place], surplus = 1 + extra, surplus - extra
    return sizes


def _housekeeping(rng: Random, record: Record) -> None:
    """Fills owner, creator, dates, tags and notes."""
    cells, created = record.cells, record.created
    owner = owner_at(rng, created)
    cells["Ответственный"] = owner
    web_form = cells.get("Источник") in ("Сайт", "WhatsApp", "Импорт 1С")
    cells["Кем создан контакт"] = "" if web_form else owner.removesuffix(" (уволен)")
    late = created + timedelta(days=int(rng.random() ** 3 * (FIRST - created).days)) if created < FIRST else created
    record.updated = max(created, late.replace(hour=rng.randrange(8, 20), minute=rng.randrange(60)))
    if record.updated != created:
        cells["Кем редактирован"] = owner_at(rng, record.updated).removesuffix(" (уволен)")
    if rng.random() < 0.22:
        tags = rng.sample(TAGS, rng.choice((1, 1, 2)))
        cells["Теги"] = ", ".join(t for t in [cells.get("Теги", ""), *tags] if t)
    if rng.random() < 0.16:
        slot = "Примечание 1" if not cells.get("Примечание 1") else "Примечание 2"
        cells[slot] = rng.choice(NOTES) + (f"\n{rng.choice(NOTES)}" if rng.random() < 0.2 else "")
    if record.kind == "контакт":
        cells["Пользовательское соглашение"] = "Да" if cells["Источник"] == "Сайт" and rng.random() < 0.7 else "Нет"


def _write(rng: Random, who: Person | Company, earlier: list[Record], linked: dict[str, list[Record]]) -> Record:
    """One record of `who`, recognisable beside one of the `earlier` ones."""
    since = earlier[0].created if earlier else START
    person = isinstance(who, Person)
    kind, best = "контакт" if person else "компания", None
    for _ in range(40):
        written = person_record(rng, who, earlier) if person else company_record(rng, who, earlier)
        record = Record(kind, who.key, *written, created=moment(rng, since), updated=since)
        known = max((evidence(record, other) for other in earlier), default=9.0)
        if best is None or known > best[0]:
            best = (known, record)
        if known >= (ENOUGH if rng.random() > 0.015 else 2.4):
            break
    record = best[1]
    key = record.facts.get("company")
    if key:
        choices = linked[str(key)]
        record.employer = choices[0] if rng.random() < 0.8 else rng.choice(choices)
    if record.cells.get("Источник") == "Импорт 1С" and not earlier:
        record.created = datetime(2021, 3, 12, 11, 20) + timedelta(seconds=rng.randrange(1500))
    _housekeeping(rng, record)
    return record


def _october(rng: Random, records: list[Record]) -> None:
    """Edits, deletions and merges of the month between the two exports."""
    old = [r for r in records if r.created < FIRST and r.gone is None]
    for record in rng.sample(old, 260):
        record.before_updated, record.updated = record.updated, moment(rng, FIRST + timedelta(hours=9))
        field_ = rng.choice(("Должность", "Город", "Ответственный", "Примечание 1", "Теги", "Личный email"))
        value = record.cells.get(field_, "")
        record.before = {field_: owner_at(rng, record.created) if field_ == "Ответственный" else ""}
        record.before["Кем редактирован"] = record.cells.get("Кем редактирован", "")
        record.cells["Кем редактирован"] = owner_at(rng, record.updated)
        if not value and field_ in ("Примечание 1", "Теги"):
            record.cells[field_] = rng.choice(NOTES if field_ == "Примечание 1" else TAGS)
    left = [r for r in old if not r.before]
    for record in rng.sample(left, 24):
        record.gone = moment(rng, FIRST + timedelta(hours=9))
    _merge_some(rng, [r for r in left if r.gone is None])


def _merge_some(rng: Random, records: list[Record]) -> None:
    """Fourteen duplicates are merged by hand: the loser disappears, the first record takes over its phones."""
    clusters: dict[str, list[Record]] = {}
    for record in records:
        clusters.setdefault(record.entity, []).append(record)
    for first, *_, loser in rng.sample([c for c in clusters.values() if len(c) > 1], 14):
        loser.gone = first.updated = moment(rng, FIRST + timedelta(hours=9))
        first.before_updated = first.before_updated or first.created
        for column in ("Рабочий телефон", "Мобильный телефон", "Рабочий email", "Личный email", "Город"):
            if loser.cells.get(column) and not first.cells.get(column):
                first.before[column], first.cells[column] = "", loser.cells[column]
        first.before.setdefault("Теги", first.cells.get("Теги", ""))
        first.cells["Теги"] = ", ".join(t for t in (first.before["Теги"], "объединён") if t)


def build(rng: Random, world: World) -> list[Record]:
    """World → all records that either export contains, oldest first, with ids."""
    records: list[Record] = []
    linked: dict[str, list[Record]] = {}
    for group, share in ((world.companies, 0.14), (world.people, 0.13)):
        sizes = _clusters(rng, len(group), share)
        for who, size in zip(group, sizes, strict=True):
            if who.careful and size > 2:
                size = 2
            written: list[Record] = []
            for _ in range(size):
                written.append(_write(rng, who, written, linked))
            linked[who.key] = written
            records += written
    _october(rng, records)
    records.sort(key=lambda r: (r.created, r.entity))
    number = 21_400_337
    for record in records:
        number += rng.randrange(2, 900)
        record.id = str(number)
    return records
