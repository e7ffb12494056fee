"""Values and domains that prove nothing: met however they are written, and only they."""

import msgspec
import polars as pl
import pytest

from engine.match import explain, run
from engine.match.encode import ABSENT, encode
from engine.match.exclusions import offered
from engine.rules import BlockingRule, Exclusion, Rules
from tests.engine.match.tables import compared


def left(kind, cells, *excluded):
    """Cells of one kind, exclusions → which cells still hold something, and their keys."""
    comparison = compared("v", kind, 100, 0)
    records = pl.DataFrame({"v": cells}, schema={"v": pl.String})
    found, ignored = encode(records, [comparison], region="RU", exclusions=excluded)
    one = found["v"]
    keys = [None if code == ABSENT else one.table[one.kind.same][int(code)] for code in one.codes]
    return [k.to_list() if isinstance(k, pl.Series) else k for k in keys], ignored


@pytest.mark.parametrize(
    ("kind", "excluded", "same", "other"),
    [
        ("phone", "8 (495) 222-33-44", ["+74952223344", "495 222 33 44", "8-495-222-33-44"], "84952223345"),
        ("company", "Ромашка, ООО", ["АО «Ромашка»", "ромашка", "РОМАШКА ООО"], "Ромашка Плюс"),
        ("email", "Info@Firm.ru", ["info@firm.ru", " INFO@FIRM.RU "], "sales@firm.ru"),
        ("person_name", "Петров Пётр", ["ПЕТРОВ ПЕТР", "Пётр Петров"], "Петров Павел"),
        ("website", "https://www.firm.ru/contacts", ["firm.ru", "http://shop.firm.ru"], "firm.com"),
    ],
)
def test_an_excluded_value_is_met_however_it_is_written(kind, excluded, same, other):
    kept, ignored = left(kind, [*same, other], Exclusion(comparison="v", value=excluded))
    assert kept[: len(same)] == [None] * len(same) and kept[-1] is not None
    assert set(ignored.filter(reason="excluded")["value"]) == {cell.strip() for cell in same}


def test_of_a_cell_with_several_values_only_the_excluded_one_goes():
    both = "8 495 222-33-44; 8 916 111-22-33"
    kept, _ = left("phone", [both, "84952223344"], Exclusion(comparison="v", value="+7 495 222 33 44"))
    assert kept == [["+79161112233"], None]


@pytest.mark.parametrize("written", ["firm.ru", "@Firm.RU", "https://www.firm.ru/about"])
def test_a_domain_takes_its_addresses_and_sites_and_those_below_it(written):
    gone = Exclusion(domain=written)
    kept, _ = left("email", ["a@firm.ru", "b@mail.firm.ru; c@other.ru", "d@notfirm.ru", None], gone)
    assert kept == [None, ["c@other.ru"], ["d@notfirm.ru"], None]
    sites, _ = left("website", ["www.firm.ru", "shop.firm.ru/x", "notfirm.ru"], gone)
    assert sites == [None, None, "notfirm.ru"]
    phones, _ = left("phone", ["84952223344"], gone)
    assert phones != [None]


def test_a_provider_is_met_under_each_of_its_names():
    kept, _ = left("email", ["ivan.petrov@googlemail.com", "ivan.petrov@ya.ru"], Exclusion(domain="gmail.com"))
    assert kept[0] is None and kept[1] is not None


def test_a_domain_may_be_excluded_in_one_comparison_alone():
    kept, _ = left("email", ["a@firm.ru"], Exclusion(domain="firm.ru", comparison="other"))
    assert kept != [None]


RECORDS = pl.DataFrame({
    "record_id": ["1", "2", "3", "4"],
    "email": ["info@firm.ru", "Info@firm.ru", "x@one.ru", "x@one.ru"],
    "phone": ["8 495 222-33-44", "84952223344; 89161112233", None, "89165556677"],
})  # fmt: skip
RULES = Rules(
    entity="contact",
    comparisons=(compared("email", "email", 100, 60, 0), compared("phone", "phone", 100, 72, 0)),
    blocking=(BlockingRule("email", ("email.address",)), BlockingRule("phone", ("phone.number",))),
)


def test_an_excluded_domain_brings_no_records_together():
    pairs = {tuple(p) for p in run.match(RECORDS, RULES).pairs.select("left", "right").iter_rows()}
    assert pairs == {(0, 1), (2, 3)}
    gone = (Exclusion(domain="firm.ru"), Exclusion(comparison="phone", value="+7 (495) 222-33-44"))
    found = run.match(RECORDS, msgspec.structs.replace(RULES, exclusions=gone))
    assert {tuple(p) for p in found.pairs.select("left", "right").iter_rows()} == {(2, 3)}
    told = explain.pair(found, "1", "2")
    assert {p.comparison: (p.level, p.ignored) for p in told.parts}["email"] == ("missing", "excluded")
    assert {p.comparison: p.ignored for p in explain.pair(found, "3", "4").parts} == {"email": None, "phone": None}


def test_what_two_records_share_is_offered_to_be_excluded():
    told = explain.pair(run.match(RECORDS, RULES), "1", "2")
    assert offered(RULES.comparisons, told.parts, region="RU") == [
        Exclusion(comparison="email", value="info@firm.ru"),
        Exclusion(domain="firm.ru"),
        Exclusion(comparison="phone", value="+74952223344"),
    ]
    apart = explain.pair(run.match(RECORDS, RULES), "1", "3")
    assert offered(RULES.comparisons, apart.parts, region="RU") == []
