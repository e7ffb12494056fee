"""Headers and content → what each column means."""

from engine.snapshot.kinds import kinds

__all__ = ["kinds"]
