"""A CSV file as lines of cells: its encoding, its delimiter, and the numbers of its lines."""

import codecs
import csv
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
# A cell longer than this is a quotation mark that nobody closed.
_LONGEST_CELL = 1_000_000
_SNIFFED = 50


class BadFile(Exception):
    """The file as a whole cannot be read: why, where, and what to do."""


@dataclass(frozen=True)
class Line:
    """One row below the header; `number` is that of its first line in the file, from 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Dialect:
    """How a file is written. `guessed` where it is no UTF-8 and nobody named its encoding; `digest`
    is SHA-256 of the file as it lies there."""

    encoding: str
    delimiter: str
    guessed: bool
    digest: str
    size: int


def examine(path: Path, *, encoding: str = "", delimiter: str = "") -> Dialect:
    """The dialect of a file, what is not given being found out; raises BadFile."""
    try:
        digest, size, start = _measure(path)
    except OSError as error:
        raise BadFile(_("it cannot be read: %(reason)s") % {"reason": error.strerror}) from error
    _refuse_other_formats(start)
    found, guessed = (_known(encoding), False) if encoding else _encoding_of(path, start)
    if bad := _undecodable(path, found):
        raise BadFile(
            _("line %(line)s is no %(encoding)s text: name the file's encoding with --encoding")
            % {"line": bad, "encoding": found}
        )
    chosen = DELIMITERS.get(delimiter, delimiter) or _sniff(path, found)
    if len(chosen) != 1 or chosen in '"\r\n':
        names = ", ".join(DELIMITERS)
        raise BadFile(_("the delimiter is one character, or one of: %(names)s") % {"names": names})
    return Dialect(found, chosen, guessed, digest, size)


def read_lines(path: Path, dialect: Dialect) -> Iterator[Line]:
    """The header and every row that has a cell with something in it; raises BadFile."""
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding=dialect.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=dialect.delimiter, strict=True)
        while True:
            begins = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                raise BadFile(
                    _(
                        "the row that begins in line %(line)s cannot be read (%(reason)s):"
                        " is a quotation mark not closed, or not doubled?"
                    )
                    % {"line": begins, "reason": error}
                ) from error
            if any(cell.strip() for cell in cells):
                yield Line(begins, cells)


def _measure(path: Path) -> tuple[str, int, bytes]:
    digest, size, start = hashlib.sha256(), 0, b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            start = start or block[:4]
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size, start


def _refuse_other_formats(start: bytes) -> None:
    if not start:
        raise BadFile(_("the file is empty"))
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise BadFile(_("this is a spreadsheet, not CSV: save the sheet as “CSV UTF-8” first"))
    if start.startswith(b"\x1f\x8b"):
        raise BadFile(_("this file is compressed: unpack it first"))


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, TypeError) as error:
        raise BadFile(_("“%(name)s” is no encoding") % {"name": encoding[:40]}) from error
    return "utf-8-sig" if name == "utf-8" else name


def _encoding_of(path: Path, start: bytes) -> tuple[str, bool]:
    """UTF-8 where the whole file is; UTF-16 by its mark; else what Windows writes in the West."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", False
    if start.startswith(codecs.BOM_UTF8) or not _undecodable(path, "utf-8"):
        return "utf-8-sig", False
    return "cp1252", True


def _undecodable(path: Path, encoding: str) -> int:
    """The number of the first line that is no text of this encoding; 0 without one."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    with path.open("rb") as file:
        while block := file.read(1 << 16):
            try:
                lines += decoder.decode(block).count("\n")
            except UnicodeDecodeError as error:
                good = error.object[: error.start]
                return lines + 1 + (good.count(b"\n") if encoding != "utf-16" else 0)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return lines + 1
    return 0


def _sniff(path: Path, encoding: str) -> str:
    """The delimiter by which the first rows fall into the same number of cells as the header,
    and into most; a comma where none of them does (a file with one column)."""
    best, chosen = (0.0, 1), ","
    for delimiter in DELIMITERS.values():
        dialect = Dialect(encoding, delimiter, False, "", 0)
        counts = []
        try:
            for line in itertools.islice(read_lines(path, dialect), _SNIFFED):
                counts.append(len(line.cells))
        except BadFile:
            # What the first rows are is said by those before; the error is met again on reading.
            pass
        if not counts or counts[0] < 2:
            continue
        alike = sum(count == counts[0] for count in counts) / len(counts)
        if (alike, counts[0]) > best:
            best, chosen = (alike, counts[0]), delimiter
    return chosen
