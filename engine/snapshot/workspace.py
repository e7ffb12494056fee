"""`Workspace`: the folder in which snapshots live, with their rules, judgements, holds, schedule and settings.

    snapshots/<id>/   manifest.json, a Parquet file per entity, rejects.parquet
    inbox/            files too large to upload are put here
    rules/<name>.yaml · judgements.jsonl · holds.yaml · schedule.yaml · account.json
    remembered/       what was worked out of the snapshots' values, to be deleted at any time (engine.match.remembered)

Whatever is written appears whole or not at all: it is written beside, flushed to disk, then renamed.
"""

import contextlib
import datetime as dt
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from engine.errors import InputError, WorkspaceError
from engine.files import write_atomically
from engine.snapshot.assemble import Snapshot, Source
from engine.snapshot.judgements import Judgements
from engine.snapshot.store import read_frame, write_frame

SHOWN = 16  # digits of a snapshot's id that name its folder
SHORTEST = 4
FORMAT = 1
_NAME = re.compile(r"[^\W_][\w \-]{0,63}")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


class SnapshotInfo(msgspec.Struct, frozen=True):
    """What a workspace knows of a snapshot without opening it. `rows`: entity → records."""

    id: str
    as_of: str | None
    rows: dict[str, int]
    rejects: int
    sources: tuple[Source, ...]
    files: dict[str, int]
    format: int = FORMAT


class Workspace:
    """A folder that holds one account's work. It is made when it is first written to."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_dir():
            raise WorkspaceError(f"{str(path)!r} is a file: name a folder for the workspace")

    # Snapshots --------------------------------------------------------------------------------------------------------

    def save(self, snapshot: Snapshot, *, as_of: dt.date | None = None) -> str:
        """Snapshot → its id; one with the same content takes the place of the old one."""
        target = self._folder("snapshots") / snapshot.id[:SHOWN]
        beside = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
        try:
            tables = {**snapshot.frames, "rejects": snapshot.rejects}
            sizes = {
                f"{name}.parquet": write_frame(frame, beside / f"{name}.parquet") for name, frame in tables.items()
            }
            day = as_of or snapshot.as_of
            info = SnapshotInfo(
                id=snapshot.id,
                as_of=day.isoformat() if day else None,
                rows={name: frame.height for name, frame in snapshot.frames.items()},
                rejects=snapshot.rejects.height,
                sources=snapshot.sources,
                files=sizes,
            )
            _write(beside / "manifest.json", msgspec.json.encode(info))
            _flush(beside)
            self._put_in_place(beside, target)
        except OSError as error:
            raise WorkspaceError(f"the snapshot cannot be saved ({error.strerror}): check the disk") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return snapshot.id

    def snapshots(self) -> list[SnapshotInfo]:
        """→ what is known of each snapshot that is whole enough to tell, by day of export, the newest last."""
        found = []
        for folder in self._recover():
            with contextlib.suppress(WorkspaceError):
                found.append(self._info(folder))
        return sorted(found, key=lambda info: (info.as_of or "", info.id))

    def load(self, id: str) -> Snapshot:
        """A snapshot's id, or its beginning → `Snapshot`. Raises WorkspaceError when it is missing or damaged."""
        folder = self._find(id)
        info = self._info(folder)
        for name, size in info.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size:
                raise _damaged(info.id)
        try:
            rejects = read_frame(folder / "rejects.parquet")
            frames = {entity: read_frame(folder / f"{entity}.parquet") for entity in info.rows}
        except (pl.exceptions.PolarsError, OSError, ValueError, KeyError) as error:
            raise _damaged(info.id) from error
        if {entity: frame.height for entity, frame in frames.items()} != info.rows:
            raise _damaged(info.id)
        day = dt.date.fromisoformat(info.as_of) if info.as_of else None
        return Snapshot(id=info.id, frames=frames, rejects=rejects, sources=info.sources, as_of=day)

    def delete(self, id: str) -> None:
        """A snapshot's id, or its beginning → it is gone from the workspace, with all that was remembered of values."""
        folder = self._find(id)
        doomed = folder.with_name(f".gone-{folder.name}-{os.getpid()}")
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        shutil.rmtree(self.remembered, ignore_errors=True)

    @property
    def remembered(self) -> Path:
        """→ the folder of what was worked out of the snapshots' values: personal data, as they are."""
        return self.path / "remembered"

    # Inbox ------------------------------------------------------------------------------------------------------------

    @property
    def inbox(self) -> Path:
        """→ the folder in which large files are put; made when it is not there."""
        return self._folder("inbox")

    def inbox_files(self) -> list[Path]:
        """→ the files in the inbox, by name; links that lead out of it are left out."""
        inside = self.inbox.resolve()
        files = (p for p in sorted(inside.rglob("*")) if p.is_file() and not p.name.startswith("."))
        return [p for p in files if p.resolve().is_relative_to(inside)]

    def inbox_file(self, name: str) -> Path:
        """A name as `inbox_files` shows it → its path. Raises InputError for what is not in the inbox."""
        inside = self.inbox.resolve()
        try:
            path = (inside / name).resolve()
            there = path.is_relative_to(inside) and path.is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            raise InputError(
                f"{name!r} is not in the inbox: put the file into {str(self.inbox)!r}", code="not_in_inbox"
            )
        return path

    # Judgements, rules, texts, settings -------------------------------------------------------------------------------

    @property
    def _judgements(self) -> Judgements:
        return Judgements(self.path / "judgements.jsonl")

    def judgements(self, entity: str | None = None) -> pl.DataFrame:
        """→ schema.JUDGEMENTS, the latest verdict of each judge on each pair."""
        return self._judgements.read(entity)

    @property
    def judgements_mark(self) -> tuple[int, int]:
        """→ what changes with every judgement: as long as it is the same, `judgements` gives the same."""
        return self._judgements.mark

    def judge(self, row: dict[str, str]) -> None:
        """A row of schema.JUDGEMENTS → it is kept, in the order of the ids that pairs have."""
        self._folder()
        self._judgements.add(row)

    def take_back(self, row: dict[str, str]) -> None:
        """A judgement that was added → what stood before it stands again; nothing is erased."""
        self._folder()
        self._judgements.take_back(row)

    def judge_all(self, rows: Sequence[dict[str, str]]) -> int:
        """Rows of schema.JUDGEMENTS → all are kept, or none if one of them says nothing; how many."""
        self._folder()
        return self._judgements.add_all(rows)

    def rule_files(self) -> list[str]:
        """→ the names under which rules are kept."""
        return sorted(p.stem for p in self._there("rules") if p.suffix == ".yaml")

    def rules(self, name: str) -> str:
        """A name → the text of the rules kept under it. Raises WorkspaceError when there are none."""
        return self._read(Path("rules") / f"{_safe(name)}.yaml")

    def save_rules(self, name: str, text: str) -> None:
        """(name, text of rules) → kept under that name. Raises InputError for a name that cannot be a file's."""
        _write(self._folder("rules") / f"{_safe(name)}.yaml", text.encode())

    def text(self, name: str) -> str | None:
        """`holds` or `schedule` → its text, or None when there is none yet."""
        path = self.path / f"{_known_text(name)}.yaml"
        return self._read(Path(path.name)) if path.exists() else None

    def save_text(self, name: str, text: str) -> None:
        """(`holds` or `schedule`, its text) → kept."""
        _write(self._folder() / f"{_known_text(name)}.yaml", text.encode())

    def account(self) -> dict[str, Any]:
        """→ the account's settings (quota_bytes, region …); none yet: empty."""
        if not (self.path / "account.json").exists():
            return {}
        try:
            settings = json.loads(self._read(Path("account.json")))
        except ValueError as error:
            raise WorkspaceError("account.json is damaged: delete it and set the account's settings again") from error
        if not isinstance(settings, dict):
            raise WorkspaceError("account.json is damaged: delete it and set the account's settings again")
        return settings

    def save_account(self, settings: dict[str, Any]) -> None:
        """Settings that JSON can hold → kept, in place of all earlier ones."""
        text = json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True)
        _write(self._folder() / "account.json", text.encode())

    # ------------------------------------------------------------------------------------------------------------------

    def _folder(self, name: str = "") -> Path:
        folder = self.path / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"the workspace cannot be written ({error.strerror}): choose another folder"
            ) from error
        return folder

    def _there(self, name: str) -> list[Path]:
        folder = self.path / name
        return list(folder.iterdir()) if folder.is_dir() else []

    def _read(self, name: Path) -> str:
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WorkspaceError(f"{name.as_posix()} is not in the workspace, or is damaged") from error

    def _recover(self) -> list[Path]:
        """→ the folders of the snapshots; one that a crash left between its old and its new content gets the old."""
        folders = {p.name: p for p in self._there("snapshots") if p.is_dir()}
        for name, folder in folders.items():
            target = folder.with_name(name.removeprefix(".old-").partition("-")[0])
            if name.startswith(".old-") and target.name not in folders:
                folder.rename(target)
        return sorted(p for p in self._there("snapshots") if p.is_dir() and not p.name.startswith("."))

    def _find(self, id: str) -> Path:
        wanted = id.strip().lower()[:SHOWN]
        if re.fullmatch(rf"[0-9a-f]{{{SHORTEST},{SHOWN}}}", wanted):
            found = [p for p in self._recover() if p.name.startswith(wanted)]
            if len(found) == 1:
                return found[0]
            if found:
                raise WorkspaceError(f"{len(found)} snapshots begin with {id!r}: give more of the id")
        raise WorkspaceError(f"there is no snapshot {id!r} in the workspace: load the export first")

    def _info(self, folder: Path) -> SnapshotInfo:
        try:
            info = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=SnapshotInfo)
        except (OSError, msgspec.DecodeError) as error:
            raise _damaged(folder.name) from error
        if info.format > FORMAT:
            raise WorkspaceError(f"snapshot {folder.name} was written by a newer version: update, or load it again")
        return info

    def _put_in_place(self, beside: Path, target: Path) -> None:
        old = target.with_name(f".old-{target.name}-{os.getpid()}")
        if target.exists():
            target.rename(old)
        beside.rename(target)
        _flush(target.parent)
        shutil.rmtree(old, ignore_errors=True)


def _safe(name: str) -> str:
    if not _NAME.fullmatch(name) or name.strip() != name or name.lower() in _RESERVED:
        raise InputError(
            f"{name!r} cannot be a name: use letters, digits, spaces, - and _, at most 64", code="bad_name"
        )
    return name


def _known_text(name: str) -> str:
    if name not in ("holds", "schedule"):
        raise InputError(f"{name!r} is not kept in a workspace: use holds or schedule", code="bad_name")
    return name


def _damaged(id: str) -> WorkspaceError:
    return WorkspaceError(f"snapshot {id[:SHOWN]} is damaged: delete it and load the export again", code="damaged")


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, lambda scratch: scratch.write_bytes(content))


def _flush(folder: Path) -> None:
    """Makes the names in a folder last; only POSIX knows how."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
