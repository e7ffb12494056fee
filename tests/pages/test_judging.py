"""Judging, rule tests and versions on their pages: shared by sessions, never lost, reopened by a link."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.snapshot.workspace import Workspace
from pages._ui import text

ROOT = Path(__file__).parents[2]


def opened(page: str, *, tab: str = "Rule tests", **settings: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.session_state["proving_tabs:en"] = tab  # only the open tab is drawn
    for name, value in settings.items():
        app.query_params[name] = value
    text.use("en")
    app.switch_page(f"pages/{page}.py")
    return app.run()


def fine(app: AppTest) -> None:
    assert not app.exception, [e.value for e in app.exception]
    assert not app.error, [e.value for e in app.error]


def said(app: AppTest) -> str:
    return "\n".join(
        e.value for kind in ("markdown", "caption", "warning", "success", "info") for e in getattr(app, kind)
    )


def test_two_sessions_see_each_others_judgements_and_keep_their_own_settings(own: Path, running: None) -> None:
    one, other = opened("review"), opened("review", merge_contact="0.9")
    one.text_input(key="w:judge").set_value("Anna").run()
    one.button(key="judge:match").click().run()
    fine(one)
    other.run()
    fine(other)
    assert "Anna" in [row for table in other.dataframe for row in table.value.to_numpy().ravel().tolist()]
    assert "merge_contact" not in one.query_params


def test_a_judged_or_skipped_pair_does_not_come_again(own: Path, running: None) -> None:
    app = opened("review")
    seen = set()
    for key in ("judge:match", "judge:skip", "judge:non_match", "judge:skip", "judge:unsure"):
        shown = app.table[0].value.iloc[:, 1:].to_numpy().tolist()
        assert str(shown) not in seen
        seen.add(str(shown))
        app.button(key=key).click().run()
        fine(app)
    assert Workspace(own).judgements("contact")["verdict"].to_list() == ["match", "non_match", "unsure"]


def test_contradictions_are_shown_and_lead_to_their_pair(own: Path, running: None) -> None:
    workspace = Workspace(own)
    a, b, c = workspace.load(workspace.snapshots()[0].id).frames["contact"]["record_id"].head(3).sort().to_list()
    for left, right, verdict in ((a, b, "match"), (b, c, "match"), (a, c, "non_match")):
        workspace.judge({"entity": "contact", "left_id": left, "right_id": right, "verdict": verdict, "judge": "x"})
    app = opened("review")
    fine(app)
    assert "1 judgement contradicts others." in said(app)
    app.button(key="contradiction:0").click().run()
    fine(app)
    assert app.query_params["pair"] == f"{a}~{c}"


def test_judgements_are_imported_and_a_wrong_file_changes_nothing(own: Path, running: None) -> None:
    content = (ROOT / "sample_data" / "zoho" / "judgements.csv").read_bytes()
    app = opened("review")
    app.file_uploader(key="judgements_file").upload("judgements.csv", content, "text/csv").run()
    app.button(key="judgements_keep").click().run()
    fine(app)
    kept = Workspace(own).judgements("contact").height
    assert kept == sum(line.endswith(b"contact") for line in content.splitlines())
    app.file_uploader(key="judgements_file").upload(
        "x.csv", b"left_id,right_id,verdict\n1,2,perhaps\n", "text/csv"
    ).run()
    app.button(key="judgements_keep").click().run()
    assert not app.exception
    assert app.error
    assert Workspace(own).judgements("contact").height == kept


def test_rule_tests_are_shown_and_kept(own: Path, running: None) -> None:
    app = opened("rules")
    fine(app)
    assert "tests are green." in said(app)
    assert not [b for b in app.button if b.key == "tests_save"]  # what is folded up is not drawn
    app.session_state["tests_edit:contact"] = True
    app.run()
    app.button(key="tests_save").click().run()
    fine(app)
    assert (own / "desk" / "rule_tests.json").exists()


def test_recall_by_kind_of_error_when_asked_for(account: Path, running: None) -> None:
    app = opened("rules", tab="Kinds of errors")
    assert "Hardest:" not in said(app)
    app.button(key="mutate").click().run()
    fine(app)
    assert "Hardest:" in said(app)


@pytest.mark.parametrize("name", ["Strict", "Строгие 2", "严格"])
def test_a_version_is_saved_compared_and_reopened_by_its_link(name: str, own: Path, running: None) -> None:
    app = opened("rules", tab="Saved versions", merge_contact="0.95", review_contact="0.4")
    app.text_input(key="version_name").set_value(name)
    app.button(key="version_keep").click().run()
    fine(app)
    assert app.query_params["version_contact"] == name
    again = opened("rules", tab="Saved versions", version_contact=name)
    fine(again)
    assert Workspace(own).rule_files() == [name]
    figures = next(t.value for t in again.dataframe if "Saved version" in t.value.columns)
    assert figures.loc[figures["Figure"] == "Merge threshold", "Rules in use"].tolist() == ["0.950"]
    other = opened("rules", tab="Saved versions", against=name)
    assert "merged only by" in said(other)


def test_a_link_to_a_version_that_is_gone_shows_the_suggested_rules(account: Path) -> None:
    fine(opened("rules", version_contact="../../etc/passwd", against="nothing"))


def test_a_name_that_cannot_be_a_files_is_refused(own: Path, running: None) -> None:
    app = opened("rules", tab="Saved versions")
    app.text_input(key="version_name").set_value("../evil")
    app.button(key="version_keep").click().run()
    assert not app.exception
    assert "cannot be a name" in app.error[0].value
    assert not Workspace(own).rule_files()
