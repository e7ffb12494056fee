"""A rules file with all of it — keys, gaps, conditions, exclusions — through the command line and back."""

import json
from pathlib import Path

import polars as pl
import pytest

from engine.__main__ import main
from engine.rules import dump, load

RULES = """
entity: contact
region: RU
comparisons:
- name: name
  kind: person_name
  columns: [name]
  role: secondary
  levels:
  - {name: same, at_least: 100}
  - {name: close, at_least: 85}
  - {name: different, at_least: 0}
- name: phone
  kind: phone
  columns: [phone]
  role: primary
  levels:
  - {name: same, at_least: 100}
  - {name: different, at_least: 0}
- name: email
  kind: email
  columns: [email]
  role: secondary
  blank: differs
  levels:
  - {name: same, at_least: 100}
  - {name: different, at_least: 0}
blocking:
- {name: phone, keys: [phone.number]}
- {name: email, keys: [email.address]}
- {name: name, keys: [name.fold]}
conditions:
- name: one phone and much the same name
  then: merge
  all_of:
  - {comparison: phone, at_least: same}
  - {comparison: name, at_least: close}
- name: two names on one mailbox
  then: review
  all_of:
  - {comparison: name, at_most: different}
  any_of:
  - {comparison: email, at_least: same}
  - {comparison: phone, at_least: same, blank: passes}
  how_many: 2
exclusions:
- {domain: desk.ru, reason: the shared desk}
- {comparison: phone, value: 8 495 000-11-22, reason: the exchange}
- {pair: ['1', '2'], reason: father and son}
thresholds: {merge: 0.99999, review: 0.9999}
"""
PEOPLE = """id,name,phone,email
1,Пётр Иванов,89161112233,ivanov@mail.ru
2,Иванов Пётр,+7 916 111-22-33,
3,Анна Ким,89162223344,kim@mail.ru
4,Ким Анна,8-916-222-33-44,kim@mail.ru
5,Олег Цой,84950001122,info@desk.ru
6,Цой Олег,+7 (495) 000-11-22,info@desk.ru
7,Вера Пак,89164445566,pak@mail.ru
8,Вера Пак,89164445577,
9,Зоя Ли,89169998877,li@mail.ru
10,Марк Тен,89169998877,li@mail.ru
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def groups(folder: Path) -> set[frozenset[str]]:
    made = pl.read_csv(folder / "clusters.csv", infer_schema=False).group_by("cluster_id").agg("record_id")
    return {frozenset(g) for g in made["record_id"].to_list() if len(g) > 1}


def test_the_rules_file_of_the_documents_is_right():
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    told = load(page.partition("```yaml\n")[2].partition("```")[0])
    assert [c.then for c in told.conditions] == ["merge", "review"] and len(told.exclusions) == 3
    assert {c.role for c in told.comparisons} == {"primary", "secondary"}


def test_what_the_file_says_is_done(files):
    assert main(["dedupe", str(files / "people.csv"), "--rules", str(files / "rules.yaml"), "--out", str(files)]) == 0
    # 1–2: an excluded pair; 5–6: exchange and desk prove nothing; 7–8: no key agrees; 9–10: for a person.
    assert groups(files) == {frozenset("34")}
    pairs = pl.read_parquet(files / "pairs.parquet").select("left_id", "right_id", "verdict").rows()
    verdicts = {frozenset(ids): verdict for *ids, verdict in pairs}
    assert verdicts[frozenset("34")] == verdicts[frozenset("12")] == "merge"
    assert verdicts[frozenset("56")] == verdicts[frozenset("78")] == "apart"
    assert verdicts[frozenset(["9", "10"])] == "review"


def test_the_rules_that_were_used_come_back_and_give_the_same_again(files):
    main(["dedupe", str(files / "people.csv"), "--rules", str(files / "rules.yaml"), "--out", str(files / "a")])
    used = load((files / "a" / "rules.yaml").read_text(encoding="utf-8"))
    given = load(RULES)
    assert (used.conditions, used.exclusions) == (given.conditions, given.exclusions)
    assert [(c.role, c.blank) for c in used.comparisons] == [(c.role, c.blank) for c in given.comparisons]
    assert dump(load(dump(used))) == dump(used)
    again = ["dedupe", str(files / "people.csv"), "--rules", str(files / "a" / "rules.yaml"), "--out", str(files / "b")]
    assert main(again) == 0
    assert groups(files / "b") == groups(files / "a")


def test_a_wrong_condition_ends_with_2_and_one_line(files, capsys):
    wrong = RULES.replace("at_least: close", "at_least: clsoe")
    (files / "rules.yaml").write_text(wrong, encoding="utf-8")
    assert main(["dedupe", str(files / "people.csv"), "--rules", str(files / "rules.yaml"), "--out", str(files)]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert "did you mean 'close'?" in said[-1] and "Traceback" not in "\n".join(said)


def test_the_summary_counts_as_before(files, capsys):
    rules = ["--rules", str(files / "rules.yaml")]
    assert main(["dedupe", str(files / "people.csv"), *rules, "--out", str(files), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clusters"] == 9
