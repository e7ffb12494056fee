"""Exclusions: values and domains that prove nothing, taken out of the cells before any key is made of them.

An excluded value is met however it is written: what counts is the key by which two values of its kind are the same. Of
a cell with several phones or addresses only the excluded ones go.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from engine.match.kinds import KINDS, Kind
from engine.normalise import emails, websites
from engine.rules import DOMAIN_KINDS, Comparison, Exclusion
from engine.schema import VALUE_SEPARATOR

if TYPE_CHECKING:
    from engine.match.explain import Part


LISTS = ("numbers", "addresses")  # key columns that hold each value of a cell, in a form that reads back to itself


def speaks_of(exclusion: Exclusion, comparison: Comparison) -> bool:
    """Does the exclusion take values out of this comparison?"""
    if exclusion.domain is not None:
        return comparison.kind in DOMAIN_KINDS and exclusion.comparison in (None, comparison.name)
    return exclusion.value is not None and exclusion.comparison == comparison.name


def struck(
    raw: pl.Series, kind: Kind, comparison: Comparison, exclusions: Sequence[Exclusion], *, region: str
) -> tuple[pl.Series, pl.Series]:
    """Distinct raw cells, exclusions → the cells without what is excluded (null: nothing is left); which were changed.

    What is left of a cell is written as its keys are, so it may look unlike the cell.
    """
    mine = [e for e in exclusions if speaks_of(e, comparison)]
    if not mine or not len(raw):
        return raw, pl.repeat(False, len(raw), dtype=pl.Boolean, eager=True)
    values = pl.Series("value", [e.value for e in mine if e.value is not None], dtype=pl.String)
    domains = sorted({d for e in mine if e.domain is not None for d in _names(e.domain, comparison.kind)})
    each = _keys(raw, kind, region)
    gone = pl.element().is_in(_keys(values, kind, region).explode(empty_as_null=True).drop_nulls().implode())
    if comparison.kind == "email":
        gone |= _under(pl.element().str.extract(r"@([^@]+)$"), domains)
    rest = each.list.eval(pl.element().filter(~gone.fill_null(False)))
    whole = raw.is_in(values.implode()).fill_null(False) | (rest.list.len() == 0)
    if comparison.kind == "website":
        hosts = websites.keys(raw)["host"]
        whole |= pl.DataFrame({"host": hosts}).select(_under(pl.col("host"), domains))["host"].fill_null(False)
    hit = whole.fill_null(False) | (rest.list.len() < each.list.len()).fill_null(False)
    left = pl.DataFrame({"raw": raw, "rest": rest.list.join(VALUE_SEPARATOR), "hit": hit, "whole": whole}).select(
        pl.when(pl.col("whole")).then(None).when(pl.col("hit")).then("rest").otherwise("raw").alias("value")
    )
    return left["value"], hit


def offered(comparisons: Sequence[Comparison], parts: Sequence["Part"], *, region: str) -> list[Exclusion]:
    """What two records show in each comparison → values and domains they share, as exclusions."""
    known = {c.name: c for c in comparisons}
    found: list[Exclusion] = []
    for part in parts:
        if part.left is None or part.right is None or part.ignored:
            continue
        comparison, cells = known[part.comparison], pl.Series("value", [part.left, part.right])
        first, second = (set(k or ()) for k in _keys(cells, KINDS[comparison.kind], region).to_list())
        written = KINDS[comparison.kind].same not in LISTS  # a key of one value alone need not be readable
        found += [Exclusion(comparison=part.comparison, value=part.left if written else key)
                  for key in sorted(first & second)]  # fmt: skip
        if comparison.kind in DOMAIN_KINDS:
            here, there = (_domains(cell, comparison.kind) for cell in cells)
            found += [Exclusion(domain=domain) for domain in sorted(here & there)]
    return list(dict.fromkeys(found))


def _domains(cell: str, kind: str) -> set[str]:
    """A cell → the domains at which its addresses or its site lie."""
    if kind == "email":
        addresses = emails.keys(pl.Series([cell]))["addresses"][0]
        return {a.rpartition("@")[2] for a in ([] if addresses is None else addresses) if "@" in a}
    return set(websites.registrable(websites.keys(pl.Series([cell]))["host"]).drop_nulls())


def _keys(values: pl.Series, kind: Kind, region: str) -> pl.Series:
    """Raw cells → the keys by which they are the same as others: a list each, null where there are none."""
    same = kind.keys(values, region)[kind.same]
    if same.dtype == pl.List(pl.String):
        return same
    return pl.DataFrame({"k": same}).select(pl.when(pl.col("k").is_not_null()).then(pl.concat_list("k")))["k"]


def _under(host: pl.Expr, domains: Sequence[str]) -> pl.Expr:
    """A host name → whether it is one of the domains or lies below one."""
    found = host.is_in(list(domains))
    for domain in domains:
        found |= host.str.ends_with(f".{domain}")
    return found


def _names(domain: str, kind: str) -> set[str]:
    """A domain as somebody writes it (`@Mail.RU`, `https://www.mail.ru/`) → the names under which values lie there."""
    host = domain.strip().lower().rpartition("@")[2]
    bare = host.partition("://")[2] or host
    bare = bare.partition("/")[0].removeprefix("www.").strip(".")
    if kind != "email":
        return {bare}
    # A provider may have several names for one domain; addresses are kept under one of them.
    known = emails.keys(pl.Series([f"somebody.of@{bare}"]))["domain"].to_list()
    return {bare, *(name for name in known if name is not None)}
