"""Blocking keys in words: what two records must share to be compared."""

from collections.abc import Sequence

from pages._ui.text import _, labelled
from pages._ui.words import comparison


def blocking_keys(keys: Sequence[str]) -> str:
    """('phone.last7', 'city.city') → 'Phone: last 7 digits + City': a blocking rule by what two records must share."""
    said = []
    for one in keys:
        of, _dot, part = one.partition(".")
        told = _key(part)
        said.append(labelled(comparison(of), told) if told else comparison(of))
    return " + ".join(said)


def _key(part: str) -> str:
    """A part of a value by which pairs are found, in words; nothing where it is the whole value."""
    names = {
        "local": _("what stands before @"),
        "letters": _("letters before @"),
        "label": _("the name in it"),
        "last7": _("last 7 digits"),
        "family": _("family name"),
        "family_initial": _("family name and initial"),
        "words": _("one word of it"),
        "skeletons": _("consonants of one word"),
        "bones": _("all consonants"),
        "sounds": _("sounds"),
        "surnames": _("Chinese surname"),
        "stem": _("without its ending"),
        "formal": _("full form"),
        "initial": _("initial"),
        "head": _("first letters"),
        "first": _("first word"),
        "rare": _("rare words"),
        "rare_pair": _("two rare words"),
        "start": _("beginning"),
        "end": _("ending"),
        "consonants": _("first consonants"),
        "acronym": _("initials"),
        "initials": _("initials"),
        "bigrams": _("rare pairs of characters"),
        "street_house": _("street and house"),
        "street": _("street"),
        "house_word": _("house and a word"),
        "year_month": _("year and month"),
        "parts": _("its parts in any order"),
    }
    return names.get(part, "")
