import json

import polars as pl
import pytest

from engine.cells import read_csv
from engine.plan.build import build
from engine.plan.compile import capabilities, compile_for
from tests.engine.plan.account import AS_OF, account
from tests.engine.plan.test_export import small_plan

TARGETS = ("amocrm", "bitrix24", "hubspot", "zoho", "salesforce", "csv")


def crowd(size):
    """A plan that merges contacts 2…size into contact 1."""
    contacts = [{"record_id": str(i), "name": "A", "created_at": "2020-01-01"} for i in range(1, size + 1)]
    snapshot = account(contact=contacts, company=[], deal=[], file=[], link=[])
    clusters = pl.DataFrame({"record_id": [c["record_id"] for c in contacts], "cluster_id": ["1"] * size})
    return build(snapshot, {"contact": clusters}, as_of=AS_OF)


def calls(target, name="3_merge", plan=None):
    files = compile_for(plan or crowd(6), target)
    return [json.loads(line) for line in files[f"target/{name}.jsonl"].decode().splitlines()]


def test_the_capability_table_says_where_and_when_it_was_read():
    table = capabilities()
    assert set(table) == set(TARGETS)
    for able in table.values():
        assert able["source"] and able["date"] and able["limits"] and able["merge"]["note"]


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_says_what_to_do_and_carries_every_merge(target):
    plan = small_plan()
    files = compile_for(plan, target)
    assert files == compile_for(plan, target)
    assert files["target/steps.txt"].decode().startswith(capabilities()[target]["label"])
    told = b"".join(content for name, content in files.items() if "merge" in name or "tag" in name).decode()
    for loser in plan.items.filter(pl.col("action") == "merge")["record_id"]:
        assert f'"{loser}"' in told or f" {loser}" in told
    assert read_csv(files["target/1_update.csv"]).filter(pl.col("field") == "tax_id")["value"].to_list() == [
        "7707083893"
    ]


def test_zoho_merges_at_most_two_children_at_once():
    parts = [[d["id"] for m in call["body"]["merge"] for d in m["data"]] for call in calls("zoho")]
    assert parts == [["2", "3"], ["4", "5"], ["6"]]
    assert all(call["path"].endswith("/Contacts/1/actions/merge") for call in calls("zoho"))


def test_salesforce_merges_at_most_three_records_master_included():
    assert [call["recordToMergeIds"] for call in calls("salesforce")] == [["2", "3"], ["4", "5"], ["6"]]


def test_hubspot_chains_pairs_and_rewrites_the_primary():
    chain = calls("hubspot")
    assert [call["body"]["primaryObjectId"] for call in chain] == ["1", *["$RESULT"] * 4]
    assert [call["body"]["objectIdToMerge"] for call in chain] == list("23456")


def test_bitrix_names_the_master_first_and_where_to_go_on_conflict():
    (call,) = calls("bitrix24")
    assert call["params"]["params"] == {"entityTypeId": 3, "entityIds": [1, 2, 3, 4, 5, 6]}
    assert call["on_conflict_open"] == "/crm/contact/merge/?id=1,2,3,4,5,6"


def test_large_groups_keep_the_master_in_every_part():
    parts = [call["params"]["params"]["entityIds"] for call in calls("bitrix24", plan=crowd(101))]
    assert [len(part) for part in parts] == [50, 50, 3]
    assert {part[0] for part in parts} == {1}


def test_amocrm_has_tags_and_file_deletions_but_no_merge_call():
    files = compile_for(small_plan(), "amocrm")
    assert "target/3_merge.jsonl" not in files
    (call,) = calls("amocrm", "5_files", small_plan())
    assert (call["method"], call["path"]) == ("DELETE", "/v1.0/files")
    assert {part["uuid"] for part in call["body"]} == {"f2", "f3"}
    tags = read_csv(files["target/2_tag.csv"])
    assert tags.filter(pl.col("tag") == "winnow-2")["record_id"].to_list() == ["1", "2", "3"]


def test_an_empty_plan_compiles_to_steps():
    plan = build(account(), {}, as_of=AS_OF)
    assert "target/steps.txt" in compile_for(plan, "zoho")
