"""The error tree: every failure a user can cause or must hear of descends from `WinnowError`.

WinnowError
├── InputError           a file or a value that cannot be used as it is
│   ├── UnreadableFile   not a table in any format or encoding we know
│   ├── LimitExceeded    larger than what was allowed (bytes, rows, columns, unpacked size)
│   └── UnknownColumn    a column that is not there, with the nearest name that is
├── RulesError           a rule file or a rule that contradicts itself
├── WorkspaceError       a snapshot or a file of the workspace that is missing or damaged
├── PlanError            a plan that must not be made or does not verify
│   └── PlanLimitExceeded
└── Cancelled            the user stopped a long job

Messages are one line, say what is wrong and what to do next, and carry a `code` (stable, for
translation) with `details` (the values to put into the sentence).
"""

from difflib import get_close_matches
from typing import Any


class WinnowError(Exception):
    """Root of the tree. `code` names the sentence in the catalogues; `details` fills it."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.details = details


class InputError(WinnowError):
    """A file or a value that cannot be used as it is."""

    code = "input"


class UnreadableFile(InputError):
    """Not a table in any format or encoding we know."""

    code = "unreadable_file"


class LimitExceeded(InputError):
    """Larger than what was allowed."""

    code = "limit_exceeded"


class UnknownColumn(InputError):
    """A column that is not there. `UnknownColumn.among("e-mail", ["email"])` hints at the nearest."""

    code = "unknown_column"

    @classmethod
    def among(cls, name: str, known: list[str]) -> "UnknownColumn":
        """(name, names that exist) → error whose message says which name was probably meant."""
        near = get_close_matches(name.lower(), [k.lower() for k in known], n=1, cutoff=0.5)
        best = next((k for k in known if near and k.lower() == near[0]), None)
        way_out = f"did you mean {best!r}?" if best else f"the columns are: {', '.join(known[:20])}"
        return cls(f"unknown column {name!r}; {way_out}", name=name, suggestion=best)


class RulesError(WinnowError):
    """A rule file or a rule that contradicts itself."""

    code = "rules"


class WorkspaceError(WinnowError):
    """A snapshot or a file of the workspace that is missing or damaged."""

    code = "workspace"


class PlanError(WinnowError):
    """A plan that must not be made or does not verify."""

    code = "plan"


class PlanLimitExceeded(PlanError):
    """A plan that touches more than its limit; it is refused, never cut short."""

    code = "plan_limit_exceeded"

    def __init__(self, *, selected: int, limit: int) -> None:
        super().__init__(
            f"the plan selects {selected} records but the limit is {limit}; "
            "narrow the rules or raise the limit on purpose",
            selected=selected,
            limit=limit,
        )


class Cancelled(WinnowError):
    """The user stopped a long job."""

    code = "cancelled"
