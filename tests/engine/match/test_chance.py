"""What agrees by chance: pairs drawn at random, across sources where there are any, and values that are nobody's."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import chance
from engine.match.compare import similarity
from engine.match.encode import encode
from tests.engine.match.tables import compared


def test_random_pairs_are_of_two_records_and_the_same_for_the_same_seed():
    left, right = chance.random_pairs(50, seed=4, size=5000)
    assert (left != right).all()
    assert min(left.min(), right.min()) >= 0
    assert max(left.max(), right.max()) < 50
    again = chance.random_pairs(50, seed=4, size=5000)
    assert left.tolist() == again[0].tolist()
    assert right.tolist() == again[1].tolist()
    assert left.tolist() != chance.random_pairs(50, seed=5, size=5000)[0].tolist()


def test_random_pairs_lie_across_sources():
    source = np.array([0, 0, 0, 1, 1])
    left, right = chance.random_pairs(5, source, seed=0, size=2000)
    assert len(left)
    assert (source[left] != source[right]).all()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_the_share_of_pairs_across_sources(source):
    array = np.array(source)
    exact = (array[:, None] != array[None, :]).mean()
    assert chance.share_across(array, seed=0) == pytest.approx(exact)
    assert chance.share_across(None, seed=0) == 1.0


@given(st.lists(st.text("абв г", min_size=1, max_size=12), min_size=2, max_size=20, unique=True), st.integers(0, 9))
@settings(max_examples=50)
def test_recombined_texts_use_every_letter_once(values, seed):
    made = chance.recombine(pl.Series("v", values), seed=seed).to_list()
    assert len(made) == len(values)
    assert Counter("".join(made)) == Counter("".join(values))


def test_recombined_names_keep_what_parts_are_common():
    names = pl.Series("v", [f"Иван Петров{i}" for i in range(50)])
    made = chance.recombine(names, seed=3)
    assert made.str.starts_with("Иван ").all()
    assert (made != names).all()  # nobody keeps the own tail


def test_levels_of_random_pairs_are_those_of_all_pairs():
    values = pl.DataFrame({"city": ["Москва"] * 30 + ["Казань"] * 10})
    comparison = compared("city", "city", 100, 0)
    encoded, _ = encode(values, [comparison], region="RU")
    drawn = chance.drawn(encoded["city"], similarity(encoded["city"], *chance.random_pairs(40, seed=0, size=50_000)))
    counts = chance.level_counts(comparison, drawn)
    same = (30 * 29 + 10 * 9) / (40 * 39)
    assert counts[1] / counts.sum() == pytest.approx(same, abs=0.02)


def test_true_matches_do_not_hide_in_recombined_levels():
    first = ["Анна", "Пётр", "Олег", "Юлия", "Глеб", "Вера", "Иван", "Нина", "Марк", "Зоя"]
    last = ["Ким", "Цой", "Пак", "Югай", "Тен", "Хан", "Лим", "Шин", "Нам", "Ли"]
    names = [f"{a} {b}" for a in first for b in last]
    records = pl.DataFrame({"name": [n for n in names for _ in range(3)]})  # everybody three times
    comparison = compared("name", "person_name", 100, 0, column="name")
    encoded, _ = encode(records, [comparison], region="RU")
    pairs = chance.random_pairs(len(records), seed=1)
    asked = {"region": "RU", "seed": 1}
    plain, recombined = (
        chance.level_counts(comparison, chance.draw(comparison, encoded["name"], pairs, recombined=way, **asked))
        for way in (False, True)
    )
    assert (
        plain.tolist()
        == chance.level_counts(comparison, chance.drawn(encoded["name"], similarity(encoded["name"], *pairs))).tolist()
    )
    assert len(recombined) == 2
    assert recombined[1] / recombined.sum() < 0.03
