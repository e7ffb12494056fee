"""Do the 95 % intervals of precision and recall hold the truth 95 times in 100?

    python tests/bench/coverage.py [--accounts 1000] [--seed 2027] [--write]

Each simulated account is a pattern table whose truth is known and a model that is right or wrong about it in one of
the ways of `MODELS`. Judgements are drawn as on the Review page, in batches, by `sampling.next_pairs`; then the
interval at the threshold under discussion, and at another that was never discussed, is held against the truth. The
bundled sample accounts, matched as a user would match them, are drawn from again and again beside them. `--write` puts
the tables into docs/coverage.md.
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

# The matrices are small: threads of the linear algebra library would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import polars as pl

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from engine.match import evaluate, sampling  # noqa: E402

PAGE = ROOT / "docs" / "coverage.md"
START, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
JUDGED = (30, 100, 300, 1000)
BATCHES = 4
OTHER = 0.9  # the threshold that nobody discussed


class Model(NamedTuple):
    """True log-odds = shift + slope · model's log-odds + noise per pattern + bump for scores between 1 and 4.

    `twins` of the pairs are no match however high they score, `hidden` of the matches score as if they were none.
    """

    name: str
    shift: float = 0.0
    slope: float = 1.0
    noise: float = 0.0
    bump: float = 0.0
    twins: float = 0.0
    hidden: float = 0.0


MODELS = (
    Model("right"),
    Model("too sure of matches", shift=-2.0),
    Model("too sure of non-matches", shift=2.0),
    Model("too sure of both", slope=0.6),
    Model("not sure enough", slope=1.35),
    Model("right on average, wrong by pattern", noise=1.2),
    Model("takes colleagues for matches", bump=-3.5),
    Model("sure of twins", twins=0.05),
    Model("matches hidden far down", hidden=0.02),
    Model("wrong in every way", shift=-1.0, slope=0.75, noise=1.0, bump=-1.5, twins=0.02, hidden=0.01),
)


class Held(NamedTuple):
    """One interval held against the truth."""

    account: str
    judged: int
    measure: str
    discussed: bool
    low: float
    high: float
    true: float

    @property
    def covers(self) -> bool:
        return self.low - 1e-9 <= self.true <= self.high + 1e-9


def account(model: Model, rng: np.random.Generator, *, most: float = 200_000) -> tuple[Any, np.ndarray]:
    """A model → patterns and pairs as `next_pairs` reads them of a Match; whether each pair is a match."""
    size = int(np.exp(rng.uniform(np.log(2_000), np.log(most))))
    patterns = int(np.clip(size ** rng.uniform(0.5, 0.75), 60, 4000))
    share = np.exp(rng.uniform(np.log(0.005), np.log(0.3)))
    duplicate = rng.random(patterns) < 0.3
    odds = np.where(
        duplicate,
        rng.normal(rng.uniform(4, 9), rng.uniform(2, 4), patterns),
        rng.normal(rng.uniform(-12, -6), rng.uniform(2, 5), patterns),
    )
    common = rng.pareto(1.2, patterns) + 0.2
    common *= np.where(duplicate, share / common[duplicate].sum(), (1 - share) / common[~duplicate].sum())
    count = rng.multinomial(size, common / common.sum())
    odds, count = odds[count > 0], count[count > 0]
    bumped = np.where((odds > 1) & (odds < 4), model.bump, 0.0)
    true = model.shift + model.slope * odds + rng.normal(0, model.noise, len(odds)) + bumped
    pattern = np.repeat(np.arange(len(count)), count)
    is_match = rng.random(size) < ((1 - model.twins) / (1 + np.exp(-true)))[pattern]
    low = np.flatnonzero((odds[pattern] < 0) & (odds[pattern] > -10) & ~is_match)
    lost = min(round(model.hidden * is_match.sum()), len(low) // 2)
    is_match[rng.choice(low, lost, replace=False)] = True
    return as_match(odds, count), is_match


def as_match(odds: np.ndarray, count: np.ndarray) -> Any:
    """Log-odds of each pattern, its pairs → what `next_pairs` reads of a Match; pairs are in the order of patterns."""
    size = int(count.sum())
    side = int(np.ceil(np.sqrt(size)))
    at = np.arange(size)
    return SimpleNamespace(
        records=pl.DataFrame({"record_id": [str(i) for i in range(2 * side)]}),
        pairs=pl.DataFrame({
            "left": (at // side).astype(np.uint32),
            "right": (side + at % side).astype(np.uint32),
            "pattern": np.repeat(np.arange(len(count), dtype=np.uint32), count),
        }),
        patterns=pl.DataFrame({
            "pattern": np.arange(len(count), dtype=np.uint32),
            "pairs": count.astype(np.int64),
            "match_weight": odds / np.log(2),
            "match_probability": 1 / (1 + np.exp(-odds)),
        }),
    )  # fmt: skip


def judge(match: Any, is_match: np.ndarray, chosen: pl.DataFrame, so_far: pl.DataFrame | None) -> pl.DataFrame:
    """Pairs to judge → the judgements so far and theirs, by a judge who knows the truth."""
    side = len(match.records) // 2
    row = chosen["left_id"].cast(pl.Int64).to_numpy() * side + chosen["right_id"].cast(pl.Int64).to_numpy() - side
    said = chosen.select(
        "left_id", "right_id",
        verdict=pl.Series(np.where(is_match[row], "match", "non_match"), dtype=pl.String), judged_at=pl.lit("2026"),
    )  # fmt: skip
    return said if so_far is None else pl.concat([so_far, said])


def hold(name: str, match: Any, is_match: np.ndarray, *, count: int, around: float, seed: int) -> list[Held]:
    """An account → its intervals after `count` judgements drawn around a threshold, held against the truth."""
    judged: pl.DataFrame | None = None
    for batch in np.array_split(np.arange(count), BATCHES):
        chosen = sampling.next_pairs(match, judged, around=around, count=len(batch), seed=seed)
        judged = judge(match, is_match, chosen, judged)
    per_pattern = np.bincount(match.pairs["pattern"].to_numpy()[is_match], minlength=len(match.patterns))
    truth = evaluate.Truth(per_pattern, int(per_pattern.sum()))
    at = [around, OTHER]
    counts = evaluate_counts(match, judged)
    said = evaluate.curve(match.patterns, judged=counts, thresholds=at, seed=seed)
    true = evaluate.curve(match.patterns, truth=truth, thresholds=at)
    return [
        Held(
            name,
            count,
            measure,
            row == 0,
            said[f"{measure}_low"][row],
            said[f"{measure}_high"][row],
            true[measure][row],
        )
        for measure in ("precision", "recall")
        for row in range(len(at))
    ]


def evaluate_counts(match: Any, judged: pl.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Judgements → judged matches and non-matches per pattern."""
    from engine.match.judged import judged_counts

    counts = judged_counts(match.records, match.pairs, len(match.patterns), judged)
    assert counts is not None
    return counts


def simulated(accounts: int, *, seed: int, most: float = 200_000, judged: Sequence[int] = JUDGED) -> Iterator[Held]:
    """How many accounts → their intervals; models and numbers of judgements take turns."""
    for number in range(accounts):
        yield from one_account(number, seed=seed, most=most, judged=judged)


def one_account(number: int, *, seed: int, most: float = 200_000, judged: Sequence[int] = JUDGED) -> list[Held]:
    """The number of a simulated account → its intervals."""
    rng = np.random.default_rng([seed, number])
    model = MODELS[number % len(MODELS)]
    match, is_match = account(model, rng, most=most)
    count = judged[number // len(MODELS) % len(judged)]
    around = float(rng.choice([0.3, 0.5, 0.7, 0.9, 0.97]))
    return hold(model.name, match, is_match, count=count, around=around, seed=number)


def table(held: list[Held], by: str) -> str:
    """Intervals → a Markdown table: coverage and median width of each group, and of all."""
    frame = pl.DataFrame(
        [{**h._asdict(), "covers": h.covers, "width": h.high - h.low} for h in held], infer_schema_length=None
    ).with_columns(pl.when("discussed").then(pl.lit("discussed")).otherwise(pl.lit("other")).alias("threshold"))
    rows = [f"| {by} | precision: holds | width | recall: holds | width | intervals |", "|---|---|---|---|---|---|"]
    groups = [*frame.group_by(by, maintain_order=True), (("**all**",), frame)]
    for (name,), group in groups:
        cells = []
        for measure in ("precision", "recall"):
            of = group.filter(measure=measure)
            cells.append(f"{of['covers'].mean():.1%} | ±{100 * of['width'].median() / 2:.1f}")
        rows.append(f"| {name} | {' | '.join(cells)} | {group.height} |")
    return "\n".join(rows) + "\n"


def samples(repeats: int) -> Iterator[Held]:
    """The bundled accounts → intervals from ever other judgements of the same account."""
    from engine.match.account import match_account
    from engine.snapshot import map, read

    for folder, name in ((p.parent, p.parent.name) for p in sorted((ROOT / "sample_data").glob("*/truth.csv"))):
        exports = sorted(p for p in folder.iterdir() if p.is_dir()) or [folder]
        hidden = {"truth.csv", "judgements.csv", "hard_negatives.csv"}
        files = [p for p in sorted(exports[-1].iterdir()) if p.name not in hidden and p.suffix in (".csv", ".json")]
        tables = read.read_tables(files)
        found = match_account(map.apply(tables, [map.recognise(t) for t in tables]))
        truth = pl.read_csv(folder / "truth.csv", infer_schema=False)
        for entity, match in found.items():
            true = evaluate.against(match, truth).per_pattern
            light = as_match(match.patterns["match_weight"].to_numpy() * np.log(2), match.patterns["pairs"].to_numpy())
            is_match = np.concatenate([np.arange(n) < t for n, t in zip(match.patterns["pairs"], true, strict=True)])
            around = match.rules.thresholds.merge or 0.5
            for repeat in range(repeats):
                count = JUDGED[repeat % len(JUDGED)]
                if count < len(is_match) / 2:
                    yield from hold(f"{name} {entity}", light, is_match, count=count, around=around, seed=repeat)


def main() -> None:
    """Command line → the tables on stdout, and in docs/coverage.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=100, help="of each bundled sample account")
    parser.add_argument("--seed", type=int, default=2027)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        made = pool.map(partial(one_account, seed=arguments.seed), range(arguments.accounts), chunksize=10)
        held = [one for several in made for one in several]
    parts = [f"### {arguments.accounts} simulated accounts\n"]
    parts += [table(held, by) for by in ("account", "judged", "threshold")]
    real = list(samples(arguments.repeats)) if arguments.repeats else []
    if real:
        parts += ["### The bundled sample accounts\n", table(real, "account")]
    figures = "\n".join(parts)
    print(figures)
    if arguments.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
        PAGE.write_text(before + "\n" + figures + "\n" + after, encoding="utf-8")


if __name__ == "__main__":
    main()
