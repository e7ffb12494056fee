"""Company names → keys that tell the name itself from legal form, place, branch and class of share.

    ООО "Вектор-Плюс" (г. Пермь)   → core "вектор плюс", key "vektor plyus", form ООО (limited), place Пермь
    Vektor Plyus LLC               → core "vektor plyus", the same key and fold, form LLC (limited)
    深圳市中兴通讯股份有限公司       → core "中兴通讯", key "zhongxing tongxun", form 股份有限公司, place 深圳

Works on columns of distinct names: text is searched and replaced as whole columns, and what needs a table or
Python (romanisation, folds) is done once per distinct word. The reference data is in `engine/reference`:
legal_forms.csv, company_words.yaml, places_ru.txt, places_world.txt and places_zh.txt.
"""

import re

import numpy as np
import polars as pl

from engine.normalise import company_parts as parts
from engine.normalise import company_words as reference
from engine.normalise.scripts import fold, has_han, romanise

KEYS = {
    "native": pl.String(),  # core in its own script; Chinese simplified and without spaces
    "key": pl.String(),  # core romanised, words in order
    "fold": pl.String(),  # core folded and joined: equal for the usual spellings
    "words": pl.String(),  # folds of the core's words, sorted, space-joined
    "initials": pl.String(),  # first letters of the key's words, null for a single word
    "form": pl.String(),  # legal form
    "form_group": pl.String(),  # limited, joint_stock, corporation, sole, partnership, nonprofit, state, …
    "place": pl.String(),  # city, region or country beside the name
    "branch": pl.Boolean(),  # a branch, not the company
    "series": pl.String(),  # class of share: ordinary, preferred, A, B, H
    "numbers": pl.String(),  # the numbers in the core, sorted, "" when there is none
    "marks": pl.UInt64(),  # a bit for each word's beginning: names without a common bit have no word in common
}
_WORD = {"token": pl.String(), "word": pl.String()}
_DOUBLES = [2 * c for c in "abcdefghijklmnopqrstuvwxyz"]


def keys(values: pl.Series) -> pl.DataFrame:
    """Raw company names (String; best distinct) → KEYS, one row per name in the same order, all null for a placeholder.

    >>> made = keys(pl.Series(['ООО "Альфа Групп"', "Alfa-Grupp LLC", "нет"]))
    >>> made["fold"].to_list(), made["form_group"].to_list()
    (['alfagrup', 'alfagrup', None], ['limited', 'limited', None])
    """
    shared = parts.share_class(parts.text(values.cast(pl.String)))
    whole = parts.lines(shared["rest"])
    plain = whole.str.replace_all(r"[|~]", " ").str.replace_all(" +", " ").str.strip_chars()
    whole = whole.set(plain.is_in(list(reference.placeholders())).fill_null(False), None)
    branched = parts.branch(whole)
    formed = parts.legal_form(branched["rest"])
    placed = parts.place(formed["rest"])
    person = (formed["form"] == "ИП").fill_null(False)
    rest = placed["rest"].zip_with(~person, formed["rest"])
    place = pl.select(pl.coalesce(placed["place"].set(person, None), branched["place"])).to_series()
    out = _core(rest, person).with_columns(
        formed["form"],
        formed["form_group"],
        place.alias("place"),
        branched["branch"],
        shared["series"],
    )
    out = out.with_columns(numbers=_numbers(out["native"]), marks=marks(out))
    empty = out["fold"].is_null()
    return out.select(pl.when(~empty).then(pl.col(name)).cast(kind).alias(name) for name, kind in KEYS.items())


def marks(table: pl.DataFrame) -> pl.Series:
    """Key table with native, words, fold and initials → `marks`: which of 64 bits the beginnings of its words fall on.

    A bit for the first three letters of each word's fold, for each Han character, for the initials, and for a core
    as short as initials are: two names that share no bit have no word, no beginning and no acronym in common.
    """
    fold, native = table["fold"], table["native"]
    spoken = table["initials"].str.len_chars() >= 3
    out = np.zeros(len(table), np.uint64)
    for texts in (
        table["words"].str.split(" "),
        native.set(~native.str.contains(r"\p{Han}"), None).str.extract_all(r"\p{Han}"),
        fold.str.slice(0, 3),
        "acronym: " + fold.set(fold.str.len_chars() > 6, None),
        "acronym: " + table["initials"].set(~spoken, None),
    ):
        parts = pl.DataFrame({"row": pl.int_range(len(table), dtype=pl.Int64, eager=True), "part": texts})
        if texts.dtype == pl.List(pl.String):
            parts = parts.explode("part", empty_as_null=True).with_columns(pl.col("part").str.slice(0, 3))
        parts = parts.drop_nulls()
        bit = np.uint64(1) << (parts["part"].hash(seed=3).to_numpy() % np.uint64(63))
        np.bitwise_or.at(out, parts["row"].to_numpy(), bit)
    return pl.Series("marks", out)


def _numbers(native: pl.Series) -> pl.Series:
    """Cores → the numbers in each, sorted, "" where there is none."""
    some = native.str.contains(r"\d").fill_null(False).arg_true()
    each = pl.DataFrame({"row": some, "number": native.gather(some).str.extract_all(r"\d+")})
    each = each.explode("number", empty_as_null=True).unique().sort("row", "number")
    joined = each.group_by("row", maintain_order=True).agg(pl.col("number")).select(pl.col("number").list.join(" "))
    return pl.repeat("", len(native), dtype=pl.String, eager=True).scatter(some, joined["number"])


def _core(rest: pl.Series, person: pl.Series) -> pl.DataFrame:
    """Lines of core tokens, which of them name a person → native, key, fold, words, initials."""
    frame = pl.DataFrame(
        {"row": pl.int_range(len(rest), eager=True), "person": person, "token": rest.str.extract_all(r"[^ |~]+")}
    )
    tokens = frame.explode("token", empty_as_null=True).drop_nulls()
    table = _words(tokens["token"].unique())
    tokens = tokens.join(table, on="token", how="left", maintain_order="left_right")
    # «The», «and», «в» go, unless nothing else is there or «И» is an initial.
    significant = pl.col("little").not_().any().over("row")
    tokens = tokens.filter(~significant | ~pl.col("little") | pl.col("person"))
    made = _joined(tokens, "word", "rom", "fold", "initial").join(
        _joined(tokens.sort("row", "place"), "fold"), on="row", how="left", maintain_order="left", suffix="_sorted"
    )
    made = made.select(
        "row",
        pl.col("word").list.join(" ").alias("native"),
        pl.col("rom").list.join(" ").alias("key"),
        pl.col("fold").list.join("").alias("fold"),
        pl.col("fold_sorted").list.join(" ").alias("words"),
        pl.when(pl.col("word").list.len() > 1).then(pl.col("initial").list.join("")).alias("initials"),
    )
    made = made.with_columns(
        pl.col("native")
        .str.replace_all(r"(\p{Han}) (\p{Han})", "$1$2")
        .str.replace_all(r"(\p{Han}) (\p{Han})", "$1$2"),
        pl.col("fold").str.replace_many(_DOUBLES, [d[0] for d in _DOUBLES]),
    )
    return frame.select("row").join(made, on="row", how="left", maintain_order="left").drop("row")


def _joined(tokens: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Tokens in the order of their rows → a list of each column for each row."""
    return tokens.select("row", *columns).group_by("row", maintain_order=True).agg(columns)


def _words(tokens: pl.Series) -> pl.DataFrame:
    """Distinct tokens → a row for each word of each (abbreviations in full, Han split at known words): romanised,
    folded, the place of its fold in the alphabet, and whether it says nothing."""
    full = reference.replacements()
    concepts = reference.concepts()
    han = re.compile(f"({'|'.join(sorted(map(re.escape, reference.han_priors()), key=len, reverse=True))})")
    source, split = [], []
    for number, one in enumerate(tokens.to_list()):
        words = [w for w in han.split(full.get(one, one)) if w]
        split += words
        source += [number] * len(words)
    distinct = list(dict.fromkeys(split))
    rom = {w: romanise(w) for w in distinct}
    # «Ц» begins an acronym as "ts", just as it is romanised there; of a Chinese reading the first letter counts.
    initials = {w: r[0] if has_han(w) else romanise(w[0]) for w, r in rom.items() if r}
    folds = {w: fold(r) or r for w, r in rom.items()}
    made = pl.DataFrame({"token": tokens[source], "word": split}, schema=_WORD)
    return made.with_columns(
        pl.col("word").replace_strict(rom, return_dtype=pl.String).alias("rom"),
        pl.col("word").replace_strict(folds, return_dtype=pl.String).alias("fold"),
        pl.col("word").replace_strict(initials, default=None, return_dtype=pl.String).alias("initial"),
        pl.col("word").is_in([w for w in distinct if concepts.get(folds[w]) == "the"]).alias("little"),
    ).with_columns(pl.col("fold").rank("dense").alias("place"))
