"""Suggested rules: what is compared follows from what the columns hold, and candidates keep within the budget."""

import polars as pl
import pytest

from engine.errors import InputError
from engine.match import suggest as suggestion
from engine.match.block import MAX_RULES
from engine.match.encode import encode
from engine.match.kinds import KINDS
from engine.match.run import match
from engine.match.suggest import possible_blocking, propose_comparisons, region_of, suggest, suggest_and_match
from engine.rules import dump, validate
from engine.schema import KINDS as ALL_KINDS
from tests.engine.match.tables import compared, firms


def table(**columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


TWO = ["x", "y"]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_kind_of_column_gets_a_comparison_with_its_levels(kind):
    (made,) = propose_comparisons(table(c=TWO), {"c": kind})
    assert (made.kind, made.columns) == (kind, ("c",))
    assert tuple((level.name, level.at_least) for level in made.levels) == KINDS[kind].levels


def test_columns_of_one_kind_are_compared_together_or_one_by_one():
    kinds = {"mobile": "phone", "office": "phone", "industry": "category", "state": "category"}
    made = propose_comparisons(table(**dict.fromkeys(kinds, TWO)), kinds)
    assert [(c.name, c.columns) for c in made] == [
        ("phone", ("mobile", "office")),
        ("industry", ("industry",)),
        ("state", ("state",)),
    ]


def test_columns_that_say_nothing_are_left_out():
    rows = 100
    frame = table(
        full=[str(i) for i in range(rows)],
        constant=["x"] * rows,
        empty=[None] * rows,
        blank=[" "] * rows,
        rare=["a"] + [None] * (rows - 1),
        unknown=[str(i) for i in range(rows)],
    )
    kinds = {c: None if c == "unknown" else "text" for c in frame.columns} | {"not_there": "phone"}
    assert [c.name for c in propose_comparisons(frame, kinds)] == ["full"]


NAMES = {"name": "person_name", "first": "given_name", "last": "family_name"}


def test_name_parts_are_compared_where_they_are_as_complete_as_the_whole():
    whole = ["Анна Ким", "Пётр Ли", "Олег Цой", "Вера Пак"]
    first, last = ["Анна", "Пётр", "Олег", "Вера"], ["Ким", "Ли", "Цой", "Пак"]
    made = propose_comparisons(table(name=whole, first=first, last=last), NAMES)
    assert {c.kind for c in made} == {"given_name", "family_name"}
    made = propose_comparisons(table(name=whole, first=[*first[:2], None, None], last=last), NAMES)
    assert {c.kind for c in made} == {"person_name"}


def test_a_tax_id_that_differs_is_a_veto():
    rules = suggest(firms(), entity="company")
    assert [v.comparison for v in rules.vetoes] == ["tax_id"]


def test_nothing_to_compare_is_said_clearly():
    with pytest.raises(InputError, match="check the mapping of the columns") as refused:
        suggest(table(record_id=TWO, owner=TWO), entity="contact")
    assert refused.value.code == "nothing_to_compare"


def test_every_blocking_rule_names_a_key_that_exists():
    comparisons = [compared(kind, kind, 100, 0) for kind in ALL_KINDS]
    frame = table(**{kind: ["7707083893", "Анна Ким"] for kind in ALL_KINDS})
    encoded, _ = encode(frame, comparisons, region="RU")
    possible = possible_blocking(comparisons)
    assert len({rule.name for rule in possible}) == len(possible)
    for rule in possible:
        for key in rule.keys:
            name, _, part = key.partition(".")
            encoded[name].key_column(part)


def test_rules_are_whole_and_the_same_each_time(people):
    rules = suggest(people, entity="contact", region="US")
    validate(rules)
    assert 0 < len(rules.blocking) <= MAX_RULES
    assert not rules.weights.classes
    assert rules.thresholds.merge is None
    assert dump(rules) == dump(suggest(people, entity="contact", region="US"))


def test_candidates_keep_within_the_budget(people, monkeypatch):
    for budget in (300, 2000):
        monkeypatch.setattr(suggestion, "LEAST_BUDGET", budget)
        monkeypatch.setattr(suggestion, "PAIRS_PER_RECORD", 0)
        rules = suggest(people, entity="contact", region="US")
        assert len(match(people, rules).pairs) <= budget


def test_a_sample_of_a_large_table_stands_for_it(people, truth, monkeypatch):
    monkeypatch.setattr(suggestion, "SAMPLE", 250)
    monkeypatch.setattr(suggestion, "PER_ROOT", 0)
    rules = suggest(people, entity="contact", region="US")
    found = match(people, rules)
    label = dict(truth.select("record_id", "cluster_id").rows())
    ids = [label[i] for i in people["record_id"]]
    held = sum(ids[a] == ids[b] for a, b in found.pairs.select("left", "right").rows())
    true = sum(n * (n - 1) // 2 for n in pl.Series(ids).value_counts()["count"].to_list())
    assert held >= 0.9 * true


def test_suggesting_and_matching_at_once_is_suggesting_and_then_matching(people, matched):
    at_once = suggest_and_match(people, entity="contact", region="US")
    assert at_once.rules.blocking == matched.rules.blocking
    assert at_once.clusters.equals(matched.clusters)
    assert at_once.pairs.select("left", "right").equals(matched.pairs.select("left", "right"))


@pytest.mark.parametrize(
    ("values", "region"),
    [
        (["ООО Вектор", "Acme"], "RU"),
        (["王伟民", "Acme Ltd"], "CN"),
        (["Acme Limited", "Beta"], "US"),
        ([None, ""], "US"),
        ([], "US"),
    ],
)
def test_the_region_follows_the_script(values, region):
    assert region_of(table(name=values)) == region
