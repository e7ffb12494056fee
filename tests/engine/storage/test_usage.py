import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UnknownColumn
from engine.storage.usage import BY, Quota, RecordQuota, quota, usage
from tests.engine.plan.account import AS_OF, MB, account


def figures(by):
    return {row["group"]: row for row in usage(account(), by, as_of=AS_OF).to_dicts()}


@pytest.mark.parametrize("by", BY)
def test_every_grouping_adds_up_to_the_account(by):
    frame = usage(account(), by, as_of=AS_OF)
    assert frame["bytes"].sum() == 15 * MB + 101 * MB + 10 * MB + 2 * (3 * MB + 1)
    assert frame["trash_bytes"].sum() == 7 * MB
    assert frame["file_share"].sum() == pytest.approx(7)


def test_a_shared_file_is_split_and_the_split_is_shown():
    rows = figures("entity")
    assert rows["contact"]["bytes"] == (3 * MB + 1 + 1) // 2  # the odd byte goes to the first record
    assert rows["contact"]["files"] == 2
    assert rows["contact"]["file_share"] == 1.5
    assert rows["contact"]["shared_files"] == 1
    assert rows["contact"]["shared_bytes"] == rows["contact"]["bytes"]
    assert rows["contact"]["unsized_files"] == 1


def test_a_property_of_the_file_is_never_split():
    assert figures("type")["image"]["shared_bytes"] == 0
    assert figures("type")["image"]["file_share"] == 3


def test_stage_comes_from_the_deal_and_owner_from_the_record():
    assert figures("stage")["Lost"]["bytes"] == 101 * MB
    assert figures("owner")["Ivan"]["bytes"] == 15 * MB + 101 * MB + 10 * MB + (3 * MB + 2) // 2
    assert figures("owner")["Olga"]["trash_bytes"] == 7 * MB


def test_ages_stand_in_their_order():
    assert usage(account(), "age", as_of=AS_OF)["group"].to_list() == ["90-365d", "1-2y", "2-3y", "3-5y", "5y+"]
    assert usage(account(), "year", as_of=AS_OF)["group"].to_list() == ["2016", "2022", "2024", "2025"]


def test_an_unknown_grouping_says_what_was_meant():
    with pytest.raises(UnknownColumn, match="did you mean 'stage'"):
        usage(account(), "stages", as_of=AS_OF)


def test_an_account_without_files_is_empty_not_wrong():
    bare = account(file=[], link=[])
    assert usage(bare, "entity", as_of=AS_OF).is_empty()
    assert quota(bare, Quota(bytes=10))["used"].to_list() == [0]


def test_quota_shows_bytes_and_records():
    limits = Quota(bytes=100 * MB, records=(RecordQuota("people", ("contact", "company"), 10),), trash_counts=True)
    rows = {row["what"]: row for row in quota(account(), limits).to_dicts()}
    assert rows["bytes"]["used"] == 132 * MB + 2 + 7 * MB
    assert rows["bytes"]["over"] == 39 * MB + 2
    assert (rows["people"]["used"], rows["people"]["share"]) == (9, 0.9)
    assert quota(account(), Quota()).row(0)[2:] == (None, None, None)


ONE_FILE = st.tuples(st.integers(0, 10_000), st.integers(0, 99), st.lists(st.sampled_from("abc"), max_size=3))


@settings(max_examples=50, deadline=None)
@given(st.lists(ONE_FILE, max_size=8))
def test_splitting_loses_no_byte(files):
    snapshot = account(
        file=[{"record_id": str(i), "bytes": b, "versions_bytes": v} for i, (b, v, _) in enumerate(files)],
        link=[{"file_id": str(i), "entity": "deal", "entity_id": d} for i, (_, _, on) in enumerate(files) for d in on],
        deal=[{"record_id": d, "stage": d} for d in "abc"],
    )
    frame = usage(snapshot, "stage", as_of=AS_OF)
    assert frame["bytes"].sum() == sum(b + v for b, v, _ in files)
    assert frame.filter(pl.col("bytes") < 0).is_empty()
