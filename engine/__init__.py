"""Winnow's engine: from the export of a CRM to a plan one can trust.

    export files ─ snapshot ─ normalise ─ block ─ compare ─ weigh ─ cluster ─┐
                      │                                                     ├─ plan ─ export
                      └────────── storage ────────── retention ─────────────┘

Every stage is a function, frames in, frame out; the rooms are described in docs/architecture.md. Nothing here knows
a screen, a clock or a hidden state, and nothing ever writes to a CRM.
"""

__version__ = "0.1.0"
