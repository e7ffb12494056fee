"""Text in any script → clean text, Latin keys, and a fold in which the usual spellings of one name coincide.

    clean("Ивaнoв")      → "иванов"      Latin letters hidden in a Cyrillic word repaired, one case, ё as е
    romanise("иванов")   → "ivanov"      one Latin key for any script, diacritics dropped
    fold("iuliia")       → "iulia"       Yulia, Julia, Iuliia, Юлия
    skeleton("iulia")    → "AL"          consonant classes, for transcriptions between distant languages

All are pure and work on one text; call them on distinct values only. The tables are in
`engine/reference/romanisation.yaml`, readings of Han in `han_readings.txt`; traditional → simplified is OpenCC's.
"""

import re
import unicodedata
from functools import cache
from typing import Any

from engine.normalise.spelling import REFERENCE, fold, skeleton, tables

__all__ = ["HAN", "clean", "fold", "has_han", "romanise", "simplified", "skeleton"]

HAN = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]"
_HAN = re.compile(HAN)
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
        if not text.isprintable():
            text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cn", "Co", "Cs"))
        if _CYRILLIC.search(text) and _LATIN.search(text):
            text = _WORD.sub(lambda m: _one_script(m.group()), text)
    if not text.isprintable():
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
    if any(c in word for c in tables()["ukrainian"]):
        word = word.replace("г", "h")
    out = []
    for char in word:
        known = letters.get(char)
        out.append(_decomposed(char) if known is None else known)
    return "".join(out)


def simplified(text: str) -> str:
    """Han text → the same in simplified characters; other text unchanged.

    >>> simplified("張偉"), simplified("Zhang")
    ('张伟', 'Zhang')
    """
    return str(_opencc().convert(text)) if _HAN.search(text) else text


def has_han(text: str) -> bool:
    """Text → whether any of its characters is Han."""
    return _HAN.search(text) is not None


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
    table = tables()["digits"][script]
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
    readings: dict[str, str] = tables()["surname_readings"]
    start = next((word[:n] for n in (2, 1) if word[:n] in readings), "")
    known = _readings()
    return readings.get(start, "") + "".join(known.get(c, c) for c in word[len(start) :])


@cache
def _readings() -> dict[str, str]:
    """→ the commonest reading of each Han character, without tones (`reference/han_readings.txt`)."""
    lines = (REFERENCE / "han_readings.txt").read_text(encoding="utf-8").splitlines()
    return {char: reading for reading, chars in map(str.split, lines) for char in chars}


@cache
def _opencc() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _letters() -> dict[str, str]:
    return {letter: to for table in tables()["letters"].values() for letter, to in table.items()}


@cache
def _homoglyphs() -> tuple[dict[str, str], dict[str, str]]:
    to_cyrillic: dict[str, str] = tables()["homoglyphs"]
    return to_cyrillic, {cyrillic: latin for latin, cyrillic in to_cyrillic.items()}
