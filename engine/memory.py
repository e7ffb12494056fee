"""Memory that is no longer used → back to the system: allocators keep it, and then it stands beside what comes next."""

import ctypes
import sys
from functools import cache
from typing import Any

import pyarrow as pa


def give_back() -> None:
    """→ nothing: what the allocators of Arrow and of the C library keep for later is given back, where they can.

    A million contacts leave some 100 MB behind them in each stage. It takes about a millisecond.
    """
    pa.default_memory_pool().release_unused()
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    """→ glibc's `malloc_trim`, or None elsewhere: other allocators give back by themselves."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
