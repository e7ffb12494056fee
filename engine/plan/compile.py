"""Plan + what a CRM can do → files that say what to do there, within its limits. Nothing is ever called.

What a CRM can do is data (`engine/reference/capabilities.yaml`); the four styles of merging are the table STYLES.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import Any

import polars as pl
import yaml

from engine.cells import csv
from engine.errors import PlanError
from engine.plan.build import Plan
from engine.plan.reasons import Sentences, english
from engine.plan.survivorship import joined

PLURALS = {"contact": "contacts", "company": "companies", "deal": "leads"}
HUBSPOT = {"deal": "deals"}
# Fields the CRM keeps itself; a plan cannot write them.
NOT_WRITABLE = ("created_at", "updated_at", "last_activity_at")
Capability = Mapping[str, Any]
Group = tuple[str, str, list[str]]  # entity, survivor, losers


def capabilities() -> dict[str, Capability]:
    """→ the capability table: target name → what it can do, with source and date."""
    text = (resources.files("engine.reference") / "capabilities.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def compile_for(plan: Plan, target: str, *, sentences: Sentences = english) -> dict[str, bytes]:
    """(plan, target) → files under target/: values to write, merges, deletions, file deletions, steps.

    JSON Lines hold calls as data (method or name of the call, path, body), in the order in which to make them, each
    with the ids of the plan items it carries out. Raises PlanError for an unknown target.
    """
    table = capabilities()
    if target not in table:
        raise PlanError(f"unknown target {target!r}; known: {', '.join(table)}")
    able = table[target]
    groups = _groups(plan)
    updates = _updates(plan)
    files = {"1_update.csv": csv(updates), "1_update.jsonl": _lines(_update_rows(updates))}
    if "tag" in able:
        rows = _tags(plan, groups)
        files["2_tag.csv"] = csv(rows)
        files["2_tag.jsonl"] = _lines(_tag_calls(rows, able["tag"]))
    merge = able["merge"]
    if merge["style"] == "none":
        files["3_merge.csv"] = csv(_merge_table(groups))
    else:
        files["3_merge.jsonl"] = _lines(call for group in groups for call in STYLES[merge["style"]](group, merge))
    for action in ("delete", "archive", "anonymise"):
        files |= _others(plan, action, able)
    if "files" in able:
        ids = _of(plan, "delete", "file")["record_id"].to_list()
        files["5_files.jsonl"] = _lines(_file_calls(ids, able["files"]))
    files["steps.txt"] = _steps(plan, target, able, sorted(files), sentences).encode()
    return {f"target/{name}": content for name, content in sorted(files.items()) if content}


def _groups(plan: Plan) -> list[Group]:
    merges = _of(plan, "merge").sort("entity", "survivor_id", "record_id")
    grouped = merges.group_by("entity", "survivor_id", maintain_order=True).agg(pl.col("record_id"))
    return [(entity, survivor, losers) for entity, survivor, losers in grouped.iter_rows()]


def _updates(plan: Plan) -> pl.DataFrame:
    """Golden values that the survivor does not hold yet, one row per record and field."""
    values = plan.golden.partition_by("entity", as_dict=True, maintain_order=True)
    frames = [
        joined(frame).filter("changes").select(pl.lit(entity).alias("entity"), "survivor_id", "field", "value")
        for (entity,), frame in values.items()
    ]
    schema = dict.fromkeys(("entity", "survivor_id", "field", "value"), pl.String())
    changed = pl.concat([pl.DataFrame(schema=schema), *frames]).rename({"survivor_id": "record_id"})
    return changed.filter(~pl.col("field").is_in(NOT_WRITABLE))


def _update_rows(updates: pl.DataFrame) -> Iterable[dict[str, Any]]:
    for (entity, record_id), frame in updates.group_by("entity", "record_id", maintain_order=True):
        yield {"entity": entity, "record_id": record_id, "values": dict(frame.select("field", "value").iter_rows())}


def _tags(plan: Plan, groups: list[Group]) -> pl.DataFrame:
    """One tag per group, one per other action: winnow-1 …, winnow-delete, winnow-archive, winnow-anonymise."""
    rows = [
        (entity, record, f"winnow-{number}")
        for number, (entity, survivor, losers) in enumerate(groups, start=1)
        for record in (survivor, *losers)
    ]
    others = plan.items.filter(pl.col("action").is_in(["delete", "archive", "anonymise"]))
    others = others.filter(pl.col("entity").is_in(list(PLURALS))).sort("action", "entity", "record_id")
    rows += [(e, r, f"winnow-{a}") for e, r, a in others.select("entity", "record_id", "action").iter_rows()]
    return pl.DataFrame(rows, schema=dict.fromkeys(("entity", "record_id", "tag"), pl.String()), orient="row")


def _tag_calls(rows: pl.DataFrame, tag: Capability) -> Iterable[dict[str, Any]]:
    for (entity,), frame in rows.group_by("entity", maintain_order=True):
        body = [{"id": _number(r), tag["body"]: [{"name": t}]} for _, r, t in frame.iter_rows()]
        for part in _chunks(body, tag["max_records"]):
            yield {"method": tag["method"], "path": tag["path"].format(plural=PLURALS[str(entity)]), "body": part}


def _list_calls(group: Group, merge: Capability) -> Iterable[dict[str, Any]]:
    entity, survivor, losers = group
    for part in _chunks(losers, merge["max_records"] - 1):
        ids = [survivor, *part]
        params = {"entityTypeId": merge["codes"][entity], "entityIds": [_number(i) for i in ids]}
        link = merge["link"].format(entity=entity, ids=",".join(ids))
        yield {"call": merge["call"], "params": {"params": params}, "on_conflict_open": link}


def _pair_calls(group: Group, merge: Capability) -> Iterable[dict[str, Any]]:
    """Pairs in a chain: from the second on, the primary is whatever id the call before gave back."""
    entity, survivor, losers = group
    path = merge["path"].format(plural=HUBSPOT.get(entity, PLURALS[entity]))
    if len(losers) > merge["max_merges"]:
        raise PlanError(
            f"{len(losers)} records merge into {entity} {survivor}, but this CRM allows {merge['max_merges']}"
        )
    for step, loser in enumerate(losers, start=1):
        primary = survivor if step == 1 else "$RESULT"
        body = {"primaryObjectId": primary, "objectIdToMerge": loser}
        yield {"method": merge["method"], "path": path, "body": body, "group": survivor, "step": step}


def _children_calls(group: Group, merge: Capability) -> Iterable[dict[str, Any]]:
    entity, survivor, losers = group
    names = merge.get("modules") or merge.get("types") or {}
    if entity not in names:
        yield {"by_hand": True, "entity": entity, "master": survivor, "children": losers}
        return
    for part in _chunks(losers, merge["max_records"] - 1):
        if "path" in merge:
            path = merge["path"].format(module=names[entity], master=survivor)
            yield {"method": merge["method"], "path": path, "body": {"merge": [{"data": [{"id": i} for i in part]}]}}
        else:
            yield {"call": merge["call"], "type": names[entity], "masterRecord": survivor, "recordToMergeIds": part}


STYLES: dict[str, Callable[[Group, Capability], Iterable[dict[str, Any]]]] = {
    "list": _list_calls,
    "pair": _pair_calls,
    "children": _children_calls,
}


def _merge_table(groups: list[Group]) -> pl.DataFrame:
    rows = [(entity, survivor, loser) for entity, survivor, losers in groups for loser in losers]
    return pl.DataFrame(rows, schema=dict.fromkeys(("entity", "survivor_id", "loser_id"), pl.String()), orient="row")


def _others(plan: Plan, action: str, able: Capability) -> dict[str, bytes]:
    """Records to delete, archive or anonymise → a CSV, and for deletions calls where the CRM has them."""
    items = _of(plan, action)
    skipped = ["file"] if "files" in able else []
    items = items.filter(~pl.col("entity").is_in(skipped)).sort("entity", "record_id")
    if items.is_empty():
        return {}
    files = {f"4_{action}.csv": csv(items.select("item_id", "entity", "record_id", "reason"))}
    delete = able["delete"]
    if action == "delete" and delete["style"] != "none":
        files["4_delete.jsonl"] = _lines(_delete_calls(items, able))
    return files


def _delete_calls(items: pl.DataFrame, able: Capability) -> Iterable[dict[str, Any]]:
    delete, merge = able["delete"], able["merge"]
    for (entity,), frame in items.group_by("entity", maintain_order=True):
        if entity not in PLURALS:
            yield {"by_hand": True, "entity": entity, "ids": frame["record_id"].to_list()}
            continue
        words = {
            "entity": entity,
            "plural": HUBSPOT.get(str(entity), PLURALS[str(entity)]),
            "module": merge.get("modules", {}).get(entity, entity),
        }
        for part in _chunks(frame["record_id"].to_list(), delete["max_records"]):
            call = {key: delete[key].format(**words) for key in ("method", "path", "call") if key in delete}
            body = {"inputs": [{"id": i} for i in part]} if delete["style"] == "archive" else {"ids": part}
            yield {**call, "body": body}


def _file_calls(ids: list[str], files: Capability) -> Iterable[dict[str, Any]]:
    for part in _chunks(ids, files["max_records"]):
        body = [{"uuid": i} for i in part]
        yield {
            "method": files["method"],
            "host": files["host"],
            "path": files["path"],
            "body": body,
            "undo": files["undo"],
        }


def _steps(plan: Plan, target: str, able: Capability, names: list[str], sentences: Sentences) -> str:
    """What to do, in order. The table's own words are English; a translation may know `target_<name>_<part>`."""

    def words(part: str, text: str) -> str:
        code = f"target_{target}_{part}"
        told = sentences(code, {})
        return text if told == code else told

    merge, delete = able["merge"], able["delete"]
    counts = dict(plan.items.group_by("action").len().iter_rows())
    lines = [sentences("steps_title", {"target": able["label"]}), ""]
    lines += [
        sentences(f"steps_{a}", {"count": counts[a]})
        for a in ("merge", "delete", "archive", "anonymise")
        if a in counts
    ]
    lines += ["", sentences("steps_keep", {})]
    lines += [f"{n}. {words(f'step_{n}', step)}" for n, step in enumerate(merge.get("steps", ()), start=1)]
    lines += ["", words("merge", merge["note"]), words("delete", delete["note"])]
    lines.append(sentences("steps_limits", {"limits": words("limits", able["limits"])}))
    lines += [sentences("steps_irreversible", {})] if merge.get("irreversible") else []
    lines += [sentences(f"steps_undo_{kind}", {"days": days}) for kind, days in able["undo_days"].items()]
    if not all(able.get(part, {}).get("verified", True) for part in ("merge", "tag", "files", "delete")):
        lines.append(sentences("steps_unverified", {}))
    lines += ["", sentences("steps_files", {"files": ", ".join(names)})]
    lines.append(sentences("steps_source", {"source": able["source"], "date": able["date"]}))
    return "\n".join(lines) + "\n"


def _of(plan: Plan, action: str, entity: str | None = None) -> pl.DataFrame:
    items = plan.items.filter(pl.col("action") == action)
    return items if entity is None else items.filter(pl.col("entity") == entity)


def _chunks(values: list[Any], size: int) -> Iterable[list[Any]]:
    return (values[i : i + size] for i in range(0, len(values), size))


def _number(record_id: str) -> int | str:
    return (
        int(record_id) if record_id.isascii() and record_id.isdigit() and not record_id.startswith("0") else record_id
    )


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
