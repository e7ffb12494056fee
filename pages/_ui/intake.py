"""How exports come in: uploads, the inbox, the bundled sample account → snapshots of the workspace. No drawing."""

import contextlib
import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from engine.progress import Progress
from engine.snapshot import map as mapping
from engine.snapshot import read
from engine.snapshot.mapping import Mapping
from engine.snapshot.table import Table
from engine.snapshot.workspace import Workspace
from pages._ui import cache, jobs, sample, state, work

_OPENING = 2.0  # seconds that opening the sample may take before a panel is drawn for it


def store_uploads(files: list[Any]) -> list[str]:
    """Uploaded files → their paths in a folder of their own; names are taken over only as names."""
    folder = Path(tempfile.mkdtemp(prefix="winnow-"))
    paths = []
    for at, file in enumerate(files):
        name = Path(file.name.replace("\\", "/")).name or f"file {at}"
        path = folder / str(at) / name
        path.parent.mkdir()
        path.write_bytes(file.getbuffer())
        paths.append(str(path))
    return paths


def inbox_folder() -> str:
    """→ where files too large to upload are put."""
    return str(work.workspace().inbox)


def inbox() -> dict[str, int]:
    """→ the files in the inbox: name → bytes."""
    inside = work.workspace().inbox.resolve()
    return {p.relative_to(inside).as_posix(): p.stat().st_size for p in work.workspace().inbox_files()}


def inbox_paths(names: list[str]) -> list[str]:
    """Names of inbox files → their paths."""
    return [str(work.workspace().inbox_file(name)) for name in names]


def begin_keeping() -> None:
    """From now on the draft is to be kept as a snapshot."""
    state.put("keeping", True)
    cache.again(_kept_key())


def keep_snapshot(tables: list[Table], mappings: list[Mapping], as_of: dt.date) -> None:
    """Tables and their mappings → a snapshot in the workspace, which becomes the one in work."""
    kept_in = work.workspace()
    made = cache.ask(_kept_key(), lambda progress: _keep(kept_in, tables, mappings, as_of, progress))
    state.forget("snapshot", "as_of", "cluster", "pair", "keeping")
    state.put("snapshot", made)


def forget_snapshot(which: str) -> None:
    """Delete a snapshot from the workspace."""
    work.workspace().delete(which)
    if state.get("snapshot") == which:
        state.forget("snapshot", "as_of", "cluster", "pair")


def is_new() -> bool:
    """→ whether nobody has worked here yet (the folder is not there or empty), or the sample is just being opened."""
    return _untouched() or cache.room().under_way(_sample_key())


def begin_sample() -> None:
    """From now on the sample account is wanted."""
    state.put("sample", True)
    cache.again(_sample_key())


def sample_wanted() -> bool:
    """→ whether the sample account is to be opened: asked for, or the workspace is new."""
    if _untouched():
        cache.room().drop(_sample_key())
    return bool(state.get("sample")) or is_new()


def load_sample() -> None:
    """The bundled sample account → snapshots in the workspace, one per export; waits for the newest.

    The older ones, which only comparisons over time need, follow while the newest is looked at.
    """
    exports, who, room, kept_in = sample.exports(), state.who(), cache.room(), work.workspace()
    older = ("older", work.path())

    def load(folders: list[Path], progress: Progress) -> bool:
        known = {s.as_of for s in kept_in.snapshots()}
        for folder in folders:
            if folder.name not in known:
                tables = read.read_tables([folder], progress=progress)
                guessed = [mapping.recognise(t) for t in tables]
                _keep(kept_in, tables, guessed, dt.date.fromisoformat(folder.name), progress)
        return True

    def newest(progress: Progress) -> bool:
        load(exports[-1:], progress)
        room.drop(older)
        with contextlib.suppress(jobs.Waiting):
            room.ask(older, lambda said: load(exports[:-1], said), who=who, patience=0)
        return True

    cache.ask(_sample_key(), newest, patience=max(jobs.PATIENCE, _OPENING))
    state.put("sample", None)


def _sample_key() -> jobs.Key:
    return ("sample", work.path())


def _kept_key() -> jobs.Key:
    """What is kept is a visitor's own draft, so nobody else waits for the same."""
    return ("kept", work.path(), state.who())


def _untouched() -> bool:
    folder = Path(work.path())
    return not folder.exists() or not any(folder.iterdir())


def _keep(kept_in: Workspace, tables: list[Table], mappings: list[Mapping], as_of: dt.date, progress: Progress) -> str:
    progress("map", 0.0)
    made = mapping.apply(tables, mappings, as_of=as_of)
    progress("save", 0.0)
    return kept_in.save(made)
