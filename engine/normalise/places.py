"""Cities, addresses and postcodes → comparison keys.

A city is known by its first name in `reference/cities.csv`, whichever of its names stands in the cell. An address is
taken apart by `reference/street_words.csv`: what a word means (street, avenue; north; first) and its role (a type of
street, a house, a building, a unit, noise).
"""

from functools import cache
from pathlib import Path

import polars as pl

from engine.normalise.scripts import fold, romanise, simplified
from engine.normalise.words import cleaned, each_word, folded, split

ADDRESS = {
    "key": pl.String(),
    "street": pl.String(),
    "words": pl.List(pl.String()),
    "house": pl.String(),
    "unit": pl.String(),
    "numbers": pl.List(pl.String()),
    "postcode": pl.String(),
}
_REFERENCE = Path(__file__).parent.parent / "reference"
_CITY_TYPES = r"(?:^|\s)(?:г|гор|город|пос|поселок|пгт|с|село|дер|деревня|city|town|m|м)\.?\s"
_CITY_END = r"(?:市|\s(?:city|town|г|город))$"
_LAST_POSTCODE = r"(?:,\s*|\s)(\d{5}(?:-\d{4})?)$"
_HAN_TYPES = "号楼|[省市区县镇乡村路街巷弄道号號室栋楼座层幢]"
_TOKEN = (
    rf"\p{{Han}}+?(?:{_HAN_TYPES})|\p{{Han}}+|\d+(?:st|nd|rd|th|-?[йяе])\b|\d+(?:-?[a-zа-я]\b)?(?:[/-]\d+(?:[a-zа-я]\b)?)*|№|#"
    r"|[\p{L}--\p{Han}](?:[\p{L}\p{N}--\p{Han}]|['’-]\p{L})*"
)
_BUILDINGS = ((r"(\d)\s?[сc]\s?(\d)", "${1} стр ${2}"), (r"(\d)\s?[кk]\s?(\d)", "${1} корп ${2}"))


def city_keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells → `key` (fold of the city's first name, spaces dropped) and `fold` (of the name as given).

    >>> city_keys(pl.Series(["г. СПб", "Saint Petersburg", "Санкт-Петербург"]))["key"].n_unique()
    1
    """
    text = cleaned(values).str.replace(r"\s*[,(;].*$", "")
    bare = text.str.replace(_CITY_TYPES, " ").str.replace(_CITY_END, "").str.strip_chars(" .-")
    frame = pl.DataFrame({"name": bare})
    folds = each_word(frame, "name", _city_fold)
    distinct = folds.unique()
    known = pl.DataFrame(
        {"fold": distinct, "alias": pl.Series([_aliases().get(f or "") for f in distinct], dtype=pl.String)}
    )
    found = pl.DataFrame({"fold": folds}).join(known, on="fold", how="left", maintain_order="left")
    found = found.with_columns(pl.when(pl.col("fold") != "").then("fold"))
    return found.select(key=pl.coalesce("alias", "fold"), fold="fold")


def address_keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells → `key`, `street`, `words`, `house`, `unit`, `numbers`, `postcode`.

    `words` are the folds of the words that name the street and the place, types and noise left out, spelt alike
    (1st = first, n. = north); `street` joins them; `house` is the first number with the building after it, `unit` the
    flat or office, `numbers` all that are left. `key` holds words, house and unit: equal keys are equal addresses.

    >>> address_keys(pl.Series(["ул. Ленина, д. 5, кв. 12", "Lenina ulitsa 5-12"])).select("street", "house").rows()
    [('lenina', '5'), ('lenina', '5')]
    """
    text = cleaned(values)
    frame = pl.DataFrame({"text": text}).with_row_index("row")
    postcode = pl.coalesce(pl.col("text").str.extract(r"\b(\d{6})\b"), pl.col("text").str.extract(_LAST_POSTCODE))
    frame = frame.with_columns(postcode=postcode)
    frame = frame.with_columns(text=pl.col("text").str.replace(r"\b\d{6}\b", " ").str.replace(_LAST_POSTCODE, " "))
    for written, apart in _BUILDINGS:
        frame = frame.with_columns(pl.col("text").str.replace_all(written, apart))
    words = split(frame["text"], _TOKEN).with_columns(pl.col("word").str.strip_chars("."))
    words = _han_parts(words)
    known = _street_words()
    words = words.join(known, on="word", how="left", maintain_order="left")
    return _address_parts(frame, words)


def postcode_keys(values: pl.Series) -> pl.DataFrame:
    """Distinct raw cells → `key`: letters and digits, upper case; the extension of a ZIP+4 is left out."""
    text = values.cast(pl.String).str.normalize("NFKC").str.to_uppercase().str.replace(r"^(\d+)\.0+$", "${1}")
    plain = text.str.replace(r"^\s*(\d{5})-\d{4}\s*$", "${1}").str.replace_all(r"[^\p{L}\p{N}]", "")
    known = plain.str.contains(r"\d") & (plain.str.strip_chars("0") != "")
    return pl.DataFrame({"key": plain.set(~known.fill_null(False), None)})


def address_block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `address_keys` → blocking keys: `street_house` (the house and the first letters of the first word of
    the street), `street` (all its words), `house_word` (the house with each of the words)."""  # fmt: skip
    house = pl.col("house").str.extract(r"^(\d+)")
    start = pl.col("street").str.replace_all(" ", "").str.slice(0, 4)
    worded = pl.when(house.is_not_null()).then(pl.col("words").list.eval(pl.element().str.slice(0, 5)))
    table = table.with_columns(number=house, worded=worded)
    exploded = table.select("worded", "number").with_row_index("row").explode("worded", empty_as_null=True)
    joined = exploded.group_by("row", maintain_order=True).agg(
        (pl.col("number") + " " + pl.col("worded")).drop_nulls().unique(maintain_order=True)
    )
    return table.select(
        street_house=pl.concat_str(house, start, separator=" "),
        street="street",
        house_word=pl.when(joined["number"].list.len() > 0).then(joined["number"]),
    )


def city_block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `city_keys` → blocking keys: `city`, and `start`, its first four letters."""
    return table.select(city="key", start=pl.col("key").str.slice(0, 4))


def postcode_block_keys(table: pl.DataFrame) -> pl.DataFrame:
    """A table of `postcode_keys` → blocking keys: `postcode`, and `area`, its first three characters."""
    return table.select(postcode="key", area=pl.col("key").str.slice(0, 3))


def _han_parts(words: pl.DataFrame) -> pl.DataFrame:
    # 中山路 → 中山 and its type, 号 after a number is the house.
    split_off = pl.col("word").str.extract_groups(rf"^(\p{{Han}}+?)({_HAN_TYPES})$")
    frame = words.with_columns(parts=split_off)
    pieces = pl.concat_list(pl.col("parts").struct.field("1"), pl.col("parts").struct.field("2"))
    found = pl.col("parts").struct.field("1").is_not_null()
    listed = frame.with_columns(word=pl.when(found).then(pieces).otherwise(pl.concat_list("word")))
    return listed.drop("parts").explode("word", empty_as_null=True)


def _address_parts(frame: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    def beside(column: str, step: int) -> pl.Expr:
        return pl.when(pl.col("row").shift(step) == pl.col("row")).then(pl.col(column).shift(step))

    before, after, next_word = beside("role", 1), beside("role", -1), beside("word", -1)
    # A Han type follows its number (5号楼), any other stands before it (кв. 5).
    named_before = before.is_in(["unit", "building", "house"]) & ~beside("word", 1).str.contains(r"^\p{Han}")
    words = words.with_columns(
        said=pl.when(next_word.str.contains(r"^\p{Han}")).then(after).when(named_before).then(before)
    )
    is_number = pl.col("word").str.contains(r"^\d") & ~pl.col("word").str.contains(r"^\d+(?:st|nd|rd|th|-?[йяе])$")
    is_number = is_number & pl.col("means").is_null()
    words = words.with_columns(
        kind=pl.when(is_number & (pl.col("said") == "unit")).then(pl.lit("unit"))
        .when(is_number & (pl.col("said") == "building")).then(pl.lit("building"))
        .when(is_number).then(pl.lit("number"))
        .when(pl.col("role").is_in(["street", "house", "building", "unit", "noise"])).then(pl.lit("type"))
        .otherwise(pl.lit("name"))
    )  # fmt: skip
    named = words.filter(pl.col("kind") == "name")
    names = named.with_columns(word=pl.coalesce("means", each_word(named, "word", folded)))
    # A cell made of types alone ("Avenue Road", "place") is named by them.
    alone = words.filter(pl.col("kind") == "type").join(names, on="row", how="anti")
    typed = alone.filter(pl.col("role") == "street").with_columns(word=pl.col("means"))
    names = pl.concat([names, typed])
    numbers = words.filter(pl.col("kind") == "number")
    split_number = pl.col("word").str.extract_groups(r"^(\d+(?:-?[a-zа-я])?)(?:[/-](\d+[a-zа-я]?))?")
    by_row = [
        _listed(names, "word", "words"),
        _listed(numbers.with_columns(split_number.struct.field("1")), "1", "numbers"),
        numbers.group_by("row").agg(
            house=split_number.struct.field("1").str.replace_all("-", "").first(),
            second=split_number.struct.field("2").first(),
        ),
        _listed(words.filter(pl.col("kind") == "building"), "word", "building"),
        words.filter(pl.col("kind") == "unit").group_by("row").agg(flat=pl.col("word").first()),
    ]
    for part in by_row:
        frame = frame.join(part, on="row", how="left", maintain_order="left")
    frame = frame.with_columns(
        house=pl.concat_str("house", pl.col("building").list.join(" "), separator=" ", ignore_nulls=True).replace(
            "", None
        ),
        unit=pl.coalesce("flat", "second"),
        street=pl.col("words").list.join(" "),
    )
    key = pl.concat_str(pl.col("words").list.sort().list.join(" "), "house", "unit", separator="|", ignore_nulls=True)
    return frame.with_columns(key=key.replace("", None)).select(list(ADDRESS))


def _listed(words: pl.DataFrame, column: str, name: str) -> pl.DataFrame:
    return words.group_by("row", maintain_order=True).agg(pl.col(column).alias(name))


def _city_fold(name: str) -> str:
    return fold(romanise(simplified(name))).replace(" ", "") or name


@cache
def _aliases() -> dict[str, str]:
    table = pl.read_csv(_REFERENCE / "cities.csv")
    alias: dict[str, str] = {}
    for city, also in zip(*(cleaned(table.to_series(at)) for at in (0, 1)), strict=True):
        main = _city_fold(city)
        alias.setdefault(main, main)
        alias.setdefault(_city_fold(also), main)
    return alias


@cache
def _street_words() -> pl.DataFrame:
    return pl.read_csv(_REFERENCE / "street_words.csv", schema_overrides={"means": pl.String})
