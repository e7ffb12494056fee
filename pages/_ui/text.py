"""Every word a person sees: `_("English sentence", name=value)` → the sentence in the language in use.

The English sentence is the message id; the catalogues are `locale/<lang>/LC_MESSAGES/winnow.po`, compiled once when
they are first needed. `use(lang)` is called at the start of each run; it holds for that run's thread only.
Sentences for the engine's codes live in `words.py`.
"""

import datetime as dt
import gettext
import io
import re
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel import dates, numbers
from babel.messages import mofile, pofile

LANGUAGES = {"en": "English", "ru": "Русский", "zh": "中文"}
_LOCALES = {"en": "en", "ru": "ru", "zh": "zh_Hans"}
_FOLDER = Path(__file__).parent / "locale"
_in_use: ContextVar[str] = ContextVar("language", default="en")
_speaking: ContextVar[gettext.NullTranslations | None] = ContextVar("catalogue", default=None)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~$:^=&])")
_LINKS = re.compile(r"@|:(?=/)|www(?=\\?\.)", re.IGNORECASE)  # what a renderer would make a link of
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_BYTES = 1024  # CRMs sell and show storage in these


def use(language: str) -> None:
    """A language code → from now on this run speaks it; an unknown one means English."""
    _in_use.set(language if language in LANGUAGES else "en")
    _speaking.set(_catalogue(_in_use.get()))  # looked for once a run: a page says thousands of words


def language() -> str:
    """→ the code of the language in use."""
    return _in_use.get()


def best(wanted: str | None) -> str:
    """A browser's locale such as `ru-RU` → the language of ours that fits best."""
    code = (wanted or "en").replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else "en"


def _(message: str, **values: object) -> str:
    """An English sentence, with {named} gaps → the same in the language in use, the gaps filled."""
    said = (_speaking.get() or _catalogue(language())).gettext(message)
    return said.format(**values) if values else said


def n_(one: str, many: str, count: int, **values: object) -> str:
    """(singular, plural, number) → the right plural form; `{n}` is the number as the language writes it."""
    said = (_speaking.get() or _catalogue(language())).ngettext(one, many, count)
    return said.format(n=num(count), **values)


def num(value: float | None, digits: int = 0) -> str:
    """12345.6 → '12,346' or '12 346'."""
    if value is None:
        return "–"
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    written = str(numbers.format_decimal(value, format=pattern, locale=_LOCALES[language()]))
    return written.replace("-", "\u2212")  # as charts write it


def signed(value: float, digits: int = 1) -> str:
    """-2.04 → '−2.0', 2.04 → '+2.0'."""
    return ("+" if value >= 0 else "") + num(value, digits)


def sentences(*said: str) -> str:
    """Sentences, of which some may be empty → one text; Chinese sets no space between them."""
    return ("" if language() == "zh" else " ").join(filter(None, said))


def labelled(name: str, what: str) -> str:
    """('Phone', 'same') → 'Phone: same', with the colon of the language."""
    return f"{name}：{what}" if language() == "zh" else f"{name}: {what}"


def listed(*parts: str) -> str:
    """Several things, in which commas may stand → one line, set apart as the language does it."""
    return ("；" if language() == "zh" else "; ").join(parts)


def percent(share: float | None, digits: int = 0) -> str:
    """0.123 → '12 %' as the language writes it."""
    if share is None:
        return "–"
    shown = num(share * 100, digits)
    return f"{shown}\u00a0%" if language() == "ru" else f"{shown}%"


def size(count: float | None) -> str:
    """A number of bytes → '14.2 GB', '14,2 ГБ'."""
    if count is None:
        return "–"
    units = [_("B"), _("kB"), _("MB"), _("GB"), _("TB")]
    step, value = 0, float(count)
    while abs(value) >= _BYTES and step < len(units) - 1:
        value, step = value / _BYTES, step + 1
    return f"{num(value, 0 if step == 0 or abs(value) >= 100 else 1)}\u00a0{units[step]}"


def date(value: dt.date | dt.datetime | str | None) -> str:
    """A day → '31 Oct 2026' as the language writes it."""
    if value is None or value == "":
        return "–"
    day = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    pattern = "medium" if language() == "zh" else "d MMM y"
    return str(dates.format_date(day, format=pattern, locale=_LOCALES[language()]))


def day_format() -> str:
    """→ how a field for a date shows it, in the ways that Streamlit knows."""
    return "DD.MM.YYYY" if language() == "ru" else "YYYY-MM-DD"


def plain(value: object, limit: int = 200) -> str:
    """A value from a CRM → text that Markdown shows literally: nothing in it can format, link or run."""
    if value is None:
        return "–"
    text = _CONTROL.sub(" ", str(value))
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return _LINKS.sub("\\g<0>\u200b", _MARKDOWN.sub(r"\\\1", text))


def bare(value: object, limit: int = 200) -> str:
    """A value from a CRM → text for a picture, where nothing is markup: on one line, without signs that turn it."""
    text = " ".join(_CONTROL.sub(" ", str(value)).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def unbroken(label: str) -> str:
    """A short label → the same, which a narrow column does not break between any two of its letters."""
    return "\u2060".join(label) if language() == "zh" else label


def number_locale() -> dict[str, object]:
    """→ how charts write numbers: Vega's number locale for the language in use."""
    if language() == "ru":
        return {
            "decimal": ",",
            "thousands": "\u00a0",
            "grouping": [3],
            "currency": ["", "\u00a0₽"],
            "percent": "\u00a0%",
        }
    return {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]}


def catalogue_path(code: str) -> Path:
    """A language code → its catalogue file."""
    return _FOLDER / code / "LC_MESSAGES" / "winnow.po"


@lru_cache(maxsize=8)
def _compiled(code: str, changed: int) -> gettext.NullTranslations:
    with catalogue_path(code).open("rb") as file:
        catalogue = pofile.read_po(file, locale=_LOCALES[code])
    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _catalogue(code: str) -> gettext.NullTranslations:
    path = catalogue_path(code)
    return _compiled(code, path.stat().st_mtime_ns) if path.exists() else gettext.NullTranslations()
