"""Files of the account: what they are called, what they weigh, on which records they hang.

`build(rng, records, deals) → [File]`. The same catalogue is uploaded again to deal after deal, contracts have old
versions, some files hang on several records, some on none, and the trash keeps what was deleted in the last 30 days.
"""

from bisect import bisect_right
from calendar import timegm
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sample_data._make.amocrm_deals import Deal
from sample_data._make.amocrm_records import FIRST, LATEST, START, Record, moment
from sample_data._make.words_ru import PRODUCTS

COUNT = 9000
# name | extension | mime type | type | typical KB | share | share with old versions
KINDS = [
    row.split("|")
    for row in """
КП_{n}_{d}|pdf|application/pdf|file|520|20|0.15
Договор {n}|doc|application/msword|file|150|10|0.4
Договор {n} скан|pdf|application/pdf|file|2000|7|0.04
Счет {n} от {d}|pdf|application/pdf|file|130|13|0.05
УПД_{n}|pdf|application/pdf|file|240|7|0
IMG_{y}{d}_{n}|jpg|image/jpeg|image|1900|14|0
photo_{n}|jpeg|image/jpeg|image|290|5|0
Снимок экрана {d}|png|image/png|image|480|3|0
Запись звонка {n}|mp3|audio/mpeg|audio|820|9|0
Смета {n}|xls|application/vnd.ms-excel|file|310|5|0.4
Чертеж {p}|dwg|image/vnd.dwg|file|2500|3|0.5
VID_{y}{d}|mp4|video/mp4|video|20000|1.1|0
Документы {n}|zip|application/zip|file|9000|1.3|0
Презентация {p}|ppt|application/vnd.ms-powerpoint|file|5500|1|0.4
""".strip().splitlines()
]
LIBRARY = [("Каталог {}", 7_400), ("Паспорт {}", 3_000), ("Сертификат {}", 900), ("Инструкция {}", 1_800)]
PDF = ("pdf", "application/pdf", "file")


@dataclass
class File:
    uuid: str
    name: str
    kind: tuple[str, str, str]  # extension, mime type, type
    sizes: list[tuple[str, int, datetime]]  # versions, oldest first: uuid, bytes, moment
    links: list[tuple[str, Record | Deal]] = field(default_factory=list)  # contacts | companies | leads
    trashed: datetime | None = None

    def alive(self, at: datetime) -> bool:
        """Whether the file list at this moment contains the file; the trash is emptied after 30 days."""
        return self.sizes[0][2] <= at and (self.trashed is None or self.trashed > at - timedelta(days=30))

    def versions(self, at: datetime) -> list[tuple[str, int, datetime]]:
        """The versions that exist at this moment, oldest first."""
        return [v for v in self.sizes if v[2] <= at]


def unix(moment_: datetime) -> int:
    """Wall time in Moscow → Unix seconds."""
    return timegm(moment_.timetuple()) - 3 * 3600


def _uuid(rng: Random) -> str:
    h = f"{rng.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) % 4]}{h[17:20]}-{h[20:]}"


def _bytes(rng: Random, kilobytes: int) -> int:
    """Typical size → a size: mostly near it, a few much larger."""
    u = rng.random()
    return int(kilobytes * 1024 * (0.2 + 1.0 * u + 2.7 * u**8)) + rng.randrange(997)


def _library(rng: Random) -> list[tuple[str, int]]:
    names = [(title.format(product.split()[-1]), kb) for product in PRODUCTS for title, kb in LIBRARY]
    return [(name, _bytes(rng, kb)) for name, kb in names] + [("Прайс-лист", 880_412), ("Карточка предприятия", 96_310)]


def _file(rng: Random, created: datetime, library: list[tuple[str, int]]) -> File:
    if rng.random() < 0.11:
        name, size = library[int(rng.random() * rng.random() * len(library))]
        return File(_uuid(rng), name, PDF, [(_uuid(rng), size, created)])
    row = rng.choices(KINDS, [float(kind[5]) for kind in KINDS])[0]
    name = row[0].format(
        n=rng.randrange(1, 9000), d=created.strftime("%d%m"), y=created.year, p=rng.choice(PRODUCTS).split()[-1]
    )
    versions = [(_uuid(rng), _bytes(rng, int(row[4])), created)]
    while rng.random() < float(row[6]) and len(versions) < 9:
        later = min(LATEST, versions[-1][2] + timedelta(days=rng.randrange(1, 40), minutes=rng.randrange(60)))
        versions.append((_uuid(rng), int(versions[0][1] * (0.7 + 0.6 * rng.random())), later))
    return File(_uuid(rng), name, (row[1], row[2], row[3]), versions)


def _hang(rng: Random, file: File, deal: Deal | None, record: Record | None) -> None:
    """Fills the links of a file: its deal, and often the deal's contact or company too."""
    if deal:
        file.links.append(("leads", deal))
        if deal.contact and rng.random() < 0.12:
            file.links.append(("contacts", deal.contact))
        if deal.company and rng.random() < 0.05:
            file.links.append(("companies", deal.company))
    elif record:
        file.links.append(("contacts" if record.kind == "контакт" else "companies", record))


def _known(rng: Random, group: list[Any], when: datetime) -> Any:
    """Records or deals, oldest first → one that existed then, rather a recent one."""
    known = bisect_right(group, when, key=lambda r: r.created)
    return group[known - 1 - int(rng.random() ** 3 * known)] if known else group[0]


def build(rng: Random, records: list[Record], deals: list[Deal]) -> list[File]:
    """Records and deals → files, oldest first; `COUNT` of them are listed in the latest export."""
    library = _library(rng)
    busy = deals[::6]
    files: list[File] = []
    listed = 0
    while listed < COUNT:
        luck, created = rng.random(), moment(rng, START + timedelta(days=60))
        deal = _known(rng, busy if rng.random() < 0.35 else deals, created) if luck < 0.7 else None
        record = _known(rng, records, created) if 0.7 <= luck < 0.965 else None
        file = _file(rng, created, library)
        _hang(rng, file, deal, record)
        fate = rng.random()
        if fate < 0.018 and file.sizes[-1][2] < FIRST:
            file.trashed = moment(rng, FIRST + timedelta(hours=9))
        elif fate < 0.034 and file.sizes[-1][2] < FIRST - timedelta(days=32):
            file.trashed = moment(rng, FIRST - timedelta(days=29), FIRST - timedelta(days=1))
        files.append(file)
        listed += file.alive(LATEST)
    return sorted(files, key=lambda f: (f.sizes[0][2], f.uuid))
