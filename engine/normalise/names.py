"""Names in columns of their own → comparison keys; `parse` takes whole names apart (see `name_parts`).

All functions take a series of display values (best: distinct ones) and give a frame of the same height, null where
there is no name. Shared columns: `key` Latin letters, words kept apart; `fold` one word in which the usual spellings
coincide; `han` simplified characters, when the name is written in them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import polars as pl

from engine.normalise import name_reference
from engine.normalise.name_parts import PARTS, parse
from engine.normalise.name_words import Word, split_all
from engine.normalise.spelling import for_lines, in_lines

__all__ = [
    "FAMILY",
    "GIVEN",
    "PARTS",
    "PATRONYMIC",
    "family_keys",
    "family_stem",
    "given_keys",
    "parse",
    "patronymic_keys",
]

GIVEN = {
    "key": pl.String(),
    "fold": pl.String(),
    "formal": pl.String(),  # folds of the formal names it may stand for, sorted; its own fold when it is no nickname
    "initial": pl.String(),  # first letter of the fold
    "is_initial": pl.Boolean(),
    "han": pl.String(),
    "generation": pl.String(),  # senior, junior or a number: of two it tells father and son apart
}
FAMILY = {
    "key": pl.String(),
    "fold": pl.String(),
    "stem": pl.String(),  # the same for a man and a woman of one family
    "parts": pl.String(),  # folds of a double surname's parts, sorted
    "han": pl.String(),
    "generation": pl.String(),
}
GENERATIONS = {
    **dict.fromkeys(("sr", "senior", "старший", "ст"), "senior"),
    **dict.fromkeys(("jr", "junior", "младший", "мл"), "junior"),
    **{numeral: numeral for numeral in ("ii", "iii", "iv")},
}
PATRONYMIC = {
    "key": pl.String(),
    "fold": pl.String(),
    "initial": pl.String(),
    "is_initial": pl.Boolean(),
    "sex": pl.String(),  # m, f or null
}

Of = Callable[[list[Word]], tuple[str | bool | None, ...]]
_STEM = [
    (re.compile(pattern), to)
    for pattern, to in (
        ("(?<=..)([oe]v|in)(?:a|s|as|a[si]?te|ene)$", r"\1"),  # Иванова; Lavrovs; Ivanovas
        ("(?<=..)(sk|tsk|ck|zk)(?:i|aia|ai|a|is|aus|oi|ogo)$", r"\1"),  # Достоевская, Kowalska
        ("(?<=...)(?:aia|oi)$", ""),  # Толстая, Толстой
        ("(?<=..[nlrvhktdbm])i$", ""),  # Белый: as Белая
    )
]
_STEM_LINES = [(for_lines(pattern.pattern), to) for pattern, to in _STEM]


def given_keys(values: pl.Series) -> pl.DataFrame:
    """Given names → the columns of `GIVEN`. Titles, a patronymic and initials behind a full name are left out.

    >>> import polars as pl
    >>> given_keys(pl.Series(["Юлия", "Саша", "J.", "-"])).select("key", "formal", "is_initial").rows()
    [('yuliya', 'iulia', False), ('sasha', 'aleksander aleksandra', False), ('j', None, True), (None, None, None)]
    """
    return _with_generation(values, GIVEN, _given)


def family_keys(values: pl.Series) -> pl.DataFrame:
    """Family names → the columns of `FAMILY`.

    >>> import polars as pl
    >>> family_keys(pl.Series(["Достоевская", "Римский-Корсаков"])).select("stem", "parts").rows()
    [('dostovsk', 'dostovskaia'), ('rimskikorsakov', 'korsakov rimski')]
    """
    return _with_generation(values, FAMILY, _family)


def patronymic_keys(values: pl.Series) -> pl.DataFrame:
    """Patronymics or other middle names → the columns of `PATRONYMIC`.

    >>> import polars as pl
    >>> patronymic_keys(pl.Series(["Сергеевич", "Sergeyevich", "С."])).select("fold", "is_initial", "sex").rows()
    [('sergivich', False, 'm'), ('sergivich', False, 'm'), ('s', True, None)]
    """
    return _keys(values, PATRONYMIC, _patronymic)


@lru_cache(maxsize=1 << 18)
def family_stem(folded: str) -> str:
    """The fold of a family name → the same without the ending that tells women from men, or one language from another.

    >>> family_stem("ivanova"), family_stem("tolstaia"), family_stem("tolstoi"), family_stem("lavrovs")
    ('ivanov', 'tolst', 'tolst', 'lavrov')
    """
    for pattern, to in _STEM:
        stem = pattern.sub(to, folded)
        if stem != folded:
            return stem
    return folded


def _with_generation(values: pl.Series, schema: Mapping[str, pl.DataType], of: Of) -> pl.DataFrame:
    """Names, their columns, words → those → the keys; what follows a name to tell father and son apart is taken off."""
    suffix = rf"(?i)[\s,(]+({'|'.join(GENERATIONS)})[.)]*\s*$"
    found = values.str.extract(suffix).str.to_lowercase().replace_strict(GENERATIONS, default=None)
    keys = _keys(values.str.replace(suffix, ""), {k: v for k, v in schema.items() if k != "generation"}, of)
    return keys.with_columns(found.cast(pl.String).alias("generation"))


def stem_all(folded: Sequence[str]) -> list[str]:
    """Folds of family names → their stems: what `family_stem` gives for each, in a few passes over all of them.

    >>> stem_all(["ivanova", "tolstaia", "wang"])
    ['ivanov', 'tolst', 'wang']
    """
    stems = list(folded)
    left = list(range(len(stems)))
    for pattern, to in _STEM_LINES:
        made = in_lines([stems[at] for at in left], [(pattern, to)])
        changed = {at: stem for at, stem in zip(left, made, strict=True) if stem != stems[at]}
        for at, stem in changed.items():
            stems[at] = stem
        left = [at for at in left if at not in changed]
    return stems


def _keys(values: pl.Series, schema: Mapping[str, pl.DataType], of: Of) -> pl.DataFrame:
    empty = (None,) * len(schema)
    cells, known = split_all(values.to_list())
    rows = [of(words) if (words := _names(cell, known)) else empty for cell in cells]
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)


def _names(raw: list[str], known: Mapping[str, list[Word]]) -> list[Word]:
    words = [word for one in raw if one != "," for word in known[one] if not word.title]
    return [] if " ".join(word.text for word in words) in name_reference.words("placeholders") else words


def _given(words: list[Word]) -> tuple[str | bool | None, ...]:
    full = [w for w in words if not w.initial] or words[:1]
    if len(full) > 1:
        full = [w for w in full if not w.patronymic] or full
    folded = "".join(w.fold for w in full)
    is_initial = full[0].initial
    formal = name_reference.formal_names().get(folded, frozenset((folded,)))
    return (
        " ".join(w.roman for w in full),
        folded or None,
        None if is_initial else " ".join(sorted(formal)) or None,
        folded[:1] or None,
        is_initial,
        "".join(w.text for w in full) if all(w.han for w in full) else None,
    )


def _family(words: list[Word]) -> tuple[str | None, ...]:
    if len(words) == 1:
        (word,) = words
        han = word.text if word.han else None
        return word.roman, word.fold or None, family_stem(word.fold) or None, word.fold or None, han
    main = [w for w in words if not w.particle and not w.initial] or words
    return (
        " ".join(w.roman for w in words),
        "".join(w.fold for w in words) or None,
        "".join(family_stem(w.fold) if len(main) == 1 else w.fold for w in main) or None,
        " ".join(sorted(w.fold for w in main)) or None,
        "".join(w.text for w in words) if all(w.han for w in words) else None,
    )


def _patronymic(words: list[Word]) -> tuple[str | bool | None, ...]:
    folded = "".join(w.fold for w in words)
    text = words[-1].text
    sex = "f" if re.search("(?:на|na|кызы|кизи|kyzy)$", text) else None
    if re.search("(?:ич|ich|ych|оглы|ogly|oglu|улы|uly|уулу|uulu)$", text):
        sex = "m"
    return " ".join(w.roman for w in words), folded or None, folded[:1] or None, words[0].initial, sex
