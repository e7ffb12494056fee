"""A table → what its columns mean: by the profile of a known CRM, else by names, else by content.

Profiles are data (`engine/reference/profiles/`). A `Mapping` is plain frozen data too: it is shown, corrected column by
column, kept with the snapshot, and fed back.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from engine.errors import InputError, UnknownColumn
from engine.files import read_yaml
from engine.schema import ENTITIES
from engine.snapshot.assemble import Snapshot, Source, apply
from engine.snapshot.batches import Waiting
from engine.snapshot.headers import REFERENCE, dictionary, entity_suffix, field_of, plain, signals
from engine.snapshot.kinds import kinds
from engine.snapshot.mapping import FIELDS, UNKNOWN, EntityMapping, Mapping, Where
from engine.snapshot.records import distinct
from engine.snapshot.table import Table

__all__ = ["Mapping", "Snapshot", "Source", "apply", "correct", "dump", "kinds", "load", "recognise"]

ID_SHARE = 0.9  # of the rows of an unknown table must differ in a column for it to be their id
BY_CONTENT = ("email", "phone", "website", "tax_id")


def recognise(table: Table | Waiting, *, entity: str | None = None, id_column: str | None = None) -> Mapping:
    """`Table` → `Mapping`. `entity` and `id_column` overrule what would be guessed.

    Confidence is above 0.5 when the table of a known CRM was recognised. Raises UnknownColumn for an `id_column` that
    is not there.
    """
    headers = table.frame.columns
    if id_column is not None and id_column not in headers:
        raise UnknownColumn.among(id_column, headers)
    found = None if entity is not None else _known(table)
    mapping = found or _unknown(table, entity or _guess(table))
    if id_column is None:
        return mapping
    chosen = [
        msgspec.structs.replace(e, fields={**_without(e.fields, id_column), "record_id": (id_column,)})
        for e in mapping.entities
    ]
    return msgspec.structs.replace(mapping, entities=tuple(chosen))


def correct(mapping: Mapping, column: str, field: str | None, *, entity: str | None = None) -> Mapping:
    """(mapping, column, its right field or None) → the corrected mapping, in `entity` or in all that have the field.

    Raises InputError for a field that no entity of the mapping has, with the nearest that exists.
    """
    targets = [e for e in mapping.entities if entity in (None, e.entity)]
    if field is not None:
        targets = [e for e in targets if field in FIELDS[e.entity]]
        if not targets:
            known = [f for e in mapping.entities for f in FIELDS[e.entity]]
            raise InputError(str(UnknownColumn.among(field, known)).replace("column", "field", 1), code="unknown_field")
    changed = []
    for part in mapping.entities:
        if part in targets:
            fields = _without(part.fields, column)
            if field is not None:
                fields[field] = (*fields.get(field, ()), column)
            part = msgspec.structs.replace(part, fields=fields)
        changed.append(part)
    return msgspec.structs.replace(mapping, entities=tuple(changed))


def dump(mapping: Mapping) -> str:
    """Mapping → JSON text that `load` reads back to an equal mapping."""
    return msgspec.json.encode(mapping).decode()


def load(text: str) -> Mapping:
    """JSON text → Mapping. Raises InputError when it is not one."""
    try:
        return msgspec.json.decode(text, type=Mapping)
    except msgspec.DecodeError as error:
        raise InputError(f"this is not a mapping: {error}", code="mapping") from error


def _without(fields: dict[str, tuple[str, ...]], column: str) -> dict[str, tuple[str, ...]]:
    rest = {field: tuple(c for c in columns if c != column) for field, columns in fields.items()}
    return {field: columns for field, columns in rest.items() if columns}


@cache
def _profiles() -> tuple[tuple[str, dict[str, Any]], ...]:
    files = sorted((REFERENCE / "profiles").glob("*.yaml"))
    loaded = [read_yaml(file) for file in files]
    return tuple((profile["crm"], table) for profile in loaded for table in profile["tables"])


def _known(table: Table | Waiting) -> Mapping | None:
    """The profile that explains most of the headers, if there is one all of whose `needs` are met."""
    names = {plain(entity_suffix(header)[0]) for header in table.frame.columns}
    best: tuple[int, str, dict[str, Any]] | None = None
    for crm, profile in _profiles():
        if profile.get("part") is not None and profile["part"] != table.part:
            continue
        needs = [[need] if isinstance(need, str) else need for need in profile["needs"]]
        if all(any(plain(n) in names for n in need) for need in needs):
            listed = {plain(h) for e in FIELDS if e in profile for hs in profile[e].values() for h in hs}
            score = len(names & listed) + len(needs)
            if best is None or score > best[0]:
                best = (score, crm, profile)
    if best is None:
        return None
    _, crm, profile = best
    entities = tuple(_of_profile(table, profile, entity) for entity in FIELDS if entity in profile)
    mapped = {c for e in entities for columns in e.fields.values() for c in columns}
    return Mapping(
        crm=crm,
        profile=profile["name"],
        confidence=round(0.6 + 0.4 * len(mapped) / max(table.frame.width, 1), 2),
        entities=entities,
    )


def _of_profile(table: Table | Waiting, profile: dict[str, Any], entity: str) -> EntityMapping:
    headers = table.frame.columns
    by_name: dict[str, list[str]] = {}
    for header in headers:
        bare, whose = entity_suffix(header)
        if whose in (None, entity):
            by_name.setdefault(plain(bare), []).append(header)
    fields: dict[str, tuple[str, ...]] = {}
    for field, listed in profile[entity].items():
        columns = [c for name in listed for c in by_name.get(plain(name), [])[:1]]
        if columns:
            fields[field] = tuple(dict.fromkeys(columns))
    taken = {c for columns in fields.values() for c in columns}
    taken |= {h for h in headers if plain(h) in {plain(i) for i in profile.get("ignore", ())}}
    if "split" in profile:
        taken |= set(by_name.get(plain(profile["split"]["column"]), []))
    return EntityMapping(
        entity=entity,
        fields=_named(headers, entity, fields, taken),
        where=_where(profile, entity, by_name),
        values={f: {plain(k): v for k, v in words.items()} for f, words in profile.get("values", {}).items()},
        prefixes=profile.get("prefixes", {}),
        expected_close=bool(profile.get("expected_close", False)),
    )


def _where(profile: dict[str, Any], entity: str, by_name: dict[str, list[str]]) -> Where | None:
    split = profile.get("split")
    if split is None:
        return None
    # A row of a type that nobody foresaw is a contact, so that no row is lost.
    only = "company" if entity == "contact" else entity
    values = tuple(plain(v) for v in split[only])
    return Where(column=by_name[plain(split["column"])][0], values=values, negate=entity == "contact")


def _named(
    headers: Iterable[str], entity: str, fields: dict[str, tuple[str, ...]], taken: set[str]
) -> dict[str, tuple[str, ...]]:
    """Fields mapped so far, plus the columns not taken whose names are known."""
    if entity not in ENTITIES or entity == "link":
        return fields
    named = dict(fields)
    for header in headers:
        bare, whose = entity_suffix(header)
        field = field_of(bare, entity) if header not in taken and whose in (None, entity) else None
        # An id is one column, the first that is called so.
        if field is not None and not (field == "record_id" and "record_id" in named):
            named[field] = (*named.get(field, ()), header)
    return named


def _unknown(table: Table | Waiting, entity: str) -> Mapping:
    fields = _named(table.frame.columns, entity, {}, set())
    ids = fields.get("record_id")
    if ids is not None and distinct(table.frame[ids[0]]) < ID_SHARE * table.frame.height:
        del fields["record_id"]
    taken = {c for columns in fields.values() for c in columns}
    rest = kinds(table.frame, [column for column in table.frame.columns if column not in taken])
    for other, kind in rest.items():
        if kind in BY_CONTENT and kind in FIELDS[entity] and other not in taken:
            fields[kind] = (*fields.get(kind, ()), other)
    whole = {"contact": "person_name", "company": "company"}.get(entity)
    if not fields.keys() & {"name", "first_name", "last_name"}:
        column = next((c for c, kind in rest.items() if kind == whole and kind is not None), None)
        if column is not None:
            fields["name"] = (column,)
    mapped = {c for columns in fields.values() for c in columns}
    share = len(mapped) / max(table.frame.width, 1)
    one = EntityMapping(entity=entity, fields=fields)
    return Mapping(crm=UNKNOWN, profile="", confidence=round(0.5 * share, 2), entities=(one,))


def _guess(table: Table | Waiting) -> str:
    """What the rows of an unknown table are: deals and files by telling headers, companies by having no persons."""
    names = {plain(header) for header in table.frame.columns}
    for entity, telling in signals().items():
        if len(names & telling) >= 2:
            return entity
    as_contact = {field_of(h, "contact"): h for h in table.frame.columns}
    as_company = {field_of(h, "company"): h for h in table.frame.columns}
    persons, companies = as_contact.get("name"), as_company.get("name")
    if as_contact.keys() & {"first_name", "last_name", "middle_name"} or (persons and persons != companies):
        return "contact"
    if companies is None:
        content = set(kinds(table.frame).values())
        return "company" if "company" in content and not content & {"person_name", "email"} else "contact"
    if persons is None:
        return "company"
    known = dictionary()
    only_companies = as_company.keys() & set(known["company_only"]) or names & set(known["company_only"])
    return "company" if only_companies and not as_contact.keys() & set(known["person_only"]) else "contact"
