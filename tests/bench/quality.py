"""Match quality with no set-up, beside the peers' figures and the last committed run.

    python tests/bench/quality.py SETS [--only NAME …] [--write]

SETS is a folder of sets, each `NAME/records.csv` + `NAME/truth.csv` (record_id, cluster_id); a column `source` links
two tables. Every set goes through `python -m engine dedupe` as a user would run it. `--write` makes this run the new
baseline (`tests/bench/quality_baseline.json`). The bundled sample accounts are scored beside the sets.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from engine.match.evaluate import cluster_scores  # noqa: E402

BASELINE = Path(__file__).with_name("quality_baseline.json")
# Pairwise F1 of the clusters: Splink 5 set up by an expert, at 0.95 and at its best threshold; GoldenMatch 3.22.
PEERS = {
    "fake_1000": (0.893, 0.951, 0.194),
    "rldata500": (0.980, 0.990, 0.039),
    "febrl3": (1.000, 1.000, 0.991),
    "febrl4": (1.000, 1.000, 0.994),
    "restaurants": (0.936, 0.949, 0.861),
    "dblp_acm": (0.951, 0.974, 0.924),
    "multiscript_people": (0.732, 0.773, 0.325),
    "ru_companies": (0.521, 0.592, None),
    "china_companies": (0.557, 0.871, None),
}


def score_set(folder: Path) -> dict[str, float]:
    """Folder with records.csv and truth.csv → scores, distance to the best threshold, calibration, seconds."""
    records, truth = folder / "records.csv", pl.read_csv(folder / "truth.csv", infer_schema_length=0)
    header = records.open(encoding="utf-8-sig").readline()
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "engine", "dedupe", str(records), "--out", out]
        if "source" in header.strip().split(","):
            command += ["--link-column", "source"]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if done.returncode:
            print(f"{folder.name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return {}
        clusters = pl.read_csv(Path(out) / "clusters.csv", infer_schema_length=0)
        pairs = pl.read_parquet(Path(out) / "pairs.parquet", columns=["left_id", "right_id", "match_probability"])
        threshold = json.loads((Path(out) / "summary.json").read_text())["merge_threshold"]
    return {
        **{k: round(v, 4) for k, v in cluster_scores(clusters, truth).items()},
        **pair_figures(pairs, truth, threshold),
        "threshold": threshold,
        "seconds": round(seconds, 1),
    }


def pair_figures(pairs: pl.DataFrame, truth: pl.DataFrame, threshold: float) -> dict[str, float]:
    """Scored pairs, truth → pair F1 at the chosen and the best threshold; calibration error of pairs ≥ 0.1."""
    label = truth.select("record_id", cluster="cluster_id")
    judged = (
        pairs.join(label, left_on="left_id", right_on="record_id")
        .join(label, left_on="right_id", right_on="record_id", suffix="_r")
        .select(p="match_probability", match=pl.col("cluster") == pl.col("cluster_r"))
        .sort("p", descending=True)
    )
    size = truth.group_by("cluster_id").len()["len"].cast(pl.Int64)
    total = int((size * (size - 1) // 2).sum())
    f1 = judged.select("p", f=2 * pl.col("match").cum_sum() / (pl.int_range(1, pl.len() + 1) + total))
    chosen = f1.filter(pl.col("p") >= threshold)["f"]
    bins = judged.filter(pl.col("p") >= 0.1).group_by((pl.col("p") * 10).floor()).agg(
        n=pl.len(), said=pl.col("p").mean(), true=pl.col("match").mean())  # fmt: skip
    off = (bins["n"] * (bins["said"] - bins["true"]).abs()).sum() / max(bins["n"].sum(), 1)
    return {
        "candidates_hold": round(judged["match"].sum() / max(total, 1), 4),
        "pair_f1": round(chosen[-1], 4) if len(chosen) else 0.0,
        "pair_f1_best": round(float(f1["f"].max() or 0.0), 4),
        "calibration_error": round(float(off), 4),
    }


def main() -> None:
    """Command line → the table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    before = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    now: dict[str, dict[str, float]] = {}
    print(f"{'set':22}{'F1':>7}{'was':>7}{'prec':>7}{'recall':>7}{'B³':>7}{'cand':>7}{'best':>7}{'calib':>7}{'thr':>7}{'s':>6}"
          f"   Splink .95 / best, GoldenMatch")  # fmt: skip
    for folder in sorted(p.parent for p in arguments.sets.glob("*/truth.csv")):
        if arguments.only and folder.name not in arguments.only:
            continue
        r = score_set(folder)
        if not r:
            continue
        now[folder.name] = r
        was = before.get(folder.name, {}).get("f1")
        peers = " / ".join("–" if v is None else f"{v:.3f}" for v in PEERS.get(folder.name, (None,) * 3))
        print(f"{folder.name:22}{r['f1']:7.3f}{'' if was is None else f'{was:.3f}':>7}"
              f"{r['precision']:7.3f}{r['recall']:7.3f}{r['b3']:7.3f}{r['candidates_hold']:7.3f}{r['pair_f1_best']:7.3f}{r['calibration_error']:7.3f}"
              f"{r['threshold']:7.3f}{r['seconds']:6.1f}   {peers}", flush=True)  # fmt: skip
    if arguments.write:
        BASELINE.write_text(json.dumps({**before, **now}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
