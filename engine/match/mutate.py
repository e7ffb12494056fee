"""Mutation: real records, altered as people and systems alter them → how many copies the rules still recognise.

Every kind of error is applied to other records of the snapshot, each altered once, and each copy is held against the
record it was made from. So it measures recall alone, error by error: a rule that finds everything would do best here.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from engine.errors import RulesError
from engine.match import block as blocking
from engine.match import compare, conditions, weigh
from engine.match.encode import encode
from engine.normalise.scripts import has_han, romanise
from engine.progress import Progress, silent
from engine.rules import Rules

_SYLLABLES = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+")  # a Han character is one, and what else stands together
CONTEXT = 20_000  # records among which the copies are looked for
NAMES = ("name", "last_name", "first_name", "middle_name")
# Not the tables the keys are made with: a test that knows the answer beforehand tests nothing.
_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        ["a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f",
         "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"],
        strict=True,
    )
)  # fmt: skip
_TRANSLITERATION = str.maketrans({**_LATIN, **{c.upper(): v.capitalize() for c, v in _LATIN.items()}})
Record = dict[str, str | None]
Mutation = Callable[[Record, np.random.Generator], Record]


def recall_by_mutation(
    records: pl.DataFrame, rules: Rules, *, seed: int = 0, sample: int = 200, progress: Progress = silent
) -> pl.DataFrame:
    """Records, completed rules → per kind of error: kind, tried, found (by blocking), review, merged, recall.

    `sample`: copies made of each kind, where so many records can be altered that way. `recall` is merged / tried;
    `review` counts copies that stand between the thresholds. Raises RulesError when weights or thresholds are open.
    """
    merge, review = rules.thresholds.merge, rules.thresholds.review
    if not rules.weights.classes or merge is None or review is None:
        raise RulesError("these rules leave weights or thresholds open: run them once first", code="rules_open")
    rng = np.random.default_rng(seed)
    context = records.sample(CONTEXT, seed=seed) if len(records) > CONTEXT else records
    copies, origin, kinds = _copies(context, rules, rng, sample)
    if not copies:
        return pl.DataFrame(schema=SCHEMA)
    fields = list(copies[0])
    both = pl.concat(
        [context.select(fields).cast(pl.String), pl.DataFrame(copies, schema=dict.fromkeys(fields, pl.String))]
    )
    both = both.with_columns(record_id=pl.int_range(pl.len()).cast(pl.String))
    encoded, _ = encode(both, rules.comparisons, region=rules.region, exclusions=rules.exclusions, progress=progress)
    left, right = np.array(origin, np.int64), len(context) + np.arange(len(copies))

    def key(name: str) -> blocking.KeyColumn:
        comparison, _, part = name.partition(".")
        return encoded[comparison].key_column(part)

    pairs, _ = blocking.block(key, rules.blocking, progress=progress)
    made = pl.DataFrame({"left": left.astype(np.uint32), "right": right.astype(np.uint32)})
    similar = compare.compare(encoded, made)
    patterns, number = compare.patterns(rules.comparisons, similar)
    patterns = conditions.with_verdicts(rules, weigh.score(rules.comparisons, rules.weights, patterns))
    merged = conditions.merged(patterns, merge)[number]
    waiting = conditions.waiting(patterns, review, merge)[number]
    for veto in rules.vetoes:
        against = similar[veto.comparison]
        allowed = (against > veto.at_most) | (against == 255)
        merged, waiting = merged & allowed, waiting & allowed
    seen = made.with_columns(kind=pl.Series(kinds), merged=pl.Series(merged), waiting=pl.Series(waiting)).join(
        pairs.select("left", "right", found=pl.lit(True)), on=["left", "right"], how="left", maintain_order="left"
    ).with_columns(pl.col("found").fill_null(False))  # fmt: skip
    return (
        seen.group_by("kind", maintain_order=True)
        .agg(
            tried=pl.len(),
            found=pl.col("found").sum(),
            review=(pl.col("found") & pl.col("waiting")).sum(),
            merged=(pl.col("found") & pl.col("merged")).sum(),
        )
        .with_columns(recall=pl.col("merged") / pl.col("tried"))
        .cast(dict(SCHEMA))  # type: ignore[arg-type]
    )


SCHEMA: Mapping[str, pl.DataType] = {
    "kind": pl.String(),
    "tried": pl.Int64(),
    "found": pl.Int64(),
    "review": pl.Int64(),
    "merged": pl.Int64(),
    "recall": pl.Float64(),
}


def _copies(
    context: pl.DataFrame, rules: Rules, rng: np.random.Generator, sample: int
) -> tuple[list[Record], list[int], list[str]]:
    """Records → altered copies, the row each was made from, its kind of error. No record is altered twice."""
    fields = sorted({c for comparison in rules.comparisons for c in comparison.columns if c in context.columns})
    order = rng.permutation(len(context)).tolist()
    copies: list[Record] = []
    origin: list[int] = []
    kinds: list[str] = []
    each = min(sample, len(context) // len(MUTATIONS))
    for kind, mutation in MUTATIONS.items():
        made = 0
        left_over = []
        while order and made < each:
            row = order.pop()
            record = context.select(pl.col(fields).cast(pl.String)).row(row, named=True)
            altered = mutation(record, rng)
            if altered == record or not any(altered.values()):
                left_over.append(row)
                if len(left_over) > 20 * each:  # hardly any record can be altered this way
                    break
                continue
            copies.append(altered)
            origin.append(row)
            kinds.append(kind)
            made += 1
        order = left_over + order
        rng.shuffle(order)
    return copies, origin, kinds


def _in_names(change: Callable[[str, np.random.Generator], str]) -> Mutation:
    """A change of one text → a mutation of the name columns, whichever there are."""

    def mutation(record: Record, rng: np.random.Generator) -> Record:
        return {f: change(v, rng) if v and f in NAMES else v for f, v in record.items()}

    return mutation


def _typo(value: str, rng: np.random.Generator) -> str:
    letters = [i for i, c in enumerate(value) if c.isalpha() and i]
    if len(letters) < 3:
        return value
    at, how = int(rng.choice(letters)), int(rng.integers(3))
    if how == 0:
        return value[:at] + value[at + 1 :]
    if how == 1:
        return value[: at - 1] + value[at] + value[at - 1] + value[at + 1 :]
    return value[:at] + value[at] + value[at:]


def _one_typo(record: Record, rng: np.random.Generator) -> Record:
    """A typing mistake in one of the names; Chinese names are not typed letter by letter."""
    there = [f for f in NAMES if (v := record.get(f)) and len(v) > 3 and not any("\u4e00" <= c <= "\u9fff" for c in v)]
    if not there:
        return record
    chosen = there[int(rng.integers(len(there)))]
    return {**record, chosen: _typo(str(record[chosen]), rng)}


def _latin(value: str, rng: np.random.Generator) -> str:
    if has_han(value):
        return " ".join(romanise(part).capitalize() for part in _SYLLABLES.findall(value))
    return value.translate(_TRANSLITERATION)


def _phone(record: Record, rng: np.random.Generator) -> Record:
    """The same number written another way."""
    value = record.get("phone")
    if not value:
        return record
    first = value.split("; ")[0]
    digits = "".join(c for c in first if c.isdigit())
    if len(digits) < 10:
        return record
    if len(digits) == 11 and digits[0] in "78":
        digits = ("8" if digits[0] == "7" else "+7") + digits[1:]
    elif first.startswith("+"):
        digits = "+" + digits
    return {**record, "phone": f"{digits[:-7]} {digits[-7:-4]}.{digits[-4:]}"}


def _order(record: Record, rng: np.random.Generator) -> Record:
    """Given and family name change places."""
    if record.get("last_name") and record.get("first_name"):
        return {**record, "last_name": record["first_name"], "first_name": record["last_name"]}
    words = (record.get("name") or "").split()
    return {**record, "name": " ".join([*words[1:], words[0]])} if len(words) > 1 else record


def _lost(*fields: str) -> Mutation:
    """Fields that are empty in the copy."""

    def mutation(record: Record, rng: np.random.Generator) -> Record:
        return {f: None if f in fields else v for f, v in record.items()}

    return mutation


MUTATIONS: Mapping[str, Mutation] = {
    "typo": _one_typo,
    "transliterated": _in_names(_latin),
    "yo": _in_names(lambda v, rng: v.replace("ё", "е").replace("Ё", "Е")),
    "capitals": _in_names(lambda v, rng: v.upper() if v.upper() != v else v.lower()),
    "name_order": _order,
    "phone_format": _phone,
    "no_phone": _lost("phone"),
    "no_email": _lost("email"),
    "no_company": _lost("company"),
    "no_middle_name": _lost("middle_name"),
}
