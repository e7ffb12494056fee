import json

import pytest

from engine.__main__ import main
from engine.plan.verify import read, verify
from engine.snapshot.map import Snapshot
from engine.snapshot.workspace import Workspace
from tests.engine.plan.account import AS_OF, account


@pytest.fixture
def workspace(tmp_path):
    small = account()
    rejects = small.frames["contact"].select("source_file", "source_line", reason="name", content="name").clear()
    work = Workspace(tmp_path / "w")
    work.save(Snapshot("ab" * 32, small.frames, rejects, (), AS_OF))
    work.save_text("holds", "[{name: court, tags: [court]}]")
    return tmp_path


def test_audit_from_the_command_line(workspace, capsys):
    code = main(["audit", "abab", "--workspace", str(workspace / "w"), "--out", str(workspace / "out"), "--json"])
    assert code == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == 132_000_002
    assert json.loads((workspace / "out" / "storage.json").read_text("utf-8"))["as_of"] == "2026-01-31"


def test_plan_from_the_command_line(workspace, capsys):
    day = ["--as-of", "2026-01-31"]
    place = ["--workspace", str(workspace / "w"), "--out", str(workspace / "out")]
    assert main(["plan", "abab", *place, *day, "--target", "zoho", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    content = (workspace / "out" / "plan.zip").read_bytes()
    assert verify(content) == []
    manifest, files = read(content)
    assert manifest["actions"] == told["actions"]
    assert {"rules.yaml", "schedule.yaml", "target/steps.txt"} <= set(files)
    rules = workspace / "rules.yaml"
    rules.write_bytes(files["rules.yaml"])
    assert main(["plan", "abab", *place, *day, "--target", "zoho", "--rules", str(rules)]) == 0
    assert (workspace / "out" / "plan.zip").read_bytes() == content  # the rules of a plan make that plan again


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--rules", "nowhere.yaml"], "cannot read the rules from nowhere.yaml"),
        (["--schedule", "nowhere.yaml"], "cannot read the schedule from nowhere.yaml"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(workspace, capsys, extra, message):
    place = ["--workspace", str(workspace / "w"), "--out", str(workspace / "out")]
    assert main(["plan", "abab", *place, "--as-of", "2026-01-31", *extra]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert message in said[-1]
    assert not (workspace / "out").exists()
