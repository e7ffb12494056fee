import pytest

from engine.errors import PlanError
from engine.plan.recheck import recheck
from engine.plan.simulate import simulate
from tests.engine.plan.account import ROWS, SmallSnapshot, account
from tests.engine.plan.test_export import CONTENT, small_plan


def states(later):
    return {(row["entity"], row["record_id"]): row for row in recheck(CONTENT, later).to_dicts()}


def test_nothing_done_yet():
    rows = states(account())
    assert {row["state"] for key, row in rows.items() if row["action"] in ("merge", "delete")} == {"not_done"}
    assert rows["deal", "d2"]["state"] == "cannot_tell"


def test_all_done():
    later = SmallSnapshot("later", simulate(small_plan(), account()))
    assert {row["state"] for row in states(later).values() if row["action"] in ("merge", "delete")} == {"done"}


def test_a_file_in_the_trash_is_done():
    files = [{**file, "is_trashed": True} if file["record_id"] == "f2" else file for file in ROWS["file"]]
    assert states(account(file=files))["file", "f2"]["state"] == "done"


def test_what_came_back_is_named():
    contacts = [row for row in ROWS["contact"] if row["record_id"] not in ("2", "3")]
    back = {"record_id": "77", "email": "A.Smirnova@example.com ", "created_at": "2026-02-10"}
    rows = states(account(contact=[*contacts, back]))
    assert (rows["contact", "3"]["state"], rows["contact", "3"]["back_as"]) == ("came_back", "77")
    assert rows["contact", "2"]["state"] == "done"


def test_a_survivor_that_is_gone_too_is_no_success():
    contacts = [row for row in ROWS["contact"] if row["record_id"] not in ("1", "2", "3")]
    assert states(account(contact=contacts))["contact", "2"]["state"] == "survivor_gone"


def test_a_damaged_plan_is_not_checked_against():
    with pytest.raises(PlanError, match="damaged"):
        recheck(CONTENT[:-500], account())
