import io
import json
import zipfile
from pathlib import Path

import fastexcel
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cells import MARK, STARTERS, csv, neutralise, read_csv, restored
from engine.errors import PlanError
from engine.plan.backup import affected, restore
from engine.plan.build import build
from engine.plan.export import export, sealed
from engine.plan.reasons import english
from engine.plan.sheets import tables, workbook
from engine.plan.verify import verify
from engine.retention.decide import decide
from engine.retention.schedule import Hold, default
from engine.storage.findings import findings
from tests.engine.plan.account import AS_OF, CLUSTERS, EVIDENCE, account

GOLDEN = Path(__file__).parents[2] / "golden" / "plan_small.txt"
HOLD = Hold(name="court", tags=("court",))


def small_plan(snapshot=None):
    snapshot = snapshot or account()
    dispositions = decide(snapshot, default(), [HOLD], as_of=AS_OF)
    found = findings(snapshot, as_of=AS_OF)
    return build(snapshot, CLUSTERS, evidence=EVIDENCE, dispositions=dispositions, findings=found, as_of=AS_OF)


def zipped(target="amocrm"):
    snapshot = account()
    return export(small_plan(snapshot), snapshot, schedule=default(), target=target)


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_small_plan_is_as_it_was():
    """Delete tests/golden/plan_small.txt and run once to write it anew; read the difference before committing it."""
    files = unpacked(zipped())
    shown = "\n".join(
        f"== {name}\n{files[name].decode()}"
        for name in sorted(files)
        if name.startswith(("tables/", "target/")) and name.endswith((".jsonl", ".txt")) and "dispositions" not in name
    )
    if not GOLDEN.exists():
        GOLDEN.write_text(shown, encoding="utf-8")
        pytest.fail("the golden file was missing and has been written: read it, then run again")
    assert shown == GOLDEN.read_text(encoding="utf-8")


def test_same_input_same_bytes():
    assert zipped() == zipped()


def test_a_fresh_export_verifies_and_lists_every_file():
    content = zipped()
    assert verify(content) == []
    files = unpacked(content)
    manifest = json.loads(files["manifest.json"])
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    assert (manifest["snapshot"], manifest["as_of"], manifest["target"]) == ("abc123", "2026-01-31", "amocrm")
    assert manifest["counts"]["items"] == small_plan().items.height
    assert {"README.txt", "plan.xlsx", "schedule.yaml", "backup/contact.csv", "tables/items.csv"} <= set(files)


CONTENT = zipped()


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_found(place, change):
    damaged = bytearray(CONTENT)
    damaged[place] ^= change
    assert verify(bytes(damaged))


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda f: f.pop("plan.xlsx"), "missing"),
        (lambda f: f.update({"extra.txt": b"x"}), "unexpected"),
        (lambda f: f.update({"README.txt": b"x"}), "changed"),
        (lambda f: f.pop("manifest.json"), "no_manifest"),
        (lambda f: f.update({"manifest.json": b"[]"}), "manifest"),
        (lambda f: f.update({"manifest.json": b"{}"}), "no_manifest"),
        (lambda f: f.update({"tables/items.jsonl": b""}), "counts"),
    ],
)
def test_a_changed_archive_says_what_changed(edit, code):
    files = unpacked(CONTENT)
    edit(files)
    assert code in {problem.code for problem in verify(sealed(files))}


def test_a_repacked_archive_loses_its_seal_alone():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in unpacked(CONTENT).items():
            archive.writestr(name, content)
    assert [problem.code for problem in verify(buffer.getvalue())] == ["seal"]


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", CONTENT[:-100], CONTENT[100:]])
def test_what_is_no_plan_is_said_to_be_none(content):
    assert verify(content)


def test_the_backup_holds_every_touched_row_with_all_columns():
    snapshot, plan = account(), small_plan()
    rows = affected(plan, snapshot)
    assert rows["contact"]["record_id"].to_list() == ["1", "2", "3", "4"]
    assert rows["deal"]["record_id"].to_list() == ["d1", "d2"]
    assert rows["file"]["record_id"].to_list() == ["f1", "f2", "f3", "f7"]
    files = unpacked(CONTENT)
    for entity, frame in rows.items():
        back = restore(files[f"backup/{entity}.csv"])
        assert back.columns == frame.columns
        texts = [c for c, dtype in frame.schema.items() if dtype == pl.String]
        assert back.select(texts).equals(frame.select(texts))
    assert b"=HYPERLINK" in files["backup/contact.csv"]


def test_nothing_for_people_begins_like_a_formula():
    for name, content in unpacked(CONTENT).items():
        if name.endswith(".csv"):
            frame = pl.read_csv(io.BytesIO(content), infer_schema=False)
            assert not frame.select(pl.any_horizontal(pl.all().str.head(1).is_in(STARTERS)).any()).item(), name
    book = fastexcel.read_excel(unpacked(CONTENT)["plan.xlsx"])
    seen = [
        str(value)
        for sheet in book.sheet_names
        for column in book.load_sheet(sheet, header_row=0, dtypes="string").to_polars().get_columns()
        for value in column.drop_nulls()
    ]
    assert len(seen) > 50
    assert not [value for value in seen if value.startswith(STARTERS)]


def test_every_item_is_on_one_sheet():
    plan = small_plan()
    sheets = tables(plan, english)
    listed = [
        *sheets["sheet_deletions"]["item_id"],
        *sheets["sheet_archives"]["item_id"],
        *sheets["sheet_review"]["item_id"],
    ]
    merged = sheets["sheet_merges"].unique(["entity", "survivor_id"])["losers"].str.split("; ").list.len().sum()
    assert len(listed) + merged == plan.items.height
    assert len(set(listed)) == len(listed)


def test_the_merge_sheet_names_survivor_losers_values_and_moves():
    rows = tables(small_plan(), english)["sheet_merges"].filter(pl.col("survivor_id") == "1").to_dicts()
    phone = next(row for row in rows if row["field"] == "phone")
    assert (phone["losers"], phone["value_from"]) == ("2; 3", "1; 2")
    assert (phone["deals"], phone["files"]) == ("Roof (d1)", "shared.png (f7)")
    assert "97.0%" in phone["sentence"]


def sheet_rows(content):
    book = fastexcel.read_excel(content)
    return {name: book.load_sheet(name, header_row=0, dtypes="string").to_polars() for name in book.sheet_names}


def test_a_full_sheet_goes_on_in_the_next():
    plan = small_plan()
    sheets = sheet_rows(workbook(plan, sentences=english, max_rows=4))
    review = [frame for name, frame in sheets.items() if name.startswith("For review")]
    assert len(review) > 1 and max(frame.height for frame in review) == 3
    assert sum(frame.height for frame in review) == plan.items.filter(pl.col("action") == "review").height


def test_a_long_cell_goes_on_in_the_sheet_of_long_values():
    plan = small_plan()
    sheets = sheet_rows(workbook(plan, sentences=english, max_cell=100))
    rest = sheets["Long values"]
    why = next(s for s in tables(plan, english)["sheet_merges"]["sentence"] if len(s) > 100)
    cell = next(c for c in sheets["Merges"]["Why"] if "continued" in c)
    start = cell.split("… continued")[0]
    row = rest.filter(pl.col("Sheet" if "Sheet" in rest.columns else rest.columns[0]) == "Merges")
    assert why.startswith(start)
    assert start + "".join(row["Part"].to_list()[: -(-len(why[len(start) :]) // 49)]) == why


TEXT = st.text(st.sampled_from("=+-@'\t\r\n\"a, ;é＝"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.none() | TEXT, st.none() | TEXT), min_size=1, max_size=6))
def test_neutralising_is_reversible(cells):
    frame = pl.DataFrame(cells, schema={"a": pl.String, "=b": pl.String}, orient="row").with_row_index("n")
    safe = neutralise(frame)
    assert restored(safe).equals(frame)
    assert not [v for c in ("a", "=b") for v in safe[c] if v is not None and v.startswith(STARTERS)]
    assert read_csv(csv(frame)).equals(frame.cast({"n": pl.String}))
    assert MARK not in STARTERS


def test_an_unknown_target_is_named():
    with pytest.raises(PlanError, match="known: amocrm"):
        zipped("dynamics")
