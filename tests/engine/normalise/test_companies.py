import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.normalise import company_words
from engine.normalise.companies import KEYS, keys

CASES = Path(__file__).parents[2] / "cases"


def table(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


COMPANIES = table("companies.csv")
FORMS = table("legal_forms.csv")


@pytest.fixture(scope="module")
def made() -> list[dict[str, object]]:
    return keys(pl.Series([row["raw"] for row in COMPANIES])).to_dicts()


@pytest.mark.parametrize("number", range(len(COMPANIES)), ids=[row["raw"] for row in COMPANIES])
def test_name_is_set_apart(made: list[dict[str, object]], number: int) -> None:
    expected = {k: v or None for k, v in COMPANIES[number].items() if k != "raw"}
    found = {k: v for k, v in made[number].items() if k in expected}
    found["branch"] = None if found["branch"] is None else str(found["branch"]).lower()
    assert found == expected


def test_legal_forms() -> None:
    found = keys(pl.Series([row["name"] for row in FORMS])).select("form", "form_group").to_dicts()
    expected = [{"form": r["form"] or None, "form_group": r["form_group"] or None} for r in FORMS]
    wrong = [(r["name"], f) for r, f, e in zip(FORMS, found, expected, strict=True) if f != e]
    assert not wrong


def test_core_does_not_depend_on_the_form() -> None:
    russian = [r["name"] for r in FORMS if "Маяк" in r["name"] and "Олена" not in r["name"]]
    assert set(keys(pl.Series(russian))["native"]) == {"маяк"}
    chinese = [r["name"] for r in FORMS if "灯塔" in r["name"] or "燈塔" in r["name"]]
    assert set(keys(pl.Series(chinese))["native"]) == {"灯塔"}
    latin = [r["name"] for r in FORMS if "Majak" in r["name"]]
    assert set(keys(pl.Series(latin))["key"]) == {"majak"}


def test_scripts_share_a_fold() -> None:
    folds = keys(pl.Series(["Вектор", "Vektor", "Vector", "ВЕКТОР", "Вeктор"]))["fold"]
    assert set(folds) == {"vektor"}


def test_a_row_alone_is_what_it_is_among_others() -> None:
    alone = pl.concat([keys(pl.Series([row["raw"]])) for row in COMPANIES])
    assert alone.equals(keys(pl.Series([row["raw"] for row in COMPANIES])))


def test_no_names_and_only_nulls() -> None:
    assert keys(pl.Series([], dtype=pl.String)).schema == KEYS
    assert keys(pl.Series([None, ""], dtype=pl.String)).null_count().row(0) == (2,) * len(KEYS)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=20))
def test_any_text_is_survived(names: list[str]) -> None:
    made = keys(pl.Series(names, dtype=pl.String))
    assert made.schema == KEYS
    assert len(made) == len(names)
    assert (made["fold"].is_null() == made["native"].is_null()).all()
    assert not (made["fold"] == "").any()


def test_no_spelling_means_two_forms_in_one_place() -> None:
    seen: dict[tuple[str, str], str] = {}
    with (Path(company_words.__file__).parent.parent / "reference" / "legal_forms.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for spelling in row["spellings"].split("|"):
                assert seen.setdefault((spelling, row["where"]), row["form"]) == row["form"], spelling
