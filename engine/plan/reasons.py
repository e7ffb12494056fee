"""Reason code + details → a sentence. The English sentences live here; other languages give their own `sentences`.

`english(code, details)` is the default of every function that writes for people. A translation is any function of
the same shape; `SENTENCES` is the list of codes it must know.
"""

from collections.abc import Callable, Mapping
from typing import Any

Sentences = Callable[[str, Mapping[str, Any]], str]

SENTENCES = {
    # merges
    "duplicate_of_survivor": "Same as {survivor_id}: match probability {percent}%.",
    "duplicate_through": "Same as {through}, which is in one group with {survivor_id}: match probability {percent}%.",
    "duplicate_of_survivor_by_condition": (
        "Same as {survivor_id} by the condition “{condition}”: match probability {percent}%."
    ),
    "duplicate_through_by_condition": (
        "Same as {through}, which is in one group with {survivor_id}, by the condition “{condition}”: "
        "match probability {percent}%."
    ),
    "same_cluster": "In one group with {survivor_id}; the evidence was not given.",
    "merge_blocked_by_hold": "Would merge, but the hold “{hold}” keeps a record of this group as it is.",
    # retention
    "schedule_due": "Rule “{rule}”: due since {due} ({trigger} {trigger_at}).",
    "missing_trigger": "Rule “{rule}” applies, but the date it counts from is missing: look at it, nothing is deleted.",
    "follows_record": "The records it hangs on ({record}) go, so the file has no home.",
    "survivor_is_due": "Rule “{rule}” says {disposition}, but others merge into this record: decide again afterwards.",
    # files
    "file_kept": "Could go ({wanted}), but “{protected}” keeps it.",
    "original_goes": "A copy of {keep_id}, which this plan deletes: keep one of the two.",
    "duplicate_file_here": "Probably a copy of {keep_id}: same name, size and type, on the same records.",
    "duplicate_file_elsewhere": "Probably a copy of {keep_id}: same name, size and type, but on other records.",
    "old_versions": "{versions} versions are kept; the older ones can go.",
    "old_versions_unsized": "{versions} versions are kept; the export does not say how large the older ones are.",
    "trash": "In the trash since {deleted_at}.",
    "orphan_unlinked": "Hangs on no record.",
    "orphan_record_missing": "Hangs only on records that are not in this snapshot.",
    "lost_deal_file": "Hangs only on lost deals, the last closed on {closed_at}, more than {days} days ago.",
    "large_file": "One of the largest files.",
    # names of sheets and columns, headings
    "sheet_summary": "Summary",
    "sheet_merges": "Merges",
    "sheet_deletions": "Deletions",
    "sheet_archives": "Archives",
    "sheet_review": "For review",
    "sheet_conflicts": "Conflicts",
    "sheet_moves": "Moves",
    "sheet_long": "Long values",
    "continued": "… continued on sheet “{sheet}”, row {row}",
    # target/steps.txt
    "steps_title": "{target}: what to do",
    "steps_merge": "Records to merge away: {count}",
    "steps_delete": "To delete: {count}",
    "steps_archive": "To archive: {count}",
    "steps_anonymise": "To anonymise: {count}",
    "steps_keep": "0. Keep the whole plan file: backup/ is the way back.",
    "steps_limits": "Limits: {limits}.",
    "steps_irreversible": "Merges in this CRM cannot be undone.",
    "steps_undo_record": "Deleted records can be brought back for {days} days.",
    "steps_undo_file": "Deleted files can be brought back for {days} days.",
    "steps_unverified": "Some calls could not be checked against the vendor: try them on one group first.",
    "steps_files": "Files here: {files}",
    "steps_source": "Source: {source} ({date})",
    "readme": (
        "Winnow plan of {as_of} for snapshot {snapshot_id}\n\n"
        "plan.xlsx        the plan for people: summary, merges, deletions, archives, review, conflicts, moves\n"
        "tables/          the same for machines, CSV and JSON Lines\n"
        "rules.yaml       the matching rules used; schedule.yaml the retention schedule used\n"
        "backup/          every record, deal and file row the plan touches, as it was, with all original columns\n"
        "target/          what to do in your CRM, step by step ({target})\n"
        "manifest.json    counts, and SHA-256 and size of each file\n\n"
        "Nothing has been changed in your CRM. Items marked “review” change nothing.\n\n"
        "Cells that begin with = + - @ ' a tab or a line break carry one apostrophe (') in front, so that no\n"
        "spreadsheet runs them as a formula. In CSV files take one leading apostrophe away to get the value back;\n"
        "nothing else is altered. JSON Lines hold the values as they are.\n\n"
        "Before you start: keep this file. After you are done: export again and compare with it.\n"
    ),
    "restore": (
        "How to bring records back\n\n"
        "Each file here holds the affected rows as they were exported: the fields Winnow reads, then every original\n"
        "column under “original.”. Take one leading apostrophe away from cells that begin with one.\n"
        "1. Where the CRM has a recycle bin, restore from it first; the times are in ../target/steps.txt.\n"
        "2. Otherwise import the rows from this folder as new records; they will get new ids.\n"
        "3. Link deals and files again by contact_id, company_id and the rows of link.csv.\n"
    ),
}
# Headings of tables for people; a code without a sentence is its own heading.
HEADINGS = {
    "action": "Action", "entity": "Kind", "record_id": "Record", "survivor_id": "Survivor", "reason": "Reason",
    "sentence": "Why", "match_probability": "Match probability", "confidence": "Confidence", "bytes": "Bytes freed",
    "name": "Name", "losers": "Merged away", "field": "Field", "value": "Value", "value_from": "Value from record",
    "rule": "Rule", "changes": "Changes the survivor", "deals": "Deals that move", "files": "Files that move",
    "kept": "Kept value", "kept_from": "Kept from record", "what": "What", "moved_id": "Moved", "from_id": "From",
    "to_id": "To", "by": "Known by", "before": "Before", "merged": "Merged away", "deleted": "Deleted",
    "archived": "Archived", "anonymised": "Anonymised", "review": "For review", "after": "After",
    "bytes_before": "Bytes before", "bytes_freed": "Bytes freed (sum)", "bytes_after": "Bytes after",
    "row": "Row", "part": "Part", "item_id": "Item", "reversible": "Can be undone", "records": "Records in group",
    "chosen_by": "Survivor chosen by",
}  # fmt: skip


def english(code: str, details: Mapping[str, Any]) -> str:
    """(reason code, details) → English sentence; an unknown code is its own sentence, a missing detail a dash.

    >>> english("orphan_unlinked", {})
    'Hangs on no record.'
    """
    template = SENTENCES.get(code) or HEADINGS.get(code.removeprefix("column_"), code)
    return template.format_map(_Dash({k: v for k, v in details.items() if v is not None}))


class _Dash(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"
