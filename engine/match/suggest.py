"""Suggestion: a table → rules for it, with no set-up: what to compare, at which levels, and how to find candidates.

Comparisons follow from what each column holds. Blocking rules are chosen by what they find: all sensible rules are
tried on a sample, a first model says which of the pairs they make are probably matches, and rules are taken one by
one, most new matches for the pairs they cost, until the pair budget is spent or nothing new is found.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np
import polars as pl

from engine.errors import InputError
from engine.match import block as blocking
from engine.match.encode import Encoded, encode
from engine.match.kinds import KINDS
from engine.match.run import match
from engine.progress import Progress, silent
from engine.rules import BlockingRule, Clustering, Comparison, Level, Rules, Veto
from engine.schema import ENTITIES

SAMPLE = 50_000  # records on which blocking rules are tried
PAIRS_PER_RECORD = 10  # the pair budget, at least …
LEAST_BUDGET = 200_000  # … this many pairs, which take no time
FILLED = 0.02  # columns with fewer values than this share of records say too little to compare
NEW_MATCHES = 0.0005  # a blocking rule must find at least this share of the matches that no other rule found
LEAST_YIELD = 1 / 2_000  # … and that many matches for each new pair: everything else is time spent on strangers
NAMES = ("family_name", "given_name", "patronymic")
# One comparison over all columns of these kinds; columns of other kinds are compared one by one.
TOGETHER = ("person_name", "phone", "email", "website", "given_name", "family_name", "patronymic")


def suggest(
    records: pl.DataFrame,
    *,
    entity: str,
    region: str = "RU",
    kinds: Mapping[str, str | None] | None = None,
    source: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Rules:
    """Records → rules whose weights and thresholds are left for the run to estimate.

    `kinds`: column → kind of value (schema.KINDS) or None; without it the entity's fields. `source`: as in `match`.
    """
    known = kinds if kinds is not None else ENTITIES[entity]
    comparisons = propose_comparisons(records, known)
    if not comparisons:
        raise InputError(
            "no column holds names, companies, phones or anything else to compare: check the mapping of the columns",
            code="nothing_to_compare",
        )
    drawn = records.sample(SAMPLE, seed=seed, shuffle=False) if len(records) > SAMPLE else records
    rules = Rules(entity=entity, region=region, comparisons=comparisons, blocking=(), vetoes=_vetoes(comparisons),
                  clustering=Clustering(one_per_source=source is not None))  # fmt: skip
    chosen = choose_blocking(drawn, rules, len(records), source=source, seed=seed, progress=progress)
    return msgspec.structs.replace(rules, blocking=chosen)


def region_of(records: pl.DataFrame) -> str:
    """Records → the country whose dialling rules its local phone numbers follow, guessed from the script of its text.

    >>> region_of(pl.DataFrame({"name": ["Пётр", "Анна"]})), region_of(pl.DataFrame({"name": ["王伟"]}))
    ('RU', 'CN')
    """
    text = (
        records.head(2000).select(pl.concat_str(pl.all().cast(pl.String), ignore_nulls=True).str.join("")).item() or ""
    )
    cyrillic = sum("\u0400" <= c <= "\u04ff" for c in text)
    han = sum("\u4e00" <= c <= "\u9fff" for c in text)
    latin = sum(c.isascii() and c.isalpha() for c in text)
    if 3 * han >= max(cyrillic, latin) and han:  # one Han character says as much as a few letters
        return "CN"
    return "RU" if 4 * cyrillic >= latin and cyrillic else "US"


def propose_comparisons(records: pl.DataFrame, kinds: Mapping[str, str | None]) -> tuple[Comparison, ...]:
    """Records, kind of each column → comparisons with their default levels, near-empty and constant columns left out.

    Values of one kind in several columns (phones, names) are compared together.
    """
    filled = _filled(records, kinds)
    by_kind: dict[str, list[str]] = {}
    for column in filled:
        by_kind.setdefault(str(kinds[column]), []).append(column)
    _choose_name_columns(by_kind, filled)
    made = []
    for kind, columns in by_kind.items():
        for group in [columns] if kind in TOGETHER else [[c] for c in columns]:
            name = kind if kind in TOGETHER else group[0]
            made.append(Comparison(name, kind, tuple(group), tuple(Level(n, at) for n, at in KINDS[kind].levels)))
    return tuple(made)


def _filled(records: pl.DataFrame, kinds: Mapping[str, str | None]) -> dict[str, float]:
    """Columns worth comparing → share of records that have a value."""
    out = {}
    for column, kind in kinds.items():
        if kind is None or column not in records.columns:
            continue
        values = records[column].cast(pl.String).str.strip_chars().replace("", None)
        share = 1 - values.null_count() / max(len(values), 1)
        if share >= FILLED and values.drop_nulls().n_unique() > 1:
            out[column] = share
    return out


def _choose_name_columns(by_kind: dict[str, list[str]], filled: Mapping[str, float]) -> None:
    """Whole names and name parts say the same: keep the parts where they are about as complete, else the whole."""
    parts = [c for kind in NAMES[:2] for c in by_kind.get(kind, [])]
    whole = by_kind.get("person_name", [])
    if whole and len(parts) >= 2 and sum(filled[c] for c in parts) / len(parts) >= 0.9 * max(filled[c] for c in whole):
        del by_kind["person_name"]
    elif whole:
        for kind in NAMES:
            by_kind.pop(kind, None)


def _vetoes(comparisons: Sequence[Comparison]) -> tuple[Veto, ...]:
    return tuple(Veto(c.name, limit) for c in comparisons if (limit := KINDS[c.kind].veto) is not None)


def possible_blocking(comparisons: Sequence[Comparison]) -> tuple[BlockingRule, ...]:
    """Comparisons → every sensible blocking rule: keys alone, and keys two by two of different comparisons."""
    alone = [BlockingRule(f"{c.name} {key}", (f"{c.name}.{key}",)) for c in comparisons for key in KINDS[c.kind].alone]
    joinable = [(c.name, key) for c in comparisons for key in KINDS[c.kind].joint]
    joint = [
        BlockingRule(f"{a} {ka} + {b} {kb}", (f"{a}.{ka}", f"{b}.{kb}"))
        for (a, ka), (b, kb) in combinations(joinable, 2) if a != b
    ]  # fmt: skip
    return (*alone, *joint)


def choose_blocking(
    sample: pl.DataFrame,
    rules: Rules,
    records: int,
    *,
    source: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[BlockingRule, ...]:
    """A sample of `records` records, rules with comparisons → blocking rules within the pair budget."""
    possible = possible_blocking(rules.comparisons)
    encoded, _ = encode(sample, rules.comparisons, region=rules.region, exclusions=rules.exclusions)
    growth = (records / max(len(sample), 1)) ** 2
    budget = max(LEAST_BUDGET, PAIRS_PER_RECORD * records)
    tried = _affordable(encoded, possible, budget / growth)
    trial = msgspec.structs.replace(rules, blocking=tried, vetoes=())
    found = match(sample, trial, source=source, seed=seed, progress=progress)
    return _cover(found.pairs["found_by"].to_numpy(), found.probability, tried, budget / growth)


def _affordable(
    encoded: Mapping[str, Encoded], rules: Sequence[BlockingRule], budget: float
) -> tuple[BlockingRule, ...]:
    """Rules → those that alone keep within half the budget, the most selective first, as many as can be tried."""
    cost = {}
    for rule in rules:
        grouped = blocking.group([encoded[k.partition(".")[0]].key_column(k.partition(".")[2]) for k in rule.keys])
        pairs = grouped.pairs(rule.cap)
        if 0 < pairs <= budget / 2:
            cost[rule] = pairs
    singles = sorted((r for r in cost if len(r.keys) == 1), key=lambda r: cost[r])
    joint = sorted((r for r in cost if len(r.keys) > 1), key=lambda r: cost[r])
    return tuple((singles + joint)[: blocking.MAX_RULES])


def _cover(
    found_by: np.ndarray, probability: np.ndarray, rules: Sequence[BlockingRule], budget: float
) -> tuple[BlockingRule, ...]:
    """Which rules found each pair and its P(match) → rules by new matches per pair, until little is new.

    Greedy cover by gain per cost (budgeted maximum coverage: Khuller, Moss & Naor 1999).
    """
    masks, index = np.unique(found_by, return_inverse=True)
    matches, pairs = np.bincount(index, probability), np.bincount(index).astype(float)
    total = matches.sum()
    open_ = np.ones(len(masks), bool)
    chosen: list[BlockingRule] = []
    spent = 0.0
    while total > 0:
        best, best_worth, best_gain, best_cost = -1, 0.0, 0.0, 0.0
        for i, rule in enumerate(rules):
            new = open_ & ((masks >> np.uint32(i)) & np.uint32(1)).astype(bool)
            gain, cost = matches[new].sum(), pairs[new].sum()
            if (
                rule not in chosen
                and gain >= NEW_MATCHES * total
                and spent + cost <= budget
                and gain > best_worth * (cost + 1)
            ):
                best, best_worth, best_gain, best_cost = i, gain / (cost + 1), gain, cost
        if best < 0 or best_gain <= 0:
            break
        chosen.append(rules[best])
        spent += best_cost
        open_ &= ~((masks >> np.uint32(best)) & np.uint32(1)).astype(bool)
    return tuple(chosen) or tuple(rules[:4])
