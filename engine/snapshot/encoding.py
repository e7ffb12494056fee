"""Bytes of a text file → its encoding: byte order mark, then strict UTF-8, then the likeliest of a few legacy ones.

Only the encodings that CRM exports come in are considered. Guessing among all that exist errs more often than it helps:
short Russian texts are valid in dozens of them.
"""

import codecs
import re

from engine.errors import InputError, UnreadableFile

SAMPLE = 1 << 18
LEGACY = ("cp1251", "cp866", "gb18030", "cp1252")
STRAY_NULS = 16  # so many NULs are a flaw of an export; more mean UTF-16 or no text at all
BROKEN_SHARE = 0.02  # a text with fewer broken characters than this is UTF-8 that somebody cut

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CYRILLIC_WORD = re.compile(r"(?<![^\W\d_])(?:[А-ЯЁІЇЄҐ]?[а-яёіїєґ]+|[А-ЯЁІЇЄҐ]+)(?![^\W\d_])")
_ACCENTED_WORD = re.compile(r"[A-Za-z]*(?:[A-Za-z][À-ÖØ-öø-ÿ]|[À-ÖØ-öø-ÿ][A-Za-z])[A-Za-zÀ-ÖØ-öø-ÿ]*")


def known(encoding: str) -> str:
    """A name the user gave → the name Python uses. Raises InputError when there is no such text encoding."""
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)
    except (LookupError, TypeError, ValueError):
        raise InputError(f"unknown encoding {encoding!r}; use one of utf-8, utf-16, {', '.join(LEGACY)}") from None
    return info.name


def detect(data: bytes, name: str) -> str:
    """The bytes of a file → its encoding. Raises UnreadableFile when it is not text.

    >>> detect("ID;Имя\\n1;Пётр Ильич\\n".encode("cp1251"), "x"), detect("ID,Имя\\n".encode("utf-16"), "x")
    ('cp1251', 'utf-16-le')
    """
    if not data or data.isspace():
        raise UnreadableFile(f"{name} is empty: export it again, with headers and rows")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    sample = data[:SAMPLE]
    wide = _unmarked_utf16(sample)
    if wide:
        return wide
    if _control_share(sample) > 0.01:
        raise UnreadableFile(f"{name} is not a table: it holds binary data; export it as CSV, XLSX, JSON or Parquet")
    if sample.isascii() and len(data) > SAMPLE:
        sample = _around_first_beyond_ascii(data)
    if _is_utf8(sample):
        return "utf-8"
    return legacy(sample)


def legacy(sample: bytes) -> str:
    """Text that is not UTF-8 → the one of `LEGACY` in which it reads most like words."""
    return max(LEGACY, key=lambda encoding: _likeness(sample, encoding))


def to_utf8(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """(bytes, encoding) → (UTF-8 without byte order mark, whether some bytes were broken).

    Broken bytes are spelled out (`\\xd0`), so that nothing disappears.
    """
    data = without_mark(data, encoding)
    plain_name = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    try:
        text = data.decode(plain_name)
    except UnicodeDecodeError:
        text = data.decode(plain_name, errors="backslashreplace")
        return text.encode("utf-8", errors="backslashreplace"), True
    return (data if plain_name == "utf-8" else text.encode("utf-8", errors="backslashreplace")), False


def without_mark(data: bytes, encoding: str = "utf-8") -> bytes:
    """(bytes, encoding) → the bytes after the byte order mark, if it is one of that encoding."""
    for mark, marked in _MARKS:
        if data.startswith(mark) and marked[:5] == codecs.lookup(encoding).name[:5]:
            return data[len(mark) :]
    return data


def first_broken(data: bytes) -> int | None:
    """Bytes said to be UTF-8 → where they first are not, or None."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 without a mark shows as NULs in every other byte: in digits, delimiters and line ends at least."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(len(sample) // 2, 1)
    for many, few, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        enough = many > 0.05 * half and (many > STRAY_NULS or many > 0.4 * half)
        if enough and few <= 0.01 * half and "\n" in sample.decode(encoding, errors="ignore"):
            return encoding
    return None


def _is_utf8(sample: bytes) -> bool:
    text = codecs.getincrementaldecoder("utf-8")(errors="replace").decode(sample, final=False)
    broken = text.count("\ufffd")
    return broken == 0 or broken <= BROKEN_SHARE * sum(1 for c in text if ord(c) > 127)


def _around_first_beyond_ascii(data: bytes) -> bytes:
    for start in range(0, len(data), SAMPLE):
        if not data[start : start + SAMPLE].isascii():
            # Begin at a line: a cut in the middle of a character would look like a broken one.
            line = data.rfind(b"\n", 0, start) + 1
            return data[line if start - line < SAMPLE else start : start + 2 * SAMPLE]
    return b""


def _control_share(sample: bytes) -> float:
    controls = sum(sample.count(code) for code in (*range(1, 9), *range(14, 27), *range(28, 32), 127))
    return (controls + max(0, sample.count(0) - STRAY_NULS)) / max(len(sample), 1)


def _likeness(sample: bytes, encoding: str) -> float:
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(sample, final=False)
    beyond = [c for c in text if ord(c) > 127]
    if not beyond:
        return 0.0
    if encoding == "gb18030":
        # Level 1 of GB 2312, the 3,755 commonest characters, is what Chinese text consists of.
        common = sum(
            1 for c in beyond if _is_common_han(c) or "А" <= c <= "ё" or c in "，。、；：？！（）“”«»《》·—…￥"
        )
        return common / len(beyond)
    if encoding == "cp1252":
        words = sum(sum(1 for c in w if ord(c) > 127) for w in _ACCENTED_WORD.findall(text))
        return 0.9 * words / len(beyond)
    letters = sum(len(w) for w in _CYRILLIC_WORD.findall(text))
    typographic = sum(1 for c in beyond if c in "«»№—–…“”„’\u00a0°")
    return (letters + 0.5 * typographic) / len(beyond)


def _is_common_han(character: str) -> bool:
    if not "\u4e00" <= character <= "\u9fff":
        return False
    code = character.encode("gb18030")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1
