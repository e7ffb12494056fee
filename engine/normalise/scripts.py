"""Text in any script → clean text, Latin keys, and a fold in which the usual spellings of one name coincide.

    clean("Ивaнoв")      → "иванов"      Latin letters hidden in a Cyrillic word repaired, one case, ё as е
    romanise("иванов")   → "ivanov"      one Latin key for any script, diacritics dropped
    fold("iuliia")       → "iulia"       Yulia, Julia, Iuliia, Юлия
    skeleton("iulia")    → "AL"          consonant classes, for transcriptions between distant languages

All are pure and work on one text; call them on distinct values only. The tables are in
`engine/reference/romanisation.yaml`; Han readings are pypinyin's, traditional → simplified is OpenCC's.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_REFERENCE = Path(__file__).parent.parent / "reference"
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_DIGIT_IN_WORD = re.compile(r"(?<=[^\W\d_])\d(?=[^\W\d_])")
_PUNCTUATION = str.maketrans({**dict.fromkeys("’‘ʼ`´′ʹ＇", "'"), **dict.fromkeys("‐‑‒–—−", "-")})


def clean(text: str) -> str:
    """Any text → NFKC, one case, ё as е, look-alike letters of another script repaired, single spaces.

    Invisible and control characters go; apostrophes and dashes become ' and -; other punctuation stays. A word that
    mixes Latin and Cyrillic is written in the script that its unmistakable letters are of. A single digit inside a
    word of three letters and more becomes the letter it stands for. Idempotent.

    >>> clean("  Cергeй\\u200b ＳＥＣＨ1Ｎ ")
    'сергей sechin'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_PUNCTUATION)
        text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cn", "Co", "Cs"))
        if _CYRILLIC.search(text) and _LATIN.search(text):
            text = _WORD.sub(lambda m: _one_script(m.group()), text)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = text.casefold().replace("i\u0307", "i").replace("ё", "е")
    if _DIGIT_IN_WORD.search(text):
        text = _WORD.sub(lambda m: _letters_for_digits(m.group()), text)
    text = " ".join(text.split())
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def romanise(word: str) -> str:
    """A clean word or text → Latin letters: Cyrillic, Han (pinyin without tones), Greek, Georgian, Armenian,
    Arabic, Hebrew, kana and hangul letter by letter, diacritics dropped; what has no table stays as it is.

    >>> romanise("щербаков"), romanise("曾國強"), romanise("jäätteenmäki")
    ('shcherbakov', 'zengguoqiang', 'jaatteenmaki')
    """
    if word.isascii():
        return word
    if _HAN.search(word):
        word = _pinyin(simplified(word))
    letters = _letters()
    if any(c in word for c in _table()["ukrainian"]):
        word = word.replace("г", "h")
    out = []
    for char in word:
        known = letters.get(char)
        out.append(_decomposed(char) if known is None else known)
    return "".join(out)


def fold(romanised: str) -> str:
    """A romanised word → its fold: equal for the usual romanisations and spellings of one name.

    Made of the letters a–z alone; "" when nothing is left, the word itself when no Latin letter is in it.

    >>> {fold(w) for w in ("yulia", "julia", "iuliia", "yuliya")}, fold("tchaikovsky") == fold("chaykovskii")
    ({'iulia'}, True)
    """
    spared = _is_pinyin(romanised)
    word = romanised
    for pattern, to, loose in _fold_rules():
        if not (loose and spared):
            word = pattern.sub(to, word)
    return word or ("" if romanised.isascii() else romanised)


def skeleton(folded: str) -> str:
    """A fold → its consonants, one letter for each class of sounds; a leading vowel is kept as "a".

    Distant transcriptions agree in it more or less: 图奥米奥亚 (tuaomiaoya) and Tuomioja are both "TM".

    >>> skeleton(fold("tuaomiaoya")), skeleton(fold("tuomioja"))
    ('TM', 'TM')
    """
    return _reduced(folded, _SKELETON)


def pinyin_skeleton(pinyin: str) -> str:
    """The pinyin of a foreign name written in Han → its consonants, in the classes of `skeleton`.

    >>> pinyin_skeleton("xipilai"), skeleton(fold("sipilä"))
    ('SPL', 'SPL')
    """
    return _reduced(pinyin, _PINYIN_SKELETON)


def _reduced(word: str, rules: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, to in rules:
        word = pattern.sub(to, word)
    return word


def simplified(text: str) -> str:
    """Han text → the same in simplified characters; other text unchanged.

    >>> simplified("張偉"), simplified("Zhang")
    ('张伟', 'Zhang')
    """
    return str(_opencc().convert(text)) if _HAN.search(text) else text


def has_han(text: str) -> bool:
    """Text → whether any of its characters is Han."""
    return _HAN.search(text) is not None


@cache
def syllables(word: str) -> tuple[str, ...]:
    """A Latin word → the pinyin syllables it is made of (longest first), () when it is not pinyin.

    >>> syllables("xiaoming"), syllables("jukka")
    (('xiao', 'ming'), ())
    """
    if word in _pinyin_syllables():
        return (word,)
    for end in range(min(6, len(word) - 1), 0, -1):
        if word[:end] in _pinyin_syllables() and (rest := syllables(word[end:])):
            return (word[:end], *rest)
    return ()


_SKELETON = [
    (re.compile(a), b)
    for a, b in (
        ("^[aeiou]+(?=.)", "A"),
        ("ng(?=[^aeiou]|$)", "n"),
        ("[aeiouy]+", ""),
        ("sh|zh|ch|ks|ts|[szcx]", "S"),
        ("[gkqhj]+", "K"),
        ("[bp]", "P"),
        ("[dt]", "T"),
        ("[fvw]", "F"),
        ("[lr]", "L"),
        ("n", "N"),
        ("m", "M"),
        (r"(.)\1+", r"\1"),
    )
]

# Foreign names in Han: 尔 er is a bare l or r, 热 re and 日 ri a zh, 乌 wu and 伊 yi a bare vowel.
_PINYIN_SKELETON = [
    (re.compile(a), b)
    for a, b in (
        ("^(?:[aeo](?!r)|yi|wu|y(?=[aeou]))", "A"),
        ("er", "L"),
        ("r", "S"),
        ("wu|y", ""),
        ("[qx]", "S"),
        ("ng?(?![aeiou])|n", "N"),
    )
] + _SKELETON[1:]


def _one_script(word: str) -> str:
    """A word → the same in one script, when every letter of the other script has a look-alike."""
    latin, cyrillic = len(_LATIN.findall(word)), len(_CYRILLIC.findall(word))
    if not latin or not cyrillic:
        return word
    to_cyrillic, to_latin = _homoglyphs()
    only_latin = any(_LATIN.match(c) and c not in to_cyrillic for c in word)
    only_cyrillic = any(_CYRILLIC.match(c) and c not in to_latin for c in word)
    if only_latin and only_cyrillic:
        return word
    if only_latin or (not only_cyrillic and latin > cyrillic):
        return "".join(to_latin.get(c, c) for c in word)
    return "".join(to_cyrillic.get(c, c) for c in word)


def _letters_for_digits(word: str) -> str:
    if sum(c.isalpha() for c in word) < 3 or not _DIGIT_IN_WORD.search(word):
        return word
    script = "cyrillic" if _CYRILLIC.search(word) else "latin"
    if script == "latin" and not _LATIN.search(word):
        return word
    table = _table()["digits"][script]
    return _DIGIT_IN_WORD.sub(lambda m: table.get(m.group(), m.group()), word)


@cache
def _decomposed(char: str) -> str:
    """A character without a table entry → its base letters; hangul by the Revised Romanization."""
    if "\uac00" <= char <= "\ud7a3":
        index = ord(char) - 0xAC00
        initial, medial, final = index // 588, index % 588 // 28, index % 28
        return _INITIALS[initial] + _MEDIALS[medial] + _FINALS[final]
    if "\u30a1" <= char <= "\u30f6":
        return str(_letters().get(chr(ord(char) - 0x60), char))
    base = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    return "".join(_letters().get(c, c) for c in base)


_INITIALS = ["g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"]
_MEDIALS = [
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
]
_FINALS = [
    "",
    "k",
    "k",
    "k",
    "n",
    "n",
    "n",
    "t",
    "l",
    "k",
    "m",
    "p",
    "l",
    "l",
    "p",
    "l",
    "m",
    "p",
    "p",
    "t",
    "t",
    "ng",
    "t",
    "t",
    "k",
    "t",
    "p",
    "t",
]


def _pinyin(word: str) -> str:
    """Simplified Han text → pinyin; the first characters are read as a surname, foreign dots become spaces."""
    readings: dict[str, str] = _table()["surname_readings"]
    start = next((word[:n] for n in (2, 1) if word[:n] in readings), "")
    return readings.get(start, "") + "".join(_reading(c) for c in word[len(start) :])


@cache
def _reading(char: str) -> str:
    if not _HAN.match(char):
        return char
    from pypinyin import Style, lazy_pinyin

    return str(lazy_pinyin(char, style=Style.NORMAL, v_to_u=False)[0]).replace("v", "yu").replace("ü", "yu")


@cache
def _is_pinyin(word: str) -> bool:
    """Whether a word may be a Chinese surname or given name: one or two syllables. Julia and Juri are not."""
    parts = syllables(word) if 1 < len(word) <= 12 and not word.startswith(("juli", "juri")) else ()
    return 1 <= len(parts) <= 2 and all(len(p) > 1 for p in parts)


@cache
def _pinyin_syllables() -> frozenset[str]:
    from pypinyin.contrib.tone_convert import to_normal
    from pypinyin.pinyin_dict import pinyin_dict

    common = (reading.split(",")[0] for code, reading in pinyin_dict.items() if 0x4E00 <= code <= 0x9FA5)
    found = {to_normal(r).replace("ü", "v") for r in common}
    return frozenset(s for s in found if s.isalpha() and s.isascii()) | {"lyu", "nyu"}


@cache
def _opencc() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((_REFERENCE / "romanisation.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def _letters() -> dict[str, str]:
    return {letter: to for table in _table()["letters"].values() for letter, to in table.items()}


@cache
def _homoglyphs() -> tuple[dict[str, str], dict[str, str]]:
    to_cyrillic: dict[str, str] = _table()["homoglyphs"]
    return to_cyrillic, {cyrillic: latin for latin, cyrillic in to_cyrillic.items()}


@cache
def _fold_rules() -> list[tuple[re.Pattern[str], str, bool]]:
    return [(re.compile(r["from"]), r["to"], r.get("loose", False)) for r in _table()["fold"]]
