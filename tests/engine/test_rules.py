"""Rule files: what is written is read back, and every mistake is named with its way out."""

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RulesError
from engine.rules import (
    RAREST,
    BlockingRule,
    Clustering,
    Comparison,
    Exclusion,
    LatentClass,
    Level,
    Rules,
    Thresholds,
    Veto,
    Weights,
    digest,
    dump,
    dump_all,
    load,
    load_all,
    validate,
)
from engine.schema import KINDS

# Names a person may type: any script, what YAML takes for numbers, dates, yes and no, and marks that it reads.
NAME = st.one_of(
    st.sampled_from(
        ["phone", "yes", "no", "null", "1", "1e3", "2026-01-31", "имя: ё", "- a", "'", "# x", "---", "手机"]
    ),
    st.text("abcё电 :#'\"\\-&*!|>%@`{}[],\n\t", min_size=1, max_size=12),
)
PROBABILITY = st.floats(1e-6, 1.0)
BOUNDS = st.lists(st.integers(1, RAREST), min_size=1, max_size=4, unique=True).map(
    lambda b: [*sorted(b, reverse=True), 0]
)


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[Comparison, ...]:
    names = draw(st.lists(NAME.filter(lambda n: "." not in n), min_size=1, max_size=3, unique=True))
    made = []
    for name in names:
        levels = tuple(Level(draw(NAME), at, draw(st.sampled_from([0.0, -1.5, 2.25]))) for at in draw(BOUNDS))
        columns = tuple(draw(st.lists(NAME, min_size=1, max_size=2)))
        made.append(Comparison(name, draw(st.sampled_from(KINDS)), columns, levels, draw(st.booleans())))
    return tuple(made)


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    compared = draw(comparisons())
    name = st.sampled_from([c.name for c in compared])
    classes = [
        LatentClass(
            draw(NAME),
            match,
            draw(PROBABILITY),
            {c.name: tuple(draw(PROBABILITY) for _ in c.levels) for c in compared},
        )
        for match in (True, False)
    ]
    joined = st.lists(st.lists(name.map(lambda n: f"{n}.key"), min_size=1, max_size=2).map(tuple), max_size=2)
    low, high = sorted((draw(PROBABILITY), draw(PROBABILITY)))
    return Rules(
        entity=draw(st.sampled_from(["contact", "company"])),
        region=draw(st.sampled_from(["RU", "CN", "NO"])),  # NO: which YAML may take for a refusal
        comparisons=compared,
        blocking=tuple(BlockingRule(draw(NAME), keys, draw(st.integers(2, 999))) for keys in draw(joined)),
        vetoes=tuple(Veto(draw(name), draw(st.integers(0, 99))) for _ in range(draw(st.integers(0, 1)))),
        exclusions=(
            Exclusion(pair=(draw(NAME), draw(NAME)), reason=draw(NAME)),
            Exclusion(comparison=draw(name), value=draw(NAME)),
        ),
        weights=draw(st.sampled_from([Weights(), Weights(tuple(classes))])),
        thresholds=draw(st.sampled_from([Thresholds(), Thresholds(high, low)])),
        clustering=Clustering(draw(st.integers(2, 99)), draw(st.booleans())),
    )


@given(rules())
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read_back(made):
    validate(made)
    assert load(dump(made)) == made
    assert dump(load(dump(made))) == dump(made)
    assert digest(load(dump(made))) == digest(made)


@given(rules(), rules())
@settings(deadline=None, max_examples=20)
def test_rules_of_several_entities_share_a_file(one, other):
    both = {
        "company": msgspec.structs.replace(one, entity="company"),
        "contact": msgspec.structs.replace(other, entity="contact"),
    }
    assert load_all(dump_all(both)) == both


@given(rules(), rules())
@settings(deadline=None, max_examples=20)
def test_the_digest_names_the_content(one, other):
    assert (digest(one) == digest(other)) == (one == other)


PLAIN = {
    "entity": "contact",
    "comparisons": [
        {
            "name": "phone",
            "kind": "phone",
            "columns": ["phone"],
            "levels": [{"name": "same", "at_least": 100}, {"name": "different", "at_least": 0}],
        }
    ],
    "blocking": [{"name": "phone", "keys": ["phone.number"]}],
}


def changed(**changes: object) -> str:
    return yaml.safe_dump({**PLAIN, **changes})


def comparison(**changes: object) -> str:
    return changed(comparisons=[{**PLAIN["comparisons"][0], **changes}])


LEVELS = PLAIN["comparisons"][0]["levels"]
CLASS = {"name": "a", "match": True, "share": 0.5, "levels": {"phone": [0.1, 0.9]}}
MISTAKES = {
    "not YAML": ("a: [1", "is not YAML"),
    "a list": ("- a", "is wrong"),
    "empty": ("", "is wrong"),
    "no comparison": (changed(comparisons=[]), "add at least one comparison"),
    "an unknown field": (changed(treshold={"merge": 1}), "did you mean 'thresholds'"),
    "an unknown field inside": (comparison(colums=["x"]), "did you mean 'columns'"),
    "an unknown kind": (comparison(kind="phones"), "did you mean 'phone'"),
    "a wrong type": (comparison(columns=5), "is wrong"),
    "no columns": (comparison(columns=[]), "names no columns"),
    "one level": (comparison(levels=LEVELS[1:]), "at least two levels"),
    "levels that rise": (comparison(levels=[LEVELS[1], LEVELS[0], LEVELS[1]]), "must fall from level to level"),
    "a level above the highest": (comparison(levels=[{"name": "x", "at_least": 121}, LEVELS[1]]), "between 120 and 0"),
    "one name twice": (changed(comparisons=PLAIN["comparisons"] * 2), "rename one"),
    "an unknown blocking key": (changed(blocking=[{"name": "b", "keys": ["phon.number"]}]), "did you mean 'phone'"),
    "a cap of one": (changed(blocking=[{"name": "b", "keys": ["phone.number"], "cap": 1}]), "use 2 or more"),
    "an unknown veto": (changed(vetoes=[{"comparison": "tax", "at_most": 0}]), "known: phone"),
    "review above merge": (changed(thresholds={"merge": 0.4, "review": 0.6}), "lower it"),
    "one class": (changed(weights={"classes": [CLASS]}), "a class of matches and one of non-matches"),
    "too few probabilities": (
        changed(weights={"classes": [CLASS, {**CLASS, "match": False, "levels": {"phone": [1.0]}}]}),
        "needs 2 probabilities",
    ),
    "an impossible probability": (
        changed(weights={"classes": [CLASS, {**CLASS, "match": False, "levels": {"phone": [0.0, 1.0]}}]}),
        "above 0",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_way_out(mistake):
    text, says = MISTAKES[mistake]
    with pytest.raises(RulesError) as refused:
        load(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_plain_rules_are_right():
    assert load(changed()).comparisons[0].name == "phone"


def test_an_empty_file_of_several_is_refused():
    with pytest.raises(RulesError, match="is empty"):
        load_all("\n---\n")


def test_rules_cannot_be_changed_in_place():
    made = load(changed())
    with pytest.raises(AttributeError):
        made.entity = "company"
