"""The engine's result codes in words: findings, dispositions, reasons, decisions. Names of things: `words.py`."""

from pages._ui.text import _


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


def age(code: str) -> str:
    """An age band of files."""
    names = {
        "<30d": _("up to a month"),
        "30-90d": _("1–3 months"),
        "90-365d": _("3–12 months"),
        "1-2y": _("1–2 years"),
        "2-3y": _("2–3 years"),
        "3-5y": _("3–5 years"),
        "5y+": _("over 5 years"),
    }
    return names.get(code, code)


def file_type(code: str) -> str:
    """A type of file."""
    names = {
        "image": _("Images"),
        "video": _("Video"),
        "audio": _("Audio"),
        "document": _("Documents"),
        "archive": _("Archives"),
        "other": _("Other"),
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
    }
    return names.get(name or "", name or "–")
