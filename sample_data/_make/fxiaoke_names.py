"""Chinese companies and people of the made-up account, and how their names and numbers get typed."""

from dataclasses import dataclass
from random import Random

from sample_data._make.words_zh import BRAND, CITIES, GIVEN, HOMOPHONES, SURNAMES, TRADES, TRADITIONAL

_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # the 31 characters of a 统一社会信用代码
_FORMS = ("有限公司",) * 7 + ("股份有限公司", "集团有限公司")


@dataclass
class Company:
    key: str
    brand: list[str]  # characters, pinyin
    trade: list[str]  # trade, short, English
    form: str
    pattern: int  # where the city stands in the legal name
    city: list[str]
    district: str
    street: str
    number: int
    phone: str
    domain: str
    code: str
    branch: str = ""  # 上海 of 上海分公司
    seat: str = ""  # the city in the name of a branch, that of its company
    careful: bool = False


@dataclass
class Person:
    key: str
    surname: list[str]
    given: list[str]
    company: Company
    mobile: str
    mail: str
    extension: str
    title: str


def credit_code(rng: Random, region: str) -> str:
    """Region → an invented 统一社会信用代码 with valid check characters (GB 32100 and, inside it, GB 11714)."""
    body = "MA" + "".join(rng.choice(_CODE) for _ in range(6))
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = sum(digits.index(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    check = (11 - total % 11) % 11
    head = f"91{region}{body}{'X' if check == 10 else check}"
    total = sum(_CODE.index(c) * pow(3, place, 31) for place, c in enumerate(head))
    return head + _CODE[(31 - total % 31) % 31]


def wide(text: str) -> str:
    """Digits and Latin letters → their full-width forms."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def traditional(text: str) -> str:
    """Simplified characters → traditional ones."""
    return "".join(TRADITIONAL.get(c, c) for c in text)


def _spell(name: list[str]) -> str:
    return name[1].capitalize()


def legal_name(c: Company) -> str:
    """Company → its name in the register."""
    seat = c.seat or c.city[1]
    town = seat.rstrip("市")
    stem = (
        f"{seat}{c.brand[0]}{c.trade[0]}",
        f"{town}{c.brand[0]}{c.trade[0]}",
        f"{c.brand[0]}{c.trade[0]}（{town}）",
        f"{c.brand[0]}{c.trade[0]}",
    )[c.pattern]
    return stem + c.form + (f"{c.branch}分公司" if c.branch else "")


def company_name(rng: Random, c: Company, again: bool) -> str:
    """(company, whether a record exists already) → its name as somebody typed it."""
    legal, town, brand = legal_name(c), c.city[1].rstrip("市"), c.brand[0]
    tail = f"{c.branch}分公司" if c.branch else ""
    if not again or c.careful:
        return legal if rng.random() < 0.75 or c.careful else f"{town}{brand}{c.trade[1]}{tail}"
    swap = next((s for s in brand if s in HOMOPHONES), "")
    return rng.choice(
        (
            brand + c.trade[1],
            brand + c.trade[1],
            town + brand,
            town + brand + c.trade[1],
            brand + c.trade[0] + "公司",
            traditional(legal),
            legal.replace("（", "(").replace("）", ")"),
            legal.replace("股份", "").replace("集团", ""),
            legal.replace(c.city[1], town, 1),
            legal.replace(brand, f" {brand} ").strip(),
            legal.replace(swap, HOMOPHONES[swap], 1) if swap else f"{legal}（已改名）",
            f"{_spell(c.brand)} {c.trade[2]} ({c.city[5]}) Co., Ltd.",
            f"{_spell(c.brand)} {c.trade[2]} Co.,Ltd".upper(),
            wide(f"{brand}{c.trade[1]}"),
        )
    )


def person_name(rng: Random, p: Person, again: bool, *, plain: bool) -> tuple[str, bool]:
    """(person, whether a record exists, whether nothing else identifies them) → name as typed, whether it is whole."""
    whole, luck = p.surname[0] + p.given[0], rng.random()
    if plain or luck < (0.4 if again else 0.86):
        return whole, True
    if luck > (0.82 if again else 0.94):
        return p.surname[0] + rng.choice(("总", "经理", "先生", "女士", "工", "小姐")), False
    family, given = _spell(p.surname), _spell(p.given)
    return rng.choice(
        (
            traditional(whole),
            f"{family} {given}",
            f"{given} {family}",
            f"{family} {given}".upper(),
            f"{p.surname[1]}{p.given[1]}",
            f"{p.surname[0]} {p.given[0]}",
            f"{whole}（{p.title}）",
        )
    ), True


def mobile(rng: Random, digits: str, again: bool) -> str:
    """Eleven digits → one of the ways to write a mobile number."""
    if again and rng.random() < 0.1:
        return wide(digits)
    a, b, c = digits[:3], digits[3:7], digits[7:]
    form = rng.choice(
        ("{}{}{}", "{}{}{}", "{} {} {}", "{}-{}-{}", "+86 {} {} {}", "+86{}{}{}", "0086-{}{}{}", "86{}{}{}")
    )
    return form.format(a, b, c)


def tel(rng: Random, area: str, digits: str, extension: str = "") -> str:
    """(dialling code, number) → one of the ways to write an office phone."""
    text = rng.choice(("{}-{}", "{}-{}", "({}){}", "{} {}", "{}{}", "+86-{}-{}"))
    shown = text.format(area.lstrip("0") if text.startswith("+") else area, digits)
    return shown + rng.choice(("-{}", "转{}", " ext {}")).format(extension) if extension else shown


def mail(rng: Random, surname: list[str], given: list[str], domain: str) -> str:
    """Names and domain → an address; half of them at an invented free provider."""
    local = rng.choice((f"{surname[1]}{given[1]}", f"{given[1]}.{surname[1]}", f"{surname[1]}{given[1][0]}"))
    if rng.random() < 0.5:
        return f"{local}@{domain}"
    return f"{local}{rng.randrange(100, 9999)}@{rng.choice(('youxiang.example', 'mail163.example'))}"


def _company(rng: Random, key: str, taken: set[str], streets: list[str]) -> Company:
    while True:
        one, two = rng.sample(BRAND, 2)
        brand = [one[0] + two[0], one[1] + two[1]]
        if brand[1] not in taken:
            break
    taken.add(brand[1])
    if rng.random() < 0.07:
        letters = rng.choice(("3D", "IT", "ABC", "M1"))
        brand = [brand[0] + letters, brand[1] + letters.lower()]
    city = CITIES[int(rng.random() * rng.random() * len(CITIES))]
    phone = str(rng.randrange(2, 9)) + "".join(str(rng.randrange(10)) for _ in range(7))
    return Company(
        key=key,
        brand=brand,
        trade=rng.choice(TRADES),
        form=rng.choice(_FORMS),
        pattern=rng.choice((0, 0, 1, 2, 3)),
        city=city,
        district=rng.choice(city[2].split(",")),
        street=rng.choice(streets),
        number=rng.randrange(1, 400),
        phone=phone,
        domain=f"{brand[1]}{rng.choice(('', '-cn', 'tech', 'group'))}.example",
        code=credit_code(rng, city[4]),
    )


def _lookalike(rng: Random, key: str, c: Company) -> tuple[Company, str]:
    """A branch of the company, or another company of the same name in another city."""
    city = rng.choice([other for other in CITIES if other[1] != c.city[1]])
    town, branch = city[1].rstrip("市"), rng.random() < 0.5
    other = Company(
        key=key,
        brand=c.brand,
        trade=c.trade,
        form=c.form,
        pattern=c.pattern if branch else rng.choice((0, 1)),
        city=city,
        district=rng.choice(city[2].split(",")),
        street=c.street[:1] + "新路",
        number=c.number + 7,
        phone=f"{rng.randrange(20000000, 89999999)}",
        domain=c.domain if branch else c.domain.replace(".", f"-{city[5].lower()}."),
        code=credit_code(rng, city[4]),
        branch=town if branch else "",
        seat=c.city[1] if branch else "",
    )
    c.careful = other.careful = True
    if not branch:
        c.pattern = rng.choice((0, 1))
    return other, "branch" if branch else "namesake"


def build(
    rng: Random, *, streets: list[str], titles: list[str], companies: int, people: int
) -> tuple[list[Company], list[Person], list[tuple[str, str, str]]]:
    """Sizes → companies, people and the pairs that only look like duplicates."""
    made: list[Company] = []
    alike: list[tuple[str, str, str]] = []
    taken: set[str] = set()
    while len(made) < companies:
        first = _company(rng, f"c{len(made) + 1:04d}", taken, streets)
        made.append(first)
        if rng.random() < 0.08:
            other, why = _lookalike(rng, f"c{len(made) + 1:04d}", first)
            made.append(other)
            alike.append((first.key, other.key, why))
    persons: list[Person] = []
    named: dict[str, Person] = {}
    while len(persons) < people:
        company = made[int(rng.random() ** 2 * len(made))]
        surname = SURNAMES[int(rng.random() * rng.random() * len(SURNAMES))]
        letters = rng.sample(GIVEN, rng.choice((1, 2, 2)))
        if rng.random() < 0.04:  # 王伟 and 李伟 are everywhere
            surname, letters = rng.choice(SURNAMES[:3]), GIVEN[:1]
        given = ["".join(c[0] for c in letters), "".join(c[1] for c in letters)]
        if f"{company.key} {surname[1]} {given[1]}" in taken:
            continue
        taken.add(f"{company.key} {surname[1]} {given[1]}")
        person = Person(
            key=f"p{len(persons) + 1:04d}",
            surname=surname,
            given=given,
            company=company,
            mobile=f"1{rng.choice('3578')}{rng.randrange(10)}{rng.randrange(10**8):08d}",
            mail="",
            extension=str(rng.randrange(801, 899)),
            title=rng.choice(titles),
        )
        while not person.mail or person.mail in taken:
            person.mail = mail(rng, surname, given, company.domain)
        taken.add(person.mail)
        persons.append(person)
        same = named.setdefault(surname[0] + given[0], person)
        if same is not person:
            alike.append((same.key, person.key, "namesakes"))
    return made, persons, alike
