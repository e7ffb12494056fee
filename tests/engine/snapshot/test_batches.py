"""A file read in batches: the same table as reading it whole, with its rows on disk."""

import gc
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LimitExceeded, UnreadableFile
from engine.snapshot import batches
from engine.snapshot.columns import Frame
from engine.snapshot.kinds import kinds
from engine.snapshot.map import recognise
from engine.snapshot.read import Limits, read_tables

ROWS = "".join(f'{n},"Name {n}, ""the {n}th""\nof them",,n{n}@mail.org\n' for n in range(40))
PLAIN = f"id,name,empty,e-mail\n{ROWS}"


def both(file: Path, folder: Path, batch: int) -> batches.Waiting | None:
    """File → what batches make of it, after it was held against reading whole."""
    waiting = batches.read(file, folder, batch=batch)
    if waiting is not None:
        (whole,) = read_tables([file])
        assert waiting.frame.columns == whole.frame.columns
        assert waiting.frame.select(waiting.frame.columns).equals(whole.frame)
        assert waiting.lines[batches.LINE].cast(pl.UInt32).to_list() == whole.lines.to_list()
        assert waiting.rejects.equals(whole.rejects)
        assert (waiting.name, waiting.encoding, waiting.delimiter) == (whole.name, whole.encoding, whole.delimiter)
        assert recognise(waiting) == recognise(whole)
        assert kinds(waiting.frame) == kinds(whole.frame)
    return waiting


@pytest.mark.parametrize("batch", [200, 1_000, 1 << 20])
@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        "\n\nsep=,\r\n" + PLAIN.replace("\n", "\r\n") + "\r\n\r\n",
        PLAIN.replace(",,", ",Ёж 章,") + ",,,\n" + ROWS.rstrip("\n"),  # with a row of nothing
        PLAIN.replace("id,name,empty", '"i\nd",name,'),
        PLAIN.replace("name", "id") + "\n" * 100_000,
        PLAIN.replace(",", ";").replace("Name 7", "a\0"),
        "a,b\n",
    ],
)
def test_rows_lines_and_rejects_are_those_of_reading_whole(tmp_path, text, batch):
    file = tmp_path / "f.csv"
    file.write_bytes(text.encode())
    assert both(file, tmp_path, batch) is not None


CELL = st.sampled_from(["", "", "a", "1", "é章", '"a,b"', '"a\nb"', '"x""y"', '""', " ", "\0", '"', "x\ry"])
END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\n,\n"])


@given(st.lists(st.tuples(st.lists(CELL, min_size=2, max_size=3), END), min_size=1, max_size=20), st.integers(1, 40))
def test_any_text_gives_the_same_table_or_is_left_to_be_read_whole(tmp_path_factory, rows, batch):
    folder = tmp_path_factory.getbasetemp()
    file = folder / "any.csv"
    file.write_bytes(("id,name\n" + "".join(",".join(cells) + end for cells, end in rows)).encode())
    both(file, folder, batch)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode("cp1251") + "1,Пётр,,\n".encode("cp1251"),
        PLAIN.encode("utf-16"),
        PLAIN.encode() + b"1,\xd0,,\n",
        PLAIN.encode() + b'1,"a,,\n',
        PLAIN.encode() + b'1,a"b,,\n',
        PLAIN.encode() + b"1,2,3,4,5\n",
        PLAIN.replace("\n", "\r").encode(),
        b'[{"id": 1}, {"id": 2}]',
        b"one\n1\n2\n",
        b"a,b\n1," + b"x" * 5_000 + b"\n",  # a row longer than batches go
        b"",
    ],
)
def test_what_is_not_plain_is_left_to_be_read_whole(tmp_path, content):
    file = tmp_path / "f.csv"
    file.write_bytes(content)
    assert batches.read(file, tmp_path, batch=200) is None


def test_what_is_too_much_is_refused_as_it_is_whole(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text(PLAIN)
    for limits, said in (
        (Limits(rows=39), "39 are read"),
        (Limits(columns=3), "4 columns"),
        (Limits(line_bytes=8), "one line"),
    ):
        with pytest.raises(LimitExceeded, match=said):
            batches.read(file, tmp_path, batch=200, limits=limits)
    assert batches.read(file, tmp_path, limits=Limits(file_bytes=10)) is None
    file.write_bytes(bytes(range(1, 9)) * 1000)
    with pytest.raises(UnreadableFile, match="binary"):
        batches.read(file, tmp_path)


def test_nothing_is_left_on_disk_and_no_file_open(tmp_path):
    file = tmp_path / "f.csv"
    file.write_text(PLAIN)
    waiting = batches.read(file, tmp_path, batch=200)
    records, kept = waiting.with_lines("record_id"), waiting.frame._file
    del waiting
    assert records["record_id"].to_list()[:2] == ["2", "4"]  # the file is there as long as any table of it
    assert list(tmp_path.iterdir()) == [file]
    del records
    gc.collect()
    assert kept.closed


def test_columns_get_other_names(tmp_path):
    frame = Frame(pl.DataFrame({"a": ["1", "2"], "b": ["3", "4"], "record_id": ["5", "6"]}), tmp_path)
    other = frame.renamed("b", "record_id")
    assert other.columns == ["a", "record_id"]
    assert other.select(["record_id"]).rows() == [("3",), ("4",)]
    assert other.head(1).rows() == [("1", "3")]
    assert frame.renamed("a", "a").columns == frame.columns
