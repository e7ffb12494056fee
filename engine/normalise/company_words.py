"""Reference data → what companies are called: legal forms, weak and industry words, abbreviations, places.

Everything is looked up in the spelling that `engine.normalise.companies` brings names to: lines of tokens, each
with a space before and after it (" ооо  |  вектор "), lower case, Latin letters without diacritics.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.files import read_yaml
from engine.normalise.scripts import clean, fold, has_han, romanise

_REFERENCE = Path(__file__).parent.parent / "reference"
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_CERTAIN = 5  # letters from which a phrase of several words is taken for a legal form wherever it stands

WEAK, INDUSTRY, PLACE = 0.15, 0.4, 0.4  # how much a word says when nothing is known of the table


@dataclass(frozen=True)
class Form:
    """A legal form: its usual short name and the group of forms that mean much the same ("" fits every group)."""

    name: str
    group: str


@dataclass(frozen=True)
class Forms:
    """Spelling → form, apart by where in a name it may stand."""

    anywhere: dict[str, Form]
    head: dict[str, Form]
    tail: dict[str, Form]


def token(word: str) -> str:
    """One word as it stands in a cell → the token all tables are written in.

    >>> token("Société"), token("Ёлка")
    ('societe', 'елка')
    """
    word = clean(word)
    return word if word.isascii() or has_han(word) or re.search("[\u0400-\u052f]", word) else romanise(word)


def line(text: str) -> str:
    """A phrase of the reference data → tokens, each between spaces: "Н Новгород" → " н  новгород "."""
    return "".join(f" {token(w)} " for w in _TOKEN.findall(text))


@cache
def forms() -> Forms:
    """legal_forms.csv, as lines of tokens (Han spellings as they are)."""
    found = Forms({}, {}, {})
    with (_REFERENCE / "legal_forms.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            form = Form(row["form"], row["group"])
            for spelling in row["spellings"].split("|"):
                phrase = line(spelling)
                certain = len(phrase.split()) > 1 and len(phrase.replace(" ", "")) >= _CERTAIN
                where = "any" if certain else row["where"]
                if where == "any":
                    found.anywhere[phrase] = form
                if where in ("head", "end"):
                    found.head[phrase] = form
                if where in ("tail", "end"):
                    found.tail[phrase] = form
    return found


@cache
def words() -> dict[str, Any]:
    """company_words.yaml as it is."""
    loaded: dict[str, Any] = read_yaml(_REFERENCE / "company_words.yaml")
    return loaded


@cache
def concepts() -> dict[str, str]:
    """Fold of a word → the concept it stands for in any language (Банк, bank, 银行 → bank)."""
    return {word_fold(w): concept for part in ("weak", "industry") for concept, spellings in words()[part].items()
            for w in spellings}  # fmt: skip


@cache
def priors() -> dict[str, float]:
    """Fold of a word → how much it says, for the words that say less than a name does."""
    found = {word_fold(w): PLACE for names in _place_lines() for name in names for w in name.split()}
    for part, weight in (("industry", INDUSTRY), ("weak", WEAK)):
        found |= {word_fold(w): weight for spellings in words()[part].values() for w in spellings}
    return found


@cache
def han_priors() -> dict[str, float]:
    """Chinese weak and industry words, as they are → how much each of their characters says."""
    return {w: weight for part, weight in (("industry", INDUSTRY), ("weak", WEAK))
            for spellings in words()[part].values() for w in spellings if has_han(w)}  # fmt: skip


@cache
def replacements() -> dict[str, str]:
    """Token → token: abbreviations → the full word, ordinals → their number."""
    tables = {**words()["abbreviations"], **words()["ordinals"]}
    return {token(re.sub(r"\W", "", a)): token(full) for full, short in tables.items() for a in short}


@cache
def placeholders() -> frozenset[str]:
    """Whole names, as tokens with single spaces, that name no company."""
    return frozenset(" ".join(line(str(p)).split()) for p in words()["placeholders"])


@cache
def places() -> dict[str, str]:
    """Spelling of a place as a line of tokens → its name."""
    found = {line(name): names[0] for names in _place_lines() for name in names}
    for city in (*_chinese_places(), "中国"):
        found |= {f" {city}{end} ": city for end in ("", "市", "省")}
    return found


@cache
def chinese_short_places() -> dict[str, str]:
    """Chinese place → the single characters that stand for it and for its province in short names."""
    return _chinese_places()


def word_fold(word: str) -> str:
    """A word in any script → its fold; of what has no letters, the word itself."""
    romanised = romanise(token(word))
    return fold(romanised) or romanised


@cache
def _place_lines() -> tuple[tuple[str, ...], ...]:
    found = []
    for file in ("places_ru.txt", "places_world.txt"):
        for row in (_REFERENCE / file).read_text(encoding="utf-8").splitlines():
            if row and not row.startswith("#"):
                found.append(tuple(name.strip() for name in row.split("|")))
    return tuple(found)


@cache
def _chinese_places() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in (_REFERENCE / "places_zh.txt").read_text(encoding="utf-8").splitlines():
        if row.startswith("#"):
            continue
        province, *cities = row.split()
        name, _, short = province.partition("/")
        for city in cities:
            city, _, own = city.partition("/")
            found.setdefault(city, short + own)
        found[name] = short
    return found
