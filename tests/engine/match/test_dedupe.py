"""`python -m engine dedupe`: one table in, the four files of the contract out, or one clear line."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from engine.__main__ import main
from engine.errors import InputError
from engine.match import spill
from engine.match.dedupe import dedupe
from engine.rules import load_all
from engine.snapshot import batches

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "sample_data"
FOUR = {"clusters.csv", "pairs.parquet", "rules.yaml", "summary.json"}
PEOPLE = """id,name,phone,city,source
1,Иванов Пётр,8 916 111-22-33,Москва,a
2,Пётр Иванов,+7 916 111 22 33,Москва,b
3,Анна Ким,89162223344,Казань,a
4,Ким Анна,8-916-222-33-44,Казань,a
5,Олег Цой,89163334455,Омск,b
6,Вера Пак,89164445566,Тверь,b
7,Зоя Ли,,Тверь,a
8,Марк Тен,89165556677,Псков,b
"""


def written(folder: Path, text: str = PEOPLE, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def clusters(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "clusters.csv", infer_schema=False)


def groups(folder: Path) -> set[frozenset[str]]:
    made = clusters(folder).group_by("cluster_id").agg("record_id")["record_id"].to_list()
    return {frozenset(g) for g in made if len(g) > 1}


def run(*arguments: object) -> int:
    return main(["dedupe", *map(str, arguments)])


def test_the_four_files_of_the_contract(tmp_path, capsys):
    assert run(written(tmp_path), "--out", tmp_path / "out", "--json") == 0
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} == FOUR
    made = clusters(out)
    assert made.columns == ["record_id", "cluster_id"]
    assert sorted(made["record_id"]) == list("12345678")
    assert groups(out) == {frozenset("12"), frozenset("34")}
    pairs = pl.read_parquet(out / "pairs.parquet")
    rules = load_all((out / "rules.yaml").read_text(encoding="utf-8"))["contact"]
    levels = [c.name for c in rules.comparisons]
    assert pairs.columns == ["left_id", "right_id", "match_weight", "match_probability", *levels]
    assert pairs["match_probability"].is_between(0, 1).all()
    for comparison in rules.comparisons:
        assert set(pairs[comparison.name].cast(pl.String)) <= {"missing", *(level.name for level in comparison.levels)}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary == json.loads(capsys.readouterr().out)
    assert summary["records"] == 8
    assert summary["candidate_pairs"] == len(pairs)
    assert summary["clusters"] == made["cluster_id"].n_unique()
    assert summary["duplicates"] == 8 - summary["clusters"]
    assert summary["merge_threshold"] == rules.thresholds.merge
    assert {"patterns", "seconds", "peak_rss_mb", "engine_version"} <= set(summary)


def test_the_written_rules_fed_back_give_the_same_clusters(tmp_path):
    table = written(tmp_path)
    assert run(table, "--out", tmp_path / "one") == 0
    assert run(table, "--out", tmp_path / "two", "--rules", tmp_path / "one" / "rules.yaml") == 0
    for name in ("clusters.csv", "rules.yaml", "pairs.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_pairs_only_across_the_values_of_the_link_column(tmp_path):
    assert run(written(tmp_path), "--out", tmp_path / "out", "--link-column", "source") == 0
    assert groups(tmp_path / "out") == {frozenset("12")}  # 3 and 4 are both of source a
    pairs = pl.read_parquet(tmp_path / "out" / "pairs.parquet")
    source = dict(line.split(",")[::4] for line in PEOPLE.splitlines()[1:])
    assert not any(source[a] == source[b] for a, b in pairs.select("left_id", "right_id").rows())
    assert "source" not in (tmp_path / "out" / "rules.yaml").read_text(encoding="utf-8").replace("one_per_source", "")


def test_without_an_id_column_the_row_number_is_the_id(tmp_path):
    text = "\n".join(line.partition(",")[2] for line in PEOPLE.splitlines())
    assert run(written(tmp_path, text), "--out", tmp_path / "out") == 0
    made = clusters(tmp_path / "out")
    assert made["record_id"].is_unique().all()
    assert len(made) == 8
    assert len(groups(tmp_path / "out")) == 2


def test_an_id_column_may_be_named(tmp_path):
    table = written(tmp_path, PEOPLE.replace("id,", "key,", 1))
    assert run(table, "--out", tmp_path / "out", "--id-column", "key") == 0
    assert groups(tmp_path / "out") == {frozenset("12"), frozenset("34")}


def test_a_crm_export_is_taken_apart(tmp_path):
    folder = SAMPLES / "amocrm" / "2026-10-31"
    with (folder / "contacts.csv").open(encoding="utf-8-sig", newline="") as export:
        header, *rows = csv.reader(export)
    with (tmp_path / "contacts.csv").open("w", encoding="utf-8", newline="") as part:
        csv.writer(part).writerows([header, *rows[::12]])
    summary = dedupe(tmp_path / "contacts.csv", tmp_path / "out")
    assert set(summary["entities"]) == {"contact", "company"}
    assert summary["records"] + summary["rejects"] == len(rows[::12])
    assert summary["records"] == len(clusters(tmp_path / "out"))
    rules = load_all((tmp_path / "out" / "rules.yaml").read_text(encoding="utf-8"))
    assert set(rules) == {"contact", "company"}
    again = dedupe(tmp_path / "contacts.csv", tmp_path / "again", rules=tmp_path / "out" / "rules.yaml")
    assert again["clusters"] == summary["clusters"]
    assert clusters(tmp_path / "again").equals(clusters(tmp_path / "out"))
    only = dedupe(tmp_path / "contacts.csv", tmp_path / "only", entity="company")
    assert only["entity"] == "company"
    assert only["records"] == summary["entities"]["company"]["records"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"id,name\n", "no rows"),
        (bytes(range(256)) * 40, ""),
        (b"PK\x03\x04 not a zip", ""),
        (b"id,name\n1,\n2,\n", "mapping of the columns"),
    ],
    ids=["empty", "header only", "binary", "broken zip", "nothing to compare"],
)
def test_what_cannot_be_used_is_said_in_one_line(tmp_path, capsys, content, says):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert run(path, "--out", tmp_path / "out") == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("winnow:")]
    assert len(said) == 1
    assert says in said[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--id-column", "ident"], "did you mean 'id'"),
        (["--link-column", "sourc"], "did you mean 'source'"),
        (["--id-column", "city"], "does not tell every record apart"),
        (["--rules", "nowhere.yaml"], "cannot read the rules"),
    ],
)
def test_what_is_named_must_be_there(tmp_path, capsys, arguments, says):
    assert run(written(tmp_path), "--out", tmp_path / "out", *arguments) == 2
    assert says in capsys.readouterr().err


def test_a_wrong_rule_file_names_the_place(tmp_path, capsys):
    rules = tmp_path / "rules.yaml"
    rules.write_text("entity: contact\ncomparisons: []\nblocking: []\ntreshold: 1\n", encoding="utf-8")
    assert run(written(tmp_path), "--out", tmp_path / "out", "--rules", rules) == 2
    assert "did you mean 'thresholds'" in capsys.readouterr().err


def test_a_missing_file_ends_with_2_and_no_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "engine", "dedupe", str(tmp_path / "nothing.csv"), "--out", str(tmp_path / "out")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("winnow: ")
    assert done.stdout == ""


def test_a_folder_that_cannot_be_written_is_said(tmp_path, capsys):
    (tmp_path / "out").write_text("a file in the way")
    assert run(written(tmp_path), "--out", tmp_path / "out") == 2
    assert "cannot write" in capsys.readouterr().err


def test_hostile_cells_do_no_harm(tmp_path):
    cells = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "'; DROP TABLE x; --", '""']
    cells += ["\u202egnp.exe", "\x00", "%s%n", "😀"]
    frame = pl.DataFrame({"id": [str(i) for i in range(16)], "name": cells * 2, "phone": cells[::-1] * 2})
    frame.write_csv(tmp_path / "hostile.csv")
    assert run(tmp_path / "hostile.csv", "--out", tmp_path / "out") == 0
    assert len(clusters(tmp_path / "out")) == 16


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_the_encoding_does_not_change_the_clusters(tmp_path, encoding):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding=encoding)
    assert run(path, "--out", tmp_path / "out") == 0
    assert groups(tmp_path / "out") == {frozenset("12"), frozenset("34")}


def test_a_second_run_replaces_the_first_whole(tmp_path):
    table = written(tmp_path)
    assert run(table, "--out", tmp_path / "out") == 0
    shutil.copy(tmp_path / "out" / "clusters.csv", tmp_path / "before.csv")
    assert run(table, "--out", tmp_path / "out") == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == FOUR
    assert (tmp_path / "out" / "clusters.csv").read_bytes() == (tmp_path / "before.csv").read_bytes()


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (PEOPLE, {}),
        (PEOPLE.replace("id,name", "number,name"), {}),  # the lines are the ids
        (PEOPLE + ",,,,\n", {"id_column": "phone"}),  # not told apart
        (PEOPLE + "\n,,,,\n9,Ли Зоя,,Тверь,b\n", {"link_column": "source"}),
        (PEOPLE + '9,"Ли\nЗоя",,Тверь,b\n', {"id_column": "id"}),
        (PEOPLE + "9,Ли Зоя,,Тверь,b,too much\n", {}),  # read whole, since its rows are ragged
    ],
)
def test_a_file_read_in_batches_gives_what_it_gives_whole(tmp_path, monkeypatch, text, options):
    file = written(tmp_path, text)
    waited, read = [], batches.read
    monkeypatch.setattr(spill, "LEAST_BATCH", 100)
    monkeypatch.setattr(batches, "read", lambda *a, **named: waited.append(read(*a, **named)) or waited[-1])

    def outcome(memory: int | None) -> tuple[object, ...]:
        try:
            summary = dedupe(file, tmp_path / "out", memory=memory, **options)
        except InputError as error:
            return (str(error),)
        rules = (tmp_path / "out" / "rules.yaml").read_text(encoding="utf-8")
        return clusters(tmp_path / "out").rows(), rules, summary["rejects"], summary["candidate_pairs"]

    assert outcome(1_000) == outcome(None)
    assert [one is not None for one in waited] == ["too much" not in text]


def test_an_export_of_a_known_crm_is_taken_apart_within_any_limit(tmp_path):
    file = SAMPLES / "zoho" / "contacts.csv"
    few, many = (dedupe(file, tmp_path / name, memory=memory) for name, memory in (("few", 1_000), ("many", None)))
    assert few["entity"] == many["entity"]
    assert clusters(tmp_path / "few").equals(clusters(tmp_path / "many"))


@pytest.mark.parametrize(("times", "said"), [(1, "dirty_decay_ms:0"), (6, "dirty_decay_ms:1000"), (10, None)])
def test_the_tighter_memory_is_the_sooner_what_is_freed_is_given_back(tmp_path, monkeypatch, times, said):
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "")
    monkeypatch.delenv("_RJEM_MALLOC_CONF")
    monkeypatch.setattr("engine.__main__.PROGRAM", 0)
    file = written(tmp_path)
    assert run(file, "--out", tmp_path / "out", "--memory-limit", f"{file.stat().st_size * times / 1000}KB") == 0
    assert os.environ.get("_RJEM_MALLOC_CONF") == (said and f"{said},muzzy_decay_ms:0")
