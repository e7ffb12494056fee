"""What is kept of earlier work: nothing is done again that a change does not touch."""

import gc
import importlib
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from engine.match import bonds, explain
from engine.rules import Rules, Thresholds, Veto
from engine.snapshot.workspace import Workspace
from pages._ui import cache, jobs, live, outcome, work


class Counted:
    """A function that notes how often it was called."""

    def __init__(self, function: Any) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.calls += 1
        return self.function(*args, **named)


def in_a_visit(script: Any) -> Any:
    """A function without arguments, done as in a visitor's run → what it gives."""

    def visit(script, given):  # its source is run by itself, without the names of this module
        given.append(script())

    given: list[Any] = []
    app = AppTest.from_function(visit, args=(script, given), default_timeout=60)
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return given[0]


def at(rules: Rules, merge: float) -> Rules:
    return msgspec.structs.replace(rules, thresholds=Thresholds(merge, 0.05))


def test_a_changed_veto_is_prepared_once_for_all_thresholds(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = Counted(bonds.prepared)
    monkeypatch.setattr(bonds, "prepared", prepared)

    def script() -> list[int]:
        rules, here = work.starting_rules("contact"), (work.path(), work.snapshot_id() or "", "contact")
        cache.match(*here, at(rules, 0.9), None)
        named = next(c.name for c in rules.comparisons if c.kind != "phone")
        calls = []
        for vetoes in ((Veto(named, 30),), (Veto(named, 50),)):
            changed = msgspec.structs.replace(rules, vetoes=vetoes)
            prepared.calls = 0
            groups = [cache.match(*here, at(changed, merge), None).label.tolist() for merge in (0.9, 0.7, 0.5, 0.9)]
            calls.append(prepared.calls)
            assert groups[0] == groups[3]
        return calls

    assert in_a_visit(script) == [1, 1]


def test_the_table_of_the_bench_is_the_same_whatever_is_switched(account: Path) -> None:
    """So it is neither made nor sent again; only what is known of the rules in use is another."""

    def script() -> list[tuple[bytes, bytes]]:
        carried = []
        used = work.match("contact").rules
        first, *others = used.comparisons
        veto = work.offered("contact", used)[0]
        raised = (msgspec.structs.replace(first.levels[0], adjust=2.0), *first.levels[1:])
        by_hand = (msgspec.structs.replace(first, levels=raised), *others)
        for change in ({}, {"blocking": used.blocking[1:]}, {"vetoes": (veto,)}, {"comparisons": by_hand}):
            work.change("contact", msgspec.structs.replace(used, **change))
            found = work.match("contact")
            carried.append((live.table("contact", found), live.known("contact", found, None)))
        return carried

    tables, known = zip(*in_a_visit(script), strict=True)
    assert len({table[:16] for table in tables}) == 1
    assert len({one[:16] for one in known}) == 4


def test_a_plan_goes_through_the_stages_its_share_is_reckoned_by(account: Path) -> None:
    assert in_a_visit(outcome.plan).items.height
    assert list(cache.room()._usual["plan"]) == list(jobs.USUAL["plan"])


def test_within_a_run_what_is_known_of_the_snapshots_is_read_once(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Counted(Workspace.snapshots)
    monkeypatch.setattr(Workspace, "snapshots", lambda self: read(self))
    app = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=60)
    for runs in (1, 2):
        app.run()
        assert not app.exception
        assert read.calls == runs


def test_judgements_are_read_again_when_anybody_added_one(own: Path) -> None:
    def script() -> list[int]:
        ids = work.snapshot().frames["contact"]["record_id"].head(3).to_list()
        row = {"entity": "contact", "verdict": "match", "judge": "x", "judged_at": "2026-10-31"}
        counts, digests = [], set()
        for left, right in ((None, None), (ids[0], ids[1]), (ids[0], ids[2])):
            if left:
                Workspace(own).judge({**row, "left_id": left, "right_id": right})  # another session
            said = work.judgements("contact")
            assert work.judgements("contact") is said  # read once
            counts.append(said.height)
            digests.add(cache.frame_digest(said))
        assert len(digests) == 3
        Workspace(own).take_back({**row, "left_id": ids[0], "right_id": ids[2]})
        return [*counts, work.judgements("contact").height]

    assert in_a_visit(script) == [0, 1, 2, 1]


def test_a_frame_is_digested_once_and_forgotten_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, same, other = (pl.DataFrame({"a": [n]}) for n in (1, 1, 2))
    held = importlib.import_module("pages._ui.cache.held")
    before = len(held._digests)
    written = Counted(held._digest)
    monkeypatch.setattr(held, "_digest", written)
    first = cache.frame_digest(frame)
    assert cache.frame_digest(frame) == first and written.calls == 1
    assert cache.frame_digest(same) == first != cache.frame_digest(other)
    assert len(held._digests) == before + 3
    del frame, same, other
    gc.collect()
    assert len(held._digests) <= before


def test_why_a_pair_matches_is_told_once_and_anew_under_other_rules(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Counted(explain.pair)
    monkeypatch.setattr(explain, "pair", told)

    def script() -> list[Any]:
        found = work.match("contact")
        ids = [found.records["record_id"][int(found.pairs[side][0])] for side in ("left", "right")]
        first, rules = work.explained(found, *ids), found.rules
        calls = [told.calls]
        assert work.explained(found, *ids) is first
        calls.append(told.calls)
        one = rules.comparisons[0]
        levels = tuple(msgspec.structs.replace(level, adjust=level.adjust + 1.5) for level in one.levels)
        moved = (msgspec.structs.replace(one, levels=levels), *rules.comparisons[1:])
        work.change("contact", msgspec.structs.replace(rules, comparisons=moved))
        again = work.explained(work.match("contact"), *ids)
        return [*calls, told.calls, again.weight - first.weight]

    *calls, more = in_a_visit(script)
    assert calls == [1, 1, 2] and more == pytest.approx(1.5)
