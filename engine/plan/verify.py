"""Bytes of a plan ZIP → what is wrong with it; an empty list means it is exactly as it was exported."""

import hashlib
import io
import json
import zipfile
import zlib
from typing import Any, NamedTuple

import polars as pl

from engine.errors import PlanError
from engine.plan.export import FORMAT, SEAL

MAX_UNPACKED = 4_000_000_000  # bytes of all files together
MAX_RATIO = 1_100  # deflate cannot do better than 1,032 to 1


class Problem(NamedTuple):
    """`code`: damaged | seal | no_manifest | manifest | missing | unexpected | changed | counts | too_large."""

    code: str
    path: str
    message: str


def verify(content: bytes) -> list[Problem]:
    """Bytes of a ZIP → problems: seal, manifest, every file's size and SHA-256, counts of the tables."""
    try:
        files = _unpack(content)
    except PlanError as error:
        return [Problem(error.code, "", str(error))]
    problems = [] if _seal_holds(content) else [Problem("seal", "", "the archive was changed or packed again")]
    try:
        manifest = json.loads(files.pop("manifest.json"))
        listed = {name: (str(f["sha256"]), int(f["bytes"])) for name, f in manifest["files"].items()}
        counts = {str(name): int(rows) for name, rows in manifest["counts"].items()}
    except KeyError as error:
        return [*problems, Problem("no_manifest", "manifest.json", f"manifest.json or its part {error} is missing")]
    except (ValueError, TypeError, AttributeError):
        return [*problems, Problem("manifest", "manifest.json", "manifest.json cannot be read")]
    if manifest.get("format") != FORMAT:
        problems.append(Problem("manifest", "manifest.json", f"format {manifest.get('format')!r} is not known here"))
    for name in sorted(listed.keys() | files.keys()):
        problems += _check(name, files.get(name), listed.get(name))
    for name, rows in counts.items():
        table = files.get(f"tables/{name}.jsonl", b"")
        if table.count(b"\n") != rows:
            problems.append(Problem("counts", f"tables/{name}.jsonl", f"{table.count(bytes([10]))} rows, not {rows}"))
    return problems


def read(content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Bytes of a ZIP → (manifest, files). Raises PlanError with the first problem when it does not verify."""
    problems = [p for p in verify(content) if p.code != "seal"]
    if problems:
        worst = problems[0]
        raise PlanError(f"the plan does not verify: {worst.path} {worst.message}; export it again", code="plan_damaged")
    files = _unpack(content)
    return json.loads(files.pop("manifest.json")), files


def table(files: dict[str, bytes], name: str, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Files of a plan, table name, schema → that table."""
    content = files.get(f"tables/{name}.jsonl", b"")
    return pl.read_ndjson(io.BytesIO(content), schema=schema) if content else pl.DataFrame(schema=schema)


def _unpack(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            size = sum(info.file_size for info in infos)
            if size > MAX_UNPACKED or size > MAX_RATIO * max(len(content), 1):
                raise PlanError("the archive would unpack to far more than a plan holds", code="too_large")
            if len({info.filename for info in infos}) < len(infos):
                raise PlanError("the archive holds two files of one name", code="damaged")
            return {info.filename: archive.read(info) for info in infos}
    except zipfile.BadZipFile as error:
        raise PlanError(f"the archive is damaged: {error}", code="damaged") from error
    except (zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise PlanError(f"the archive cannot be unpacked: {type(error).__name__}", code="damaged") from error


def _seal_holds(content: bytes) -> bool:
    if content[-64 - len(SEAL) : -64] != SEAL:
        return False
    return hashlib.sha256(content[:-64] + b"0" * 64).hexdigest().encode() == content[-64:]


def _check(name: str, content: bytes | None, listed: tuple[str, int] | None) -> list[Problem]:
    if content is None:
        return [Problem("missing", name, "is in the manifest but not in the archive")]
    if listed is None:
        return [Problem("unexpected", name, "is in the archive but not in the manifest")]
    if (hashlib.sha256(content).hexdigest(), len(content)) != listed:
        return [Problem("changed", name, "is not what the manifest says")]
    return []
