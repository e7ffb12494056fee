"""The words: every sentence is translated, nothing is shown that is not in a catalogue, plural forms are right."""

import ast
import re
from pathlib import Path

import pytest

from engine import errors
from engine.match.kinds import KINDS
from engine.retention import schedule
from engine.schema import ENTITIES
from pages._ui import meanings, text, words
from pages._ui.locale.collect import sentences, stored

ROOT = Path(__file__).parents[2]
SHOWN = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
# Calls whose text a person sees, and the arguments that hold it.
SHOWING = {
    "title", "header", "subheader", "caption", "markdown", "write", "text", "error", "warning", "info", "success",
    "button", "download_button", "slider", "selectbox", "multiselect", "toggle", "text_input", "text_area", "checkbox",
    "number_input", "date_input", "file_uploader", "radio", "pills", "segmented_control", "expander", "popover",
    "metric", "toast", "badge", "page_link", "spinner", "progress", "form_submit_button", "tabs", "alias",
}  # fmt: skip
NAMED = {"label", "help", "placeholder", "text", "title", "caption"}
NAMES_OF_ITS_OWN = {"Winnow"}


@pytest.mark.parametrize("code", text.LANGUAGES)
def test_every_sentence_is_translated(code: str) -> None:
    wanted = {m.id for m in sentences() if m.id}
    there = {m.id: m for m in stored(code) if m.id}
    assert set(there) == wanted, "run `make catalogues`"
    for message in there.values():
        parts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(parts), message.id
        assert not message.fuzzy, message.id
        if message.pluralizable:
            assert len(parts) == {"en": 2, "ru": 3, "zh": 1}[code], message.id


@pytest.mark.parametrize("code", text.LANGUAGES)
def test_gaps_are_the_same_in_every_language(code: str) -> None:
    for message in stored(code):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        gaps = set(re.findall(r"\{(\w*)\}", ids[-1])) if message.id else set()
        for part in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id:
                assert set(re.findall(r"\{(\w*)\}", part)) == gaps, message.id


@pytest.mark.parametrize(
    ("code", "count", "expected"),
    [
        ("en", 1, "1 record"),
        ("en", 2, "2 records"),
        ("ru", 1, "1 запись"),
        ("ru", 3, "3 записи"),
        ("ru", 11, "11 записей"),
        ("ru", 12345, "12\u00a0345 записей"),
        ("ru", 101, "101 запись"),
        ("zh", 12345, "12,345 条记录"),
    ],
)
def test_plural_forms_and_numbers(code: str, count: int, expected: str) -> None:
    text.use(code)
    assert text.n_("{n} record", "{n} records", count) == expected


@pytest.mark.parametrize("path", SHOWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_shown_that_is_in_no_catalogue(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) == "_log":
            continue
        given = [k.value for k in node.keywords if k.arg in NAMED]
        if node.func.attr in SHOWING:
            given += node.args[:1]
        for value in given:
            if not _is_column(value):
                assert not _untranslated(value), f"line {node.lineno}: {ast.unparse(value)}"


def _is_column(value: ast.expr) -> bool:
    """Whether an expression is the name of a column or of a file: lower case, no blank."""
    return isinstance(value, ast.Constant) and bool(re.fullmatch(r"[a-z_]+(:[NQT])?", str(value.value)))


def _untranslated(value: ast.expr) -> bool:
    """Whether an expression holds letters of its own outside of a call (such as `_`)."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str) and bool(re.search(r"[^\W\d_]{2,}", value.value.replace("Winnow", "")))
    if isinstance(value, ast.JoinedStr):
        return any(_untranslated(part) for part in value.values)
    if isinstance(value, ast.BinOp):
        return _untranslated(value.left) or _untranslated(value.right)
    return False


def test_the_check_above_can_fail() -> None:
    assert _untranslated(ast.parse("'Hello'").body[0].value)  # type: ignore[attr-defined]
    assert _untranslated(ast.parse("f'Hello {x}'").body[0].value)  # type: ignore[attr-defined]
    assert not _untranslated(ast.parse("_('Hello')").body[0].value)  # type: ignore[attr-defined]


def test_the_engines_names_have_words() -> None:
    text.use("ru")
    letters = re.compile("[а-яё]", re.IGNORECASE)
    for fields in ENTITIES.values():
        for field in fields:
            assert letters.search(words.field(field)) or field in ("record_id", "email"), field
    for kind in KINDS.values():
        for name, _least in kind.levels:
            assert letters.search(words.level(name)), name


def test_every_error_code_has_a_sentence_and_no_traceback() -> None:
    text.use("en")
    codes = set()
    for path in (ROOT / "engine").rglob("*.py"):
        codes |= set(re.findall(r'code="(\w+)"', path.read_text(encoding="utf-8")))
    for code in codes:
        said = words.problem(errors.InputError("why it failed", code=code))
        assert said and "why it failed" in said
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.WinnowError) and kind is not errors.PlanLimitExceeded:
            assert words.problem(kind("why it failed"))
    assert "4,120" in words.problem(errors.PlanLimitExceeded(selected=4120, limit=1000))


@pytest.mark.parametrize(
    ("code", "said", "many", "day"),
    [
        ("en", "Phone: same", "a; b", "YYYY-MM-DD"),
        ("ru", "Телефон: совпадает", "a; b", "DD.MM.YYYY"),
        ("zh", "电话：相同", "a；b", "YYYY-MM-DD"),
    ],
)
def test_punctuation_and_days_are_those_of_the_language(code: str, said: str, many: str, day: str) -> None:
    text.use(code)
    assert text.labelled(words.comparison("phone"), words.level("same")) == said
    assert text.listed("a", "b") == many
    assert text.day_format() == day


def test_whatever_is_wrong_with_a_plan_has_words() -> None:
    text.use("ru")
    codes = re.findall(r'Problem\("(\w+)"|code="(\w+)"', (ROOT / "engine/plan/verify.py").read_text(encoding="utf-8"))
    for code in {one or other for one, other in codes} - {"plan_damaged"}:  # that one is raised, and said by `problem`
        assert meanings.plan_problem(code) != code, code


def test_what_a_schedule_counts_from_has_words() -> None:
    text.use("ru")
    for field in schedule.TRIGGERS:
        assert words.field(field) != field


def test_unknown_codes_are_shown_rather_than_lost() -> None:
    assert meanings.reject("some_new_reason") == "some new reason"
    assert words.level("brand new") == "brand new"
