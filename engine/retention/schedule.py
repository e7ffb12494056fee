"""A retention schedule is frozen data: which records, from which date, how long, what then, on what basis.

`load(text) → Schedule` and `dump(schedule) → text` (YAML) are inverse; `validate` raises RulesError on the first
contradiction. Holds are not part of a schedule: they come and go with disputes, while a schedule is policy.
"""

from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import TypeVar

import msgspec
import yaml

from engine.errors import RulesError
from engine.schema import ENTITIES

T = TypeVar("T")
TRIGGERS = ("created_at", "updated_at", "last_activity_at", "closed_at", "deleted_at", "last_deal_at")
# From the mildest to the hardest: where several rules are due, the mildest wins. So keeping beats deleting.
DISPOSITIONS = ("retain", "review", "archive", "anonymise", "delete")
# Columns a condition may name besides the entity's own fields.
DERIVED = {
    "contact": ("deals", "open_deals", "won_deals", "files"),
    "company": ("deals", "open_deals", "won_deals", "files"),
    "deal": ("files",),
    "file": ("hangs_on",),  # nothing | missing_records | lost_deals | records
}
# Triggers that are worked out from related records, per entity.
DERIVED_TRIGGERS = {"contact": ("last_deal_at",), "company": ("last_deal_at",), "file": ("closed_at",)}


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Period(_Frozen, frozen=True):
    """How long after the trigger; calendar months and years (29 February + 1 year = 28 February)."""

    years: int = 0
    months: int = 0
    days: int = 0


class Condition(_Frozen, frozen=True):
    """All that is given must hold of `field`: text compared without case; `has`: one of the values of a list (tags)."""

    field: str
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    empty: bool | None = None
    at_least: float | None = None
    at_most: float | None = None


class Basis(_Frozen, frozen=True):
    """Why: the words, where they stand, and the date on which that was read."""

    text: str
    source: str = ""
    date: str = ""


class Rule(_Frozen, frozen=True, kw_only=True):
    """One record class and what becomes of it.

    `trigger`: dates of which the latest that is there starts the period. A `retain` rule keeps until its period has
    run out; every other rule takes effect once it has.
    """

    name: str
    entity: str
    when: tuple[Condition, ...] = ()
    trigger: tuple[str, ...]
    period: Period
    disposition: str
    basis: Basis


class Note(_Frozen, frozen=True):
    """A piece of law or guidance shown beside the schedule; it decides nothing. Not legal advice."""

    name: str
    text: str
    source: str
    date: str


class Schedule(_Frozen, frozen=True, kw_only=True):
    """All rules of an account, with notes on the law they were written under."""

    name: str
    rules: tuple[Rule, ...]
    notes: tuple[Note, ...] = ()


class Hold(_Frozen, frozen=True, kw_only=True):
    """A legal hold: what it selects is kept. Every criterion given must hold; within one, any value does."""

    name: str
    entity: str | None = None
    record_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    reason: str = ""


def load(text: str) -> Schedule:
    """YAML text → validated schedule. Raises RulesError with the place and, for an unknown name, the nearest known."""
    schedule = _convert(text, Schedule, "schedule")
    validate(schedule)
    return schedule


def dump(schedule: Schedule) -> str:
    """Schedule → YAML text that `load` reads back to an equal schedule."""
    return str(yaml.safe_dump(msgspec.to_builtins(schedule), allow_unicode=True, sort_keys=False, width=110))


def load_holds(text: str) -> tuple[Hold, ...]:
    """YAML text, a list of holds → validated holds. Raises RulesError."""
    holds = _convert(text, tuple[Hold, ...], "list of holds")
    for hold in holds:
        validate_hold(hold)
    return holds


@cache
def default(name: str = "amocrm_ru") -> Schedule:
    """Name of a schedule in engine/reference/schedules → that schedule.

    >>> default().rules[0].disposition
    'retain'
    """
    folder = resources.files("engine.reference") / "schedules"
    known = sorted(p.name.removesuffix(".yaml") for p in folder.iterdir() if p.name.endswith(".yaml"))
    _known(name, known, "the request", "schedule")
    return load((folder / f"{name}.yaml").read_text(encoding="utf-8"))


def validate(schedule: Schedule) -> None:
    """Schedule → nothing; raises RulesError on the first contradiction, naming it and the way out."""
    names = [rule.name for rule in schedule.rules]
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise RulesError(f"two retention rules are called {twice!r}: rename one")
    for rule in schedule.rules:
        _validate_rule(rule)


def validate_hold(hold: Hold) -> None:
    """Hold → nothing; raises RulesError when it selects nothing in particular or names an unknown entity."""
    if hold.entity is not None:
        _known(hold.entity, list(DERIVED), f"hold {hold.name!r}", "entity")
    if not (hold.entity or hold.record_ids or hold.tags or hold.owners):
        raise RulesError(f"hold {hold.name!r} selects nothing: give an entity, record ids, tags or owners")


def _validate_rule(rule: Rule) -> None:
    place = f"retention rule {rule.name!r}"
    _known(rule.entity, list(DERIVED), place, "entity")
    _known(rule.disposition, list(DISPOSITIONS), place, "disposition")
    fields = [*ENTITIES[rule.entity], *DERIVED[rule.entity]]
    for condition in rule.when:
        _known(condition.field, fields, place, "field")
    dates = [t for t in TRIGGERS if t in ENTITIES[rule.entity] or t in DERIVED_TRIGGERS.get(rule.entity, ())]
    if not rule.trigger:
        raise RulesError(f"{place} has no trigger: give one of {', '.join(dates)}")
    for trigger in rule.trigger:
        _known(trigger, dates, place, "trigger")
    if min(rule.period.years, rule.period.months, rule.period.days) < 0:
        raise RulesError(f"{place} has a negative period: use 0 or more")
    if rule.period == Period() and rule.disposition != "review":
        raise RulesError(f"{place} has no period: say how many days, months or years")


def _convert(text: str, kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(yaml.safe_load(text), kind, strict=False)
    except yaml.YAMLError as error:
        raise RulesError(f"the {what} is not YAML: {str(error).splitlines()[0]}", code="rules_not_yaml") from error
    except msgspec.ValidationError as error:
        raise RulesError(f"the {what} is wrong: {error}", code="rules_wrong") from error


def _known(name: str, names: list[str], place: str, what: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        way_out = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise RulesError(f"{place} names the unknown {what} {name!r}; {way_out}")
