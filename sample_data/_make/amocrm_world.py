"""The people and companies that exist in the made-up account, before anybody types them into a CRM.

`build(rng) → World`. Hard negatives are born here: namesakes, father and son, spouses, branches, groups of companies.
"""

from dataclasses import dataclass, field
from random import Random

from sample_data._make.typing_habits import feminine, inn, roman
from sample_data._make.words_ru import (
    CITIES,
    HEADS,
    MEN,
    PATRONYMIC,
    POSITIONS,
    PREFIXES,
    STREETS,
    SURNAMES,
    TAILS,
    WOMEN,
)

COMPANIES, PEOPLE = 1300, 5250
MAILBOXES = ("example-mail.ru", "example-mail.ru", "pochta.example", "yapochta.example", "inbox.example")


@dataclass
class Company:
    key: str
    core: str
    form: str  # "" for a sole trader, whose core is "ИП Иванов И. И."
    city: list[str]
    inn: str
    kpp: str
    street: str
    phone: str
    domain: str
    careful: bool = False  # written with its city and tax id, so that a reader can tell it from its like
    branch: bool = False


@dataclass
class Person:
    key: str
    first: str
    last: str
    patronymic: str
    woman: bool
    employer: Company | None
    city: list[str]
    mobile: str
    personal: str
    work: str
    extension: str
    position: str
    street: str
    home: str = ""
    careful: bool = False  # always written with the patronymic


@dataclass
class World:
    companies: list[Company] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    negatives: list[tuple[str, str, str]] = field(default_factory=list)  # key, key, why they look alike
    taken: set[object] = field(default_factory=set)  # phones, mailboxes and names that are in use


def _fresh(world: World, make) -> str:
    value = make()
    while value in world.taken:
        value = make()
    world.taken.add(value)
    return value


def mobile(rng: Random, world: World) -> str:
    """An invented mobile number that nobody of the world has."""
    return _fresh(world, lambda: f"9{rng.choice('01256')}{rng.randrange(10)}{rng.randrange(1000000, 10000000)}")


def landline(rng: Random, world: World, city: list[str]) -> str:
    """An invented number in the city's dialling code that nobody of the world has."""
    size = 10 - len(city[1])
    return _fresh(world, lambda: city[1] + str(rng.randrange(2, 8)) + f"{rng.randrange(10 ** (size - 1)):0{size - 1}d}")


def _skewed(rng: Random, items: list, power: int = 2):
    share = rng.random()
    for _ in range(power - 1):
        share *= rng.random()
    return items[int(share * len(items))]


def _mailbox(rng: Random, world: World, first: str, last: str, domain: str) -> str:
    f, s = roman(first).lower().replace(" ", ""), roman(last).lower()
    forms = [f"{s}.{f[0]}", f"{f}.{s}", f"{f[0]}.{s}", f"{s}{f[0]}", f"{s}_{f}", f"{f}{s}"]
    if domain in MAILBOXES:
        forms = [form + str(rng.randrange(60, 100)) for form in forms] + forms[:2]
    return _fresh(world, lambda: f"{rng.choice(forms)}{rng.choice(('', '', '1', '2', '7'))}@{domain}")


def _company(rng: Random, world: World, core: str, form: str, city: list[str]) -> Company:
    short = next((core.replace(*row.split("|")) for row in PREFIXES if core.startswith(row.split("|")[0])), core)
    short = " ".join(short.split()[:2]) if not form else short
    name = "".join(c for c in roman(short, "sloppy").lower().removeprefix("ip ") if c.isalnum())
    if f"{name}.example" in world.taken:
        name += "-" + "".join(c for c in city[3].lower() if c.isalpha())
    domain = _fresh(world, lambda: f"{name}{rng.choice(('', '', '-rf', '-group', '24'))}.example")
    return Company(
        key=f"c{len(world.companies) + 1:05d}",
        core=core,
        form=form,
        city=city,
        inn=inn(rng, city[2], person=not form),
        kpp="" if not form else f"{city[2]}{rng.randrange(1, 60):02d}01001",
        street=f"ул. {rng.choice(STREETS)}, {rng.randrange(1, 120)}",
        phone=landline(rng, world, city),
        domain=domain,
    )


def _core(rng: Random, world: World) -> str:
    head, kind = rng.choice(HEADS), rng.random()
    tail, prefix = rng.choice(TAILS), rng.choice(PREFIXES).split("|")[0]
    if kind < 0.04:
        core, mark = head, (head, "")
    elif kind < 0.14:
        core, mark = f"{prefix} {head}", (head, prefix)
    elif kind < 0.22:
        second = rng.choice(HEADS)
        core, mark = f"{head} {second}", (head, second)
    else:
        glue = rng.choice(("-", "-", "", " "))
        core, mark = head + glue + (tail.lower() if glue == "" else tail), (head, tail)
    if mark in world.taken or mark[0] == mark[1]:
        return _core(rng, world)
    world.taken.add(mark)
    return core


def _companies(rng: Random, world: World) -> None:
    forms = ["ООО"] * 17 + ["АО"] * 2 + ["ПАО", "ЗАО"]
    while len(world.companies) < COMPANIES:
        city, luck = _skewed(rng, CITIES), rng.random()
        if luck < 0.09:
            person = _person(rng, world, None, city)
            core = f"ИП {person.last} {person.first} {person.patronymic}"
            world.companies.append(_company(rng, world, core, "", city))
            continue
        first = _company(rng, world, _core(rng, world), rng.choice(forms), city)
        world.companies.append(first)
        if luck < 0.15:
            _lookalike(rng, world, first, luck)


def _lookalike(rng: Random, world: World, first: Company, luck: float) -> None:
    """Adds a branch (same ИНН, other КПП), a namesake in another city, or a sister firm at the same address."""
    city = rng.choice([c for c in CITIES if c[0] != first.city[0]])
    if luck < 0.11:
        other, why = _company(rng, world, first.core, first.form, city), "branch"
        other.inn, other.domain, other.branch = first.inn, first.domain, True
    elif luck < 0.135:
        other, why = _company(rng, world, first.core, first.form, city), "namesake"
    else:
        other, why = _company(rng, world, _core(rng, world), first.form, first.city), "same office"
        other.phone, other.street, other.domain = first.phone, first.street, first.domain
    first.careful = other.careful = True
    world.companies.append(other)
    world.negatives.append((first.key, other.key, why))


def _person(rng: Random, world: World, employer: Company | None, city: list[str]) -> Person:
    """One person whose name no colleague has."""
    woman = rng.random() < 0.38
    while True:
        first = _skewed(rng, WOMEN if woman else MEN)[0]
        last = _skewed(rng, SURNAMES, 1) if rng.random() < 0.7 else _skewed(rng, SURNAMES)
        last = feminine(last) if woman else last
        mark = (employer.key if employer else city[0], last[:4], first[0])
        if mark not in world.taken or not employer:
            break
    world.taken.add(mark)
    return _complete(rng, world, first, last, woman, employer, city)


def _complete(
    rng: Random, world: World, first: str, last: str, woman: bool, employer: Company | None, city: list[str]
) -> Person:
    father = _skewed(rng, MEN)[0]
    return Person(
        key=f"p{len(world.people) + 1:05d}",
        first=first,
        last=last,
        patronymic=PATRONYMIC[father][1 if woman else 0],
        woman=woman,
        employer=employer,
        city=city,
        mobile=mobile(rng, world),
        personal=_mailbox(rng, world, first, last, rng.choice(MAILBOXES)),
        work=_mailbox(rng, world, first, last, employer.domain) if employer else "",
        extension=str(rng.randrange(101, 999)),
        position=rng.choice(POSITIONS),
        street=f"ул. {rng.choice(STREETS)}, {rng.randrange(1, 120)}, кв. {rng.randrange(1, 200)}",
    )


def _relatives(rng: Random, world: World, first: Person, luck: float) -> None:
    """Adds a son, a wife or a namesake of `first`."""
    if luck < 0.013 and not first.woman and first.first in PATRONYMIC:
        name = first.first if rng.random() < 0.3 else _skewed(rng, MEN)[0]
        other, why = _complete(rng, world, name, first.last, False, first.employer, first.city), "father and son"
        other.patronymic = PATRONYMIC[first.first][0]
        first.careful = other.careful = True
    elif luck < 0.025 and not first.woman:
        name, last = _skewed(rng, WOMEN)[0], feminine(first.last)
        other, why = _complete(rng, world, name, last, True, None, first.city), "spouses"
        shared = rng.random()
        if shared < 0.5:
            other.personal = first.personal
        elif shared < 0.75:
            other.mobile = first.mobile
    elif luck < 0.047:
        boss = rng.choice(world.companies)
        city = boss.city if boss.city[0] != first.city[0] else rng.choice(CITIES[3:])
        other, why = _complete(rng, world, first.first, first.last, first.woman, boss, city), "namesakes"
        first.careful = other.careful = rng.random() < 0.5
    else:
        other = _complete(rng, world, first.first, first.last, first.woman, first.employer, first.city)
        why, first.careful, other.careful = "namesakes in one company", True, True
    if other.patronymic == first.patronymic and first.first == other.first:
        return
    if why in ("father and son", "spouses"):
        other.street, other.home = first.street, landline(rng, world, first.city)
        first.home = other.home
    world.people.append(other)
    world.negatives.append((first.key, other.key, why))


def build(rng: Random) -> World:
    """Seeded randomness → companies, people and the pairs that only look like duplicates."""
    world = World()
    _companies(rng, world)
    trading = [c for c in world.companies if not c.branch or rng.random() < 0.9]
    while len(world.people) < PEOPLE:
        employer = _skewed(rng, trading) if rng.random() < 0.8 else None
        person = _person(rng, world, employer, employer.city if employer else _skewed(rng, CITIES))
        world.people.append(person)
        luck = rng.random()
        if luck < 0.05:
            _relatives(rng, world, person, luck)
    return world
