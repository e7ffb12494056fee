"""Names in columns of their own → comparison keys; `parse` takes whole names apart (see `name_parts`).

All functions take a series of display values (best: distinct ones) and give a frame of the same height, null where
there is no name. Shared columns: `key` Latin letters, words kept apart; `fold` one word in which the usual spellings
coincide; `han` simplified characters, when the name is written in them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from engine.normalise import name_reference
from engine.normalise.name_parts import PARTS, parse
from engine.normalise.name_words import Word, plain_words, split_all
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
OfPlain = Callable[[pl.DataFrame], pl.DataFrame]
_FEMALE = "(?:на|na|кызы|кизи|kyzy)$"
_MALE = "(?:ич|ich|ych|оглы|ogly|oglu|улы|uly|уулу|uulu)$"
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
    return _with_generation(values, GIVEN, _given, _given_alone)


def family_keys(values: pl.Series) -> pl.DataFrame:
    """Family names → the columns of `FAMILY`.

    >>> import polars as pl
    >>> family_keys(pl.Series(["Достоевская", "Римский-Корсаков"])).select("stem", "parts").rows()
    [('dostovsk', 'dostovskaia'), ('rimskikorsakov', 'korsakov rimski')]
    """
    return _with_generation(values, FAMILY, _family, _family_alone)


def patronymic_keys(values: pl.Series) -> pl.DataFrame:
    """Patronymics or other middle names → the columns of `PATRONYMIC`.

    >>> import polars as pl
    >>> patronymic_keys(pl.Series(["Сергеевич", "Sergeyevich", "С."])).select("fold", "is_initial", "sex").rows()
    [('sergivich', False, 'm'), ('sergivich', False, 'm'), ('s', True, None)]
    """
    return _keys(values, PATRONYMIC, _patronymic, _patronymic_alone)


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


def _with_generation(values: pl.Series, schema: Mapping[str, pl.DataType], of: Of, of_plain: OfPlain) -> pl.DataFrame:
    """Names, their columns, words → those → the keys; what follows a name to tell father and son apart is taken off."""
    suffix = rf"(?i)[\s,(]+({'|'.join(GENERATIONS)})[.)]*\s*$"
    found = values.str.extract(suffix).str.to_lowercase().replace_strict(GENERATIONS, default=None)
    rest = {name: dtype for name, dtype in schema.items() if name != "generation"}
    keys = _keys(values.str.replace(suffix, ""), rest, of, of_plain)
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


def _keys(values: pl.Series, schema: Mapping[str, pl.DataType], of: Of, of_plain: OfPlain) -> pl.DataFrame:
    """Cells, columns, words → those, and the same for a whole column of plain words → the keys."""
    words = plain_words(values)
    rest = words["plain"].not_().arg_true()
    cells, known = split_all(values.gather(rest).to_list())
    empty = (None,) * len(schema)
    rows = [of(found) if (found := _names(cell, known)) else empty for cell in cells]
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    others = pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
    plain = words.filter("plain").select("text", key="roman", fold=pl.when(pl.col("fold") != "").then("fold"))
    plain = of_plain(plain).select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    order = np.empty(len(values), np.int64)
    order[np.r_[words["plain"].arg_true().to_numpy(), rest.to_numpy()]] = np.arange(len(values))
    return pl.concat([plain, others])[order]


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


def _given_alone(words: pl.DataFrame) -> pl.DataFrame:
    formal = {name: " ".join(sorted(names)) for name, names in name_reference.formal_names().items()}
    return words.with_columns(
        formal=pl.col("fold").replace(formal),
        initial=pl.col("fold").str.head(1),
        is_initial=pl.lit(False),
        han=pl.lit(None, pl.String),
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


def _family_alone(words: pl.DataFrame) -> pl.DataFrame:
    stems = pl.Series(stem_all(words["fold"].fill_null("").to_list()), dtype=pl.String)
    return words.with_columns(stem=stems.replace("", None), parts="fold", han=pl.lit(None, pl.String))


def _patronymic(words: list[Word]) -> tuple[str | bool | None, ...]:
    folded = "".join(w.fold for w in words)
    text = words[-1].text
    sex = "f" if re.search(_FEMALE, text) else None
    if re.search(_MALE, text):
        sex = "m"
    return " ".join(w.roman for w in words), folded or None, folded[:1] or None, words[0].initial, sex


def _patronymic_alone(words: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("text").str
    sex = pl.when(text.contains(_MALE)).then(pl.lit("m")).when(text.contains(_FEMALE)).then(pl.lit("f"))
    return words.with_columns(initial=pl.col("fold").str.head(1), is_initial=pl.lit(False), sex=sex)
