"""Plan + snapshot → one ZIP, the same bytes for the same input; `verify` reads it back.

The archive's comment seals it: SHA-256 of the archive with the digits of the seal itself set to 0. It shows damage,
not who made the plan.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from engine import __version__
from engine.cells import csv
from engine.plan.backup import backup
from engine.plan.build import Plan
from engine.plan.compile import compile_for
from engine.plan.reasons import Sentences, english
from engine.plan.sheets import with_sentences, workbook
from engine.retention import schedule as schedules
from engine.rules import Rules, digest, dump

if TYPE_CHECKING:
    from engine.snapshot.map import Snapshot

FORMAT = 1  # of the archive; a reader refuses what it does not know
EPOCH = (1980, 1, 1, 0, 0, 0)
SEAL = b"winnow-seal-sha256:"


def export(
    plan: Plan,
    snapshot: "Snapshot",
    *,
    rules: Mapping[str, Rules] | None = None,
    schedule: schedules.Schedule | None = None,
    target: str = "csv",
    sentences: Sentences = english,
) -> bytes:
    """Plan, its snapshot, the rules and schedule it was made with, target → bytes of the ZIP.

    `sentences` writes for people, in their language. Raises PlanError when the snapshot is not the plan's.
    """
    files: dict[str, bytes] = {
        "README.txt": _readme(plan, target, sentences),
        "plan.xlsx": workbook(plan, sentences=sentences),
    }
    for name, frame in machine_tables(plan, sentences).items():
        files[f"tables/{name}.csv"] = csv(frame)
        files[f"tables/{name}.jsonl"] = frame.write_ndjson().encode()
    if rules:
        files["rules.yaml"] = "---\n".join(dump(rules[entity]) for entity in sorted(rules)).encode()
    if schedule is not None:
        files["schedule.yaml"] = schedules.dump(schedule).encode()
    files |= backup(plan, snapshot, sentences=sentences)
    files |= compile_for(plan, target, sentences=sentences)
    manifest = _manifest(plan, files, rules or {}, schedule, target)
    return sealed({**files, "manifest.json": manifest})


def machine_tables(plan: Plan, sentences: Sentences = english) -> dict[str, pl.DataFrame]:
    """Plan → table name → frame, as written to tables/."""
    return {
        "items": with_sentences(plan.items, sentences),
        "golden": plan.golden,
        "conflicts": plan.conflicts,
        "moves": plan.moves,
        "dispositions": plan.dispositions,
        "summary": plan.summary,
    }


def sealed(files: Mapping[str, bytes]) -> bytes:
    """File name → content, to the bytes of a ZIP with fixed times and order, sealed in its comment."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, date_time=EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, files[name])
        archive.comment = SEAL + b"0" * 64
    blank = buffer.getvalue()
    return blank[:-64] + hashlib.sha256(blank).hexdigest().encode()


def _manifest(
    plan: Plan,
    files: Mapping[str, bytes],
    rules: Mapping[str, Rules],
    schedule: schedules.Schedule | None,
    target: str,
) -> bytes:
    content: dict[str, Any] = {
        "format": FORMAT,
        "engine": __version__,
        "snapshot": plan.snapshot_id,
        "as_of": plan.as_of.isoformat(),
        "target": target,
        "rules": {entity: digest(rules[entity]) for entity in sorted(rules)},
        "schedule": None if schedule is None else digest(schedule),
        "counts": {name: frame.height for name, frame in machine_tables(plan).items()},
        "actions": dict(plan.items.group_by("action").len().sort("action").iter_rows()),
        "bytes_freed": int(plan.summary["bytes_freed"].sum()),
        "files": {
            name: {"sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name])}
            for name in sorted(files)
        },
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _readme(plan: Plan, target: str, sentences: Sentences) -> bytes:
    values = {"as_of": plan.as_of.isoformat(), "snapshot_id": plan.snapshot_id, "target": target}
    return sentences("readme", values).encode()
