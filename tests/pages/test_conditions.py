"""Conditions and exclusions on their pages: written in words, counted at once, undone like any other change."""

import os
from pathlib import Path

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from engine.match.suggest import suggest
from engine.rules import Condition, Exclusion, Rules, Test, dump, load
from engine.snapshot.workspace import Workspace
from pages._ui import text

ROOT = Path(__file__).parents[2]
TAB = "Conditions and exclusions"


@pytest.fixture
def app(own: Path, running: None) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    text.use("en")
    app.query_params["controls"] = "inputs"
    app.session_state["rules_tabs:en"] = TAB  # only the open tab is drawn
    app.switch_page("pages/rules.py")
    app.run()
    return shown(app)


def shown(app: AppTest) -> AppTest:
    """With nothing wrong."""
    assert not app.exception, [e.value for e in app.exception]
    assert not app.error, [e.value for e in app.error]
    return app


def said(app: AppTest) -> str:
    return "\n".join(e.value for kind in ("markdown", "caption", "info", "warning") for e in getattr(app, kind))


def in_use(app: AppTest) -> Rules:
    """The rules as the page would download them."""
    snapshot = Workspace(Path(os.environ["WINNOW_WORKSPACE"])).snapshots()[0].id
    return load(dump(app.session_state[f"kept:rules:{snapshot}:contact"]))


def add(app: AppTest, comparison: str, how: str, group: str, level: str | None = None) -> None:
    app.selectbox(key="w:test_of:contact").set_value(comparison).run()
    app.selectbox(key="w:test_how:contact").set_value(how).run()
    if level:
        app.selectbox(key="w:test_level:contact").set_value(level).run()
    app.button(key=f"test_add:contact:{group}").click().run()
    shown(app)


def test_a_condition_is_written_counted_used_edited_deleted_and_undone(app: AppTest) -> None:
    assert app.button(key="condition_use:contact").disabled
    add(app, "email", "at_least", "all_of", "same")
    add(app, "phone", "filled", "any_of")
    assert "candidate pairs fulfil it" in said(app) and "the evidence takes" in said(app)
    app.text_input(key="w:condition_name:contact").set_value("one mailbox").run()
    app.selectbox(key="w:condition_then:contact").set_value("never").run()
    app.button(key="condition_use:contact").click().run()
    shown(app)
    mailbox = Condition(
        name="one mailbox", then="never", all_of=(Test("email", at_least="same"),), any_of=(Test("phone"),)
    )
    assert in_use(app).conditions == (mailbox,)
    assert "Your last change. Merged pairs: +0 −" in said(app)
    assert "Merged pairs: +0 −0" not in said(app)
    app.button(key="condition_edit:contact:0").click().run()
    app.selectbox(key="w:condition_then:contact").set_value("review").run()
    app.button(key="condition_use:contact").click().run()
    shown(app)
    assert [c.then for c in in_use(app).conditions] == ["review"]
    app.button(key="undo").click().run()
    assert [c.then for c in in_use(app).conditions] == ["never"]
    app.button(key="condition_delete:contact:0").click().run()
    shown(app)
    assert not in_use(app).conditions
    app.button(key="undo").click().run()
    assert in_use(app).conditions == (mailbox,)


def test_keys_and_gaps_are_chosen_and_one_secondary_key_alone_is_refused(app: AppTest) -> None:
    def field(label: str):  # type: ignore[no-untyped-def]
        return next(w for w in app.multiselect if w.label == label)

    field("Secondary keys").set_value(["phone"]).run()
    shown(app)
    assert "One secondary key alone is not enough" in said(app)
    field("Primary keys").set_value(["email"]).run()
    shown(app)
    field("A gap counts as a difference").set_value(["email"]).run()
    shown(app)
    roles = {c.name: (c.role, c.blank) for c in in_use(app).comparisons}
    assert roles["email"] == ("primary", "differs")
    assert "do not merge:" in said(app)


def test_values_domains_and_pairs_are_excluded_with_reasons_and_taken_back(app: AppTest) -> None:
    app.text_input(key="exclude_value:contact").set_value("+1 555 000 11 22")
    app.selectbox(key="exclude_in:contact").set_value("phone")
    app.text_input(key="exclude_reason:contact:value").set_value("the exchange")
    app.button(key="exclude_add:contact:value").click().run()
    shown(app)
    value = Exclusion(comparison="phone", value="+1 555 000 11 22", reason="the exchange")
    assert in_use(app).exclusions == (value,)
    assert "the exchange" in said(app)
    app.segmented_control(key="w:exclude_way:contact").set_value("domain").run()
    app.text_input(key="exclude_domain:contact").set_value("example.com")
    app.button(key="exclude_add:contact:domain").click().run()
    shown(app)
    assert in_use(app).exclusions == (value, Exclusion(domain="example.com"))
    app.button(key="include:contact:0").click().run()
    shown(app)
    assert in_use(app).exclusions == (Exclusion(domain="example.com"),)
    app.segmented_control(key="w:exclude_way:contact").set_value("pair").run()
    app.text_input(key="exclude_left:contact").set_value("no such record")
    app.text_input(key="exclude_right:contact").set_value("nor this")
    app.button(key="exclude_add:contact:pair").click().run()
    assert "must be of this account" in said(app)


def test_a_pair_under_review_is_excluded_where_it_is_shown_and_does_not_come_again(own: Path, running: None) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    text.use("en")
    app.switch_page("pages/review.py")
    app.run()
    before = app.table[0].value.to_numpy().tolist()
    button = next(b for b in app.button if b.key and b.key.startswith("never_do:"))
    ids = tuple(button.key.split(":")[2:])
    button.click().run()
    shown(app)
    assert in_use(app).exclusions == (Exclusion(pair=ids),)
    assert app.table[0].value.to_numpy().tolist() != before


def test_pairs_that_a_condition_sends_to_a_person_have_a_queue_of_their_own(own: Path, running: None) -> None:
    kept = Workspace(own)
    snapshot = kept.snapshots()[0].id
    rules = suggest(kept.load(snapshot).frames["contact"], entity="contact")
    asked = Condition(name="one mailbox", then="review", all_of=(Test("email", at_least="same"),))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    text.use("en")
    app.session_state[f"kept:rules:{snapshot}:contact"] = msgspec.structs.replace(rules, conditions=(asked,))
    app.switch_page("pages/review.py")
    app.run()
    queue = app.segmented_control(key="w:queue")
    waiting = queue.options[1]
    assert waiting.startswith("Sent here by conditions (")
    queue.set_value("asked").run()
    shown(app)
    assert "Decided by the condition “one mailbox”: for a person." in said(app)
    app.button(key="judge:non_match").click().run()
    shown(app)
    assert app.segmented_control(key="w:queue").options[1] != waiting
    assert Workspace(own).judgements("contact").height == 1
