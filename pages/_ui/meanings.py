"""The engine's result codes in words: findings, dispositions, reasons, decisions. Names of things: `words.py`."""

from collections.abc import Mapping
from typing import Any

from engine.plan.reasons import HEADINGS, SENTENCES
from pages._ui import words
from pages._ui.text import _, date, num


def disposition(code: str) -> str:
    """delete → 'Delete'."""
    names = {
        "retain": _("Keep"),
        "review": _("Look at"),
        "archive": _("Archive"),
        "anonymise": _("Anonymise"),
        "delete": _("Delete"),
    }
    return names.get(code, code)


def disposition_meaning(code: str) -> str:
    """What a disposition means for a record."""
    return {
        "retain": _("Stays as it is."),
        "review": _("A person should decide."),
        "archive": _("Leaves the daily work and stays retrievable."),
        "anonymise": _("Personal data go, the figures stay."),
        "delete": _("Goes for good."),
    }[code]


def retention_reason(code: str) -> str:
    """Why a record has its disposition."""
    names = {
        "no_rule": _("no rule speaks of it"),
        "not_due": _("its period has not run out"),
        "due": _("its period has run out"),
        "retained": _("a rule keeps it"),
        "missing_trigger": _("the date from which to count is missing"),
        "open_deals": _("it has open deals"),
        "hold": _("a hold is on it"),
        "record_kept": _("a record it belongs to is kept"),
        "follows_record": _("the records it belongs to go"),
    }
    return names.get(code, code)


def finding(code: str) -> str:
    """What a storage finding is called."""
    names = {
        "duplicate_file": _("Copies of the same file"),
        "old_versions": _("Older versions"),
        "trash": _("In the trash"),
        "orphan": _("Files on no record"),
        "lost_deal_file": _("Files of lost deals"),
        "large_file": _("The largest files"),
    }
    return names.get(code, code)


def finding_meaning(code: str) -> str:
    """What a storage finding means, and how sure it is."""
    names = {
        "duplicate_file": _(
            "Same name, size and type as an older file, which stays. Contents cannot be compared: probable."
        ),
        "old_versions": _("The current version stays; the older ones take this much."),
        "trash": _("Already deleted in the CRM; it empties the trash by itself."),
        "orphan": _("They hang on no record of this snapshot. Records that were not exported look the same."),
        "lost_deal_file": _("They hang on nothing but deals lost more than a year ago."),
        "large_file": _("Nothing is wrong with them; they are simply where most space goes."),
    }
    return names.get(code, "")


def certainty(code: str) -> str:
    """How sure a finding is."""
    return {"certain": _("certain"), "probable": _("probable"), "possible": _("possible")}.get(code, code)


def action(code: str) -> str:
    """What the plan does with a finding."""
    return {"delete": _("delete"), "review": _("look at")}.get(code, code)


def decision(code: str) -> str:
    """What people decided about a group."""
    return {"accept": _("accepted"), "reject": _("rejected"), "open": _("undecided")}.get(code, code)


def criterion(code: str | None) -> str:
    """What told the survivor from the other records."""
    names = {
        "chosen": _("a person’s choice"),
        "most_complete": _("most fields filled in"),
        "open_deals": _("open deals"),
        "most_deals": _("most deals"),
        "most_recent": _("changed last"),
        "oldest": _("created first"),
        "lowest_id": _("lowest ID"),
    }
    return names.get(code or "", code or "–")


def survivorship(code: str) -> str:
    """By which rule a golden value was chosen."""
    names = {
        "most_recent": _("changed last"),
        "oldest": _("created first"),
        "most_complete": _("most complete record"),
        "most_frequent": _("most frequent"),
        "longest": _("longest"),
        "earliest": _("earliest"),
        "latest": _("latest"),
        "prefer_valid": _("valid first"),
        "from_survivor": _("survivor’s"),
        "union": _("all values"),
        "chosen": _("a person’s choice"),
    }
    return names.get(code, code)


def schedule_rule(name: str | None) -> str:
    """A rule of the bundled schedules by its name; the rules of others keep theirs."""
    names = {
        "won_deals_kept": _("Won deals are kept"),
        "clients_kept": _("Clients are kept"),
        "lost_deals_archived": _("Lost deals to the archive"),
        "lost_deal_files_deleted": _("Files of lost deals go"),
        "stray_files_reviewed": _("Stray files are looked at"),
        "silent_contacts_anonymised": _("Silent contacts are anonymised"),
        "unreachable_contacts_reviewed": _("Contacts without phone or e-mail are looked at"),
        "silent_companies_reviewed": _("Silent companies are looked at"),
    }
    return names.get(name or "", name or "–")


def crm(code: str) -> str:
    """The CRM whose export was recognised."""
    names = {
        "amocrm": "amoCRM",
        "kommo": "Kommo",
        "bitrix24": "Bitrix24",
        "hubspot": "HubSpot",
        "zoho": "Zoho CRM",
        "salesforce": "Salesforce",
        "fxiaoke": "Fxiaoke",
        "unknown": _("unknown, mapped by names and content"),
    }
    return names.get(code, code)


def reject(code: str) -> str:
    """Why a row is not a record of its own."""
    names = {
        "counted_as_version": _("counted as an older version of its file"),
        "empty_row": _("empty row"),
        "repeated_row": _("repeats a row above"),
        "repeated_id": _("same ID as a row above, other values"),
        "unreadable_file": _("not a table"),
        "broken_quotes": _("quotes are not closed"),
        "broken_characters": _("characters are damaged"),
        "not_recognised": _("table was not recognised"),
        "no_records": _("holds no records"),
        "version_without_file": _("version without its file"),
        "too_many_cells": _("more cells than the header"),
        "too_few_cells": _("fewer cells than the header"),
    }
    return names.get(code, code.replace("_", " "))


def invalid(code: str) -> str:
    """Why a value cannot be right."""
    names = {
        "not_a_phone": _("not a phone number"),
        "not_an_email": _("not an e-mail address"),
        "wrong_check_digits": _("check digits are wrong"),
        "not_a_date": _("not a date"),
    }
    return names.get(code, code)


def plan_action(code: str) -> str:
    """What a plan does."""
    names = {
        "merge": _("Merge"),
        "delete": _("Delete"),
        "archive": _("Archive"),
        "anonymise": _("Anonymise"),
        "review": _("Look at"),
    }
    return names.get(code, code)


def plan_problem(code: str) -> str:
    """What is wrong with a plan that was given back."""
    names = {
        "damaged": _("the archive is damaged"),
        "too_large": _("would unpack to far more than a plan holds"),
        "seal": _("was changed or packed again"),
        "no_manifest": _("is missing, so nothing can be checked"),
        "manifest": _("cannot be read"),
        "counts": _("holds more or fewer rows than it should"),
        "missing": _("is missing"),
        "unexpected": _("does not belong to the plan"),
        "changed": _("was changed"),
    }
    return names.get(code, code)


def measure(code: str) -> str:
    """A figure of the account before and after a plan."""
    names = {"records": _("Records"), "filled": _("Fields filled in"), "bytes": _("Storage")}
    return names.get(code, code)


def done_state(code: str) -> str:
    """What became of an item of a plan."""
    names = {
        "done": _("Done"),
        "not_done": _("Not done"),
        "survivor_gone": _("Survivor is gone too"),
        "came_back": _("Came back"),
        "cannot_tell": _("Cannot be told"),
    }
    return names.get(code, code)


def reason(code: str, details: Mapping[str, Any]) -> str:
    """(reason code of a plan, details) → its sentence in the language in use; same shape as `plan.reasons.english`."""
    template = SENTENCES.get(code) or HEADINGS.get(code.removeprefix("column_"), code)
    said = {name: _detail(name, value) for name, value in details.items() if value is not None}
    return _(template).format_map(_Dash(said))


def _detail(name: str, value: Any) -> Any:
    if name in ("rule", "protected"):
        return schedule_rule(value)
    if name == "percent":
        return num(value, 1)
    if name == "trigger":
        return words.field(value)
    if name == "disposition":
        return disposition(value).lower()
    if name in ("due", "trigger_at", "closed_at", "deleted_at") and value:
        return date(str(value)[:10])
    return value


class _Dash(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def mutation(code: str) -> str:
    """A kind of error that a rule should see through."""
    names = {
        "typo": _("a typing mistake in the name"),
        "transliterated": _("the name in Latin letters"),
        "yo": _("е written for ё"),
        "capitals": _("the name in capitals"),
        "name_order": _("given and family name swapped"),
        "phone_format": _("the phone written another way"),
        "no_phone": _("the phone lost"),
        "no_email": _("the e-mail lost"),
        "no_company": _("the company lost"),
        "no_middle_name": _("the middle name lost"),
    }
    return names.get(code, code)


def version_figure(code: str) -> str:
    """A figure by which two versions of the rules are compared."""
    names = {
        "merge_threshold": _("Merge threshold"),
        "review_threshold": _("Review threshold"),
        "candidate_pairs": _("Candidate pairs"),
        "pairs_merged": _("Pairs merged"),
        "pairs_to_review": _("Pairs to review"),
        "groups": _("Groups of duplicates"),
        "removable": _("Records to merge away"),
        "largest_group": _("Records in the largest group"),
        "pairs_only_here": _("Pairs only here"),
    }
    return names.get(code, code)
