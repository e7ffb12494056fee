"""Phones: the table of cases, and the fast way against phonenumbers, which must never differ."""

import csv
from pathlib import Path

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.normalise import phone_plans, phones

TABLE = Path(__file__).parents[2] / "cases" / "phones.csv"
CASES = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
HOMES = ("RU", "US", "CN", "GB", "IT", "AR", "BR", "KZ")


def differences(cells: list[str], region: str) -> list[tuple[str, object, object]]:
    distinct = list(dict.fromkeys(cells))
    table = phones.keys(pl.Series(distinct, dtype=pl.String), region=region)
    wrong = []
    for cell, got in zip(distinct, table.select("numbers", "national", "valid", "extension").iter_rows(), strict=True):
        numbers, extension = phones.plain(cell, region)
        expected = (None, None, None, None)
        if numbers:
            expected = (*(list(part) for part in zip(*numbers, strict=True)), extension)
        if got != expected:
            wrong.append((cell, got, expected))
    return wrong


@pytest.fixture
def no_short_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every calling code by its patterns, however few numbers have it."""
    monkeypatch.setattr(phone_plans, "FEW", 0)


def examples() -> list[tuple[str, str]]:
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                found += [(region, form) for form in written(example)]
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        found += [("RU", form) for form in written(phonenumbers.example_number_for_non_geo_entity(code))]
    return found


def written(number: phonenumbers.PhoneNumber) -> list[str]:
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    formats = [phonenumbers.format_number(number, form) for form in range(4)]
    return [*formats, digits, "00" + digits, phonenumbers.national_significant_number(number)]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['raw']} in {c['region']}")
def test_cases(case: dict[str, str]) -> None:
    row = phones.keys(pl.Series([case["raw"]]), region=case["region"]).row(0, named=True)
    assert " ".join(row["numbers"] or []) == case["numbers"]
    assert (row["extension"] or "") == case["extension"]


@pytest.mark.usefixtures("no_short_cut")
def test_examples_of_every_region_at_home() -> None:
    by_region: dict[str, list[str]] = {}
    for region, cell in examples():
        by_region.setdefault(region, []).append(cell)
    assert len(by_region) > 240
    assert [d for region, cells in by_region.items() for d in differences(cells, region)] == []


@pytest.mark.usefixtures("no_short_cut")
@pytest.mark.parametrize("home", HOMES[:2])
def test_examples_of_every_region_from_abroad(home: str) -> None:
    assert differences([cell for _, cell in examples()], home) == []


def test_valid_examples_are_read_as_what_they_are() -> None:
    cells = [
        (region, phonenumbers.format_number(example, form), phonenumbers.format_number(example, 0))
        for region in ("RU", "US", "CN", "GB", "DE", "FR", "KZ", "UA", "BR", "IN")
        for form in (0, 1, 2)
        if (example := phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE))
    ]
    for region, cell, number in cells:
        assert phones.keys(pl.Series([cell]), region=region)["numbers"].to_list() == [[number]]


DIGITS = st.text("0123456789", min_size=1, max_size=18)
PREFIX = st.sampled_from(
    ["", "+", "+7", "8", "7", "+1", "1", "0", "00", "+86", "86", "810", "011", "+39", "+0", "'8", "(0"]
)
NOISE = st.text("0123456789 +-()./,;x#доби转\t", min_size=0, max_size=30)


@pytest.mark.usefixtures("no_short_cut")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(PREFIX, DIGITS).map("".join), min_size=20, max_size=60), st.sampled_from(HOMES))
def test_random_digits(cells: list[str], home: str) -> None:
    assert differences(cells, home) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(NOISE, min_size=10, max_size=40), st.sampled_from(HOMES))
def test_random_noise(cells: list[str], home: str) -> None:
    assert differences(cells, home) == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_taken(cell: str) -> None:
    assert differences([cell], "RU") == []


@settings(max_examples=25, deadline=None)
@given(st.from_regex(r"\+79[0-9]{9}", fullmatch=True))
def test_reading_a_number_again_changes_nothing(number: str) -> None:
    once = phones.keys(pl.Series([number]), region="RU")["numbers"][0]
    if once is not None:
        assert phones.keys(once, region="RU")["numbers"].to_list() == [[n] for n in once]


def test_height_and_nulls() -> None:
    table = phones.keys(pl.Series([None, "", "нет"], dtype=pl.String), region="RU")
    assert table.height == 3
    assert table.null_count().row(0) == (3,) * len(phones.SCHEMA)
    assert phones.keys(pl.Series([], dtype=pl.String), region="RU").height == 0


def test_unknown_region_still_reads_international_numbers() -> None:
    table = phones.keys(pl.Series(["+79161234567", "12345678"]), region="ZZ")
    assert table["numbers"].to_list() == [["+79161234567"], None]


def test_likely_region() -> None:
    american = pl.Series(["310/246-1501", "818/762-1221", "(213) 848-6677", "212-758-1479"])
    russian = pl.Series(["8 916 123-45-67", "8 (495) 123-45-60", "9161234569"])
    assert phones.likely_region(american, default="RU") == "US"
    assert phones.likely_region(russian, default="RU") == "RU"
    assert phones.likely_region(pl.Series([None, "нет"], dtype=pl.String), default="RU") == "RU"


def test_block_keys() -> None:
    table = phones.block_keys(phones.keys(pl.Series(["8 916 123-45-67, 8 495 123-45-67"]), region="RU"))
    assert table.row(0) == (["+79161234567", "+74951234567"], ["1234567"])
