"""What is written of a match: every record, every candidate pair with its levels by name, figures that add up."""

import json

import polars as pl

from engine.match.output import pair_table, summarise, write
from engine.match.run import match
from engine.rules import load, load_all
from tests.engine.match.tables import firm_rules, firms


def test_pairs_name_their_records_and_levels(matched):
    table = pair_table(matched, matched.pairs)
    assert len(table) == len(matched.pairs)
    ids = matched.records["record_id"]
    assert table["left_id"].to_list() == ids.gather(matched.pairs["left"]).to_list()
    number = matched.pairs["pattern"].to_numpy()
    for comparison in matched.rules.comparisons:
        names = ["missing", *(level.name for level in reversed(comparison.levels))]
        codes = matched.patterns[comparison.name].to_numpy()[number]
        assert table[comparison.name].cast(pl.String).to_list() == [names[c] for c in codes]


def test_the_summary_counts_what_is_there(matched):
    figures = summarise(matched)
    clusters = matched.clusters["cluster_id"].n_unique()
    assert figures["records"] == len(matched.records)
    assert figures["duplicates"] == len(matched.records) - clusters
    assert figures["candidate_pairs"] == matched.patterns["pairs"].sum()
    assert [row["rule"] for row in figures["blocking"]] == [rule.name for rule in matched.rules.blocking]
    json.dumps(figures)


def test_one_entity_is_written_with_its_own_rules(tmp_path, matched):
    summary = write({"contact": matched}, tmp_path, extra={"rejects": 3})
    assert summary["rejects"] == 3
    assert load((tmp_path / "rules.yaml").read_text(encoding="utf-8")) == matched.rules
    written = pl.read_csv(tmp_path / "clusters.csv", infer_schema=False)
    assert written.equals(matched.clusters)


def test_several_entities_are_added_up(tmp_path, matched):
    other = match(firms(), firm_rules())
    summary = write({"contact": matched, "company": other}, tmp_path)
    assert summary["entity"] == "contact + company"
    assert summary["records"] == len(matched.records) + len(firms())
    for name in ("candidate_pairs", "duplicates", "clusters"):
        assert summary[name] == sum(one[name] for one in summary["entities"].values())
    assert set(load_all((tmp_path / "rules.yaml").read_text(encoding="utf-8"))) == {"contact", "company"}
    pairs = pl.read_parquet(tmp_path / "pairs.parquet")
    assert len(pairs) == summary["candidate_pairs"]
    assert pairs["tax_id"].null_count() == len(matched.pairs)  # contacts are not compared by it
    assert len(pl.read_csv(tmp_path / "clusters.csv")) == summary["records"]
