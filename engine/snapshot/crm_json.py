"""JSON of the amoCRM API v4, and any JSON list of objects → `Table`s of flat text columns.

A column is a path in the object (`_embedded.companies`: of linked objects the ids, of tags the names); custom fields
are columns called by their code (`PHONE`) or else by their name. What is nested deeper is kept as JSON text.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from engine.errors import UnreadableFile
from engine.schema import VALUE_SEPARATOR
from engine.snapshot.table import Limits, Table, finish

Json = Any
_LINKS_OF = re.compile(r"/(leads|contacts|companies|customers)/(\d+)/files")
_CUSTOM = "custom_fields_values"


def read(name: str, data: bytes, *, limits: Limits) -> list[Table]:
    """(name, bytes of a JSON file) → a `Table` for each kind of list in it; pages without a list become rejects."""
    lists: dict[str, list[tuple[dict[str, str], int]]] = {}
    rejects: list[tuple[int, str, str]] = []
    for place, document in enumerate(_documents(name, data), start=1):
        for part, record in _records(document):
            if isinstance(record, dict) and record:
                rows = lists.setdefault(part, [])
                rows.append((flatten(record), len(rows) + 1))
            else:
                rejects.append((place, "no_records", _text(record)))
    tables = [
        _table(f"{name}#{part}" if len(lists) > 1 else name, part, rows, rejects if not i else [], limits)
        for i, (part, rows) in enumerate(lists.items())
    ]
    if not tables:
        empty = pl.DataFrame()
        lines = pl.Series("line", [], dtype=pl.UInt32)
        return [finish(name, empty, lines, [], limits=limits, format="json", rejects=rejects)]
    return tables


def flatten(record: dict[str, Json]) -> dict[str, str]:
    """An API object → column → text.

    >>> flatten({"id": 7, "custom_fields_values": [{"field_name": "Телефон", "field_code": "PHONE",
    ...          "values": [{"value": "+7 916"}, {"value": "+7 495"}]}], "_embedded": {"companies": [{"id": 3}]}})
    {'id': '7', 'PHONE': '+7 916; +7 495', '_embedded.companies': '3'}
    """
    flat: dict[str, str] = {}
    for key, value in record.items():
        if type(value) is str and key not in flat:  # most values by far
            if value:
                flat[key] = value
        elif key == _CUSTOM and isinstance(value, list):
            for field in value:
                _add_custom(flat, field)
        elif key in {"_embedded", "metadata"} and isinstance(value, dict):
            for inner, part in value.items():
                _add(flat, f"{key}.{inner}", _listed(inner, part))
        elif key in {"created_by", "updated_by", "deleted_by"} and isinstance(value, dict) and "id" in value:
            _add(flat, key, _text(value["id"]))
        else:
            _add(flat, key, _text(value))
    return flat


def _documents(name: str, data: bytes) -> Iterator[Json]:
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        yield msgspec.json.decode(text)
        return
    except (msgspec.DecodeError, RecursionError) as error:
        lines = text.split(b"\n")
        if len(lines) < 2 or not lines[0].strip().endswith(b"}"):
            raise UnreadableFile(f"{name} is not valid JSON: save the answer of the API as it came") from error
    try:
        yield from [msgspec.json.decode(line) for line in lines if line.strip()]
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableFile(f"{name} is not valid JSON: one of its lines cannot be read") from error


def _records(document: Json, part: str = "records") -> Iterator[tuple[str, Json]]:
    """A page, a list of pages or a list of records → (which list, record); a page without records as it is."""
    if isinstance(document, list):
        for item in document:
            yield from _records(item, part) if _is_page(item) else iter([(part, item)])
        return
    if not _is_page(document):
        yield ("empty" if not isinstance(document, dict) else part), document
        return
    if "file_uuid" in document:
        for entity in document["entities"]:
            yield "links", {"file_uuid": document["file_uuid"], **entity} if isinstance(entity, dict) else entity
        return
    lists = {k: v for k, v in document.get("_embedded", {}).items() if isinstance(v, list)}
    for key, items in lists.items():
        owner = _LINKS_OF.search(_text(document.get("_links", "")).replace("\\/", "/")) if key == "files" else None
        for item in items:
            if owner and isinstance(item, dict):
                yield "links", {**item, "entity_type": owner.group(1), "entity_id": owner.group(2)}
            else:
                yield key, item
    if not any(lists.values()):
        yield "empty", {} if not document else _text(document)


def _is_page(document: Json) -> bool:
    if not isinstance(document, dict):
        return False
    if "file_uuid" in document and isinstance(document.get("entities"), list):
        return True
    without_id = "id" not in document and "uuid" not in document
    return without_id and (isinstance(document.get("_embedded"), dict) or {"next", "self"} & document.keys() != set())


def _table(name: str, part: str, rows: list[tuple[dict[str, str], int]], rejects: Json, limits: Limits) -> Table:
    known: dict[str, None] = {}
    for row, _ in rows:
        known.update(dict.fromkeys(row))
    columns = list(known)
    frame = pl.DataFrame({c: pl.Series([row.get(c) for row, _ in rows], dtype=pl.String) for c in columns})
    lines = pl.Series("line", [place for _, place in rows], dtype=pl.UInt32)
    return finish(name, frame, lines, columns, limits=limits, format="json", rejects=rejects, part=part)


def _add(flat: dict[str, str], key: str, text: str) -> None:
    if text:
        flat[key] = f"{flat[key]}{VALUE_SEPARATOR}{text}" if key in flat else text


def _add_custom(flat: dict[str, str], field: Json) -> None:
    if not isinstance(field, dict):
        _add(flat, _CUSTOM, _text(field))
        return
    header = field.get("field_code") or field.get("field_name") or field.get("field_id") or _CUSTOM
    values = field.get("values")
    for value in values if isinstance(values, list) else [values]:
        _add(flat, str(header), _text(value.get("value") if isinstance(value, dict) and "value" in value else value))


def _listed(key: str, value: Json) -> str:
    if isinstance(value, list) and value and all(isinstance(v, dict) and "id" in v for v in value):
        main = sorted(value, key=lambda v: not v.get("is_main"))
        return VALUE_SEPARATOR.join(_text(v["name"] if key == "tags" and "name" in v else v["id"]) for v in main)
    return _text(value)


def _text(value: Json) -> str:
    """A JSON value → text; nothing (null, empty list or object) → empty. The most frequent types come first."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return msgspec.json.encode(value).decode() if value else ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
