"""Phone cells → the digits of each number they hold: several numbers, remarks, extensions, letters on the keypad."""

import re
import unicodedata

LEAST_DIGITS = 5  # fewer are no phone number: an extension, a room, a remark
AROUND = " \t\n\r'\"`"  # what a spreadsheet or a hurried hand leaves around a cell

# One number alone, with nothing around it that `pieces` would have to take apart.
SIMPLE = r"^(?:\+[0-9]|[0-9(])(?: ? ?[0-9().\-])*$"
_EXTENSION = re.compile(
    r"(?:[\s,;.(-]*(?:доб(?:авочный)?|внутр(?:енний)?|вн|ext(?:ension|n)?|anexo|ramal|分机号?|分機|转|轉|内线)"
    r"[\s.:№#(=-]*|(?<=\d)\s*[x#]\s*|;ext=)(\d{1,8})\)?(?!\d)",
    re.IGNORECASE,
)
CHINESE_EXTENSION = re.compile(r"^((?:\+?86[- ]?)?\(?0?\d{2,3}\)?[- ]?\d{7,8})-(\d{1,5})$")
_SEPARATOR = re.compile(r"[,;|\n\r\t、]+|\s(?:и|или|та|або|or|and|y|e|oder|und|和|或)\s|\s{3,}|(?<=[\d)])\s*(?=\(?\+)")
_PARAMETER = re.compile(r";(?:isub|phone-context|postd)=[^,\s]*", re.IGNORECASE)
_RUN = re.compile(r"\(?\+?\s?\(?\d[\d\s().\-/\\~]*\d")
_VANITY = re.compile(r"\+?\d[\d\s().-]*[A-Za-z][A-Za-z\s.-]*")
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_DASHES = str.maketrans(
    dict.fromkeys("‐‑‒–—―−ー", "-") | {"\u200b": "", "\u00ad": "", "\ufeff": "", "\u202c": "", "\u202d": ""}
)


def pieces(value: str) -> list[tuple[str, str | None]]:
    """One raw cell → (digits with a plus sign if one was written, extension) for every number it seems to hold."""
    text = _ascii_digits(unicodedata.normalize("NFKC", value[:1000])).translate(_DASHES)
    text = _PARAMETER.sub("", text).strip(AROUND).removeprefix("tel:")
    found: list[tuple[str, str | None]] = []
    for part in _SEPARATOR.split(_EXTENSION.sub(r" ext\1 ", text)):
        number, _, extension = part.partition("ext")
        split = CHINESE_EXTENSION.match(number.strip())
        if split and not extension:
            number, extension = split.groups()
        runs = _runs(number)
        if not runs and found and _count(part) and _count(part) < LEAST_DIGITS and found[-1][1] is None:
            found[-1] = (found[-1][0], re.sub(r"\D", "", part))
        found += [(run, None) for run in runs[:-1]] + [(run, extension.strip() or None) for run in runs[-1:]]
    return found


def _runs(text: str) -> list[str]:
    # The numbers written one after another in a text without separators, as digits.
    text = text.strip()
    if _VANITY.fullmatch(text) and sum(c.isalpha() for c in text) >= 3:
        text = text.upper().translate(_KEYPAD)
    runs = []
    for match in _RUN.finditer(text):
        for part in _slashed(match.group()):
            tokens = part.split()
            # Two numbers with nothing but a space between them: too many digits for one, enough in each.
            together = _count(part) <= 15 or any(_count(token) < 7 for token in tokens)
            runs += [part] if together else tokens
    cleaned = [("+" if "+" in run else "") + re.sub(r"\D", "", run) for run in runs]
    return [run for run in cleaned if len(run) >= LEAST_DIGITS]


def _slashed(run: str) -> list[str]:
    # A slash parts two numbers, or offers another ending (123-45-67/68); else it is punctuation (310/246-1501).
    head, *tails = re.split(r"\s*[/\\]\s*", run)
    numbers = [head]
    for tail in tails:
        before = re.sub(r"\D", "", numbers[-1])
        if _count(tail) >= 7 and len(before) >= 7:
            numbers.append(tail)
        elif 1 <= _count(tail) <= 4 and len(before) >= 7:
            plus = "+" if "+" in numbers[-1] else ""
            numbers.append(plus + before[: -_count(tail)] + re.sub(r"\D", "", tail))
        else:
            return [run]
    return numbers


def _count(text: str) -> int:
    return sum(c.isdigit() for c in text)


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
