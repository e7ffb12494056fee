"""What to do with each kind of value: one row per kind of schema.KINDS.

A row says how distinct values become keys, which key column makes two values the same, how two keys are compared, at
which similarities levels are cut, and which blocking keys exist. `alone` keys are tried as blocking rules by
themselves, `joint` keys together with a key of another comparison.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from engine.match import codes, company, fields, person, words
from engine.normalise import companies, dates, emails, ids, names, numbers, phones, places, text, websites
from engine.rules import SAME, Comparison

Cuts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Kind:
    """How one kind of value is normalised, compared and blocked.

    keys: (distinct raw values, region) → key table. same: the key column (String, or List for cells with several
    values) whose equality is sameness. context: key table → what `similarity` needs to know about the whole table.
    veto: two values at most this alike can never belong to one record. recombine: the key column with the words of
    values that are made of parts which several records share by chance (see `engine.match.chance`). contradiction:
    names less alike than this are of two different people, whatever else they share. whole: keys are made of all
    values together (what a word says depends on how many hold it, whether a day or a month stands first on the clear
    dates), not of each by itself. told: key table, context → a column, equal where the context says the same of a row.
    """

    keys: Callable[[pl.Series, str], pl.DataFrame]
    same: str
    similarity: Callable[..., np.ndarray]
    levels: Cuts
    block_keys: Callable[[pl.DataFrame], pl.DataFrame]
    alone: tuple[str, ...] = ()
    joint: tuple[str, ...] = ()
    context: Callable[[pl.DataFrame], Any] | None = None
    told: Callable[[pl.DataFrame, Any], pl.Series] | None = None
    veto: int | None = None
    recombine: str | None = None
    contradiction: int | None = None
    personal: bool = False
    whole: bool = False


def _given_blocks(table: pl.DataFrame) -> pl.DataFrame:
    return table.select("fold", "initial", formal=pl.col("formal").str.split(" "))


def _family_blocks(table: pl.DataFrame) -> pl.DataFrame:
    return table.select("fold", "stem", head=pl.col("stem").str.slice(0, 4))


def _plain(keys: Callable[[pl.Series], pl.DataFrame]) -> Callable[[pl.Series, str], pl.DataFrame]:
    """Keys that do not depend on the region → keys of the common shape."""
    return lambda values, region: keys(values)


KINDS: Mapping[str, Kind] = {
    "person_name": Kind(
        keys=_plain(names.parse),
        same="fold",
        similarity=person.person,
        levels=(("same, rare", 116), *person.PERSON_LEVELS),
        block_keys=person.block_keys,
        alone=("fold", "family", "family_initial", "words", "skeletons", "bones", "sounds", "surnames"),
        joint=("fold", "family", "family_initial", "words"),
        recombine="words",
        contradiction=71,
    ),
    "given_name": Kind(
        keys=_plain(names.given_keys),
        same="fold",
        similarity=person.given,
        levels=person.GIVEN_LEVELS,
        block_keys=_given_blocks,
        contradiction=72,
        joint=("formal", "initial"),
    ),
    "family_name": Kind(
        keys=_plain(names.family_keys),
        same="fold",
        similarity=person.family,
        levels=(("same, rare", 114), *person.FAMILY_LEVELS),
        block_keys=_family_blocks,
        contradiction=1,
        joint=("stem", "head"),
    ),
    "patronymic": Kind(
        keys=_plain(names.patronymic_keys),
        same="fold",
        similarity=person.patronymic,
        levels=person.PATRONYMIC_LEVELS,
        block_keys=lambda table: table.select("fold", "initial"),
        joint=("fold",),
    ),
    "company": Kind(
        keys=_plain(companies.keys),
        same="fold",
        similarity=company.similarity,
        levels=(("the same name, rare", 114), *company.COMPANY_LEVELS),
        block_keys=company.block_keys,
        alone=("fold", "rare", "acronym", "bigrams", "start", "consonants"),
        joint=("fold", "first"),
        context=company.token_weights,
        told=company.told,
        recombine="native",
    ),
    "phone": Kind(
        keys=lambda values, region: phones.keys(values, region=region),
        same="numbers",
        similarity=fields.phone,
        levels=fields.PHONE_LEVELS,
        block_keys=phones.block_keys,
        alone=("number", "last7"),
    ),
    "email": Kind(
        keys=_plain(emails.keys),
        same="addresses",
        similarity=fields.email,
        levels=fields.EMAIL_LEVELS,
        block_keys=emails.block_keys,
        alone=("address", "local", "letters"),
    ),
    "website": Kind(
        keys=_plain(websites.keys),
        same="key",
        similarity=fields.website,
        levels=fields.WEBSITE_LEVELS,
        block_keys=websites.block_keys,
        alone=("domain", "label"),
    ),
    "tax_id": Kind(
        keys=_plain(ids.keys),
        same="key",
        similarity=codes.tax_id,
        levels=codes.TAX_ID_LEVELS,
        block_keys=ids.block_keys,
        alone=("key", "start", "end"),
        veto=0,
        personal=True,
    ),
    "identifier": Kind(
        keys=_plain(ids.identifier_keys),
        same="key",
        similarity=codes.identifier,
        levels=codes.IDENTIFIER_LEVELS,
        block_keys=ids.block_keys,
        alone=("key", "start", "end"),
        personal=True,
    ),
    "date": Kind(
        keys=_plain(dates.keys),
        same="key",
        similarity=codes.date,
        levels=codes.DATE_LEVELS,
        block_keys=dates.block_keys,
        whole=True,
        alone=("date",),
        joint=("year_month", "parts"),
        veto=0,
        personal=True,
    ),
    "address": Kind(
        keys=_plain(places.address_keys),
        same="key",
        similarity=words.address,
        levels=words.ADDRESS_LEVELS,
        block_keys=places.address_block_keys,
        alone=("street_house", "street", "house_word"),
        joint=("street_house", "street"),
    ),
    "city": Kind(
        keys=_plain(places.city_keys),
        same="key",
        similarity=fields.city,
        levels=fields.CITY_LEVELS,
        block_keys=places.city_block_keys,
        joint=("city",),
    ),
    "postcode": Kind(
        keys=_plain(places.postcode_keys),
        same="key",
        similarity=codes.postcode,
        levels=codes.POSTCODE_LEVELS,
        block_keys=places.postcode_block_keys,
        joint=("postcode",),
    ),
    "number": Kind(
        keys=_plain(numbers.keys),
        same="key",
        similarity=codes.number,
        levels=codes.NUMBER_LEVELS,
        block_keys=numbers.block_keys,
        joint=("number",),
    ),
    "category": Kind(
        keys=_plain(text.category_keys),
        same="key",
        similarity=codes.category,
        levels=codes.CATEGORY_LEVELS,
        block_keys=lambda table: table.select("key"),
        joint=("key",),
    ),
    "text": Kind(
        keys=_plain(text.keys),
        same="key",
        similarity=words.text,
        levels=words.TEXT_LEVELS,
        block_keys=text.block_keys,
        whole=True,
        alone=("rare", "rare_pair", "start", "initials"),
        joint=("start", "rare"),
    ),
}


def contradicting(comparison: Comparison) -> int:
    """Comparison → how many of its lowest level codes (1, 2 …) say that two names are of different people."""
    limit = KINDS[comparison.kind].contradiction or 0
    return sum(level.at_least < limit for level in comparison.levels)


def expected_levels(comparison: Comparison) -> list[float]:
    """Comparison → how a match is expected to spread over its levels (codes 1…k): a weak prior for the estimation.

    Three matches in four agree exactly, most of the others nearly; the grades of equal values share alike.
    """
    bounds = [level.at_least for level in comparison.levels]
    same = sum(at >= SAME for at in bounds)
    between = len(bounds) - same - 1
    spread = [0.75 / same if at >= SAME else 0.17 / between if at > 0 else 0.08 for at in bounds]
    return spread[::-1]
