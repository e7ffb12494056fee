"""What earlier runs worked out: the same results with and without, and nothing worked out twice."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.match import remembered, segments
from engine.match.compare import compare
from engine.match.encode import encode
from engine.match.kinds import KINDS
from engine.match.remembered import KEYS_OF, PAIRS_OF, Remembered, named
from engine.match.run import match
from engine.match.suggest import suggest
from engine.rules import Comparison, Level


class Made:
    """Stands for what is costly: keys that say how long a value is, and counts what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    def __call__(self, values: pl.Series) -> pl.DataFrame:
        self.asked += values.to_list()
        return pl.DataFrame({"fold": values.str.to_lowercase(), "parts": values.str.split(" ")})


class Compared:
    """Similarities that follow from the pair alone; counts what it was asked for."""

    def __init__(self, names: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        self.said = ((names[low] % np.uint64(7)) + (names[high] % np.uint64(90))).astype(np.uint8)
        self.asked = 0

    def __call__(self, at: np.ndarray) -> np.ndarray:
        self.asked += len(at)
        return self.said[at]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """However few values and pairs there are, they are remembered."""
    monkeypatch.setattr(remembered, "FEW_VALUES", 0)
    monkeypatch.setattr(remembered, "FEW_PAIRS", 0)


def keys(folder: Path, values: list[str | None], region: str = "RU") -> tuple[pl.DataFrame, list[str | None]]:
    made = Made()
    series = pl.Series("value", values, dtype=pl.String)
    result = Remembered(folder).keys("email", region, series, made)
    assert result.equals(Made()(series))
    return result, made.asked


def similarities(folder: Path, names: list[int], pairs: list[tuple[int, int]]) -> int:
    """→ how many pairs had to be compared; the similarities are what they would be without memory."""
    rows = np.array(names, np.uint64)
    low, high = np.array(pairs, np.int64).reshape(-1, 2).T
    made = Compared(rows, low, high)
    found = Remembered(folder).similarities("email", rows, low, high, made)
    assert found.tolist() == made.said.tolist()
    assert found.flags.writeable
    return made.asked


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"*{segments.SUFFIX}"))


def test_a_value_is_normalised_once(tmp_path):
    assert keys(tmp_path, ["B b", "a", None])[1] == ["B b", "a", None]
    assert keys(tmp_path, ["B b", "a", None])[1] == []
    assert keys(tmp_path, ["new", None, "a", "a", None, "B b"])[1] == ["new"]
    assert keys(tmp_path, ["a", "new"])[1] == []


def test_regions_have_keys_of_their_own(tmp_path):
    keys(tmp_path, ["a"])
    assert keys(tmp_path, ["a"], region="US")[1] == ["a"]


def test_a_pair_is_compared_once(tmp_path):
    assert similarities(tmp_path, [5, 9, 11], [(0, 1), (0, 2)]) == 2
    assert similarities(tmp_path, [5, 9, 11], [(0, 1), (0, 2)]) == 0
    assert similarities(tmp_path, [11, 2, 5, 9], [(2, 3), (2, 0), (0, 2), (1, 3)]) == 2


@settings(max_examples=40)
@given(st.lists(st.lists(st.one_of(st.none(), st.text("abЖ王", max_size=3)), min_size=1, max_size=8), max_size=14))
def test_keys_are_those_that_are_made_whatever_was_asked_before(tmp_path_factory, runs):
    folder = tmp_path_factory.mktemp("remembered")
    known: set[str | None] = set()
    for values in runs:
        asked = keys(folder, values)[1]
        assert set(asked) == set(values) - known
        known |= set(values)


_TABLES = st.lists(st.integers(0, 30), min_size=2, max_size=9, unique=True)


@settings(max_examples=40)
@given(st.lists(st.tuples(_TABLES, st.data()), max_size=14))
def test_similarities_are_those_of_the_pairs_whatever_was_asked_before(tmp_path_factory, runs):
    folder = tmp_path_factory.mktemp("remembered")
    known: set[tuple[int, int]] = set()
    for names, data in runs:
        row = st.integers(0, len(names) - 1)
        pairs = data.draw(st.lists(st.tuples(row, row), min_size=1, max_size=12, unique=True))
        meant = {(names[a], names[b]) for a, b in pairs}
        assert similarities(folder, names, pairs) == len(meant - known)
        known |= meant


def test_many_small_runs_leave_few_files_and_forget_nothing(tmp_path):
    for number in range(30):
        keys(tmp_path, [f"value {number}"])
        similarities(tmp_path, [number, number + 1, 99], [(0, 1), (0, 2)])
    assert len(files(tmp_path)) <= 2 * (segments.MOST + 1)
    assert keys(tmp_path, [f"value {number}" for number in range(30)])[1] == []
    assert similarities(tmp_path, list(range(31)), [(n, n + 1) for n in range(30)]) == 0


@pytest.mark.parametrize("damage", ["cut", "overwritten", "empty", "text", "another archive"])
def test_a_damaged_file_is_as_good_as_none(tmp_path, damage):
    keys(tmp_path, ["a", "b"])
    similarities(tmp_path, [5, 9], [(0, 1)])
    for path in files(tmp_path):
        content = path.read_bytes()
        if damage == "cut":
            path.write_bytes(content[: len(content) // 2])
        elif damage == "overwritten":
            middle = len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
        elif damage == "another archive":
            segments._write(path, {"other": pl.DataFrame({"x": [1]})})
        else:
            path.write_bytes(b"" if damage == "empty" else b"not an archive")
    assert keys(tmp_path, ["a", "b"])[1] == ["a", "b"]
    assert similarities(tmp_path, [5, 9], [(0, 1)]) == 1
    assert keys(tmp_path, ["a", "b"])[1] == []
    assert similarities(tmp_path, [5, 9], [(0, 1)]) == 0


def test_files_that_are_none_of_ours_are_left_alone(tmp_path):
    keys(tmp_path, ["a"])
    other = files(tmp_path)[0].parent / "notes.txt"
    other.write_text("mine")
    assert keys(tmp_path, ["a"])[1] == []
    assert other.read_text() == "mine"


def test_another_version_forgets_what_was_remembered(tmp_path, monkeypatch):
    keys(tmp_path, ["a"])
    similarities(tmp_path, [5, 9], [(0, 1)])
    monkeypatch.setattr(remembered, "version", lambda parts: "f" * 16)
    assert keys(tmp_path, ["a"])[1] == ["a"]
    assert similarities(tmp_path, [5, 9], [(0, 1)]) == 1
    assert {path.parent.name.rpartition("-")[2] for path in files(tmp_path)} == {"f" * 16}


def test_the_version_follows_code_and_reference_data():
    whole, some = remembered.version(remembered.SIMILARITIES), remembered.version(("normalise", "schema.py"))
    assert whole != remembered.version(remembered.KEYS) != some
    root = Path(remembered.__file__).parents[1]
    assert all((root / part).exists() for part in remembered.SIMILARITIES)


def test_two_writers_each_add_what_they_found(tmp_path):
    one, other = Remembered(tmp_path), Remembered(tmp_path)

    def ask_other(values: pl.Series) -> pl.DataFrame:
        other.keys("email", "RU", pl.Series(["b", "a"]), Made())  # while the first is at work
        return Made()(values)

    one.keys("email", "RU", pl.Series(["a", "c"]), ask_other)
    assert keys(tmp_path, ["c", "b", "a", "a"])[1] == []
    for number in range(12):  # the value that both wrote stays one when files are joined
        keys(tmp_path, [f"more {number}"])
    assert keys(tmp_path, ["c", "b", "a", "a"])[1] == []


def test_what_was_deleted_meanwhile_is_not_written_again(tmp_path):
    one = Remembered(tmp_path / "remembered")

    def deleted(values: pl.Series) -> pl.DataFrame:
        shutil.rmtree(tmp_path / "remembered")
        Remembered(tmp_path / "remembered")
        return Made()(values)

    one.keys("email", "RU", pl.Series(["somebody@example.org"]), deleted)
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("")
    assert keys(tmp_path / "file" / "remembered", ["a"])[1] == ["a"]
    assert similarities(tmp_path / "file" / "remembered", [1, 2], [(0, 1)]) == 1


def test_the_store_used_longest_ago_goes_first(tmp_path):
    values = pl.Series([f"{n:040}" for n in range(500)])
    size = 0
    for kind in ("email", "phone", "company"):
        Remembered(tmp_path, limit=10**9).keys(kind, "RU", values, Made())
        size = size or sum(path.stat().st_size for path in files(tmp_path))
    Remembered(tmp_path).keys("email", "RU", values, Made())  # in use again
    Remembered(tmp_path, limit=3 * size).keys("address", "RU", values, Made())
    assert {path.parent.name.split("-")[1] for path in files(tmp_path)} == {"company", "email", "address"}


def test_what_is_larger_than_the_limit_is_not_kept(tmp_path):
    Remembered(tmp_path, limit=1000).keys("email", "RU", pl.Series([f"{n:040}" for n in range(500)]), Made())
    assert files(tmp_path) == []


def test_the_folder_says_what_it_is_and_is_closed_to_others(tmp_path):
    folder = tmp_path / "remembered"
    Remembered(folder)
    assert "personal data" in (folder / "README.txt").read_text("utf-8")
    assert folder.stat().st_mode & 0o077 == 0


CELLS = {
    "person_name": ["Пётр Иванов", "Иванов П.П.", "王伟", "Anna Berg", "anna  berg", "O'Neil, Sean"],
    "given_name": ["Пётр", "Петя", "Anna", "П.", "伟", "Энн"],
    "family_name": ["Иванов", "Иванова", "Berg", "Бергъ", "王", "Smith-Jones"],
    "patronymic": ["Петрович", "петровна", "П."],
    "company": ["ООО «Вектор Строй»", "Вектор-Строй", "深圳华为", "华为技术有限公司", "IBM", "Vector Group"],
    "email": ["a.berg@example.org", "A.Berg@Example.org; b@x.ru", "нет", "berg@gmail.com"],
    "phone": ["+7 916 123-45-67", "8 (916) 1234567", "123", "1-331-283-6127 ext 5"],
    "address": ["Москва, ул. Ленина, д. 5", "г. Москва Ленина 5", "5 Main St", "深圳市福田区"],
}


def test_every_kind_that_is_remembered_has_examples_here():
    assert set(CELLS) == KEYS_OF
    assert PAIRS_OF - {"text"} <= KEYS_OF


@pytest.mark.parametrize("kind", sorted(KEYS_OF))
@settings(max_examples=15)
@given(data=st.data())
def test_keys_of_a_value_do_not_depend_on_the_values_beside_it(kind, data):
    """Else they could not be remembered."""
    cells = CELLS[kind]
    values = pl.Series("value", data.draw(st.lists(st.sampled_from(cells), min_size=1, unique=True)), dtype=pl.String)
    whole = KINDS[kind].keys(pl.Series("value", [*cells, None]), "RU")
    alone = KINDS[kind].keys(values, "RU")
    assert not KINDS[kind].whole
    assert alone.equals(whole[[cells.index(value) for value in values]])
    assert named(alone).tolist() == named(whole)[[cells.index(value) for value in values]].tolist()


def test_a_match_is_the_same_with_memory_and_without(people, tmp_path):
    rules = suggest(people, entity="contact", region="US")
    later = people.with_columns(  # a month later: some changed, some new, some gone
        company=pl.when(pl.int_range(pl.len()) % 17 == 0).then(pl.col("company") + " Group").otherwise("company"),
        email=pl.when(pl.int_range(pl.len()) % 13 == 0).then("x" + pl.col("email")).otherwise("email"),
    ).slice(20)
    for records in (people, people, later):
        without = match(records, rules)
        found = match(records, rules, remembered=Remembered(tmp_path))
        assert found.patterns.equals(without.patterns)
        assert found.clusters.equals(without.clusters)
        assert all(found.similarities[name].tolist() == s.tolist() for name, s in without.similarities.items())
    assert files(tmp_path)


def test_a_second_run_normalises_and_compares_nothing(people, tmp_path, monkeypatch):
    comparison = Comparison("company", "company", ("company",), (Level("same", 100), Level("different", 0)))
    pairs = pl.DataFrame({"left": np.arange(0, 100, dtype=np.uint32), "right": np.arange(100, 200, dtype=np.uint32)})

    def run() -> list[int]:
        memory = Remembered(tmp_path)
        encoded, _ = encode(people, [comparison], region="US", remembered=memory)
        return compare(encoded, pairs, remembered=memory)["company"].tolist()

    first = run()
    kind = KINDS["company"]
    called = []
    monkeypatch.setitem(KINDS, "company", _counted(kind, called))
    assert run() == first
    assert called == []


def _counted(kind, called):
    def keys_(values, region):
        called.append("keys")
        return kind.keys(values, region)

    def similarity(left, right, **context):
        called.append("similarity")
        return kind.similarity(left, right, **context)

    return replace(kind, keys=keys_, similarity=similarity)


def test_company_pairs_are_compared_anew_only_when_their_words_say_more_or_less():
    names = ["Вектор Строй", "Вектор Снаб", "Лазурь"]
    keys_, told = KINDS["company"].keys, KINDS["company"].told
    few_ = keys_(pl.Series(names), "RU")
    weights = KINDS["company"].context(few_)
    changed = {**weights, few_["words"][2]: 0.5}
    before, after = (named(few_, told(few_, w)) for w in (weights, changed))
    assert (before == after).tolist() == [True, True, False]
