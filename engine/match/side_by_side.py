"""Independent pieces of one stage, side by side: the libraries underneath let go of the interpreter while they work."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.memory import give_back
from engine.progress import Progress

_In = TypeVar("_In")
_Out = TypeVar("_Out")
AT_ONCE = 2


def side_by_side(
    stage: str, pieces: Mapping[str, _In], work: Callable[[_In], _Out], *, progress: Progress, at_once: int = AT_ONCE
) -> dict[str, _Out]:
    """Named pieces, what to do with one → named results in the order of the pieces; progress after each.

    A failure of one piece, or of `progress` (which is how a job is cancelled), ends all: pieces not begun are dropped.
    """
    with ThreadPoolExecutor(at_once) as pool:
        begun = {name: pool.submit(work, piece) for name, piece in pieces.items()}
        try:
            out = {}
            for number, (name, job) in enumerate(begun.items(), start=1):
                out[name] = job.result()
                progress(stage, number / len(begun))
                give_back()
            return out
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
