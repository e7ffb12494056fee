"""Suggestion: a table → rules for it, with no set-up: what to compare, at which levels, and how to find candidates.

Comparisons follow from what each column holds. Blocking rules are chosen by what they find: all sensible rules are
tried on a sample, a first model says which of the pairs they make are probably matches, and rules are taken one by
one, most new matches for the pairs they cost, until the pair budget is spent or nothing new is found.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import msgspec
import numpy as np
import polars as pl

from engine.errors import InputError
from engine.match import block as blocking
from engine.match.encode import Encoded
from engine.match.kinds import KINDS
from engine.match.remembered import Remembered
from engine.match.run import Match, Table, encode_all, match, named, narrow
from engine.match.spill import Keys, Room
from engine.match.stages import kept_stages
from engine.normalise import phones
from engine.progress import Progress, silent
from engine.rules import BlockingRule, Clustering, Comparison, Level, Rules, Veto
from engine.schema import ENTITIES
from engine.snapshot.headers import field_of

SAMPLE = 25_000  # records on which blocking rules are tried, at least, …
PER_ROOT = 50  # … and so many times the root of their number: then as many matches meet, however large the table
PAIRS_PER_RECORD = 10  # the pair budget, at least …
LEAST_BUDGET = 200_000  # … this many pairs, which take no time
FILLED = 0.02  # columns with fewer values than this share of records say too little to compare
PAIRS_PER_MATCH = 500  # candidate pairs that each new match may cost …
FREE_PAIRS = 1_000_000  # … beyond these many, which are compared in seconds
NEW_MATCHES = 0.0005  # a blocking rule must find at least this share of the matches that no other rule found
UNLIKE_DATES = 0.02  # of the matches may hold unlike birth dates, and a veto on them still be suggested
NAMES = ("family_name", "given_name", "patronymic")
# One comparison over all columns of these kinds; columns of other kinds are compared one by one.
TOGETHER = ("person_name", "phone", "email", "website", "given_name", "family_name", "patronymic")


def suggest(
    records: Table,
    *,
    entity: str,
    region: str | None = None,
    kinds: Mapping[str, str | None] | None = None,
    source: str | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Rules:
    """Records → rules whose weights and thresholds are left for the run to estimate.

    `kinds`: column → kind of value (schema.KINDS) or None; without it the entity's fields. `region`: the country that
    phones are dialled from; without it `region_of` the records. `source`: as in `match`.
    """
    open_ = _open_rules(records, entity, region, kinds, source)
    keys = encode_all(records, open_, progress=progress)
    return _trial(records, open_, keys, source=source, seed=seed, progress=progress)[0]


def suggest_and_match(
    records: Table,
    *,
    entity: str,
    region: str | None = None,
    kinds: Mapping[str, str | None] | None = None,
    source: str | None = None,
    judgements: pl.DataFrame | None = None,
    room: Room | None = None,
    remembered: Remembered | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Match:
    """Records → Match under suggested rules: what `suggest` and then `match` give, with nothing done twice.

    `room`: the memory it may take, and where on disk the rest goes. `remembered`: as in `match`.
    """
    began = time.perf_counter()
    open_ = _open_rules(records, entity, region, kinds, source)
    tight = room is not None and room.tight(len(records))
    stages = kept_stages(remembered, open_) if source is None and not tight else None
    keys = encode_all(records, open_, room=room, remembered=remembered, stages=stages, progress=progress)
    encoded = time.perf_counter()
    trial: list[Match] = []

    def tried() -> Rules:
        values = None if remembered is None else remembered.about(None)
        rules, match = _trial(records, open_, keys, source=source, remembered=values, seed=seed, progress=progress)
        if len(match.records) == len(records) and not tight:
            trial.append(match)  # of all records: it knows all pairs already; another would only stand beside them
        return rules

    rules = stages.suggested(seed, tried) if stages else tried()
    suggested = time.perf_counter()
    if trial:
        found = narrow(replace(trial[0], judgements=judgements), rules, seed=seed, progress=progress)
        if (stages := kept_stages(remembered, rules)) and source is None:
            pairs = found.pairs.drop("pattern")
            stages.pairs(lambda: (pairs, found.blocking))
            stages.similarities(seed, lambda names: ({n: found.similarities[n] for n in names}, dict(found.by_chance)))
    else:
        found = match(records, rules, judgements=judgements, source=source, keys=keys, remembered=remembered, room=room,
                      seed=seed, progress=progress)  # fmt: skip
    spent = {"encode": round(encoded - began, 3), "suggest": round(suggested - encoded, 3)}
    return replace(found, seconds={**found.seconds, **spent})


def _open_rules(
    records: Table, entity: str, region: str | None, kinds: Mapping[str, str | None] | None, source: str | None
) -> Rules:
    """Records → rules that name their comparisons and vetoes, and no blocking yet."""
    known = kinds if kinds is not None else ENTITIES[entity]
    comparisons = propose_comparisons(records, known)
    if not comparisons:
        raise InputError(
            "no column holds names, companies, phones or anything else to compare: check the mapping of the columns",
            code="nothing_to_compare",
        )
    dialled = region or region_of(records, [column for column, kind in known.items() if kind == "phone"])
    return Rules(
        entity=entity,
        region=dialled,
        comparisons=comparisons,
        blocking=(),
        vetoes=_vetoes(comparisons),
        clustering=Clustering(one_per_source=source is not None),
    )


def region_of(records: Table, phones_in: Sequence[str] = ()) -> str:
    """Records, their phone columns → the country whose dialling rules the local numbers follow.

    The script of the text says where to begin; the numbers themselves overrule it when another country reads clearly
    more of them.

    >>> region_of(pl.DataFrame({"name": ["Пётр", "Анна"]})), region_of(pl.DataFrame({"name": ["王伟"]}))
    ('RU', 'CN')
    """
    text = records.head(2000).select(pl.concat_str(pl.all().cast(pl.String), ignore_nulls=True)).to_series()
    cyrillic, han, latin = (
        int(text.str.count_matches(f"[{letters}]").sum()) for letters in ("\u0400-\u04ff", "\u4e00-\u9fff", "A-Za-z")
    )
    guess = "RU" if 4 * cyrillic >= latin and cyrillic else "US"
    if 3 * han >= max(cyrillic, latin) and han:  # one Han character says as much as a few letters
        guess = "CN"
    numbers = [records[column].cast(pl.String).head(20_000) for column in phones_in if column in records.columns]
    return phones.likely_region(pl.concat(numbers), default=guess) if numbers else guess


def propose_comparisons(records: Table, kinds: Mapping[str, str | None]) -> tuple[Comparison, ...]:
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


def _filled(records: Table, kinds: Mapping[str, str | None]) -> dict[str, float]:
    """Columns worth comparing → share of records that have a value."""
    out = {}
    for column, kind in kinds.items():
        if kind is None or column not in records.columns:
            continue
        values = records[column].cast(pl.String).str.strip_chars().drop_nulls()
        values = values.filter(values != "")
        share = len(values) / max(len(records), 1)
        if share >= FILLED and (values != values[0]).any():
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
    """Comparisons → vetoes: tax ids that are both right and differ, birth dates that have nothing in common.

    Of dates only birthdays never change; when a contract was signed says nothing about whom with.
    """
    return tuple(
        Veto(c.name, limit)
        for c in comparisons
        if (limit := KINDS[c.kind].veto) is not None
        and (c.kind != "date" or all(field_of(column, "contact") == "birth_date" for column in c.columns))
    )


def _reliable(rules: Rules, trial: Match) -> tuple[Veto, ...]:
    """Rules and their trial → the vetoes that the table bears out.

    A check digit vouches for a tax id; nothing vouches for a birth date. Where the records of one person often hold
    unlike ones, as the trial's classes of matches say, a birth date stays evidence and forbids nothing.
    """
    matches = [one for one in trial.rules.weights.classes if one.match]
    pairs = sum(one.share for one in matches)
    kinds = {c.name: c.kind for c in rules.comparisons}

    def unlike(veto: Veto) -> float:
        return sum(one.share * one.levels[veto.comparison][0] for one in matches) / pairs

    return tuple(v for v in rules.vetoes if kinds[v.comparison] != "date" or unlike(v) <= UNLIKE_DATES)


def possible_blocking(comparisons: Sequence[Comparison]) -> tuple[BlockingRule, ...]:
    """Comparisons → every sensible blocking rule: keys alone, and keys two by two of different comparisons."""
    alone = [BlockingRule(f"{c.name} {key}", (f"{c.name}.{key}",)) for c in comparisons for key in KINDS[c.kind].alone]
    joinable = [(c.name, key) for c in comparisons for key in KINDS[c.kind].joint]
    joint = [
        BlockingRule(f"{a} {ka} + {b} {kb}", (f"{a}.{ka}", f"{b}.{kb}"))
        for (a, ka), (b, kb) in combinations(joinable, 2) if a != b
    ]  # fmt: skip
    return (*alone, *joint)


def _trial(
    records: Table,
    rules: Rules,
    keys: tuple[Mapping[str, Encoded], pl.DataFrame],
    *,
    source: str | None,
    remembered: Remembered | None = None,
    seed: int,
    progress: Progress,
) -> tuple[Rules, Match]:
    """Records, open rules, their keys → rules with blocking within the pair budget, and the trial they come from.

    The trial is a Match of a sample (or of all records, when they are few) under every blocking rule that can be
    afforded. In a sample groups are smaller by the share drawn, pairs by its square; caps and budget shrink alike.
    """
    size = len(records)
    encoded, sample = keys[0], records
    if size > SAMPLE or isinstance(encoded, Keys):
        rows = pl.int_range(size, eager=True)
        drawn = max(SAMPLE, round(PER_ROOT * size**0.5))
        rows = rows.sample(drawn, seed=seed, shuffle=False) if size > drawn else rows
        sample = named(records, source)[rows]
        encoded = {name: one.of(rows.to_numpy()) for name, one in keys[0].items()}
    share = len(sample) / max(size, 1)
    budget = max(LEAST_BUDGET, PAIRS_PER_RECORD * size) * share**2
    every = possible_blocking(rules.comparisons)
    possible = [msgspec.structs.replace(rule, cap=max(2, round(rule.cap * share))) for rule in every]
    tried = _affordable(encoded, possible, budget)
    open_ = msgspec.structs.replace(rules, blocking=tried)
    trial = match(sample, open_, source=source, keys=(encoded, keys[1]), remembered=remembered, seed=seed,
                  progress=progress)  # fmt: skip
    free = min(FREE_PAIRS * share**2, budget)
    chosen = _cover(trial.pairs["found_by"].to_numpy(), trial.probability, tried, budget=budget, free=free)
    full = {rule.name: rule for rule in every}
    rules = msgspec.structs.replace(rules, vetoes=_reliable(rules, trial))
    return msgspec.structs.replace(rules, blocking=tuple(full[rule.name] for rule in chosen)), trial


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
    found_by: np.ndarray, probability: np.ndarray, rules: Sequence[BlockingRule], *, budget: float, free: float
) -> tuple[BlockingRule, ...]:
    """Which rules found each pair and its P(match) → rules by new matches per pair, until little is new.

    Greedy cover by gain per cost (budgeted maximum coverage: Khuller, Moss & Naor 1999). While no more than `free`
    pairs are spent, any new match is worth its pairs; from then on each may cost PAIRS_PER_MATCH of them.
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
                and (spent + cost <= free or cost <= PAIRS_PER_MATCH * gain)
                and gain > best_worth * (cost + 1)
            ):
                best, best_worth, best_gain, best_cost = i, gain / (cost + 1), gain, cost
        if best < 0 or best_gain <= 0:
            break
        chosen.append(rules[best])
        spent += best_cost
        open_ &= ~((masks >> np.uint32(best)) & np.uint32(1)).astype(bool)
    return tuple(chosen) or tuple(rules[:4])
