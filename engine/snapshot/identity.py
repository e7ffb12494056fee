"""A snapshot's content → its id: SHA-256 over the original columns and what they were taken for.

The id does not depend on file names, encodings, delimiters, formats, the order of columns, or on how the rows were
spread over files. The order of the rows counts, since records are numbered by it.
"""

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import polars as pl
import pyarrow as pa

from engine.schema import ORIGINAL
from engine.snapshot.mapping import EntityMapping

VERSION = b"winnow snapshot 1"  # raise when the same files and mappings come to give other records
AS_THE_FILE_WAS = {"empty_row"}  # rejects that some formats cannot even express
_RETURN = re.compile(b"\r")


def snapshot_id(
    frames: dict[str, pl.DataFrame], rejects: pl.DataFrame, mappings: dict[str, list[EntityMapping]]
) -> str:
    """(frames, rejects, entity → mappings that made its frame) → 64 hex digits."""
    whole = hashlib.sha256(VERSION)
    for entity in sorted(frames):
        whole.update(b"\0" + entity.encode())
        # The fields follow from the originals and the mapping, so these two are enough.
        for mapping in sorted({msgspec.json.encode(m, order="sorted") for m in mappings.get(entity, ())}):
            whole.update(mapping)
        columns = sorted(c for c in frames[entity].columns if c.startswith(ORIGINAL) or c == "record_id")
        for name, value in zip(columns, _digests(frames[entity], columns), strict=True):
            whole.update(len(name.encode()).to_bytes(8, "little") + name.encode() + value)
    refused = rejects.filter(~pl.col("reason").is_in(list(AS_THE_FILE_WAS)))
    for column in ("reason", "content"):
        whole.update(column_digest(refused[column]))
    return whole.hexdigest()


def column_digest(column: pl.Series) -> bytes:
    """A String column → SHA-256 of its values; null and empty are one, and so are the two kinds of line ends.

    >>> column_digest(pl.Series(["a", None])) == column_digest(pl.concat([pl.Series(["a"]), pl.Series([""])]))
    True
    """
    array = column.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    assert isinstance(array, pa.LargeStringArray)
    _, offsets, data = array.buffers()
    digest = hashlib.sha256(len(array).to_bytes(8, "little"))
    if len(array):
        begin, end = array.offset * 8, (array.offset + len(array) + 1) * 8
        bounds = memoryview(offsets)[begin:end].cast("q")
        if bounds[0]:
            return column_digest(pl.Series(column.to_list(), dtype=pl.String))
        text = memoryview(data)[: bounds[-1]] if data is not None else memoryview(b"")
        if _RETURN.search(text):
            unified = column.str.replace_all("\r\n", "\n", literal=True)
            return column_digest(unified.str.replace_all("\r", "\n", literal=True))
        digest.update(bounds)
        digest.update(text)
    return digest.digest()


def _digests(frame: pl.DataFrame, columns: Sequence[str]) -> list[bytes]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: column_digest(frame[name]), columns))
