"""Similarities of everything but names: the table of pairs, symmetry, and agreement with one pair at a time."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, JaroWinkler

from engine.match import agreement, codes, fields, words
from engine.match.sides import of_frames
from engine.normalise import dates, emails, ids, numbers, phones, places, text, websites

TABLE = Path(__file__).parents[2] / "cases" / "field_pairs.csv"
CASES = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
Keys = Callable[[pl.Series], pl.DataFrame]
Similarity = Callable[[pl.DataFrame, pl.DataFrame], np.ndarray]
KINDS: dict[str, tuple[Keys, Similarity, fields.Levels]] = {
    "phone": (lambda v: phones.keys(v, region="RU"), fields.phone, fields.PHONE_LEVELS),
    "email": (emails.keys, fields.email, fields.EMAIL_LEVELS),
    "website": (websites.keys, fields.website, fields.WEBSITE_LEVELS),
    "city": (places.city_keys, fields.city, fields.CITY_LEVELS),
    "date": (dates.keys, codes.date, codes.DATE_LEVELS),
    "tax_id": (ids.keys, codes.tax_id, codes.TAX_ID_LEVELS),
    "identifier": (ids.identifier_keys, codes.identifier, codes.IDENTIFIER_LEVELS),
    "postcode": (places.postcode_keys, codes.postcode, codes.POSTCODE_LEVELS),
    "number": (numbers.keys, codes.number, codes.NUMBER_LEVELS),
    "category": (text.category_keys, codes.category, codes.CATEGORY_LEVELS),
    "address": (places.address_keys, words.address, words.ADDRESS_LEVELS),
    "text": (text.keys, words.text, words.TEXT_LEVELS),
}


def scores(kind: str, pairs: list[tuple[str | None, str | None]]) -> np.ndarray:
    keys, similarity, _ = KINDS[kind]
    column = pl.Series([p[0] for p in pairs] + [p[1] for p in pairs], dtype=pl.String)
    table = keys(column)
    return similarity(*of_frames(table[: len(pairs)], table[len(pairs) :]))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['kind']} {c['left']} {c['right']}")
def test_pairs(case: dict[str, str]) -> None:
    score = scores(case["kind"], [(case["left"], case["right"])])[0]
    assert int(case["at_least"]) <= score <= int(case["at_most"]), score


@pytest.mark.parametrize("kind", KINDS)
def test_one_pair_at_a_time_and_either_way_round(kind: str) -> None:
    values = sorted({c[side] for c in CASES if c["kind"] == kind for side in ("left", "right")})
    keys, similarity, _ = KINDS[kind]
    table = keys(pl.Series([*values, None], dtype=pl.String))
    left, right = (part.ravel() for part in np.meshgrid(np.arange(len(table)), np.arange(len(table))))
    together = similarity(*of_frames(table[left], table[right]))
    assert together.dtype == np.uint8
    assert together.max() <= 100
    assert (together == similarity(*of_frames(table[right], table[left]))).all()
    some = zip(left[::7].tolist(), right[::7].tolist(), strict=True)
    alone = [similarity(*of_frames(table[a], table[b]))[0] for a, b in some]
    assert together[::7].tolist() == alone


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_itself_and_nothing_is_nothing(kind: str) -> None:
    values = sorted({c["left"] for c in CASES if c["kind"] == kind})
    keys, similarity, _ = KINDS[kind]
    table = keys(pl.Series(values))
    present = table["key"].is_not_null().to_numpy()
    own = similarity(*of_frames(table, table))
    assert set(own[present]) <= ({98, 100} if kind == "email" else {100})
    missing = keys(pl.Series([None] * len(values), dtype=pl.String))
    assert not similarity(*of_frames(table, missing)).any()
    assert not similarity(*of_frames(missing, missing)).any()
    assert len(similarity(*of_frames(table[:0], table[:0]))) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_levels_fall_to_zero(kind: str) -> None:
    bounds = [at_least for _, at_least in KINDS[kind][2]]
    names = [name for name, _ in KINDS[kind][2]]
    assert bounds == sorted(set(bounds), reverse=True)
    assert bounds[-1] == 0
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.text(max_size=25), st.one_of(st.none(), st.text(max_size=25))), min_size=1, max_size=8)
)
def test_any_two_cells_can_be_compared(kind: str, pairs: list[tuple[str | None, str | None]]) -> None:
    there = scores(kind, pairs)
    back = scores(kind, [(b, a) for a, b in pairs])
    assert (there <= 100).all()
    if kind != "text":  # its word weights come from the column, in which the cells stand in another order
        assert (there == back).all()


def test_last_digits_that_agree_can_be_cut_anywhere() -> None:
    base = "9161234567"
    for agreeing in range(4, 9):
        changed = "".join(str((int(d) + 3) % 10) for d in base[: 10 - agreeing])
        other = "8" + changed + base[10 - agreeing :]
        if sum(a != b for a, b in zip(base, other[1:], strict=True)) > 2:
            assert scores("phone", [("8" + base, other)])[0] == 60 + 2 * agreeing


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), min_size=1, max_size=20))
def test_agreement_is_the_scalar_measure(pairs: list[tuple[str, str]]) -> None:
    left, right = (pl.Series(side, dtype=pl.String) for side in zip(*pairs, strict=True))
    assert agreement.edits(left, right, most=2).tolist() == [min(3, OSA.distance(a, b)) for a, b in pairs]
    expected = [int(JaroWinkler.normalized_similarity(a, b) * 100 + 1e-4) for a, b in pairs]
    assert np.abs(agreement.alike(left, right).astype(int) - expected).max() <= 1
