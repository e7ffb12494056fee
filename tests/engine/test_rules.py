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
    Condition,
    Exclusion,
    LatentClass,
    Level,
    Rules,
    Test,
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
        blank = draw(st.sampled_from(["ignored", "differs"]))
        role = draw(st.sampled_from(["", "primary"]))
        kind, enabled = draw(st.sampled_from(KINDS)), draw(st.booleans())
        made.append(Comparison(name, kind, columns, levels, enabled, role, blank))
    return tuple(made)


@st.composite
def conditions(draw: st.DrawFn, compared: tuple[Comparison, ...]) -> tuple[Condition, ...]:
    """Conditions that do not contradict each other: each is of one comparison, and is for the same thing."""
    then = draw(st.sampled_from(["merge", "review", "never", "needed"]))
    made = []
    for name in draw(st.lists(NAME, max_size=3, unique=True)):
        tests = []
        for comparison in draw(st.lists(st.sampled_from(compared), min_size=1, max_size=2, unique=True)):
            names = [level.name for level in comparison.levels]
            level = draw(st.sampled_from([None, *names]))
            blank = draw(st.sampled_from(["fails", "passes"]))
            tests.append(Test(comparison.name, **{draw(st.sampled_from(["at_least", "at_most"])): level}, blank=blank))
        group = draw(st.sampled_from(["all_of", "any_of"]))
        count = draw(st.integers(1, len(tests))) if group == "any_of" else 1
        made.append(Condition(name=name, then=then, **{group: tuple(tests)}, how_many=count))
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
        conditions=draw(conditions(compared)),
        exclusions=(
            Exclusion(domain=draw(NAME), reason=draw(NAME)),
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


def conditioned(**changes: object) -> str:
    return changed(conditions=[{"name": "c", "then": "merge", **changes}])


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
    "a condition on nothing": (conditioned(), "give it all_of or any_of"),
    "an unknown comparison in a condition": (
        conditioned(all_of=[{"comparison": "phon"}]),
        "did you mean 'phone'",
    ),
    "an unknown level": (conditioned(all_of=[{"comparison": "phone", "at_least": "sam"}]), "did you mean 'same'"),
    "an unknown outcome": (conditioned(then="merged", all_of=[{"comparison": "phone"}]), "Invalid enum value 'merged'"),
    "more than there are": (conditioned(any_of=[{"comparison": "phone"}], how_many=2), "any_of has 1 test"),
    "a level above itself": (
        conditioned(all_of=[{"comparison": "phone", "at_least": "same", "at_most": "different"}]),
        "swap them",
    ),
    "what cannot hold together": (
        conditioned(
            all_of=[{"comparison": "phone", "at_least": "same"}, {"comparison": "phone", "at_most": "different"}]
        ),
        "cannot hold together",
    ),
    "conditions that contradict each other": (
        changed(
            conditions=[
                {"name": "a", "then": "merge", "all_of": [{"comparison": "phone"}]},
                {"name": "b", "then": "never", "all_of": [{"comparison": "phone"}]},
            ]
        ),
        "conditions 'a' (merge) and 'b' (never) contradict each other",
    ),
    "two conditions of one name": (
        changed(
            conditions=[
                {"name": "a", "then": "merge", "all_of": [{"comparison": "phone"}]},
                {"name": "a", "then": "needed", "all_of": [{"comparison": "phone"}]},
            ]
        ),
        "rename one",
    ),
    "a lone secondary key": (comparison(role="secondary"), "make it primary"),
    "an unknown role": (comparison(role="third"), "Invalid enum value 'third'"),
    "an exclusion of nothing": (changed(exclusions=[{"reason": "x"}]), "names nothing"),
    "an exclusion of two things": (
        changed(exclusions=[{"domain": "a.ru", "value": "b", "comparison": "phone"}]),
        "names value and domain",
    ),
    "an excluded value of no field": (changed(exclusions=[{"value": "b"}]), "say in which"),
    "an unknown field of an exclusion": (
        changed(exclusions=[{"value": "b", "comparison": "fone"}]),
        "did you mean 'phone'",
    ),
    "a domain of phones": (
        changed(exclusions=[{"domain": "a.ru", "comparison": "phone"}]),
        "needs a comparison of e-mails or websites",
    ),
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


def test_rules_written_before_there_were_conditions_still_load():
    old = {**PLAIN, "exclusions": [{"pair": ["1", "2"]}, {"comparison": "phone", "value": "0"}]}
    made = load(yaml.safe_dump(old))
    assert made.conditions == () and made.comparisons[0].role == "" and made.comparisons[0].blank == "ignored"
    assert "conditions" not in dump(made) and "role" not in dump(made)
