"""The command line: one verb per job, calling the same functions the pages call.

Results go to stdout (`--json` for machines), progress to stderr (a bar on a terminal). Exit code 0: done; 2: usage or
input that cannot be used, in one clear line; 1: a failure of ours; 3: done, and a rule test is red. A verb is a row of
`VERBS`: what it is for, which arguments it takes, and a function (arguments, progress) → `Outcome`. Imports stay inside
the verbs so that `--help` is quick.
"""

import argparse
import datetime as dt
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine import terminal
from engine.errors import Cancelled, InputError, WinnowError
from engine.files import read_text
from engine.memory import PROGRAM
from engine.progress import Progress

DONE, FAILED, REFUSED, RED = 0, 1, 2, 3
FREELY = 7  # times a file's size: with more memory than that, what is freed may be kept for the next use
SOON = 5  # times a file's size, and what the program takes: with less memory than both, it goes back at once


class Outcome(NamedTuple):
    """What a verb found: `data` for `--json`, `text` for people. The last line of `text` is the thing to go on with."""

    data: dict[str, Any]
    text: str
    code: int = DONE


class Verb(NamedTuple):
    """One row of the table of verbs."""

    purpose: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Progress], Outcome]


def main(argv: Sequence[str] | None = None) -> int:
    """Command line arguments → exit code; prints the outcome, or the one line that says what is wrong."""
    arguments = _parser().parse_args(argv)
    progress = terminal.shown()
    try:
        outcome = VERBS[arguments.verb].run(arguments, progress)
        print(json.dumps(outcome.data, ensure_ascii=False, default=str) if arguments.json else outcome.text)
        return outcome.code
    except Cancelled as error:
        return terminal.complain(str(error), FAILED)
    except WinnowError as error:
        return terminal.complain(str(error), REFUSED)
    except KeyboardInterrupt:
        return terminal.complain("stopped; nothing was left half-written", FAILED)
    except MemoryError:
        return terminal.complain("out of memory; close other programs or load fewer files at once", FAILED)
    except Exception as error:
        return terminal.complain(
            f"internal failure ({type(error).__name__}); please report it with what you did", FAILED
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine", description="Find CRM duplicates and stale files.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        sub = verbs.add_parser(name, help=verb.purpose, description=verb.purpose)
        verb.arguments(sub)
        sub.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as 2026-01-31") from None


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if not found or float(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write it as 8GB or 500MB")
    return int(float(found[1]) * (1 << 10 * " kmgt".index(found[2] or " ")))


def _memory_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--memory-limit", default="8GB", type=_bytes, metavar="SIZE",
                        help="what does not fit waits on disk, in --out, and is gone afterwards")  # fmt: skip


# load ----------------------------------------------------------------------------------------------------------------


def _load_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="files, folders or ZIP archives of exports")
    parser.add_argument("--workspace", required=True, type=Path, help="the folder in which snapshots live")
    parser.add_argument("--as-of", type=_date, help="the day the export was made")
    parser.add_argument("--encoding", help="the encoding of the text files, when the detected one is wrong")
    parser.add_argument("--delimiter", help="the delimiter of the CSV files, when the detected one is wrong")


def load(arguments: argparse.Namespace, progress: Progress) -> Outcome:
    """Export files → a snapshot in the workspace, and its id."""
    from engine.snapshot import map, read, workspace

    tables = read.read_tables(
        arguments.paths, encoding=arguments.encoding, delimiter=arguments.delimiter, progress=progress
    )
    if not any(table.frame.height for table in tables):
        raise InputError("there are no rows to load: the files hold headers only; export them again with records")
    progress("map", 0.0)
    snapshot = map.apply(tables, [map.recognise(table) for table in tables], as_of=arguments.as_of)
    progress("save", 0.0)
    workspace.Workspace(arguments.workspace).save(snapshot)
    progress("save", 1.0)
    rows = {entity: frame.height for entity, frame in snapshot.frames.items()}
    reasons = dict(snapshot.rejects["reason"].value_counts(sort=True).iter_rows())
    sources = [
        {"file": s.file, "format": s.format, "encoding": s.encoding, "delimiter": s.delimiter, "rows": s.rows}
        | {"rejects": s.rejects, "crm": s.crm, "profile": s.mapping.profile, "notes": s.notes}
        for s in snapshot.sources
    ]
    counts = [f"{entity}: {count}" for entity, count in rows.items()]
    refused = [f"rejects: {sum(reasons.values())}", *(f"  {reason}: {count}" for reason, count in reasons.items())]
    data = {"snapshot": snapshot.id, "rows": rows, "rejects": reasons, "sources": sources}
    return Outcome(data, "\n".join([*counts, *refused, snapshot.id]))


# dedupe --------------------------------------------------------------------------------------------------------------


def _dedupe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="one table: CSV, XLSX, JSON, Parquet")
    parser.add_argument("--out", default=Path(), type=Path, metavar="DIR", help="where the results go")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="rules to use; without it they are suggested")
    parser.add_argument("--entity", choices=("auto", "contact", "company"), default="auto")
    parser.add_argument("--id-column", metavar="NAME", help="default: record_id, ID or id, else the row number")
    parser.add_argument("--link-column", metavar="NAME", help="pairs only across different values of this column")
    _memory_argument(parser)
    parser.add_argument("--as-of", type=_date, metavar="DATE")


def dedupe(arguments: argparse.Namespace, progress: Progress) -> Outcome:
    """One table → clusters.csv, pairs.parquet, rules.yaml, summary.json."""
    size, limit = arguments.file.stat().st_size if arguments.file.is_file() else 0, arguments.memory_limit
    if size * FREELY > limit:
        # How soon memory that Polars frees goes back: it is told when it is first imported. At once costs much time.
        wait = 0 if size * SOON + PROGRAM > limit else 1000
        os.environ.setdefault("_RJEM_MALLOC_CONF", f"dirty_decay_ms:{wait},muzzy_decay_ms:0")
    from engine.match.dedupe import dedupe as run

    summary = run(
        arguments.file,
        arguments.out,
        rules=arguments.rules,
        entity=arguments.entity,
        id_column=arguments.id_column,
        link_column=arguments.link_column,
        memory=arguments.memory_limit,
        say=terminal.note,
        progress=progress,
    )
    text = "{records} records, {clusters} clusters, {duplicates} duplicates".format(**summary)
    return Outcome(summary, f"{text}; written to {arguments.out}")


# match ---------------------------------------------------------------------------------------------------------------


def _match_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshot", metavar="SNAPSHOT", help="the id, or its beginning, that load printed")
    parser.add_argument("--workspace", required=True, type=Path)
    parser.add_argument("--rules", type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    _memory_argument(parser)


def match(arguments: argparse.Namespace, progress: Progress) -> Outcome:
    """A snapshot → clusters and pairs per entity."""
    from engine.match.account import match_account
    from engine.match.output import write
    from engine.match.remembered import Remembered
    from engine.match.spill import Room
    from engine.rules import load_all
    from engine.snapshot.workspace import Workspace

    workspace = Workspace(arguments.workspace)
    snapshot = workspace.load(arguments.snapshot)
    rules = load_all(read_text(arguments.rules, "the rules")) if arguments.rules else {}
    judgements = {entity: workspace.judgements(entity) for entity in ("contact", "company")}
    room = Room(arguments.memory_limit, arguments.out, terminal.note)
    known = Remembered(workspace.remembered)
    found = match_account(snapshot, rules, judgements=judgements, room=room, remembered=known, progress=progress)
    if not found:
        raise InputError("the snapshot holds fewer than two contacts or companies: nothing to compare")
    summary = write(found, arguments.out, extra={"snapshot": snapshot.id})
    text = "{records} records, {clusters} clusters, {duplicates} duplicates".format(**summary)
    return Outcome(summary, f"{text}; written to {arguments.out}")


# audit ---------------------------------------------------------------------------------------------------------------


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshot", metavar="SNAPSHOT", help="the id, or its beginning, that load printed")
    parser.add_argument("--workspace", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")


def audit(arguments: argparse.Namespace, progress: Progress) -> Outcome:
    """A snapshot → storage.json and tables of what fills the storage."""
    from engine.snapshot.workspace import Workspace
    from engine.storage.audit import audit as run
    from engine.storage.usage import Quota

    work = Workspace(arguments.workspace)
    progress("audit", 0.0)
    figures = run(work.load(arguments.snapshot), arguments.out, limits=Quota(bytes=work.account().get("quota_bytes")))
    progress("audit", 1.0)
    text = "{bytes:,} bytes in use, {freeable_bytes:,} could be freed (as of {as_of})".format(**figures)
    return Outcome(figures, f"{text}\n{arguments.out / 'storage.json'}")


# plan ----------------------------------------------------------------------------------------------------------------

TARGETS = ("amocrm", "bitrix24", "hubspot", "zoho", "salesforce", "csv")


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshot", metavar="SNAPSHOT", help="the id, or its beginning, that load printed")
    parser.add_argument("--workspace", required=True, type=Path)
    parser.add_argument("--rules", type=Path, metavar="FILE")
    parser.add_argument("--schedule", type=Path, metavar="FILE")
    parser.add_argument("--target", choices=TARGETS, default="csv")
    parser.add_argument("--as-of", required=True, type=_date, metavar="DATE")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")


def plan(arguments: argparse.Namespace, progress: Progress) -> Outcome:
    """A snapshot, rules and a schedule → the plan as one ZIP."""
    from engine.match.remembered import Remembered
    from engine.plan.make import make
    from engine.retention import schedule
    from engine.rules import load_all
    from engine.snapshot.workspace import Workspace

    work = Workspace(arguments.workspace)
    rules = load_all(read_text(arguments.rules, "the rules")) if arguments.rules else {}
    policy = read_text(arguments.schedule, "the schedule") if arguments.schedule else work.text("schedule")
    holds = work.text("holds")
    figures = make(
        work.load(arguments.snapshot),
        arguments.out,
        as_of=arguments.as_of,
        rules=rules,
        schedule=schedule.load(policy) if policy else None,
        holds=schedule.load_holds(holds) if holds else (),
        judgements={entity: work.judgements(entity) for entity in ("contact", "company")},
        target=arguments.target,
        remembered=Remembered(work.remembered),
        progress=progress,
    )
    counts = ", ".join(f"{action}: {count}" for action, count in figures["actions"].items())
    text = f"{counts or 'nothing to do'}; {figures['bytes_freed']:,} bytes freed"
    return Outcome(figures, f"{text}\n{arguments.out / 'plan.zip'}")


# test-rules ----------------------------------------------------------------------------------------------------------


def _test_rules_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rules", required=True, type=Path, metavar="FILE", help="a rules.yaml that a run has written")
    parser.add_argument("--tests", type=Path, metavar="FILE", help="a CSV of test pairs; default: the bundled ones")


def test_rules(arguments: argparse.Namespace, progress: Progress) -> Outcome:
    """Rules and a table of test pairs → which tests are green; exit code 3 when one is red."""
    from engine.match import rule_tests
    from engine.rules import load_all

    rules = load_all(read_text(arguments.rules, "the rules"))
    given = None if arguments.tests is None else rule_tests.load(read_text(arguments.tests, "the tests").encode())
    results = []
    for done, (entity, used) in enumerate(rules.items(), start=1):
        table = rule_tests.starter(used.region) if given is None else given
        results += [(entity, result) for result in rule_tests.run_tests(used, table)]
        progress("test", done / len(rules))
    if not results:
        raise InputError(f"there are no tests for {' or '.join(rules)}: add rows with that entity", code="no_tests")
    red = [(entity, result) for entity, result in results if not result.passed]
    tests = [
        {"entity": entity, "number": r.number, "expected": r.expected, "got": r.got, "passed": r.passed}
        | {"reason": r.reason, "match_probability": r.explanation.probability, "veto": r.veto}
        | {"verdict": r.explanation.verdict, "decided_by": [list(ground) for ground in r.explanation.decided_by]}
        | {"parts": {part.comparison: round(part.weight, 2) for part in r.explanation.parts}}
        for entity, r in results
    ]
    lines = [
        f"red: {entity} test {r.number}: expected {r.expected}, got {r.got} "
        f"({r.explanation.probability:.3f}): {r.reason}"
        for entity, r in red
    ]
    lines.append(f"{len(results) - len(red)} of {len(results)} tests are green")
    data = {"green": len(results) - len(red), "red": len(red), "tests": tests}
    return Outcome(data, "\n".join(lines), RED if red else DONE)


# query ---------------------------------------------------------------------------------------------------------------


def _query_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshot", metavar="SNAPSHOT", help="the id, or its beginning, that load printed")
    parser.add_argument("sql", metavar="SQL", help="a SELECT over contact, company, deal, file, link")
    parser.add_argument("--workspace", required=True, type=Path)


def query(arguments: argparse.Namespace, progress: Progress) -> Outcome:
    """A snapshot and one SQL question → the answer as CSV."""
    from engine.snapshot.query import query as ask
    from engine.snapshot.workspace import Workspace

    rows = ask(Workspace(arguments.workspace).load(arguments.snapshot), arguments.sql)
    return Outcome({"rows": rows.to_dicts()}, rows.write_csv().rstrip())


VERBS = {
    "load": Verb("read export files into a snapshot", _load_arguments, load),
    "dedupe": Verb("find the duplicates in one table", _dedupe_arguments, dedupe),
    "match": Verb("find the duplicates in a snapshot", _match_arguments, match),
    "audit": Verb("see what fills the storage", _audit_arguments, audit),
    "plan": Verb("write the plan: merges, deletions, archives", _plan_arguments, plan),
    "test-rules": Verb("hold rules against pairs whose verdict is known", _test_rules_arguments, test_rules),
    "query": Verb("ask a snapshot in SQL", _query_arguments, query),
}

if __name__ == "__main__":
    sys.exit(main())
