"""Column headers → fields, by name: the dictionary of `engine/reference/headers.yaml`."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from engine.files import read_yaml

REFERENCE = Path(__file__).parent.parent / "reference"

_REQUIRED_MARK = re.compile(r"\s*([（(]\s*必填\s*[）)]|\*+)\s*$")
_SEPARATORS = re.compile(r"[\s_.\-/:#№\ufeff\u200b]+")
_TRAILING_NUMBER = re.compile(r"( c?\d+|(?<=[^\W\d_])\d)$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ENTITY_SUFFIX = re.compile(
    r"\s*[（(]\s*(контакт|компания|сделка|contact|company|lead|deal)\s*[）)]\s*$", re.IGNORECASE
)
_SUFFIX_ENTITY = {
    "контакт": "contact",
    "contact": "contact",
    "компания": "company",
    "company": "company",
    "сделка": "deal",
    "lead": "deal",
    "deal": "deal",
}
_ENTITY_SUFFIX = re.compile(rf"\s*[（(]\s*({'|'.join(_SUFFIX_ENTITY)})\s*[）)]\s*$", re.IGNORECASE)


def plain(header: str) -> str:
    """Header → the form under which headers are compared: lower case, one kind of space, no "required" mark.

    >>> plain("客户名称（必填）"), plain("E-mail"), plain("dateOfBirth"), plain("Бюджет ")
    ('客户名称', 'e mail', 'date of birth', 'бюджет')
    """
    text = _CAMEL.sub(" ", _REQUIRED_MARK.sub("", header))
    return _SEPARATORS.sub(" ", text.casefold().replace("ё", "е")).strip()


def numberless(name: str) -> str:
    """Plain header → the same without a trailing number, which only counts columns of one field.

    >>> numberless("address 2"), numberless("fname c1"), numberless("примечание 5"), numberless("email2")
    ('address', 'fname', 'примечание', 'email')
    """
    return _TRAILING_NUMBER.sub("", name).strip()


def entity_suffix(header: str) -> tuple[str, str | None]:
    """Header → (header without the entity it names in brackets, that entity or None).

    >>> entity_suffix("Рабочий телефон (контакт)")
    ('Рабочий телефон', 'contact')
    """
    found = _ENTITY_SUFFIX.search(header)
    if found is None:
        return header, None
    return header[: found.start()], _SUFFIX_ENTITY[found.group(1).casefold()]


def field_of(header: str, entity: str) -> str | None:
    """(header, entity) → the field of that entity it names in any of the languages known, or None.

    >>> field_of("soc_sec_id", "contact"), field_of("Сотовый телефон", "company"), field_of("cuisine", "company")
    ('identifier', 'phone', None)
    """
    name = plain(header)
    names = _names(entity)
    return names.get(name) or names.get(numberless(name))


def signals() -> dict[str, frozenset[str]]:
    """→ for deals and files, the plain headers that betray such a table."""
    return {entity: frozenset(map(plain, names)) for entity, names in dictionary()["signals"].items()}


@cache
def dictionary() -> dict[str, Any]:
    """→ headers.yaml as it is."""
    data: dict[str, Any] = read_yaml(REFERENCE / "headers.yaml")
    return data


@cache
def _names(entity: str) -> dict[str, str]:
    from engine.schema import ENTITIES

    known = dictionary()
    names: dict[str, str] = {}
    for section in (entity, "any"):
        for field, synonyms in known.get(section, {}).items():
            if field in ENTITIES[entity]:
                for synonym in synonyms:
                    names.setdefault(plain(synonym), field)
    return names
