"""`Mapping`: which columns of a table hold which fields of which entities."""

import msgspec

from engine.schema import ENTITIES

# The versions of a file are rows of their own in the API; they are counted into their file.
FIELDS: dict[str, dict[str, str | None]] = {**ENTITIES, "version": {**ENTITIES["file"], "is_main": None}}


UNKNOWN = "unknown"  # the CRM of a table that no profile explains


class Where(msgspec.Struct, frozen=True):
    """Only the rows whose `column`, plainly written, is one of `values` (with `negate`: is none of them)."""

    column: str
    values: tuple[str, ...]
    negate: bool = False


class EntityMapping(msgspec.Struct, frozen=True, omit_defaults=True):
    """The records of one entity in a table.

    fields: field → the columns it is made of, the preferred first. Phones, e-mails, tags and notes join them all,
    others take the first that is filled. values: field → plain cell → value; prefixes: field → how a cell begins →
    value. expected_close: the closing date is a forecast as long as the stage is open.
    """

    entity: str
    fields: dict[str, tuple[str, ...]]
    where: Where | None = None
    values: dict[str, dict[str, str]] = {}
    prefixes: dict[str, dict[str, str]] = {}
    expected_close: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """Column → the field it is mapped to."""
        return {column: field for field, columns in self.fields.items() for column in columns}


class Mapping(msgspec.Struct, frozen=True):
    """What was recognised in a table: the CRM, the table of its profile, how surely (0…1), and its entities."""

    crm: str
    profile: str
    confidence: float
    entities: tuple[EntityMapping, ...]
