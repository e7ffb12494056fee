"""`python -m engine load` as people and scripts use it."""

import io
import json
import subprocess
import sys
import zipfile

import pytest

from engine.__main__ import main
from engine.snapshot.workspace import Workspace

CONTACTS = "ID;Имя;Телефон\n1;Пётр;8 916 123-45-67\n2;Анна;\n2;Яна;\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_load_prints_the_id_last_and_counts_the_rejects(tmp_path, capsys):
    (tmp_path / "c.csv").write_bytes(CONTACTS.encode("cp1251"))
    code, out, _ = run(capsys, "load", tmp_path / "c.csv", "--workspace", tmp_path / "w", "--as-of", "2026-01-31")
    assert code == 0
    lines = out.splitlines()
    assert lines[:-1] == ["contact: 3", "rejects: 0"]
    loaded = Workspace(tmp_path / "w").load(lines[-1])
    assert loaded.as_of.isoformat() == "2026-01-31"
    code, again, _ = run(capsys, "load", tmp_path / "c.csv", "--workspace", tmp_path / "w", "--json")
    said = json.loads(again)
    assert said["snapshot"] == lines[-1]
    assert said["sources"][0] | {"encoding": "cp1251", "delimiter": ";", "rows": 3} == said["sources"][0]


def test_bad_input_is_one_clear_line_and_exit_code_2(tmp_path, capsys):
    bad = {"empty.csv": b"", "header.csv": b"a,b\n", "binary.csv": bytes(range(256)) * 40, "half.json": b'{"a":'}
    with zipfile.ZipFile(io.BytesIO(), "w") as opened:
        opened.writestr("x", "")
    bad["broken.zip"] = b"PK\x03\x04rest"
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    for name in (*bad, "absent.csv"):
        code, out, err = run(capsys, "load", tmp_path / name, "--workspace", tmp_path / "w")
        assert (code, out) == (2, ""), name
        assert err.splitlines()[-1].startswith("winnow: "), name
        assert "Traceback" not in err
    assert Workspace(tmp_path / "w").snapshots() == []


def test_a_failure_of_ours_is_one_line_and_exit_code_1(tmp_path, capsys, monkeypatch):
    from engine.snapshot import read

    monkeypatch.setattr(read, "read_tables", lambda *_, **__: 1 / 0)
    code, _, err = run(capsys, "load", tmp_path, "--workspace", tmp_path / "w")
    assert code == 1
    assert err.splitlines()[-1].startswith("winnow: internal failure (ZeroDivisionError)")


def test_usage_errors_and_help_end_as_they_should():
    for arguments, code in ((["load"], 2), (["sing"], 2), (["load", "x", "--workspace", "w", "--as-of", "soon"], 2)):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == code
    shown = subprocess.run([sys.executable, "-m", "engine", "--help"], capture_output=True, text=True, check=True)
    for verb in ("load", "dedupe", "match", "audit", "plan"):
        assert verb in shown.stdout
