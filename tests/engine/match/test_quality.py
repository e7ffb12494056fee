"""The bundled sample accounts, matched with no set-up, against their own truth."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from engine.match.account import match_account
from engine.match.evaluate import cluster_scores
from engine.snapshot import map as mapping
from engine.snapshot.read import read_tables

SAMPLES = Path(__file__).parents[3] / "sample_data"
ACCOUNTS = {
    "amocrm": ["amocrm/2026-10-31/contacts.csv"],
    "zoho": ["zoho/contacts.csv", "zoho/accounts.csv"],
    "fxiaoke": ["fxiaoke/联系人.csv", "fxiaoke/客户.csv"],
}
LEAST = 0.9  # pairwise F1


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_sample_account_comes_out_right(account):
    tables = read_tables([SAMPLES / name for name in ACCOUNTS[account]])
    snapshot = mapping.apply(tables, [mapping.recognise(t) for t in tables], as_of=dt.date(2026, 10, 31))
    truth = pl.read_csv(SAMPLES / account / "truth.csv", infer_schema=False)
    found = match_account(snapshot)
    assert set(found) == {"contact", "company"}
    for entity, one in found.items():
        known = truth.join(one.records.select("record_id"), on="record_id", how="semi")
        assert len(known) == len(one.records)
        scores = cluster_scores(one.clusters, known)
        assert scores["f1"] > LEAST, (entity, scores)
        # What the model expects of its own threshold is near what the truth says of it.
        certain = one.probability[one.probability >= one.rules.thresholds.merge].mean()
        assert certain == pytest.approx(scores["precision"], abs=0.12), entity
