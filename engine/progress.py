"""How long work reports: `progress(stage, share)` is called with a stage's name and its share done, 0…1.

A callback may raise `errors.Cancelled` to stop the work; every stage is written so that stopping there leaves
nothing half-written.
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

Progress = Callable[[str, float], None]
_T = TypeVar("_T")


def silent(stage: str, share: float) -> None:
    """(stage, share done) → nothing; the default when nobody watches."""


class Stopwatch:
    """Runs a stage and notes its seconds. Measuring is not a hidden clock: nothing computed depends on it."""

    def __init__(self, progress: Progress, seconds: Mapping[str, float] = MappingProxyType({})) -> None:
        self.progress, self.seconds = progress, dict(seconds)

    def __call__(self, stage: str, work: Callable[[], _T]) -> _T:
        """Name of a stage, its work → what the work gives; progress is told where it begins and where it ends."""
        self.progress(stage, 0.0)
        start = time.perf_counter()
        result = work()
        self.seconds[stage] = round(time.perf_counter() - start, 3)
        self.progress(stage, 1.0)
        return result
