"""What is tried out: rules kept under a name, rule tests, and what is to be judged next. No drawing."""

import datetime as dt
import io

import polars as pl

from engine import rules as rule_files
from engine.errors import InputError
from engine.match import rule_tests, versions
from engine.match.evaluate import BlockedOut, blocked_out
from engine.match.rule_tests import Result
from engine.match.run import Match
from engine.match.versions import Difference
from engine.rules import Rules
from engine.schema import JUDGEMENTS
from pages._ui import cache, desk, state, work

POINTS = 3.0  # how closely precision and recall are to be known, in points of a hundred


def saved(of: str) -> dict[str, Rules]:
    """→ the rules kept for this entity, by name; a file that is no such set is passed over."""
    kept = {name: work.version(of, name) for name in work.workspace().rule_files()}
    return {name: rules for name, rules in kept.items() if rules is not None}


def save(of: str, name: str, rules: Rules) -> None:
    """Keep rules under a name, for everybody, and go on from them: the link of the page now reopens them."""
    if name in work.workspace().rule_files() and work.version(of, name) is None:
        raise InputError(f"{name!r} holds rules of another kind: choose another name", code="bad_name")
    work.workspace().save_rules(name, rule_files.dump(rules))
    open_saved(of, name)


def open_saved(of: str, name: str) -> None:
    """Use the rules kept under a name, with their thresholds."""
    with state.one_step():
        work.reset(of)
        state.put(f"version_{of}", name)


def difference(of: str, rules: Rules, found: Match) -> Difference:
    """→ what changes from those rules to the match in use."""
    every = work.base(of, found.rules)
    base = every if set(rules.blocking) <= set(every) else ()
    before = cache.match(work.path(), work.snapshot_id() or "", of, rules, work.judgements(of), base=base)
    return versions.difference(before, found)


def tests(rules: Rules) -> pl.DataFrame:
    """→ the tests of the workspace, else those that come along for the language of the records."""
    return cache.tests(desk.read(work.path(), "rule_tests", None), rules.region)


def keep_tests(of: str, rules: Rules, edited: pl.DataFrame) -> None:
    """Keep the tests of this entity in place of the old ones; those of the other entity stay."""
    others = tests(rules).filter(pl.col("entity") != of)
    own = edited.with_columns(entity=pl.lit(of)).select("entity", pl.exclude("entity"))
    whole = rule_tests.checked(pl.concat([own.cast(pl.String), others], how="diagonal"))
    desk.write(work.path(), "rule_tests", whole.to_dicts())


def use_tests(content: bytes | None) -> None:
    """The bytes of a CSV of tests → kept in place of all; None: back to those that come along."""
    desk.write(work.path(), "rule_tests", None if content is None else rule_tests.load(content).to_dicts())


def results(rules: Rules, table: pl.DataFrame) -> list[Result]:
    """→ what the rules say of each test."""
    return cache.rule_tests(work.path(), rules, table)


def mutations(of: str, rules: Rules) -> pl.DataFrame:
    """→ recall by kind of error."""
    return cache.mutations(work.path(), work.snapshot_id() or "", of, rules)


def next_pairs(of: str, found: Match, *, count: int, seed: int) -> pl.DataFrame:
    """→ pairs to judge next, chosen for what is known least at the thresholds in use."""
    used = found.rules.thresholds
    around = [t for t in (used.merge, used.review) if t is not None]
    here = (work.path(), work.snapshot_id() or "", of)
    return cache.next_pairs(*here, found, work.judgements(of), around=around, count=count, seed=seed)


def needed(of: str, found: Match) -> int | None:
    """→ how many more judgements until precision and recall at the merge threshold are known to ± POINTS."""
    here, merge = (work.path(), work.snapshot_id() or "", of), found.rules.thresholds.merge or 0.5
    return cache.needed(*here, found, work.judgements(of), around=merge, points=POINTS)


def unseen(found: Match) -> BlockedOut:
    """→ the matches that blocking cannot see, as estimated."""
    return blocked_out(found)


def import_judgements(of: str, content: bytes, *, now: dt.datetime) -> int:
    """The bytes of a CSV of judgements → kept beside those there are; gives how many.

    Needs left_id, right_id and verdict; a missing judge stays empty, a missing time is now.
    """
    try:
        table = pl.read_csv(io.BytesIO(content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(
            "the file is not a CSV table in UTF-8: save it as CSV", code="judgements_unreadable"
        ) from error
    for column in ("left_id", "right_id", "verdict"):
        if column not in table.columns:
            raise InputError(f"the column {column!r} is missing: export judgements to see the form", code="judgement")
    rows = [{k: v for k, v in row.items() if k in JUDGEMENTS and v} for row in table.iter_rows(named=True)]
    rows = [{"entity": of, "judged_at": now.isoformat(timespec="milliseconds"), **row} for row in rows]
    return work.workspace().judge_all([row for row in rows if row["entity"] == of])
