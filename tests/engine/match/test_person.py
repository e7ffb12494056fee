from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import person
from engine.match.sides import of_frames
from engine.normalise import names

CASES = Path(__file__).parents[2] / "cases"
PIECES = st.sampled_from(
    ["Иван", "Иванов", "Иванова", "Петр", "Петрович", "Сергеевна", "Саша", "И.", "П.", "John", "Smith", "J.", "Müller",
     "Zhang", "Wei", "Xiaoming", "张伟", "王小明", "贝拉克·奥巴马", "Jean-Claude", "al-Assad", "Мария", "ООО", "張"]
)  # fmt: skip
NAMES = st.lists(PIECES, min_size=1, max_size=7).map(" ".join)


def table(name: str) -> list[dict[str, str | None]]:
    return pl.read_csv(CASES / name, infer_schema=False).to_dicts()


def score(kind: str, left: list[str], right: list[str]) -> list[int]:
    keys = {"given": names.given_keys, "family": names.family_keys, "patronymic": names.patronymic_keys,
            "person": names.parse}[kind]  # fmt: skip
    found = getattr(person, kind)(*of_frames(keys(pl.Series(left)), keys(pl.Series(right))))
    assert found.dtype == np.uint8
    return [int(s) for s in found]


@pytest.mark.parametrize("case", table("person_pairs.csv"), ids=lambda case: f"{case['left']} | {case['right']}")
def test_whole_names(case: dict[str, str]) -> None:
    (found,) = score("person", [case["left"]], [case["right"]])
    assert int(case["at_least"]) <= found <= int(case["at_most"])


@pytest.mark.parametrize("case", table("nicknames.csv"), ids=lambda case: f"{case['left']} | {case['right']}")
def test_nicknames(case: dict[str, str]) -> None:
    (found,) = score("given", [case["left"]], [case["right"]])
    assert (found >= 97) if case["related"] == "yes" else (found <= 70)


@pytest.mark.parametrize(
    ("kind", "left", "right", "low", "high"),
    [
        ("given", "Юлия", "Julia", 100, 100),
        ("given", "Xiao Ming", "小明", 100, 100),
        ("given", "伟", "炜", 90, 90),
        ("given", "J.", "Юлия", 86, 86),
        ("given", "Ю", "Julia", 86, 86),
        ("given", "A", "Boris", 0, 40),
        ("given", "Alexnder", "Alexander", 90, 95),
        ("given", "Jean-Claude", "Jean", 90, 95),
        ("given", "Ivan", "John", 0, 60),
        ("given", "Raymond Sr.", "Raymond Jr.", 0, 0),
        ("given", "Raymond Jr.", "Raymond", 100, 100),
        ("family", "Иванов", "Иванова", 96, 96),
        ("family", "Достоевский", "Dostoevskaya", 96, 96),
        ("family", "Кузнецов", "Kuznetsov", 100, 100),
        ("family", "Петров", "Перов", 88, 95),
        ("family", "Римский-Корсаков", "Корсаков", 85, 85),
        ("family", "Иванов", "Иванова-Петрова", 85, 85),
        ("family", "Корсаков Римский", "Римский-Корсаков", 96, 96),
        ("family", "van der Berg", "Vanderberg", 100, 100),
        ("family", "Петров", "Сидоров", 0, 60),
        ("family", "Smith", "Jones", 0, 60),
        ("family", "Li", "Liu", 0, 70),
        ("family", "Wang", "Zhang", 0, 70),
        ("patronymic", "Сергеевич", "Sergeyevich", 100, 100),
        ("patronymic", "Серг.", "Сергеевич", 95, 95),
        ("patronymic", "С.", "Сергеевич", 86, 86),
        ("patronymic", "Сергеевч", "Сергеевич", 90, 95),
        ("patronymic", "Сергеевич", "Сергеевна", 0, 84),
        ("patronymic", "Александрович", "Алексеевич", 0, 84),
        ("patronymic", "Иванович", "Петрович", 0, 60),
    ],
)
def test_names_in_columns(kind: str, left: str, right: str, low: int, high: int) -> None:
    (found,) = score(kind, [left], [right])
    assert low <= found <= high


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_similarity_is_symmetric_and_whole_for_itself(pairs: list[tuple[str, str]]) -> None:
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    for kind in ("person", "given", "family", "patronymic"):
        assert score(kind, left, right) == score(kind, right, left)
    folds = names.parse(pl.Series(left))["fold"]
    assert all(s == 100 for s, f in zip(score("person", left, left), folds, strict=True) if f)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=2, max_size=20))
@settings(max_examples=30, deadline=None)
def test_a_pair_does_not_depend_on_its_neighbours(pairs: list[tuple[str, str]]) -> None:
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    alone = [score("person", [a], [b])[0] for a, b in pairs]
    assert score("person", left, right) == alone


@pytest.mark.parametrize("levels", [person.GIVEN_LEVELS, person.FAMILY_LEVELS, person.PERSON_LEVELS])
def test_levels_fall_to_nothing(levels: tuple[tuple[str, int], ...]) -> None:
    bounds = [at_least for _, at_least in levels]
    assert bounds[0] == 100
    assert bounds[-1] == 0
    assert bounds == sorted(set(bounds), reverse=True)


@pytest.mark.parametrize(
    ("left", "right", "key"),
    [
        ("Иванов Иван", "Ivan Ivanov", "fold"),
        ("Иванова Мария", "Иванов М.", "family_initial"),
        ("Иванова Мария", "Иванов Пётр", "family"),
        ("埃尔基·图奥米奥亚", "Erkki Tuomioja", "bones"),
        ("Иванов Иван Петрович", "Петрович Иванов", "words"),
        ("WONG Kwok-hing", "王國興", "surnames"),
        ("Sadri Maqsudi", "Максудов, Садретдин Низаметдинович", "sounds"),
        ("Chaykovskiy Piotr", "Пётр Чайковскій", "skeletons"),
    ],
)
def test_block_keys_bring_pairs_together(left: str, right: str, key: str) -> None:
    one, other = person.block_keys(names.parse(pl.Series([left, right])))[key]
    assert set(one) & set(other) if isinstance(one, pl.Series) else one == other


def test_no_name_no_key() -> None:
    found = person.block_keys(names.parse(pl.Series(["", None, "нет"], dtype=pl.String)))
    assert found["fold"].null_count() == 3
    assert found["family"].null_count() == 3
