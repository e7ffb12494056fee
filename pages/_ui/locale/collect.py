"""`python -m pages._ui.locale.collect`: the sentences of app.py and pages/ → the catalogues beside this file.

New sentences arrive untranslated, those no longer used go, translated ones stay; English is filled in by itself.
A test fails while anything is untranslated.
"""

import datetime as dt
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from engine.plan.reasons import HEADINGS, SENTENCES
from pages._ui.text import _LOCALES, catalogue_path

ROOT = Path(__file__).parents[3]
_WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # fixed, so that nothing but sentences changes the files
KEYWORDS = {"_": None, "n_": (1, 2)}


def sentences() -> Catalog:
    """→ every message of the pages, as a catalogue without translations."""
    template = Catalog(project="Winnow", version="1", charset="utf-8")
    for path in [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]:
        for _line, message, comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            template.add(message, locations=[(path.relative_to(ROOT).as_posix(), None)], auto_comments=comments)
    for sentence in [*SENTENCES.values(), *HEADINGS.values()]:
        template.add(sentence, locations=[("engine/plan/reasons.py", None)])
    return template


def stored(code: str) -> Catalog:
    """A language code → its catalogue as it is in the file, empty when there is none."""
    path = catalogue_path(code)
    if not path.exists():
        return Catalog(locale=_LOCALES[code], project="Winnow", version="1", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=_LOCALES[code])


def collect() -> None:
    """Bring every catalogue up to date with the pages."""
    for code in _LOCALES:
        catalogue = stored(code)
        catalogue.update(sentences(), no_fuzzy_matching=True, update_header_comment=False)
        catalogue.obsolete.clear()
        catalogue.creation_date = catalogue.revision_date = _WHEN
        catalogue.header_comment = f"# The words of the workbench, {code}."
        catalogue.fuzzy = False
        if code == "en":
            for message in catalogue:
                if message.id:
                    message.string = message.id
        path = catalogue_path(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=110, sort_output=True, omit_header=False, include_lineno=False)


if __name__ == "__main__":
    collect()
