"""What to do with each kind of value: one row per kind of schema.KINDS.

A row says how distinct values become keys, which key column makes two values the same, how two keys are compared, at
which similarities levels are cut, and which blocking keys exist. `alone` keys are tried as blocking rules by
themselves, `joint` keys together with a key of another comparison.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from engine.match import company, fields, person
from engine.normalise import companies, emails, names, phones, websites
from engine.rules import SAME, Comparison

Cuts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Kind:
    """How one kind of value is normalised, compared and blocked.

    keys: (distinct raw values, region) → key table. same: the key column (String, or List for cells with several
    values) whose equality is sameness. context: key table → what `similarity` needs to know about the whole table.
    veto: two values at most this alike can never belong to one record. recombine: the key column with the words of
    values that are made of parts which several records share by chance (see `engine.match.chance`).
    """

    keys: Callable[[pl.Series, str], pl.DataFrame]
    same: str
    similarity: Callable[..., np.ndarray]
    levels: Cuts
    block_keys: Callable[[pl.DataFrame], pl.DataFrame]
    alone: tuple[str, ...] = ()
    joint: tuple[str, ...] = ()
    context: Callable[[pl.DataFrame], Any] | None = None
    veto: int | None = None
    recombine: str | None = None


def graded(levels: Cuts, *rarities: tuple[str, int]) -> Cuts:
    """Levels, (name, least similarity) of rarer grades of the same value → levels with the grades above them."""
    return (*rarities, *levels)


def _given_blocks(table: pl.DataFrame) -> pl.DataFrame:
    return table.select("fold", "initial", formal=pl.col("formal").str.split(" "))


def _family_blocks(table: pl.DataFrame) -> pl.DataFrame:
    return table.select("fold", "stem", head=pl.col("stem").str.slice(0, 4))


def _phone_blocks(table: pl.DataFrame) -> pl.DataFrame:
    national = pl.col("national")
    return table.select(number=national, last7=national.list.eval(pl.element().str.tail(7)))


KINDS: Mapping[str, Kind] = {
    "person_name": Kind(
        keys=lambda values, region: names.parse(values),
        same="fold",
        similarity=person.person,
        levels=graded(person.PERSON_LEVELS, ("same, rare", 116)),
        block_keys=person.block_keys,
        alone=("fold", "family", "family_initial", "words", "skeletons", "bones"),
        joint=("fold", "family", "family_initial"),
        recombine="words",
    ),
    "given_name": Kind(
        keys=lambda values, region: names.given_keys(values),
        same="fold",
        similarity=person.given,
        levels=person.GIVEN_LEVELS,
        block_keys=_given_blocks,
        joint=("formal", "initial", "fold"),
    ),
    "family_name": Kind(
        keys=lambda values, region: names.family_keys(values),
        same="fold",
        similarity=person.family,
        levels=graded(person.FAMILY_LEVELS, ("same, rare", 114)),
        block_keys=_family_blocks,
        joint=("stem", "head", "fold"),
    ),
    "patronymic": Kind(
        keys=lambda values, region: names.patronymic_keys(values),
        same="fold",
        similarity=person.patronymic,
        levels=person.PATRONYMIC_LEVELS,
        block_keys=lambda table: table.select("fold", "initial"),
        joint=("fold",),
    ),
    "company": Kind(
        keys=lambda values, region: companies.keys(values),
        same="fold",
        similarity=company.similarity,
        levels=graded(company.COMPANY_LEVELS, ("the same name, rare", 114)),
        block_keys=company.block_keys,
        alone=("fold", "rare", "acronym", "bigrams", "start", "consonants"),
        joint=("fold", "first", "start"),
        context=company.token_weights,
        recombine="native",
    ),
    "phone": Kind(
        keys=lambda values, region: phones.keys(values, region=region),
        same="numbers",
        similarity=fields.phone,
        levels=fields.PHONE_LEVELS,
        block_keys=_phone_blocks,
        alone=("number", "last7"),
    ),
    "email": Kind(
        keys=lambda values, region: emails.keys(values),
        same="addresses",
        similarity=fields.email,
        levels=fields.EMAIL_LEVELS,
        block_keys=emails.block_keys,
        alone=("address", "local", "letters"),
    ),
    "website": Kind(
        keys=lambda values, region: websites.keys(values),
        same="key",
        similarity=fields.website,
        levels=fields.WEBSITE_LEVELS,
        block_keys=websites.block_keys,
        alone=("domain", "label"),
    ),
}
def _fold(v, region):
    from engine.normalise.scripts import clean, fold, romanise
    u=v.to_list(); k=[fold(romanise(clean(x))).replace(' ','') if x else None for x in u]
    return pl.DataFrame({"fold":pl.Series(k,dtype=pl.String)})
def _jw(a,b):
    from rapidfuzz.distance import JaroWinkler
    from rapidfuzz.process import cpdist
    return np.asarray(cpdist(a["fold"].to_list(), b["fold"].to_list(), scorer=JaroWinkler.similarity, score_multiplier=100, dtype=np.uint8)).astype(np.uint8)
def _low(v, region):
    return pl.DataFrame({"fold": v.str.to_lowercase()})
for k in ("city","text","address"): KINDS[k]=Kind(_fold,"fold",_jw,(("same",100),("close",90),("different",0)),lambda t:t.select("fold"),("fold",),("fold",))
for k in ("date","number","category","postcode","identifier","tax_id"): KINDS[k]=Kind(_low,"fold",_jw,(("same",100),("close",90),("different",0)),lambda t:t.select("fold"),("fold",) if k in("date","identifier") else (),("fold",))


def expected_levels(comparison: Comparison) -> list[float]:
    """Comparison → how a match is expected to spread over its levels (codes 1…k): a weak prior for the estimation.

    Three matches in four agree exactly, most of the others nearly; the grades of equal values share alike.
    """
    bounds = [level.at_least for level in comparison.levels]
    same = sum(at >= SAME for at in bounds)
    between = len(bounds) - same - 1
    spread = [0.75 / same if at >= SAME else 0.17 / between if at > 0 else 0.08 for at in bounds]
    return spread[::-1]
