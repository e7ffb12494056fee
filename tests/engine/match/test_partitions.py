"""A match that waits on disk gives what one in memory gives; what it put there is gone, however it ends."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LimitExceeded
from engine.match import block as blocking
from engine.match import partitions, spill
from engine.match.output import write
from engine.match.run import recluster, reweigh
from engine.match.suggest import suggest_and_match
from engine.rules import BlockingRule


class Small(spill.Room):
    """Room for few pairs at a time, so that a small table has many partitions."""

    partition = 97
    side_by_side = 1

    def at_once(self, records):
        return self.side_by_side


class Wider(Small):
    """The same, two comparisons at a time."""

    side_by_side = 2


@pytest.fixture(scope="module", params=[Small, Wider])
def both(request, people, tmp_path_factory):
    room = request.param(1, tmp_path_factory.mktemp("room"))
    whole = suggest_and_match(people, entity="contact")
    return whole, suggest_and_match(people, entity="contact", room=room)


def test_the_clusters_and_the_patterns_are_the_same(both):
    whole, waiting = both
    assert isinstance(waiting.encoded, spill.Keys)
    assert len(waiting.parts) > 3
    assert whole.clusters.equals(waiting.clusters)
    names = [c.name for c in whole.rules.comparisons]
    assert whole.patterns.sort(names).drop("pattern").equals(waiting.patterns.sort(names).drop("pattern"))
    assert whole.rules == waiting.rules
    assert whole.blocking.equals(waiting.blocking)
    assert waiting.candidates == len(whole.pairs) == whole.candidates
    assert len(waiting.pairs) < waiting.candidates  # only those that can have a say


def test_other_levels_weights_and_thresholds_give_the_same(both):
    whole, waiting = both
    first = whole.rules.comparisons[0]
    moved = tuple(msgspec.structs.replace(one, at_least=max(one.at_least - 3, 0)) for one in first.levels[:-1])
    changed = msgspec.structs.replace(first, levels=(*moved, first.levels[-1]))
    rules = msgspec.structs.replace(
        whole.rules, comparisons=(changed, *whole.rules.comparisons[1:]), weights=type(whole.rules.weights)()
    )
    assert reweigh(whole, rules).clusters.equals(reweigh(waiting, rules).clusters)
    high = msgspec.structs.replace(whole.rules, thresholds=type(whole.rules.thresholds)(0.9, 0.5))
    assert recluster(whole, high).clusters.equals(recluster(waiting, high).clusters)


def test_the_files_hold_the_same_pairs(both, tmp_path):
    tables = []
    for name, match in zip(("whole", "waiting"), both, strict=True):
        write({"contact": match}, tmp_path / name)
        tables.append(pl.read_parquet(tmp_path / name / "pairs.parquet").sort("left_id", "right_id"))
    assert tables[0].equals(tables[1])
    assert tables[0].schema == tables[1].schema


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)), max_size=80), st.integers(2, 30))
def test_partitions_hold_the_pairs_of_one_whole(keyed, size):
    keys = {name: _column([(r, k) for r, k in keyed if (r + k) % 3 != at]) for at, name in enumerate(("a.x", "b.x"))}
    rules = [BlockingRule("one", ("a.x",), cap=9), BlockingRule("two", ("b.x",)), BlockingRule("both", ("a.x", "b.x"))]
    whole, report = blocking.block(lambda name: keys[name], rules)

    class Given(spill.Keys):
        def key_column(self, name, key):
            return keys[f"{name}.{key}"]

    class Small(spill.Room):
        @property
        def partition(self):
            return size

    parts, told = partitions.block(Given(Small(1, Path()), [], at_once=1), rules, records=41)
    frames = []
    for at in range(len(parts)):
        left, right = parts.ends(at)
        assert len(left)
        frames.append(pl.DataFrame({"left": left, "right": right, "found_by": parts.found_by[at]}))
    joined = pl.concat(frames) if frames else whole.head(0)
    assert joined.equals(whole)
    assert told.equals(report)
    assert parts.size == len(whole)


def _column(rows):
    record, key = (np.array([row[at] for row in rows]) for at in (0, 1))
    return blocking.KeyColumn(record.astype(np.uint32), key.astype(np.uint64))


def test_arrays_come_back_as_they_were_put(tmp_path):
    arrays = spill.Arrays(tmp_path)
    made = [np.arange(5, dtype=np.uint64), np.zeros(0, np.uint8), np.array([1.5, 2.5])]
    assert [arrays.put(one) for one in made] == [0, 1, 2]
    for at in (2, 0, 1):
        assert arrays[at].dtype == made[at].dtype
        assert arrays[at].tolist() == made[at].tolist()
    assert arrays.part(0, 1, 3).tolist() == [1, 2]
    assert list(tmp_path.iterdir()) == []  # the files have no names


def test_a_killed_run_leaves_nothing(tmp_path):
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nimport numpy as np\nfrom engine.match.spill import Arrays\n"
        "held = Arrays(Path(sys.argv[1])); held.put(np.zeros(1000)); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, cwd=Path(__file__).parents[3])
    assert ended.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_a_disk_too_small_is_said_before_anything_is_done(tmp_path, monkeypatch):
    said = []
    room = spill.Room(1, tmp_path, said.append)
    monkeypatch.setattr(spill.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10})())
    with pytest.raises(LimitExceeded, match="disk are needed"):
        room.check_disk(1_000_000)
    monkeypatch.setattr(spill.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1 << 50})())
    room.check_disk(1_000_000)
    assert "1,000,000 records within" in said[0]


def test_room_is_tight_only_where_the_records_do_not_fit(tmp_path):
    assert spill.Room(1 << 30, tmp_path).tight(10_000_000)
    assert not spill.Room(8 << 30, tmp_path).tight(1_000_000)
