"""The live bench in a real browser: its arithmetic is the engine's, it redraws while one drags, the server confirms."""

import base64
import datetime as dt
import importlib.util
import json
import os
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from engine.match import evaluate, run, suggest, weigh
from engine.rules import Comparison, LatentClass, Level, Rules, Thresholds, Weights
from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables
from pages._ui import sample
from pages._ui.components.live import packing

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
LIVE = Path(packing.__file__).parent
SLOWEST = 50  # milliseconds a redraw may take at the median, with room for a slow machine; measured: see the output
SETTLES = 3_000  # the same for a confirmation by the server


@pytest.fixture(scope="module")
def workbench():
    """The helpers beside this file; without a browser the tests are skipped aloud, and fail where CI is set."""
    spec = importlib.util.spec_from_file_location("workbench", Path(__file__).with_name("workbench.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.chromium() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: the browser tests must run where CI is set")
        pytest.skip("NO CHROMIUM FOUND: THE BROWSER TESTS WERE NOT RUN")
    return module


def made_up(patterns: int, comparisons: int, classes: int, *, pairs: int, seed: int = 5) -> SimpleNamespace:
    """→ what packing needs of a Match, drawn at random: `patterns` distinct ones that stand for `pairs` pairs."""
    rng = np.random.default_rng(seed)
    levels = [int(k) for k in rng.integers(2, 9, comparisons)]
    compared = tuple(
        Comparison(
            f"c{i}", "city", ("city",),
            tuple(Level(f"l{k - j}", 100 - 10 * j if j < k - 1 else 0, float(rng.integers(-2, 3))) for j in range(k)),
            enabled=i != 1,
        )
        for i, k in enumerate(levels)
    )  # fmt: skip
    share = rng.dirichlet(np.ones(classes))
    weights = Weights(
        tuple(
            LatentClass(
                f"k{k}", k < 2, float(share[k]), {c.name: _falling(rng, len(c.levels), k < 2) for c in compared}
            )
            for k in range(classes)
        )
    )
    codes = {c.name: rng.integers(0, len(c.levels) + 1, patterns).astype(np.uint8) for c in compared}
    count = 1 + rng.multinomial(pairs - patterns, rng.dirichlet(np.full(patterns, 0.3)))
    table = pl.DataFrame({"pattern": np.arange(patterns, dtype=np.uint32), **codes, "pairs": count.astype(np.int64)})
    ends = {"left": np.arange(patterns, dtype=np.uint32), "right": np.arange(1, patterns + 1, dtype=np.uint32)}
    edges = pl.DataFrame({**ends, "pattern": np.arange(patterns, dtype=np.uint32)})
    return SimpleNamespace(
        rules=Rules(
            entity="contact", comparisons=compared, blocking=(), weights=weights, thresholds=Thresholds(0.8, 0.2)
        ),
        patterns=weigh.score(compared, weights, table),
        pairs=edges,
        forest=edges.select("left", "right"),
    )


def _falling(rng: np.random.Generator, levels: int, match: bool) -> tuple[float, ...]:
    drawn = rng.dirichlet(np.arange(1, levels + 1) if match else np.arange(levels, 0, -1))
    return tuple((drawn * 0.99 + 0.01 / levels).tolist())


def scored(page, packed: bytes, then: str) -> object:
    """In the browser: the bytes → `Scores s`, then what the JavaScript expression gives."""
    script = (LIVE / "scoring.js").read_text("utf-8")
    bring = "const s = new Scores(unpack(Uint8Array.from(atob(given), (c) => c.charCodeAt(0))));"
    return page.evaluate(f"(given) => {{ {script}; {bring} return {then}; }}", base64.b64encode(packed).decode())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_browser_scores_like_the_engine(workbench, seed: int) -> None:
    found = made_up(600, 6, 5, pairs=90_000, seed=seed)
    packed = packing.pack(found, truth=None, judged=None, thresholds=())
    at = [0.02, 0.3, 0.5, 0.9, 0.999]
    with workbench.browsing() as page:
        weight = scored(page, packed, "[...s.weight]")
        probability = scored(page, packed, "[...s.probability]")
        curve = scored(page, packed, f"s.curve(Float64Array.from({at}))")
        figures = scored(page, packed, f"{at}.map((t) => s.figures(t, 0.02))")
        switched = scored(page, packed, "(s.enabled.c0 = false, s.enabled.c1 = true, s.rescore(), [...s.weight])")
        by_hand = scored(page, packed, "(s.adjust.c2[0] = 3.5, s.readjust(), [...s.weight])")
    assert weight == pytest.approx(found.patterns["match_weight"].to_list(), abs=1e-9)
    assert probability == pytest.approx(found.patterns["match_probability"].to_list(), abs=1e-12)
    expected = evaluate.curve(found.patterns, thresholds=at)
    for name in ("pairs", "precision", "recall"):
        assert [c[name] for c in curve] == pytest.approx(expected[name].to_list(), rel=1e-9)
        assert [f[name] for f in figures] == pytest.approx(expected[name].to_list(), rel=1e-9)
    rules = json.loads(json.dumps({"enabled": {"c0": False, "c1": True}}))
    other = tuple(_with(c, enabled=rules["enabled"].get(c.name, c.enabled)) for c in found.rules.comparisons)
    again = weigh.score(
        other, found.rules.weights, found.patterns.drop("match_weight", "match_probability", "looks_like")
    )
    assert switched == pytest.approx(again["match_weight"].to_list(), abs=1e-9)
    c2 = found.rules.comparisons[2]
    raised = _with(c2, levels=(_with(c2.levels[0], adjust=3.5), *c2.levels[1:]))
    third = weigh.score(
        (*found.rules.comparisons[:2], raised, *found.rules.comparisons[3:]), found.rules.weights, found.patterns
    )
    assert by_hand == pytest.approx(third["match_weight"].to_list(), abs=1e-9)


def _with(struct, **changes):
    import msgspec

    return msgspec.structs.replace(struct, **changes)


def test_truth_and_judgements_give_the_figures_of_the_engine(workbench) -> None:
    found = made_up(400, 5, 4, pairs=50_000)
    rng = np.random.default_rng(2)
    true = evaluate.Truth(rng.binomial(found.patterns["pairs"].to_numpy(), found.patterns["match_probability"]), 40_000)
    judged = (rng.integers(0, 2, 400).astype(float), rng.integers(0, 2, 400).astype(float))
    steps = [n / 1000 for n in range(1, 1000)]
    with workbench.browsing() as page:
        for known in ({"truth": true, "judged": None}, {"truth": None, "judged": judged}):
            packed = packing.pack(found, **known, thresholds=steps)
            shown = scored(page, packed, "s.figures(0.8, 0.2)")
            row = evaluate.curve(found.patterns, **known, thresholds=[0.0, *steps]).row(800, named=True)
            assert row["threshold"] == 0.8
            for name in ("precision", "recall", "precision_low", "recall_high"):
                if row[name] is not None:
                    assert shown[name] == pytest.approx(row[name], rel=1e-9)
            assert shown["pairs"] == row["pairs"]


MOUNT = """
async ({ script, html, css, bytes, data }) => {
  document.body.innerHTML = "<main style='width:900px;--st-blue-color:#1d6a86;--st-gray-color:#647482;" +
    "--st-orange-color:#b8701b;--st-green-color:#2f7d51;--st-text-color:#111;--st-border-color:#ccc;" +
    "--st-background-color:#fff'><style>" + css + "</style>" + html + "</main>";
  const raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
  globalThis.winnowTables = new Map([[data.digest, raw]]);
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const parentElement = document.querySelector("main");
  globalThis.sent = [];
  (await import(url)).default({ parentElement, data, setStateValue: (_, value) => globalThis.sent.push(value) });
}
"""


def given_to_the_bench(found: SimpleNamespace, packed: bytes) -> dict:
    used = found.rules.comparisons
    first = used[0]
    return {
        "digest": packed[:16].decode(), "seq": 0, "lang": "en", "lowest": 0.02, "highest": 0.999, "focus": first.name,
        "names": {c.name: c.name for c in used},
        "levels": [{"name": level.name, "label": level.name, "bits": 1.0} for level in first.levels],
        "similarity": {"pairs": [100] * 121, "matches": [10] * 121},
        "settings": {
            "merge": 0.8, "review": 0.2, "focus": first.name,
            "adjust": {c.name: [level.adjust for level in c.levels] for c in used},
            "enabled": {c.name: c.enabled for c in used},
            "bounds": {c.name: [level.at_least for level in c.levels] for c in used},
        },
        "confirmed": {"gone": 1, "groups": 1, "apart": 0, "sizes": [["2", 1]]},
        "cheapest": {"merge": 0.9, "review": 0.3}, "texts": {},
    }  # fmt: skip


def test_five_million_pairs_are_redrawn_while_the_thumb_moves(workbench, capsys) -> None:
    found = made_up(20_000, 10, 8, pairs=5_000_000)
    packed = packing.pack(found, truth=None, judged=None, thresholds=())
    script = (LIVE / "scoring.js").read_text("utf-8") + (LIVE / "live.js").read_text("utf-8")
    took = {}
    with workbench.browsing() as page:
        html, css = ((LIVE / name).read_text("utf-8") for name in ("live.html", "live.css"))
        given = {
            "script": script, "html": html, "css": css,
            "bytes": base64.b64encode(packed).decode(), "data": given_to_the_bench(found, packed),
        }  # fmt: skip
        page.evaluate(MOUNT, given)
        bench = page.locator(".bench")
        thumb = page.locator("[data-thumb=merge]")
        _drag(page, thumb, -150, steps=60)
        took["threshold"] = _frames(bench)
        page.locator("input[data-level='0']").scroll_into_view_if_needed()
        box = page.locator("input[data-level='0']").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        for step in range(40):
            page.mouse.move(box["x"] + box["width"] * (step + 1) / 41, box["y"] + box["height"] / 2)
        page.mouse.up()
        took["bits of a level"] = _frames(bench)
        for _ in range(7):
            page.locator("input[data-comparison=c3]").click()
        took["comparison on or off"] = _frames(bench)
        page.wait_for_timeout(700)
        assert page.evaluate("sent.length") >= 2  # sent on release, not while dragging
        assert page.evaluate("sent.length") <= 9
    with capsys.disabled():
        for what, frames in took.items():
            print(f"\n{what}: median {median(frames):.1f} ms over {len(frames)} redraws, 5,000,000 pairs", end="")
    assert all(frames and median(frames) < SLOWEST for frames in took.values()), took


def _frames(bench) -> list[float]:
    return bench.evaluate("(e) => e.frames.splice(0)")


def _drag(page, thumb, by: float, *, steps: int = 20, hold: bool = False) -> None:
    box = thumb.locator("b").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=steps)
    if not hold:
        page.mouse.up()


@pytest.fixture(scope="module")
def matched() -> tuple[run.Match, pl.DataFrame]:
    """The contacts of the newest export of the sample account, matched here, and their truth."""
    export = sorted(sample.exports())[-1]
    tables = read_tables([export])
    made = mapping.apply(tables, [mapping.recognise(t) for t in tables], as_of=dt.date.fromisoformat(export.name))
    records = made.frames["contact"]
    return run.match(records, suggest.suggest(records, entity="contact")), sample.truth("contact", records)


def test_the_sample_account_is_tuned_live(workbench, matched, tmp_path: Path, capsys) -> None:
    sent = []
    with workbench.serving(tmp_path / "workspace") as address, workbench.browsing() as page:
        page.set_default_timeout(workbench.PATIENCE)
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
        page.goto(f"{address}/rules?entity=contact")
        page.locator(".bench[aria-busy=false]").wait_for()
        workbench.settle(page)
        page.reload()  # the first visit also loaded the sample account, with a bar above everything
        page.locator(".bench[aria-busy=false]").wait_for()
        workbench.settle(page)
        settled = [_by_mouse(workbench, page, sent, matched), _by_keys(workbench, page, matched)]
        settled.append(_bits_by_hand(workbench, page, sent))
        settled.append(_boundary(workbench, page))
        _switch(workbench, page)
        page.get_by_text("Ordinary inputs", exact=True).click()
        page.get_by_test_id("stSlider").first.wait_for()
        page.locator(".bench").wait_for(state="detached")
    with capsys.disabled():
        named = zip(("mouse", "keys", "bits by hand", "level boundary"), settled, strict=True)
        print("\nsettled after " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in named), end="")
    assert all(ms < SETTLES for ms in settled)


def _shown(page) -> dict[str, str]:
    names = ("precision", "recall", "merged", "waiting", "removable")
    return {n: page.locator(f".figure[data-figure={n}] strong").inner_text() for n in names}


def _confirmed(workbench, page) -> float:
    page.locator(".confirmed[data-state=confirmed]").wait_for()
    took = float(page.locator(".bench[data-settled]").get_attribute("data-settled"))
    workbench.settle(page)
    assert page.get_by_test_id("stAlertContentError").count() == 0
    return took


def _equal_to_the_engine(page, matched) -> None:
    found, truth = matched
    merge = float(page.locator("[data-thumb=merge]").get_attribute("aria-valuenow"))
    review = float(page.locator("[data-thumb=review]").get_attribute("aria-valuenow"))
    row = evaluate.curve(found.patterns, truth=evaluate.against(found, truth), thresholds=[merge]).row(0, named=True)
    p, n = found.patterns["match_probability"], found.patterns["pairs"]
    assert _shown(page) == {
        "precision": f"{row['precision']:.1%}",
        "recall": f"{row['recall']:.1%}",
        "merged": f"{row['pairs']:,}",
        "waiting": f"{n.filter((p >= review) & (p < merge)).sum():,}",
        "removable": f"{evaluate.removable(found.forest, [merge])['removable'][0]:,}",
    }


def _by_mouse(workbench, page, sent: list, matched) -> float:
    before = _shown(page)
    sent.clear()
    _drag(page, page.locator("[data-thumb=merge]"), 90, hold=True)
    page.wait_for_timeout(300)
    during = _shown(page)
    assert during["merged"] != before["merged"]
    assert sent == []  # nothing went to the server yet
    assert page.locator(".confirmed").get_attribute("data-state") == "waiting"
    page.mouse.up()
    took = _confirmed(workbench, page)
    assert _shown(page) == during  # the server had nothing to correct
    assert "merge_contact=" in page.url
    _equal_to_the_engine(page, matched)
    return took


def _by_keys(workbench, page, matched) -> float:
    before = _shown(page)
    thumb = page.locator("[data-thumb=review]")
    thumb.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert _shown(page)["waiting"] != before["waiting"]
    page.locator(".confirmed[data-state=waiting]").wait_for()
    took = _confirmed(workbench, page)
    assert thumb.evaluate("(e) => e.getRootNode().activeElement === e")  # the focus stays where it was
    assert "merged" in page.locator("[data-part=heard]").inner_text()
    _equal_to_the_engine(page, matched)
    return took


def _bits_by_hand(workbench, page, sent: list) -> float:
    before = _shown(page)
    sent.clear()
    page.locator("input[data-level='0']").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    during = _shown(page)
    assert during["merged"] != before["merged"]
    took = _confirmed(workbench, page)
    after = _shown(page)
    assert {n: v for n, v in after.items() if n != "removable"} == {n: v for n, v in during.items() if n != "removable"}
    known, least = (int(v["removable"].strip("≥ ").replace(",", "")) for v in (after, during))
    assert during["removable"].startswith("≥") and not after["removable"].startswith("≥")
    assert known >= least
    return took


def _boundary(workbench, page) -> float:
    thumb = page.locator("[data-boundary='0']")
    at = int(thumb.get_attribute("aria-valuenow"))
    pairs = page.locator(".levels tbody tr").first.locator("td").nth(1)
    before = pairs.inner_text()
    thumb.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert pairs.inner_text() != before  # at once
    took = _confirmed(workbench, page)
    assert int(thumb.get_attribute("aria-valuenow")) == at - 3
    page.get_by_role("button", name="Undo").click()
    workbench.settle(page)
    assert int(thumb.get_attribute("aria-valuenow")) == at
    return took


def _switch(workbench, page) -> None:
    before = _shown(page)
    box = page.locator("[data-row=phone] input")
    box.click()
    assert _shown(page)["merged"] != before["merged"]
    during = _shown(page)["merged"]
    _confirmed(workbench, page)
    assert not box.is_checked()
    assert _shown(page)["merged"] == during
