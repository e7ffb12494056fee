"""Words of names looked up together say what each says looked up alone."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_normal
from pypinyin.pinyin_dict import pinyin_dict

from engine.normalise import name_reference, names, spelling
from engine.normalise.name_words import look_up, split, split_all
from engine.normalise.names import family_stem, stem_all
from engine.normalise.scripts import has_han, romanise, simplified
from engine.normalise.spelling import fold, fold_all, skeleton, skeleton_all, tables

LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz'-ö王", max_size=14)
WORDS = st.text(alphabet="abeilnoruyABEZабвеёиоскйщьяАБЁЯ.-' ,1王小ö", min_size=1, max_size=12)


@given(st.lists(LETTERS, max_size=30))
def test_folds_are_those_of_each_word(words: list[str]) -> None:
    assert fold_all(words) == [fold(word) for word in words]
    assert skeleton_all(words) == [skeleton(word) for word in words]


def test_folds_of_all_known_names() -> None:
    words = [*sorted(name_reference.given_names()), "zhangwei", "julia", "tchaikovsky", "xiaoming", "eugen"]
    assert fold_all(words) == [fold(word) for word in words]


@given(st.lists(st.one_of(WORDS, st.none()), max_size=20))
def test_cells_are_split_and_looked_up_as_one_by_one(cells: list[str | None]) -> None:
    raw, known = split_all(cells)
    assert raw == [split(cell) if cell else [] for cell in cells]
    assert known == {word: look_up(word) for words in raw for word in words if word != ","}


def test_capitals_and_titles() -> None:
    cells = ["ПЕТРОВ", "Петров", "Dr", "доктор", "Мария", "OFFICE", "Ян", "Li", "МГУ", "господин"]
    raw, known = split_all(cells)
    assert raw == [split(cell) for cell in cells]
    assert known == {word: look_up(word) for cell in cells for word in split(cell)}


def test_syllables_on_file_are_those_of_the_readings() -> None:
    common = (reading.split(",")[0] for code, reading in pinyin_dict.items() if 0x4E00 <= code <= 0x9FA5)
    plain = {to_normal(reading).replace("ü", "v") for reading in common}
    assert spelling._pinyin_syllables() == {s for s in plain if s.isalpha() and s.isascii()} | {"lyu", "nyu"}
    assert all(spelling._LIKE_PINYIN.fullmatch(syllable) for syllable in spelling._pinyin_syllables())


def test_surnames_on_file_are_read_as_any_han_text_is() -> None:
    read = {name_reference.word_fold(surname) for surname in name_reference.han_surnames()}
    assert read <= name_reference.latin_surnames()
    first = name_reference._surnames()["single"].strip()[:20]
    assert name_reference.frequent_surnames() == {name_reference.word_fold(surname) for surname in first}


@given(st.lists(LETTERS, max_size=30))
def test_stems_are_those_of_each_word(words: list[str]) -> None:
    endings = [*words, *(word + "ova" for word in words), *(word + "skaia" for word in words)]
    assert stem_all(endings) == [family_stem(word) for word in endings]


def test_han_characters_are_read_as_pypinyin_reads_them() -> None:
    han = [chr(code) for code in pinyin_dict if has_han(chr(code))]
    read = [lazy_pinyin(char, style=Style.NORMAL, v_to_u=False)[0] for char in han]
    assert len(han) > 40_000
    surnames = tables()["surname_readings"]
    wrong = [
        (char, reading) for char, reading in zip(han, read, strict=True)
        if char not in surnames and simplified(char) == char
        and romanise(char) != reading.replace("v", "yu").replace("ü", "yu")
    ]  # fmt: skip
    assert wrong == []


@given(st.lists(st.one_of(WORDS, st.none(), st.sampled_from(["Анна", "SMITH", "dr", "Иванович", "нет"])), max_size=20))
def test_plain_cells_are_read_as_word_by_word(cells: list[str | None]) -> None:
    known = {raw: look_up(raw) for cell in cells if cell for raw in split(cell)}
    read = {"given": (names.given_keys, names._given), "family": (names.family_keys, names._family)}
    read["patronymic"] = (names.patronymic_keys, names._patronymic)
    for keys, of in read.values():
        made = keys(pl.Series(cells, dtype=pl.String))
        made = made.drop("generation", strict=False)
        words = [names._names(split(cell), known) if cell else [] for cell in cells]
        assert made.rows() == [of(found) if found else (None,) * made.width for found in words]
