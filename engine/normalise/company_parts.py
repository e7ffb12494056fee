"""Company names → lines of tokens, and what is taken off them: share class, legal form, branch, place.

Every function takes a Series and gives one (or a frame) of the same height, null where nothing is left or found.
A line holds each token between spaces, " ооо  |  вектор ", so that whole tokens can be searched as text;
"|" stands where a bracket, comma or closing quote was, "~" where a dash was.
"""

import re
from functools import cache

import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from engine.normalise import company_words as reference
from engine.normalise.scripts import has_han, simplified

_TOKENS = r"\b(?:\p{L}\.\s?){2,}(?:\p{L}\b)?|\p{Han}+|[\p{L}\p{M}--\p{Han}]+|\p{N}+|[|~]"
_TOKENS_OF_PERSON = r"\p{Han}+|[\p{L}\p{M}--\p{Han}]+|\p{N}+|[|~]"
_SOLE = r"(?i)(?:^|[\s(,])(?:ип|чп|фоп|пбоюл|жк|предприниматель|підприємець)(?:[\s.,)«\"]|$)"
_MARKED = "|".join(
    (
        r"ST|^[CN]\p{Han}|^X[DR]|^DR|\p{Han}.*[A-ZАВ]股?$",
        r"ао$|ап$|^а[оп]\s|[\s\-]п$|^i\p{Cyrillic}|акц",
        "(?i:shs|shares|stock)$",
    )
)
_REGION = "(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区)"
_HAN_BRANCH = "分公司|分行|支行|办事处|代表处|分店|分部|营业部"

_OWN = 3  # Han characters that a core must have of its own to stand without its place
_LONG, _NEARLY = 9, 0.88  # words of legal forms that are put right, and how alike a wrong spelling must be

# What is done to text whose case still says something, in this order.
_MARKUP = (
    (r"(?i)\((haftungsbeschr\p{L}+)\)", " $1"),
    (r"(?i)\bco\.?\s*,\s*(ltd|limited|inc)", "co $1"),
    (r"[’ʼ`´＇]", "'"),
    (r"(\p{L})'s\b", "$1"),
    (r"(\p{L})'(\p{L})", "$1$2"),
    (r"[\"„“«‘]+([\p{L}\p{N}])", " $1"),
    (r"[\"„“”«»‘'‹›「」『』《》()\[\]{},;:]+", " | "),
    (r"(\p{L}\p{L}\p{Ll})(\p{Lu}\p{L}\p{L})", "$1 $2"),
    (r"(\p{Ll}{3})(AG|SE|SA|AB|NV|BV|АО|ГК)$", "$1 $2"),
    (r"(?i)\b(\d+)-?(?:й|я|е|го|st|nd|rd|th)\b", "$1"),
    (r"(?i)\b(\p{L}{1,3})-(д|ка|т|во|ние|л|е|венный)\b", "$1$2"),
    (r"[‐‑‒–—−-]", " ~ "),
)


def text(values: pl.Series) -> pl.Series:
    """Raw names → NFKC, spaces single, Han simplified; null when no letter or digit is left."""
    trimmed = (
        values.str.replace_all("№", " ", literal=True)
        .str.normalize("NFKC")
        .str.replace_all(r"[\s\p{C}]+", " ")
        .str.strip_chars()
    )
    han = trimmed.str.contains(r"\p{Han}").fill_null(False)
    if han.any():
        one_script = trimmed.filter(han)
        trimmed = trimmed.scatter(han.arg_true(), pl.Series([simplified(v) for v in one_script], dtype=pl.String))
    keep = trimmed.str.contains(r"[\p{L}\p{N}]").fill_null(False)
    return trimmed.set(~keep, None)


def share_class(values: pl.Series) -> pl.DataFrame:
    """Text → `rest` without the marks of listings, `series`: class of share (ordinary, preferred, A, B, H) or null."""
    frame = pl.DataFrame({"rest": values, "series": pl.Series([None] * len(values), dtype=pl.String)})
    # In an all-lowercase name «ао» is the legal form.
    marked = values.str.contains(_MARKED) & values.str.contains(r"[\p{Lu}\p{Han}]")
    if not marked.any():
        return frame
    at = marked.fill_null(False).arg_true()
    part = frame[at]
    for mark in reference.words()["share_classes"]:
        hit = part["rest"].str.contains(mark["pattern"])
        if hit.any():
            part = part.with_columns(
                rest=pl.col("rest").str.replace(mark["pattern"], "${1}").str.strip_chars(" -,"),
                series=pl.when(hit).then(pl.coalesce("series", pl.lit(mark["class"]))).otherwise("series"),
            )
    return pl.DataFrame({c: frame[c].scatter(at, part[c]) for c in frame.columns})


def lines(values: pl.Series) -> pl.Series:
    """Text without share class → lines of tokens."""
    marked = values
    for pattern, to in _MARKUP:
        marked = marked.str.replace_all(pattern, to)
    han_forms = [f.strip() for f in reference.forms().anywhere if has_han(f)]
    han_ends = sorted([*han_forms, *_HAN_BRANCH.split("|")], key=len, reverse=True)
    branch = f"^(.*公司)(.{{0,12}}?)({_HAN_BRANCH})$"
    alone = f"^(.{{2,}}?)((?:{_chinese_places()})[省市区]?)({_HAN_BRANCH})$"
    marked = marked.str.replace(branch, "$1 | $2 | $3").str.replace(alone, "$1 | $2 | $3")
    marked = marked.str.replace_all(f"({'|'.join(han_ends)})", " $1 ")
    marked = marked.str.replace_all(r"(\p{Han}\p{Han})(股份有限|有限责任|有限|股份)$", "$1 $2")
    frame = pl.DataFrame({"text": marked, "row": pl.int_range(len(values), eager=True)}).with_columns(
        pl.when(pl.col("text").str.contains(_SOLE))
        .then(pl.col("text").str.extract_all(_TOKENS_OF_PERSON))
        .otherwise(pl.col("text").str.extract_all(_TOKENS))
        .alias("token")
    )
    tokens = frame.select("row", "token").explode("token", empty_as_null=True).drop_nulls()
    tokens = tokens.with_columns(pl.col("token").str.replace_all(r"[.\s]", ""))
    distinct = tokens["token"].unique()
    known = pl.DataFrame({"token": distinct, "clean": _spelled(_clean(distinct))})
    joined = (
        tokens.join(known, on="token", how="left", maintain_order="left")
        .group_by("row", maintain_order=True)
        .agg("clean")
        .select("row", clean=pl.format(" {} ", pl.col("clean").list.join("  ")))
    )
    return frame.select("row").join(joined, on="row", how="left", maintain_order="left")["clean"]


def _clean(tokens: pl.Series) -> pl.Series:
    """Distinct tokens → `reference.token` of each, without a call for those that are of one plain alphabet."""
    plain = tokens.str.to_lowercase().str.replace_all("ё", "е", literal=True)
    rest = (~plain.str.contains(r"^(?:[a-z]+|[а-я]+|\p{Han}+|[0-9]+|[|~])$")).arg_true()
    return plain.scatter(rest, pl.Series([reference.token(t) for t in tokens[rest]], dtype=pl.String))


def _spelled(tokens: pl.Series) -> pl.Series:
    """Clean tokens → the same, with long words of legal forms put right where a letter or two are wrong."""
    vocabulary = sorted({w for phrase in reference.forms().anywhere | reference.forms().tail for w in phrase.split()
                         if len(w) >= _LONG})  # fmt: skip
    starts = list({w[:2] for w in vocabulary})
    doubtful = (tokens.str.len_chars() >= _LONG - 1) & tokens.str.slice(0, 2).is_in(starts) & ~tokens.is_in(vocabulary)
    at = doubtful.arg_true()
    if at.is_empty():
        return tokens
    score = process.cdist(tokens[at].to_list(), vocabulary, scorer=OSA.normalized_similarity, score_cutoff=_NEARLY)
    near = score.max(axis=1) >= _NEARLY
    right = [vocabulary[best] for best in score.argmax(axis=1)[near]]
    return tokens.scatter(at.filter(pl.Series(near)), pl.Series(right, dtype=pl.String))


def legal_form(values: pl.Series) -> pl.DataFrame:
    """Lines → `rest` without legal forms (null when nothing else is there), `form`, `form_group` (null: none found)."""
    forms = reference.forms()
    anywhere = sorted(forms.anywhere, key=len, reverse=True)
    found = values.str.extract_many(anywhere, leftmost=True)
    rest = values.str.replace_many(anywhere, [" | "] * len(anywhere), leftmost=True)
    form = found.list.first()
    head = f"^(?: [|~] )*({'|'.join(sorted(forms.head, key=len, reverse=True))})"
    tail = f"({'|'.join(sorted(forms.tail, key=len, reverse=True))})(?: [|~] )*$"
    for pattern in (tail, head):
        # A short form such as "as" or "ab" is one only where no plainer form has been found.
        hit = form.is_null() & rest.str.contains(pattern) & rest.str.replace(pattern, "").str.contains(r"[^ |~]")
        form = form.zip_with(~hit.fill_null(False), rest.str.extract(pattern))
        rest = rest.zip_with(~hit.fill_null(False), rest.str.replace(pattern, " "))
    kept = rest.str.contains(r"[^ |~]").fill_null(False)
    table = forms.head | forms.tail | forms.anywhere
    return pl.DataFrame(
        {
            "rest": rest.set(~kept, None),
            "form": form.set(~kept, None).replace_strict({k: f.name for k, f in table.items()}, default=None),
            "form_group": form.set(~kept, None).replace_strict(
                {k: f.group or None for k, f in table.items()}, default=None
            ),
        },
        schema={"rest": pl.String, "form": pl.String, "form_group": pl.String},
    )


def branch(values: pl.Series) -> pl.DataFrame:
    """Lines → `rest`, `branch` (Boolean), `place` of the branch where an adjective or "г." names it."""
    spelled = sorted((reference.line(w) for w in reference.words()["branches"]), key=len, reverse=True)
    any_branch = "|".join(spelled)
    is_branch = values.str.contains_any(spelled)
    adjective = f"( [^ ]+(?:ский|ской|ская|ское|ный|ной) )(?:{any_branch})"
    before = r" [|~] ( [^ |~]+ ) branch "
    without = (
        values.str.replace(adjective, " | ").str.replace(before, " | ").str.replace_all(f"(?:{any_branch})", " | ")
    )
    use = (is_branch & without.str.contains(r"[^ |~]")).fill_null(False)
    place = pl.select(pl.coalesce(values.str.extract(adjective), values.str.extract(before))).to_series()
    return pl.DataFrame(
        {
            "rest": values.zip_with(~use, without),
            "branch": use & values.is_not_null(),
            "place": _adjectives(place.set(~use, None)),
        },
        schema={"rest": pl.String, "branch": pl.Boolean, "place": pl.String},
    )


def _adjectives(values: pl.Series) -> pl.Series:
    """Tokens that name a branch's place (" самарский ") → the place, or the word itself."""
    named = reference.places()
    table = {}
    for value in values.drop_nulls().unique():
        stem = re.sub("(?:ский|ской|ская|ское|ный|ной) $", "", value)
        near = [p for p in named if p.startswith(stem)] if value != stem and len(stem) > 3 else []
        table[value] = named.get(value) or (named[near[0]] if near else value.strip())
    return values.replace(table)


def place(values: pl.Series) -> pl.DataFrame:
    """Lines without form and branch → `rest`, `place`: a known place after a bracket, comma, dash or "г.", and a
    Chinese province or city before a core that stands without it. A name that is nothing but a place keeps it."""
    spelled = "|".join(_place_spellings())
    known = rf"(?: [|~] )+(?: в )?(?: г | гор | город )?({spelled})(?: [|~] |$)|(?: г | гор | город )({spelled})"
    town = r"(?: в )?(?: г | гор | город )( [^ |~]{3,} )"
    padded = values.str.replace(r" *$", "  | ")
    found = pl.select(pl.coalesce(padded.str.extract(known, 1), padded.str.extract(known, 2))).to_series()
    rest = padded.str.replace(known, " | ")
    hit = found.is_not_null() & rest.str.contains(r"[^ |~]")
    other = padded.str.extract(town)
    without = padded.str.replace(town, " | ")
    other_hit = ~hit & other.is_not_null() & without.str.contains(r"[^ |~]")
    frame = pl.DataFrame({"value": values, "hit": hit, "found": found, "rest": rest, "other_hit": other_hit,
                          "other": other.str.strip_chars(), "without": without}).select(
        rest=pl.when("hit").then("rest").when("other_hit").then("without").otherwise("value"),
        place=pl.when("hit").then(_named(pl.col("found"))).when("other_hit").then("other"),
    )  # fmt: skip
    return _chinese_place(frame)


def _named(spelled: pl.Expr) -> pl.Expr:
    return spelled.str.replace_all(" ~ ", "").replace(reference.places())


def _chinese_place(frame: pl.DataFrame) -> pl.DataFrame:
    """Reads 中国, province and city at the front of a Chinese core; they are taken off where a core of three
    characters that are its own is left, and else written without 省 and 市 (东莞市华创电子 → 东莞华创电子)."""
    names = _chinese_places()
    pattern = rf"^ (?:[|~] +)*(中国)?((?:{names}){_REGION}?)?((?:{names})市?)?(\p{{Han}}{{2,}} .*)$"
    generic = "|".join(sorted(map(re.escape, reference.han_priors()), key=len, reverse=True))
    made = frame.with_columns(
        country=pl.col("rest").str.extract(pattern, 1),
        first=pl.col("rest").str.extract(pattern, 2),
        second=pl.col("rest").str.extract(pattern, 3),
        core=pl.col("rest").str.extract(pattern, 4),
    ).with_columns(named=pl.coalesce("second", "first", "country").str.replace(f"{_REGION}$", ""))
    own = pl.col("core").str.replace_all(generic, "").str.replace_all(r"[ |~]", "").str.len_chars()
    return made.select(
        rest=pl.when(pl.col("named").is_null())
        .then("rest")
        .when(own >= _OWN)
        .then(pl.format(" {}", "core"))
        .otherwise(pl.format(" {}{}", "named", "core")),
        place=pl.when((pl.col("named") == "中国") & (own < _OWN))
        .then("place")
        .otherwise(pl.coalesce("place", "named")),
    )


@cache
def _place_spellings() -> tuple[str, ...]:
    # A hyphen inside a place is a token of its own in a line: " ростов  ~  на  ~  дону ".
    return tuple(sorted((name.replace("  ", " (?: ~ )? ") for name in reference.places()), key=len, reverse=True))


@cache
def _chinese_places() -> str:
    return "|".join(sorted(reference.chinese_short_places(), key=len, reverse=True))
