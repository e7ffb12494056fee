"""What people lay down beside the evidence: key fields, gaps, conditions, exclusions. No drawing.

Every change goes through `work.change`, so that it is undone, saved, downloaded and linked to like any other.
"""

from dataclasses import dataclass

import msgspec
import numpy as np

from engine import rules as rule_files
from engine.match import conditions, versions
from engine.match.run import Match
from engine.match.versions import Difference
from engine.rules import Condition, Exclusion, Rules, Test, validate
from pages._ui import cache, state, work


@dataclass(frozen=True)
class Reach:
    """Candidate pairs a condition speaks of, the matches the evidence expects among them, and what it changes."""

    pairs: int
    matches: float
    changed: int


def reach(found: Match, condition: Condition) -> Reach:
    """A condition, in use or not yet → how far it reaches, counted on the patterns."""
    rules, patterns = found.rules, found.patterns
    known = {c.name: c for c in rules.comparisons}
    held = conditions.holds(condition, known, conditions.blanks_read(rules.comparisons, patterns))
    others = tuple(c for c in rules.conditions if c.name != condition.name)
    sides = [
        conditions.merged(
            conditions.with_verdicts(msgspec.structs.replace(rules, conditions=asked), patterns),
            rules.thresholds.merge or 1.0,
        )
        for asked in (others, (*others, condition))
    ]
    pairs, p = patterns["pairs"].to_numpy(), patterns["match_probability"].to_numpy()
    spoken = ~held if condition.then == "needed" else held
    return Reach(int(pairs[spoken].sum()), float((p * pairs)[spoken].sum()), int(pairs[sides[0] != sides[1]].sum()))


def decided(found: Match) -> dict[str, int]:
    """→ candidate pairs by what conditions and key fields make of them: merge, apart, review, never."""
    verdict, pairs = conditions.verdicts(found.patterns), found.patterns["pairs"].to_numpy()
    counted = np.bincount(verdict, weights=pairs, minlength=len(conditions.NAMES))
    return {name: int(n) for name, n in zip(conditions.NAMES, counted, strict=True) if name != "open" and n}


def set_keys(of: str, *, primary: list[str], secondary: list[str], gaps: list[str]) -> None:
    """Names of comparisons → they are the keys, and those in which a gap counts as a difference."""
    used = work.rules(of)
    comparisons = tuple(
        msgspec.structs.replace(
            c,
            role="primary" if c.name in primary else "secondary" if c.name in secondary else "",
            blank="differs" if c.name in gaps else "ignored",
        )
        for c in used.comparisons
    )
    _use(of, msgspec.structs.replace(used, comparisons=comparisons))


def put_condition(of: str, condition: Condition, *, instead_of: str | None = None) -> None:
    """Use a condition from now on, in place of the one of that name or at the end."""
    used = work.rules(of)
    names = [c.name for c in used.conditions]
    at = names.index(instead_of) if instead_of in names else len(names)
    _use(of, msgspec.structs.replace(used, conditions=(*used.conditions[:at], condition, *used.conditions[at + 1 :])))


def drop_condition(of: str, name: str) -> None:
    """The condition of that name no longer holds."""
    used = work.rules(of)
    _use(of, msgspec.structs.replace(used, conditions=tuple(c for c in used.conditions if c.name != name)))


def exclude(of: str, exclusion: Exclusion) -> None:
    """Never a duplicate on this ground; one that is there already is no change."""
    used = work.rules(of)
    bare = msgspec.structs.replace(exclusion, reason="")
    if bare not in [msgspec.structs.replace(e, reason="") for e in used.exclusions]:
        _use(of, msgspec.structs.replace(used, exclusions=(*used.exclusions, exclusion)))


def include(of: str, exclusion: Exclusion) -> None:
    """Take an exclusion back."""
    used = work.rules(of)
    _use(of, msgspec.structs.replace(used, exclusions=tuple(e for e in used.exclusions if e != exclusion)))


def _use(of: str, changed: Rules) -> None:
    validate(changed)
    before = work.rules(of)
    work.change(of, changed)
    state.put(f"effect:{of}", (before, rule_files.digest(work.rules(of))))


def effect(of: str, found: Match) -> Difference | None:
    """→ what the last change made here did to pairs and groups; None when another change came after it."""
    kept = state.get(f"effect:{of}")
    if kept is None or work.is_behind(of) or rule_files.digest(work.rules(of)) != kept[1]:
        return None
    base = work.base(of, kept[0])
    before = cache.match(
        work.path(), work.snapshot_id() or "", of, kept[0], work.judgements(of), base=base, view="before"
    )
    return versions.difference(before, found)


def levels(found: Match, comparison: str) -> list[str]:
    """→ the names of a comparison's levels, the strongest first."""
    return [level.name for c in found.rules.comparisons if c.name == comparison for level in c.levels]


def test(comparison: str, how: str, level: str | None, blank: bool) -> Test:
    """What was chosen in words → the test."""
    return Test(
        comparison,
        at_least=level if how == "at_least" else None,
        at_most=level if how == "at_most" else None,
        blank="passes" if blank else "fails",
    )


def because(exclusion: Exclusion, reason: str) -> Exclusion:
    """An exclusion → the same with its reason."""
    return msgspec.structs.replace(exclusion, reason=reason)


def known_records(found: Match, *ids: str) -> bool:
    """→ whether the account has all of these records."""
    return all(found.records["record_id"].index_of(one) is not None for one in ids)


def excluded_pairs(found: Match) -> set[tuple[str, str]]:
    """→ the pairs of records that were said to be two, each in order."""
    pairs = (sorted(e.pair) for e in found.rules.exclusions if e.pair is not None)
    return {(left, right) for left, right in pairs}


def for_a_person(of: str, found: Match) -> list[tuple[str, str]]:
    """→ the pairs that conditions send to a person and nobody has judged."""
    return [(left, right) for left, right in conditions.for_a_person(found, work.judgements(of)).iter_rows()]
