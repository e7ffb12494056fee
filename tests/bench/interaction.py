"""What a change of the rules costs on the server, on a table that is matched already.

    python tests/bench/interaction.py [SIZE …] [--file CSV] [--repeats 5] [--date 2026-01-31] [--write]

Measured are the engine's functions that the Rules page calls, without the page: each change is made several times, each
time to another value, and the medians shown. `--file` takes a given table with the columns of a synthetic one.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import record

sys.path.insert(0, str(record.ROOT))
from engine.match import compare, evaluate, run, suggest, weigh
from engine.match.encode import encode
from engine.rules import Rules, Thresholds, Weights

KINDS = {"first_name": "given_name", "last_name": "family_name", "email": "email", "phone": "phone",
         "company": "company", "city": "city"}  # fmt: skip
TARGETS = {
    "merge threshold, all figures": 50, "weights, what patterns answer": 50, "weights, with forest and clusters": 500,
    "level boundary, with forest and clusters": 500, "comparison, beyond its own comparing": 500,
}  # fmt: skip


def matched(file: Path) -> run.Match:
    """A raw table → its match under suggested rules."""
    records = pl.read_csv(file, infer_schema_length=0).rename({"id": "record_id"})
    rules = suggest.suggest(records, entity="contact", kinds=KINDS)
    return run.match(records, rules)


def with_merge(rules: Rules, merge: float) -> Rules:
    """Rules, a merge threshold → rules with it."""
    review = min(rules.thresholds.review or 0.0, merge)
    return msgspec.structs.replace(rules, thresholds=Thresholds(merge, review))


def figures(found: run.Match) -> None:
    """Everything that the Rules page shows at a threshold."""
    merge, review = found.rules.thresholds.merge or 0.0, found.rules.thresholds.review or 0.0
    from_patterns(found.patterns, merge, review)
    evaluate.removable(found.forest, evaluate.THRESHOLDS)
    _ = int(found.group_sizes.sum()) - len(found.group_sizes)
    evaluate.examples(found, near=merge)


def from_patterns(patterns: pl.DataFrame, merge: float, review: float) -> None:
    """What the pattern table alone answers: figures at the threshold, the curve, the histogram, pairs to review."""
    evaluate.curve(patterns, thresholds=[merge])
    evaluate.curve(patterns)
    evaluate.histogram(patterns, width=2.0)
    probability = patterns["match_probability"]
    _ = patterns["pairs"].filter((probability >= review) & (probability < merge)).sum()


def other_weights(found: run.Match, step: int) -> Weights:
    """Completed weights, a number → weights a little nearer to knowing nothing, another little for each number."""

    def blurred(levels: tuple[float, ...]) -> tuple[float, ...]:
        mixed = np.asarray(levels) * (1 - 0.004 * step) + 0.004 * step / len(levels)
        return tuple(float(v) for v in mixed / mixed.sum())

    classes = tuple(
        msgspec.structs.replace(c, levels={name: blurred(levels) for name, levels in c.levels.items()})
        for c in found.rules.weights.classes
    )
    return Weights(classes)


def moved_boundary(rules: Rules, step: int) -> Rules:
    """Rules, a number → rules in which a boundary of one comparison has moved a little, each time of another one."""
    comparisons = list(rules.comparisons)
    at = step % len(comparisons)
    levels = list(comparisons[at].levels)
    for i in range(len(levels) - 1, -1, -1):
        above = levels[i - 1].at_least if i else 121
        if 0 < levels[i].at_least < above - 1:
            levels[i] = msgspec.structs.replace(levels[i], at_least=levels[i].at_least + 1)
            break
    comparisons[at] = msgspec.structs.replace(comparisons[at], levels=tuple(levels))
    return msgspec.structs.replace(rules, comparisons=tuple(comparisons))


def measure(found: run.Match, repeats: int) -> dict[str, list[float]]:
    """A match → milliseconds of each kind of change, once per repeat."""
    taken: dict[str, list[float]] = {}

    def note(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        made = work()
        taken.setdefault(name, []).append((time.perf_counter() - start) * 1000)
        return made

    rules = found.rules
    names = [c.name for c in rules.comparisons]
    bare = found.patterns.select("pattern", *names, "pairs")
    merge, review = rules.thresholds.merge or 0.0, rules.thresholds.review or 0.0
    for step in range(1, repeats + 1):
        changed = with_merge(rules, 0.1 + 0.8 * step / repeats)
        fresh = note("  of it clusters", lambda changed=changed: run.recluster(found, changed))
        note("  of it figures and examples", lambda fresh=fresh: figures(fresh))
        parts = (taken["  of it clusters"][-1], taken["  of it figures and examples"][-1])
        taken.setdefault("merge threshold, all figures", []).append(sum(parts))

        weights = other_weights(found, step)
        scored = note("  of it scoring patterns", lambda weights=weights: weigh.score(rules.comparisons, weights, bare))
        note("  of it their figures", lambda scored=scored: from_patterns(scored, merge, review))
        parts = (taken["  of it scoring patterns"][-1], taken["  of it their figures"][-1])
        taken.setdefault("weights, what patterns answer", []).append(sum(parts))
        other = msgspec.structs.replace(rules, weights=weights)
        fresh = note("weights, with forest and clusters", lambda other=other: run.reweigh(found, other))
        stages(taken, fresh, "forest", "cluster")

        other = moved_boundary(rules, step)
        fresh = note("level boundary, with forest and clusters", lambda other=other: run.reweigh(found, other))
        stages(taken, fresh, "patterns")

        one = rules.comparisons[step % len(names)]
        rows = [found.pairs[side].to_numpy() for side in ("left", "right")]
        encoded = note(
            "comparison, its own encoding", lambda one=one: encode(found.records, (one,), region=rules.region)[0]
        )
        again = note(
            "comparison, its own comparing",
            lambda one=one, encoded=encoded, rows=rows: compare.similarity(encoded[one.name], *rows),
        )
        held = replace(found, similarities={**found.similarities, one.name: again})
        note("comparison, beyond its own comparing", lambda held=held: run.reweigh(held, rules))
    return taken


def stages(taken: dict[str, list[float]], found: run.Match, *names: str) -> None:
    """Note the seconds that a match kept of its stages."""
    for name in names:
        taken.setdefault(f"  of it {name}", []).append(found.seconds.get(name, 0.0) * 1000)


def rows(taken: dict[str, list[float]]) -> Iterator[list[str]]:
    """Milliseconds → rows of the table: medians, slowest, target; totals stand before their parts."""
    order = [
        "merge threshold, all figures", "  of it clusters", "  of it figures and examples",
        "weights, what patterns answer", "  of it scoring patterns", "  of it their figures",
        "weights, with forest and clusters", "  of it forest", "  of it cluster",
        "level boundary, with forest and clusters", "  of it patterns",
        "comparison, its own encoding", "comparison, its own comparing", "comparison, beyond its own comparing",
    ]  # fmt: skip
    for name in order:
        times, target = taken[name], TARGETS.get(name)
        yield [name.replace("  of it", "– of it"), f"{statistics.median(times):,.0f}", f"{max(times):,.0f}",
               f"{target} ms" if target else ""]  # fmt: skip


def main() -> None:
    """Command line → the tables on stdout, and in docs/benchmarks.md when asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000_000])
    parser.add_argument("--file", type=Path, help="a given table; its size is then counted")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--date", default="undated")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        for size in [0] if arguments.file else arguments.sizes:
            file = arguments.file or Path(folder) / f"{size}.csv"
            if not arguments.file:
                command = [sys.executable, str(Path(__file__).with_name("synthetic.py")), str(size), str(file)]
                subprocess.run([*command, str(file) + ".truth"], check=True)
            before = record.load()
            found = matched(file)
            made = record.table(["change", "median ms", "slowest ms", "target"],
                                list(rows(measure(found, arguments.repeats))))  # fmt: skip
            kind = "a given table" if arguments.file else "a synthetic table"
            about = (f"{arguments.date}, {kind} of {len(found.records):,} records, {len(found.pairs):,} pairs, "
                     f"{len(found.patterns):,} patterns; medians of {arguments.repeats}. {record.machine()}. "
                     f"Winnow {record.commit()}. Load of the machine {before}–{record.load()}.")  # fmt: skip
            parts.append(f"{about}\n\n{made}")
            print(parts[-1], flush=True)
    if arguments.write:
        record.write_section("tuning", "\n\n".join(parts))


if __name__ == "__main__":
    main()
