"""Free text → comparison keys: titles, descriptions, lists of authors, names of venues."""

import polars as pl

from engine.normalise.scripts import clean, romanise
from engine.normalise.words import cleaned, each_word, split

SCHEMA = {
    "key": pl.String(),
    "tokens": pl.List(pl.UInt64()),
    "weight": pl.Float32(),
    "words": pl.UInt32(),
    "numbers": pl.String(),
    "initials": pl.String(),
    "last_words": pl.List(pl.String()),
    "abbreviated": pl.Boolean(),
    "rare": pl.List(pl.String()),
}
WEIGHT_STEPS = 256  # a token is the number of a word × WEIGHT_STEPS + its weight
RAREST_WORDS = 3  # that become blocking keys
_STOP = ("a", "an", "the", "of", "and", "for", "in", "on", "to", "with", "by", "und", "der", "die", "das", "de", "la",
         "и", "в", "на", "для", "по", "с", "о", "i", "v", "na", "dlya", "po", "s", "o")  # fmt: skip
_PARTS = r"\s*(?:[,;&]|\s(?:and|и|und|et|y|e|和|与)\s)\s*"


def keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells of one column → keys; how rare a word is comes from these cells.

    `key`: its words in Latin letters, one space between; `tokens`: its distinct words as numbers that carry their
    weight (`WEIGHT_STEPS`), a rare word weighing more; `weight`: their sum; `words`: how many; `numbers`: the numbers
    in it, sorted; `initials`: first letters of its words but the little ones, of three words or more; `last_words`:
    the last word of each part, when it may be a list of names; `abbreviated`: whether a part has a one-letter word;
    `rare`: its rarest words.

    >>> keys(pl.Series(["Very Large Data Bases", "Mackay, D. Scott"])).select("key", "initials", "last_words").rows()
    [('very large data bases', 'vldb', ['bases']), ('mackay d scott', 'mds', ['mackay', 'scott'])]
    """
    frame = pl.DataFrame({"text": cleaned(values)}).with_row_index("row")
    words = split(frame["text"])
    words = words.with_columns(word=each_word(words, "word", _latin)).drop_nulls()
    number = words["word"].str.contains(r"^\d+$")
    weighed = _weighed(words, len(frame))
    by_row = [
        words.group_by("row", maintain_order=True).agg(pl.col("word").str.join(" ").alias("key"), words=pl.len()),
        weighed.group_by("row", maintain_order=True).agg(
            tokens=pl.col("token"),
            weight=(pl.col("token") % WEIGHT_STEPS).sum().cast(pl.Float32),
            rare=pl.col("word").sort_by("holders", "word").head(RAREST_WORDS),
        ),
        words.filter(number).group_by("row").agg(numbers=pl.col("word").sort().str.join(" ")),
        words.filter(~pl.col("word").is_in(_STOP) & ~number)
        .group_by("row", maintain_order=True)
        .agg(initials=pl.when(pl.len() >= 3).then(pl.col("word").str.slice(0, 1).str.join(""))),
        _lists_of_names(frame),
    ]
    for part in by_row:
        frame = frame.join(part, on="row", how="left", maintain_order="left")
    return frame.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `keys` → blocking keys: `rare` (the three rarest words), `rare_pair` (each two of them), `start`
    (the first three words) and `initials`, which meets a word that is its abbreviation."""  # fmt: skip
    rare = pl.col("rare")
    pairs = [
        rare.list.get(a, null_on_oob=True) + " " + rare.list.get(b, null_on_oob=True)
        for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    abbreviation = pl.when((pl.col("words") == 1) & pl.col("key").str.len_chars().is_between(3, 10)).then("key")
    return table.select(
        rare="rare",
        rare_pair=pl.concat_list(pairs).list.drop_nulls(),
        start=pl.col("key").str.extract(r"^(\S+ \S+ \S+)"),
        initials=pl.coalesce("initials", abbreviation),
    )


def category_keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells of a category → `key` (its words in Latin letters) and `words`, the list of them."""
    frame = pl.DataFrame({"text": cleaned(values)}).with_row_index("row")
    words = split(frame["text"])
    words = words.with_columns(word=each_word(words, "word", _latin)).drop_nulls()
    joined = words.group_by("row", maintain_order=True).agg(key=pl.col("word").str.join(" "), words=pl.col("word"))
    return frame.select("row").join(joined, on="row", how="left", maintain_order="left").drop("row")


def _weighed(words: pl.DataFrame, cells: int) -> pl.DataFrame:
    # Inverse document frequency in WEIGHT_STEPS − 1 steps, at least 1: a word in every cell still counts a little.
    distinct = words.unique(["row", "word"], maintain_order=True)
    holders = distinct.group_by("word").agg(holders=pl.len()).sort("word").with_row_index("number")
    rarity = (pl.lit(cells + 1) / pl.col("holders")).log() / pl.lit(cells + 1.0).log()
    weight = (rarity.clip(0.02, 1) * (WEIGHT_STEPS - 1)).cast(pl.UInt64)
    table = holders.with_columns(token=pl.col("number").cast(pl.UInt64) * WEIGHT_STEPS + weight)
    return distinct.join(table, on="word", how="left", maintain_order="left")


def _lists_of_names(frame: pl.DataFrame) -> pl.DataFrame:
    # "V. Poosala, Y. Ioannidis" → the last word of each part, if every part has one to four words and no digit.
    text = pl.col("text")
    parts = frame.select("row", part=text.str.replace_all(_PARTS, "\n").str.split("\n")).explode(
        "part", empty_as_null=True
    )
    parts = parts.with_columns(pl.col("part").str.strip_chars(" .")).filter(pl.col("part") != "")
    size = pl.col("part").str.count_matches(r"[\s.-]+") + 1
    parts = parts.with_columns(name=(size <= 4) & ~pl.col("part").str.contains(r"\d"))
    parts = parts.with_columns(last=pl.col("part").str.extract(r"([\pL'-]+)$"))
    parts = parts.with_columns(last=each_word(parts, "last", _latin))
    short = pl.col("part").str.contains(r"(?:^|[\s.])\pL(?:[\s.]|$)")
    lists = parts.group_by("row", maintain_order=True).agg(
        last_words=pl.col("last").drop_nulls().unique(maintain_order=True),
        abbreviated=short.any(),
        names=pl.col("name").all(),
    )
    return lists.filter("names").drop("names")


def _latin(word: str) -> str | None:
    latin = romanise(clean(word))
    return "".join(c for c in latin if c.isalnum()) or None
