import unicodedata
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.normalise import name_reference, names, scripts

CASES = Path(__file__).parents[2] / "cases"
CELLS = st.text(st.characters(codec="utf-8"), max_size=40)


def rows(name: str) -> list[dict[str, str | None]]:
    return pl.read_csv(CASES / name, infer_schema=False).to_dicts()


def folded(name: str) -> str:
    return scripts.fold(scripts.romanise(scripts.clean(name)))


@pytest.mark.parametrize("case", rows("names.csv"), ids=lambda case: str(case["name"]))
def test_whole_names_are_taken_apart(case: dict[str, str | None]) -> None:
    found = names.parse(pl.Series([case["name"]])).select("given", "family", "patronymic").row(0, named=True)
    assert found == {k: case[k] for k in found}


@pytest.mark.parametrize("case", rows("romanisation.csv"), ids=lambda case: str(case["names"]))
def test_spellings_of_one_name_share_a_fold(case: dict[str, str | None]) -> None:
    assert case["names"]
    assert len({folded(name) for name in case["names"].split()}) == 1


@pytest.mark.parametrize(
    "different",
    [
        "Liu Lu", "Jiang Yang", "Zhang Zang", "Zhou Zhu", "Xie Xi", "Cai Kai", "Chen Cheng", "Wang Huang", "Li Lie",
        "Юля Уля", "Иван Ян", "Мария Марина", "Антон Антонина", "Анна Инна", "Олег Ольга", "Денис Дениз",
        "Павел Павлов", "Ким Кимов", "Шубин Жубин", "Сорокин Зорокин", "Petrov Pertov",
    ],
)  # fmt: skip
def test_different_names_do_not(different: str) -> None:
    one, other = different.split()
    assert folded(one) != folded(other)


def test_folds_of_surnames_and_given_names_rarely_collide() -> None:
    given_names = [
        name
        for row in pl.read_csv(Path(name_reference.__file__).parents[1] / "reference" / "given_names.csv").iter_rows()
        if row[0] in ("ru", "kk")
        for name in row[2].split()
    ]
    by_fold: dict[str, set[str]] = {}
    for name in given_names:
        by_fold.setdefault(folded(name), set()).add(name)
    assert sum(len(v) > 1 for v in by_fold.values()) <= len(by_fold) * 0.03


@given(CELLS)
@settings(max_examples=200, deadline=None)
def test_clean_is_idempotent_and_normal(text: str) -> None:
    once = scripts.clean(text)
    assert scripts.clean(once) == once
    assert unicodedata.is_normalized("NFKC", once)


@given(CELLS)
@settings(max_examples=200, deadline=None)
def test_any_cell_can_be_parsed(text: str) -> None:
    cells = pl.Series([text, None, "Иванов Иван"])
    for function in (names.parse, names.given_keys, names.family_keys, names.patronymic_keys):
        found = function(cells)
        assert len(found) == 3
        assert found.row(1) == (None,) * found.width
        assert found.row(2) != (None,) * found.width


@given(st.permutations(["Ivan", "Petrovich", "Sidorov"]))
@settings(deadline=None)
def test_order_does_not_change_the_key(words: list[str]) -> None:
    found = names.parse(pl.Series([" ".join(words), "Сидоров Иван Петрович"]))["fold"]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("mixed", "clean"),
    [
        ("Ивaнoв", "иванов"),
        ("Сepгeй", "сергей"),
        ("Рetrov", "petrov"),
        ("Ig0r Sech1n", "igor sechin"),
        ("к0мпания", "компания"),
        ("ＡＢＣ", "abc"),
        ("Ёлкин\u200b\u00ad", "елкин"),
        ("ИВАНОВ  \t Иван", "иванов иван"),
        ("H2O 3M A1 B2B", "h2o 3m a1 b2b"),
        ("O’Brien", "o'brien"),
    ],
)
def test_clean(mixed: str, clean: str) -> None:
    assert scripts.clean(mixed) == clean


def test_scripts_beyond_cyrillic_and_han_get_latin_letters() -> None:
    assert [scripts.romanise(scripts.clean(w)) for w in ("Γιώργος", "გიორგი", "Բարակ", "さくら", "محمد", "Łódź")] == [
        "giorgos", "giorgi", "barak", "sakura", "mhmd", "lodz",
    ]  # fmt: skip


def test_surnames_are_read_as_surnames() -> None:
    assert [scripts.romanise(c) for c in ("单雄", "曾国", "解放", "仇英", "尉迟恭")] == [
        "shanxiong", "zengguo", "xiefang", "qiuying", "yuchigong",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [("Иванов", "Иванова"), ("Достоевский", "Достоевская"), ("Толстой", "Толстая"), ("Kowalski", "Kowalska"),
     ("Лавров", "Lavrovs"), ("Белый", "Белая"), ("Пушкин", "Пушкина")],
)  # fmt: skip
def test_stems_are_the_same_for_men_and_women(one: str, other: str) -> None:
    stems = names.family_keys(pl.Series([one, other]))["stem"]
    assert stems[0] == stems[1]


def test_initials_and_placeholders_in_columns() -> None:
    found = names.given_keys(pl.Series(["И.", "Иван", "нет", "", None, "Test"]))
    assert found["is_initial"].to_list() == [True, False, None, None, None, None]


def test_patronymics_in_every_form() -> None:
    cells = ["Сергеевич", "Sergeyevich", "Sergeevich", "Сергеевна", "С.", "Рашид оглы"]
    found = names.patronymic_keys(pl.Series(cells))
    assert found["fold"][:3].n_unique() == 1
    assert found["sex"].to_list() == ["m", "m", "m", "f", None, "m"]


def test_nickname_table_names_each_form_once_per_formal_name() -> None:
    table = pl.read_csv(Path(name_reference.__file__).parents[1] / "reference" / "nicknames.csv")
    assert table["sex"].is_in(["m", "f"]).all()
    for one, other in combinations(table.select("formal", "sex").rows(), 2):
        assert one != other


@pytest.mark.parametrize(
    "cell", ["a" * 100_000, "xi" * 50_000, "(" * 50_000, "И." * 50_000, "张" * 50_000, "a b " * 30_000]
)
def test_huge_cells_do_no_harm(cell: str) -> None:
    assert len(names.parse(pl.Series([cell]))) == 1
    assert len(names.given_keys(pl.Series([cell]))) == 1
    assert scripts.fold(scripts.romanise(scripts.clean(cell))) is not None
