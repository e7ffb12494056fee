"""Records in clusters + policy → who survives, the golden values with their provenance, and what conflicts.

Every golden value is a value of a record of the cluster; nothing is made up. Fields are worked on in long form
(cluster, record, field, value), so the cost follows the clustered records, not the account.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from engine.plan.policy import DEFAULT, NOT_VALUES, Policy
from engine.progress import Progress, silent
from engine.schema import ENTITIES, VALUE_SEPARATOR

SURVIVORS = {
    "cluster_id": pl.String(),
    "survivor_id": pl.String(),
    "records": pl.UInt32(),
    "chosen_by": pl.String(),  # the criterion that told the survivor from the runner-up
}
GOLDEN = {
    "cluster_id": pl.String(),
    "survivor_id": pl.String(),
    "field": pl.String(),
    "position": pl.UInt32(),  # of several values (union), 0, 1, …
    "value": pl.String(),
    "record_id": pl.String(),  # whose value it is
    "rule": pl.String(),  # of policy.FIELD_RULES, or `chosen` by a user
    "changes": pl.Boolean(),  # whether the survivor did not hold it before
}
CONFLICTS = {
    "cluster_id": pl.String(),
    "survivor_id": pl.String(),
    "field": pl.String(),
    "kept": pl.String(),
    "kept_from": pl.String(),
    "record_id": pl.String(),
    "value": pl.String(),  # what this record says and the golden record does not
}
CHOSEN_FIELDS = {"cluster_id": pl.String(), "field": pl.String(), "record_id": pl.String()}


@dataclass(frozen=True)
class Golden:
    """The outcome of survivorship for one entity; frames as SURVIVORS, GOLDEN, CONFLICTS."""

    survivors: pl.DataFrame
    values: pl.DataFrame
    conflicts: pl.DataFrame


def golden(
    records: pl.DataFrame,
    clusters: pl.DataFrame,
    policy: Policy = DEFAULT,
    *,
    entity: str,
    deals: pl.DataFrame | None = None,
    survivors: dict[str, str] | None = None,
    chosen: pl.DataFrame | None = None,
    extra: Sequence[str] = (),
    progress: Progress = silent,
) -> Golden:
    """(entity frame, record_id + cluster_id, policy) → Golden; clusters of one record are left alone.

    `deals`: DEAL_LINKS of the entity, for criteria that count deals. `survivors`: cluster id → record a user chose.
    `chosen`: CHOSEN_FIELDS, the record whose value of a field a user chose. `extra`: columns besides the entity's
    fields that must not be lost either.
    """
    progress("golden", 0.0)
    members = _members(records, clusters, deals)
    survivor = choose(members, policy, survivors or {})
    progress("golden", 0.2)
    fields = [f for f in (*ENTITIES[entity], *extra) if f not in NOT_VALUES and f in records.columns]
    long = _long(records, members, survivor, fields, policy)
    progress("golden", 0.4)
    values = pl.concat([_single(long, chosen), _union(long, chosen)])
    progress("golden", 0.7)
    values = _flag(values, long).sort("cluster_id", "field", "position")
    order = {field: i for i, field in enumerate(fields)}
    values = values.sort("cluster_id", pl.col("field").replace_strict(order, return_dtype=pl.Int32), "position")
    progress("golden", 0.9)
    conflicts = _conflicts(values, long)
    progress("golden", 1.0)
    return Golden(survivor.select(*SURVIVORS), values.select(*GOLDEN), conflicts)


def joined(values: pl.DataFrame) -> pl.DataFrame:
    """GOLDEN → one row per cluster and field: value, record_id (several joined), rule, changes."""
    return values.group_by("cluster_id", "survivor_id", "field", maintain_order=True).agg(
        value=pl.col("value").str.join(VALUE_SEPARATOR),
        record_id=pl.col("record_id").unique(maintain_order=True).str.join(VALUE_SEPARATOR),
        rule=pl.col("rule").first(),
        changes=pl.col("changes").any(),
    )


def choose(members: pl.DataFrame, policy: Policy, survivors: dict[str, str]) -> pl.DataFrame:
    """Members with their counts, policy, users' choices → SURVIVORS."""
    picks = pl.Series([f"{c}\x1f{r}" for c, r in survivors.items()], dtype=pl.String)
    key = pl.concat_str("cluster_id", "record_id", separator="\x1f")
    ranks = {
        "chosen": (~key.is_in(picks.implode())).cast(pl.Int64),
        "most_complete": -pl.col("filled").cast(pl.Int64),
        "open_deals": (pl.col("open_deals") == 0).cast(pl.Int64),
        "most_deals": -pl.col("deals").cast(pl.Int64),
        "most_recent": -pl.col("updated_at").cast(pl.Int64).fill_null(-(2**62)),
        "oldest": pl.col("created_at").cast(pl.Int64).fill_null(2**62),
        "lowest_id": pl.col("id_order").cast(pl.Int64),
    }
    criteria = ["chosen", *[c for c in policy.survivor if c != "chosen"]]
    criteria += ["lowest_id"] if "lowest_id" not in criteria else []
    ranked = members.with_columns(ranks[c].alias(f"rank_{c}") for c in criteria)
    ranked = ranked.sort("cluster_id", *[f"rank_{c}" for c in criteria], maintain_order=True)
    told = pl.coalesce(
        [pl.when(pl.col(f"rank_{c}").get(0) != pl.col(f"rank_{c}").get(1)).then(pl.lit(c)) for c in criteria]
    )
    return ranked.group_by("cluster_id", maintain_order=True).agg(
        survivor_id=pl.col("record_id").first(), records=pl.len().cast(pl.UInt32), chosen_by=told
    )


def _members(records: pl.DataFrame, clusters: pl.DataFrame, deals: pl.DataFrame | None) -> pl.DataFrame:
    known = records.select("record_id").unique(maintain_order=True)
    clustered = clusters.select("record_id", "cluster_id").join(known, on="record_id", how="semi")
    clustered = clustered.unique("record_id", keep="first", maintain_order=True)
    clustered = clustered.filter(pl.len().over("cluster_id") > 1)
    originals = [c for c in records.columns if not c.startswith("source_") and c not in NOT_VALUES]
    filled = pl.sum_horizontal([_present(pl.col(c), records.schema[c]).cast(pl.UInt32) for c in originals])
    facts = records.select("record_id", "created_at", "updated_at", filled=filled)
    facts = facts.unique("record_id", keep="first", maintain_order=True)
    number = pl.col("record_id").cast(pl.Int64, strict=False)
    members = clustered.join(facts, on="record_id", how="left", maintain_order="left")
    members = members.sort(number, "record_id", nulls_last=True).with_row_index("id_order")
    if deals is None:
        return members.with_columns(deals=pl.lit(0), open_deals=pl.lit(0))
    counts = deals.group_by("record_id").agg(deals=pl.len(), open_deals=(pl.col("status") == "open").sum())
    members = members.join(counts, on="record_id", how="left", maintain_order="left")
    return members.with_columns(pl.col("deals", "open_deals").fill_null(0))


def _long(
    records: pl.DataFrame, members: pl.DataFrame, survivor: pl.DataFrame, fields: list[str], policy: Policy
) -> pl.DataFrame:
    """Members → one row per record and non-empty field, with all that the field rules rank by."""
    needed = members.join(survivor.select("cluster_id", "survivor_id"), on="cluster_id", maintain_order="left")
    needed = needed.with_columns(is_survivor=pl.col("record_id") == pl.col("survivor_id")).rename(
        {"created_at": "born_at", "updated_at": "touched_at"}
    )
    texts = [_text(f, records.schema[f]).alias(f) for f in fields]
    rows = records.unique("record_id", keep="first", maintain_order=True).select("record_id", *texts)
    rows = needed.join(rows, on="record_id", how="left", maintain_order="left")
    long = rows.unpivot(fields, index=needed.columns, variable_name="field", value_name="value")
    long = long.filter(_present(pl.col("value"), pl.String()))
    rules = {f: policy.fields.get(f, policy.default) for f in fields}
    same = pl.col("value").str.strip_chars().str.to_lowercase()
    return long.with_columns(
        rule=pl.col("field").replace_strict(rules, return_dtype=pl.String),
        same=same,
        often=pl.len().over("cluster_id", "field", same),
        valid=_valid(),
    )


def _single(long: pl.DataFrame, chosen: pl.DataFrame | None) -> pl.DataFrame:
    """Long rows → one golden value per cluster and field, for fields that take one."""
    rule = pl.col("rule")
    recent = -pl.col("touched_at").cast(pl.Int64).fill_null(-(2**62))
    first = (
        pl.when(rule == "most_recent").then(recent)
        .when(rule == "oldest").then(pl.col("born_at").cast(pl.Int64).fill_null(2**62))
        .when(rule == "most_complete").then(-pl.col("filled").cast(pl.Int64))
        .when(rule == "most_frequent").then(-pl.col("often").cast(pl.Int64))
        .when(rule == "longest").then(-pl.col("value").str.len_chars().cast(pl.Int64))
        .when(rule == "prefer_valid").then((~pl.col("valid")).cast(pl.Int64))
        .when(rule == "from_survivor").then((~pl.col("is_survivor")).cast(pl.Int64))
        .when(rule == "earliest").then(pl.col("value").rank("dense").cast(pl.Int64))
        .when(rule == "latest").then(-pl.col("value").rank("dense").cast(pl.Int64))
        .otherwise(0)
    )  # fmt: skip
    wanted = _with_choice(long, chosen)
    single = wanted.filter((rule != "union") | pl.col("has_choice"))
    order = [~pl.col("is_choice"), first, recent, ~pl.col("is_survivor"), pl.col("id_order")]
    best = single.sort("cluster_id", "field", *order, maintain_order=True)
    best = best.unique(["cluster_id", "field"], keep="first", maintain_order=True)
    return best.select(
        "cluster_id", "survivor_id", "field", "value", "record_id",
        position=pl.lit(0, pl.UInt32),
        rule=pl.when("is_choice").then(pl.lit("chosen")).otherwise("rule"),
    )  # fmt: skip


def _union(long: pl.DataFrame, chosen: pl.DataFrame | None) -> pl.DataFrame:
    """Long rows → every distinct part of a multi-value field, the survivor's parts first."""
    parts = _with_choice(long, chosen).filter((pl.col("rule") == "union") & ~pl.col("has_choice"))
    parts = parts.sort("cluster_id", "field", ~pl.col("is_survivor"), "id_order", maintain_order=True)
    parts = parts.with_columns(value=pl.col("value").str.split(VALUE_SEPARATOR)).explode("value")
    parts = parts.with_columns(pl.col("value").str.strip_chars()).filter(pl.col("value") != "")
    parts = parts.with_columns(same=part_key()).unique(
        ["cluster_id", "field", "same"], keep="first", maintain_order=True
    )
    position = pl.int_range(pl.len(), dtype=pl.UInt32).over("cluster_id", "field")
    return parts.select("cluster_id", "survivor_id", "field", "value", "record_id", position=position, rule="rule")


def part_key() -> pl.Expr:
    """Columns field, value → the form in which two parts of a multi-value field are the same (phones: 10 digits)."""
    digits = pl.col("value").str.replace_all(r"\D", "").str.tail(10)
    phone = (pl.col("field") == "phone") & (digits.str.len_chars() >= 7)
    return pl.when(phone).then(digits).otherwise(pl.col("value").str.strip_chars().str.to_lowercase())


def _with_choice(long: pl.DataFrame, chosen: pl.DataFrame | None) -> pl.DataFrame:
    picks = pl.DataFrame(schema=CHOSEN_FIELDS) if chosen is None else chosen.select(*CHOSEN_FIELDS)
    picks = picks.unique(["cluster_id", "field"], keep="last", maintain_order=True)
    rows = long.join(
        picks.with_columns(is_choice=True), on=["cluster_id", "field", "record_id"], how="left", maintain_order="left"
    )
    rows = rows.with_columns(pl.col("is_choice").fill_null(False))
    return rows.with_columns(has_choice=pl.col("is_choice").any().over("cluster_id", "field"))


def _flag(values: pl.DataFrame, long: pl.DataFrame) -> pl.DataFrame:
    """Golden values → with `changes`: the survivor does not hold this value yet."""
    own = long.filter("is_survivor").with_columns(value=pl.col("value").str.split(VALUE_SEPARATOR)).explode("value")
    own = own.select("cluster_id", "field", same=part_key(), held=pl.lit(True)).unique()
    whole = long.filter("is_survivor").select("cluster_id", "field", same=part_key(), held=pl.lit(True))
    own = pl.concat([own, whole]).unique()
    keyed = values.with_columns(same=part_key())
    keyed = keyed.join(own, on=["cluster_id", "field", "same"], how="left", maintain_order="left")
    return keyed.with_columns(changes=pl.col("held").is_null()).drop("same", "held")


def _conflicts(values: pl.DataFrame, long: pl.DataFrame) -> pl.DataFrame:
    kept = values.filter(pl.col("rule") != "union").select(
        "cluster_id", "field", kept="value", kept_from="record_id", kept_same=part_key()
    )
    rows = long.join(kept, on=["cluster_id", "field"], maintain_order="left").with_columns(same=part_key())
    # Dates of bookkeeping always differ between records; that is no conflict to look at.
    differing = rows.filter(
        (pl.col("same") != pl.col("kept_same"))
        & ~pl.col("field").is_in(["created_at", "updated_at", "last_activity_at"])
    )
    return differing.select(*CONFLICTS).sort("cluster_id", "field", "record_id")


def _present(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return value.str.strip_chars().str.len_chars().fill_null(0) > 0 if dtype == pl.String else value.is_not_null()


def _text(column: str, dtype: pl.DataType) -> pl.Expr:
    is_date = isinstance(dtype, pl.Datetime)
    return pl.col(column).dt.strftime("%Y-%m-%dT%H:%M:%S") if is_date else pl.col(column).cast(pl.String)


def _valid() -> pl.Expr:
    """Well formed by shape: an address with a domain, a phone of 7 to 15 digits, a tax id of the usual lengths."""
    value, field = pl.col("value"), pl.col("field")
    digits = value.str.replace_all(r"\D", "").str.len_chars()
    return (
        pl.when(field == "email").then(value.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$"))
        .when(field == "phone").then(digits.is_between(7, 15))
        .when(field == "tax_id").then(value.str.contains(r"^\d{10}$|^\d{12}$|^[0-9A-Z]{18}$|^[A-Z]{2}[0-9A-Z]{8,12}$"))
        .otherwise(True)
    )  # fmt: skip
