"""Text files in, and files out so that a kill at any moment leaves the old file or the new one, never half of one."""

import os
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import yaml

from engine.errors import InputError, WorkspaceError

# The parsers of libyaml, where PyYAML was built with it, are ten times faster than its own.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_text(path: Path, what: str) -> str:
    """Path of a UTF-8 file, what it holds → its text, without a byte order mark.

    Raises InputError when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        message = f"cannot read {what} from {path.name}; give a file of UTF-8 text"
        raise InputError(message, code="unreadable_text") from None


def read_yaml(path: Path, *, as_text: bool = False) -> Any:
    """Path of a YAML file of this project → what it holds; `as_text`: every scalar as text ("no" is a word)."""
    loader: Any = _TEXT_LOADER if as_text else _LOADER
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


def write_atomically(path: Path, write: Callable[[Path], Any]) -> None:
    """Target path, a function that writes to the path it is given → the file at the target, whole.

    The folder is made when missing. Raises WorkspaceError when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
        os.close(handle)
        scratch = Path(name)
        try:
            write(scratch)
            scratch.chmod(0o644)
            with scratch.open("rb") as written:
                os.fsync(written.fileno())
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"cannot write {path.name}: {error.strerror}; check the folder and the free space"
        raise WorkspaceError(message) from error


def unnamed(folder: Path, owner: object) -> IO[bytes]:
    """Folder, owner → a file that no folder lists, closed when nobody holds its owner any more."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    weakref.finalize(owner, file.close)
    return file
