"""People and accounts of the English account and the ways in which they get typed."""

from dataclasses import dataclass
from random import Random
from typing import Any

from sample_data._make.typing_habits import typo
from sample_data._make.words_en import (
    CITIES,
    FIRST,
    FORMS,
    HEADS,
    LAST,
    MEN,
    NICK,
    SHORT_TAIL,
    STREETS,
    TAILS,
    TITLES,
)


@dataclass
class Account:
    key: str
    core: str
    form: str
    city: list[str]
    street: str
    phone: str
    domain: str
    careful: bool = False


@dataclass
class Person:
    key: str
    first: str
    last: str
    suffix: str
    account: Account | None
    city: list[str]
    street: str
    mobile: str
    work: str
    private: str
    title: str
    careful: bool = False


def number(rng: Random, city: list[str]) -> str:
    """City → an invented ten-digit number in its area code."""
    return f"{city[2]}{rng.randrange(220, 990)}{rng.randrange(10000):04d}"


def phone(rng: Random, digits: str, *, extension: str = "") -> str:
    """Ten digits → one of the ways to write them."""
    form = rng.choice(
        ("({}) {}-{}", "({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "+1 {} {} {}", "+1{}{}{}", "1-{}-{}-{}", "{}{}{}")
    )
    text = form.format(digits[:3], digits[3:6], digits[6:])
    return text + rng.choice((" x{}", " ext. {}", " ext {}")).format(extension) if extension else text


def accounts(rng: Random, count: int) -> tuple[list[Account], list[tuple[str, str, str]]]:
    """Number of accounts → accounts and the pairs among them that only look alike (branches, namesakes)."""
    made: list[Account] = []
    alike: list[tuple[str, str, str]] = []
    cores: set[str] = set()
    while len(made) < count:
        core = f"{rng.choice(HEADS)} {rng.choice(TAILS)}"
        if core in cores:
            continue
        cores.add(core)
        home, form, luck = rng.choice(CITIES), rng.choice(list(FORMS)), rng.random()
        domain = core.lower().replace(" ", "") + ".example"
        first = Account(f"a{len(made) + 1:04d}", core, form, home, _street(rng), number(rng, home), domain)
        made.append(first)
        if luck < 0.08:
            away = rng.choice([c for c in CITIES if c[1] != home[1]])
            other = Account(f"a{len(made) + 1:04d}", core, form, away, _street(rng), number(rng, away), domain)
            why = "branch"
            if luck > 0.05:
                why, other.form = "namesake", rng.choice([f for f in FORMS if f != form])
                other.domain = domain.replace(".", f"-{away[1].lower()}.")
            first.careful = other.careful = True
            made.append(other)
            alike.append((first.key, other.key, why))
    return made, alike


def _street(rng: Random) -> str:
    return f"{rng.randrange(10, 9900)} {rng.choice(STREETS)}"


def people(rng: Random, known: list[Account], count: int) -> tuple[list[Person], list[tuple[str, str, str]]]:
    """Accounts, number of people → people and the pairs among them that only look alike."""
    made: list[Person] = []
    alike: list[tuple[str, str, str]] = []
    taken: set[tuple[str, str]] = set()
    while len(made) < count:
        account = known[int(rng.random() ** 2 * len(known))] if rng.random() < 0.85 else None
        first, last = rng.choice(FIRST), rng.choice(LAST)
        if (first, last) in taken:
            continue
        taken.add((first, last))
        person = _person(rng, f"p{len(made) + 1:04d}", first, last, account)
        made.append(person)
        luck = rng.random()
        if luck < 0.06:
            other, why = _relative(rng, f"p{len(made) + 1:04d}", person, known, luck)
            made.append(other)
            alike.append((person.key, other.key, why))
    return made, alike


def _person(rng: Random, key: str, first: str, last: str, account: Account | None) -> Person:
    plain, mark = last.lower().replace("'", "").replace("-", ""), first.lower()
    local = rng.choice((f"{mark}.{plain}", f"{mark[0]}{plain}", f"{mark}{plain[0]}", f"{plain}{mark[0]}"))
    free = rng.choice(("mailbox.example", "example-mail.com", "postbox.example"))
    city = account.city if account else rng.choice(CITIES)
    return Person(
        key=key,
        first=first,
        last=last,
        suffix="",
        account=account,
        city=city,
        street=_street(rng),
        mobile=number(rng, city),
        work=f"{local}@{account.domain}" if account else "",
        private=f"{plain}{mark[:3]}{rng.randrange(10, 99)}@{free}",
        title=rng.choice(TITLES),
    )


def _relative(rng: Random, key: str, first: Person, known: list[Account], luck: float) -> tuple[Person, str]:
    if luck < 0.015 and first.first in MEN:
        other, why = _person(rng, key, first.first, first.last, first.account), "father and son"
        first.suffix, other.suffix = "Sr.", "Jr."
        other.work = "jr." + other.work if other.work else ""
    elif luck < 0.035:
        partner = rng.choice([n for n in FIRST if n[0] != first.first[0]])
        other, why = _person(rng, key, partner, first.last, None), "spouses"
        if rng.random() < 0.5:
            other.private = first.private
        else:
            other.mobile = first.mobile
    else:
        elsewhere = rng.choice([a for a in known if a.city[1] != first.city[1]])
        other, why = _person(rng, key, first.first, first.last, elsewhere), "namesakes"
    if why != "namesakes":
        other.city, other.street = first.city, first.street
    first.careful = other.careful = True
    return other, why


def account_cells(rng: Random, a: Account, again: bool) -> tuple[dict[str, str], dict[str, Any]]:
    """(account, whether it exists already) → cells of a record and the facts a reader finds in them."""
    core = a.core
    form = rng.choice((a.form, a.form, "")) if not again or a.careful else rng.choice((a.form, *FORMS[a.form], ""))
    if again and not a.careful:
        head, _, tail = core.partition(" ")
        core = rng.choice((core, core, core, f"{head} {SHORT_TAIL.get(tail, tail)}", typo(rng, core), core.upper()))
    has = {k: (a.careful and k == "city") or rng.random() < s for k, s in (("phone", 0.8), ("web", 0.6), ("city", 0.8))}
    name = f"{core}{'' if form.startswith(',') or not form else ' '}{form}"
    cells = {"Account Name": name}
    if has["phone"]:
        cells["Phone"] = phone(rng, a.phone)
    if has["web"]:
        cells["Website"] = rng.choice(("http://www.{}", "{}", "https://{}/", "www.{}")).format(a.domain)
    if has["city"]:
        cells |= {"Billing City": a.city[0], "Billing State": a.city[1]}
        if rng.random() < 0.6:
            cells |= {"Billing Street": a.street, "Billing Code": a.city[3]}
    facts = {"core": a.core, "phone": has["phone"], "web": has["web"], "city": has["city"]}
    return cells, facts


def person_cells(rng: Random, p: Person, again: bool) -> tuple[dict[str, str], dict[str, Any]]:
    """(person, whether a record exists already) → cells of a record and the facts a reader finds in them."""
    first, last, luck = p.first, p.last, rng.random()
    parts = {"first", "last"}
    if again and not p.careful:
        if luck < 0.25:
            first = rng.choice(NICK.get(first, [first]))
        elif luck < 0.38:
            last = typo(rng, last)
        elif luck < 0.46:
            first = typo(rng, first)
        elif luck < 0.54:
            first, parts = f"{first[0]}.", {"last"}
        elif luck < 0.60:
            first, last = last, first
        elif luck < 0.66:
            first, last = first.upper(), last.upper()
        elif luck < 0.70:
            first, last = first.lower(), last.lower()
        elif luck < 0.75:
            first, last = "", f"{last}, {first}"
    elif rng.random() < 0.12:
        first = rng.choice(NICK.get(first, [first]))
    cells = {"First Name": first, "Last Name": f"{last} {p.suffix}".strip()}
    has = {k: rng.random() < s for k, s in (("mobile", 0.62), ("work", 0.6), ("private", 0.3), ("office", 0.45))}
    has["account"] = p.account is not None and rng.random() < 0.92
    has["work"] &= p.account is not None
    if not (has["mobile"] or has["work"] or has["private"]):
        has["mobile"] = True
    if has["mobile"]:
        cells["Mobile" if rng.random() < 0.7 else "Phone"] = phone(rng, p.mobile)
    if has["office"] and p.account and "Phone" not in cells:
        cells["Phone"] = phone(rng, p.account.phone, extension=p.mobile[-3:] if again else "")
    office = p.account.phone if p.account and cells.get("Phone") and has["office"] else ""
    mails = [address for key, address in (("work", p.work), ("private", p.private)) if has[key]]
    shown = set(mails)
    if again and mails and rng.random() < 0.08:
        shown.discard(mails[0])
        mails[0] = mails[0].replace(".example", ".exmaple").replace("mail.com", "mail.con")
    if mails and rng.random() < 0.08:
        mails[0] = mails[0].upper()
    elif not mails and p.account and rng.random() < 0.3:
        mails = [f"{rng.choice(('info', 'sales', 'office'))}@{p.account.domain}"]
    elif not mails and rng.random() < 0.1:
        mails = [rng.choice(("none@none.com", "test@test.com", "n/a"))]
    cells |= dict(zip(("Email", "Secondary Email"), mails, strict=False))
    if rng.random() < 0.55 or p.careful:
        cells |= {"Mailing City": p.city[0], "Mailing State": p.city[1]}
    if p.careful or rng.random() < 0.25:
        cells |= {"Mailing Street": p.street, "Mailing Zip": p.city[3]}
    if has["account"] and rng.random() < 0.6:
        cells["Title"] = p.title
    facts = {
        "parts": parts,
        "mobile": has["mobile"],
        "emails": shown,
        "account": has["account"],
        "city": "Mailing City" in cells,
        "office": office,
    }
    return cells, facts
