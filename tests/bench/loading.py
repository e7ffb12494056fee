"""Loading a wide CSV into a workspace, beside bare Polars reading and writing the same file.

    python tests/bench/loading.py [SIZE …] [--runs 3] [--date 2026-01-31] [--write]

20 columns of contacts. Bare: `pl.read_csv` and `write_parquet`. Winnow: read, recognise, map, save, which detects the
encoding, checks every value, accounts for every row and hashes the content. Each runs in a process of its own, in turn;
imports do not count, except for the whole command, shown beside.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import record

BARE = "reading and writing with Polars"
OURS = "loading into a snapshot"
COMMAND = "`python -m engine load`, all of it"


def make(size: int, file: Path) -> None:
    """Number of rows → a CSV of 20 columns, as a CRM exports them."""
    import numpy as np
    import polars as pl
    import synthetic

    narrow = file.with_suffix(".narrow")
    synthetic.write(size, narrow, file.with_suffix(".truth"))
    rng = np.random.default_rng(1)

    def drawn(name: str, values: list[str]) -> pl.Series:
        return pl.Series(name, values)[rng.integers(0, len(values), size)]

    words = synthetic.words_ru
    people = pl.read_csv(narrow, infer_schema_length=0)
    people.with_columns(
        drawn("position", words.POSITIONS), drawn("street", words.STREETS), drawn("owner", words.OWNERS),
        drawn("created_by", words.OWNERS), drawn("updated_by", words.OWNERS), drawn("tags", words.TAGS),
        drawn("note", [f"{a}; {b}" for a in words.NOTES for b in words.NOTES]),
        drawn("source", ["Сайт", "Звонок", "Выставка", "Import", ""]),
        pl.Series("mobile", 79_000_000_000 + rng.integers(0, 10**9, size)),
        pl.Series("deals", rng.integers(0, 30, size)),
        pl.Series("budget", np.round(rng.random(size) * 1e6, 2)),
    ).write_csv(file)  # fmt: skip
    narrow.unlink()


def bare(file: Path, folder: Path) -> dict[str, float]:
    """File → seconds of Polars alone."""
    import polars as pl

    start = time.perf_counter()
    pl.read_csv(file).write_parquet(folder / "bare.parquet")
    return {"read and write": time.perf_counter() - start}


def ours(file: Path, folder: Path) -> dict[str, float]:
    """File → seconds of each step of loading it."""
    sys.path.insert(0, str(record.ROOT))
    from engine.snapshot import map, read, workspace

    seconds, last = {}, time.perf_counter()

    def note(step: str) -> None:
        nonlocal last
        seconds[step], last = time.perf_counter() - last, time.perf_counter()

    tables = read.read_tables([file])
    note("read")
    mappings = [map.recognise(table) for table in tables]
    note("recognise")
    snapshot = map.apply(tables, mappings)
    note("map")
    workspace.Workspace(folder / "workspace").save(snapshot)
    note("save")
    return seconds


def child(way: str, file: Path) -> dict[str, float]:
    """Which way, file → its seconds and peak memory, from a process of its own."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        start = time.perf_counter()
        if way == "command":
            command = [sys.executable, "-m", "engine", "load", str(file), "--workspace", folder]
            subprocess.run(command, cwd=record.ROOT, check=True, capture_output=True)
            return {"wall": time.perf_counter() - start}
        command = [sys.executable, __file__, "--child", way, "--file", str(file), "--folder", folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found


def main() -> None:
    """Command line → the table on stdout, and in docs/benchmarks.md when asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--date", default="undated")
    parser.add_argument("--write", action="store_true")
    for hidden in ("--child", "--file", "--folder"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        seconds = {"bare": bare, "ours": ours}[arguments.child](Path(arguments.file), Path(arguments.folder))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        print(json.dumps({**seconds, "wall": sum(seconds.values()), "peak": peak}))
        return
    parts, before = [], record.load()
    with tempfile.TemporaryDirectory() as name:
        for size in arguments.sizes:
            file = Path(name) / f"{size}.csv"
            subprocess.run([sys.executable, "-c", "import sys, loading; loading.make(int(sys.argv[1]), "
                            "__import__('pathlib').Path(sys.argv[2]))", str(size), str(file)],
                           cwd=Path(__file__).parent, check=True)  # fmt: skip
            runs: dict[str, list[dict[str, float]]] = {"bare": [], "ours": [], "command": []}
            for _ in range(arguments.runs):
                for way, done in runs.items():
                    done.append(child(way, file))
            parts.append(table(size, file.stat().st_size / 2**20, runs))
    with_polars = record.versions(sys.executable, ["polars"])
    about = (f"{arguments.date}, 20 columns, medians of {arguments.runs}. {record.machine()}. "
             f"Winnow {record.commit()} with {with_polars}. Load of the machine {before}–{record.load()}.")  # fmt: skip
    text = "\n\n".join([about, *parts])
    print(text)
    if arguments.write:
        record.write_section("loading", text)


def table(size: int, megabytes: float, runs: dict[str, list[dict[str, float]]]) -> str:
    """Figures of each way → their medians, and the speed against bare Polars."""
    middle = {way: {k: statistics.median(r[k] for r in done) for k in done[0]} for way, done in runs.items()}
    rows = []
    for way, label in (("bare", BARE), ("ours", OURS), ("command", COMMAND)):
        m = middle[way]
        steps = ", ".join(f"{k} {v:.2f}" for k, v in m.items() if k not in ("wall", "peak"))
        peak = f"{m['peak']:,.0f}" if "peak" in m else ""
        rows.append([label, f"{m['wall']:.2f}", f"{middle['bare']['wall'] / m['wall']:.2f}", peak, steps])
    head = [f"{size:,} rows, {megabytes:,.0f} MB", "seconds", "speed against Polars", "peak MB", "steps"]
    return record.table(head, rows)


if __name__ == "__main__":
    main()
