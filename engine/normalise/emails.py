"""E-mail cells → addresses as their provider sees them, and what local part and domain say.

Providers treat some spellings as one mailbox (`reference/free_mail.csv`): `same_as` names the domain under which the
mailbox is known, `tag` the character from which the provider ignores the local part, and `dots` whether dots in it are
`kept`, `ignored`, the same as a dash (`dash`), or ignored with dashes and underscores (`separators`).
"""

from functools import cache
from pathlib import Path

import polars as pl
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from engine.normalise import placeholders
from engine.normalise.placeholders import tidy
from engine.normalise.websites import registrable

SCHEMA = {
    "key": pl.String(),
    "addresses": pl.List(pl.String()),
    "address": pl.String(),
    "local": pl.String(),
    "domain": pl.String(),
    "registrable": pl.String(),
    "domain_guess": pl.String(),
    "is_role": pl.Boolean(),
    "is_free": pl.Boolean(),
    "local_letters": pl.String(),
    "local_bare": pl.String(),
    "local_words": pl.String(),
}
LEAST_LETTERS = 4  # fewer letters of a local part are no name

_REFERENCE = Path(__file__).parent.parent / "reference"
_ADDRESS = r"[^\s,;|<>()\[\]\"':/\\@]+@[^\s,;|<>()\[\]\"':/\\@]+"
_SINGLE = r"^[a-z0-9._+\-]+@[a-z0-9.\-]+$"
_NO_LETTERS = r"[0-9._+\-&'!#$%*=?^`{}~]+"
_LONE = r"^[a-z0-9][a-z0-9._+\-]{5,}$"  # an address that lost its @
_GUESS_FROM = 6  # characters; shorter domains lie one typing error apart by nature


def keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells → `key` and the parts of the first address; `addresses` are all of the cell.

    `address` is normalised as its provider does, `local` and `domain` are its parts, `registrable` the domain that
    somebody owns, `domain_guess` the well-known domain that this one is one typing error away from (else null),
    `is_role` whether the local part names a desk and not a person (info, sales), `is_free` whether anybody can have
    an address there, `local_letters` the letters of the local part, `local_bare` the local part without dots and
    dashes, `local_words` its letters with the words sorted. `key` joins the sorted addresses: equal keys are equal
    e-mails. Placeholders and cells without an address are null in every column.

    >>> k = keys(pl.Series(["Ivan.Petrov+crm@GoogleMail.com", "test@test.ru"]))
    >>> k["address"].to_list(), k["local_letters"].to_list()
    (['ivanpetrov@gmail.com', None], ['ivanpetrov', None])
    """
    cells = pl.DataFrame({"value": tidy(values)}).with_row_index("row")
    single = cells["value"].str.contains(_SINGLE).fill_null(False)
    alone = cells.filter(single)
    full = parts(alone["value"]).with_columns(alone["row"], key="address", addresses=pl.concat_list("address"))
    made = pl.concat([full.filter(pl.col("address").is_not_null()), _several(_messy(cells.filter(~single)), full)])
    place = pl.repeat(None, len(cells), dtype=pl.UInt32, eager=True)
    place = place.scatter(made["row"], pl.int_range(len(made), dtype=pl.UInt32, eager=True))
    return made.select(pl.col(name).gather(place) for name in SCHEMA)


def _several(written: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """row, raw of cells that hold several addresses → the columns of `like`: one row a cell, of its first address."""
    distinct = written["raw"].unique()
    table = parts(distinct).with_columns(raw=distinct).filter(pl.col("address").is_not_null())
    each = written.join(table, on="raw", how="inner", maintain_order="left")
    each = each.unique(["row", "address"], keep="first", maintain_order=True)
    lists = each.group_by("row").agg(
        pl.col("address").sort().str.join(";").alias("key"), pl.col("address").alias("addresses")
    )
    first = each.unique("row", keep="first", maintain_order=True).join(lists, on="row", how="left")
    return first.select(like.columns)


def _messy(cells: pl.DataFrame) -> pl.DataFrame:
    # Cells with several addresses, with remarks, or with an address that lost its @ → row, raw.
    text = pl.col("value")
    found = text.str.extract_all(_ADDRESS)
    bare = text.str.strip_chars(".-+")
    lone = pl.when(bare.str.contains(_LONE) & bare.str.contains(r"[.\d].*[a-z]")).then(pl.concat_list(bare))
    written = cells.select("row", raw=pl.when(found.list.len() > 0).then(found).otherwise(lone))
    return written.explode("raw", empty_as_null=True).drop_nulls()


def parts(addresses: pl.Series) -> pl.DataFrame:
    """Distinct single addresses, lower case → the columns of `keys` that one address has; null for placeholders."""
    halves = pl.DataFrame({"raw": addresses}).select(pl.col("raw").str.splitn("@", 2)).unnest("raw")
    frame = halves.select(
        local=pl.col("field_0").str.strip_chars(".-+"),
        domain=pl.col("field_1").str.strip_chars(".-_"),
        said=placeholders.known_among(addresses, "email", written=addresses).is_null(),
    )
    frame = frame.join(_domains(frame["domain"].unique()), on="domain", how="left", maintain_order="left")
    frame = frame.with_columns(is_free=pl.col("same_as").is_not_null(), domain=pl.coalesce("same_as", "domain"))
    parted = frame["local"].str.contains(r"[._\-]") & ((frame["tag"] == "-") | (frame["dots"] != "kept"))
    some = (parted.fill_null(False) | frame["local"].str.contains("+", literal=True)).fill_null(False).arg_true()
    frame = frame.with_columns(local=frame["local"].scatter(some, frame[some].select(_mailbox()).to_series()))
    whole = pl.when(pl.col("domain").is_null()).then("local").otherwise(pl.col("local") + "@" + pl.col("domain"))
    letters = pl.col("local").str.replace_all(_NO_LETTERS, "")
    said = pl.col("said") & (pl.col("local") != "") & (pl.col("domain").is_null() | (pl.col("domain") != ""))
    frame = frame.with_columns(
        address=whole,
        is_role=pl.col("local").str.replace(r"[\d._\-]+$", "").is_in(_roles()),
        local_letters=pl.when(letters.str.len_chars() >= LEAST_LETTERS).then(letters),
        local_bare=pl.col("local").str.replace_all(r"[._\-]", ""),
        local_words=pl.coalesce(_sorted_words(frame["local"]), letters),
    )
    names = [n for n in SCHEMA if n not in ("key", "addresses")]
    return frame.select(pl.when(said).then(n).alias(n) for n in names)


def _domains(domains: pl.Series) -> pl.DataFrame:
    """Distinct domains → what is known of each: domain, same_as, tag, dots, registrable, domain_guess."""
    known = domains.drop_nulls().to_frame("domain").join(_providers(), on="domain", how="left", maintain_order="left")
    real = known.select(pl.coalesce("same_as", "domain").alias("domain"))["domain"]
    guesses = _guesses(real).rename({"domain": "real"})
    known = known.with_columns(registrable=registrable(real), real=real)
    return known.join(guesses, on="real", how="left", maintain_order="left").drop("real")


def block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `keys` → blocking keys: `address` (each of the cell), `local` and `letters` of a person's address.

    `local` needs five characters, `letters` six; neither is given for desks (info@) or for a lone company mailbox.
    """
    person = ~pl.col("is_role")
    return table.select(
        address="addresses",
        local=pl.when(person & (pl.col("local").str.len_chars() >= 5)).then("local"),
        letters=pl.when(person & (pl.col("local_letters").str.len_chars() >= 6)).then("local_letters"),
    )


def _sorted_words(local: pl.Series) -> pl.Series:
    # petrov_ivan and ivan.petrov → ivanpetrov; null for one word, which has no other order.
    several = local.str.contains(r"\pL[._\-]+\pL").fill_null(False)
    parts = local.filter(several).str.replace_all(r"[\d._\-]+", ".").str.strip_chars(".")
    halves = parts.to_frame("all").select("all", pl.col("all").str.splitn(".", 2).alias("half")).unnest("half")
    one, two = pl.col("field_0"), pl.col("field_1")
    halves = halves.select("all", pair=pl.when(one <= two).then(one + two).otherwise(two + one))
    more = halves["pair"].str.contains(".", literal=True).fill_null(False)  # three words and more: sorted the long way
    long = halves["all"].filter(more).str.split(".").list.sort().list.join("")
    words = halves["pair"].scatter(more.arg_true(), long)
    return pl.repeat(None, len(local), dtype=pl.String, eager=True).scatter(several.arg_true(), words)


def _mailbox() -> pl.Expr:
    local, dots = pl.col("local"), pl.col("dots")
    plus = local.str.replace(r"^([^+]+)\+.*$", "${1}")
    dash = local.str.replace(r"^([^-]+)-.*$", "${1}")
    # A plus tag is ignored nearly everywhere; nobody else's mailbox has a plus in it.
    untagged = pl.when(pl.col("tag") == "-").then(dash).otherwise(plus)
    return (
        pl.when(dots == "ignored").then(untagged.str.replace_all(".", "", literal=True))
        .when(dots == "dash").then(untagged.str.replace_all(".", "-", literal=True))
        .when(dots == "separators").then(untagged.str.replace_all(r"[._\-]", ""))
        .otherwise(untagged)
    )  # fmt: skip


def _guesses(domains: pl.Series) -> pl.DataFrame:
    # Each unknown domain one typing error away from a well-known one; the list order breaks ties.
    known = _providers()["domain"].to_list()
    targets = [d for d in known if len(d) >= _GUESS_FROM]
    near = domains.drop_nulls().unique().sort()
    near = near.filter(~near.is_in(known) & (near.str.len_chars() >= _GUESS_FROM))
    fields = {"domain": pl.String(), "domain_guess": pl.String()}
    found: list[tuple[str, str]] = []
    for start in range(0, len(near), 20_000):
        part = near.slice(start, 20_000).to_list()
        distance = cdist(part, targets, scorer=OSA.distance, score_cutoff=1, dtype="uint8")
        rows = (distance <= 1).argmax(axis=1)
        found += [(d, targets[t]) for d, t, n in zip(part, rows, distance.min(axis=1), strict=True) if n <= 1]
    guessed = pl.DataFrame(found, schema=fields, orient="row")
    canonical = _providers().select(domain_guess="domain", same="same_as")
    return guessed.join(canonical, on="domain_guess", how="left").select("domain", domain_guess="same")


@cache
def _providers() -> pl.DataFrame:
    return pl.read_csv(_REFERENCE / "free_mail.csv", schema_overrides={"tag": pl.String})


@cache
def _roles() -> list[str]:
    return pl.read_csv(_REFERENCE / "role_addresses.csv")["local"].to_list()
