"""How long work reports: `progress(stage, share)` is called with a stage's name and its share done, 0…1.

A callback may raise `errors.Cancelled` to stop the work; every stage is written so that stopping there leaves
nothing half-written.
"""

from collections.abc import Callable

Progress = Callable[[str, float], None]


def silent(stage: str, share: float) -> None:
    """(stage, share done) → nothing; the default when nobody watches."""
