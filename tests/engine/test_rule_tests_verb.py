"""`python -m engine test-rules`: rules against pairs whose verdict is known."""

import json
from pathlib import Path

import pytest

from engine.__main__ import main

TESTS = """entity,expected,reason,left.name,right.name,left.phone,right.phone
contact,match,the same person,Анна Ким,Ким Анна,89161112233,+7 916 111-22-33
contact,{second},two strangers,Анна Ким,Олег Цой,89161112233,89169998877
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    people = [(f"{g} {f}", f"8916{i:03}{j:04}") for i, g in enumerate(["Анна", "Пётр", "Олег", "Вера"])
              for j, f in enumerate(["Ким", "Цой", "Пак", "Ли", "Тен"])]  # fmt: skip
    rows = [*people, *((f"{n.split()[1]} {n.split()[0]}", p) for n, p in people[:8])]
    text = "id,name,phone\n" + "".join(f"{i},{n},{p}\n" for i, (n, p) in enumerate(rows))
    (folder / "people.csv").write_text(text, encoding="utf-8")
    assert main(["dedupe", str(folder / "people.csv"), "--out", str(folder)]) == 0
    return folder / "rules.yaml"


def run(rules: Path, tests: Path, *more: str) -> int:
    return main(["test-rules", "--rules", str(rules), "--tests", str(tests), *more])


def test_green_tests_end_with_0(rules, tmp_path, capsys):
    (tmp_path / "t.csv").write_text(TESTS.format(second="non_match"), encoding="utf-8")
    assert run(rules, tmp_path / "t.csv") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 of 2 tests are green"


def test_a_red_test_ends_with_3_and_says_what_it_was_about(rules, tmp_path, capsys):
    (tmp_path / "t.csv").write_text(TESTS.format(second="match"), encoding="utf-8")
    assert run(rules, tmp_path / "t.csv") == 3
    assert "two strangers" in capsys.readouterr().out
    assert run(rules, tmp_path / "t.csv", "--json") == 3
    said = json.loads(capsys.readouterr().out)
    assert (said["green"], said["red"]) == (1, 1)
    assert [test["passed"] for test in said["tests"]] == [True, False]


@pytest.mark.parametrize(
    "text", ["", "entity,expected,left.nmae,right.name\ncontact,match,x,y\n", TESTS.format(second="perhaps")]
)
def test_a_wrong_table_is_refused_in_one_line(rules, tmp_path, capsys, text):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    assert run(rules, tmp_path / "t.csv") == 2
    assert sum(line.startswith("winnow: ") for line in capsys.readouterr().err.splitlines()) == 1
