"""Pairs of company keys (`engine.normalise.companies`) → similarity 0…100, graded so that pairs can be ranked.

100      the same name: same core, same legal form or none on both sides
97…98    the same core, a legal form on one side only, or another form of the same group
95       … and a place on one side only
93       … and only one is a branch
92       … but legal forms of different groups (ООО and АО)
88…90    … but different places or classes of share, or several of these differences
≤ 87     another core: the best of three readings, less what legal form, place and class of share say against it
         words       each word with the best of the other name: typing errors, beginnings, translations;
                     words weigh what they say («Строй», Group, 科技 little)
         spelling    the letters of the whole core, where words are joined or split differently
         short name  one name made of beginnings of the other's words (`engine.match.abbreviation`)
         75…87 a short or misspelt form of the name, 60…74 alike, 50…59 little in common
≤ 45     different numbers (Завод 1, Завод 2), whatever else agrees
< 50     unrelated
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cpdist

from engine.match.abbreviation import Letters, align
from engine.match.agreement import letter_marks, may_be_alike
from engine.match.company_letters import han_letters, latin_letters
from engine.match.company_tokens import by_words, graded
from engine.match.sides import Side, same_text

COMPANY_LEVELS = (
    ("the same name", 100),
    ("the same core", 95),
    ("the same core, another form or place", 88),
    ("a short or misspelt form", 76),
    ("alike", 60),
    ("different", 0),
)
CHUNK = 50_000  # pairs compared at a time: bounds memory
WEIGHT_STEPS = 20
_OTHER_CORE, _OTHER_NUMBER = 87, 45
_RAREST_WORDS = 3
_ALIKE_LETTERS = 0.8  # Jaro–Winkler of the folds from which misspelt or joined names may be meant

F32 = np.ndarray[tuple[int], np.dtype[np.float32]]


def similarity(left: Side, right: Side, *, weights: Mapping[str, float] | None = None) -> np.ndarray:
    """Two sides of a table of company keys → uint8 similarity of each pair.

    `weights` (from `token_weights`) says how much each word of this table tells; without it only the reference
    lists of weak words do. A pair with a missing name scores 0.
    """
    score = np.zeros(len(left), np.float32)
    present = (left.ids("fold") >= 0) & (right.ids("fold") >= 0)
    same = present & _same(left, right)
    at = np.flatnonzero(same)
    score[at] = _same_core(left[at].frame(), right[at].frame())
    at = np.flatnonzero(present & ~same)
    at = at[_related(left[at], right[at])]
    apart = _numbers_apart(left[at], right[at])
    score[at[apart]] = _OTHER_NUMBER * _spelling(left[at[apart]], right[at[apart]])
    at = at[~apart]
    for start in range(0, len(at), CHUNK):
        part = at[start : start + CHUNK]
        score[part] = _other_core(left[part].frame(), right[part].frame(), weights or {})
    return np.rint(score).astype(np.uint8)


def token_weights(keys: pl.DataFrame) -> dict[str, float]:
    """Key frame of a table's distinct names → weight of its words' folds and of Han characters, 0.1…1.

    A word that only one name holds says 1, a word that all names hold says 0.1 (inverse document frequency,
    as a share of the greatest possible one). It is told in WEIGHT_STEPS steps, and for a number of names that grows in
    half doublings: so that a table that grows a little leaves most weights, and with them the similarities of most
    names, as they were.
    """
    distinct = keys.filter(pl.col("fold").is_not_null()).unique(["fold", "native"])
    total = 2 ** (max(round(2 * float(np.log2(max(len(distinct), 2)))), 2) / 2)
    words = distinct.select(pl.col("words").str.split(" ").list.unique()).explode("words", empty_as_null=True)
    han = distinct.select(pl.col("native").str.extract_all(r"\p{Han}").list.unique().alias("words")).explode(
        "words", empty_as_null=True
    )
    counted = pl.concat([words, han]).drop_nulls().group_by("words").len()
    says = 1 - counted["len"].cast(pl.Float64).log() / float(np.log(total))
    steps = (says * WEIGHT_STEPS).round() / WEIGHT_STEPS
    return dict(zip(counted["words"], steps.clip(0.1, 1), strict=True))


def told(keys: pl.DataFrame, weights: Mapping[str, float]) -> pl.Series:
    """Key frame, `token_weights` → a number for each name that is equal where the weights of its words are."""
    words = [pl.col("words").str.split(" "), pl.col("native").str.extract_all(r"\p{Han}")]
    long = pl.concat(
        keys.lazy().with_row_index("row").select("row", words=each.list.unique(), of=pl.lit(of))
        for of, each in enumerate(words)
    ).explode("words", empty_as_null=True)
    table = pl.LazyFrame(
        {"words": list(weights), "says": list(weights.values())}, {"words": pl.String, "says": pl.Float64}
    )
    said = long.join(table, on="words").select("row", pl.struct("of", "words", "says").hash(seed=1).alias("told"))
    by_row = said.group_by("row").agg(pl.col("told").bitwise_xor()).collect()
    rows = pl.DataFrame({"row": np.arange(len(keys), dtype=np.uint32)})
    return rows.join(by_row, on="row", how="left", maintain_order="left")["told"].fill_null(0)


def block_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """Key frame → columns to find candidate pairs by, null where a name has none.

    fold       the whole core: the names of one company
    first      the first word's fold: companies that begin alike (hot in tables of «Строй…», cap it)
    rare       List: up to 3 of the name's rarest words, each less common than in one name of twenty
    start      the first 4 letters of the joined core: finds abbreviations (hot: hundreds at 100k names, cap it)
    consonants the first 4 consonants: «РСетиЦП» and «Россети Центр» (hotter than start)
    acronym    initials of 3 words and more, and the core itself where it is as short as initials are
    bigrams    List: pairs of neighbouring Han characters, rarest 6 (hot ones are left out by rarity)
    """
    folds = pl.DataFrame({"row": np.arange(len(keys), dtype=np.uint32), "words": keys["words"].str.split(" ")})
    bigrams = _bigrams(keys["native"])
    return keys.select(
        "fold",
        pl.col("key").str.extract(r"^([^ ]+)").alias("first"),
        _rarest(folds["words"], _RAREST_WORDS, 20).alias("rare"),
        pl.when(pl.col("fold").str.len_chars() >= 4).then(pl.col("fold").str.slice(0, 4)).alias("start"),
        pl.col("fold").str.replace_all("[aeiouy]", "").str.extract("^(.{4})").alias("consonants"),
        pl.when(pl.col("initials").str.len_chars() >= 3)
        .then("initials")
        .when(pl.col("key").str.replace_all(" ", "").str.len_chars().is_between(3, 6))
        .then(pl.col("key").str.replace_all(" ", ""))
        .alias("acronym"),
        _rarest(bigrams, 6, 20).alias("bigrams"),
    )


def _bigrams(native: pl.Series) -> pl.Series:
    han = native.str.contains(r"\p{Han}").fill_null(False)
    text = native.set(~han, None).str.replace_all(r"\P{Han}", "")
    size = text.str.len_chars()
    longest = min(int(size.max() or 0), 17)  # type: ignore[arg-type]
    pairs = [text.str.slice(at, 2).set((size < at + 2).fill_null(True), None) for at in range(max(longest - 1, 1))]
    frame = pl.DataFrame({str(at): pair for at, pair in enumerate(pairs)})
    return frame.select(pl.concat_list(pl.all()).list.drop_nulls()).to_series()


def _rarest(lists: pl.Series, count: int, share: int) -> pl.Series:
    """Lists of words → the `count` rarest of each, of those that at most one list in `share` holds (or 5 lists)."""
    frame = pl.DataFrame({"row": np.arange(len(lists), dtype=np.uint32), "word": lists})
    long = frame.explode("word", empty_as_null=True).drop_nulls().unique(["row", "word"], maintain_order=True)
    long = long.with_columns(pl.len().over("word").alias("n"))
    long = long.filter(pl.col("n") <= max(5, len(lists) // share)).sort("row", "n", "word")
    kept = long.group_by("row", maintain_order=True).agg(pl.col("word").head(count))
    return frame.select("row").join(kept, on="row", how="left", maintain_order="left")["word"]


def _related(left: Side, right: Side) -> np.ndarray:
    """Two sides → which pairs can be alike at all: a beginning of a word in common, or letters that are alike.

    Most pairs to compare are people of two firms that have nothing in common; the three readings cost far more than
    this look. Pairs left out score 0.
    """
    found: np.ndarray = (left.of(_marks) & right.of(_marks)) != 0
    marks = [(side.of(_letter_marks), side.of(_letters)) for side in (left, right)]
    rows = np.flatnonzero(~found & may_be_alike(*marks, least=_ALIKE_LETTERS))
    found[rows] = _spelling(left[rows], right[rows]) >= _ALIKE_LETTERS
    return found


def _marks(table: pl.DataFrame) -> np.ndarray:
    return table["marks"].fill_null(0).to_numpy()


def _letter_marks(table: pl.DataFrame) -> np.ndarray:
    return letter_marks(table["fold"])


def _letters(table: pl.DataFrame) -> np.ndarray:
    return table["fold"].str.len_chars().fill_null(0).cast(pl.Int64).to_numpy()


def _has_han(table: pl.DataFrame) -> np.ndarray:
    return table["native"].str.contains(r"\p{Han}").fill_null(False).to_numpy()


def _same(left: Side, right: Side) -> np.ndarray:
    """Equal folds or the same words; of two Chinese names also equal characters (many characters share a reading)."""
    homophones = left.of(_has_han) & right.of(_has_han) & (left.ids("native") != right.ids("native"))
    return np.asarray((same_text(left, right, "fold") | same_text(left, right, "words")) & ~homophones)


def _differences(left: pl.DataFrame, right: pl.DataFrame) -> dict[str, np.ndarray]:
    both = pl.DataFrame({**{f"l_{c}": left[c] for c in left.columns}, **{f"r_{c}": right[c] for c in right.columns}})
    whole = pl.col("l_place").is_in(_COUNTRIES) | pl.col("r_place").is_in(_COUNTRIES)
    apart = pl.col("l_form_group") != pl.col("r_form_group")
    company = pl.concat_list("l_form_group", "r_form_group").list.contains("corporation") & pl.concat_list(
        "l_form_group", "r_form_group"
    ).list.set_difference(["corporation", "limited", "joint_stock"]).list.len().eq(0)
    made = both.select(
        form_exact=pl.col("l_form").ne_missing(pl.col("r_form")),
        form_conflict=apart & ~company,
        place_conflict=(pl.col("l_place") != pl.col("r_place")) & ~whole,
        place_one=pl.col("l_place").ne_missing(pl.col("r_place")),
        branch=pl.col("l_branch") != pl.col("r_branch"),
        series=pl.col("l_series") != pl.col("r_series"),
    )
    return {c: made[c].fill_null(False).to_numpy() for c in made.columns}


_COUNTRIES = ["中国", "China", "Россия"]


def _same_core(left: pl.DataFrame, right: pl.DataFrame) -> np.ndarray:
    d = _differences(left, right)
    score = np.where(d["form_exact"], 98, 100)
    both = (left["form"].is_not_null() & right["form"].is_not_null()).to_numpy()
    score = np.where(d["form_exact"] & both, 97, score)
    score = np.where((left["fold"] != right["fold"]).fill_null(False).to_numpy(), np.minimum(score, 96), score)
    grades = (("place_one", 95), ("branch", 93), ("form_conflict", 92), ("place_conflict", 90), ("series", 90))
    for name, grade in grades:
        score = np.where(d[name], np.minimum(score, grade), score)
    several = d["form_conflict"].astype(int) + d["place_conflict"] + d["series"]
    return np.where(several > 1, 88, score)


def _other_core(left: pl.DataFrame, right: pl.DataFrame, weights: Mapping[str, float]) -> F32:
    han = (left["native"].str.contains(r"\p{Han}") & right["native"].str.contains(r"\p{Han}")).to_numpy()
    best = np.zeros(len(left), np.float32)
    rows = np.flatnonzero(~han)
    if len(rows):
        a, b = left[rows], right[rows]
        best[rows] = np.maximum(by_words(a, b, weights), _by_letters(a, b, weights))
    rows = np.flatnonzero(han)
    if len(rows):
        best[rows] = _short_name(*han_letters(left[rows], right[rows], weights), trust=_TRUST_HAN)
    d = _differences(left, right)
    score = 100 * best - 5 * d["form_conflict"] - 8 * d["place_conflict"] - 10 * d["series"] - 3 * d["branch"]
    score = np.clip(score, 0, _OTHER_CORE)
    one_sided = ((left["numbers"] == "") != (right["numbers"] == "")).to_numpy()
    return np.asarray(np.maximum(np.where(one_sided, score - 12, score), 0), np.float32)


def _numbers_apart(left: Side, right: Side) -> np.ndarray:
    """Two sides → pairs of which both names hold a number, and another one: they need not be read any further."""
    return np.asarray(left.of(_has_number) & right.of(_has_number) & (left.ids("numbers") != right.ids("numbers")))


def _has_number(table: pl.DataFrame) -> np.ndarray:
    return (table["numbers"] != "").fill_null(False).to_numpy()


def _spelling(left: Side, right: Side) -> np.ndarray:
    folds = [side["fold"].to_list() for side in (left, right)]
    return np.asarray(cpdist(*folds, scorer=JaroWinkler.similarity, dtype=np.float32))


def _by_letters(left: pl.DataFrame, right: pl.DataFrame, weights: Mapping[str, float]) -> F32:
    """Spelling of the whole core where the words are split differently, or one name short for the other."""
    a, b = left["fold"].to_list(), right["fold"].to_list()
    alike = cpdist(a, b, scorer=OSA.normalized_similarity, dtype=np.float32)
    words = (left["words"].str.count_matches(" ") == right["words"].str.count_matches(" ")).to_numpy()
    spelling = np.where(words, 0, np.clip(0.95 - 1.8 * (1 - alike), 0, 1))
    size_a, size_b = left["key"].str.len_chars().to_numpy(), right["key"].str.len_chars().to_numpy()
    swap = (size_a > size_b) | ((size_a == size_b) & (left["key"] > right["key"]).to_numpy())
    short = left["key"].zip_with(pl.Series(~swap), right["key"])
    long = right["key"].zip_with(pl.Series(~swap), left["key"])
    # A short name begins like one of the long name's words; all others need not be aligned.
    begins = pl.DataFrame({"s": short.str.slice(0, 1), "l": long}).select(
        pl.format(" {}", "l").str.contains(pl.format(" {}", "s"), literal=True)
    )
    much_shorter = np.minimum(size_a, size_b) <= 0.85 * np.maximum(size_a, size_b)
    rows = np.flatnonzero(begins.to_series().to_numpy() & much_shorter & (np.minimum(size_a, size_b) > 1))
    made = np.maximum(spelling, _acronym(left, right)).astype(np.float32)
    if len(rows):
        made[rows] = np.maximum(made[rows], _short_name(*latin_letters(short[rows], long[rows], weights), trust=_TRUST))
    return made


_ACRONYM = np.array([0, 0, 0, 0.66, 0.78], np.float32)  # initials of so many letters, from 5 letters 0.84


def _acronym(left: pl.DataFrame, right: pl.DataFrame) -> F32:
    """The one name is exactly the initials of the other's words."""
    a, b = (frame["key"].str.replace_all(" ", "") for frame in (left, right))
    hit = ((a == right["initials"]) | (b == left["initials"])).fill_null(False).to_numpy()
    size = np.minimum(
        np.minimum(a.str.len_chars().fill_null(0).to_numpy(), b.str.len_chars().fill_null(0).to_numpy()), 5
    )
    return np.where(hit, np.append(_ACRONYM, np.float32(0.84))[size], 0).astype(np.float32)


_TRUST = np.array([0, 0, 0.5, 0.72, 0.86, 0.94], np.float32)  # in a short name of so many letters


_TRUST_HAN = np.array([0, 0.4, 0.9, 0.97], np.float32)


def _short_name(short: Letters, long: Letters, *, trust: F32) -> F32:
    explained, covered = align(short, long)
    size = np.minimum((short.code != 0).sum(axis=1), len(trust))
    return np.asarray(graded(explained, covered) * np.append(trust, np.float32(1))[size], np.float32)
