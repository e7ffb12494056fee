"""Synthetic CRM contacts with truth, for measuring: the same seed and size give the same file, up to ten million rows.

    python tests/bench/synthetic.py ROWS CONTACTS.csv TRUTH.csv [--seed 0]

Russian and English people; a fifth of the rows are second records of somebody, typed by another hand: nicknames,
transliteration, initials, slips, other phone formats, other mailboxes, another job, blanks. What makes matching hard is
there on purpose: colleagues on the office phone and on info@, families on the home phone, namesakes in one city.
People are a few columns of numbers; text is made a slice of rows at a time, so memory stays bounded.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from sample_data._make import words_en, words_ru  # noqa: E402
from sample_data._make.typing_habits import feminine, roman  # noqa: E402

SECOND_RECORDS = 0.2
RUSSIAN = 0.65
SLICE = 500_000  # rows made into text at a time
FREE_RU, FREE_EN = ("mail.ru", "yandex.ru", "gmail.com", "bk.ru", "inbox.ru", "rambler.ru"), (
    "gmail.com", "yahoo.com", "outlook.com", "icloud.com", "hotmail.com", "aol.com")  # fmt: skip
_RU = "бар вел гол дор жил зар кал лаб мур нов пол рад сол тар фил хар чер шум яр бо ве ги ду ки ло ма ре"
_EN = "al bar cor den ed far gil har ken lam mor nor pen quin ros stan thor ul van wex cal dun hol brad win mel"
SYLLABLES_RU, SYLLABLES_EN = _RU.split(), _EN.split()
PHONES = ("{c}{n}", "{t}{n}",
          "{c} ({a}) {b}-{d}-{e}", "{t} ({a}) {b}-{d}-{e}", "{c} {a} {b} {d} {e}", "{t}-{a}-{b}-{d}{e}", "{n}",
          "({a}) {b}-{d}{e}")  # fmt: skip

Luck = Callable[[float, float], np.ndarray]  # shares among first and among second records → whom it befalls
Of = Callable[[str], np.ndarray]  # what people are → what the person of each row is


def write(rows: int, contacts: Path, truth: Path, *, seed: int = 0) -> None:
    """Number of rows → two files: contacts, and truth (record_id, cluster_id)."""
    rng = np.random.default_rng(seed)
    people = _people(int(rows * (1 - SECOND_RECORDS)), rng)
    number = len(people["ru"])
    person = np.concatenate([np.arange(number), rng.integers(0, number, rows - number)])
    second = np.arange(rows) >= number
    order = rng.permutation(rows)
    person, second = person[order].astype(np.int32), second[order]
    with contacts.open("wb") as out, truth.open("wb") as answers:
        for start in range(0, rows, SLICE):
            part = slice(start, min(start + SLICE, rows))
            ids = np.arange(part.start, part.stop)
            text = _typed(people, person[part], second[part], np.random.default_rng((seed, start)))
            frame = pl.DataFrame({"id": ids}).hstack(text)
            frame.write_csv(out, include_header=start == 0)
            known = pl.DataFrame({"record_id": ids, "cluster_id": person[part]})
            known.write_csv(answers, include_header=start == 0)


def _skewed(rng: np.random.Generator, count: int, of: int, shift: float) -> np.ndarray:
    """Indices of a pool, the first ones the most common (Zipf, flattened by `shift`)."""
    share = np.cumsum(1 / (np.arange(of) + shift))
    return np.searchsorted(share, rng.random(count) * share[-1]).clip(0, of - 1).astype(np.int32)


def _made_up(syllables: list[str], ends: list[str], count: int, rng: np.random.Generator) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < count:
        parts = rng.choice(syllables, (count, 3))
        three, end = rng.random(count) < 0.5, rng.choice(ends, count)
        for (a, b, c), longer, tail in zip(parts, three, end, strict=True):
            made[f"{a}{b}{c if longer else ''}{tail}".title()] = None
    return list(made)[:count]


def _given(names: dict[str, list[str]], latin: dict[str, list[str]]) -> pl.DataFrame:
    return pl.DataFrame({
        "name": list(names),
        "nick": [short[0] for short in names.values()],
        "latin": [latin.get(name, [roman(name)])[0] for name in names],
    })  # fmt: skip


def _pools(people: int) -> dict[str, pl.DataFrame]:
    """How many people → the names to draw from, with their other spellings; larger tables know more surnames."""
    rng = np.random.default_rng(1)
    many = int(min(40_000, max(2_000, 25 * people**0.5)))
    ru = words_ru.SURNAMES + _made_up(SYLLABLES_RU, ["ов", "ев", "ин", "ский", "енко", "ук"], many, rng)
    en = words_en.LAST + _made_up(SYLLABLES_EN, ["son", "ton", "er", "ley", "field", "man", "s", "well"], many, rng)
    family = {
        "ru m": pl.DataFrame({"name": ru, "latin": [roman(n) for n in ru]}),
        "ru f": pl.DataFrame({"name": [feminine(n) for n in ru], "latin": [roman(feminine(n)) for n in ru]}),
        "en m": pl.DataFrame({"name": en, "latin": en}),
        "en f": pl.DataFrame({"name": en, "latin": en}),
    }
    men, women = [row[0] for row in words_ru.MEN], [row[0] for row in words_ru.WOMEN]
    nick = {name: words_en.NICK.get(name, [name]) for name in words_en.FIRST}
    given = {
        "ru m": _given({n: words_ru.SHORT[n] for n in men}, words_ru.LATIN),
        "ru f": _given({n: words_ru.SHORT[n] for n in women}, words_ru.LATIN),
        "en m": _given({n: s for n, s in nick.items() if n in words_en.MEN}, {n: [n] for n in nick}),
        "en f": _given({n: s for n, s in nick.items() if n not in words_en.MEN}, {n: [n] for n in nick}),
    }
    return {**{f"given {k}": v for k, v in given.items()}, **{f"family {k}": v for k, v in family.items()}}


def _people(count: int, rng: np.random.Generator) -> dict[str, np.ndarray | dict[str, pl.DataFrame]]:
    """How many → who they are, as columns of numbers that point into the pools."""
    pools = _pools(count)
    ru, male = rng.random(count) < RUSSIAN, rng.random(count) < 0.5
    group = np.where(ru, np.where(male, 0, 1), np.where(male, 2, 3)).astype(np.int8)
    names, given, family = ("ru m", "ru f", "en m", "en f"), np.empty(count, np.int32), np.empty(count, np.int32)
    for code, name in enumerate(names):
        at = np.flatnonzero(group == code)
        given[at] = _skewed(rng, len(at), len(pools[f"given {name}"]), 6)
        family[at] = _skewed(rng, len(at), len(pools[f"family {name}"]), 40)
    city = np.where(ru, _skewed(rng, count, len(words_ru.CITIES), 2), _skewed(rng, count, len(words_en.CITIES), 2))
    mobile = np.where(ru, 9_000_000_000 + rng.integers(0, 10**9, count), _american(rng, count, city))
    companies = max(40, count // 12)
    company = _skewed(rng, count, companies, 60 + companies / 20)
    # Families: whoever follows a person of the same language shares the surname, the home and sometimes the phone.
    kin = np.flatnonzero((rng.random(count) < 0.04) & (np.arange(count) % 2 == 1))
    kin = kin[ru[kin] == ru[kin - 1]]
    family[kin], city[kin] = family[kin - 1], city[kin - 1]
    home = kin[rng.random(len(kin)) < 0.5]
    mobile[home] = mobile[home - 1]
    # Namesakes: the same full name elsewhere in the table, often in the same city, and nothing else in common.
    twin = np.flatnonzero(rng.random(count) < 0.01)
    other = rng.integers(0, count, len(twin))
    twin, other = (x[group[twin] == group[other]] for x in (twin, other))
    given[twin], family[twin] = given[other], family[other]
    near = rng.random(len(twin)) < 0.4
    city[twin[near]] = city[other[near]]
    return {
        "pools": pools, "ru": ru, "group": group, "given": given, "family": family, "city": city.astype(np.int16),
        "mobile": mobile, "company": company, "companies": companies, "employed": rng.random(count) < 0.85,
        "office": rng.random(count) < 0.25, "role": rng.random(count) < 0.03, "style": rng.integers(0, 5, count),
        "mailbox": rng.integers(0, 60, count), "work_mail": rng.random(count) < 0.5,
        "made": (1_420_000_000 + rng.integers(0, 260_000_000, count)),
        "nth_name": _nth(group, given, family), "nth_family": _nth(ru, family), "nth_given": _nth(group, given),
    }  # fmt: skip


def _nth(*keys: np.ndarray) -> np.ndarray:
    """How many people with the same keys come before each: mail providers give an address only once."""
    frame = pl.DataFrame({str(i): key for i, key in enumerate(keys)})
    return frame.select(pl.int_range(pl.len(), dtype=pl.Int32).over(frame.columns)).to_series().to_numpy()


def _american(rng: np.random.Generator, count: int, city: np.ndarray) -> np.ndarray:
    area = np.array([int(row[2]) for row in words_en.CITIES])[city.clip(0, len(words_en.CITIES) - 1)]
    return area * 10**7 + rng.integers(200, 1000, count) * 10**4 + rng.integers(0, 10**4, count)


def _typed(people: dict, person: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    """People, whose record each row is, whether it is a second one → the text columns of a slice of rows."""
    n = len(person)

    def luck(first: float, later: float) -> np.ndarray:
        return rng.random(n) < np.where(second, later, first)

    def of(name: str) -> np.ndarray:
        return people[name][person]

    pools, group, ru = people["pools"], of("group"), of("ru")
    spelt = {"name": {}, "nick": {}, "latin": {}}
    for part, kinds in (("given", ("name", "nick", "latin")), ("family", ("name", "latin"))):
        whole = [pools[f"{part} {g}"] for g in ("ru m", "ru f", "en m", "en f")]
        start = np.cumsum([0, *(len(p) for p in whole[:-1])])[group]
        for kind in kinds:
            spelt[kind][part] = pl.concat([p[kind] for p in whole])[of(part) + start]
    nick, latin, initial = luck(0.03, 0.2), ru & luck(0.01, 0.1), luck(0.01, 0.05)
    moved = luck(0, 0.08)  # changed jobs
    company = np.where(moved, rng.integers(0, people["companies"], n), of("company"))
    f = pl.DataFrame({
        "given": spelt["name"]["given"], "nick": spelt["nick"]["given"], "given_latin": spelt["latin"]["given"],
        "family": spelt["name"]["family"], "family_latin": spelt["latin"]["family"], "ru": ru, "company": company,
        "slip": luck(0.01, 0.08), "slip_given": luck(0.005, 0.05), "at": rng.integers(1, 6, n),
        "kind": rng.integers(0, 3, n), "initial": initial, "use_nick": nick, "use_latin": latin,
        "swapped": luck(0.005, 0.03), "letters": rng.integers(0, 30, n), "no_given": luck(0.02, 0.06),
        "no_family": luck(0.03, 0.08), "e_for_yo": rng.random(n) < 0.5,
    })  # fmt: skip
    f = f.with_columns(
        first=pl.when("use_nick").then("nick").when("use_latin").then("given_latin").otherwise("given"),
        last=pl.when("use_latin").then("family_latin").otherwise("family"),
    )
    f = f.with_columns(first=_slip("first", "slip_given"), last=_slip("last", "slip"))
    f = f.with_columns(
        first=pl.when("no_given").then(None).when("initial").then(pl.col("first").str.head(1) + ".").otherwise("first"),
        last=pl.when("no_family").then(None).otherwise("last"),
    ).with_columns(_respelt("first"), _respelt("last"))
    f = f.with_columns(
        first_name=pl.when("swapped").then("last").otherwise("first"),
        last_name=pl.when("swapped").then("first").otherwise("last"),
    )
    return f.select("first_name", "last_name").hstack([
        _emails(people, person, f, luck, rng).alias("email"),
        _phones(of, ru, company, luck, rng, n).alias("phone"),
        _companies(of, company, luck, rng).alias("company"),
        _cities(of, luck, rng, n).alias("city"),
        *_dates(of, second, rng, n),
    ])  # fmt: skip


def _slip(column: str, when: str) -> pl.Expr:
    """A letter dropped, doubled or swapped with the next."""
    word, at = pl.col(column), pl.col("at")
    head, tail = word.str.head(at), word.str.slice(at)
    swapped = head + tail.str.slice(1, 1) + tail.str.head(1) + tail.str.slice(2)
    typed = pl.when(pl.col("kind") == 0).then(head + tail.str.slice(1)).when(pl.col("kind") == 1).then(
        head + tail.str.head(1) + tail).otherwise(swapped)  # fmt: skip
    return pl.when(pl.col(when) & (word.str.len_chars() > at + 1)).then(typed).otherwise(word)


def _respelt(column: str) -> pl.Expr:
    word = pl.when("e_for_yo").then(pl.col(column).str.replace_all("ё", "е", literal=True)).otherwise(pl.col(column))
    letters = pl.col("letters")
    cased = pl.when(letters == 0).then(word.str.to_uppercase()).when(letters == 1).then(word.str.to_lowercase())
    return cased.otherwise(word).alias(column)


def _emails(people: dict, person: np.ndarray, f: pl.DataFrame, luck: Luck, rng: np.random.Generator) -> pl.Series:
    n = len(person)
    style = np.where(luck(0, 0.2), rng.integers(0, 5, n), people["style"][person])
    mailbox = people["mailbox"][person]
    free = np.where(f["ru"], mailbox % len(FREE_RU), len(FREE_RU) + mailbox % len(FREE_EN))
    nth = np.select([np.isin(style, (1, 2)), style == 3], [people["nth_family"][person], people["nth_given"][person]],
                    people["nth_name"][person])  # fmt: skip
    at_work = people["work_mail"][person] & people["employed"][person]
    domain = pl.Series("c" + f["company"].cast(pl.String) + ".com")
    g = f.select(
        given=pl.col("given_latin").str.to_lowercase(), family=pl.col("family_latin").str.to_lowercase(),
        nth=pl.Series(np.where(nth > 0, nth.astype(str), "")), style=pl.Series(style),
        role=pl.Series(people["role"][person]), work=pl.Series(at_work),
        free=pl.Series([*FREE_RU, *FREE_EN])[free], domain=domain, gone=pl.Series(luck(0.2, 0.3)),
        upper=pl.Series(rng.random(n) < 0.03), tag=pl.Series(rng.random(n) < 0.01),
    )  # fmt: skip
    shape = {0: pl.col("given") + "." + pl.col("family"), 1: pl.col("given").str.head(1) + pl.col("family"),
             2: pl.col("family"), 3: pl.col("given"), 4: pl.col("family") + "_" + pl.col("given")}  # fmt: skip
    local = pl.coalesce(pl.when(pl.col("style") == code).then(made) for code, made in shape.items()) + pl.col("nth")
    local = pl.when("role").then(pl.lit("info")).otherwise(local)
    local = local + pl.when("tag").then(pl.lit("+crm")).otherwise(pl.lit(""))
    address = local + "@" + pl.when(pl.col("work") | pl.col("role")).then("domain").otherwise("free")
    return g.select(
        pl.when("gone").then(None).when("upper").then(address.str.to_uppercase()).otherwise(address)
    ).to_series()


def _phones(of: Of, ru: np.ndarray, company: np.ndarray, luck: Luck, rng: np.random.Generator, n: int) -> pl.Series:
    office_ru = 4_950_000_000 + (company.astype(np.int64) * 7_919) % 10_000_000
    office_en = 3_120_000_000 + 2_000_000 + (company.astype(np.int64) * 7_919) % 7_900_000
    number = np.where(of("office") & of("employed"), np.where(ru, office_ru, office_en), of("mobile"))
    another = np.where(ru, 9_000_000_000 + rng.integers(0, 10**9, n), _american(rng, n, of("city")))
    number = np.where(luck(0, 0.15), another, number)
    slip = luck(0.003, 0.02)
    number = number + np.where(slip & (number % 10 < 9), 1, 0)
    s = pl.col("n")
    f = pl.DataFrame({"n": number, "form": rng.integers(0, len(PHONES), n), "ru": ru, "none": luck(0.12, 0.2)})
    f = f.with_columns(
        pl.col("n").cast(pl.String), c=pl.when("ru").then(pl.lit("+7")).otherwise(pl.lit("+1")),
        t=pl.when("ru").then(pl.lit("8")).otherwise(pl.lit("1")),
    ).with_columns(a=s.str.head(3), b=s.str.slice(3, 3), d=s.str.slice(6, 2), e=s.str.slice(8, 2))  # fmt: skip
    out = pl.lit(None, pl.String)
    for code, form in enumerate(PHONES):
        pieces = [piece for piece in form.replace("{", "\0{").replace("}", "}\0").split("\0") if piece]
        made = pl.concat_str([pl.col(p[1]) if p.startswith("{") else pl.lit(p) for p in pieces])
        out = pl.when((pl.col("form") == code) & ~pl.col("none")).then(made).otherwise(out)
    return f.select(out).to_series()


def _companies(of: Of, company: np.ndarray, luck: Luck, rng: np.random.Generator) -> pl.Series:
    n = len(company)
    russian = company % 20 < RUSSIAN * 20
    pool = [np.array(w) for w in (words_ru.HEADS, words_ru.TAILS, words_en.HEADS, words_en.TAILS)]
    head = pl.Series(np.where(russian, pool[0][company % len(pool[0])], pool[2][company % len(pool[2])]))
    tail = pl.Series(np.where(russian, pool[1][company // 79 % len(pool[1])], pool[3][company // 79 % len(pool[3])]))
    block = company // (79 * 36)
    form = rng.integers(0, 5, n)
    f = pl.DataFrame({"head": head, "tail": tail, "block": block, "ru": russian, "form": form,
                      "none": luck(0.15, 0.25) | ~of("employed"), "joined": company % 3 == 0})  # fmt: skip
    number = pl.when(pl.col("block") > 0).then(pl.lit(" ") + pl.col("block").cast(pl.String)).otherwise(pl.lit(""))
    gap = pl.when(pl.col("joined") & pl.col("ru")).then(pl.lit("")).otherwise(pl.lit(" "))
    name = pl.col("head") + gap + pl.col("tail") + number
    ru = (
        pl.when(pl.col("form") == 0).then(pl.lit("ООО «") + name + "»").when(pl.col("form") == 1).then(
            pl.lit("ООО ") + name).when(pl.col("form") == 2).then(name + ", ООО").otherwise(name)
    )  # fmt: skip
    en = (
        pl.when(pl.col("form") == 0).then(name + " Inc.").when(pl.col("form") == 1).then(name + " LLC").when(
            pl.col("form") == 2).then(name + ", Inc").otherwise(name)
    )  # fmt: skip
    return f.select(pl.when("none").then(None).when("ru").then(ru).otherwise(en)).to_series()


def _cities(of: Of, luck: Luck, rng: np.random.Generator, n: int) -> pl.Series:
    ru, en = np.array([row[0] for row in words_ru.CITIES]), np.array([row[0] for row in words_en.CITIES])
    latin = np.array([row[3] for row in words_ru.CITIES])
    at = of("city").astype(int)
    moved = luck(0, 0.05)
    at = np.where(moved, rng.integers(0, 25, n), at)
    russian = np.where(rng.random(n) < 0.05, latin[at.clip(0, len(ru) - 1)], ru[at.clip(0, len(ru) - 1)])
    named = pl.Series(np.where(of("ru"), russian, en[at.clip(0, len(en) - 1)]))
    return pl.select(pl.when(pl.Series(luck(0.25, 0.35))).then(None).otherwise(named)).to_series()


def _dates(of: Of, second: np.ndarray, rng: np.random.Generator, n: int) -> list[pl.Series]:
    made = of("made") + np.where(second, rng.integers(0, 40_000_000, n), 0)
    changed = made + rng.integers(0, 30_000_000, n)
    form = "%Y-%m-%dT%H:%M:%S"
    return [
        pl.from_epoch(pl.Series(name, values), "s").dt.strftime(form)
        for name, values in (("created_at", made), ("updated_at", changed))
    ]


def main() -> None:
    """Command line → the two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("contacts", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    write(arguments.rows, arguments.contacts, arguments.truth, seed=arguments.seed)


if __name__ == "__main__":
    main()
