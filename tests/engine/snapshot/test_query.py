"""SQL over a snapshot answers questions and reaches nothing else."""

import polars as pl
import pytest

from engine.errors import InputError
from engine.snapshot.assemble import Snapshot
from engine.snapshot.query import query
from engine.snapshot.table import rejected


@pytest.fixture
def snapshot():
    contacts = pl.DataFrame({"record_id": ["1", "2", "3"], "city": ["Омск", "Омск", "'; DROP TABLE contact; --"]})
    return Snapshot("id", {"contact": contacts}, rejected("f", []), ())


def test_a_question_is_answered(snapshot):
    found = query(snapshot, "SELECT city, count(*) AS n FROM contact GROUP BY city ORDER BY n DESC")
    assert found.rows()[0] == ("Омск", 2)
    assert len(found) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY contact TO 'out.csv'",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM snapshot",
        "SELEKT 1",
        "",
    ],
)
def test_nothing_else_can_be_reached(snapshot, sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as told:
        query(snapshot, sql)
    assert "\n" not in str(told.value)
    assert not list(tmp_path.iterdir())
