import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled, PlanError, PlanLimitExceeded, RulesError
from engine.plan import policy as policies
from engine.plan.build import build
from engine.plan.merges import Decision
from engine.plan.policy import FIELD_RULES, Policy
from engine.plan.reasons import SENTENCES, english
from engine.plan.simulate import figures, simulate
from engine.plan.survivorship import golden, joined
from engine.retention.decide import decide
from engine.retention.schedule import Basis, Hold, Period, Rule, Schedule, default
from engine.storage.findings import findings
from engine.storage.links import deal_links
from tests.engine.plan.account import AS_OF, CLUSTERS, EVIDENCE, ROWS, SmallSnapshot, account


def schedule(entity, disposition="delete"):
    rule = Rule(
        name="r",
        entity=entity,
        trigger=("created_at",),
        period=Period(days=1),
        disposition=disposition,
        basis=Basis("b"),
    )
    return Schedule(name="t", rules=(rule,))


def made(snapshot=None, *, clusters=CLUSTERS, due=None, holds=(), found=None, **options):
    snapshot = snapshot or account()
    dispositions = None if due is None else decide(snapshot, due, holds, as_of=AS_OF)
    return build(
        snapshot, clusters, evidence=EVIDENCE, dispositions=dispositions, findings=found, as_of=AS_OF, **options
    )


def items(plan):
    return {(row["entity"], row["record_id"]): row for row in plan.items.to_dicts()}


def test_losers_merge_into_the_survivor_with_their_evidence():
    rows = items(made())
    assert rows["contact", "2"]["survivor_id"] == rows["contact", "3"]["survivor_id"] == "1"
    assert rows["contact", "2"]["reason"] == "duplicate_of_survivor"
    assert rows["contact", "3"]["reason"] == "duplicate_through"
    assert json.loads(rows["contact", "3"]["details"])["through"] == "2"
    assert rows["company", "c1"]["confidence"] == "unknown"
    assert ("contact", "1") not in rows


def test_a_merge_by_a_condition_names_it_beside_what_the_evidence_says():
    by_rule = {"contact": EVIDENCE["contact"].with_columns(condition=pl.Series(["one passport", None]))}
    plan = build(account(), CLUSTERS, evidence=by_rule, dispositions=None, findings=None, as_of=AS_OF)
    rows = items(plan)
    assert rows["contact", "2"]["reason"] == "duplicate_of_survivor_by_condition"
    assert rows["contact", "3"]["reason"] == "duplicate_through"
    details = json.loads(rows["contact", "2"]["details"])
    assert english(rows["contact", "2"]["reason"], {**details, "survivor_id": "1"}) == (
        "Same as 1 by the condition “one passport”: match probability 97.0%."
    )
    assert "condition" not in json.loads(rows["contact", "3"]["details"])


def test_deals_and_files_move_with_the_loser():
    moves = made().moves.select("what", "moved_id", "from_id", "to_id").rows()
    assert ("deal", "d1", "2", "1") in moves
    assert ("file", "f7", "2", "1") in moves


@pytest.mark.parametrize(("other", "by"), [("1", "name"), ("4", "shared_name")])
def test_a_deal_known_by_name_moves_once_and_says_how_it_is_known(other, by):
    contacts = [
        {**row, "name": "Same" if row["record_id"] in ("2", "3", other) else row["name"]} for row in ROWS["contact"]
    ]
    deal = {"record_id": "d9", "name": "Shed", "status": "won", "contact_name": "same "}
    moves = made(account(contact=contacts, deal=[deal])).moves.filter(pl.col("what") == "deal")
    assert moves.select("moved_id", "to_id", "by").rows() == [("d9", "1", by)]


def test_custom_columns_are_not_lost():
    class Part:
        entity, fields = "contact", {"record_id": ("ID",)}

    class Source:
        class mapping:
            entities = (Part,)

    plain = account()
    frame = plain.frames["contact"].with_columns(
        pl.when(pl.col("record_id") == "3").then(pl.lit("blue")).alias("original.Colour")
    )
    snapshot = SmallSnapshot("x", {**plain.frames, "contact": frame}, sources=(Source,))
    golden_rows = made(snapshot).golden.filter(pl.col("field") == "original.Colour").to_dicts()
    assert [(row["value"], row["record_id"], row["changes"]) for row in golden_rows] == [("blue", "3", True)]


def test_owner_conflicts_are_seen():
    rows = made().conflicts.filter(pl.col("field") == "owner").to_dicts()
    assert [(row["kept"], row["record_id"], row["value"]) for row in rows] == [("Olga", "2", "Ivan")]


def test_what_is_merged_away_is_not_deleted_as_well():
    plan = made(due=schedule("contact"))
    rows = items(plan)
    assert plan.items.select("entity", "record_id").is_unique().all()
    assert rows["contact", "3"]["action"] == "merge"
    assert json.loads(rows["contact", "3"]["details"])["also_due"] == "delete"
    assert (rows["contact", "1"]["action"], rows["contact", "1"]["reason"]) == ("review", "survivor_is_due")
    assert rows["contact", "4"]["action"] == "delete"


def test_a_hold_blocks_merging_and_deleting():
    plan = made(due=schedule("contact"), holds=[Hold(name="h", record_ids=("2",))])
    rows = items(plan)
    assert {rows["contact", i]["reason"] for i in "123"} == {"merge_blocked_by_hold"}
    assert plan.items.filter((pl.col("action") != "review") & pl.col("record_id").is_in(["1", "2", "3"])).is_empty()


def test_a_hold_on_a_record_keeps_its_files_from_findings():
    snapshot = account()
    found = findings(snapshot, as_of=AS_OF)
    assert items(made(found=found))["file", "f3"]["action"] == "delete"
    row = items(made(found=found, due=default(), holds=[Hold(name="h", record_ids=("d1",))]))["file", "f3"]
    assert (row["action"], row["reason"]) == ("review", "file_kept")


def test_a_copy_stays_when_its_original_goes():
    snapshot = account()
    found = findings(snapshot, as_of=AS_OF)
    goes = found.filter(pl.col("file_id") == "f1").with_columns(
        action=pl.lit("delete"), finding=pl.lit("lost_deal_file"), reason=pl.lit("lost_deal_file")
    )
    rows = items(made(found=pl.concat([found, goes])))
    assert rows["file", "f1"]["action"] == "delete"
    assert (rows["file", "f3"]["action"], rows["file", "f3"]["reason"]) == ("review", "original_goes")


def test_deleting_a_copy_elsewhere_links_the_file_that_stays():
    links = [{**link, "entity_id": "d4"} if link["file_id"] == "f3" else link for link in ROWS["link"]]
    snapshot = account(link=links)
    found = findings(snapshot, as_of=AS_OF).with_columns(
        action=pl.when(pl.col("finding") == "duplicate_file").then(pl.lit("delete")).otherwise("action")
    )
    plan = made(snapshot, found=found, clusters={})
    assert plan.moves.select("what", "moved_id", "from_id", "to_id").rows() == [("link", "f1", "f3", "d4")]


def test_older_versions_are_no_deletion_of_the_file():
    found = findings(account(), as_of=AS_OF).with_columns(
        action=pl.when(pl.col("finding") == "old_versions").then(pl.lit("delete")).otherwise("action")
    )
    plan = made(found=found)
    assert items(plan)["file_version", "f1"]["action"] == "delete"
    assert ("file", "f1") not in items(plan)
    assert plan.summary.filter(pl.col("entity") == "file")["deleted"].item() == 1  # the copy f3 alone
    assert simulate(plan, account())["file"].filter(pl.col("record_id") == "f1")["versions_bytes"].item() == 0


def test_a_plan_over_its_limit_is_refused_whole():
    assert made(limit=4).items.height == 4
    with pytest.raises(PlanLimitExceeded) as error:
        made(limit=3)
    assert error.value.details == {"selected": 4, "limit": 3}


def decision(**what):
    return Decision(entity="contact", cluster_id="1", **what)


def test_a_rejected_cluster_does_not_merge():
    assert not [key for key in items(made(decisions=[decision(verdict="reject")])) if key[1] in "123"]


def test_another_survivor_and_another_value():
    plan = made(decisions=[decision(survivor_id="3", values={"owner": "2"})])
    assert {row["survivor_id"] for key, row in items(plan).items() if key[0] == "contact" and key[1] in "12"} == {"3"}
    owner = plan.golden.filter((pl.col("entity") == "contact") & (pl.col("field") == "owner")).row(0, named=True)
    assert (owner["value"], owner["record_id"], owner["rule"], owner["changes"]) == ("Ivan", "2", "chosen", True)


def test_a_record_taken_out_stays_as_it_is():
    assert ("contact", "2") not in items(made(decisions=[decision(without=("2",))]))


@pytest.mark.parametrize(
    "what",
    [{"survivor_id": "4"}, {"values": {"owner": "9"}}, {"verdict": "maybe"}, {"survivor_id": "2", "without": ("2",)}],
)
def test_a_decision_that_does_not_fit_is_refused(what):
    with pytest.raises(PlanError):
        made(decisions=[decision(**what)])


def test_a_decision_on_a_vanished_cluster_is_refused():
    with pytest.raises(PlanError, match="fits no cluster any more"):
        made(decisions=[Decision(entity="contact", cluster_id="gone")])


def test_every_reason_has_a_sentence():
    snapshot = account()
    plan = made(snapshot, due=default(), holds=[Hold(name="h", tags=("court",))], found=findings(snapshot, as_of=AS_OF))
    assert set(plan.items["reason"]) <= set(SENTENCES)
    assert english("schedule_due", {"rule": "r", "due": None}) == "Rule “r”: due since – (– –)."


def test_simulating_gives_what_the_summary_says():
    snapshot = account()
    plan = made(snapshot, due=default(), found=findings(snapshot, as_of=AS_OF))
    after = simulate(plan, snapshot)
    for row in plan.summary.to_dicts():
        assert after[row["entity"]].height == row["after"]
    told = {(r["entity"], r["measure"]): (r["before"], r["after"]) for r in figures(plan, snapshot).to_dicts()}
    files = plan.summary.filter(pl.col("entity") == "file").row(0, named=True)
    assert told["file", "bytes"] == (files["bytes_before"], files["bytes_after"])
    survivor = after["contact"].filter(pl.col("record_id") == "1").row(0, named=True)
    assert (survivor["city"], survivor["phone"]) == ("Tver", "+7 900 000-00-01; +7 900 000-00-09")
    assert after["deal"].filter(pl.col("record_id") == "d1")["contact_id"].item() == "1"
    assert after["contact"].filter(pl.col("record_id") == "4")["email"].item() is None  # anonymised
    assert after["link"].filter(pl.col("file_id") == "f7")["entity_id"].sort().to_list() == ["1", "d4"]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("most_recent", "bb@x.org"),
        ("oldest", "a"),
        ("most_complete", "a"),
        ("most_frequent", "bb@x.org"),
        ("longest", "ccc@x.com"),
        ("prefer_valid", "bb@x.org"),
        ("from_survivor", "a"),
        ("union", "a; bb@x.org; ccc@x.com"),
        ("earliest", "BB@x.org"),
        ("latest", "ccc@x.com"),
    ],
)
def test_field_rules(rule, value):
    contacts = [
        {"record_id": "1", "email": "a", "phone": "1", "created_at": "2020-01-01", "updated_at": "2020-01-01"},
        {"record_id": "2", "email": "bb@x.org", "created_at": "2021-01-01", "updated_at": "2025-01-01"},
        {"record_id": "3", "email": "ccc@x.com", "created_at": "2022-01-01", "updated_at": "2022-01-01"},
        {"record_id": "4", "email": "BB@x.org", "created_at": "2023-01-01", "updated_at": "2023-01-01"},
        {"record_id": "5", "email": " "},
    ]
    clusters = pl.DataFrame({"record_id": list("12345"), "cluster_id": ["1"] * 5})
    result = golden(
        account(contact=contacts).frames["contact"], clusters, Policy(fields={"email": rule}), entity="contact"
    )
    told = joined(result.values).filter(pl.col("field") == "email").row(0, named=True)
    assert (result.survivors["survivor_id"].item(), told["value"]) == ("1", value)


@pytest.mark.parametrize(
    ("criteria", "survivor", "by"),
    [
        (("most_complete",), "1", "most_complete"),
        (("open_deals",), "2", "open_deals"),
        (("most_recent",), "3", "most_recent"),
        (("oldest",), "1", "oldest"),
        (("lowest_id",), "1", "lowest_id"),
    ],
)
def test_survivor_criteria(criteria, survivor, by):
    snapshot = account()
    deals = deal_links(snapshot).filter(pl.col("entity") == "contact")
    records = snapshot.frames["contact"]
    result = golden(records, CLUSTERS["contact"], Policy(survivor=criteria), entity="contact", deals=deals)
    row = result.survivors.filter(pl.col("cluster_id") == "1").row(0, named=True)
    assert (row["survivor_id"], row["chosen_by"], row["records"]) == (survivor, by, 3)


def test_policies_round_trip_and_refuse_unknown_rules():
    assert policies.load(policies.dump(policies.DEFAULT)) == policies.DEFAULT
    for text in ("fields: {email: newest}", "fields: {emial: union}", "survivor: [tallest]", "survivors: [oldest]"):
        with pytest.raises(RulesError):
            policies.load(text)


CELL = st.sampled_from([None, "", "a", "A", "b@x.org", "+7 900 000-00-01", "8 900 000 00 01; 5", "=x"])
PEOPLE = st.lists(st.fixed_dictionaries({"name": CELL, "phone": CELL, "email": CELL, "owner": CELL}), max_size=7)
RULES = st.fixed_dictionaries({f: st.sampled_from(sorted(FIELD_RULES)) for f in ("name", "phone", "email", "owner")})


@settings(max_examples=30, deadline=None)
@given(PEOPLE, st.lists(st.sampled_from("xyz"), min_size=7, max_size=7), RULES, st.sets(st.sampled_from("0123456")))
def test_plans_hold_together(people, groups, fields, held):
    contacts = [{"record_id": str(i), "created_at": "2010-01-01", **row} for i, row in enumerate(people)]
    snapshot = account(contact=contacts, company=[], deal=[], file=[], link=[])
    clusters = {"contact": pl.DataFrame({"record_id": list("0123456"), "cluster_id": groups})}
    holds = [Hold(name="h", record_ids=tuple(held))] if held else []
    plan = made(snapshot, clusters=clusters, due=schedule("contact"), holds=holds, policy=Policy(fields=fields))
    assert plan.items.select("entity", "record_id").is_unique().all()
    assert plan.items["item_id"].is_unique().all()
    acting = plan.items.filter(pl.col("action") != "review")
    assert not set(acting["record_id"]) & held
    assert not set(acting["survivor_id"].drop_nulls()) & held
    of = dict(zip("0123456", groups, strict=True))
    merged = [set() for _ in "xyz"]
    for record, survivor in acting.filter(pl.col("action") == "merge").select("record_id", "survivor_id").iter_rows():
        assert of[record] == of[survivor] and record != survivor
        merged["xyz".index(of[record])].add(record)
    for group, losers in zip("xyz", merged, strict=True):
        members = {str(i) for i in range(len(people)) if groups[i] == group}
        assert len(losers) == (0 if members & held or not members else len(members) - 1)
    rows = {row["record_id"]: row for row in snapshot.frames["contact"].to_dicts()}
    for value in plan.golden.to_dicts():
        assert of[value["record_id"]] == of[value["survivor_id"]] == value["cluster_id"]
        if not value["field"].endswith("_at"):
            assert value["value"] in rows[value["record_id"]][value["field"]]


def test_building_reports_how_far_it_is_and_stops_where_it_is_told_to():
    told = []
    plan = made(progress=lambda stage, share: told.append((stage, share)))
    assert list(dict(told)) == ["golden", "items"]
    for stage in ("golden", "items"):
        shares = [share for name, share in told if name == stage]
        assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert plan.items.equals(made().items)
    for at in range(len(told)):

        def stop(stage, share, last=told[at]):
            if (stage, share) == last:
                raise Cancelled("the work was stopped")

        with pytest.raises(Cancelled):
            made(progress=stop)
