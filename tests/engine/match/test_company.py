import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match.abbreviation import align, as_short, letters
from engine.match.company import COMPANY_LEVELS, block_keys, similarity, token_weights
from engine.match.sides import of_frames, sides
from engine.normalise.companies import keys
from engine.normalise.company_words import word_fold

with (Path(__file__).parents[2] / "cases" / "company_pairs.csv").open(encoding="utf-8", newline="") as file:
    PAIRS = list(csv.DictReader(file))
NAMES = sorted({row[side] for row in PAIRS for side in ("left", "right")})


def compared(left: list[str], right: list[str], weights: dict[str, float] | None = None) -> np.ndarray:
    return similarity(*of_frames(keys(pl.Series(left)), keys(pl.Series(right))), weights=weights)


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    return compared([row["left"] for row in PAIRS], [row["right"] for row in PAIRS])


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=[f"{r['left']} / {r['right']}" for r in PAIRS])
def test_pair(scores: np.ndarray, number: int) -> None:
    row = PAIRS[number]
    assert int(row["at_least"]) <= scores[number] <= int(row["at_most"]), row["why"]


def test_order_of_a_pair_does_not_matter() -> None:
    rows, columns = (index.ravel() for index in np.indices((len(NAMES), len(NAMES))))
    made = keys(pl.Series(NAMES))
    scored = similarity(*sides(made, rows, columns)).reshape(len(NAMES), len(NAMES))
    assert (scored == scored.T).all()
    assert (scored.diagonal() == 100).all()


def test_pairs_do_not_depend_on_their_neighbours() -> None:
    made = keys(pl.Series(NAMES))
    shifted = made[np.roll(np.arange(len(NAMES)), 1)]
    together = similarity(*of_frames(made, shifted))
    alone = [similarity(*of_frames(made[i], shifted[i]))[0] for i in range(len(NAMES))]
    assert together.tolist() == alone


def test_missing_names_score_nothing() -> None:
    assert compared(["ООО Тополь", "нет"], ["нет", "нет"]).tolist() == [0, 0]
    empty = keys(pl.Series([], dtype=pl.String))
    assert len(similarity(*of_frames(empty, empty))) == 0


def test_a_word_of_many_names_says_less() -> None:
    flowers = ["Пион", "Василёк", "Ромашка", "Тюльпан", "Нарцисс", "Лилия", "Астра", "Фиалка"]
    weights = token_weights(keys(pl.Series([f"Лазурь {flower}" for flower in flowers])))
    assert weights[word_fold("Лазурь")] == pytest.approx(0.1)
    assert weights[word_fold("Пион")] == pytest.approx(1)
    left, right = ["Лазурь Пион"], ["Лазурь Астра"]
    assert compared(left, right, weights)[0] < compared(left, right)[0]


def test_levels_fall_to_nothing() -> None:
    bounds = [bound for _, bound in COMPANY_LEVELS]
    assert bounds == sorted(set(bounds), reverse=True)
    assert (bounds[0], bounds[-1]) == (100, 0)


def shared(left: str, right: str, others: list[str]) -> set[str]:
    """Two names among others → the block keys on which the two agree."""
    frame = block_keys(keys(pl.Series([left, right, *others])))
    found = set()
    for name in frame.columns:
        values = [v if isinstance(v, list) else [v] for v in frame[name][:2].to_list()]
        if (set(values[0] or []) & set(values[1] or [])) - {None}:
            found.add(name)
    return found


@pytest.mark.parametrize(
    ("left", "right", "by"),
    [
        ("ООО Тополь", "Topol LLC", "fold"),
        ("Лазурит Мебель", "Лазурит Кухни", "first"),
        ("Мебель Лазурит", "Лазурит Кухни", "rare"),
        ("ЗареченскСК", "Зареченская сбытовая компания", "start"),
        ("РСетиЮг", "Россети Юг", "consonants"),
        ("ПМЦ", "Поволжский медицинский центр", "acronym"),
        ("蓝鲸海洋", "深圳市蓝鲸海洋科技股份有限公司", "bigrams"),
    ],
)
def test_blocking_keys_bring_forms_of_one_name_together(left: str, right: str, by: str) -> None:
    others = [f"Предприятие {letter}{letter}{letter}" for letter in "АБВГДЖИКЛМН"]
    assert by in shared(left, right, others)


def test_words_of_every_second_name_make_no_blocking_key() -> None:
    made = keys(pl.Series([f"Строй {chr(1072 + i)}{chr(1073 + i // 25)}кс" for i in range(200)]))
    rare = block_keys(made)["rare"].explode(empty_as_null=True)
    assert "stroi" not in rare.to_list()
    assert rare.n_unique() > 20


SHORT = st.text("abc", min_size=1, max_size=5)
LONG = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SHORT, LONG), min_size=1, max_size=12))
def test_alignment_explains_and_covers_shares(pairs: list[tuple[str, str]]) -> None:
    short, long = [a for a, _ in pairs], [b for _, b in pairs]
    explained, covered = align(as_short(letters(short)), letters(long))
    for (a, b), e, c in zip(pairs, explained, covered, strict=True):
        assert 0 <= e <= 1
        assert 0 <= c <= 1
        if b.replace(" ", "").startswith(a) and " " not in b:
            assert e == pytest.approx(1)
        if not set(a) & set(b):
            assert e == 0
