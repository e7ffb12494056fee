"""Truth, judged pairs and hard negatives of a made-up account, in the same three files for every account."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random


@dataclass(frozen=True)
class Candidate:
    record_id: str
    cluster: str  # key of the person or company that the record stands for
    entity: str  # contact | company
    name: str
    phone: str  # a phone that colleagues share, or ""


def _table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _colleagues(known: list[Candidate]) -> list[tuple[Candidate, Candidate]]:
    """Contacts of different people that share an office phone: one pair per phone."""
    by_phone: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in known:
        if candidate.phone and candidate.entity == "contact":
            by_phone[candidate.phone].append(candidate)
    pairs = []
    for group in by_phone.values():
        others = [c for c in group if c.cluster != group[0].cluster]
        pairs += [(group[0], others[0])] if others else []
    return pairs


def write_truth(
    folder: Path,
    known: list[Candidate],
    negatives: list[tuple[str, str, str]],
    rng: Random,
    *,
    judges: list[str],
    pairs: int,
) -> None:
    """Records with their clusters, look-alikes (cluster, cluster, why) → truth.csv, judgements.csv, hard_negatives.csv.

    About half of the judged pairs match, the others are look-alikes and colleagues; three in a hundred are unsure.
    """
    clusters: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in known:
        clusters[candidate.cluster].append(candidate)
    _table(folder / "truth.csv", ("record_id", "cluster_id"), ((c.record_id, c.cluster) for c in known))

    alike = [(a, b, why) for left, right, why in negatives for a in clusters[left][:1] for b in clusters[right][:1]]
    alike += [(a, b, "colleagues on one phone") for a, b in _colleagues(known)]
    ordered = [(*sorted((a.record_id, b.record_id)), a.entity, why) for a, b, why in alike]
    _table(folder / "hard_negatives.csv", ("left_id", "right_id", "entity", "reason"), sorted(ordered))

    same = [pair for group in clusters.values() for pair in combinations(group, 2)]
    judged = [(a, b, "match") for a, b in rng.sample(same, min(len(same), pairs // 2))]
    for entity, share in (("contact", 0.7), ("company", 0.3)):
        some = [(a, b, "non_match") for a, b, _ in alike if a.entity == entity]
        judged += rng.sample(some, min(len(some), int((pairs - pairs // 2) * share)))
    rest = iter(rng.sample(known, len(known)))
    while len(judged) < pairs:  # plainly different records
        a, b = next(rest), next(rest)
        if a.entity == b.entity and a.cluster != b.cluster:
            judged.append((a, b, "non_match"))
    rng.shuffle(judged)
    when, rows = datetime(2026, 11, 2, 10, 0, 0), []
    for number, (a, b, verdict) in enumerate(judged):
        when += timedelta(seconds=rng.randrange(4, 50))
        left, right = sorted((a.record_id, b.record_id))
        verdict = "unsure" if number % 33 == 32 else verdict
        rows.append((left, right, verdict, rng.choice(judges), when.isoformat(), a.entity))
    _table(folder / "judgements.csv", ("left_id", "right_id", "verdict", "judge", "judged_at", "entity"), rows)
