"""What the people of a workspace have decided, beside its snapshots: small JSON files, replaced whole or not at all.

Decisions about a group of duplicates are kept under the group's members: when a threshold makes another group of
them, the old decision no longer speaks of it.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from engine.files import write_atomically

FOLDER = "desk"


def read(workspace: str, name: str, default: Any) -> Any:
    """(workspace folder, name) → what was kept under that name, else the default."""
    path = Path(workspace) / FOLDER / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return default


def write(workspace: str, name: str, value: Any) -> None:
    """Keep a JSON value under a name; a crash leaves the old one."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    write_atomically(Path(workspace) / FOLDER / f"{name}.json", lambda path: path.write_text(text, encoding="utf-8"))


def group_key(record_ids: list[str]) -> str:
    """The members of a group → the key under which decisions about it are kept."""
    return hashlib.sha256("\x1f".join(sorted(record_ids)).encode()).hexdigest()[:20]
