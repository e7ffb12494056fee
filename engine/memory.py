"""Memory that is no longer used → back to the system: allocators keep it, and then it stands beside what comes next.

Nothing large is imported here until it is needed: the command line asks for `PROGRAM` before it loads anything.
"""

import ctypes
import sys
from functools import cache
from typing import Any

PROGRAM = 500_000_000  # bytes: the program, its reference data and what a small table takes


def give_back() -> None:
    """→ nothing: what the allocators of Arrow and of the C library keep for later is given back, where they can.

    A million contacts leave some 100 MB behind them in each stage. It takes about a millisecond.
    """
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any:
    """→ glibc's `malloc_trim`, or None elsewhere: other allocators give back by themselves."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
