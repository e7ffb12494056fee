"""Writing files so that a kill at any moment leaves the old file or the new one, never half of one."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import WorkspaceError


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
