"""One person, typed by somebody: which name order, which phone in which column, what is left out."""

from random import Random
from typing import Any

from sample_data._make.amocrm_world import Person
from sample_data._make.typing_habits import latin_inside, phone, roman, roman_name, typo
from sample_data._make.words_ru import CITY_SHORT, SHORT, SURNAMES

# source → (share, name styles, share of mobile, private mail, work mail, office phone, company, city, position filled)
HABITS: dict[str, tuple[float, str, tuple[float, ...]]] = {
    "Звонок": (0.27, "FL FL LF F FP FL", (0.85, 0.08, 0.15, 0.25, 0.65, 0.4, 0.3)),
    "Сайт": (0.23, "FL FL FL LF F fl", (0.85, 0.7, 0.2, 0.05, 0.5, 0.4, 0.1)),
    "Импорт 1С": (0.14, "LFP LFP CAPS LIO", (0.45, 0.12, 0.5, 0.6, 0.9, 0.75, 0.5)),
    "Выставка": (0.12, "FLP LF FL EN LFP", (0.7, 0.1, 0.75, 0.45, 0.95, 0.6, 0.8)),
    "База": (0.1, "FP LFP FL LIO", (0.2, 0.05, 0.55, 0.75, 0.95, 0.8, 0.7)),
    "WhatsApp": (0.08, "D D EN F FL DL", (1.0, 0.05, 0.05, 0.0, 0.3, 0.2, 0.05)),
    "Совет": (0.06, "FP FLP FL LFP", (0.85, 0.2, 0.3, 0.2, 0.7, 0.4, 0.4)),
}
NOTHING_PHONE = ("0000000", "-", "нет", "80000000000", "111111", "не указан")
NOTHING_MAIL = ("test@test.ru", "нет", "-", "no@no.ru", "test@test.ru")
ROLES = ("info", "info", "zakaz", "sales", "office", "buh", "snab")


def _name(rng: Random, p: Person, style: str, changed: bool) -> tuple[str, str, str, set[str]]:
    """(person, style) → whole name, first-name cell, surname cell, and which parts of the name a reader sees."""
    first, last, pat = p.first, p.last, p.patronymic
    if changed:  # a duplicate: typed by another hand
        luck = rng.random()
        if luck < 0.07:
            last = typo(rng, last)
        elif luck < 0.1:
            first = typo(rng, first)
        elif luck < 0.14:
            last = latin_inside(rng, last)
        elif luck < 0.25 and style in ("FL", "LF", "F"):
            first = rng.choice(SHORT[p.first])
        elif luck < 0.33 and style in ("FL", "LF"):
            style = "EN"
    if rng.random() < 0.45:
        first, last, pat = (word.replace("ё", "е").replace("Ё", "Е") for word in (first, last, pat))
    if style in ("EN", "D", "DL"):
        given = rng.choice(SHORT[p.first]) if style != "EN" else first
        if style == "EN":
            first, last = roman_name(rng, p.first, p.last)
        elif rng.random() < 0.3:
            first, last = roman(given, "sloppy"), roman(last, "sloppy")
        else:
            first = given
    whole, cells, parts = {
        "FL": (f"{first} {last}", (first, last), "first last"),
        "DL": (f"{first} {last}", (first, last), "first last"),
        "EN": (f"{first} {last}", (first, last), "first last"),
        "LF": (f"{last} {first}", (first, last), "first last"),
        "fl": (f"{first} {last}".lower(), (first.lower(), last.lower()), "first last"),
        "LFP": (f"{last} {first} {pat}", (f"{first} {pat}", last), "first last patronymic"),
        "FLP": (f"{first} {pat} {last}", (f"{first} {pat}", last), "first last patronymic"),
        "CAPS": (f"{last} {first} {pat}".upper(), (f"{first} {pat}".upper(), last.upper()), "first last patronymic"),
        "LIO": (f"{last} {first[0]}.{pat[0]}.", (f"{first[0]}.{pat[0]}.", last), "last"),
        "FP": (f"{first} {pat}", (f"{first} {pat}", ""), "first patronymic"),
        "F": (first, (first, ""), "first"),
        "D": (first, (first, ""), "first"),
    }[style]
    if rng.random() < 0.3:  # the whole name was pasted into one field
        cells = ("", "")
    return whole, *cells, set(parts.split())


def _put(rng: Random, cells: dict[str, str], columns: tuple[str, ...], value: str) -> None:
    column = columns[min(int(rng.random() ** 2 * len(columns)), len(columns) - 1)]
    cells[column] = f"{cells[column]}, {value}" if cells.get(column) else value


def _phones(rng: Random, p: Person, cells: dict[str, str], number: str, office: bool) -> None:
    if number:
        _put(rng, cells, ("Мобильный телефон", "Рабочий телефон", "Другой телефон"), phone(rng, number))
    if office and p.employer:
        code = len(p.employer.city[1])
        extension = p.extension if rng.random() < 0.4 else ""
        shown = phone(rng, p.employer.phone, code=code, extension=extension)
        _put(rng, cells, ("Рабочий телефон", "Рабочий прямой телефон"), shown)
    if p.home and rng.random() < 0.75:
        cells["Домашний телефон"] = phone(rng, p.home, code=len(p.city[1]))
    if not cells.get("Рабочий телефон") and rng.random() < 0.03:
        cells["Рабочий телефон"] = rng.choice(NOTHING_PHONE)


def _mails(rng: Random, p: Person, cells: dict[str, str], private: bool, work: bool, changed: bool) -> set[str]:
    shown: set[str] = set()
    for wanted, address, columns in (
        (private, p.personal, ("Личный email", "Рабочий email", "Другой email")),
        (work and p.employer, p.work, ("Рабочий email",)),
    ):
        if not wanted:
            continue
        written, luck = address, rng.random()
        if changed and luck < 0.05:
            local, _, domain = address.partition("@")
            written = f"{typo(rng, local)}@{domain}"
        else:
            shown.add(address)
        if 0.05 < luck < 0.13:
            written = written.capitalize() if luck < 0.1 else written.upper()
        _put(rng, cells, columns, written)
    if p.employer and not cells.get("Рабочий email") and rng.random() < 0.14:
        cells["Рабочий email"] = f"{rng.choice(ROLES)}@{p.employer.domain}"
    elif not cells.get("Рабочий email") and rng.random() < 0.02:
        cells["Рабочий email"] = rng.choice(NOTHING_MAIL)
    return shown


def person_record(rng: Random, p: Person, earlier: list[Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """(person, records that exist of them) → cells of a new record and the facts that a reader finds in them."""
    source = rng.choices(list(HABITS), [h[0] for h in HABITS.values()])[0]
    _, styles, shares = HABITS[source]
    style = rng.choice(styles.split())
    has = [rng.random() < share for share in shares]
    changed = bool(earlier)
    number, address = p.mobile, p.employer
    if p.careful:
        style = rng.choice(("LFP", "FLP", "LFP", "CAPS"))
        has[5] = True
    if not (has[0] or has[1] or (has[2] and p.employer)):
        has[0] = p.employer is None or rng.random() < 0.6
        if not has[0] and style not in ("LFP", "FLP", "CAPS", "FL"):
            style = "FL" if p.employer else "LFP"
        has[4] = True
    if changed and not p.careful:
        luck = rng.random()
        if luck < 0.06:
            number = p.mobile[:2] + f"{(int(p.mobile[2:]) * 7 + 1234567) % 10**8:08d}"  # their second number
        elif luck < 0.08:
            number = p.mobile[:9] + str((int(p.mobile[9]) + 1) % 10)
        elif luck < 0.13:
            address = None  # changed jobs, or the company was not asked for
    has[4] = has[4] and address is not None
    whole, first, last, parts = _name(rng, p, style, changed and not p.careful)
    cells = {"Полное имя контакта": whole, "Имя": first, "Фамилия": last, "Источник": source}
    if changed and p.woman and rng.random() < 0.02:
        parts, cells["Примечание 1"] = parts - {"last"}, f"сменила фамилию, раньше {p.last}"
        maiden = SURNAMES[len(p.personal) * 7 % 300] + "а"
        cells |= {"Полное имя контакта": f"{p.first} {maiden}", "Имя": p.first, "Фамилия": maiden}
    _phones(rng, p, cells, number if has[0] else "", has[3] and has[4])
    shown = _mails(rng, p, cells, has[1], has[2] and address is not None, changed)
    if has[5]:
        cells["Город"] = CITY_SHORT.get(p.city[0], p.city[0]) if rng.random() < 0.15 else p.city[0]
    if has[6] and has[4]:
        cells["Должность"] = p.position.capitalize() if rng.random() < 0.5 else p.position
    if p.home or rng.random() < 0.04:
        cells["Адрес"] = f"{p.city[0]}, {p.street}"
    if source == "Выставка":
        cells["Теги"] = f"выставка {2021 + len(p.work) % 6}"
    if not has[4] and rng.random() < 0.05:
        cells["Название компании"] = rng.choice(("нет", "-", "физ. лицо", "частное лицо"))
    facts = {
        "mobile": number if has[0] else "",
        "emails": shown,
        "company": address.key if has[4] and address else "",
        "city": p.city[0] if has[5] else "",
        "parts": parts,
        "office": p.employer.phone if has[3] and has[4] and p.employer else "",
        "home": cells.get("Домашний телефон") and p.home,
    }
    return cells, facts
