"""Column names and dtypes of each stage's frame; the fields of each entity and their kinds.

A snapshot holds one frame per entity. Its columns are

- the entity's *fields* below, all `String` except the dates (`Datetime("us")`, account-local wall time) and the
  numbers given here; a field with several values (phones, e-mails) joins them with `VALUE_SEPARATOR`;
- `source_file` (String), `source_line` (UInt32, 1-based line or row of the file in which the row starts);
- every original column of the file, as it was, under `ORIGINAL + header` (String). Repeated headers get
  ` #2`, ` #3`… appended.
"""

import polars as pl

VALUE_SEPARATOR = "; "
ORIGINAL = "original."

# What a column holds decides how it is normalised and compared.
KINDS = (
    "person_name",  # a whole name in one cell, in any order
    "given_name",
    "family_name",
    "patronymic",
    "company",
    "phone",
    "email",
    "website",
    "tax_id",  # ИНН, USCC, VAT …: has check digits, one per legal person
    "identifier",  # any other number that should belong to one record (passport, social security, ОГРН)
    "date",
    "address",
    "city",
    "postcode",
    "number",
    "category",  # few distinct values: state, cuisine, source
    "text",  # free words: title, description
)

# field → kind (None: kept and shown, never compared)
CONTACT: dict[str, str | None] = {
    "record_id": None,
    "name": "person_name",
    "last_name": "family_name",
    "first_name": "given_name",
    "middle_name": "patronymic",
    "company": "company",
    "company_id": None,
    "position": None,
    "phone": "phone",
    "email": "email",
    "website": "website",
    "address": "address",
    "city": "city",
    "postcode": "postcode",
    "country": None,
    "birth_date": "date",
    "tax_id": "tax_id",
    "identifier": "identifier",
    "owner": None,
    "origin": None,
    "tags": None,
    "note": None,
    "consent": None,
    "created_at": None,
    "created_by": None,
    "updated_at": None,
    "updated_by": None,
    "last_activity_at": None,
}
COMPANY: dict[str, str | None] = {
    "record_id": None,
    "name": "company",
    "legal_name": "company",
    "phone": "phone",
    "email": "email",
    "website": "website",
    "address": "address",
    "city": "city",
    "postcode": "postcode",
    "country": None,
    "tax_id": "tax_id",  # ИНН, USCC, VAT
    "branch_id": None,  # КПП: tells branches of one ИНН apart
    "registry_id": "identifier",  # ОГРН
    "industry": None,
    "owner": None,
    "origin": None,
    "tags": None,
    "note": None,
    "created_at": None,
    "created_by": None,
    "updated_at": None,
    "updated_by": None,
    "last_activity_at": None,
}
DEAL: dict[str, str | None] = {
    "record_id": None,
    "name": None,
    "amount": None,  # Float64
    "currency": None,
    "pipeline": None,
    "stage": None,
    "status": None,  # open | won | lost
    "contact_id": None,
    "contact_name": None,
    "company_id": None,
    "company_name": None,
    "owner": None,
    "origin": None,
    "tags": None,
    "note": None,
    "created_at": None,
    "created_by": None,
    "updated_at": None,
    "updated_by": None,
    "closed_at": None,
    "last_activity_at": None,
}
FILE: dict[str, str | None] = {
    "record_id": None,  # uuid
    "version_id": None,
    "name": None,
    "extension": None,
    "type": None,  # image | video | audio | document | archive | other
    "bytes": None,  # Int64, of the current version
    "versions": None,  # Int64 ≥ 1
    "versions_bytes": None,  # Int64, of the older versions together, null when unknown
    "is_trashed": None,  # Boolean
    "owner": None,
    "created_at": None,
    "updated_at": None,
    "deleted_at": None,
}
LINK: dict[str, str | None] = {
    "file_id": None,
    "entity": None,  # contact | company | deal
    "entity_id": None,
}
ENTITIES: dict[str, dict[str, str | None]] = {
    "contact": CONTACT,
    "company": COMPANY,
    "deal": DEAL,
    "file": FILE,
    "link": LINK,
}
NOT_STRING: dict[str, pl.DataType] = {
    **{f: pl.Datetime("us") for f in ("created_at", "updated_at", "closed_at", "deleted_at", "last_activity_at")},
    "amount": pl.Float64(),
    "bytes": pl.Int64(),
    "versions": pl.Int64(),
    "versions_bytes": pl.Int64(),
    "is_trashed": pl.Boolean(),
}

# Rows that could not become records: nothing is lost, each with what it said and why it was refused.
REJECTS = {"source_file": pl.String(), "source_line": pl.UInt32(), "reason": pl.String(), "content": pl.String()}

# Match stages. Records are addressed by their row number in the entity's frame; left < right always.
PAIRS = {"left": pl.UInt32(), "right": pl.UInt32(), "found_by": pl.UInt32()}  # found_by: bit i = blocking rule i
CLUSTERS = {"record_id": pl.String(), "cluster_id": pl.String()}
JUDGEMENTS = {
    "entity": pl.String(),
    "left_id": pl.String(),
    "right_id": pl.String(),
    "verdict": pl.String(),  # match | non_match | unsure
    "judge": pl.String(),
    "judged_at": pl.String(),  # ISO 8601, given by the caller
}
