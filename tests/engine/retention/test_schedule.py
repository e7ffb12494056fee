import msgspec
import pytest

from engine.errors import RulesError
from engine.retention import schedule as s

RULE = """
name: test
rules:
- name: r
  entity: contact
  when: [{field: tags, has: [old]}]
  trigger: [created_at]
  period: {years: 1}
  disposition: delete
  basis: {text: because}
"""


def test_dump_and_load_are_inverse():
    for schedule in (s.default(), s.load(RULE)):
        assert s.load(s.dump(schedule)) == schedule


def test_the_default_schedule_says_on_what_basis():
    schedule = s.default()
    assert len(schedule.rules) >= 6
    assert all(rule.basis.text and rule.basis.source and rule.basis.date for rule in schedule.rules)
    assert all(note.source and note.date for note in schedule.notes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("entity: contact", "entity: contacts", "did you mean 'contact'"),
        ("field: tags", "field: tag", "did you mean 'tags'"),
        ("[created_at]", "[create_at]", "did you mean 'created_at'"),
        ("[created_at]", "[closed_at]", "unknown trigger"),
        ("[created_at]", "[]", "has no trigger"),
        ("disposition: delete", "disposition: erase", "unknown disposition"),
        ("{years: 1}", "{}", "has no period"),
        ("{years: 1}", "{years: -1}", "negative period"),
        ("{years: 1}", "{year: 1}", "the schedule is wrong"),
        ("name: test", "name: [", "not YAML"),
    ],
)
def test_a_wrong_schedule_says_what_to_do(old, new, message):
    with pytest.raises(RulesError, match=message) as error:
        s.load(RULE.replace(old, new, 1))
    assert "\n" not in str(error.value)


def test_two_rules_of_one_name_are_refused():
    schedule = s.load(RULE)
    with pytest.raises(RulesError, match="rename one"):
        s.validate(msgspec.structs.replace(schedule, rules=schedule.rules * 2))


def test_a_hold_must_select_something():
    assert s.load_holds("[{name: court, tags: [court]}]") == (s.Hold(name="court", tags=("court",)),)
    with pytest.raises(RulesError, match="selects nothing"):
        s.load_holds("[{name: court}]")


def test_an_unknown_default_is_named():
    with pytest.raises(RulesError, match="did you mean 'amocrm_ru'"):
        s.default("amocrm")
