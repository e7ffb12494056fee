"""Recognition: which CRM, which entity, which column is what."""

import csv
from pathlib import Path

import polars as pl
import pytest
import yaml

from engine.errors import InputError, UnknownColumn
from engine.schema import ENTITIES, KINDS
from engine.snapshot import map as mapping_of
from engine.snapshot.headers import REFERENCE, field_of
from engine.snapshot.map import correct, kinds, recognise
from engine.snapshot.mapping import FIELDS
from engine.snapshot.table import Table, rejected, unique_headers

CASES = Path(__file__).parents[2] / "cases"


def cases(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(columns: dict[str, list[str | None]], **told) -> Table:
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    lines = pl.int_range(2, frame.height + 2, dtype=pl.UInt32, eager=True)
    return Table("f.csv", frame, lines, rejected("f.csv", []), "csv", **told)


@pytest.mark.parametrize("case", cases("headers.csv"), ids=lambda c: f"{c['entity']}: {c['header']}")
def test_a_header_names_a_field(case):
    assert (field_of(case["header"], case["entity"]) or "") == case["field"]


@pytest.mark.parametrize("case", cases("exports.csv"), ids=lambda c: f"{c['crm']}: {c['headers'][:40]}")
def test_an_export_is_recognised_by_its_headers(case):
    headers = unique_headers(case["headers"].split(case["delimiter"]))
    mapping = recognise(table({header: [f"{header} 1", f"{header} 2"] for header in headers}))
    assert (mapping.crm, mapping.profile) == (case["crm"], case["profile"])
    assert [e.entity for e in mapping.entities] == case["entities"].split()
    assert (mapping.confidence > 0.5) == (case["crm"] != "unknown")
    for entity in mapping.entities:
        assert set(entity.fields) <= set(FIELDS[entity.entity])
        assert {c for columns in entity.fields.values() for c in columns} <= set(headers)


def test_every_field_that_profiles_and_headers_name_exists():
    folder = REFERENCE
    known = yaml.safe_load((folder / "headers.yaml").read_text(encoding="utf-8"))
    every = {field for fields in ENTITIES.values() for field in fields}
    assert set(known["any"]) <= every
    for entity in ("contact", "company", "deal", "file"):
        assert set(known[entity]) <= set(ENTITIES[entity])
    for file in (folder / "profiles").glob("*.yaml"):
        for profile in yaml.safe_load(file.read_text(encoding="utf-8"))["tables"]:
            entities = set(profile) & set(FIELDS)
            assert entities, (file.name, profile["name"])
            for entity in entities:
                assert set(profile[entity]) <= set(FIELDS[entity]), (file.name, profile["name"])


def test_amocrm_contacts_take_their_columns_and_leave_the_companies_theirs():
    headers = ["ID", "Тип", "Полное имя", "Компания", "Ответственный", "Дата создания"]
    headers += [
        "Рабочий телефон (контакт)",
        "Рабочий телефон (компания)",
        "ИНН (компания)",
        "Примечание 1",
        "Примечание 2",
    ]
    contact, company = recognise(table({h: ["a", "b"] for h in headers})).entities
    assert contact.fields["phone"] == ("Рабочий телефон (контакт)",)
    assert contact.fields["note"] == ("Примечание 1", "Примечание 2")
    assert "tax_id" not in contact.fields
    assert company.fields["phone"] == ("Рабочий телефон (компания)",)
    assert company.fields["tax_id"] == ("ИНН (компания)",)
    assert (contact.where.negate, company.where.negate) == (True, False)


def test_columns_without_a_telling_name_are_known_by_content():
    mapping = recognise(
        table(
            {
                "кто": ["Иванов Пётр Ильич", "Петрова Анна Павловна", "Сидоров Олег Львович"],
                "куда": ["a@mail.ru", "b@mail.ru", "c@mail.ru"],
                "как": ["+7 916 123-45-67", "+7 916 123-45-68", "+7 916 123-45-69"],
                "сколько": ["1", "2", "3"],
            }
        )
    )
    assert mapping.entities[0].columns == {"кто": "name", "куда": "email", "как": "phone"}


def test_an_id_column_that_repeats_is_no_id():
    assert "record_id" not in recognise(table({"id": ["1"] * 20, "email": ["a@b.ru"] * 20})).entities[0].fields


def test_what_the_caller_says_counts():
    data = table({"name": ["a", "b"], "code": ["1", "2"], "id": ["3", "4"]})
    mapping = recognise(data, entity="company", id_column="code")
    assert mapping.entities[0].fields == {"name": ("name",), "record_id": ("code",)}
    with pytest.raises(UnknownColumn, match="did you mean 'code'"):
        recognise(data, id_column="kode")


def test_a_correction_moves_a_column_and_survives_writing():
    mapping = recognise(table({"name": ["a", "b"], "phone": ["1", "2"]}))
    fixed = correct(correct(mapping, "phone", "note"), "name", None)
    assert fixed.entities[0].columns == {"phone": "note"}
    assert mapping_of.load(mapping_of.dump(fixed)) == fixed
    with pytest.raises(InputError, match="did you mean 'phone'"):
        correct(mapping, "name", "phon")
    with pytest.raises(InputError, match="not a mapping"):
        mapping_of.load("{}")


def test_kinds_of_columns_of_any_table():
    many = range(400)
    found = kinds(
        pl.DataFrame(
            {
                "by": [str(1900 + i % 90) for i in many],
                "year": [str(1990 + i % 20) for i in many],
                "title": [f"On the {i} ways of joining tables {i * i}" for i in many],
                "venue": [f"Conference {i % 9}" for i in many],
                "state": [("nsw", "vic", "qld")[i % 3] for i in many],
                "code": [f"A-{i:05}" for i in many],
                "number": [f"{1_000_000 + i * 7}" for i in many],
                "inn": ["7707083893", "500100732259"] * 200,
                "when": [f"19{50 + i % 40}0{1 + i % 9}1{i % 9}" for i in many],
                "where": [f"{i} wallaby street" for i in many],
                "legal": [f"ООО Ромашка {i}" for i in many],
                "original.Отчество": [("Ильич", "Павловна", "Львович")[i % 3] for i in many],
                "nothing": [None] * 400,
                "one": ["same"] * 400,
            },
            schema_overrides={"nothing": pl.String},
        )
    )
    assert found == {
        "by": "number",
        "year": "number",
        "title": "text",
        "venue": "category",
        "state": "category",
        "code": "identifier",
        "number": "identifier",
        "inn": "tax_id",
        "when": "date",
        "where": "address",
        "legal": "company",
        "original.Отчество": "patronymic",
        "nothing": None,
        "one": None,
    }
    assert {kind for kind in found.values() if kind} <= set(KINDS)
