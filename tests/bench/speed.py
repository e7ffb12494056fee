"""Winnow from raw file to clusters beside Splink and recordlinkage: wall, CPU, peak memory, cluster F1.

    python tests/bench/speed.py [SIZE …] [--runs 3] [--date 2026-01-31] [--write]
    python tests/bench/speed.py 100000 --file '/data/crm_{rows}.csv' --truth '/data/crm_{rows}_truth.csv'

Every size gets a synthetic table of its own (synthetic.py), unless --file and --truth name given ones; `{rows}` in them
stands for the size, and ids must count from 0 as the rows do. All programs take part in each run in turn, each in a
process of its own; shown are the medians. This process imports nothing large, because a child inherits the peak memory
of the one that started it. `--write` puts the tables into docs/benchmarks.md, `--only winnow` leaves the peers out.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import record

BENCH, ROOT = Path(__file__).parent, record.ROOT
PEERS = ROOT / ".venv-bench" / "bin" / "python"
PROGRAMS = {
    "winnow": math.inf,
    "splink": 1_000_000,
    "splink-phonenumbers": 1_000_000,
    "recordlinkage": 10_000,
}  # up to how many rows each can take part
SCORE = """
import json, sys, polars as pl
from engine.match.evaluate import cluster_scores
read = lambda path: pl.read_csv(path, infer_schema_length=0)
print(json.dumps(cluster_scores(read(sys.argv[1]), read(sys.argv[2]))))
"""


def measure(command: list[str]) -> tuple[dict[str, float], float]:
    """A command → wall and CPU seconds and peak MB of its process, and when it started."""
    with tempfile.TemporaryFile() as said:
        start, clock = time.time(), time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        status, used = os.wait4(process.pid, 0)[1:]
        wall = time.perf_counter() - clock
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines() or ["no message"]
            raise SystemExit(f"{' '.join(command[1:4])} failed ({process.returncode}): {lines[-1]}")
    peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mb": peak}, start


def winnow(file: Path, truth: Path, folder: Path, limit: str | None) -> dict[str, Any]:
    """Table, truth → figures of `python -m engine dedupe`, as a user runs it."""
    limited = ["--memory-limit", limit] if limit else []
    figures, _ = measure([sys.executable, "-m", "engine", "dedupe", str(file), "--out", str(folder), *limited])
    summary = json.loads((folder / "summary.json").read_text())
    scored = subprocess.run([sys.executable, "-c", SCORE, str(folder / "clusters.csv"), str(truth)], cwd=ROOT,
                            capture_output=True, text=True, check=True)  # fmt: skip
    seconds = summary["seconds"]
    seconds["the rest"] = figures["wall"] - sum(seconds.values())
    return {**figures, "f1": json.loads(scored.stdout)["f1"], "pairs": summary["candidate_pairs"], "seconds": seconds}


def peer(program: str, file: Path, truth: Path, folder: Path) -> dict[str, Any]:
    """Program, table, truth → its figures up to the clusters; scoring afterwards does not count."""
    out = folder / "figures.json"
    start = measure([str(PEERS), str(BENCH / "peers.py"), program, str(file), str(truth), str(out)])[1]
    found = json.loads(out.read_text())
    seconds = found["seconds"]
    wall = found["finished_at"] - start
    return {
        "wall": wall, "cpu": found["cpu"], "peak_mb": found["peak_mb"], "f1": found["f1"], "best_f1": found["best_f1"],
        "best_threshold": found["best_threshold"], "pairs": found["candidate_pairs"],
        "seconds": {**seconds, "the rest": wall - sum(seconds.values())},
    }  # fmt: skip


def median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of several runs → the median of each."""
    stages = dict.fromkeys(stage for run in runs for stage in run["seconds"])
    made = {key: statistics.median(run[key] for run in runs) for key in runs[0] if key != "seconds"}
    return {**made, "seconds": {s: statistics.median(run["seconds"].get(s, 0.0) for run in runs) for s in stages}}


def report(results: dict[int, dict[str, dict[str, Any]]]) -> str:
    """Medians per size and program → the tables: totals with ratios, growth, stages."""
    rows, stages = [], []
    for size, each in results.items():
        ours = each.get("winnow")
        for program, r in each.items():
            best = f"{r['best_f1']:.3f} at {r['best_threshold']:g}" if "best_f1" in r else ""
            faster, cpu, memory = "", "", ""
            if ours and program != "winnow":
                faster, cpu = f"{r['wall'] / ours['wall']:.2f}", f"{r['cpu'] / ours['cpu']:.2f}"
                memory = f"{ours['peak_mb'] / r['peak_mb']:.2f}"
            rows.append([f"{size:,} {program}", f"{r['wall']:.2f}", f"{r['cpu']:.2f}", f"{r['peak_mb']:,.0f}",
                         f"{r['pairs']:,.0f}", f"{r['f1']:.3f}", best, faster, cpu, memory])  # fmt: skip
            stages.append(f"- {size:,} {program}: " + ", ".join(f"{s} {t:.2f}" for s, t in r["seconds"].items()))
    head = ["rows, program", "wall s", "CPU s", "peak MB", "candidate pairs", "F1", "its best F1",
            "its wall / ours", "its CPU / ours", "our peak / its"]  # fmt: skip
    growth = []
    sizes = list(results)
    for small, large in pairwise(sizes):
        for program in results[large].keys() & results[small].keys():
            a, b = results[small][program], results[large][program]
            step = math.log(large / small)
            growth.append([f"{small:,} → {large:,} {program}", f"{b['wall'] / a['wall']:.1f} ×",
                           f"{math.log(b['wall'] / a['wall']) / step:.2f}",
                           f"{math.log(b['peak_mb'] / a['peak_mb']) / step:.2f}"])  # fmt: skip
    parts = [record.table(head, rows)]
    if growth:
        parts.append(record.table(["growth", "wall", "exponent of wall", "exponent of peak"], sorted(growth)))
    return "\n\n".join([*parts, "Seconds per stage:\n\n" + "\n".join(stages)])


def main() -> None:
    """Command line → the tables on stdout, and in docs/benchmarks.md when asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--file", help="a given table instead of a synthetic one")
    parser.add_argument("--truth", help="its truth: record_id, cluster_id")
    parser.add_argument("--only", nargs="*", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--memory-limit", help="passed on to Winnow")
    parser.add_argument("--date", default="undated", help="the day to write beside the results")
    parser.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
    arguments = parser.parse_args()
    sizes = sorted(arguments.sizes)
    if bool(arguments.file) != bool(arguments.truth):
        parser.error("--file and --truth go together")
    if set(arguments.only) - {"winnow"} and not PEERS.exists():
        parser.error("the peers are not installed: make bench-speed does it, or give --only winnow")
    results: dict[int, dict[str, dict[str, Any]]] = {}
    loads = [record.load()]
    with tempfile.TemporaryDirectory() as name:
        for size in sizes:
            file, truth = _table(arguments, size, Path(name))
            runs: dict[str, list[dict[str, Any]]] = {}
            for number in range(arguments.runs):
                for program in arguments.only:
                    if size > PROGRAMS[program]:
                        continue
                    with tempfile.TemporaryDirectory(dir=name) as folder:
                        out = Path(folder)
                        done = (winnow(file, truth, out, arguments.memory_limit) if program == "winnow"
                                else peer(program, file, truth, out))  # fmt: skip
                    loads.append(record.load())
                    runs.setdefault(program, []).append(done)
                    print(f"{size:,} {program} run {number + 1}: {done['wall']:.2f} s, {done['peak_mb']:,.0f} MB, "
                          f"F1 {done['f1']:.3f} (load {loads[-1]})", file=sys.stderr, flush=True)  # fmt: skip
            results[size] = {program: median(each) for program, each in runs.items()}
    tables = report(results)
    ours = record.versions(sys.executable, ["polars", "duckdb", "rapidfuzz"])
    theirs = record.versions(PEERS, ["splink", "duckdb", "recordlinkage", "pandas"]) if PEERS.exists() else "none"
    kind = "a given table" if arguments.file else "synthetic tables"
    about = (f"{arguments.date}, {kind}, medians of {arguments.runs}. {record.machine()}. "
             f"Winnow {record.commit()} with {ours}; peers: {theirs}. "
             f"Load of the machine {min(loads)}–{max(loads)}.")  # fmt: skip
    print(f"{about}\n\n{tables}")
    if arguments.write:
        record.write_section("speed-given" if arguments.file else "speed", f"{about}\n\n{tables}")


def _table(arguments: argparse.Namespace, size: int, folder: Path) -> tuple[Path, Path]:
    if arguments.file:
        return Path(arguments.file.format(rows=size)), Path(arguments.truth.format(rows=size))
    file, truth = folder / f"{size}.csv", folder / f"{size}_truth.csv"
    subprocess.run([sys.executable, str(BENCH / "synthetic.py"), str(size), str(file), str(truth)], check=True)
    return file, truth


if __name__ == "__main__":
    main()
