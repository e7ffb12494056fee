"""Deals of six years: four pipelines, won, lost, open, and open ones that everybody forgot.

`build(rng, records) → [Deal]`, oldest first.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sample_data._make.amocrm_records import FIRST, LATEST, START, Record, moment, owner_at
from sample_data._make.words_ru import MAKERS, NOTES, PRODUCTS, TAGS

COUNT = 5010
WON, LOST = "Успешно реализовано", "Закрыто и не реализовано"
PIPELINES = {
    "Продажи": (
        "Неразобранное;Первичный контакт;Переговоры;КП отправлено;Принимают решение;Согласование договора;Отгрузка"
    ).split(";"),
    "Сервис": "Заявка;Осмотр;Согласование договора;Договор подписан;На обслуживании".split(";"),
    "Запчасти": "Первичный контакт;Выставлен счёт;Ожидание оплаты;Отгрузка".split(";"),
    "Тендеры": "Анализ ТЗ;Подготовка заявки;Подана заявка;Ожидание итогов".split(";"),
}
SHARES = {"Продажи": 46, "Сервис": 20, "Запчасти": 26, "Тендеры": 8}
BUDGET = {"Продажи": 900_000, "Сервис": 120_000, "Запчасти": 38_000, "Тендеры": 2_400_000}
REASONS = ["дорого", "выбрали другого", "нет бюджета", "пропал", "дубль", "не наш профиль"]


@dataclass
class Deal:
    name: str
    pipeline: str
    stage: str
    amount: int
    owner: str
    creator: str
    created: datetime
    updated: datetime
    closed: datetime | None
    contact: Record | None
    company: Record | None
    product: str
    maker: str
    source: str
    tags: str
    notes: list[str] = field(default_factory=list)
    stage_before: str = ""  # stage at the first export, if it has moved since
    updated_before: datetime | None = None
    gone: datetime | None = None
    id: str = ""

    def alive(self, at: datetime) -> bool:
        """Whether an export at this moment contains the deal."""
        return self.created <= at and (self.gone is None or self.gone > at)


def _name(rng: Random, pipeline: str, product: str, contact: Record | None, company: Record | None, year: int) -> str:
    who = (company or contact).cells["Полное имя контакта"] if company or contact else "без названия"
    short = product.split()[0].lower()
    choices = {
        "Продажи": (product, f"{who}, {short}", product, "Заявка с сайта", who),
        "Сервис": (f"Сервис {year} {who}", f"ТО {product}", f"Договор на обслуживание {year}"),
        "Запчасти": (f"Запчасти {who}", f"ЗИП к {product.split()[-1]}", "Фильтры и масло", f"Расходники, {who}"),
        "Тендеры": (f"Тендер {who}", f"Закупка: {product}", f"223-ФЗ {short} {year}"),
    }[pipeline]
    return rng.choice(choices)


def _amount(rng: Random, pipeline: str) -> int:
    if rng.random() < 0.12:
        return 0
    share = rng.random()
    step = 500 if pipeline == "Запчасти" else 1000
    return int(BUDGET[pipeline] * (0.15 + share + 5 * share**6)) // step * step


def _deal(rng: Random, created: datetime, contact: Record) -> Deal:
    company = contact.employer if contact.employer and contact.employer.gone is None else None
    pipeline = rng.choices(list(SHARES), list(SHARES.values()))[0]
    age = (LATEST - created).days
    product = rng.choice(PRODUCTS)
    luck, stages = rng.random(), PIPELINES[pipeline]
    forgotten = 0.07 if age > 200 else 0.65
    stage = rng.choice(stages) if luck < forgotten else WON if luck < forgotten + (1 - forgotten) * 0.42 else LOST
    closed = None
    if stage in (WON, LOST):
        closed = created + timedelta(days=1 + int(rng.random() ** 2 * 190), minutes=rng.randrange(180))
        if closed > LATEST:
            stage, closed = rng.choice(stages), None
    active = created + timedelta(days=int(rng.random() ** 2 * min(age, 150)))
    source = str(contact.cells.get("Источник", ""))
    deal = Deal(
        name=_name(rng, pipeline, product, contact, company, created.year),
        pipeline=pipeline,
        stage=stage,
        amount=_amount(rng, pipeline),
        owner=contact.cells["Ответственный"] if rng.random() < 0.7 else owner_at(rng, created),
        creator="" if source == "Сайт" else owner_at(rng, created).removesuffix(" (уволен)"),
        created=created,
        updated=closed or active,
        closed=closed,
        contact=contact if rng.random() < 0.93 or not company else None,
        company=company,
        product=product if rng.random() < 0.6 else "",
        maker=rng.choice(MAKERS) if rng.random() < 0.4 else "",
        source=source if rng.random() < 0.5 else "",
        tags=rng.choice(REASONS) if stage == LOST and rng.random() < 0.4 else "",
    )
    if rng.random() < 0.1:
        deal.tags = ", ".join(t for t in (deal.tags, rng.choice(TAGS)) if t)
    if rng.random() < 0.25:
        deal.notes = [rng.choice(NOTES) for _ in range(rng.choice((1, 1, 2, 3)))]
    if created < FIRST < deal.updated:
        deal.stage_before = rng.choice(stages)
        deal.updated_before = created + timedelta(days=int(rng.random() * (FIRST - created).days), hours=1)
    return deal


def build(rng: Random, records: list[Record]) -> list[Deal]:
    """Records of contacts and companies → deals, oldest first, with ids."""
    contacts = [r for r in records if r.kind == "контакт" and r.gone is None]
    regulars = contacts[:: len(contacts) // 600]
    deals: list[Deal] = []
    while len(deals) < COUNT:
        created = moment(rng, START + timedelta(days=40))
        group = regulars if rng.random() < 0.3 else contacts
        known = bisect_right(group, created, key=lambda r: r.created)
        recent = rng.random() < 0.4  # new clients buy first
        deals.append(_deal(rng, created, group[known - 1 - int(rng.random() ** (3 if recent else 1) * known)]))
    for deal in rng.sample([d for d in deals if d.created < FIRST], 12):
        deal.gone = moment(rng, FIRST + timedelta(hours=9))
    deals.sort(key=lambda d: d.created)
    number = 11_204_519
    for deal in deals:
        number += rng.randrange(3, 1500)
        deal.id = str(number)
    return deals
