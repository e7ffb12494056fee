"""Websites and domains → the registrable domain, the part that belongs to one owner."""

from functools import cache
from pathlib import Path

import polars as pl

_SUFFIXES = Path(__file__).parent.parent / "reference" / "public_suffixes.txt"
# Pages on these belong to whoever wrote them: the path tells whose.
_SHARED_HOSTS = (
    *("vk.com", "facebook.com", "instagram.com", "linkedin.com", "t.me", "ok.ru", "youtube.com", "weibo.com"),
    *("twitter.com", "x.com", "wa.me", "taplink.cc", "avito.ru", "2gis.ru", "ozon.ru", "wildberries.ru"),
)


def keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells → `key` (registrable domain; on a shared host, host and first path part), `host`, `label`.

    `label` is the name itself, without the suffix. What holds no dot is null.

    >>> keys(pl.Series(["https://www.shop.acme.co.uk/contacts?id=1", "vk.com/acme", "нет"])).rows()
    [('acme.co.uk', 'shop.acme.co.uk', 'acme'), ('vk.com/acme', 'vk.com', 'acme'), (None, None, None)]
    """
    text = pl.col("value").str.normalize("NFKC").str.to_lowercase().str.strip_chars(" \t\r\n'\"<>()")
    first = text.str.extract(r"^([^\s,;|]+)").str.replace(r"^(?:[a-z]+:)?/*(?:[^/@]*@)?", "")
    host = first.str.extract(r"^([^/?#:]+)").str.strip_chars(".").str.replace(r"^www?\d?\.", "")
    path = first.str.extract(r"^[^/?#]+/@?([^/?#]+)")
    frame = pl.DataFrame({"value": values.cast(pl.String)}).select(host=host, path=path)
    frame = frame.with_columns(
        host=pl.when(pl.col("host").str.contains(r"^[^\s.]+(?:\.[^\s.]+)*\.[^\s.\d]{2,}$")).then("host")
    )
    domain = registrable(frame["host"])
    own = pl.col("domain").is_in(_SHARED_HOSTS) & pl.col("path").is_not_null()
    return frame.with_columns(domain=domain).select(
        key=pl.when(own).then(pl.col("domain") + "/" + pl.col("path")).otherwise("domain"),
        host="host",
        label=pl.when(own).then("path").otherwise(pl.col("domain").str.extract(r"^([^.]+)")),
    )


def registrable(hosts: pl.Series) -> pl.Series:
    """Host names → the part under a public suffix that somebody registered: mail.acme.com.ru → acme.com.ru."""
    host = pl.col("host")
    two = host.str.extract(r"([^.]+\.[^.]+)$")
    three = host.str.extract(r"([^.]+\.[^.]+\.[^.]+)$")
    found = pl.when(two.is_in(_suffixes()) & three.is_not_null()).then(three).otherwise(pl.coalesce(two, host))
    return pl.DataFrame({"host": hosts}).select(found.alias("domain"))["domain"]


def block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `keys` → blocking keys: `domain` and `label`, the name whatever suffix it has."""
    return table.select(domain="key", label=pl.when(pl.col("label").str.len_chars() >= 4).then("label"))


@cache
def _suffixes() -> list[str]:
    lines = _SUFFIXES.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
