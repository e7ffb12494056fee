"""Rule tests: pairs of records whose verdict people agreed on → which of them given rules get right, and why.

A table of tests has a row per pair: `entity` (contact | company), `expected` (match | non_match | review), `reason`,
and the fields of the two records in columns `left.FIELD` and `right.FIELD`. Contacts without a `name` get one from
their parts. Values are as rare as they can be: a test says what the evidence says, not how common a value is in some
account.
"""

import io
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from engine.errors import InputError, RulesError, UnknownColumn
from engine.match import explain
from engine.match.explain import Explanation
from engine.match.run import Match, match
from engine.progress import Progress, silent
from engine.rules import Rules
from engine.schema import ENTITIES

VERDICTS = ("match", "non_match", "review")
FACTS = ("entity", "expected", "reason")
SIDES = ("left", "right")
TOGETHER = 50  # tests explained at once; between them the work can stop
PACKS = Path(__file__).parents[1] / "reference" / "rule_tests"
_PACK_OF = {"RU": "ru", "BY": "ru", "KZ": "ru", "CN": "zh", "TW": "zh", "HK": "zh"}
_MATCHED = ("contact", "company")


class Result(NamedTuple):
    """One test: `got` is what the rules say, `veto` the comparison whose veto forbids the merge, if one does."""

    number: int
    expected: str
    got: str
    reason: str
    veto: str | None
    explanation: Explanation

    @property
    def passed(self) -> bool:
        """Whether the rules say what was expected."""
        return self.got == self.expected


class Met(NamedTuple):
    """Tests with their numbers, and the match of their records, None where there are none: the same for all rules that
    read the same values in the same way, whatever their levels, weights and conditions."""

    tests: pl.DataFrame
    found: Match | None


def starter(region: str) -> pl.DataFrame:
    """A region such as `RU` → the tests that come along for its language.

    >>> set(starter("CN")["expected"]) <= set(VERDICTS)
    True
    """
    return load((PACKS / f"{_PACK_OF.get(region, 'en')}.csv").read_bytes())


def load(content: bytes) -> pl.DataFrame:
    """The bytes of a CSV file of tests → the table. Raises InputError for what is no such table."""
    try:
        table = pl.read_csv(io.BytesIO(content), infer_schema=False, truncate_ragged_lines=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise InputError(
            "the tests are not a CSV table in UTF-8: save them as CSV with commas", code="tests_unreadable"
        ) from error
    return checked(table.rename({c: c.strip().lstrip("\ufeff") for c in table.columns}))


def checked(table: pl.DataFrame) -> pl.DataFrame:
    """A table of tests → the same as text, empty rows left out. Raises InputError naming the first wrong row."""
    for fact in FACTS[:2]:
        if fact not in table.columns:
            raise UnknownColumn.among(fact, table.columns)
    fields = sorted({f for entity in _MATCHED for f in ENTITIES[entity]})
    known = [*FACTS, *(f"{side}.{field}" for field in fields for side in SIDES)]
    for column in table.columns:
        if column not in known:
            raise UnknownColumn.among(column, known)
    text = table.with_columns(pl.all().cast(pl.String).str.strip_chars().replace("", None))
    text = text.filter(pl.any_horizontal(pl.all().is_not_null()))
    if "reason" not in text.columns:
        text = text.with_columns(reason=pl.lit(None, pl.String))
    for at, (entity, expected) in enumerate(text.select("entity", "expected").iter_rows(), start=1):
        if entity not in _MATCHED:
            raise InputError(f"test {at}: the entity is {' or '.join(_MATCHED)}, not {entity!r}", code="tests_wrong")
        if expected not in VERDICTS:
            raise InputError(
                f"test {at}: expected is one of {', '.join(VERDICTS)}, not {expected!r}", code="tests_wrong"
            )
    return text


def run_tests(
    rules: Rules, table: pl.DataFrame, *, met: Met | None = None, progress: Progress = silent
) -> list[Result]:
    """Completed rules, table of tests → a result for each test of the rules' entity, in the order of the table.

    `met`: what `meet` makes of this table under rules that read the same values in the same way, when it is known.
    Raises RulesError when weights or thresholds are open: they depend on the records and are settled by a run.
    """
    merge, review = rules.thresholds.merge, rules.thresholds.review
    if not rules.weights.classes or merge is None or review is None:
        raise RulesError(
            "these rules leave weights or thresholds open: test the rules.yaml that a run has written",
            code="rules_open",
        )
    tests, found = meet(rules, table, progress=progress) if met is None else met
    results: list[Result] = []
    for some in tests.select("number", "expected", "reason").iter_slices(TOGETHER):
        assert found is not None
        asked = [(f"{number} left", f"{number} right") for number in some["number"]]
        told = explain.pairs(replace(found, rules=rules), asked)
        results += [
            _result(one, number, expected, reason or "", (merge, review))
            for one, (number, expected, reason) in zip(told, some.iter_rows(), strict=True)
        ]
        progress("tests", len(results) / len(tests))
    return results


def meet(rules: Rules, table: pl.DataFrame, *, progress: Progress = silent) -> Met:
    """Completed rules, table of tests → the tests of the rules' entity, their records made comparable."""
    tests = checked(table).with_row_index("number", offset=1).filter(entity=rules.entity)
    return Met(tests, None if tests.is_empty() else match(_records(tests, rules), rules, progress=progress))


def held_against(rules: Rules, results: list[Result]) -> list[Result]:
    """Rules that differ in their thresholds alone, results → the results under them; nothing is compared again."""
    assert rules.thresholds.merge is not None and rules.thresholds.review is not None
    thresholds = rules.thresholds.merge, rules.thresholds.review
    return [r._replace(got=_verdict(r.explanation, thresholds)) for r in results]


def _verdict(told: Explanation, thresholds: tuple[float, float]) -> str:
    merge, review = thresholds
    if told.verdict != "open":
        return {"merge": "match", "review": "review"}.get(told.verdict, "non_match")
    if told.probability < review:
        return "non_match"
    return "match" if told.probability >= merge else "review"


def _result(told: Explanation, number: int, expected: str, reason: str, thresholds: tuple[float, float]) -> Result:
    veto = next((name for ground, name in told.decided_by if ground == "veto"), None)
    return Result(number, expected, _verdict(told, thresholds), reason, veto, told)


def _records(tests: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Tests → two records each, with every column that the rules read."""
    wanted = {column for c in rules.comparisons for column in c.columns}
    fields = sorted(wanted | {c.partition(".")[2] for c in tests.columns if "." in c} | {"name"})
    sides = []
    for side in SIDES:
        there = [pl.col(f"{side}.{f}") if f"{side}.{f}" in tests.columns else pl.lit(None, pl.String) for f in fields]
        ids = pl.concat_str(pl.col("number"), pl.lit(f" {side}")).alias("record_id")
        sides.append(tests.select(ids, *(e.alias(f) for e, f in zip(there, fields, strict=True))))
    records = pl.concat(sides)
    parts: list[str] = [p for p in ("last_name", "first_name", "middle_name") if p in records.columns]
    if rules.entity == "contact" and parts:
        records = records.with_columns(pl.coalesce("name", _whole_name(parts)).alias("name"))
    return records


def _whole_name(parts: list[str]) -> pl.Expr:
    """Name parts → the whole name in the order of its script: 王伟, Петров Пётр Ильич, Anna Maria Bell."""
    western = [p for p in ("first_name", "middle_name", "last_name") if p in parts]
    anything = pl.concat_str(parts, ignore_nulls=True)
    return (
        pl.when(anything.str.contains(r"\p{Han}"))
        .then(anything)
        .when(anything.str.contains(r"\p{Cyrillic}"))
        .then(pl.concat_str(parts, separator=" ", ignore_nulls=True))
        .otherwise(pl.concat_str(western, separator=" ", ignore_nulls=True))
        .replace("", None)
    )
