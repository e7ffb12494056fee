"""The threshold of one field, and what holds a group together: as a visitor uses them."""

from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from engine.match.steps import EXAMPLES
from pages._ui import charts, graph_layout, text
from tests.pages.test_every_page import fine, opened, said

HOSTILE = "<img src=x onerror=alert(1)> **b** \u202e\n[x](http://evil.example)"


def field_tab(**settings: str) -> AppTest:
    """The Rules page with the tab of one field open."""
    app = opened("rules", **settings)
    language = settings.get("lang", "en")
    text.use(language)
    app.session_state[f"rules_tabs:{language}"] = text._("One field")
    return app.run()


def examples(app: AppTest, side: str) -> list[str]:
    return [str(b.key) for b in app.button if str(b.key).startswith(f"open:{side}:")]


def test_the_steps_of_a_phone_are_its_last_digits(account: Path, running: None) -> None:
    app = field_tab()
    fine(app)
    slider = app.select_slider(key="w:step:contact:phone:digits")
    assert list(slider.options) == [f"last {n} digits" for n in range(6, 16)]
    slider.set_value(15).run()
    fine(app)
    assert any("Nothing is stricter" in t for t in said(app))
    app.segmented_control(key="w:axis:contact:phone").set_value("similarity").run()
    fine(app)
    assert app.select_slider(key="w:step:contact:phone:similarity").options[0] == "similarity 0"


def test_a_step_shows_a_sample_of_what_it_gains_and_loses(account: Path, running: None) -> None:
    app = field_tab()
    app.selectbox(key="w:field:contact").set_value("family_name").run()
    fine(app)
    name = "w:step:contact:family_name:similarity"
    steps = [int(o.removeprefix("similarity ")) for o in app.select_slider(key=name).options]
    middle = steps[len(steps) // 2]
    app.select_slider(key=name).set_value(middle).run()
    fine(app)
    lost, gained = examples(app, "lost"), examples(app, "gained")
    assert 1 <= len(gained) <= EXAMPLES
    assert len(lost) <= EXAMPLES
    words = " ".join(said(app))
    assert f"Stricter: similarity {steps[len(steps) // 2 + 1]}" in words
    assert f"Looser: similarity {steps[len(steps) // 2 - 1]}" in words
    app.button(key=gained[0]).click().run()
    fine(app)
    assert any("Match probability" in t for t in said(app))


@pytest.mark.parametrize("language", ["ru", "zh"])
def test_it_speaks_the_language_of_the_page(language: str, account: Path) -> None:
    app = field_tab(lang=language)
    fine(app)
    assert any(text._("Stricter: {step}", step="").strip("* ") in t for t in said(app))


def test_a_step_becomes_a_boundary_and_is_taken_back(account: Path, running: None) -> None:
    app = field_tab()
    app.selectbox(key="w:field:contact").set_value("phone").run()
    name = "w:step:contact:phone:digits"
    app.select_slider(key=name).set_value(8).run()
    fine(app)
    app.button(key="use_step:contact").click().run()
    fine(app)
    app.session_state["rules_tabs:en"] = "One field"
    app.run()
    app.select_slider(key=name).set_value(8).run()
    assert any("begins here" in t for t in said(app))
    assert "use_step:contact" not in [b.key for b in app.button]
    app.button(key="undo").click().run()
    app.session_state["rules_tabs:en"] = "One field"
    app.run()
    app.select_slider(key=name).set_value(8).run()
    fine(app)
    assert "use_step:contact" in [b.key for b in app.button]


def test_a_group_says_where_it_is_weakest(account: Path, running: None) -> None:
    app = opened("merge", merge_contact="0.05", review_contact="0.02", show="large")
    fine(app)
    words = " ".join(said(app))
    assert "What holds the group together" in words
    assert "The weakest link has match probability" in words
    weakest = next(b for b in app.button if str(b.key).startswith("weakest:"))
    weakest.click().run()
    fine(app)
    assert any(t == "**Why**" for t in said(app))


def test_groups_that_are_too_large_are_listed_and_open(account: Path, running: None, monkeypatch) -> None:
    from pages._ui import work

    whole = work.match

    def strict(of: str, **how: object):
        """The match in use under rules that expect no group of more than two."""
        import dataclasses

        found = whole(of, **how)
        clustering = msgspec.structs.replace(found.rules.clustering, max_size=2)
        return dataclasses.replace(found, rules=msgspec.structs.replace(found.rules, clustering=clustering))

    monkeypatch.setattr(work, "match", strict)
    app = opened("merge", show="accepted")
    fine(app)
    assert "more than 2 records" in app.warning[0].value
    buttons = [b for b in app.button if str(b.key).startswith("large:")]
    buttons[0].click().run()
    fine(app)
    assert app.query_params["cluster"] == str(buttons[0].key).removeprefix("large:")
    assert app.subheader[0].value.startswith(buttons[0].label.rsplit(": ", 1)[1].split(" ")[0])


@pytest.mark.parametrize("nodes", [1, 2, 3, 7, 50])
def test_no_two_records_of_a_picture_stand_on_one_place(nodes: int) -> None:
    rng = np.random.default_rng(nodes)
    links = [(int(rng.integers(0, at)), at) for at in range(1, nodes)]
    weakest = links[-1] if links else None
    at = graph_layout.places(nodes, links, weakest)
    assert at.shape == (nodes, 2)
    assert ((at >= 0) & (at <= 1)).all()
    assert (at == graph_layout.places(nodes, links, weakest)).all()
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + np.eye(nodes)
    assert apart.min() > 0.02
    if weakest:  # it lies from left to right
        assert at[weakest[1], 0] > at[weakest[0], 0]


def test_names_in_a_picture_are_text() -> None:
    assert text.bare(HOSTILE) == "<img src=x onerror=alert(1)> **b** [x](http://evil.example)"
    assert text.bare("x" * 50, 10) == "x" * 9 + "…"
    nodes = pl.DataFrame(
        {"x": [0.0, 1.0, 0.5], "y": [0.0, 0.0, 1.0], "number": ["1", "2", "3"], "name": [text.bare(HOSTILE)] * 3,
         "label": ["a", "b", "c"], "side": ["one", "two", "one"]}
    )  # fmt: skip
    links = pl.DataFrame({"x": [0.0], "y": [0.0], "x2": [1.0], "y2": [0.0], "pair": ["1 – 2"], "probability": [0.6],
                          "role": ["weak"]})  # fmt: skip
    drawn = charts.graph(nodes, links, roles=["other", "tree", "weak"], sides=["one", "two"]).to_dict()
    marks = {layer["mark"]["type"] for layer in drawn["layer"]}
    assert marks == {"rule", "circle", "text"}  # nothing that could render markup or fetch a picture


def test_a_label_that_is_not_broken_keeps_its_letters() -> None:
    for language, broken in (("zh", "电\u2060话"), ("en", "电话")):
        text.use(language)
        assert text.plain(text.unbroken("电话")) == broken
    text.use("zh")
    assert text.plain(text.unbroken("a-b")).replace("\u2060", "") == text.plain("a-b")
    text.use("en")
