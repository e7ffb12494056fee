"""Rules are frozen data: what is compared, how candidate pairs are found, what the evidence weighs, when to merge.

`load(text) → Rules` and `dump(rules) → text` (YAML) are inverse; `validate(rules)` raises `RulesError` on the first
contradiction. `digest(part) → str` names any part of the rules by its content, for caches and manifests.

Similarities are whole numbers 0…120. Up to 99 the values differ and the number says how alike they are; from 100 on
they are the same value, and the more records of the table hold that value the less it says: 120 is a value that two
records hold, every two steps less is a value held twice as often, 100 a value held 2,000 times or more.
"""

import hashlib
import re
from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import msgspec
import yaml

from engine.errors import RulesError
from engine.schema import KINDS

SAME = 100  # the least similarity of two equal values
RAREST = 120  # the similarity of two equal values that no third record holds
MISSING = 255  # similarity code of a pair in which a value is missing


class _Frozen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Level(_Frozen, frozen=True):
    """One comparison level: similarities from `at_least` up to the next level. `adjust` is added to its weight."""

    name: str
    at_least: int
    adjust: float = 0.0


class Comparison(_Frozen, frozen=True):
    """What is compared: the columns of one kind, and levels from the strongest down to one with `at_least` 0.

    Level codes in frames: 0 a value is missing, 1 the last level, …, `len(levels)` the first and strongest.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]
    enabled: bool = True


class BlockingRule(_Frozen, frozen=True):
    """Records that agree on every key of `keys` become candidate pairs, unless more than `cap` records agree.

    A key is `comparison.key`, a key that `normalise` makes for that comparison (`phone.number`, `name.family_fold`).
    """

    name: str
    keys: tuple[str, ...]
    cap: int = 200


class Veto(_Frozen, frozen=True):
    """Two records whose `comparison` is at most `at_most` alike, both present, never share a cluster."""

    comparison: str
    at_most: int


class Exclusion(_Frozen, frozen=True):
    """Never a duplicate on these grounds: a `pair` of record ids, or a `value` that is ignored in `comparison`."""

    pair: tuple[str, str] | None = None
    comparison: str | None = None
    value: str | None = None
    reason: str = ""


class LatentClass(_Frozen, frozen=True):
    """One class of candidate pairs. `levels` gives, per comparison, P(level code | class) for codes 1…k."""

    name: str
    match: bool
    share: float
    levels: dict[str, tuple[float, ...]]


class Weights(_Frozen, frozen=True):
    """The evidence model: classes of matches and of non-matches, matches first. Empty: estimate."""

    classes: tuple[LatentClass, ...] = ()


class Thresholds(_Frozen, frozen=True):
    """Match probabilities from which pairs are merged, and from which they are shown for review. None: choose."""

    merge: float | None = None
    review: float | None = None


class Clustering(_Frozen, frozen=True):
    """`max_size`: larger clusters are flagged. `one_per_source`: at most one record of each source in a cluster."""

    max_size: int = 50
    one_per_source: bool = False


class Rules(_Frozen, frozen=True, kw_only=True):
    """Everything that decides which records of one entity are duplicates."""

    entity: str
    region: str = "RU"
    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]
    vetoes: tuple[Veto, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    weights: Weights = Weights()
    thresholds: Thresholds = Thresholds()
    clustering: Clustering = Clustering()


def load(text: str) -> Rules:
    """YAML text → validated rules. Raises RulesError with the place and, for an unknown name, the nearest known."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RulesError(f"the rule file is not YAML: {str(error).splitlines()[0]}", code="rules_not_yaml") from error
    try:
        rules = msgspec.convert(data, Rules, strict=False)
    except msgspec.ValidationError as error:
        raise RulesError(f"the rule file is wrong: {_hint(str(error))}", code="rules_wrong") from error
    validate(rules)
    return rules


def load_all(text: str) -> dict[str, Rules]:
    """YAML text, one rule file or several after `---` → entity → rules. Raises RulesError as `load` does."""
    documents = [part for part in re.split(r"^---\s*$", text, flags=re.MULTILINE) if part.strip()]
    if not documents:
        raise RulesError("the rule file is empty: export the rules once more", code="rules_empty")
    return {rules.entity: rules for rules in map(load, documents)}


def dump_all(rules: Mapping[str, Rules]) -> str:
    """Rules per entity → YAML text that `load_all` reads back."""
    return "---\n".join(dump(rules[entity]) for entity in sorted(rules))


def dump(rules: Rules) -> str:
    """Rules → YAML text that `load` reads back to equal rules."""
    return str(yaml.safe_dump(msgspec.to_builtins(rules), allow_unicode=True, sort_keys=False, width=110))


def digest(part: Any) -> str:
    """Rules, or any part or tuple of them → 16 hex digits that change when and only when the content changes."""
    return hashlib.sha256(msgspec.json.encode(part, order="sorted")).hexdigest()[:16]


def validate(rules: Rules) -> None:
    """Rules → nothing; raises RulesError on the first contradiction, naming it and the way out."""
    names = [c.name for c in rules.comparisons]
    if not names:
        raise RulesError("the rules compare nothing: add at least one comparison")
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise RulesError(f"two comparisons are called {twice!r}: rename one")
    for comparison in rules.comparisons:
        _validate_comparison(comparison)
    for block in rules.blocking:
        for key in block.keys:
            _known(key.partition(".")[0], names, f"blocking rule {block.name!r}")
        if block.cap < 2:
            raise RulesError(f"blocking rule {block.name!r}: cap {block.cap} leaves no pair; use 2 or more")
    _validate_classes(rules)
    for veto in rules.vetoes:
        _known(veto.comparison, names, "a veto")
    low, high = rules.thresholds.review, rules.thresholds.merge
    if low is not None and high is not None and low > high:
        raise RulesError(f"the review threshold {low} is above the merge threshold {high}: lower it")


def _validate_comparison(comparison: Comparison) -> None:
    place = f"comparison {comparison.name!r}"
    if comparison.kind not in KINDS:
        _known(comparison.kind, list(KINDS), place, what="kind")
    if not comparison.columns:
        raise RulesError(f"{place} names no columns")
    bounds = [level.at_least for level in comparison.levels]
    if len(bounds) < 2 or bounds[-1] != 0:
        raise RulesError(f"{place} needs at least two levels, the last with at_least: 0")
    if any(a <= b for a, b in pairwise(bounds)) or bounds[0] > RAREST:
        raise RulesError(f"{place}: at_least must fall from level to level, between {RAREST} and 0")


def _validate_classes(rules: Rules) -> None:
    classes = rules.weights.classes
    if classes and len({c.match for c in classes}) < 2:
        raise RulesError("the weights need a class of matches and one of non-matches; leave them out to estimate them")
    for one in classes:
        for comparison in rules.comparisons:
            given = one.levels.get(comparison.name, ())
            if len(given) != len(comparison.levels) or min(given) <= 0 or one.share <= 0:
                raise RulesError(
                    f"weight class {one.name!r} needs {len(comparison.levels)} probabilities above 0 for comparison "
                    f"{comparison.name!r}; leave the weights out to estimate them anew"
                )


def _known(name: str, names: list[str], place: str, what: str = "comparison") -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        way_out = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise RulesError(f"{place} names the unknown {what} {name!r}; {way_out}")


def _hint(message: str) -> str:
    unknown = message.partition("unknown field `")[2].partition("`")[0]
    fields = {f for struct in _Frozen.__subclasses__() for f in struct.__struct_fields__}
    near = get_close_matches(unknown, sorted(fields), n=1) if unknown else []
    return f"{message}; did you mean {near[0]!r}?" if near else message
