"""One company, typed by somebody: legal form, quotes, branch, and where its tax id ended up."""

from random import Random
from typing import Any

from sample_data._make.amocrm_world import Company
from sample_data._make.typing_habits import company_name, phone, roman
from sample_data._make.words_ru import CITY_SHORT, PREFIXES

FIRST_STYLES = ["guillemets"] * 4 + ["quotes"] * 6 + ["bare"] * 5 + ["plain"] * 3 + ["behind", "comma", "capitals"]
AGAIN_STYLES = """bare quotes plain behind comma capitals latin_form english roman spacing typo homoglyph lower full
guillemets bare behind""".split()


def _name(rng: Random, company: Company, again: bool) -> str:
    if not company.form:
        words = company.core.split()
        style = rng.random()
        if style < 0.5:
            return company.core
        if style < 0.75:
            short = f"{words[1]} {words[2][0]}.{words[3][0]}."
            return f"{short} ИП" if again else f"ИП {short}"
        return "Индивидуальный предприниматель " + " ".join(words[1:]) if again else f"{' '.join(words[1:])} (ИП)"
    core = company.core
    for row in PREFIXES:
        long, short = row.split("|")
        if core.startswith(long) and rng.random() < (0.6 if again else 0.3):
            core = core.replace(long, short)
    style = rng.choice(AGAIN_STYLES if again and not company.careful else FIRST_STYLES)
    name = company_name(rng, core, company.form, style)
    if company.branch and rng.random() < 0.7:
        name += rng.choice((" филиал в г. {}", " ({})", ", {}, филиал")).format(company.city[0])
    elif rng.random() < 0.04:
        name += f" ({CITY_SHORT.get(company.city[0], company.city[0])})"
    return name


def company_record(rng: Random, company: Company, earlier: list[Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """(company, records that exist of it) → cells of a new record and the facts that a reader finds in them."""
    again = bool(earlier)
    has = {
        "office": rng.random() < 0.72,
        "mail": rng.random() < 0.45,
        "web": rng.random() < 0.45,
        "street": rng.random() < 0.4,
        "city": company.careful or rng.random() < 0.78,
        "inn": company.careful or rng.random() < 0.5,
    }
    name = _name(rng, company, again)
    cells = {"Полное имя контакта": name, "Название компании": name}
    cells["Источник"] = rng.choice(("Звонок", "Сайт", "Импорт 1С", "Импорт 1С", "База", "Выставка"))
    if has["office"]:
        code = len(company.city[1])
        cells["Рабочий телефон"] = phone(rng, company.phone, code=code)
    elif rng.random() < 0.05:
        cells["Рабочий телефон"] = rng.choice(("-", "нет", "0000000"))
    if has["mail"]:
        cells["Рабочий email"] = f"{rng.choice(('info', 'info', 'office', 'zakaz', 'mail'))}@{company.domain}"
    if has["web"]:
        cells["Web"] = rng.choice(("http://{}", "https://www.{}/", "www.{}", "{}", "{}")).format(company.domain)
    if has["city"]:
        city = company.city[0]
        cells["Город"] = CITY_SHORT.get(city, city) if rng.random() < 0.15 else city
        if again and rng.random() < 0.05:
            cells["Город"] = roman(city)
    if has["street"]:
        street = company.street if rng.random() < 0.6 else company.street.replace("ул. ", "").replace(", ", " д.")
        cells["Адрес"] = f"{company.city[0]}, {street}" if rng.random() < 0.6 else street
    if has["inn"]:
        kpp = f"{rng.choice((', КПП ', ' / КПП ', ' КПП:'))}{company.kpp}" if company.kpp else ""
        cells["Примечание 1"] = f"{rng.choice(('ИНН ', 'Реквизиты: ИНН ', 'ИНН:'))}{company.inn}{kpp}"
    facts = {
        "office": company.phone if has["office"] else "",
        "emails": set(),
        "domain": company.domain if has["mail"] or has["web"] else "",
        "city": company.city[0] if has["city"] else "",
        "inn": company.inn if has["inn"] else "",
        "core": company.core,
        "parts": set(),
    }
    return cells, facts
