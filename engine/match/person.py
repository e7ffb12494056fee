"""Similarity of people's names: given, family, patronymic, and whole names in any order.

Every function takes the two sides of many pairs in a table of keys of `engine.normalise.names` and gives uint8, 0…100.
100 stands for values that are the same after normalisation, and for nothing else.

given       100 same · 97 nickname or formal name · 90–95 slip, other spelling · 86 initial agrees · < 60 unrelated ·
            0 Senior and Junior
family      100 same · 96 Иванов/Иванова · 88–95 slip, other spelling · 85 one part of a double name · < 60 unrelated ·
            0 Senior and Junior: father and son
patronymic  100 same · 95 abbreviated · 90–95 slip · 86 initial agrees · < 60 unrelated
person      100 the same words in any order
             97 the same, one has a patronymic or middle name more; a nickname
          88–96 slips in otherwise the same words, feminine form, part of a double name left out
          76–87 family name and initials; several slips; a transcription into Han
          71–75 a family name alone, a given name alone: the rest is missing on one side
          61–70 given and family name the same, patronymics differ; one name the same, one alike
          51–60 same family name, another given name; a given name alone
          40–50 same given name, another family name
           < 40 nothing agrees
"""

import numpy as np
import polars as pl

from engine.match import name_similarity as words
from engine.match.name_similarity import Scores
from engine.match.sides import Side
from engine.match.whole_names import Names, person
from engine.normalise import name_reference
from engine.normalise.names import family_stem

__all__ = [
    "FAMILY_LEVELS",
    "GIVEN_LEVELS",
    "PATRONYMIC_LEVELS",
    "PERSON_LEVELS",
    "block_keys",
    "family",
    "given",
    "patronymic",
    "person",
]

# (name, at least), strongest first: where the levels of a comparison are cut by default.
GIVEN_LEVELS = (("same", 100), ("nickname", 96), ("typo", 88), ("initial", 85), ("similar", 72), ("different", 0))
FAMILY_LEVELS = (
    ("same", 100),
    ("gender", 96),
    ("typo", 88),
    ("part", 85),
    ("similar", 72),
    ("different", 1),
    ("another generation", 0),
)
PATRONYMIC_LEVELS = (("same", 100), ("typo", 88), ("initial", 85), ("different", 0))
PERSON_LEVELS = (
    ("same", 100),
    ("expanded", 96),
    ("typo", 88),
    ("initials", 76),
    ("part", 71),
    ("namesake", 61),
    ("family", 51),
    ("given", 40),
    ("different", 0),
)


def given(left: Side, right: Side) -> Scores:
    """Given names' keys, twice → similarity of each pair."""
    table, a, b = left.keys.table, left.rows, right.rows
    score = words.similarity(left.keys.of(_given_words), a, b)
    # Jean-Claude and Jean, Анна-Мария and Анна: the first of two names.
    whole = table["key"].fill_null("")
    double = whole.str.contains(" ", literal=True).to_numpy()
    at = np.flatnonzero(double[a] | double[b])
    first = whole.str.extract(r"^(\S+) ").fill_null("").to_numpy()
    names = whole.to_numpy()
    part = np.zeros(len(a), bool)
    one, two = a[at], b[at]
    part[at] = ((first[one] != "") & (first[one] == names[two])) | ((first[two] != "") & (first[two] == names[one]))
    score = np.where(part, np.maximum(score, 92), score)
    return np.where(_of_two_generations(left, right), 0, score).astype(np.uint8)


def family(left: Side, right: Side) -> Scores:
    """Family names' keys, twice → similarity of each pair."""
    table, a, b = left.keys.table, left.rows, right.rows
    score = words.similarity(left.keys.of(_family_words), a, b)
    double = table["parts"].str.contains(" ", literal=True).fill_null(False).to_numpy()
    at = np.flatnonzero((double[a] | double[b]) & (score < 96))
    if len(at):
        rows = np.unique(np.r_[a[at], b[at]])
        written = table["parts"].gather(rows).fill_null("").to_list()
        stems = [frozenset(map(family_stem, parts.split())) for parts in written]
        parts = dict(zip(rows.tolist(), stems, strict=True))
        both = [(parts[one], parts[two]) for one, two in zip(a[at].tolist(), b[at].tolist(), strict=True)]
        same = np.array([one == two for one, two in both], bool)
        shared = np.array([bool(one & two) for one, two in both], bool)
        score[at] = np.where(same, 96, np.where(shared, np.maximum(score[at], 85), score[at]))
    return np.where(_of_two_generations(left, right), 0, np.maximum(score, 1)).astype(np.uint8)


def _of_two_generations(left: Side, right: Side) -> np.ndarray:
    """Two sides of given or family names → whether one is Senior's and the other Junior's."""
    one, two = left.ids("generation"), right.ids("generation")
    return np.asarray((one != two) & (one >= 0) & (two >= 0))


def patronymic(left: Side, right: Side) -> Scores:
    """Patronymics' keys, twice → similarity of each pair."""
    a, b = left.rows, right.rows
    arrays = left.keys.of(_patronymic_words)
    score = words.similarity(arrays, a, b)
    at = np.flatnonzero((score < 95) & (np.minimum(arrays["length"][a], arrays["length"][b]) >= 2))
    folds = arrays["fold"]
    begins = [folds[a[i]].startswith(folds[b[i]]) or folds[b[i]].startswith(folds[a[i]]) for i in at]
    score[at] = np.where(np.array(begins, bool), 95, score[at])
    return score


def _given_words(table: pl.DataFrame) -> dict[str, np.ndarray]:
    return words.numbered(_words(table))


def _family_words(table: pl.DataFrame) -> dict[str, np.ndarray]:
    unlisted = np.full(len(table), -1, np.int32)
    return words.numbered({**_words(table, table["stem"].fill_null("")), "given": unlisted})


def _patronymic_words(table: pl.DataFrame) -> dict[str, np.ndarray]:
    return words.numbered({**_words(table), "given": np.full(len(table), -1, np.int32)})


def _words(table: pl.DataFrame, stems: pl.Series | None = None) -> dict[str, np.ndarray]:
    """Keys → `words.words` of one word each: in Han where the name is written so, else in Latin letters; an initial is
    one letter. The fold is the keys' own; the rest is made of the fold of that one word."""
    han = pl.col("han") if "han" in table.columns else pl.lit(None, pl.String)
    initial = pl.col("is_initial").fill_null(False) if "is_initial" in table.columns else pl.lit(False)
    latin = pl.col("key").fill_null("")
    single = ~latin.str.contains(" ", literal=True) & ~initial
    texts = table.select(
        text=pl.coalesce(han, pl.when(initial).then(latin.str.head(1)).otherwise(latin.str.replace_all(" ", ""))),
        fold=pl.when(single).then(pl.col("fold").fill_null("")),
    )
    return {**words.words(texts["text"], texts["fold"], stems), "fold": table["fold"].fill_null("").to_numpy()}


def block_keys(parsed: pl.DataFrame) -> pl.DataFrame:
    """Parsed names → keys to find candidate pairs by, one row each; lists hold several keys of one name.

    fold: all words, order-free · family: the family name's stem · family_initial: its first four letters and the
    given name's first · words: the fold of every full word · skeletons: the consonants of every full word that has
    three of them · bones: the consonants of all full words of a name that has several · sounds: three consonants of
    one word and the first of another · surnames: a Chinese surname in pinyin, whatever the romanisation, and the first
    consonant of another word
    """
    names = Names(parsed.select("tokens", "fold"))
    place, slot = np.nonzero(names.word >= 0)
    word = names.word[place, slot]
    table = pl.DataFrame(
        {
            "name": place.astype(np.int64),
            "role": names.role[place, slot],
            "initial": names.arrays["initial"][word],
            **{k: pl.Series(names.arrays[k][word], dtype=pl.String) for k in ("fold", "stem", "skeleton")},
        }
    )
    full = pl.col("initial").not_()
    bones = pl.col("skeleton").filter(full)
    keys = table.group_by("name").agg(
        pl.col("stem").filter((pl.col("role") == ord("f")) & full).first().alias("family"),
        pl.col("fold").filter(pl.col("role") == ord("g")).first().str.head(1).alias("letter"),
        pl.col("fold").filter(full).unique().sort().alias("words"),
        bones.filter(bones.str.len_chars() >= 3).unique().sort().alias("skeletons"),
        bones.sort().str.join(" ").alias("bones"),
    )
    keys = keys.with_columns(
        pl.concat_str(pl.col("family").str.head(4), pl.lit(" "), pl.col("letter")).alias("family_initial"),
        pl.when(pl.col("bones").str.contains(" ")).then("bones").alias("bones"),
    )
    two = table.filter(full).select("name", "fold", "skeleton").with_row_index("word")
    two = two.join(two, on="name", suffix="_b").filter(pl.col("word") != pl.col("word_b"))
    begins = pl.lit(" ") + pl.col("skeleton_b").str.head(1)
    several = two.filter(pl.col("skeleton").str.len_chars() >= 2)
    sounds = several.select("name", sounds=pl.col("skeleton").str.head(3) + begins)
    readings = name_reference.pinyin_of()
    pinyin = pl.DataFrame({"fold": list(readings), "pinyin": list(readings.values())}).explode(
        "pinyin", empty_as_null=True
    )
    chinese = two.join(pinyin, on="fold").select("name", surnames=pl.col("pinyin") + begins)
    for frame in (sounds, chinese):
        column = frame.columns[1]
        keys = keys.join(frame.group_by("name").agg(pl.col(column).unique().sort()), on="name", how="left")
    all_names = pl.DataFrame({"name": np.arange(len(parsed), dtype=np.int64), "fold": parsed["fold"]})
    columns = ["fold", "family", "family_initial", "words", "skeletons", "bones", "sounds", "surnames"]
    return all_names.join(keys, on="name", how="left", maintain_order="left").select(columns)
