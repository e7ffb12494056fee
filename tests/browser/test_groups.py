"""Under any weights, comparisons, vetoes and blocking rules the browser makes the groups that the engine makes."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.match import bonds, cluster, contraction, run, switches, tuning
from engine.match.outcomes import LARGEST
from engine.rules import Condition, Test, Thresholds
from pages._ui.components.live import packing
from tests.engine.match.test_bonds import bound, said, table
from tests.engine.match.test_choose import trusting

pytestmark = pytest.mark.browser
LIVE = Path(packing.__file__).parent
PARTS = ("scoring", "contraction", "standing", "parting", "groups")
BENCH = """
({ script, table, known, settings }) => {
  const made = new Function("table", "known", `${script}; return new Scores(unpack(table), unpack(known));`);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const s = made(bytes(table), bytes(known));
  const points = Float64Array.from([0.02, 0.5, 0.9]);
  return settings.map(({ merge, moved, ...settings }) => {
    s.set(settings);
    const at = () => s.groups.at(s, merge);
    const shown = at();
    const { name, level, bits } = moved;
    for (const other of [bits - 3, bits + 2, bits]) {
      s.moveBits(name, level, other, merge);
      s.groups.at(s, merge);
      if (other < bits) (s.curve(points), s.removable(points)); // as the bench does between some frames
    }
    return [shown, at()];
  });
}
"""


def in_the_browser(page, whole: run.Match, settings: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """A match with all blocking rules, what is set → the groups at each setting; after one level more was moved."""
    script = "".join((LIVE / f"{part}.js").read_text("utf-8") for part in PARTS)
    table = packing.pack(whole, offered=switches.on_offer(whole.rules), truth=None)
    known = packing.known("=made up already", whole, found=whole, judgements=None, thresholds=(), outcomes=None)
    table, known = (base64.b64encode(one).decode() for one in (table, known))
    return page.evaluate(BENCH, {"script": script, "table": table, "known": known, "settings": settings})


def random_settings(whole: run.Match, seed: int, count: int) -> list[dict[str, Any]]:
    """→ so many ways in which the bench can stand, and a level of it that is moved then."""
    rng = np.random.default_rng(seed)
    compared = whole.rules.comparisons
    names = [switches.name(v) for v in switches.on_offer(whole.rules)]
    settings = []
    for _ in range(count):
        wild, off = rng.choice([0.0, 0.1, 0.5]), rng.choice([0.0, 0.0, 0.3])
        adjust = {
            c.name: [float(rng.integers(-12, 13)) / 2 if rng.random() < wild else level.adjust for level in c.levels]
            for c in compared
        }
        enabled = {c.name: bool(c.enabled and rng.random() >= off) for c in compared}
        enabled[compared[int(rng.integers(len(compared)))].name] = True
        on = {rule.name: bool(rng.random() < rng.choice([0.7, 1.0])) for rule in whole.rules.blocking}
        on[whole.rules.blocking[int(rng.integers(len(on)))].name] = True
        on |= {name: bool(rng.random() < rng.choice([0.0, 0.2])) for name in names}
        moved = compared[int(rng.integers(len(compared)))]
        settings.append({
            "merge": float(np.round(rng.uniform(0.02, 0.999), 3)), "adjust": adjust, "enabled": enabled, "on": on,
            "moved": {
                "name": moved.name, "level": int(rng.integers(len(moved.levels))), "bits": float(rng.integers(-9, 10))
            },
        })  # fmt: skip
    return settings


def engine_s(whole: run.Match, setting: dict[str, Any], adjust: dict[str, list[float]]) -> tuple[list[int], int]:
    """→ groups by size and records that go, worked out by the engine under what is set."""
    rules = tuning.tuned(
        whole, adjust=adjust, enabled=setting["enabled"],
        at_least={c.name: [level.at_least for level in c.levels] for c in whole.rules.comparisons},
    )  # fmt: skip
    offered = switches.on_offer(whole.rules)
    rules = switches.switched(rules, vetoes=offered, blocking=rules.blocking, on=setting["on"])
    rules = msgspec.structs.replace(rules, thresholds=Thresholds(setting["merge"], 0.02))
    size = run.narrow(whole, rules).group_sizes
    return np.bincount(size.clip(max=LARGEST), minlength=LARGEST + 1)[2:].tolist(), int(size.sum() - len(size))


def compared(page, whole: run.Match, settings: list[dict[str, Any]]) -> float:
    """Holds the browser's groups against the engine's → the share of settings in which they were called exact."""
    exact = 0
    for setting, shown in zip(settings, in_the_browser(page, whole, settings), strict=True):
        moved = json.loads(json.dumps(setting["adjust"]))
        moved[setting["moved"]["name"]][setting["moved"]["level"]] = setting["moved"]["bits"]
        for adjust, one in zip((setting["adjust"], moved), shown, strict=True):
            sizes, gone = engine_s(whole, setting, adjust)
            if one["exact"]:
                exact += 1
                assert (one["sizes"], one["removable"]) == (sizes, gone), (setting, adjust)
            elif not one["lacking"]:
                assert one["removable"] >= gone, setting
    return exact / (2 * len(settings))


def firms(seed: int) -> run.Match:
    """Firms that hang together in chains, bound by vetoes, conditions, judgements, exclusions, their source."""
    records = table(seed)
    rules = bound(trusting(), seed)
    if seed % 4 == 1:
        asked = Condition(name="ask", then="review", all_of=(Test("tax_id", at_most="from 0"),))
        sure = Condition(name="sure", then="merge", all_of=(Test("phone", at_least="from 100"),))
        rules = msgspec.structs.replace(rules, conditions=(*rules.conditions, asked, sure))
    source = "source" if rules.clustering.one_per_source else None
    return run.match(records, rules, judgements=said(seed, len(records)) if seed % 3 else None, source=source)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_binds_them(page, seed: int) -> None:
    found = firms(seed)
    assert compared(page, found, random_settings(found, seed, 40)) == 1


def test_the_sample_account(page, matched) -> None:
    found, _ = matched
    assert compared(page, found, random_settings(found, 1, 40)) > 0.9


def test_the_browser_parts_by_the_numbers_of_the_engine() -> None:
    script = (LIVE / "contraction.js").read_text("utf-8")
    for name, value in {
        "STRONGEST": cluster.STRONGEST, "AGAINST": cluster.AGAINST, "LARGEST_CHECKED": bonds.LARGEST_CHECKED,
        "GRAIN": contraction.GRAIN, "STRANGERS": contraction.STRANGERS,
    }.items():  # fmt: skip
        said = re.search(rf"\b{name} = (?:grains\()?([^,;)]+)", script)[1]
        read = 2.0**-32 if said == "2 ** -32" else float(said)
        assert contraction.grains(np.float64(read)) == value
