"""A survivorship policy is frozen data: who survives a merge, and which record's value each field takes."""

import msgspec
import yaml

from engine.errors import RulesError
from engine.schema import ENTITIES

FIELD_RULES = {
    "most_recent": "the value of the record that was updated last",
    "oldest": "the value of the record that was created first",
    "most_complete": "the value of the record with the most fields filled in",
    "most_frequent": "the value that most records hold",
    "longest": "the longest value",
    "earliest": "the smallest value (of dates: the first)",
    "latest": "the largest value (of dates: the last)",
    "prefer_valid": "a value that is well formed before one that is not, then the most recent",
    "from_survivor": "the survivor's value, and only when it has none the most recent",
    "union": "all values, each once, the survivor's first",
}
SURVIVOR_CRITERIA = {
    "chosen": "the record a user chose",
    "most_complete": "the most fields filled in",
    "open_deals": "has open deals",
    "most_deals": "the most deals",
    "most_recent": "updated last",
    "oldest": "created first",
    "lowest_id": "the lowest id",
}
# Bookkeeping of the export; never part of a golden record.
NOT_VALUES = ("record_id", "created_by", "updated_by")


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Criteria for the survivor, applied one after the other; a rule per field, `default` for the others."""

    survivor: tuple[str, ...] = ("most_complete", "open_deals", "oldest", "lowest_id")
    fields: dict[str, str] = {}
    default: str = "from_survivor"


DEFAULT = Policy(
    fields={
        "phone": "union",
        "email": "union",
        "website": "union",
        "tags": "union",
        "note": "union",
        "tax_id": "prefer_valid",
        "birth_date": "most_frequent",
        "name": "from_survivor",
        "address": "most_recent",
        "position": "most_recent",
        "created_at": "earliest",
        "updated_at": "latest",
        "last_activity_at": "latest",
    },
)


def load(text: str) -> Policy:
    """YAML text → validated policy. Raises RulesError."""
    try:
        policy = msgspec.convert(yaml.safe_load(text), Policy, strict=False)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise RulesError(f"the survivorship policy is wrong: {str(error).splitlines()[0]}") from error
    validate(policy)
    return policy


def dump(policy: Policy) -> str:
    """Policy → YAML text that `load` reads back to an equal policy."""
    return str(yaml.safe_dump(msgspec.to_builtins(policy), allow_unicode=True, sort_keys=False, width=110))


def validate(policy: Policy) -> None:
    """Policy → nothing; raises RulesError on an unknown rule, criterion or field."""
    fields = {field for entity in ENTITIES.values() for field in entity}
    for field, rule in [*policy.fields.items(), ("default", policy.default)]:
        if rule not in FIELD_RULES:
            raise RulesError(
                f"field {field!r} names the unknown survivorship rule {rule!r}; known: {', '.join(FIELD_RULES)}"
            )
        if field not in fields and field != "default":
            raise RulesError(f"the survivorship policy names the unknown field {field!r}")
    for criterion in policy.survivor:
        if criterion not in SURVIVOR_CRITERIA:
            raise RulesError(f"unknown survivor criterion {criterion!r}; known: {', '.join(SURVIVOR_CRITERIA)}")
