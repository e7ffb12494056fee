"""The engine's codes in words: entities, fields, kinds, stages, verdicts, errors. One table each, one look-up.

Every table is a function, so that its sentences are in the language in use when they are shown.
"""

from collections.abc import Callable
from typing import Any

import polars as pl

from engine.errors import WinnowError
from pages._ui.text import _, n_, num, plain


def told(codes: pl.Series, say: Callable[[Any], str]) -> pl.Series:
    """Codes → their words, each said once, here: a frame's own threads do not know the language in use."""
    known = {code: say(code) for code in codes.unique()}
    return pl.Series(codes.name, [known[code] for code in codes], dtype=pl.String)


def entity(code: str) -> str:
    """contact → 'Contacts'."""
    names = {
        "contact": _("Contacts"),
        "company": _("Companies"),
        "deal": _("Deals"),
        "file": _("Files"),
        "link": _("File links"),
    }
    return names.get(code, code)


def records(code: str, count: int) -> str:
    """(contact, 5) → '5 contacts'."""
    return {
        "contact": lambda: n_("{n} contact", "{n} contacts", count),
        "company": lambda: n_("{n} company", "{n} companies", count),
        "deal": lambda: n_("{n} deal", "{n} deals", count),
        "file": lambda: n_("{n} file", "{n} files", count),
        "link": lambda: n_("{n} file link", "{n} file links", count),
    }.get(code, lambda: n_("{n} record", "{n} records", count))()


def field(name: str) -> str:
    """A field of the schema → its name for people; an original column keeps the name it has in the file."""
    names = {
        "record_id": _("ID"),
        "name": _("Name"),
        "last_name": _("Last name"),
        "first_name": _("First name"),
        "middle_name": _("Middle name"),
        "legal_name": _("Legal name"),
        "company": _("Company"),
        "company_id": _("Company ID"),
        "company_name": _("Company"),
        "contact_id": _("Contact ID"),
        "contact_name": _("Contact"),
        "position": _("Position"),
        "phone": _("Phone"),
        "email": _("E-mail"),
        "website": _("Website"),
        "address": _("Address"),
        "city": _("City"),
        "postcode": _("Postcode"),
        "country": _("Country"),
        "birth_date": _("Date of birth"),
        "tax_id": _("Tax ID"),
        "identifier": _("Other ID number"),
        "branch_id": _("Branch code"),
        "registry_id": _("Registry number"),
        "industry": _("Industry"),
        "owner": _("Owner"),
        "origin": _("Source"),
        "tags": _("Tags"),
        "note": _("Note"),
        "consent": _("Consent"),
        "created_at": _("Created"),
        "created_by": _("Created by"),
        "updated_at": _("Changed"),
        "updated_by": _("Changed by"),
        "last_activity_at": _("Last activity"),
        "last_deal_at": _("Last deal"),
        "amount": _("Amount"),
        "currency": _("Currency"),
        "pipeline": _("Pipeline"),
        "stage": _("Stage"),
        "status": _("Status"),
        "closed_at": _("Closed"),
        "version_id": _("Version ID"),
        "extension": _("Extension"),
        "type": _("Type"),
        "bytes": _("Size"),
        "versions": _("Versions"),
        "versions_bytes": _("Size of older versions"),
        "is_trashed": _("In trash"),
        "deleted_at": _("Deleted"),
        "file_id": _("File ID"),
        "entity": _("Kind of record"),
        "entity_id": _("Record ID"),
        "source_file": _("File"),
        "source_line": _("Line"),
    }
    return names.get(name, name.removeprefix("original."))


def kind(name: str) -> str:
    """A kind of value → its name for people."""
    names = {
        "person_name": _("Person's name"),
        "given_name": _("First name"),
        "family_name": _("Last name"),
        "patronymic": _("Middle name"),
        "company": _("Company name"),
        "phone": _("Phone"),
        "email": _("E-mail"),
        "website": _("Website"),
        "tax_id": _("Tax ID"),
        "identifier": _("Other ID number"),
        "date": _("Date"),
        "address": _("Address"),
        "city": _("City"),
        "postcode": _("Postcode"),
        "number": _("Number"),
        "category": _("Category"),
        "text": _("Free text"),
    }
    return names.get(name, name)


def comparison(name: str) -> str:
    """A comparison of the rules → its name: the field's when it is called like one."""
    known = kind(name)
    return known if known != name else field(name)


def verdict(code: str) -> str:
    """match → 'Same'."""
    return {"match": _("Same"), "non_match": _("Different"), "unsure": _("Unsure"), "review": _("For review")}.get(
        code, code
    )


def dimension(code: str) -> str:
    """What storage is broken down by."""
    names = {
        "entity": _("Kind of record"),
        "stage": _("Deal stage"),
        "pipeline": _("Pipeline"),
        "type": _("File type"),
        "age": _("Age"),
        "owner": _("Owner"),
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


def group(by: str, code: str | None) -> str:
    """(what storage is broken down by, group) → the group's name; CRM values stay as they are."""
    if code is None:
        return {"entity": _("On no record"), "owner": _("Unknown"), "age": _("Unknown")}.get(by, _("Not on a deal"))
    known = {"entity": entity, "age": age, "type": file_type}.get(by)
    return known(code) if known else code


def level(name: str) -> str:
    """A level of agreement → its name."""
    names = {
        "missing": _("missing"),
        "same, rare": _("same, and rare"),
        "same": _("same"),
        "close": _("close"),
        "similar": _("similar"),
        "one digit": _("one digit differs"),
        "a short or misspelt form": _("a short or misspelt form"),
        "alike": _("alike"),
        "expanded": _("expanded"),
        "family": _("family"),
        "gender": _("gender"),
        "given": _("given"),
        "initial": _("initial"),
        "initials": _("initials"),
        "last 6 digits": _("last 6 digits"),
        "much in common": _("much in common"),
        "names alike": _("names alike"),
        "namesake": _("namesake"),
        "another generation": _("another generation"),
        "near": _("near"),
        "nearly the same": _("nearly the same"),
        "nickname": _("nickname"),
        "one digit off": _("one digit off"),
        "one error": _("one error"),
        "part": _("part"),
        "same area": _("same area"),
        "same but for code or area": _("same but for code or area"),
        "same company": _("same company"),
        "same desk": _("same desk"),
        "same house": _("same house"),
        "same name, other provider": _("same name, other provider"),
        "same name, other suffix": _("same name, other suffix"),
        "same street": _("same street"),
        "same year": _("same year"),
        "something in common": _("something in common"),
        "the same core": _("the same core"),
        "the same core, another form or place": _("the same core, another form or place"),
        "the same name": _("the same name"),
        "the same name, rare": _("the same name, rare"),
        "two errors": _("two errors"),
        "two parts the same": _("two parts the same"),
        "typing error": _("typing error"),
        "typing error or swap": _("typing error or swap"),
        "typo": _("typo"),
        "uncertain": _("uncertain"),
        "different": _("different"),
    }
    return names.get(name, name)


def blocking_rule(name: str) -> str:
    """'phone fold + city fold' → 'Phone + City': the rule by the comparisons whose keys it joins."""
    return " + ".join(comparison(part.split(" ")[0]) for part in name.split(" + "))


def placeholder(code: str) -> str:
    """Why a value does not count as agreement."""
    names = {
        "excluded": _("excluded by a rule"),
        "shared": _("shared by too many records"),
        "made_up": _("looks made up"),
    }
    return names.get(code, _("stands for no value"))


def plan_entity(code: str) -> str:
    """The kind of thing an item of a plan is about."""
    return _("Older versions") if code == "file_version" else entity(code)


def apology() -> str:
    """What is said when the fault is ours."""
    return _("Something went wrong on our side. Your data and judgements are safe. Reload the page to go on.")


def problem(error: WinnowError) -> str:
    """An error of the engine → one sentence that says what to do, never a traceback."""
    told = {
        "unreadable_file": _("This file is not a table that can be read. Export it again as CSV or XLSX."),
        "limit_exceeded": _(
            "The file is larger than what is allowed. Put it into the inbox folder or split the export."
        ),
        "unknown_column": _("A column that was asked for is not in the file. Check the mapping."),
        "rules_not_yaml": _("The rule file is not YAML. Download the current rules and edit a copy."),
        "rules_wrong": _("The rule file has a mistake."),
        "rules_other_entity": _("These rules are for another kind of record."),
        "nothing_to_compare": _("No column holds names, phones or anything else to compare. Check the mapping."),
        "unknown_record": _("This record is not in the snapshot."),
        "rules": _("The rules contradict themselves."),
        "workspace": _("A snapshot is missing or damaged. Load the export again."),
        "plan": _("This plan cannot be made."),
        "cancelled": _("Stopped. Nothing was changed."),
        "input": _("This input cannot be used as it is."),
    }
    if error.code == "plan_limit_exceeded":
        return _(
            "The plan selects {selected} records, the limit is {limit}. Narrow the rules or raise the limit.",
            selected=num(error.details.get("selected")),
            limit=num(error.details.get("limit")),
        )
    sentence = told.get(error.code) or told[_family(error)]
    return f"{sentence} ({plain(error, 300)})"


def _family(error: WinnowError) -> str:
    known = ("unreadable_file", "limit_exceeded", "unknown_column", "rules", "workspace", "plan", "cancelled")
    return next((c.code for c in type(error).__mro__ if getattr(c, "code", None) in known), "input")
