"""Files are written whole or not at all."""

import stat

import pytest

from engine.errors import Cancelled, WorkspaceError
from engine.files import write_atomically


def test_a_file_and_its_folder_are_made(tmp_path):
    target = tmp_path / "a" / "b" / "c.txt"
    write_atomically(target, lambda path: path.write_text("whole"))
    assert target.read_text() == "whole"
    assert [p.name for p in target.parent.iterdir()] == ["c.txt"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


@pytest.mark.parametrize("trouble", [Cancelled("stopped"), KeyboardInterrupt(), ZeroDivisionError()])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, trouble):
    target = tmp_path / "c.txt"
    target.write_text("old")

    def half(path):
        path.write_text("ha")
        raise trouble

    with pytest.raises(type(trouble)):
        write_atomically(target, half)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["c.txt"]


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "c.txt"
    target.write_text("old")

    def look(path):
        path.write_text("new")
        assert target.read_text() == "old"
        assert path.suffix == ".txt"
        assert path.parent == target.parent  # else the last step could not be one

    write_atomically(target, look)
    assert target.read_text() == "new"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match=r"cannot write c\.txt: .*; check the folder"):
        write_atomically(tmp_path / "file" / "c.txt", lambda path: path.write_text(""))
