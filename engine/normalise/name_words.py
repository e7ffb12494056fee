"""A cell that holds a person's name → its words, each with what it can be: title, initial, given name, patronymic …

Splits what was joined (SergeiLavrov, И.П.Иванов), joins what was spelled apart, drops notes in brackets. Which word
is the given and which the family name is decided in `engine.normalise.name_parts`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from engine.normalise import name_reference
from engine.normalise.scripts import clean, fold, has_han, romanise, simplified
from engine.normalise.spelling import fold_all, syllables

_NOTE = re.compile(r"\([^)]*\)|\[[^\]]*\]|（[^）]*）|【[^】]*】|\"[^\"]*\"|«[^»]*»|“[^”]*”|<[^>]*>")
_JOINED = re.compile(r"(?<=[a-zà-ÿа-яё])(?=[A-ZÀ-ÞА-ЯЁ][a-zà-ÿа-яё]{2})")
_NOT_JOINED = re.compile(r"^(?:M[ac]c?|De|Di|Da|Du|La|Le|Lo|Van|Von|Fitz|Al|El|Ab|Abu|Ibn|Saint|St|Ter)[A-Z]")
_LONGEST = 300  # characters of a cell that are read: what is longer is no name
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN = re.compile("[A-Z]?[a-z]{2,}|[А-ЯЁ]?[а-яё]{2,}|[A-Z]{4,}|[А-ЯЁ]{4,}")  # a word in which nothing needs repair
_ALONE = f"^(?:{_PLAIN.pattern})$"
_PATRONYMIC = re.compile(
    r"(?:[ое]вич|(?:иль|лук|фом|кузьм|никит|савв|хом)ич|[ое]вна|(?:ильин|никит|кузьмин|лукин|фомин|савв)ична|йович|"
    r"[иї]вна|[oe]vich|(?:il|luk|fom|kuzm|nikit|savv)y?ich|[oei]vna|(?:ilyin|ilin|nikit|kuzmin|lukin|fomin|savv)ichna|"
    r"[oe]vych|yivna)$"
)
_INITIALS = re.compile("[B-DF-HJ-NP-TV-XZ]{2,3}")  # JC Juncker
_TURKIC_PATRONYMIC = re.compile(r"(?:оглы|оглу|кызы|кизи|уулу|улы|угли|ogly|oglu|kyzy|uulu|uly)$")
# Few words end like a patronymic: the patterns are tried on those alone.
_PATRONYMIC_ENDS = ("ич", "на", "лы", "лу", "зы", "зи", "ли", "ich", "ych", "na", "ly", "lu", "zy")
_ENDINGS = (
    "ов ова ев ева ёв ёва ин ина ын ына ский ская цкий цкая ой ых их ко чк юк ук як дзе швили ян ава ич "
    "ovic ov ova ev eva sky skiy skii skij ski skaya ska enko chuk dze shvili yan ian sen son mann berg"
)
_FAMILY_ENDINGS = tuple(_ENDINGS.split())


@dataclass(frozen=True, slots=True)
class Word:
    """One clean word. `text` in its own script; `letters`: how many letters it was written with."""

    text: str
    roman: str
    fold: str
    initial: bool = False
    title: bool = False
    perhaps_title: bool = False
    particle: bool = False
    given: bool = False
    patronymic: bool = False
    family_ending: bool = False
    capitals: bool = False
    chinese: bool = False  # pinyin of one or two syllables
    surname: bool = False  # a known Chinese, Korean or Vietnamese surname
    han: bool = False
    frequent: bool = False  # … one of the twenty that half of all Chinese have
    hyphen: bool = False  # joined by a hyphen to the word before


def split(cell: str) -> list[str]:
    """A cell → its raw words in order; a comma that sets the family name apart is a word of its own, ",".

    >>> split("Иванов И.П. (директор)"), split("LEUNG, Mei-fun")
    (['Иванов', 'И.', 'П.'], ['LEUNG', ',', 'Mei-fun'])
    """
    cell = cell[:_LONGEST]
    bare = _NOTE.sub(" ", cell) if any(c in cell for c in '([（【"«“<') else cell
    if not _LETTER.search(bare):
        bare = cell
    bare = bare.replace("，", ",").replace(",", " , ").replace(";", " ").replace("/", " ").replace("_", " ")
    bare = bare.replace("·", " · ").replace("・", " · ").replace("•", " · ").replace("‧", " · ")
    out: list[str] = []
    for token in bare.split():
        if "." in token:
            pieces = token.split(".")
            out += [f"{p}." for p in pieces[:-1] if p] + [p for p in pieces[-1:] if p]
        elif len(token) > 5 and not token.islower() and not token.isupper() and not _NOT_JOINED.match(token):
            out += _JOINED.split(token)
        else:
            out.append(token)
    return out


def split_all(cells: Sequence[str | None]) -> tuple[list[list[str]], dict[str, list[Word]]]:
    """Cells → the raw words of each, and what `look_up` says of every raw word, each looked up once.

    Words written plainly in one of the two common alphabets, the most of any table, are taken together.
    """
    raw = [[] if not cell else [cell] if _PLAIN.fullmatch(cell) else split(cell) for cell in cells]
    distinct = dict.fromkeys(word for words in raw for word in words if word != ",")
    plain = [word for word in distinct if _PLAIN.fullmatch(word)]
    known = dict(zip(plain, _look_up_plain(plain), strict=True))
    return raw, {word: known[word] if word in known else look_up(word) for word in distinct}


def plain_words(cells: pl.Series) -> pl.DataFrame:
    """Cells → `plain`: whether a cell is one plainly written word that says a name; of those `text` (clean), `roman`
    and `fold`, as `look_up` gives them: whole columns at once. Titles and placeholders are not plain.
    """
    plain = cells.str.contains(_ALONE).fill_null(False)
    texts = cells.filter(plain).str.to_lowercase().str.replace_all("ё", "е", literal=True)
    no_name = name_reference.words("titles") | name_reference.words("suffixes") | name_reference.words("placeholders")
    named = ~texts.is_in(list(no_name))
    texts, at = texts.filter(named), plain.arg_true().filter(named)
    romans = _romanised(texts.to_list())
    made: dict[str, Sequence[str]] = {"text": texts.to_list(), "roman": romans, "fold": fold_all(romans)}
    empty = pl.repeat(None, len(cells), dtype=pl.String, eager=True)
    columns = {name: empty.clone().scatter(at, pl.Series(values, dtype=pl.String)) for name, values in made.items()}
    return pl.DataFrame(columns).with_columns(plain=pl.col("text").is_not_null())


def _romanised(texts: Sequence[str]) -> list[str]:
    """Texts of plain words, clean → what `romanise` gives for each, in one pass over all of them."""
    return "\n".join(texts).translate(_plain_letters()).split("\n") if texts else []


@cache
def _plain_letters() -> dict[int, str]:
    return {ord(letter): romanise(letter) for letter in "абвгдежзийклмнопрстуфхцчшщъыьэюя"}


def _look_up_plain(raw: Sequence[str]) -> list[list[Word]]:
    texts = [word.lower().replace("ё", "е") for word in raw]
    romans = _romanised(texts)
    no_name = name_reference.words("titles") | name_reference.words("suffixes")
    return [
        [Word(text, "", "", title=True) if text in no_name else _full_word(text, roman, fold, capitals=word.isupper())]
        for word, text, roman, fold in zip(raw, texts, romans, fold_all(romans), strict=True)
    ]


def look_up(raw: str) -> list[Word]:
    """A raw word → its clean word or words (several when a hyphen joins two); [] when no letter is in it."""
    dotted = raw.endswith(".")
    cleaned = clean(raw).replace("'", "").strip('.-,:!?*"`~+=|\\/')
    letters = sum(1 for c in raw if c.isalpha())
    capitals = letters > 1 and raw.upper() == raw and raw.lower() != raw
    if not _LETTER.search(cleaned):
        return []
    if cleaned in name_reference.words("titles") or cleaned in name_reference.words("suffixes"):
        return [Word(cleaned, "", "", title=True)]
    if letters <= 2 and (dotted or letters == 1) and not has_han(cleaned):
        return [_initial(cleaned[0])]
    if capitals and _INITIALS.fullmatch(raw) and cleaned not in name_reference.latin_surnames():
        return [_initial(c) for c in cleaned]
    parts = [part for part in re.split("-+", cleaned) if _LETTER.search(part)]
    return [_word(part, capitals, hyphen=number > 0) for number, part in enumerate(parts)]


def _word(text: str, capitals: bool, *, hyphen: bool = False) -> Word:
    if has_han(text):
        return han_word(text)
    if len(text) == 1:
        return _initial(text, hyphen=hyphen)
    roman = romanise(text)
    return _full_word(text, roman, fold(roman), capitals=capitals, hyphen=hyphen)


def _full_word(text: str, roman: str, folded: str, *, capitals: bool = False, hyphen: bool = False) -> Word:
    parts = syllables(roman) if len(roman) <= 12 else ()
    return Word(
        text,
        roman,
        folded,
        perhaps_title=text in name_reference.words("perhaps_titles"),
        particle=text in name_reference.words("particles"),
        given=folded in name_reference.given_names(),
        patronymic=len(text) > 5 and text.endswith(_PATRONYMIC_ENDS) and _is_patronymic(text),
        family_ending=len(text) > 3 and text.endswith(_FAMILY_ENDINGS),
        capitals=capitals,
        chinese=0 < len(parts) <= 2,
        surname=folded in name_reference.latin_surnames(),
        frequent=folded in name_reference.frequent_surnames(),
        hyphen=hyphen,
    )


def _is_patronymic(text: str) -> bool:
    return bool(_PATRONYMIC.search(text) or _TURKIC_PATRONYMIC.search(text))


def han_word(text: str) -> Word:
    """Text in Han → one word, in simplified characters."""
    text = simplified(text)
    roman = romanise(text)
    return Word(text, roman, fold(roman), han=True)


def _initial(letter: str, *, hyphen: bool = False) -> Word:
    roman = romanise(letter)
    return Word(letter, roman, roman[:1], initial=True, hyphen=hyphen)
