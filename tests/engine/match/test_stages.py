"""Stages kept in a workspace: the same match with and without; a stage is done again only when its rules changed."""

import msgspec
import pytest

from engine.match import block, compare, encode, suggest
from engine.match.remembered import Remembered
from engine.match.run import match
from engine.match.stages import Stages
from engine.match.suggest import suggest_and_match
from engine.rules import BlockingRule, Exclusion, Rules, dump, load


@pytest.fixture
def done(monkeypatch) -> list[str]:
    """What is worked out from now on: keys and similarities by comparison, blocking rules."""
    said: list[str] = []
    encode_one, similar, group = encode._encode_one, compare._similarity, block.group

    def encoding(records, comparison, *rest):
        said.append(f"keys of {comparison.name}")
        return encode_one(records, comparison, *rest)

    def comparing(one, *rest):
        said.append(f"similarities of {one.comparison.name}")
        return similar(one, *rest)

    def blocking(columns):
        said.append("pairs")
        return group(columns)

    monkeypatch.setattr(encode, "_encode_one", encoding)
    monkeypatch.setattr(compare, "_similarity", comparing)
    monkeypatch.setattr(block, "group", blocking)
    return said


@pytest.fixture
def rules(people) -> Rules:
    return suggest.suggest(people, entity="contact", region="US")


def same(one, two) -> bool:
    similar = all(one.similarities[name].tolist() == s.tolist() for name, s in two.similarities.items())
    return similar and one.pairs.equals(two.pairs) and one.patterns.equals(two.patterns) and one.rules == two.rules


def test_a_match_read_back_is_the_same_and_nothing_is_worked_out(people, rules, tmp_path, done):
    first = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    done.clear()
    again = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    assert done == []
    assert same(again, first) and same(again, match(people, rules))
    assert again.clusters.equals(first.clusters)
    assert again.placeholders.equals(first.placeholders) and again.blocking.equals(first.blocking)


def test_keys_read_back_are_those_that_were_made(people, rules, tmp_path):
    first = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    again = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    assert list(again.encoded) == list(first.encoded)
    for name, one in first.encoded.items():
        other = again.encoded[name]
        assert other.table.equals(one.table) and other.context == one.context
        assert other.codes.tolist() == one.codes.tolist() and other.holders.tolist() == one.holders.tolist()
        assert other.blocking.keys() == one.blocking.keys()
        for key, (row, hashed) in one.blocking.items():
            assert other.blocking[key][0].tolist() == row.tolist()
            assert other.blocking[key][1].tolist() == hashed.tolist()


def test_a_changed_comparison_costs_that_comparison(people, rules, tmp_path, done):
    city = next(c for c in rules.comparisons if c.name == "city")
    kept = tuple(rule for rule in rules.blocking if not any(key.startswith("city.") for key in rule.keys))
    before = msgspec.structs.replace(rules, blocking=kept)
    match(people, before, remembered=Remembered(tmp_path, of="a"))
    done.clear()
    others = [c for c in before.comparisons if c.name != "city"]
    changed = msgspec.structs.replace(before, comparisons=(*others, msgspec.structs.replace(city, kind="text")))
    found = match(people, changed, remembered=Remembered(tmp_path, of="a"))
    assert done == ["keys of city", "similarities of city"]
    assert same(found, match(people, changed))


def test_names_that_are_read_crosswise_are_compared_together(people, rules, tmp_path, done):
    names = {c.name for c in rules.comparisons if c.kind in ("given_name", "family_name")}
    assert len(names) == 2
    match(people, rules, remembered=Remembered(tmp_path, of="a"))
    one = Stages(Remembered(tmp_path, of="a"), rules)._of_similar(min(names), 0)
    for file in tmp_path.glob(f"stage-{one}-*/*"):
        file.unlink()
    done.clear()
    found = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    assert set(done) == {f"similarities of {name}" for name in names}
    assert same(found, match(people, rules))


def test_fewer_blocking_rules_leave_keys_alone(people, rules, tmp_path, done):
    match(people, rules, remembered=Remembered(tmp_path, of="a"))
    done.clear()
    match(people, msgspec.structs.replace(rules, blocking=rules.blocking[:1]), remembered=Remembered(tmp_path, of="a"))
    assert not any(what.startswith("keys") for what in done)
    assert "pairs" in done


def test_an_exclusion_changes_the_comparisons_it_speaks_of(people, rules, tmp_path, done):
    match(people, rules, remembered=Remembered(tmp_path, of="a"))
    done.clear()
    city = people["city"].drop_nulls()[0]
    struck = msgspec.structs.replace(rules, exclusions=(Exclusion(comparison="city", value=city),))
    match(people, struck, remembered=Remembered(tmp_path, of="a"))
    assert [what for what in done if what.startswith("keys")] == ["keys of city"]


def test_other_records_read_nothing(people, rules, tmp_path, done):
    match(people, rules, remembered=Remembered(tmp_path, of="a"))
    done.clear()
    match(people, rules, remembered=Remembered(tmp_path, of="b"))
    assert {f"keys of {c.name}" for c in rules.comparisons} <= set(done)


def test_damage_costs_only_time(people, rules, tmp_path):
    first = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    for file in tmp_path.glob("stage-*/*"):
        file.write_bytes(file.read_bytes()[:-100])
    again = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    assert same(again, first)


def test_keys_that_went_meanwhile_are_made_again(people, rules, tmp_path):
    first = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    again = match(people, rules, remembered=Remembered(tmp_path, of="a"))
    for file in tmp_path.glob("stage-keys-*/*"):
        file.unlink()
    assert all(again.encoded[name].table.equals(one.table) for name, one in first.encoded.items())


def test_suggested_rules_are_tried_once(people, tmp_path, done, monkeypatch):
    first = suggest_and_match(people, entity="contact", region="US", remembered=Remembered(tmp_path, of="a"))
    done.clear()
    monkeypatch.setattr(suggest, "_trial", None)  # would fail if it were called
    again = suggest_and_match(people, entity="contact", region="US", remembered=Remembered(tmp_path, of="a"))
    assert done == []
    assert same(again, first)
    assert same(again, suggest_and_match_without(people, monkeypatch))


def suggest_and_match_without(people, monkeypatch):
    monkeypatch.undo()
    return suggest_and_match(people, entity="contact", region="US")


def test_suggested_rules_read_back_as_they_were(rules):
    assert load(dump(rules)) == rules
    assert isinstance(rules.blocking[0], BlockingRule)
