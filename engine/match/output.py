"""A Match → the files of the command line: clusters.csv, pairs.parquet, rules.yaml, summary.json."""

import json
import resource
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from polars import selectors as cs

import engine
from engine.files import write_atomically
from engine.match import conditions
from engine.match.run import Match
from engine.rules import dump_all

AT_ONCE = 1_000_000  # pairs that are written


def write(matches: Mapping[str, Match], folder: Path, *, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """Match per entity, folder → writes the four files, each whole or not at all; gives back the summary.

    Of several entities the files hold all records, and the summary adds them up and keeps each one's figures.
    """
    each = {entity: summarise(one) for entity, one in matches.items()}
    summary = {**(_added(each) if len(each) > 1 else next(iter(each.values()))), **(extra or {})}
    clusters = pl.concat([one.clusters for one in matches.values()])
    rules = dump_all({entity: one.rules for entity, one in matches.items()})
    write_atomically(folder / "clusters.csv", clusters.write_csv)
    write_atomically(folder / "pairs.parquet", lambda path: _write_pairs(matches, path))
    write_atomically(folder / "rules.yaml", lambda path: path.write_text(rules, encoding="utf-8"))
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    write_atomically(folder / "summary.json", lambda path: path.write_text(text, encoding="utf-8"))
    return summary


def _write_pairs(matches: Mapping[str, Match], path: Path) -> None:
    """Match per entity → all their candidate pairs in one Parquet file, some at a time.

    Levels of one name may differ between entities, so those of several become text.
    """
    if len(matches) == 1:
        (one,) = matches.values()
        schema = pair_table(one, one.pairs.head(0)).to_arrow().schema
        few = [name for name in schema.names if name not in ("left_id", "right_id")]  # no ranges of ids
        with pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=few, write_statistics=few) as writer:
            for frame in _frames(one):
                writer.write_table(pair_table(one, frame).to_arrow())
        return
    tables = [pair_table(one, frame) for one in matches.values() for frame in _frames(one)]
    pl.concat([table.with_columns(cs.enum().cast(pl.String)) for table in tables], how="diagonal").write_parquet(path)


def _frames(match: Match) -> Iterator[pl.DataFrame]:
    """Match → its candidate pairs, a partition or a million at a time."""
    if match.parts is None:
        yield from match.pairs.iter_slices(AT_ONCE)
    else:
        yield from (match.parts.frame(at) for at in range(len(match.parts)))


def _added(each: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Summaries per entity → one that adds their counts and seconds up."""
    counts = ("records", "candidate_pairs", "patterns", "clusters", "duplicates")
    kept = ("pairs_kept_apart", "placeholders_ignored")
    seconds: dict[str, float] = {}
    for one in each.values():
        for stage, spent in one["seconds"].items():
            seconds[stage] = round(seconds.get(stage, 0.0) + spent, 3)
    return {
        "engine_version": engine.__version__,
        "entity": " + ".join(each),
        **{name: sum(one[name] for one in each.values()) for name in (*counts, *kept)},
        "merge_threshold": next(iter(each.values()))["merge_threshold"],
        "seconds": seconds,
        "peak_rss_mb": peak_rss_mb(),
        "entities": dict(each),
    }


def summarise(match: Match) -> dict[str, Any]:
    """Match → its figures. `duplicates`: records that merging every cluster would remove."""
    clusters = match.cluster_count
    return {
        "engine_version": engine.__version__,
        "entity": match.rules.entity,
        "records": len(match.records),
        "candidate_pairs": match.candidates,
        "patterns": len(match.patterns),
        "clusters": clusters,
        "duplicates": len(match.records) - clusters,
        "merge_threshold": match.rules.thresholds.merge,
        "review_threshold": match.rules.thresholds.review,
        "pairs_kept_apart": len(match.splits),
        "oversized_clusters": len(match.oversized),
        "placeholders_ignored": len(match.placeholders),
        "blocking": match.blocking.to_dicts(),
        "seconds": match.seconds,
        "peak_rss_mb": peak_rss_mb(),
    }


def peak_rss_mb() -> int:
    """→ the most memory this process has held so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def pair_table(match: Match, pairs: pl.DataFrame) -> pl.DataFrame:
    """Match, some of its candidate pairs → a table: left_id, right_id, match_weight, match_probability, the levels.

    With conditions in the rules also `verdict`, what they make of the pair, whatever it weighs.
    """
    ids = match.records["record_id"]
    number = pairs["pattern"].to_numpy()
    levels = []
    for comparison in match.rules.comparisons:
        names = ["missing", *(level.name for level in reversed(comparison.levels))]
        codes = match.patterns[comparison.name].to_numpy()[number]
        levels.append(pl.Series(comparison.name, names, dtype=pl.Enum(names)).gather(codes))
    return pl.DataFrame(
        [
            ids.gather(pairs["left"]).alias("left_id"),
            ids.gather(pairs["right"]).alias("right_id"),
            pl.Series("match_weight", match.patterns["match_weight"].round(4).to_numpy()[number]),
            pl.Series("match_probability", match.patterns["match_probability"].round(6).to_numpy()[number]),
            *levels,
            *_verdicts(match, number),
        ]
    )


def _verdicts(match: Match, number: np.ndarray) -> list[pl.Series]:
    if not conditions.asked(match.rules):
        return []
    code = conditions.verdicts(match.patterns)[number]
    return [pl.Series("verdict", conditions.NAMES, dtype=pl.Enum(conditions.NAMES)).gather(code)]
