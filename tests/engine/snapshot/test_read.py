"""Reading: formats, encodings, delimiters, and files that are not as they should be."""

import codecs
import csv
import io
import json
import struct
import zipfile
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError, LimitExceeded, UnreadableFile
from engine.snapshot.delimited import read as read_delimited
from engine.snapshot.encoding import detect
from engine.snapshot.read import read_tables
from engine.snapshot.table import Limits

RUSSIAN = "ID;Имя;Комментарий\n1;Пётр Ильич;Перезвонить завтра, просил счёт\n2;Анна;Жалоба на доставку\n"
CHINESE = "编号,姓名,公司\n1,王小明,北京科技有限公司\n2,李华,上海贸易有限公司\n"


def table(text: str | bytes, **options):
    return read_delimited("f.csv", text if isinstance(text, bytes) else text.encode(), **options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp866"])
def test_russian_text_is_read_in_every_encoding_it_comes_in(encoding):
    found = table(RUSSIAN.encode(encoding))
    assert found.frame.rows()[0] == ("1", "Пётр Ильич", "Перезвонить завтра, просил счёт")
    assert found.frame.columns == ["ID", "Имя", "Комментарий"]
    assert found.delimiter == ";"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_text_is_read_in_every_encoding_it_comes_in(encoding):
    assert table(CHINESE.encode(encoding)).frame.rows()[1] == ("2", "李华", "上海贸易有限公司")


def test_a_byte_order_mark_of_utf16_big_endian():
    found = table(codecs.BOM_UTF16_BE + RUSSIAN.encode("utf-16-be"))
    assert found.frame.columns[0] == "ID"
    assert found.encoding == "utf-16-be"


def test_western_accents_are_not_taken_for_cyrillic():
    assert detect("Nome;Cidade\nJoão Conceição;São Paulo\nJosé Peña;Málaga\n".encode("cp1252"), "f") == "cp1252"


def test_text_beyond_ascii_far_behind_the_sample_still_tells_the_encoding():
    data = b"a,b\n" + b"plain,1\n" * 50_000 + "Пётр Иванов,2\n".encode("cp1251")
    found = table(data)
    assert (found.encoding, found.frame.row(-1)) == ("cp1251", ("Пётр Иванов", "2"))


def test_a_broken_character_in_utf8_is_spelled_out_and_does_not_change_the_encoding():
    found = table(b"a,b\n" + "Пётр,1\n".encode() * 50 + b"x\xd0,2\n")
    assert found.frame.row(-1) == ("x\\xd0", "2")
    assert "broken_characters" in found.notes


def test_the_users_word_on_encoding_and_delimiter_counts():
    found = table("a|b;c\n1|Яна;2\n".encode("cp866"), encoding="cp866", delimiter=";")
    assert found.frame.rows() == [("1|Яна", "2")]
    with pytest.raises(InputError, match="unknown encoding"):
        table("a,b\n1,2\n", encoding="klingon")
    with pytest.raises(InputError, match="delimiter"):
        table("a,b\n1,2\n", delimiter="||")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_although_cells_hold_the_others(delimiter):
    rows = [["ID", "name", "note"], ["1", "a;b,c", "x|y"], ["2", "d,e,f,g", "z\tz"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    assert [list(row) for row in table(text.getvalue()).frame.rows()] == rows[1:]


def test_lines_are_those_of_the_file_after_cells_of_several_lines():
    found = table('a,b\r\n1,"x\r\n\r\ny"\r\n2,z\r\n"3\n4",w\r\n5,v')
    assert found.lines.to_list() == [2, 5, 6, 8]
    assert found.frame["b"].to_list() == ["x\r\n\r\ny", "z", "w", "v"]


def test_rows_with_other_widths():
    found = table("a,b,c\n1,2\n1,2,3,,\n1,2,3,4\n,,\n\n5,6,7\n")
    assert found.frame.rows() == [("1", "2", None), ("1", "2", "3"), ("5", "6", "7")]
    assert found.lines.to_list() == [2, 3, 7]
    assert found.rejects.select("source_line", "reason", "content").rows() == [
        (4, "too_many_cells", "1,2,3,4"),
        (5, "empty_row", ""),
        (6, "empty_row", ""),
    ]


def test_a_stray_quote_does_not_swallow_the_rows_after_it():
    found = table('id,name\n1,"ООО "Ромашка""\n2,"unclosed\n3,5" disk\n4,"good, ""quoted"""\n"5"x,bad,worse\n')
    assert found.frame.rows() == [
        ("1", 'ООО "Ромашка"'),
        ("2", '"unclosed'),
        ("3", '5" disk'),
        ("4", 'good, "quoted"'),
    ]
    assert found.rejects.select("source_line", "reason", "content").rows() == [(6, "broken_quotes", '"5"x,bad,worse')]


def test_repeated_and_empty_headers():
    found = table("a,a,,b,\n1,2,3,4,\n")
    assert found.frame.columns == ["a", "a #2", "column 3", "b"]
    assert found.frame.rows() == [("1", "2", "3", "4")]


def test_small_oddities():
    assert table("a;b\r1;2\r").frame.rows() == [("1", "2")]
    assert table("\n\nsep=;\na;b\n1,5;2\n").lines.to_list() == [5]
    assert table("a,b\n").frame.shape == (0, 2)
    assert table("name\nx, y\n\nz\n").frame["name"].to_list() == ["x, y", "z"]
    assert table("a\0b,c\n\x001,2\n").frame.rows() == [("\x001", "2")]


@pytest.mark.parametrize("content", [b"", b"\n\n \n", codecs.BOM_UTF8, b"\xef\xbb\xbf\n"])
def test_empty_files_are_refused_in_words(content):
    with pytest.raises(UnreadableFile, match="is empty"):
        table(content)


def test_binary_files_are_refused_in_words(tmp_path):
    noise = bytes((i * 7919 + i // 251) % 256 for i in range(50_000))
    for content in (noise, b"%PDF-1.7 ...", b"\x1f\x8b\x08...", b"PK\x03\x04 broken", b"PAR1 broken PAR1", b'{"a": '):
        (tmp_path / "f.csv").write_bytes(content)
        with pytest.raises(UnreadableFile):
            read_tables([tmp_path / "f.csv"])


def test_a_line_without_end_is_refused():
    with pytest.raises(LimitExceeded, match="one line is longer"):
        table(b"a,b\n" + b"x" * (3 << 20) + b",1\n", limits=Limits(line_bytes=1 << 20))
    with pytest.raises(LimitExceeded, match="columns"):
        table(",".join(f"c{i}" for i in range(50)), limits=Limits(columns=49))
    with pytest.raises(LimitExceeded, match="rows"):
        table("a,b\n1,2\n3,4\n", limits=Limits(rows=1))


# Workbooks and Parquet ------------------------------------------------------------------------------------------------


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "dd.mm.yyyy"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return content.getvalue()


def test_a_workbook_gives_a_table_for_each_sheet(tmp_path):
    import datetime as dt

    rows = [[], ["ID", "phone", "when"], [44381321, 79161234567, dt.datetime(2024, 1, 2)], [], [7.5, "00123", ""]]
    (tmp_path / "b.xlsx").write_bytes(workbook({"One": rows, "Two": [["a"], ["x"]], "Void": []}))
    one, two = read_tables([tmp_path / "b.xlsx"])
    assert one.frame.rows() == [("44381321", "79161234567", "2024-01-02 00:00:00"), ("7.5", "00123", None)]
    assert one.lines.to_list() == [3, 5]
    assert one.rejects["reason"].to_list() == ["empty_row"]
    assert (two.name, two.part) == ("b.xlsx#Two", "Two")


def test_parquet_becomes_text(tmp_path):
    pl.DataFrame({"id": [1, 2], "x": [1.0, 2.5], "tags": [["a", "b"], None]}).write_parquet(tmp_path / "p.parquet")
    (found,) = read_tables([tmp_path / "p.parquet"])
    assert found.frame.rows() == [("1", "1", '["a", "b"]'), ("2", "2.5", None)]
    with pytest.raises(LimitExceeded):
        read_tables([tmp_path / "p.parquet"], limits=Limits(rows=1))


# Folders and archives -------------------------------------------------------------------------------------------------


def archive(path: Path, files: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


def test_folders_and_archives_are_read_whole(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "deep" / "photo.png").write_bytes(b"\x89PNG....")
    (tmp_path / ".hidden").write_text("no")
    archive(
        tmp_path / "z.zip",
        {"x.csv": b"a;b\n3;4\n", "../../evil.csv": b"a\n5\n", "__MACOSX/x": b"junk", "i.zip": b"PK\x03\x04"},
    )
    tables = read_tables([tmp_path])
    assert [(t.name, t.frame.height, t.rejects.height) for t in tables] == [
        ("deep/a.csv", 1, 0),
        ("deep/photo.png", 0, 1),
        ("z.zip/evil.csv", 1, 0),
        ("z.zip/i.zip", 0, 1),
        ("z.zip/x.csv", 1, 0),
    ]
    assert tables[1].rejects["reason"].to_list() == ["unreadable_file"]
    assert not (tmp_path.parent / "evil.csv").exists()


def test_links_inside_folders_are_not_followed(tmp_path):
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "good.csv").write_text("a,b\n1,2\n")
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    good, link = read_tables([inside])
    assert (good.frame.height, link.frame.height, link.rejects.height) == (1, 0, 1)


def test_an_archive_that_unpacks_to_too_much_is_refused_by_what_it_says_and_by_what_it_does(tmp_path):
    bomb = archive(tmp_path / "bomb.zip", {"a.csv": b"a,b\n" + b"1,2\n" * 500_000})
    with pytest.raises(LimitExceeded, match="unpacks"):
        read_tables([bomb], limits=Limits(unpacked_bytes=1 << 20))
    data = bytearray(bomb.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 100)
    bomb.write_bytes(bytes(data))
    with pytest.raises(InputError):
        read_tables([bomb], limits=Limits(unpacked_bytes=1 << 20))


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path):
    data = bytearray(workbook({"One": [["a"], ["x" * 30_000], *[["y" * 30_000 + str(i)] for i in range(300)]]}))
    at = data.index(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<I", data, at + 24, 10)
        at = data.find(b"PK\x01\x02", at + 4)
    (tmp_path / "lie.xlsx").write_bytes(bytes(data))
    with pytest.raises(LimitExceeded, match="unpacks"):
        read_tables([tmp_path / "lie.xlsx"], limits=Limits(unpacked_bytes=1 << 20))


def test_locked_and_empty_archives(tmp_path):
    locked = bytearray(archive(tmp_path / "locked.zip", {"a.csv": b"a,b\n1,2\n"}).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(locked))
    with pytest.raises(UnreadableFile, match="password"):
        read_tables([tmp_path / "locked.zip"])
    with pytest.raises(UnreadableFile, match="empty"):
        read_tables([archive(tmp_path / "empty.zip", {})])


def test_paths_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_tables([tmp_path / "absent.csv"])
    with pytest.raises(InputError, match="no file was given"):
        read_tables([])
    with pytest.raises(UnreadableFile, match="no table"):
        (tmp_path / "void").mkdir()
        read_tables([tmp_path / "void"])
    with pytest.raises(LimitExceeded, match="MB"):
        (tmp_path / "big.csv").write_text("a,b\n1,2\n")
        read_tables([tmp_path / "big.csv"], limits=Limits(file_bytes=4))


# JSON -----------------------------------------------------------------------------------------------------------------


def documents(tmp_path: Path, content: object) -> list:
    (tmp_path / "d.json").write_text(json.dumps(content, ensure_ascii=False))
    return read_tables([tmp_path / "d.json"])


def test_api_objects_become_flat_rows(tmp_path):
    contact = {
        "id": 1,
        "name": "Иван",
        "custom_fields_values": [
            {"field_id": 5, "field_name": "Телефон", "field_code": "PHONE", "values": [{"value": "1"}, {"value": "2"}]},
            {"field_id": 6, "field_name": "Город", "field_code": None, "values": [{"value": "Тверь"}]},
        ],
        "_embedded": {"tags": [{"id": 1, "name": "vip"}], "companies": [{"id": 9}, {"id": 10, "is_main": True}]},
    }
    (found,) = documents(tmp_path, {"_page": 1, "_links": {}, "_embedded": {"contacts": [contact, {"id": 2}]}})
    assert found.part == "contacts"
    assert found.frame.to_dicts()[0] == {
        "id": "1",
        "name": "Иван",
        "PHONE": "1; 2",
        "Город": "Тверь",
        "_embedded.tags": "vip",
        "_embedded.companies": "10; 9",
    }


def test_links_of_files_in_both_shapes(tmp_path):
    page = {"_links": {"self": {"href": "https://x.example/api/v4/leads/18/files?limit=50"}}}
    of_lead = {**page, "_embedded": {"files": [{"file_uuid": "u1", "id": 2}]}}
    of_file = {"file_uuid": "u1", "entities": [{"id": 7, "entity_type": "contacts", "name": "x"}]}
    (found,) = documents(tmp_path, [of_lead, of_file])
    assert found.frame.select("file_uuid", "entity_type", "id", "entity_id").rows() == [
        ("u1", "leads", "2", "18"),
        ("u1", "contacts", "7", None),
    ]


@pytest.mark.parametrize("content", [{"next": {"href": "x"}}, {"_embedded": {"contacts": []}}, {"self": {}}, ["a"]])
def test_json_without_records_is_not_lost(tmp_path, content):
    (found,) = documents(tmp_path, content)
    assert found.frame.height + found.rejects.height == 1


def test_lines_of_json(tmp_path):
    (tmp_path / "d.jsonl").write_text('{"id": 1, "a": 1.0}\n{"id": 2, "a": true}\n')
    (found,) = read_tables([tmp_path / "d.jsonl"])
    assert found.frame.rows() == [("1", "1"), ("2", "true")]


# Nothing is lost ------------------------------------------------------------------------------------------------------

CELL = st.text(st.sampled_from("ab1\"',;|\t\n =<>&й中\\"), max_size=8)


@given(
    rows=st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), max_size=6)),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read(rows, delimiter, encoding, ending):
    width = len(rows[0]) if rows else 2
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows([[f"h{i}" for i in range(width)], *rows])
    found = table(text.getvalue().encode(encoding), delimiter=delimiter)
    kept = [tuple(cell or None for cell in row) for row in rows if any(row)]
    assert found.frame.rows() == kept
    blank_end = next((i for i, row in enumerate(reversed(rows)) if any(row)), len(rows)) if width == 1 else 0
    assert found.rejects.height == len(rows) - len(kept) - blank_end


@given(st.text(st.sampled_from('ab",\n;'), max_size=60))
def test_no_line_of_any_text_disappears(text):
    content = "x,y\n" + text
    found = table(content, delimiter=",")
    said = found.frame.to_dicts()
    shown = "".join(str(cell) for row in said for cell in row.values() if cell) + "".join(found.rejects["content"])
    for letter in "ab;":
        assert shown.count(letter) == text.count(letter)
