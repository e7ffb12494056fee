"""The workspace: what is written is whole, what is damaged is said so, and names stay inside."""

import datetime as dt
import json
import threading

import polars as pl
import pytest

from engine.errors import InputError, WorkspaceError
from engine.snapshot import store, workspace
from engine.snapshot.delimited import read as read_delimited
from engine.snapshot.map import Snapshot, apply, recognise
from engine.snapshot.workspace import Workspace

JUDGEMENT = {
    "entity": "contact",
    "left_id": "2",
    "right_id": "1",
    "verdict": "match",
    "judge": "anna",
    "judged_at": "x",
}


def snapshot(text: str = "id,name,phone,note\n1,a,+7 916,x\n2, b ,,\n2,c,,\n") -> Snapshot:
    table = read_delimited("f.csv", text.encode())
    return apply([table], [recognise(table, id_column="id")])


def test_a_snapshot_comes_back_as_it_was(tmp_path):
    saved = snapshot()
    assert Workspace(tmp_path / "w").save(saved, as_of=dt.date(2026, 1, 31)) == saved.id
    found = Workspace(tmp_path / "w").load(saved.id)
    assert found.frames["contact"].equals(saved.frames["contact"])
    assert found.frames["contact"].schema == saved.frames["contact"].schema
    assert found.rejects.equals(saved.rejects)
    assert (found.id, found.sources, found.as_of) == (saved.id, saved.sources, dt.date(2026, 1, 31))


def test_snapshots_are_listed_found_by_their_beginning_and_deleted(tmp_path):
    work = Workspace(tmp_path)
    first, second = snapshot(), snapshot("id,name\n9,z\n")
    work.save(second, as_of=dt.date(2026, 2, 1))
    work.save(first, as_of=dt.date(2026, 1, 1))
    assert [(s.id, s.rows, s.rejects) for s in work.snapshots()] == [
        (first.id, {"contact": 2}, 1),
        (second.id, {"contact": 1}, 0),
    ]
    assert work.load(first.id[:6]).id == first.id
    work.delete(first.id[:6])
    assert [s.id for s in work.snapshots()] == [second.id]
    for wrong in (first.id, "", "..", "zz/../..", "*"):
        with pytest.raises(WorkspaceError, match="no snapshot"):
            work.load(wrong)


def test_a_field_equal_to_its_column_is_written_once(tmp_path):
    frame = snapshot().frames["contact"]
    store.write_frame(frame, tmp_path / "f.parquet")
    assert "phone" not in pl.read_parquet_schema(tmp_path / "f.parquet")
    assert store.read_frame(tmp_path / "f.parquet").equals(frame)


def test_of_fields_without_any_value_one_of_each_type_is_written(tmp_path):
    frame = snapshot().frames["contact"]
    store.write_frame(frame, tmp_path / "f.parquet")
    written = pl.read_parquet(tmp_path / "f.parquet")
    empty = {name: written.schema[name] for name in written.columns if written[name].null_count() == written.height}
    assert sorted(map(str, empty.values())) == ["Datetime(time_unit='us', time_zone=None)", "String"]
    found = store.read_frame(tmp_path / "f.parquet")
    assert found.equals(frame)
    assert found.schema == frame.schema


@pytest.mark.parametrize("file", ["contact.parquet", "rejects.parquet", "manifest.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_a_damaged_snapshot_is_said_to_be_damaged(tmp_path, file, damage):
    work = Workspace(tmp_path)
    id = work.save(snapshot())
    path = tmp_path / "snapshots" / id[:16] / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"x" * len(content))
    with pytest.raises(WorkspaceError, match="damaged"):
        work.load(id)


@pytest.mark.parametrize("step", ["write_frame", "_write", "_flush"])
def test_a_save_that_dies_leaves_the_old_snapshot_or_none(tmp_path, monkeypatch, step):
    work, saved = Workspace(tmp_path), snapshot()

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(workspace, step, die)
        with pytest.raises(KeyboardInterrupt):
            work.save(saved)
    assert work.snapshots() == []
    work.save(saved)
    with monkeypatch.context() as patched:
        patched.setattr(workspace, step, die)
        with pytest.raises(KeyboardInterrupt):
            work.save(saved)
    assert work.load(saved.id).frames["contact"].equals(saved.frames["contact"])


def test_a_kill_between_the_two_renames_gives_the_old_snapshot_back(tmp_path):
    work = Workspace(tmp_path)
    id = work.save(snapshot())
    folder = tmp_path / "snapshots" / id[:16]
    folder.rename(folder.with_name(f".old-{folder.name}-123"))
    assert work.load(id).id == id
    folder.rename(folder.with_name(f".old-{folder.name}-123"))
    assert [s.id for s in work.snapshots()] == [id]


def test_judgements_keep_the_last_word_of_each_judge(tmp_path):
    work = Workspace(tmp_path / "new")
    assert work.judgements().height == 0
    work.judge(JUDGEMENT)
    work.judge({**JUDGEMENT, "verdict": "non_match", "left_id": "1", "right_id": "2"})
    work.judge({**JUDGEMENT, "judge": "oleg"})
    work.judge({**JUDGEMENT, "entity": "company"})
    found = work.judgements("contact")
    assert found.select("left_id", "right_id", "verdict", "judge").rows() == [
        ("1", "2", "non_match", "anna"),
        ("1", "2", "match", "oleg"),
    ]
    assert work.judgements().height == 3


def test_a_torn_last_line_is_passed_over_and_harms_no_later_one(tmp_path):
    work = Workspace(tmp_path)
    work.judge(JUDGEMENT)
    with (tmp_path / "judgements.jsonl").open("ab") as file:
        file.write(b'{"entity": "contact", "left')
    assert work.judgements().height == 1
    work.judge({**JUDGEMENT, "judge": "oleg"})
    assert work.judgements()["judge"].to_list() == ["anna", "oleg"]


def test_judgements_of_many_sessions_at_once_are_all_kept(tmp_path):
    def session(judge: int) -> None:
        for n in range(10):
            Workspace(tmp_path).judge({**JUDGEMENT, "left_id": f"a{n}", "judge": str(judge)})

    sessions = [threading.Thread(target=session, args=(i,)) for i in range(4)]
    for one in sessions:
        one.start()
    for one in sessions:
        one.join()
    assert Workspace(tmp_path).judgements().height == 40


@pytest.mark.parametrize(
    "wrong", [{"left_id": "1"}, {"verdict": "yes"}, {"entity": "person"}, {"mood": "good"}, {"left_id": ""}]
)
def test_judgements_that_say_nothing_are_refused(tmp_path, wrong):
    with pytest.raises(InputError):
        Workspace(tmp_path).judge({**JUDGEMENT, **wrong})


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "C:x", "nul", "x\0", "x" * 65, " x", "-x", "x.yaml"]
)
def test_hostile_names_of_rules_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="cannot be a name"):
        Workspace(tmp_path).save_rules(name, "a: 1")


def test_rules_texts_and_settings_are_kept(tmp_path):
    work = Workspace(tmp_path)
    work.save_rules("мои правила", "a: 1\n")
    work.save_rules("мои правила", "a: 2\n")
    assert (work.rule_files(), work.rules("мои правила")) == (["мои правила"], "a: 2\n")
    with pytest.raises(WorkspaceError):
        work.rules("absent")
    assert work.text("holds") is None
    work.save_text("holds", "- x\n")
    assert work.text("holds") == "- x\n"
    with pytest.raises(InputError):
        work.save_text("other", "x")
    assert work.account() == {}
    work.save_account({"quota_bytes": 10 << 30, "region": "RU"})
    assert work.account() == {"quota_bytes": 10 << 30, "region": "RU"}
    for broken in ("{", json.dumps([1])):
        (tmp_path / "account.json").write_text(broken)
        with pytest.raises(WorkspaceError, match="damaged"):
            work.account()


def test_nothing_outside_the_inbox_can_be_named(tmp_path):
    work = Workspace(tmp_path / "w")
    (tmp_path / "secret.csv").write_text("a")
    (work.inbox / "big.csv").write_text("a,b\n1,2\n")
    (work.inbox / "link.csv").symlink_to(tmp_path / "secret.csv")
    assert [p.name for p in work.inbox_files()] == ["big.csv"]
    assert work.inbox_file("big.csv").read_text() == "a,b\n1,2\n"
    for name in ("link.csv", "../../secret.csv", str(tmp_path / "secret.csv"), "", "absent", "a\0b"):
        with pytest.raises(InputError, match="not in the inbox"):
            work.inbox_file(name)


def test_a_workspace_is_a_folder_that_can_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkspaceError, match="is a file"):
        Workspace(tmp_path / "file")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        Workspace(tmp_path / "file" / "below").save(snapshot())


def test_what_was_remembered_of_values_goes_with_a_snapshot(tmp_path):
    work = Workspace(tmp_path / "w")
    id = work.save(snapshot())
    work.remembered.mkdir()
    (work.remembered / "values").write_text("+7 916")
    work.delete(id)
    assert not work.remembered.exists()
    assert work.snapshots() == []
