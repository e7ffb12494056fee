"""Rules are frozen data: what is compared, how candidate pairs are found, what the evidence weighs, when to merge.

`load(text) → Rules` and `dump(rules) → text` (YAML) are inverse; `validate(rules)` raises `RulesError` on the first
contradiction. `digest(part) → str` names any part of the rules by its content, for caches and manifests.

Similarities are whole numbers 0…120. Up to 99 the values differ and the number says how alike they are; from 100 on
they are the same value, and the more records of the table hold that value the less it says: 120 is a value that two
records hold, every two steps less is a value held twice as often, 100 a value held 2,000 times or more.

A rules file read aloud, with every part explained, is docs/rules.md.
"""

import hashlib
import re
from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Literal

import msgspec
import yaml

from engine.errors import RulesError
from engine.schema import KINDS

SAME = 100  # the least similarity of two equal values
RAREST = 120  # the similarity of two equal values that no third record holds
MISSING = 255  # similarity code of a pair in which a value is missing

DOMAIN_KINDS = ("email", "website")  # kinds of values that lie at a domain


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
    `role`: where any comparison is a key, a pair is merged only if a primary key agrees, or two secondary keys do; a
    key agrees when the two values are the same. `blank`: a missing value says nothing, or weighs like the last level.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]
    enabled: bool = True
    role: Literal["", "primary", "secondary"] = ""
    blank: Literal["ignored", "differs"] = "ignored"


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


class Test(_Frozen, frozen=True):
    """A statement about one comparison, in names of its levels: `at_least` that level or a stronger one, `at_most` that
    level or a weaker one, both, or neither (any two values). `blank`: what a missing value makes of the statement.
    """

    __test__ = False  # it is no test of pytest's

    comparison: str
    at_least: str | None = None
    at_most: str | None = None
    blank: Literal["fails", "passes"] = "fails"


class Condition(_Frozen, frozen=True, kw_only=True):
    """What becomes of the pairs for which all of `all_of` and `how_many` of `any_of` hold, whatever they weigh.

    merge: they are merged on that ground alone; review: they go to a person; never: they are not duplicates;
    needed: a pair for which it does not hold is never merged by itself. Where several speak of a pair, never comes
    before review, review before needed, and needed before merge.
    """

    name: str
    then: Literal["merge", "review", "never", "needed"]
    all_of: tuple[Test, ...] = ()
    any_of: tuple[Test, ...] = ()
    how_many: int = 1


class Exclusion(_Frozen, frozen=True):
    """Never a duplicate on these grounds: a `pair` of record ids; a `value` that is ignored in `comparison`, however
    it is written; or a `domain`, all of whose addresses are ignored (in `comparison`, or in all e-mails and websites).
    """

    pair: tuple[str, str] | None = None
    comparison: str | None = None
    value: str | None = None
    domain: str | None = None
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
    conditions: tuple[Condition, ...] = ()
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
    _validate_keys(rules)
    _validate_conditions(rules)
    for exclusion in rules.exclusions:
        _validate_exclusion(exclusion, rules)
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


def _validate_keys(rules: Rules) -> None:
    roles = [c.role for c in rules.comparisons]
    if "primary" not in roles and roles.count("secondary") == 1:
        alone = next(c.name for c in rules.comparisons if c.role)
        raise RulesError(
            f"{alone!r} is the only key and secondary, so no two keys can agree: make it primary or mark another"
        )


def _validate_conditions(rules: Rules) -> None:
    levels = {c.name: [level.name for level in c.levels] for c in rules.comparisons}
    asked: dict[tuple[Any, ...], Condition] = {}
    for condition in rules.conditions:
        place = f"condition {condition.name!r}"
        tests = (*condition.all_of, *condition.any_of)
        if not tests:
            raise RulesError(f"{place} tests nothing: give it all_of or any_of")
        if condition.any_of and not 1 <= condition.how_many <= len(condition.any_of):
            raise RulesError(
                f"{place}: how_many is {condition.how_many}, but any_of has {len(condition.any_of)} test(s)"
            )
        for test in tests:
            _known(test.comparison, list(levels), place)
            _span(test, levels[test.comparison], place)
        for name in {t.comparison for t in condition.all_of if t.blank == "fails"}:
            spans = [_span(t, levels[name], place) for t in condition.all_of if t.comparison == name]
            if max(first for first, _ in spans) > min(last for _, last in spans):
                raise RulesError(f"{place} asks of {name!r} what cannot hold together: take one of the tests out")
        tested = (frozenset(condition.all_of), frozenset(condition.any_of), condition.how_many)
        other = asked.setdefault(tested, condition)
        if condition is not other and _contradict(condition.then, other.then):
            raise RulesError(
                f"conditions {other.name!r} ({other.then}) and {condition.name!r} ({condition.then}) contradict each "
                "other for the same pairs: delete one"
            )
    names = [condition.name for condition in rules.conditions]
    if len(set(names)) < len(names):
        raise RulesError(f"two conditions are called {next(n for n in names if names.count(n) > 1)!r}: rename one")


def _span(test: Test, levels: list[str], place: str) -> tuple[int, int]:
    """A test → the positions of the strongest and the weakest level for which it holds."""
    for level in (test.at_least, test.at_most):
        if level is not None:
            _known(level, levels, f"{place}, {test.comparison!r}", what="level")
    strongest = 0 if test.at_most is None else levels.index(test.at_most)
    weakest = len(levels) - 1 if test.at_least is None else levels.index(test.at_least)
    if strongest > weakest:
        raise RulesError(f"{place}: {test.comparison!r} cannot be at least {test.at_least!r} and at most "
                         f"{test.at_most!r}, which is weaker: swap them")  # fmt: skip
    return strongest, weakest


def _contradict(one: str, other: str) -> bool:
    both = {one, other}
    return len(both) == 2 and ("needed" not in both or "never" in both)


def _validate_exclusion(exclusion: Exclusion, rules: Rules) -> None:
    given = [name for name in ("pair", "value", "domain") if getattr(exclusion, name) is not None]
    if len(given) != 1:
        raise RulesError(f"an exclusion names {' and '.join(given) or 'nothing'}: give it one pair, value or domain")
    if exclusion.value is not None and exclusion.comparison is None:
        raise RulesError(f"the excluded value {exclusion.value!r} names no comparison: say in which it is ignored")
    if exclusion.comparison is not None:
        _known(exclusion.comparison, [c.name for c in rules.comparisons], "an exclusion")
        kind = next(c.kind for c in rules.comparisons if c.name == exclusion.comparison)
        if exclusion.domain is not None and kind not in DOMAIN_KINDS:
            raise RulesError(f"the excluded domain {exclusion.domain!r} needs a comparison of e-mails or websites, "
                             f"not {exclusion.comparison!r}: leave the comparison out")  # fmt: skip


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
