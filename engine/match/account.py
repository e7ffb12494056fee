"""A snapshot's contacts and companies, each with rules of its own → a Match per entity."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from engine.match.remembered import Remembered
from engine.match.run import Match, match
from engine.match.spill import Room
from engine.match.suggest import suggest_and_match
from engine.progress import Progress, silent
from engine.rules import Rules

if TYPE_CHECKING:
    from engine.snapshot.assemble import Snapshot

MATCHED = ("contact", "company")


def match_account(
    snapshot: "Snapshot",
    rules: Mapping[str, Rules] | None = None,
    *,
    judgements: Mapping[str, pl.DataFrame] | None = None,
    room: Room | None = None,
    remembered: Remembered | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Match]:
    """Snapshot → Match per entity that has at least two records; rules are suggested where none are given.

    `room`: the memory that each entity may take, and where on disk the rest goes. `remembered`: as in `match`.
    """
    found = {}
    for entity in MATCHED:
        records = snapshot.frames.get(entity)
        if records is None or len(records) < 2:
            continue
        if room is not None:
            room.check_disk(len(records))
        known = None if remembered is None else remembered.about(f"{snapshot.id}/{entity}")
        given, judged = (rules or {}).get(entity), (judgements or {}).get(entity)
        if given:
            found[entity] = match(
                records, given, judgements=judged, room=room, remembered=known, seed=seed, progress=progress
            )
        else:
            found[entity] = suggest_and_match(
                records,
                entity=entity,
                judgements=judged,
                room=room,
                remembered=known,
                seed=seed,
                progress=progress,
            )
    return found
