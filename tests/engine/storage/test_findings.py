import json

import pytest

from engine.storage import findings as f
from tests.engine.plan.account import AS_OF, MB, ROWS, account


def test_a_copy_on_the_same_record_is_found_and_the_older_file_stays():
    (row,) = f.duplicate_files(account()).to_dicts()
    assert (row["file_id"], row["keep_id"], row["bytes"]) == ("f3", "f1", 10 * MB)
    assert (row["certainty"], row["action"], row["reversible"]) == ("probable", "delete", True)
    assert json.loads(row["details"])["copies"] == 2


def test_a_copy_elsewhere_is_only_for_review():
    links = [{**link, "entity_id": "d4"} if link["file_id"] == "f3" else link for link in ROWS["link"]]
    (row,) = f.duplicate_files(account(link=links)).to_dicts()
    assert (row["action"], row["reason"]) == ("review", "duplicate_file_elsewhere")


def test_files_in_the_trash_are_no_duplicates():
    files = [{**file, "is_trashed": True} if file["record_id"] == "f1" else file for file in ROWS["file"]]
    assert f.duplicate_files(account(file=files)).is_empty()


def test_old_versions_free_their_bytes_alone():
    rows = {row["file_id"]: row for row in f.old_versions(account()).to_dicts()}
    assert rows["f1"]["bytes"] == 5 * MB
    assert (rows["f6"]["bytes"], rows["f6"]["certainty"]) == (0, "possible")
    assert not rows["f1"]["reversible"]


@pytest.mark.parametrize(("counts", "freed"), [(False, 0), (True, 7 * MB)])
def test_trash_frees_what_still_counts(counts, freed):
    assert f.trash(account(), trash_counts=counts)["bytes"].to_list() == [freed]


def test_orphans_hang_nowhere_or_on_records_that_are_not_there():
    rows = {row["file_id"]: row["reason"] for row in f.orphans(account()).to_dicts()}
    assert rows == {"f5": "orphan_unlinked", "f6": "orphan_record_missing"}


def test_without_links_nothing_is_called_an_orphan():
    assert f.orphans(account(link=[])).is_empty()


@pytest.mark.parametrize(("days", "found"), [(365, ["f2"]), (4000, [])])
def test_files_of_lost_deals(days, found):
    assert f.lost_deal_files(account(), as_of=AS_OF, older_than=days)["file_id"].to_list() == found


def test_a_file_that_also_hangs_on_a_contact_is_not_of_a_lost_deal():
    links = [*ROWS["link"], {"file_id": "f2", "entity": "contact", "entity_id": "1"}]
    assert f.lost_deal_files(account(link=links), as_of=AS_OF).is_empty()


def test_what_is_found_twice_is_freed_once():
    found = f.findings(account(), as_of=AS_OF)
    assert f.freeable(found) == 15 * MB + 101 * MB + 10 * MB + 2 * (3 * MB + 1)
    assert set(found["finding"]) >= {
        "duplicate_file",
        "old_versions",
        "trash",
        "orphan",
        "lost_deal_file",
        "large_file",
    }


def test_findings_of_an_account_without_files():
    assert f.findings(account(file=[], link=[]), as_of=AS_OF).is_empty()
