"""What the live bench asks beside the match: the bytes it draws from, the groups at every threshold. No drawing."""

import numpy as np

from engine.match.outcomes import LARGEST, Outcomes
from engine.match.run import Match
from pages._ui import cache, jobs, work


def table(of: str, found: Match) -> bytes:
    """→ what the tuning bench draws from in the browser, however everything stands."""
    every, vetoes = work.whole(of, found), work.offered(of, found.rules)
    return cache.live_table(work.path(), work.snapshot_id() or "", of, every, vetoes, work.truth(of))


def known(of: str, found: Match, groups: Outcomes | None) -> bytes:
    """→ what it knows beside that of the rules in use, and the groups at every threshold if they are worked out."""
    said = None if work.truth(of) is not None else work.judgements(of)
    return cache.live_known(work.path(), work.snapshot_id() or "", of, work.whole(of, found), found, said, groups)


def outcomes(of: str, found: Match, *, patience: float | None = None) -> Outcomes | None:
    """→ the groups at every merge threshold; None while they are worked out in the background, or were stopped.

    Without `patience` they are not begun.
    """
    try:
        return cache.outcomes(work.path(), work.snapshot_id() or "", of, found, patience=patience)
    except jobs.Waiting:
        return None


def similarity(of: str, found: Match, comparison: str) -> dict[str, list[float]]:
    """→ the pairs of one comparison by similarity, and the matches expected among them."""
    return cache.live_similarity(work.path(), work.snapshot_id() or "", of, comparison, found)


def by_size(found: Match) -> list[tuple[str, int]]:
    """→ the number of records of a group, the largest together, and how many groups have so many."""
    counts = np.bincount(found.group_sizes.clip(max=LARGEST), minlength=LARGEST + 1)
    return [(f"{size}+" if size == LARGEST else str(size), int(counts[size])) for size in range(2, LARGEST + 1)]
