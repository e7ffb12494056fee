import json

import pytest

from engine.cells import read_csv
from engine.errors import InputError
from engine.storage.audit import audit
from engine.storage.usage import BY, Quota
from tests.engine.plan.account import AS_OF, MB, account


def test_the_audit_writes_its_figures_and_tables(tmp_path):
    figures = audit(account(), tmp_path / "new", as_of=AS_OF, limits=Quota(bytes=200 * MB))
    written = json.loads((tmp_path / "new" / "storage.json").read_text("utf-8"))
    assert written["bytes"] == figures["bytes"] == 132 * MB + 2
    assert written["quota"][0]["limit"] == 200 * MB
    assert written["findings"]["duplicate_file"]["bytes"] == 10 * MB
    assert written["forecast"]["estimate"] is True
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {"storage.json", "quota.csv", "findings.csv", "history.csv", *(f"usage_by_{by}.csv" for by in BY)}
    assert read_csv((tmp_path / "new" / "usage_by_type.csv").read_bytes())["group"][0] == "video"


def test_the_day_defaults_to_the_newest_date_and_is_said(tmp_path):
    assert audit(account(), tmp_path)["as_of"] == "2026-01-10"
    with pytest.raises(InputError, match="--as-of"):
        audit(account(contact=[], company=[], deal=[], file=[], link=[]), tmp_path)
