"""What the measuring scripts share: what was measured on, and where the results are kept (docs/benchmarks.md)."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"


def write_section(name: str, text: str) -> None:
    """A marked section of docs/benchmarks.md → the page with this text in it; the rest of the page stays."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page, marked = PAGE.read_text("utf-8"), f"{begin}\n{text.strip()}\n{end}"
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    made = found.sub(lambda _: marked, page) if found.search(page) else f"{page.rstrip()}\n\n{marked}\n"
    PAGE.write_text(made, "utf-8")


def machine() -> str:
    """→ what was measured on, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, Python {platform.python_version()}"


def versions(python: Path | str, packages: Sequence[str]) -> str:
    """An interpreter, packages → their versions there."""
    code = (
        "import sys; from importlib.metadata import version as v; print(', '.join(f'{p} {v(p)}' for p in sys.argv[1:]))"
    )
    done = subprocess.run([str(python), "-c", code, *packages], capture_output=True, text=True)
    return done.stdout.strip() or "unknown versions"


def commit() -> str:
    """→ the commit that was measured, with a + when files differ from it."""
    said = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True)
    return said.stdout.strip() or "no commit"


def load() -> float:
    """→ how many processes wanted a core over the last minute: measure when it is low."""
    return round(os.getloadavg()[0], 1)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Header, rows → a Markdown table, aligned also for people who read it raw."""
    lines = [[str(cell) for cell in row] for row in (head, *rows)]
    width = [max(len(line[i]) for line in lines) for i in range(len(head))]
    dash = ["-" * (width[0])] + ["-" * (w - 1) + ":" for w in width[1:]]
    drawn = [
        [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, width, strict=True))]
        for line in lines
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in [drawn[0], dash, *drawn[1:]])
