"""Every page: with data, without, after one interaction, after leaving and coming back, in each language."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui import text

ROOT = Path(__file__).parents[2]
PAGES = ("overview", "snapshot", "rules", "review", "merge", "storage", "retention", "plan")
PATIENCE = 120  # seconds
APOLOGY = "Something went wrong on our side"


def opened(page: str, **settings: str) -> AppTest:
    """The workbench on one of its pages, with settings as a link would carry them."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    for name, value in settings.items():
        app.query_params[name] = value
    text.use(settings.get("lang", "en"))  # AppTest formats options in this thread
    if page != "overview":
        app.switch_page(f"pages/{page}.py")
    return app.run()


def said(app: AppTest) -> list[str]:
    """Every text on the page."""
    kinds = ("title", "subheader", "caption", "markdown", "error", "warning", "info", "success", "text")
    return [str(e.value) for kind in kinds for e in getattr(app, kind, [])] + [b.label for b in app.button]


def fine(app: object) -> None:
    assert not app.exception, [e.value for e in app.exception]  # type: ignore[attr-defined]
    assert not app.error, [e.value for e in app.error]  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES)
def test_shows_the_account(page: str, account: Path) -> None:
    app = opened(page)
    fine(app)
    assert app.title[0].value
    assert not any("no account here yet" in t for t in said(app)) or page == "snapshot"


@pytest.mark.parametrize("page", PAGES)
def test_says_what_to_do_without_an_account(page: str, nothing: Path) -> None:
    app = opened(page)
    fine(app)
    assert any("There is no account here yet" in t for t in said(app)), said(app)


@pytest.mark.parametrize("language", [code for code in text.LANGUAGES if code != "en"])
@pytest.mark.parametrize("page", PAGES)
def test_speaks_the_language_of_the_link(page: str, language: str, account: Path) -> None:
    app = opened(page, lang=language)
    fine(app)
    text.use(language)
    names = {"storage": "Usage"}
    assert app.title[0].value == text._(names.get(page, page.capitalize()))
    assert app.title[0].value != names.get(page, page.capitalize())


@pytest.mark.parametrize("page", PAGES)
def test_survives_a_change_of_entity_language_and_page(page: str, account: Path, running: None) -> None:
    app = opened(page, entity="company")
    fine(app)
    app.sidebar.selectbox(key="w:lang").set_value("ru").run()
    fine(app)
    text.use("ru")
    app.switch_page("pages/overview.py" if page != "overview" else "pages/plan.py").run()
    fine(app)
    app.switch_page(f"pages/{page}.py").run()
    fine(app)
    assert app.query_params["entity"] == "company"
    assert app.query_params["lang"] == "ru"


def test_a_threshold_moves_the_figures_and_is_undone(account: Path, running: None) -> None:
    app = opened("rules", controls="inputs")
    before = [m.value for m in app.markdown if m.value.startswith("#### ")]
    app.slider(key="w:merge_contact").set_value(0.999).run()
    fine(app)
    after = [m.value for m in app.markdown if m.value.startswith("#### ")]
    assert after != before
    assert float(app.query_params["merge_contact"]) == 0.999
    app.switch_page("pages/merge.py").run()
    app.switch_page("pages/rules.py").run()
    assert app.slider(key="w:merge_contact").value == 0.999
    app.button(key="undo").click().run()
    fine(app)
    assert [m.value for m in app.markdown if m.value.startswith("#### ")] == before


def test_a_link_reopens_the_view(account: Path) -> None:
    app = opened("rules", entity="company", merge_company="0.9", review_company="0.3", controls="inputs")
    fine(app)
    assert app.slider(key="w:merge_company").value == 0.9
    assert app.slider(key="w:review_company").value == 0.3


def test_ordinary_inputs_do_what_the_live_bench_does(account: Path, running: None) -> None:
    app = opened("rules", controls="inputs")
    fine(app)
    app.session_state["rules_tabs:en"] = "Another threshold"  # only the open tab is drawn
    app.run()
    app.number_input(key="w:other_contact").set_value(0.02).run()
    fine(app)
    assert any("appear" in t for t in said(app))
    app.session_state["rules_tabs:en"] = "Costs"
    app.run()
    app.number_input(key="w:cost_wrong_merge").set_value(1e6).run()
    fine(app)
    app.button(key="use_cheapest").click().run()
    fine(app)
    dear = app.slider(key="w:merge_contact").value
    app.number_input(key="w:cost_wrong_merge").set_value(0.0).run()
    app.button(key="use_cheapest").click().run()
    fine(app)
    assert app.slider(key="w:merge_contact").value < dear


@pytest.mark.parametrize("nonsense", ["nan", "inf", "-5", "abc", "", "1e999"])
def test_nonsense_in_a_link_does_no_harm(nonsense: str, account: Path) -> None:
    app = opened(
        "rules", merge_contact=nonsense, entity=nonsense or "x", snapshot=nonsense, as_of=nonsense, by=nonsense
    )
    fine(app)


def test_a_judgement_is_saved_at_once_and_taken_back(own: Path, running: None) -> None:
    from engine.snapshot.workspace import Workspace

    app = opened("review")
    app.button(key="judge:match").click().run()
    fine(app)
    kept = Workspace(own).judgements("contact")
    assert kept["verdict"].to_list() == ["match"]
    app.button(key="judge:undo").click().run()
    fine(app)
    assert Workspace(own).judgements("contact").is_empty()
    assert app.button(key="judge:undo").disabled


def test_a_rejected_group_leaves_the_plan(own: Path, running: None) -> None:
    app = opened("merge")
    fine(app)
    plan = opened("plan")
    before = [m.value for m in plan.markdown if m.value.startswith("#### ")]
    app.button(key="decide:reject").click().run()
    fine(app)
    again = opened("plan")
    fine(again)
    assert [m.value for m in again.markdown if m.value.startswith("#### ")] != before


def test_a_rule_file_that_is_wrong_is_said_in_one_sentence(account: Path, running: None) -> None:
    app = opened("rules")
    app.file_uploader(key="rules_file").upload("rules.yaml", b"entity: [", "application/yaml").run()
    app.button(key="rules_use").click().run()
    assert not app.exception
    assert app.error[0].value.startswith("The rule file is not YAML.")
    assert APOLOGY not in app.error[0].value


def test_an_upload_becomes_a_snapshot(nothing: Path, running: None) -> None:
    from engine.snapshot.workspace import Workspace

    app = opened("snapshot")
    rows = "ID;Имя;Фамилия;Рабочий телефон\n1;Анна;Белова;8 900 111-22-33\n2;Анна;Белова;+79001112233\n"
    app.file_uploader(key="upload").upload("export.csv", rows.encode("cp1251"), "text/csv").run()
    app.button(key="read_upload").click().run()
    fine(app)
    app.button(key="keep_draft").click().run()
    fine(app)
    (kept,) = Workspace(nothing).snapshots()
    assert kept.rows["contact"] == 2
    assert [said.value for said in app.success] == ["The snapshot is kept. You are looking at it now."]
    assert not app.run().success


def test_files_that_cannot_be_read_can_be_forgotten(nothing: Path, running: None) -> None:
    app = opened("snapshot")
    app.file_uploader(key="upload").upload("export.csv", bytes(range(256)), "text/csv").run()
    app.button(key="read_upload").click().run()
    assert "This file is not a table that can be read." in app.error[0].value
    app.button(key="forget_draft").click().run()
    fine(app)
    assert not app.file_uploader(key="upload:1").value


def test_crm_values_are_never_markup() -> None:
    hostile = (
        "<img src=x onerror=alert(1)> **bold** [link](http://evil.example) $x$ :red[y] `z` www.evil.example a@b.ru"
    )
    shown = text.plain(hostile)
    unescaped = re.sub(r"\\.", "", shown)
    for piece in "<*[]()$`:":
        assert piece not in unescaped
    for piece in ("http\\://", "www.", "a@b"):
        assert piece not in shown
