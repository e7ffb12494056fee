"""What the command line says on stderr: a bar on a terminal, a line a stage elsewhere; notes, complaints."""

import sys
import time

from engine.progress import Progress

CELLS = 20  # of the bar


def shown() -> Progress:
    """→ a progress function for this stderr: a bar with the stage, its share and the time it has left, or lines."""
    return _bar() if sys.stderr.isatty() else _lines()


def note(text: str) -> None:
    """A sentence → a line of its own."""
    print(text, file=sys.stderr, flush=True)


def complain(message: str, code: int) -> int:
    """What is wrong, the exit code → one line; gives the code back."""
    print("winnow: " + " ".join(message.split()), file=sys.stderr)
    return code


def left(elapsed: float, share: float) -> str:
    """Seconds that a stage took so far, its share done → how long it has left, in words; nothing while it is short.

    >>> left(10.0, 0.5), left(100.0, 0.25), left(1.0, 0.9), left(5.0, 0.0)
    ('about 10 s left', 'about 5 min left', '', '')
    """
    seconds = elapsed * (1 - share) / share if share > 0 else 0.0
    if seconds < 3:
        return ""
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"


def _bar() -> Progress:
    begun: dict[str, float] = {}

    def progress(stage: str, share: float) -> None:
        """Stage, share done → one line that is written over, with the time left."""
        share = max(0.0, min(1.0, share))
        if share == 0.0 or stage not in begun:
            begun[stage] = time.monotonic()
        filled, end = round(share * CELLS), "\n" if share >= 1 else ""
        rest = left(time.monotonic() - begun[stage], share)
        text = f"\r\x1b[K{stage:<24.24} {'█' * filled:<{CELLS}} {share:4.0%} {rest}"
        print(text.rstrip(), end=end, file=sys.stderr, flush=True)

    return progress


def _lines() -> Progress:
    seen: list[str] = []

    def progress(stage: str, share: float) -> None:
        """Stage, share done → a line for each new stage."""
        if not seen or seen[-1] != stage:
            seen.append(stage)
            print(stage, file=sys.stderr, flush=True)

    return progress
