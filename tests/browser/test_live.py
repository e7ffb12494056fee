"""The live bench in a real browser: its arithmetic is the engine's, it redraws while one drags, the server confirms."""

import base64
import json
import os
from pathlib import Path
from statistics import median
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from engine.match import cluster, conditions, edges, evaluate, outcomes, run, spanning, switches, weigh
from engine.match.encode import encode
from engine.match.judged import judged_counts
from engine.rules import BlockingRule, Comparison, LatentClass, Level, Rules, Thresholds, Veto, Weights
from pages._ui.components.live import packing

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
LIVE = Path(packing.__file__).parent
PARTS = ("scoring", "contraction", "standing", "parting", "groups", "picture", "figures", "levels", "live")
SCRIPTS = tuple(f"{part}.js" for part in PARTS)
SLOWEST = 80  # milliseconds a redraw may take at the median, with room for a slow machine; measured: see the output
SETTLES = 3_000  # the same for a confirmation by the server


def made_up(patterns: int, comparisons: int, classes: int, *, pairs: int, seed: int = 5) -> SimpleNamespace:
    """→ what packing needs of a Match, drawn at random: so many pairs in so many distinct patterns."""
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
    verdict = pl.Series(rng.choice(5, patterns, p=[0.9, 0.02, 0.03, 0.03, 0.02]))
    table = pl.DataFrame({"pattern": np.arange(patterns, dtype=np.uint32), **codes}).with_columns(verdict=verdict)
    scored = weigh.score(compared, weights, table)
    likely = conditions.deciding(scored, 0.02) >= 0.02
    share = rng.dirichlet(np.full(patterns, 0.3)) * np.where(likely, 0.1, 1.0)
    number = rng.choice(patterns, pairs, p=share / share.sum())
    # What is likely links records of one six, what is not anybody.
    left, near = rng.integers(0, pairs // 4 + 8, pairs), likely[number]
    left = np.where(near, left - left % 6 + rng.integers(0, 5, pairs), left)
    right = left + np.where(near, rng.integers(1, np.maximum(2, 6 - left % 6)), rng.integers(6, 1_000, pairs))
    masks = rng.integers(1, 1 << len(WAYS), 30)
    found_by = rng.choice(masks, pairs, p=rng.dirichlet(np.full(30, 0.4)))
    columns = {"left": left, "right": right, "found_by": found_by, "pattern": number}
    made = pl.DataFrame(columns).cast(pl.UInt32).unique(["left", "right"]).sort("left", "right")
    count = np.bincount(made["pattern"], minlength=patterns)
    scored = scored.with_columns(pairs=pl.Series(count.astype(np.int64)))
    records = int(right.max()) + 1
    cities = pl.Series("city", ["Oslo", "Bergen", "Turku", "Malmö", "Århus", None])[rng.integers(0, 6, records)]
    table = pl.DataFrame({"record_id": np.arange(records), "city": cities}).cast(pl.String)
    strong = conditions.ranking(scored)
    forest = cluster.forest(made, *strong, records)
    return SimpleNamespace(
        rules=Rules(
            entity="contact", comparisons=compared, weights=weights, thresholds=Thresholds(0.8, 0.2),
            blocking=tuple(BlockingRule(way, ("c0.city",)) for way in WAYS),
        ),
        records=table.select("record_id"),
        encoded=encode(table, [c for c in compared if c.name in ("c0", "c2")], region="US")[0],
        patterns=scored,
        pairs=made,
        similarities={c: rng.integers(0, 121, len(made)).astype(np.uint8) for c in ("c0", "c2")},
        forest=forest,
        ground=cluster.ground(made, conditions.deciding(scored, 0.02), forest, records=records),
        judgements=None,
        source=None,
        parts=None,
    )  # fmt: skip


WAYS = ("phone", "name", "e-mail", "company", "address")
OFFERED = (Veto("c0", 25), Veto("c2", 10))


def packed_of(found: SimpleNamespace, *, truth: pl.DataFrame | None = None) -> bytes:
    """→ the table of a made-up match."""
    return packing.pack(found, offered=OFFERED, truth=truth)


def known_of(found: SimpleNamespace, *, every: bool = False, **known) -> bytes:
    """→ what is known of a made-up match, all rules on, no veto; `every`: with the groups at every threshold."""
    given = {"judgements": None, "thresholds": (), **known}
    groups = outcomes.outcomes(found) if every else None
    return packing.known("=made up already", found, found=found, outcomes=groups, **given)


def left_of(found: SimpleNamespace, on: dict[str, bool]) -> SimpleNamespace:
    """→ the made-up match without the pairs that no rule in use found, or that a veto forbids."""
    rules = sum(1 << i for i, way in enumerate(WAYS) if on.get(way, True))
    bars = [v for v in OFFERED if on.get(switches.name(v))]
    kept = ((found.pairs["found_by"].to_numpy() & rules) > 0) & (switches.vetoed_by(found, bars) == 0)
    count = np.bincount(found.pairs["pattern"].to_numpy()[kept], minlength=len(found.patterns))
    made = {
        "pairs": found.pairs.filter(pl.Series(kept)),
        "patterns": found.patterns.with_columns(pairs=pl.Series(count)),
    }
    return SimpleNamespace(**{**vars(found), **made})


def _falling(rng: np.random.Generator, levels: int, match: bool) -> tuple[float, ...]:
    drawn = rng.dirichlet(np.arange(1, levels + 1) if match else np.arange(levels, 0, -1))
    return tuple((drawn * 0.99 + 0.01 / levels).tolist())


def scored(page, found: SimpleNamespace, then: str, *, truth: pl.DataFrame | None = None, **known) -> object:
    """In the browser: a made-up match → `Scores s`, then what the JavaScript expression gives."""
    script = "".join((LIVE / name).read_text("utf-8") for name in SCRIPTS[:5])
    bring = "const [t, k] = given.map((g) => unpack(Uint8Array.from(atob(g), (c) => c.charCodeAt(0))));"
    given = [base64.b64encode(b).decode() for b in (packed_of(found, truth=truth), known_of(found, **known))]
    return page.evaluate(f"(given) => {{ {script}; {bring} const s = new Scores(t, k); return {then}; }}", given)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_browser_scores_like_the_engine(page, seed: int) -> None:
    found = made_up(600, 6, 5, pairs=90_000, seed=seed)
    at = [0.02, 0.3, 0.5, 0.9, 0.999]
    weight = scored(page, found, "[...s.weight]")
    probability = scored(page, found, "[...s.probability]")
    curve = scored(page, found, f"s.curve(Float64Array.from({at}))")
    figures = scored(page, found, f"{at}.map((t) => s.figures(t, 0.02))")
    switched = scored(page, found, "(s.enabled.c0 = false, s.enabled.c1 = true, s.rescore(), [...s.weight])")
    by_hand = scored(page, found, "(s.adjust.c2[0] = 3.5, s.readjust(), [...s.weight])")
    assert weight == pytest.approx(found.patterns["match_weight"].to_list(), abs=1e-9)
    assert probability == pytest.approx(found.patterns["match_probability"].to_list(), abs=1e-12)
    expected = evaluate.curve(found.patterns, thresholds=at)
    for name in ("pairs", "precision", "recall"):
        assert [c[name] for c in curve] == pytest.approx(expected[name].to_list(), rel=1e-9)
        assert [f[name] for f in figures] == pytest.approx(expected[name].to_list(), rel=1e-9)
    waiting = [conditions.waiting(found.patterns, 0.02, t) for t in at]
    assert [f["waiting"] for f in figures] == [found.patterns["pairs"].to_numpy()[w].sum() for w in waiting]
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


@pytest.mark.parametrize(
    "on",
    [{"phone": False}, {"name": False, "e-mail": False, "c0≤25": True}, {way: way == "company" for way in WAYS},
     {"c0≤25": True, "c2≤10": True}],
)  # fmt: skip
@pytest.mark.parametrize("known", [False, True])
def test_switches_leave_in_the_browser_what_they_leave_in_the_engine(page, on: dict[str, bool], known: bool) -> None:
    found = made_up(500, 5, 4, pairs=60_000)
    truth = truth_of(found) if known else None
    at = [0.02, 0.5, 0.8]
    script = f"(s.set({{ ...s, on: {json.dumps(on)} }}), {at}.map((t) => s.figures(t, 0.02)))"
    shown = scored(page, found, script, truth=truth)
    left = left_of(found, on)
    against = evaluate.against(left, truth) if known else None
    expected = evaluate.curve(left.patterns, truth=against, thresholds=at, blocked=switches.elsewhere(found, left))
    for name in ("pairs", "precision", "recall"):
        assert [f[name] for f in shown] == pytest.approx(expected[name].to_list(), rel=1e-9)
    rest = {name: not v for name, v in on.items()}
    twice = (
        f"(s.set({{ ...s, on: {json.dumps(on)} }}), s.set({{ ...s, on: {json.dumps(rest)} }}), s.figures(0.5, 0.02))"
    )
    back = scored(page, found, twice, truth=truth)["pairs"]
    other = left_of(found, rest)
    assert back == evaluate.curve(other.patterns, thresholds=[0.5])["pairs"][0]


def test_each_switch_says_what_it_alone_decides(page) -> None:
    found = made_up(300, 4, 3, pairs=20_000)
    told = scored(page, found, "s.decided(0.5)")
    everything = found.patterns["pairs"].sum()
    for way in WAYS:
        assert told[way] == everything - left_of(found, {way: False}).patterns["pairs"].sum()
    merged = conditions.merged(found.patterns, 0.5)
    for veto in OFFERED:
        left = left_of(found, {switches.name(veto): True}).patterns["pairs"].to_numpy()
        assert told[switches.name(veto)] == (found.patterns["pairs"].to_numpy() - left)[merged].sum()


def joined(found: SimpleNamespace, threshold: float, on: dict[str, bool]) -> int:
    """→ records that would go if all that pairs in use at or above a threshold connect were one."""
    pairs = left_of(found, on).pairs
    merged = conditions.merged(found.patterns, threshold)[pairs["pattern"].to_numpy()]
    ends = (pairs[side].to_numpy()[merged] for side in ("left", "right"))
    size = np.bincount(spanning.spanning(*ends, len(found.records))[1])
    return int((size[size > 1] - 1).sum())


@pytest.mark.parametrize("on", [{}, {"phone": False, "e-mail": False, "c0≤25": True}, {"c0≤25": True, "c2≤10": True}])
def test_what_pairs_connect_is_the_most_that_can_go(page, on: dict[str, bool], monkeypatch) -> None:
    found = made_up(400, 5, 4, pairs=40_000)
    at = [0.02, 0.3, 0.8, 0.97]
    points = f"Float64Array.from({at})"
    read = f"{at}.map((t) => s.groups.at(s, t)), (s.curve({points}), [...s.removable({points})])"
    shown, curve = scored(page, found, f"(s.set({{ ...s, on: {json.dumps(on)} }}), [{read}])")
    expected = [joined(found, threshold, on) for threshold in at]
    assert curve == expected
    assert len(set(expected)) == len(at)  # every threshold joins others
    assert all(0 < one["removable"] <= gone for one, gone in zip(shown, expected, strict=True))
    assert not any(one["lacking"] for one in shown)
    # In no time nothing is connected yet, then nothing is parted: that is said, and the rest follows.
    on_ = f"s.set({{ ...s, on: {json.dumps(on)} }})"
    rest = "[...Array(9)].map(() => s.groups.more(5)).at(-1)"
    waits, begun, after = scored(page, found, f"({on_}, [s.groups.at(s, 0.3, 0), s.groups.more(0), {rest}])")
    assert waits["pending"] and waits["before"] and not waits["exact"]
    assert begun["pending"] and not begun["before"] and not begun["exact"] and begun["removable"] >= expected[1]
    assert after == shown[1] and not after["pending"]
    # With few pairs told one by one the strongest are those, and what lacks is said.
    monkeypatch.setattr(edges.told, "__kwdefaults__", {"most": 2_000, "most_inside": 10_000})
    strict, low = scored(
        page, found, f"(s.set({{ ...s, on: {json.dumps(on)} }}), [s.groups.at(s, 0.999), s.groups.at(s, 0.02)])"
    )
    assert not strict["lacking"] and 0 < strict["removable"] <= joined(found, 0.999, on)
    assert low["lacking"] and not low["exact"] and low["removable"] < shown[0]["removable"]


def test_groups_at_every_threshold_are_the_engine_s(page) -> None:
    found = made_up(400, 5, 4, pairs=40_000)
    made = outcomes.outcomes(found)
    at = [0.02, 0.021, 0.5, 0.777, 0.999]
    shown = scored(page, found, f"{at}.map((t) => s.figures(t, 0.02))", every=True)
    rows = [made.stops.tolist().index(t) for t in at]
    assert [(one["sizes"], one["removable"]) for one in shown] == [
        (made.groups[k].tolist(), made.gone[k]) for k in rows
    ]
    assert all(one["exact"] for one in shown)
    # Under other bits by hand the browser makes them itself; and back again.
    other = scored(page, found, "(s.adjust.c2[0] += 3, s.readjust(), s.figures(0.5, 0.02))", every=True)
    assert other["exact"] and other["removable"] != made.gone[rows[2]]
    back = scored(
        page,
        found,
        "(s.adjust.c2[0] += 3, s.readjust(), s.adjust.c2[0] -= 3, s.readjust(), s.figures(0.5, 0.02))",
        every=True,
    )
    assert back["exact"] and back["removable"] == made.gone[rows[2]]


def truth_of(found: SimpleNamespace) -> pl.DataFrame:
    """→ a truth in which about a third of the made-up pairs are matches."""
    rng = np.random.default_rng(2)
    cluster = np.cumsum(rng.random(len(found.records)) < 0.6)
    return found.records.with_columns(cluster_id=pl.Series(cluster).cast(pl.String))


def judgements_on(found: SimpleNamespace) -> pl.DataFrame:
    """→ six hundred judgements on the made-up pairs."""
    rng = np.random.default_rng(3)
    rows = found.pairs.sample(600, seed=3).select(
        left_id=pl.col("left").cast(pl.String), right_id=pl.col("right").cast(pl.String)
    )
    verdict = pl.Series(rng.choice(["match", "non_match"], 600))
    return rows.with_columns(
        entity=pl.lit("contact"), verdict=verdict, judge=pl.lit(""), judged_at=pl.lit("2026-10-31")
    )


def test_truth_and_judgements_give_the_figures_of_the_engine(page) -> None:
    found = made_up(400, 5, 4, pairs=50_000)
    truth, said = truth_of(found), judgements_on(found)
    steps = [n / 1000 for n in range(1, 1000)]
    judged = judged_counts(found.records, found.pairs, len(found.patterns), said)
    for given, known in (
        ({"truth": truth}, {"truth": evaluate.against(found, truth)}),
        ({"judgements": said, "thresholds": steps}, {"judged": judged}),
    ):
        shown = scored(page, found, "s.figures(0.8, 0.2)", **given)
        row = evaluate.curve(found.patterns, **known, thresholds=[0.0, *steps]).row(800, named=True)
        assert row["threshold"] == 0.8
        for name in ("precision", "recall", "precision_low", "recall_high"):
            if row[name] is not None:
                assert shown[name] == pytest.approx(row[name], rel=1e-9)
        assert shown["pairs"] == row["pairs"]
        # With other bits the curve no longer holds, but the same judged matches still lie where they lay.
        moved = scored(page, found, "(s.adjust.c2[0] += 1e-9, s.readjust(), s.figures(0.8, 0.2))", **given)
        assert moved["precision"] == pytest.approx(row["precision"], rel=0.02)


def _with(struct, **changes):
    import msgspec

    return msgspec.structs.replace(struct, **changes)


MOUNT = """
async ({ script, html, css, bytes, known, data }) => {
  document.body.innerHTML = "<main style='width:900px;--st-blue-color:#1d6a86;--st-gray-color:#647482;" +
    "--st-orange-color:#b8701b;--st-green-color:#2f7d51;--st-text-color:#111;--st-border-color:#ccc;" +
    "--st-background-color:#fff'><style>" + css + "</style>" + html + "</main>";
  const raw = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  globalThis.winnowTables = new Map([[data.digest, raw(bytes)]]);
  globalThis.winnowKnown = new Map([[data.known, raw(known)]]);
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const parentElement = document.querySelector("main");
  globalThis.sent = [];
  (await import(url)).default({ parentElement, data, setStateValue: (_, value) => globalThis.sent.push(value) });
}
"""


def given_to_the_bench(found: SimpleNamespace, packed: bytes, known: bytes) -> dict:
    used = found.rules.comparisons
    first = used[0]
    return {
        "digest": packed[:16].decode(), "known": known[:16].decode(),
        "seq": 0, "lang": "en", "lowest": 0.02, "highest": 0.999, "focus": first.name,
        "names": {c.name: c.name for c in used},
        "levels": [{"name": level.name, "label": level.name, "bits": 1.0} for level in first.levels],
        "similarity": {"pairs": [100] * 121, "matches": [10] * 121},
        "settings": {
            "merge": 0.8, "review": 0.2, "focus": first.name,
            "adjust": {c.name: [level.adjust for level in c.levels] for c in used},
            "enabled": {c.name: c.enabled for c in used},
            "bounds": {c.name: [level.at_least for level in c.levels] for c in used},
            "on": {**dict.fromkeys(WAYS, True), **{switches.name(v): False for v in OFFERED}},
        },
        "vetoes": [{"name": switches.name(v), "label": v.comparison, "said": ""} for v in OFFERED],
        "blocking": [{"name": way, "label": way, "said": ""} for way in WAYS],
        "confirmed": {"gone": 1, "groups": 1, "apart": 0, "sizes": [[n, 1] for n in ("2", "3", "4", "5", "6+")]},
        "cheapest": {"merge": 0.9, "review": 0.3}, "texts": {},
    }  # fmt: skip


def test_five_million_pairs_are_redrawn_while_the_thumb_moves(page, capsys) -> None:
    found = made_up(20_000, 10, 8, pairs=5_000_000)
    packed, known = packed_of(found), known_of(found, every=True)
    script = "\n".join((LIVE / name).read_text("utf-8") for name in SCRIPTS)
    took, followed = {}, {}
    html, css = ((LIVE / name).read_text("utf-8") for name in ("live.html", "live.css"))
    given = {
        "script": script, "html": html, "css": css,
        "bytes": base64.b64encode(packed).decode(), "known": base64.b64encode(known).decode(),
        "data": given_to_the_bench(found, packed, known),
    }  # fmt: skip
    page.evaluate(MOUNT, given)
    bench = page.locator(".bench")
    thumb = page.locator("[data-thumb=merge]")
    _drag(page, thumb, -150, steps=30)
    _drag(page, thumb, 150, steps=30)
    took["threshold"] = _frames(bench)
    page.locator("input[data-level='0']").scroll_into_view_if_needed()
    box = page.locator("input[data-level='0']").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in (*range(41), *range(40, 19, -1)):  # from one end to the other, and back to where it stood
        page.mouse.move(box["x"] + box["width"] * (step + 0.5) / 41, box["y"] + box["height"] / 2)
    page.mouse.up()
    took["bits of a level"] = _frames(bench)
    followed["bits of a level"] = bench.evaluate("(e) => e.followed.splice(0)")
    for what, switch in {
        "comparison on or off": "input[data-comparison=c3]",
        "veto on or off": "input[data-switch='c0≤25']",
        "blocking rule on or off": "input[data-switch=phone]",
    }.items():
        for _ in range(8):
            page.locator(switch).click()
            page.wait_for_timeout(30)
        took[what], followed[what] = _frames(bench), bench.evaluate("(e) => e.followed.splice(0)")
    assert 2 <= page.evaluate("sent.length") <= 27  # sent on release, not while dragging
    sets = len(switches.groups(found, switches.vetoed_by(found, OFFERED))[0])
    with capsys.disabled():
        size = f"{len(found.patterns):,} patterns in {sets:,} sets, {len(packed) / 1e6:.1f} MB"
        print(f"\n{len(found.pairs):,} pairs, {size}, load {os.getloadavg()[0]:.1f}")
        for what, frames in took.items():
            after = f", its groups {median(followed[what]):.1f} ms more" if followed.get(what) else ""
            print(f"{what}: median {median(frames):.1f} ms over {len(frames)} redraws{after}")
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


def test_the_sample_account_is_tuned_live(workbench, account, page, matched, capsys) -> None:
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    workbench.visit(page, f"{account}/rules?entity=contact")
    page.locator(".bench[aria-busy=false]").wait_for()
    page.reload()  # the first visit also loaded the sample account, with a bar above everything
    page.locator(".bench[aria-busy=false]").wait_for()
    workbench.settle(page)
    settled = {
        "mouse": _by_mouse(workbench, page, sent, matched),
        "keys": _by_keys(workbench, page, matched),
        "bits by hand": _bits_by_hand(workbench, page, sent),
        "level boundary": _boundary(workbench, page),
        "comparison": _switch(workbench, page),
        "veto": _veto(workbench, page),
        "blocking rule": _blocking(workbench, page),
    }
    with capsys.disabled():
        said = ", ".join(f"{name} {ms:.0f} ms" for name, ms in settled.items())
        print(f"\nsettled after {said}; load {os.getloadavg()[0]:.1f}", end="")
    assert all(ms < SETTLES for ms in settled.values()), settled
    page.get_by_text("Ordinary inputs", exact=True).click()
    page.get_by_test_id("stSlider").first.wait_for()
    page.locator(".bench").wait_for(state="detached")


SHOWN = """(e) => ({
  ...Object.fromEntries([...e.querySelectorAll(".figure:not([data-figure=sizes])")].map(
    (f) => [f.dataset.figure, f.querySelector("strong").textContent])),
  sizes: [...e.querySelectorAll(".sizes b")].map((b) => b.textContent).join(" "),
})"""


def _shown(page) -> dict[str, str]:
    """→ the figures, and the groups of 2, 3, 4, 5, 6 or more records."""
    return page.locator(".bench").evaluate(SHOWN)


def _at_once(box) -> dict[str, str]:
    """A click on a box → the figures, read before the browser does anything else, so before any answer."""
    return box.evaluate(f"(e) => {{ e.click(); return ({SHOWN})(e.closest('.bench')); }}")


def _notes(page) -> list[str]:
    """→ what is said below the figures of groups: nothing where they are exact."""
    return [page.locator(f".figure[data-figure={name}] small").inner_text() for name in ("removable", "sizes")]


def _confirmed(workbench, page) -> float:
    page.locator(".confirmed[data-state=confirmed]").wait_for()
    took = float(page.locator(".bench[data-settled]").get_attribute("data-settled"))
    workbench.settle(page)
    workbench.sound(page)
    return took


def _equal_to_the_engine(page, matched) -> None:
    found, truth = matched
    merge = float(page.locator("[data-thumb=merge]").get_attribute("aria-valuenow"))
    review = float(page.locator("[data-thumb=review]").get_attribute("aria-valuenow"))
    row = evaluate.curve(found.patterns, truth=evaluate.against(found, truth), thresholds=[merge]).row(0, named=True)
    p, n = found.patterns["match_probability"], found.patterns["pairs"]
    size = run.recluster(found, _with(found.rules, thresholds=Thresholds(merge, review))).group_sizes
    assert _shown(page) == {
        "precision": f"{row['precision']:.1%}",
        "recall": f"{row['recall']:.1%}",
        "merged": f"{row['pairs']:,}",
        "waiting": f"{n.filter((p >= review) & (p < merge)).sum():,}",
        "removable": f"{size.sum() - len(size):,}",
        "sizes": " ".join(f"{n:,}" for n in np.bincount(size.clip(max=6), minlength=7)[2:]),
    }
    assert page.locator(".sizes").get_attribute("aria-label") == (
        "Groups by number of records: " + "; ".join(
            f"groups of {n} records: {count}"
            for n, count in zip(("2", "3", "4", "5", "6+"), _shown(page)["sizes"].split(), strict=True))
    )  # fmt: skip


def _by_mouse(workbench, page, sent: list, matched) -> float:
    before = _shown(page)
    sent.clear()
    _drag(page, page.locator("[data-thumb=merge]"), 90, hold=True)
    during = _shown(page)
    assert during["merged"] != before["merged"] and during["sizes"] != before["sizes"]
    assert _notes(page) == ["", ""]  # the groups are exact while the thumb moves
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
        page.keyboard.down("ArrowRight")  # held: nothing is sent before it is let go
    assert _shown(page)["waiting"] != before["waiting"]
    assert page.locator(".confirmed").get_attribute("data-state") == "waiting"
    page.keyboard.up("ArrowRight")
    took = _confirmed(workbench, page)
    assert thumb.evaluate("(e) => e.getRootNode().activeElement === e")  # the focus stays where it was
    assert "merged" in page.locator("[data-part=heard]").inner_text()
    _equal_to_the_engine(page, matched)
    return took


def _bits_by_hand(workbench, page, sent: list) -> float:
    before = _shown(page)
    sent.clear()
    range_ = page.locator("input[data-level='0']")
    range_.scroll_into_view_if_needed()
    box = range_.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 10, y, steps=4)
    during = _shown(page)
    assert during["merged"] != before["merged"]
    assert _notes(page) == ["", ""]
    assert sent == []
    page.mouse.up()
    took = _confirmed(workbench, page)
    after = _shown(page)
    assert after == during and during["sizes"] != before["sizes"]  # the server had nothing to correct
    assert _notes(page) == ["", ""]
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


def _switch(workbench, page) -> float:
    before = _shown(page)
    box = page.locator("[data-row=phone] input")
    during = _at_once(box)
    assert during != before
    took = _confirmed(workbench, page)
    assert not box.is_checked()
    assert _shown(page) == during  # the server had nothing to correct
    return took


def _count(text: str) -> int:
    return int("".join(c for c in text if c.isdigit()))


def _veto(workbench, page) -> float:
    """Records whose names differ are kept apart: fewer pairs merge at once, and the server says how many it kept."""
    box = page.get_by_role("group", name="Vetoes").get_by_role("checkbox", name="Person's name")
    barred = _count(box.locator("xpath=..").locator("small").inner_text())
    before = _shown(page)
    during = _at_once(box)
    assert barred > 0 and _count(before["merged"]) - _count(during["merged"]) == barred
    took = _confirmed(workbench, page)
    assert _shown(page) == during and box.is_checked()
    apart = _count(page.locator(".confirmed [data-figure=apart]").inner_text())
    assert apart >= barred
    assert _at_once(box) == before
    _confirmed(workbench, page)
    assert _shown(page) == before
    assert _count(page.locator(".confirmed [data-figure=apart]").inner_text()) < apart
    return took


def _blocking(workbench, page) -> float:
    """Rules switched off until merges are lost: at once, and the same when the server has confirmed; and on again."""
    boxes = page.get_by_role("group", name="How pairs are found").get_by_role("checkbox")
    before, off = _shown(page), 0
    during = before
    while during["merged"] == before["merged"]:
        during = _at_once(boxes.nth(off))
        off += 1
    assert _count(during["merged"]) < _count(before["merged"])
    assert float(during["recall"].rstrip("%")) < float(before["recall"].rstrip("%"))
    took = _confirmed(workbench, page)
    after = _shown(page)
    assert after == during
    assert not boxes.nth(off - 1).is_checked() and _notes(page) == ["", ""]
    assert _count(after["removable"]) < _count(before["removable"])
    for at in range(off):
        boxes.nth(at).check()  # nothing is matched anew: the pairs it found are still known
    assert _confirmed(workbench, page) < SETTLES
    assert _shown(page) == before
    return took
