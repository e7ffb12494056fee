import datetime as dt
import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Cancelled
from engine.retention.decide import decide, due_within
from engine.retention.schedule import DISPOSITIONS, Basis, Condition, Hold, Period, Rule, Schedule, default
from tests.engine.plan.account import AS_OF, ROWS, account


def rule(name, disposition, *, entity="contact", years=1, trigger=("created_at",), when=()):
    return Rule(
        name=name,
        entity=entity,
        disposition=disposition,
        trigger=trigger,
        period=Period(years=years),
        when=when,
        basis=Basis("because"),
    )


def decided(*rules, holds=(), snapshot=None):
    frame = decide(snapshot or account(), Schedule(name="t", rules=rules), holds, as_of=AS_OF)
    return {(row["entity"], row["record_id"]): row for row in frame.to_dicts()}


def test_every_record_and_file_has_one_disposition():
    frame = decide(account(), default(), as_of=AS_OF)
    assert frame.height == sum(len(ROWS[e]) for e in ("contact", "company", "deal", "file"))
    assert frame.select("entity", "record_id").is_unique().all()


def test_without_rules_all_is_kept():
    assert {row["disposition"] for row in decided().values()} == {"retain"}


def test_the_default_schedule_on_the_small_account():
    rows = {(r["entity"], r["record_id"]): r for r in decide(account(), default(), as_of=AS_OF).to_dicts()}
    assert (rows["contact", "1"]["disposition"], rows["contact", "1"]["reason"]) == ("retain", "retained")
    assert (rows["contact", "4"]["disposition"], rows["contact", "4"]["due"]) == ("anonymise", dt.date(2019, 3, 1))
    assert rows["contact", "6"]["reason"] == "missing_trigger"
    assert rows["deal", "d2"]["disposition"] == "archive"
    assert (rows["file", "f2"]["disposition"], rows["file", "f2"]["bytes"]) == ("delete", 101_000_000)


def test_records_with_open_deals_are_never_deleted():
    rows = decided(rule("old", "delete"))
    assert (rows["contact", "2"]["disposition"], rows["contact", "2"]["reason"]) == ("retain", "open_deals")
    assert rows["contact", "5"]["reason"] == "open_deals"  # known by the name on the deal alone
    assert json.loads(rows["contact", "5"]["details"])["wanted"] == "delete"
    assert decided(rule("d", "delete", entity="deal"))["deal", "d3"]["reason"] == "open_deals"


def test_a_missing_date_asks_for_review():
    rows = decided(rule("old", "delete"))
    assert (rows["contact", "6"]["disposition"], rows["contact", "6"]["reason"]) == ("review", "missing_trigger")


@pytest.mark.parametrize("mild", DISPOSITIONS[:-1])
def test_the_milder_of_two_rules_wins(mild):
    period = 30 if mild == "retain" else 1
    row = decided(rule("hard", "delete"), rule("mild", mild, years=period))["contact", "4"]
    assert (row["disposition"], row["rule"]) == (mild, "mild")


def test_keeping_ends_when_its_period_has_run_out():
    row = decided(rule("keep", "retain", years=2), rule("hard", "delete"))["contact", "4"]
    assert (row["disposition"], row["rule"]) == ("delete", "hard")


def test_the_latest_of_several_triggers_counts():
    row = decided(rule("r", "delete", years=10, trigger=("created_at", "updated_at")))["contact", "4"]
    assert (row["reason"], row["trigger"], row["due"]) == ("not_due", "updated_at", dt.date(2026, 2, 1))
    frame = decide(
        account(), Schedule(name="t", rules=(rule("r", "delete", years=10, trigger=("updated_at",)),)), as_of=AS_OF
    )
    assert due_within(frame, as_of=AS_OF, days=30)["record_id"].to_list() == ["4"]


def test_due_on_the_very_day():
    snapshot = account(
        contact=[{"record_id": "x", "created_at": "2025-01-31"}, {"record_id": "y", "created_at": "2025-02-01"}]
    )
    rows = decided(rule("r", "delete"), snapshot=snapshot)
    assert (rows["contact", "x"]["disposition"], rows["contact", "y"]["disposition"]) == ("delete", "retain")


@pytest.mark.parametrize(
    "hold",
    [
        Hold(name="h", record_ids=("4",)),
        Hold(name="h", owners=("IVAN",), entity="contact"),
        Hold(name="h", entity="contact"),
        Hold(name="h", tags=("court",), record_ids=("4",)),
    ],
)
def test_a_hold_keeps_what_it_selects(hold):
    row = decided(rule("old", "delete"), holds=[hold])["contact", "4"]
    assert row["reason"] == ("due" if hold.tags else "hold")  # every criterion must hold, and 4 has no such tag


def test_a_tag_holds_whatever_its_case():
    row = decided(rule("old", "delete"), holds=[Hold(name="h", tags=("COURT",))])["contact", "7"]
    assert (row["disposition"], row["rule"]) == ("retain", "h")


def test_a_file_is_kept_while_one_of_its_records_is_held():
    links = [*ROWS["link"], {"file_id": "f2", "entity": "contact", "entity_id": "7"}]
    files = rule("files", "delete", entity="file")
    assert decided(files, snapshot=account(link=links))["file", "f2"]["disposition"] == "delete"
    row = decided(files, holds=[Hold(name="h", record_ids=("7",))], snapshot=account(link=links))["file", "f2"]
    assert (row["disposition"], row["reason"]) == ("retain", "record_kept")


def test_a_file_goes_with_its_last_record_only():
    lost = rule("deals", "delete", entity="deal", when=(Condition("status", any_of=("lost",)),))
    assert decided(lost)["file", "f2"]["reason"] == "follows_record"
    links = [*ROWS["link"], {"file_id": "f2", "entity": "contact", "entity_id": "1"}]
    assert decided(lost, snapshot=account(link=links))["file", "f2"]["reason"] == "record_kept"


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (Condition("owner", any_of=("ivan",)), {"2", "4", "5"}),
        (Condition("owner", none_of=("Ivan",)), {"1", "3", "6", "7"}),
        (Condition("tags", has=("vip",)), {"1", "2"}),
        (Condition("email", empty=True), {"2", "6", "7"}),
        (Condition("files", at_least=1), {"2"}),
        (
            Condition(
                "open_deals",
                at_most=0,
            ),
            {"1", "3", "4", "6", "7"},
        ),
    ],
)
def test_conditions(condition, ids):
    rows = decided(rule("r", "review", when=(condition,)))
    assert {i for (e, i), row in rows.items() if e == "contact" and row["rule"] == "r"} == ids


DATES = st.sampled_from([None, "2010-01-01", "2020-01-01", "2026-01-01", "2030-01-01"])
CONTACTS = st.lists(
    st.fixed_dictionaries(
        {"owner": st.sampled_from([None, "A", "B"]), "tags": st.sampled_from([None, "x", "x; y"]), "created_at": DATES}
    ),
    max_size=6,
)
RULES = st.lists(
    st.builds(
        rule,
        st.just("r"),
        st.sampled_from(DISPOSITIONS),
        entity=st.sampled_from(["contact", "file"]),
        years=st.integers(1, 9),
    ),
    max_size=4,
)
HOLDS = st.lists(
    st.one_of(
        st.builds(lambda i: Hold(name="h", record_ids=(i,)), st.sampled_from("012f")),
        st.builds(lambda o: Hold(name="h", owners=(o,)), st.sampled_from("AB")),
        st.builds(lambda t: Hold(name="h", tags=(t,)), st.sampled_from("xy")),
        st.builds(lambda e: Hold(name="h", entity=e), st.sampled_from(["contact", "file"])),
    ),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(CONTACTS, RULES, HOLDS)
def test_a_hold_never_adds_a_deletion(contacts, rules, holds):
    snapshot = account(
        contact=[{"record_id": str(i), **row} for i, row in enumerate(contacts)],
        company=[],
        deal=[],
        file=[{"record_id": f"f{i}", "bytes": 1, "created_at": "2015-01-01"} for i in range(3)],
        link=[{"file_id": f"f{i % 3}", "entity": "contact", "entity_id": str(i)} for i in range(len(contacts))],
    )
    schedule = Schedule(name="t", rules=tuple(rules))
    severity = {d: i for i, d in enumerate(DISPOSITIONS)}

    def gone(holds):
        frame = decide(snapshot, schedule, holds, as_of=AS_OF)
        return frame.with_columns(s=pl.col("disposition").replace_strict(severity, return_dtype=pl.Int8))["s"]

    assert (gone(holds) <= gone([])).all()


def test_deciding_reports_each_kind_of_record_and_stops_where_it_is_told_to():
    told = []
    frame = decide(account(), default(), as_of=AS_OF, progress=lambda stage, share: told.append((stage, share)))
    assert told == [("decide", share) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert frame.equals(decide(account(), default(), as_of=AS_OF))

    def stop(stage, share):
        if share >= 0.6:
            raise Cancelled("the work was stopped")

    with pytest.raises(Cancelled):
        decide(account(), default(), as_of=AS_OF, progress=stop)
