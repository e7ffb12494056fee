"""How people type the same thing differently: phones, names, companies; and numbers with check digits."""

from random import Random

from sample_data._make.words_ru import LATIN, LEGAL

_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_ROMAN = {  # _ : no letter
    "passport": "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y _ e iu ia",
    "english": "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh sch _ y _ e yu ya",
    "sloppy": "a b v g d e e j z i i k l m n o p r s t u f h c ch sh sh _ y _ e u ya",
}
ROMAN = {name: dict(zip(_CYRILLIC, (c.strip("_") for c in row.split()), strict=True)) for name, row in _ROMAN.items()}
HOMOGLYPHS = dict(zip("АВЕКМНОРСТХаеорсх", "ABEKMHOPCTXaeopcx", strict=True))


def roman(text: str, scheme: str = "english") -> str:
    """Cyrillic text → Latin by one of the schemes; capitals kept."""
    out = []
    for letter in text:
        latin = ROMAN[scheme].get(letter.lower(), letter)
        out.append(latin.capitalize() if letter.isupper() else latin)
    joined = "".join(out)
    return joined[:-2] + "y" if scheme == "english" and joined.endswith("iy") else joined  # Sobolevsky


def feminine(last: str) -> str:
    """Masculine surname → feminine."""
    if last.endswith(("ский", "цкий")):
        return last[:-2] + "ая"
    if last.endswith("ой") and last != "Цой":
        return last[:-2] + "ая"
    if last.endswith("ный"):
        return last[:-2] + "ая"
    return last + "а" if last.endswith(("ов", "ев", "ёв", "ин", "ын")) else last


def roman_name(rng: Random, first: str, last: str) -> tuple[str, str]:
    """(first, last) in Cyrillic → the same in one of the romanisations people use."""
    scheme = rng.choice(("passport", "english", "english", "sloppy"))
    given = rng.choice(LATIN.get(first, [roman(first, scheme)]))
    return given, roman(last, scheme)


def typo(rng: Random, word: str) -> str:
    """Word → the word with one slip after its first letter: dropped, doubled, swapped or wrong letter."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    kind = rng.choice("drsw")
    if kind == "d":
        return word[:at] + word[at + 1 :]
    if kind == "r":
        return word[:at] + word[at] + word[at:]
    if kind == "s" and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    near = "аоеиуыпрлнтсвк" if word[at].lower() in _CYRILLIC else "aoeinrstlm"
    return word[:at] + rng.choice([c for c in near if c != word[at].lower()]) + word[at + 1 :]


def latin_inside(rng: Random, word: str) -> str:
    """Cyrillic word → the word with one or two letters replaced by Latin look-alikes."""
    places = [i for i, letter in enumerate(word) if letter in HOMOGLYPHS]
    chosen = set(rng.sample(places, min(len(places), rng.choice((1, 2)))))
    return "".join(HOMOGLYPHS[c] if i in chosen else c for i, c in enumerate(word))


_MOBILE = [
    "+7 ({a}) {b}-{c}-{d}",
    "8 ({a}) {b}-{c}-{d}",
    "8{a}{b}{c}{d}",
    "+7{a}{b}{c}{d}",
    "+7{a}{b}{c}{d}",
    "'+7{a}{b}{c}{d}",
    "7{a}{b}{c}{d}",
    "8-{a}-{b}-{c}-{d}",
    "{a}{b}{c}{d}",
    "+7 {a} {b}-{c}-{d}",
    "8({a}){b}{c}{d}",
    "8 {a} {b} {c} {d}",
]
_EXTENSION = [" доб. {}", " доб.{}", " (доб. {})", " вн. {}", ", доб {}"]


def phone(rng: Random, digits: str, *, code: int = 3, extension: str = "") -> str:
    """Ten national digits → one of the ways to write them; `code` digits are the dialling code."""
    a, rest = digits[:code], digits[code:]
    head = len(rest) - 4
    text = rng.choice(_MOBILE).format(a=a, b=rest[:head], c=rest[head : head + 2], d=rest[head + 2 :])
    return text + rng.choice(_EXTENSION).format(extension) if extension else text


def _check(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 % 10)


def inn(rng: Random, region: str, *, person: bool = False) -> str:
    """Region of the tax office → invented ИНН, 10 digits (12 for a person), with valid check digits."""
    body = region + "".join(str(rng.randrange(10)) for _ in range(8 if person else 7))
    if not person:
        return body + _check(body, (2, 4, 10, 3, 5, 9, 4, 6, 8))
    body += _check(body, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
    return body + _check(body, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))


def company_name(rng: Random, core: str, form: str, style: str) -> str:
    """(core name, legal form) → the name as typed in `style`."""
    full, english = LEGAL[form]
    fake_latin_form = "".join(HOMOGLYPHS.get(c, c) for c in form)
    joined = core.replace("-", "").replace(" ", "") if rng.random() < 0.5 else core.replace("-", " ")
    return {
        "guillemets": f"{form} «{core}»",
        "quotes": f'{form} "{core}"',
        "bare": core,
        "plain": f"{form} {core}",
        "behind": f"{core} {form}",
        "comma": f"{core}, {form}",
        "full": f"{full} «{core}»",
        "capitals": f'{form} "{core.upper()}"',
        "latin_form": f'{fake_latin_form} "{core}"',
        "english": f"{roman(core, 'english')} {english}",
        "roman": roman(core, rng.choice(("english", "sloppy", "passport"))),
        "spacing": f"{form} {joined}",
        "typo": f"{form} {typo(rng, core)}",
        "homoglyph": f'{form} "{latin_inside(rng, core)}"',
        "lower": f"{form.lower()} {core.lower()}",
    }[style]
