"""Paths of exports → `Table`s: files, folders and ZIP archives of CSV, XLSX, JSON and Parquet, several at once."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec
import polars as pl

from engine.errors import InputError, LimitExceeded, UnreadableFile
from engine.progress import Progress, silent
from engine.snapshot import crm_json, delimited, sheets
from engine.snapshot.table import Limits, Table, rejected

__all__ = ["Limits", "Table", "read_tables"]

CHUNK = 1 << 20
UNREADABLE = "unreadable"  # the format of a file that was found but is not a table
JUNK = ("__MACOSX", ".", "Thumbs.db", "desktop.ini", "~$")
PARQUET, XLS, ZIP = b"PAR1", b"\xd0\xcf\x11\xe0", (b"PK\x03\x04", b"PK\x05\x06")
BINARY = (PARQUET, XLS, *ZIP)
NO_TABLES = (
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"{\\rtf", "an RTF document"),
)


def read_tables(
    paths: Sequence[Path | str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> list[Table]:
    """Files, folders, archives → a `Table` for each table in them, in the order given, then by name.

    A file named itself must be readable: else UnreadableFile. One found in a folder or an archive that is not a table
    becomes a `Table` without columns whose rejects say so. Raises LimitExceeded, and InputError for a path not there.
    """
    limits = limits or Limits()
    tables: list[Table] = []
    sources = list(_files([Path(p) for p in paths], limits))
    for place, (path, name, found) in enumerate(sources):
        progress("read", place / len(sources))
        try:
            if path.is_symlink() and found:
                raise UnreadableFile(f"{name} is a symbolic link; links inside folders are not followed")
            read = _tables(name, _bytes(path, name, limits), encoding, delimiter, limits)
            # Whoever works on the columns next needs each in one piece; by now the bytes of the file are given back.
            tables += [msgspec.structs.replace(table, frame=table.frame.rechunk()) for table in read]
        except UnreadableFile as error:
            if not found:
                raise
            tables.append(_refused(name, error))
    progress("read", 1.0)
    if all(t.format == UNREADABLE for t in tables):
        why = f" ({tables[0].rejects['content'][0]})" if tables else ""
        raise UnreadableFile(f"no table was found there{why}: give CSV, XLSX, JSON or Parquet files, or a ZIP of them")
    return tables


def _files(paths: list[Path], limits: Limits) -> Iterator[tuple[Path, str, bool]]:
    """Paths → (file, the name shown, whether it was found in a folder rather than named)."""
    if not paths:
        raise InputError("no file was given: name at least one export file")
    count = 0
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if (p.is_symlink() or p.is_file()) and not _is_junk(p, path))
            files = [(p, p.relative_to(path).as_posix(), True) for p in inside]
        elif path.is_file():
            files = [(path, path.name, False)]
        elif path.exists():
            raise InputError(f"{path.name} is neither a file nor a folder")
        else:
            raise InputError(f"there is no file {str(path)!r}: check the name and the folder", path=str(path))
        count += len(files)
        if count > limits.files:
            raise LimitExceeded(f"more than {limits.files} files were given: load them in parts", limit=limits.files)
        yield from files


def _is_junk(path: Path, root: Path) -> bool:
    return any(part.startswith(JUNK) for part in path.relative_to(root).parts)


def _bytes(path: Path, name: str, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise LimitExceeded(
                f"{name} has {size >> 20} MB; at most {limits.file_bytes >> 20} MB are read: split it",
                limit=limits.file_bytes,
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be opened ({error.strerror}): check its permissions") from error


def _tables(
    name: str, data: bytes, encoding: str | None, delimiter: str | None, limits: Limits, *, nested: bool = False
) -> list[Table]:
    """One file's bytes → its tables. What it is, is told by its first bytes; the name does not count."""
    for magic, what in NO_TABLES:
        if data.startswith(magic):
            raise UnreadableFile(f"{name} is {what}, not a table: export it as CSV, XLSX, JSON or Parquet")
    if data.startswith(PARQUET):
        return [sheets.read_parquet(name, data, limits=limits)]
    if data.startswith(XLS):
        return sheets.read_workbook(name, data, limits=limits)
    if data.startswith(ZIP):
        if _is_workbook(name, data):
            return sheets.read_workbook(name, data, limits=limits)
        if nested:
            raise UnreadableFile(f"{name} is an archive inside an archive: unpack it first")
        return list(_archive(name, data, encoding, delimiter, limits))
    if not is_text(data):
        return crm_json.read(name, data, limits=limits)
    return [delimited.read(name, data, encoding=encoding, delimiter=delimiter, limits=limits)]


def is_text(data: bytes) -> bool:
    """The first bytes of a file → whether it is delimited text, if it is a table at all."""
    magics = [magic for magic, _ in NO_TABLES] + list(BINARY)
    return not data.startswith(tuple(magics)) and not _looks_like_json(data)


def _looks_like_json(data: bytes) -> bool:
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] in (b"{", b"[") and head[1:].lstrip()[:1] in (b'"', b"{", b"}", b"]", b"[")


def _is_workbook(name: str, data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise UnreadableFile(f"{name} is a damaged archive or workbook: download or export it again") from error
    return "xl/workbook.xml" in names or ("mimetype" in names and "content.xml" in names)


def _archive(name: str, data: bytes, encoding: str | None, delimiter: str | None, limits: Limits) -> Iterator[Table]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = sorted((e for e in archive.infolist() if not e.is_dir()), key=lambda e: e.filename)
        entries = [e for e in entries if not any(p.startswith(JUNK) for p in _safe_parts(e.filename))]
        if len(entries) > limits.files or sum(e.file_size for e in entries) > limits.unpacked_bytes:
            raise _too_big(name, limits)
        if any(e.flag_bits & 1 for e in entries):
            raise UnreadableFile(f"{name} is protected by a password: unpack it and load what is in it")
        if not entries:
            raise UnreadableFile(f"{name} is an empty archive: export it again")
        allowed = limits.unpacked_bytes
        for entry in entries:
            # Only the shown name is taken from the archive; nothing is ever written under it.
            shown = f"{name}/{'/'.join(_safe_parts(entry.filename))}"
            try:
                content = _unpacked(archive, entry, shown, allowed, limits)
                allowed -= len(content)
                yield from _tables(shown, content, encoding, delimiter, limits, nested=True)
            except UnreadableFile as error:
                yield _refused(shown, error)


def _safe_parts(filename: str) -> list[str]:
    parts = PurePosixPath(filename.replace("\\", "/")).parts
    return [p for p in parts if p not in ("/", "..", ".") and not p.endswith(":")] or ["file"]


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, shown: str, allowed: int, limits: Limits) -> bytes:
    content = bytearray()
    try:
        with archive.open(entry) as stream:
            while piece := stream.read(CHUNK):
                content += piece
                if len(content) > allowed:
                    raise _too_big(shown, limits)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise UnreadableFile(f"{shown} is damaged in its archive: pack it again") from error
    except Exception as error:
        if isinstance(error, LimitExceeded):
            raise
        raise UnreadableFile(f"{shown} is damaged in its archive: pack it again") from error
    return bytes(content)


def _too_big(name: str, limits: Limits) -> LimitExceeded:
    return LimitExceeded(
        f"{name} unpacks to more than {limits.unpacked_bytes >> 20} MB or {limits.files} files: load it in parts",
        limit=limits.unpacked_bytes,
    )


def _refused(name: str, error: UnreadableFile) -> Table:
    nothing = pl.Series("line", [], dtype=pl.UInt32)
    return Table(name, pl.DataFrame(), nothing, rejected(name, [(0, "unreadable_file", str(error))]), UNREADABLE)
