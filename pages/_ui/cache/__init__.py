"""What was computed once: the only package with `st.cache_*`. Engine functions by snapshot id and digest of the rules.

What may take longer than a moment is a job (`jobs.py`): such a function gives the result when it is there, and raises
`jobs.Waiting` when it is not there yet. The rest is worked out at once, in the visitor's own run.

Frames are never hashed and never copied: they hang on a snapshot's id, which is the hash of its content, and are
shared by all visitors, who must not change them. Arguments that begin with an underscore are not part of the key.
"""

from pages._ui.cache.account import (
    completeness,
    difference,
    dispositions,
    findings,
    golden,
    invalid,
    plan,
    tables,
    truth,
    usage,
)
from pages._ui.cache.asked import (
    after_vetoes,
    cheapest,
    explained,
    field_steps,
    live_known,
    live_similarity,
    live_table,
    mutations,
    needed,
    next_pairs,
    outcomes,
    rule_tests,
    shared,
    tests,
    waterfall,
)
from pages._ui.cache.held import again, ask, frame_digest, judgements, memory_bytes, room, settle, snapshot, workspace
from pages._ui.cache.matching import learnt, match, suggested, whole

__all__ = [
    "after_vetoes", "again", "ask", "cheapest", "completeness", "difference", "dispositions", "explained",
    "field_steps", "findings", "frame_digest", "golden", "invalid", "judgements", "learnt", "live_known",
    "live_similarity", "live_table", "match", "memory_bytes", "mutations", "needed", "next_pairs", "outcomes", "plan",
    "room", "rule_tests", "settle", "shared", "snapshot", "suggested", "tables", "tests", "truth", "usage",
    "waterfall", "whole", "workspace",
]  # fmt: skip
