"""Tables and mappings → snapshots: values, ids, what follows from what, and that nothing is lost."""

import csv
import datetime as dt
import io
import json
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.schema import ENTITIES, NOT_STRING, REJECTS
from engine.snapshot.delimited import read as read_delimited
from engine.snapshot.fields import field as field_of
from engine.snapshot.map import Snapshot, apply, recognise
from engine.snapshot.mapping import EntityMapping
from engine.snapshot.read import read_tables
from engine.snapshot.records import distinct
from engine.snapshot.values import amounts, clean, sizes, times, yes_or_no

CASES = Path(__file__).parents[2] / "cases"
CONTACTS = [
    [
        *("ID", "Тип", "Полное имя контакта", "Имя", "Фамилия", "Название компании", "Ответственный"),
        *("Дата создания контакта", "Рабочий телефон", "Мобильный телефон", "Рабочий email", "Личный email"),
        *("Примечание 1", "Товар", "Товар"),
    ],
    [
        *("1", "контакт", "Пётр Ильин", "Пётр", "Ильин", "ООО «Ива»", "Анна", "22.03.2022 13:32:57"),
        *("'+79161234567", "8 916 123-45-67", "p@iva.ru", "P@iva.ru, p@iva.ru", "строка 1\nстрока 2", "a", "b"),
    ],
    [
        *("2", "компания", "ООО «Ива»", "", "", "", "Анна", "01.02.2022 03:04:05"),
        *("84951234567, доб. 12", "", "", "", "=1+1", "<b>", '"quoted"'),
    ],
    ["3", "", "", "Олег", "Ким", "", "Анна", *[""] * 8],
]


def snapshot(rows: list[list[str]], **options) -> Snapshot:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    table = read_delimited("f.csv", text.getvalue().encode(), delimiter=",")
    return apply([table], [recognise(table, **options)])


def load(*paths: Path) -> Snapshot:
    tables = read_tables(list(paths))
    return apply(tables, [recognise(t) for t in tables])


def test_contacts_and_companies_of_one_file():
    found = snapshot(CONTACTS)
    contact = found.frames["contact"].to_dicts()[0]
    assert contact["phone"] == "+79161234567; 8 916 123-45-67"
    assert contact["email"] == "p@iva.ru; P@iva.ru"
    assert contact["created_at"] == dt.datetime(2022, 3, 22, 13, 32, 57)
    assert contact["original.Рабочий телефон"] == "'+79161234567"
    assert (contact["original.Товар"], contact["original.Товар #2"]) == ("a", "b")
    company = found.frames["company"].to_dicts()[0]
    assert (company["name"], company["phone"], company["note"]) == ("ООО «Ива»", "84951234567 доб. 12", "=1+1")
    # A row of no known type is a contact rather than lost.
    assert found.frames["contact"]["record_id"].to_list() == ["1", "3"]
    assert found.frames["contact"]["name"].to_list() == ["Пётр Ильин", "Ким Олег"]
    assert found.frames["contact"]["source_line"].to_list() == [2, 5]


def test_frames_have_the_columns_and_types_of_the_schema():
    for entity, frame in snapshot(CONTACTS).frames.items():
        assert frame.columns[: len(ENTITIES[entity])] == list(ENTITIES[entity])
        for field in ENTITIES[entity]:
            assert frame.schema[field] == NOT_STRING.get(field, pl.String()), field
        assert frame.schema["source_line"] == pl.UInt32
    assert dict(snapshot(CONTACTS).rejects.schema) == REJECTS


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1251", ";"), ("utf-16", "\t"), ("gb18030", "|")]
)
def test_one_content_has_one_id_in_every_encoding(tmp_path, encoding, delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(CONTACTS)
    (tmp_path / f"other {encoding}.csv").write_bytes(text.getvalue().encode(encoding))
    assert load(tmp_path / f"other {encoding}.csv").id == snapshot(CONTACTS).id


def test_a_workbook_and_several_files_of_the_same_rows_have_the_same_id(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(CONTACTS):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell)
    assert load(tmp_path / "b.xlsx").id == snapshot(CONTACTS).id
    for place, rows in enumerate((CONTACTS[:3], [CONTACTS[0], *CONTACTS[3:]])):
        with (tmp_path / f"{place}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    assert load(tmp_path / "0.csv", tmp_path / "1.csv").id == snapshot(CONTACTS).id


def test_another_content_or_another_mapping_has_another_id():
    ids = {snapshot(CONTACTS).id, snapshot(CONTACTS[:3]).id, snapshot([CONTACTS[0], *CONTACTS[:0:-1]]).id}
    ids.add(snapshot(CONTACTS, entity="contact").id)
    shifted = [CONTACTS[0], [*CONTACTS[1][:-2], "", "ab"], *CONTACTS[2:]]
    ids.add(snapshot(shifted).id)
    assert len(ids) == 5


def test_repeated_ids():
    found = snapshot(
        [
            ["id", "email"],
            ["1", "a@b.ru"],
            ["1", "a@b.ru"],
            ["1", "c@d.ru"],
            ["2", ""],
            *[[str(n), "x@y.ru"] for n in range(3, 60)],
        ]
    )
    assert found.frames["contact"].height == 59
    assert found.rejects.select("source_line", "reason").rows() == [(3, "repeated_row"), (4, "repeated_id")]
    assert json.loads(found.rejects["content"][1]) == {"id": "1", "email": "c@d.ru"}


def test_records_without_an_id_are_called_by_their_row():
    found = snapshot([["name", "phone"], ["a", "1"], ["b\nb", "2"], ["c", "3"]])
    assert found.frames["contact"]["record_id"].to_list() == ["row-2", "row-3", "row-4"]
    assert found.frames["contact"]["source_line"].to_list() == [2, 3, 5]


def test_deals_know_how_they_ended():
    headers = ["ID", "Название сделки", "Бюджет ", "Ответственный", "Этап сделки", "Воронка", "Дата закрытия"]
    stages = ["Успешно реализовано", "Закрыто и не реализовано", "Первичный контакт", "Архив"]
    closed = ["22.03.2022 13:32:00", "22.03.2022 13:32:00", "не закрыта", "22.03.2022 13:32:00"]
    rows = [[str(i), "x", "1 500,50", "y", s, "z", c] for i, (s, c) in enumerate(zip(stages, closed, strict=True))]
    deals = snapshot([headers, *rows]).frames["deal"]
    assert deals["status"].to_list() == ["won", "lost", "open", None]
    assert deals["amount"].to_list() == [1500.5] * 4
    assert deals["closed_at"].null_count() == 1
    forecast = [["Record Id", "Deal Name", "Stage", "Closing Date"], ["1", "x", "Negotiation", "2030-01-01"]]
    assert snapshot(forecast).frames["deal"]["status"].to_list() == ["open"]


def test_an_attachment_is_a_file_and_a_link():
    headers = ["Record Id", "Parent.id", "Parent Module", "File Name", "Size", "Created Time"]
    found = snapshot([headers, ["f1", "c1", "Contacts", "offer.PDF", "12 KB", "2024-01-02 03:04:05"]])
    file, link = found.frames["file"].to_dicts()[0], found.frames["link"].to_dicts()[0]
    assert (file["record_id"], file["bytes"], file["extension"], file["type"]) == ("f1", 12288, "pdf", "document")
    assert (link["file_id"], link["entity"], link["entity_id"]) == ("f1", "contact", "c1")


def test_versions_are_counted_into_their_file(tmp_path):
    def version(uuid: str, file: str, size: int, main: bool) -> dict:
        return {"uuid": uuid, "file_uuid": file, "size": size, "is_main": main, "name": "n", "type": "file"}

    versions = [version("v1", "f1", 10, False), version("v2", "f1", 20, True), version("v3", "f2", 5, False)]
    versions += [version("v4", "f3", 7, False), version("v5", "f3", 8, True)]
    files = [{"uuid": "f1", "version_uuid": "v2", "size": 20, "name": "n", "has_multiple_versions": True}]
    for name, content in (("files", files), ("versions", versions)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"_embedded": {name: content}}))
    found = load(tmp_path)
    assert found.frames["file"].select("record_id", "bytes", "versions", "versions_bytes").rows() == [
        ("f1", 20, 2, 10),
        ("f3", 8, 2, 7),
    ]
    assert found.rejects.select("source_line", "reason").rows() == [
        (1, "counted_as_version"),
        (2, "counted_as_version"),
        (3, "version_without_file"),
        (4, "counted_as_version"),
    ]


def test_names_are_put_together_as_their_script_has_it():
    found = snapshot([["first_name", "last_name"], ["Jane", "Roe"], ["Пётр", "Ильин"], ["小明", "王"], ["", "Solo"]])
    assert found.frames["contact"]["name"].to_list() == ["Jane Roe", "Ильин Пётр", "王小明", "Solo"]


def test_a_stray_file_beside_an_export_takes_nobodys_place(tmp_path):
    (tmp_path / "contacts.csv").write_text(
        "Record Id,Contact Owner,First Name,Last Name\nzcrm_1,Ann,Jane,Roe\nzcrm_2,Ann,John,Doe\n"
    )
    (tmp_path / "aside.csv").write_text("record_id,cluster_id\nzcrm_1,7\nzcrm_9,8\n")
    found = load(tmp_path)
    assert found.frames["contact"]["name"].to_list() == ["Jane Roe", "John Doe"]
    assert found.rejects.select("source_file", "source_line", "reason").rows() == [
        ("aside.csv", 2, "not_recognised"),
        ("aside.csv", 3, "not_recognised"),
    ]
    assert json.loads(found.rejects["content"][0]) == {"record_id": "zcrm_1", "cluster_id": "7"}
    assert load(tmp_path / "aside.csv").frames["contact"].height == 2


def test_a_mapping_for_each_table_is_needed():
    with pytest.raises(InputError, match="one for each table"):
        apply([read_delimited("f", b"a,b\n1,2\n")], [])


# Values ---------------------------------------------------------------------------------------------------------------


def date_cases() -> list[tuple[str, str]]:
    with (CASES / "dates.csv").open(encoding="utf-8", newline="") as file:
        return [(row["said"], row["means"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("said", "means"), date_cases())
def test_a_date_alone(said, means):
    (found,) = times(pl.Series([said])).to_list()
    assert found == (dt.datetime.fromisoformat(means) if means else None)


def test_all_writings_of_dates_in_one_column():
    column = pl.Series([said for said, _ in date_cases()])
    assert times(column).dt.strftime("%Y-%m-%d %H:%M:%S").fill_null("").to_list() == [
        means for _, means in date_cases()
    ]


def test_the_day_comes_first_where_the_column_says_so():
    assert times(pl.Series(["01/02/2024", "25/12/2024"])).dt.day().to_list() == [1, 25]
    assert times(pl.Series(["01/02/2024", "12/25/2024"])).dt.day().to_list() == [2, 25]


ISO = st.sampled_from(
    [
        *(None, "2024-01-31T10:20:30", "1999-12-01T00:00:59", "2024-1-3T1:2:3", "2024-01-31T 1:20:30", "31.01.2024"),
        *("2024-01-31T10:20", "2024-02-30T10:20:30", "2024-01-31 10:20:30", "2024-01-31T10:20:30Z", "нет"),
        "0017-01-31T10:20:30",
    ]
)


@given(st.lists(ISO, max_size=6))
def test_a_column_of_nothing_but_iso_times_is_read_as_any_other(cells):
    column = pl.Series(cells, dtype=pl.String)
    # A last cell of another kind sends the column the long way round.
    other = pl.Series([*cells, "2020-01-01 00:00:00"])
    assert times(column).to_list() == times(other).to_list()[:-1]


VALUE = st.sampled_from([None, "a", "b", "a; b", "b; c", "c;", "; a", "'a", "'+7", " a "])


@given(st.lists(st.tuples(VALUE, VALUE, VALUE), min_size=1, max_size=6))
def test_values_of_several_columns_are_joined_each_once(rows):
    table = pl.DataFrame(rows, schema=dict.fromkeys(["a", "b", "c"], pl.String), orient="row")
    found = field_of(table, "note", EntityMapping("contact", {"note": tuple(table.columns)}))

    def plainly(row: tuple[str | None, ...]) -> str | None:
        cells = [clean(pl.Series([cell], dtype=pl.String)).item() for cell in row]
        filled = [cell for cell in cells if cell is not None]
        values = filled if len(filled) == 1 else "; ".join(filled).split("; ")
        return "; ".join(dict.fromkeys(values)) or None

    assert found.to_list() == [plainly(row) for row in rows]


@given(st.lists(st.sampled_from([None, "1", "01", "2", "10", "9", "x", "-1"]), max_size=4))
def test_ids_that_differ_are_counted(ids):
    assert distinct(pl.Series(ids, dtype=pl.String)) == len(set(ids))


def test_other_values():
    assert amounts(pl.Series(["1.5", "2 000", "3,000,000", "-4,5 €", "x", None])).to_list() == [
        1.5,
        2000,
        3e6,
        -4.5,
        None,
        None,
    ]
    assert sizes(pl.Series(["1,5 KB", "2GB", "abc", None])).to_list() == [1536, 2 << 30, None, None]
    assert yes_or_no(pl.Series(["Да", "FALSE", "maybe"])).to_list() == [True, False, None]
    untouched = pl.Series(["a", None])
    assert clean(untouched) is untouched
    assert clean(pl.Series(["'=SUM(A1)", "d'Artagnan", "\0x", " "])).to_list() == ["=SUM(A1)", "d'Artagnan", "x", None]


# Nothing is lost ------------------------------------------------------------------------------------------------------

CELL = st.text(st.sampled_from("a1@.+'; ,\n<й中"), max_size=6)
HEADERS = ["ID", "name", "phone", "e-mail", "Дата создания", "amount", "zip", "что-то", "Тип"]


@given(st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=1, max_size=8), st.permutations(HEADERS))
def test_every_row_is_a_record_or_a_reject_with_all_its_cells(rows, headers):
    headers = headers[:4]
    found = snapshot([headers, *rows])
    originals = [f"original.{h}" for h in headers]
    kept = [row for frame in found.frames.values() for row in frame.select(originals).rows()]
    refused = [
        tuple(json.loads(content).get(h) for h in headers) if content else (None,) * 4
        for content in found.rejects["content"]
    ]
    given_rows = [tuple(cell or None for cell in row) for row in rows]
    assert sorted(map(repr, kept + refused)) == sorted(map(repr, given_rows))
    for frame in found.frames.values():
        assert frame["record_id"].null_count() == 0
        assert frame["record_id"].n_unique() == frame.height
