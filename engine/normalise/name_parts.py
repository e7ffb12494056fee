"""Whole names → given name, family name, patronymic: which word is which, in the orders people write them.

In order of trust: a comma (Last, First), a family name in capitals among other words, a patronymic (the given name
stands before it), Chinese surnames, initials (the full word is the family name), known given names, the endings of
family names, and last the order Given Family.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from engine.normalise import name_reference
from engine.normalise.name_words import Word, han_word, split_all
from engine.normalise.scripts import fold, has_han, simplified

PARTS = {
    "given": pl.String(),  # clean words in their own script; initials are single letters
    "family": pl.String(),
    "patronymic": pl.String(),  # Russian patronymic or other middle name
    "words": pl.String(),  # all words as they stood
    "romanised": pl.String(),  # all words in Latin letters, sorted: the same for every order
    "fold": pl.String(),  # the same in fold spelling: equal for the same name in any order, script, spelling
    "tokens": pl.String(),  # the words as they stood, each behind a letter for its role: g f p, or x for a particle
}
_EMPTY = (None,) * len(PARTS)
Roles = list[tuple[str, Word]]


def parse(names: pl.Series) -> pl.DataFrame:
    """Whole names (best: distinct ones) → one row each with the columns of `PARTS`; all null where there is no name.

    >>> import polars as pl
    >>> parse(pl.Series(["ИСАКОВ Эсенгул", "Dr. John Q. Smith"])).select("given", "family", "patronymic").rows()
    [('эсенгул', 'исаков', None), ('john', 'smith', 'q')]
    """
    cells = names.to_list()
    raw, known = split_all(cells)
    rows = [_EMPTY if name is None else _parsed(name, pieces, known) for name, pieces in zip(cells, raw, strict=True)]
    columns = zip(*rows, strict=True) if rows else [()] * len(PARTS)
    return pl.DataFrame(dict(zip(PARTS, columns, strict=True)), schema=PARTS)


def _parsed(name: str, raw: Sequence[str], known: Mapping[str, list[Word]]) -> tuple[str | None, ...]:
    words: list[Word] = []
    comma = None
    for piece in raw:
        if piece == ",":
            comma = len(words) if comma is None and words else comma
            continue
        words += known[piece]
    words, comma = _without_titles(words, comma)
    if len(words) > 1 and all(w.hyphen for w in words[1:]):  # Margarita-Simonyan
        words = [replace(w, hyphen=False) for w in words]
    if not words or " ".join(w.text for w in words) in name_reference.words("placeholders"):
        return _EMPTY
    if any(w.han for w in words):
        roles = _han(words, dotted="·" in name or "・" in name or "•" in name or "‧" in name)
    else:
        roles = _roles(words, comma)
    return _row(roles)


def _without_titles(words: list[Word], comma: int | None) -> tuple[list[Word], int | None]:
    if any(w.title or w.perhaps_title for w in words):
        names = sum(not (w.title or w.perhaps_title or w.initial) for w in words)
        keep = [not w.title and not (w.perhaps_title and names >= 2) for w in words]
        if not any(keep):
            return [], None
        if comma is not None:
            comma = sum(keep[:comma])
        words = [w for w, k in zip(words, keep, strict=True) if k]
    if comma is not None and not 0 < comma < len(words):
        comma = None
    return words, comma


def _row(roles: Roles) -> tuple[str | None, ...]:
    def of(role: str) -> str | None:
        return " ".join(w.text for r, w in roles if r in role) or None

    main = [w for r, w in roles if r != "x"] or [w for _, w in roles]
    return (
        of("g"),
        of("fx"),
        of("p"),
        of("gfpx"),
        " ".join(sorted(w.roman for _, w in roles)),
        " ".join(sorted(w.fold for w in main)),
        " ".join(r + w.text for r, w in roles),
    )


def _roles(words: Sequence[Word], comma: int | None) -> Roles:
    """Words that are not Han → the same with a role each, in the order they stood."""
    full = [i for i, w in enumerate(words) if not w.initial and not w.particle and not _continues(words, i)]
    if len(full) < 2:
        full = [i for i, w in enumerate(words) if not w.initial and not _continues(words, i)]
    particles = {i for i in range(len(words) - 1) if words[i].particle and i not in full}
    family = _family(words, full, comma)
    patronymic = _patronymic(words, full, family)
    roles: Roles = []
    given_seen = False
    for i, word in enumerate(words):
        if roles and _continues(words, i):
            roles.append((roles[-1][0], word))
        elif i in particles:
            roles.append(("x", word))
        elif i in family:
            roles.append(("f", word))
        elif i in patronymic or (given_seen and (word.initial or not word.chinese)):
            roles.append(("p", word))
        else:
            given_seen = True
            roles.append(("g", word))
    return _joined_pinyin(roles)


def _continues(words: Sequence[Word], i: int) -> bool:
    """Whether a word is a later part of a hyphenated name (Jean-Claude, but not al-Assad)."""
    return words[i].hyphen and not words[i - 1].particle


def _family(words: Sequence[Word], full: list[int], comma: int | None) -> set[int]:
    """Words, places of the full ones, of the comma → places of the family name's words."""
    if not full:
        return set()
    if comma is not None:
        before = {i for i in full if i < comma}
        if before:
            return before
    capitals = {i for i in full if words[i].capitals}
    if capitals and len(capitals) < len(full):
        return capitals
    if len(full) == 1:
        alone = words[full[0]]
        return set() if alone.given and len(words) == 1 else {full[0]}
    at = next((i for i in full[1:] if words[i].patronymic), None)
    if at is not None and len(full) > 2:
        return {i for i in full if i not in (at, full[full.index(at) - 1])}
    return {full[_family_of_two_or_more([words[i] for i in full])]}


def _family_of_two_or_more(full: list[Word]) -> int:
    first, second, last = full[0], full[1], full[-1]
    if all(w.chinese or w.surname for w in full) and (first.surname or last.surname):
        western = last.surname and (not first.surname or (last.frequent and not first.frequent))
        return len(full) - 1 if western else 0
    if len(full) == 2 and last.patronymic and first.given and last.text.endswith(("на", "na")):
        return 0  # Анна Ивановна: no family name; see `_patronymic`
    if first.given != last.given:
        return len(full) - 1 if first.given else 0
    if len(full) > 2 and second.given and not first.given and not last.given:
        return 0
    if first.family_ending and not last.family_ending and not first.given:
        return 0
    return len(full) - 1


def _patronymic(words: Sequence[Word], full: list[int], family: set[int]) -> set[int]:
    if len(full) == 2 and words[full[1]].patronymic and words[full[0]].given:
        ending = words[full[1]].text.endswith(("на", "na"))
        if ending:
            family.discard(full[0])
            return {full[1]}
    return {i for i in full[1:] if words[i].patronymic and i not in family}


def _joined_pinyin(roles: Roles) -> Roles:
    """Xiao Ming Wang → the given name's syllables as one word, as Chinese write it: Xiaoming."""
    given = [i for i, (r, _) in enumerate(roles) if r == "g"]
    if len(given) != 2 or given[1] != given[0] + 1:
        return roles
    one, two = (roles[i][1] for i in given)
    if not (one.chinese and two.chinese and any(w.surname for r, w in roles if r == "f")):
        return roles
    roman = one.roman + two.roman
    joined = Word(one.text + two.text, roman, fold(roman), chinese=True)
    return [*roles[: given[0]], ("g", joined), *roles[given[1] + 1 :]]


def _han(words: list[Word], *, dotted: bool) -> Roles:
    """Words some of which are Han → roles. A foreign name in Han is dotted, given name first."""
    han = [w for w in words if w.han]
    others = [w for w in words if not w.han]
    if len(han) > 1 and (dotted or all(len(w.text) > 2 for w in han)):
        roles = [*(("g", w) for w in han[:-1]), ("f", han[-1])]
    else:
        roles = _chinese("".join(w.text for w in han))
    return [*roles, *(("p" if w.initial else "g", w) for w in others)]


def _chinese(text: str) -> Roles:
    """A Chinese name without spaces → family name and given name by the list of surnames."""
    for title in sorted(name_reference.words("han_titles"), key=len, reverse=True):
        if text.endswith(title) and len(text) > len(title):
            text = text[: -len(title)]
    text = simplified(text)
    surnames = name_reference.han_surnames()
    size = 2 if len(text) > 2 and text[:2] in surnames else 1
    if len(text) == 1 or len(text) > size + 2 or text[:size] not in surnames or not has_han(text):
        return [("f", han_word(text))]
    family, given = text[:size], text[size:]
    return [("f", han_word(family)), ("g", han_word(given))]
