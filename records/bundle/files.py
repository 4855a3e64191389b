"""The files of a run: found, opened (gzip or not), and cut into blocks that are read apart."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from clinik.fhir import FhirError
from clinik.fhir.wire import load_suspecting

_LINES = frozenset({".ndjson", ".jsonl"})
_SUFFIXES = _LINES | {".json", ".xml"}
_GZIP = b"\x1f\x8b"
# A line or a whole file beyond this is refused before it fills the memory.
MOST_BYTES = 512 * 1024 * 1024
# Lines of a stream that are read together, and written in one transaction: few enough that nobody
# waits long for the lock of SQLite.
MOST_LINES = 500


class BadArgument(Exception):
    """A path that is not there or cannot be read, or a source without a name."""


@dataclass
class Block:
    """A file that is one JSON value, or some lines of a stream, `first` being the number of the
    first. `values()` reads it."""

    path: Path
    first: int = 0
    lines: list[bytes] = field(default_factory=list)

    def values(self) -> Iterator[tuple[str, Any, bool]]:
        """Each JSON value with its place ("" for a file that is one, else "line 7"), and whether it
        may be oddly shaped (clinik.fhir.wire.load_suspecting).

        Raises FhirError, with the place, for what is no strict JSON.
        """
        if not self.first:
            with _reading(self.path) as file:
                yield "", *load_suspecting(_checked(file.read(MOST_BYTES)))
            return
        for number, line in enumerate(self.lines, self.first):
            if text := _checked(line).strip():
                place = _("line %(number)s") % {"number": number}
                try:
                    value, odd = load_suspecting(text)
                except FhirError as error:
                    raise FhirError(place, error.reason) from error
                yield place, value, odd


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named (and below), in a stable order."""
    found: dict[Path, None] = {}
    for path in paths:
        try:
            if path.is_dir():
                found.update(dict.fromkeys(_inside(path)))
            elif path.is_file():
                found[path] = None
            else:
                raise BadArgument(_("%(path)s is not there") % {"path": path})
        except OSError as error:
            # A folder that may not be looked into would otherwise count as an empty one.
            reason = _("%(path)s cannot be read: %(reason)s")
            said = {"path": error.filename or path, "reason": error.strerror}
            raise BadArgument(reason % said) from error
    return list(found)


def _inside(folder: Path) -> list[Path]:
    def stop(error: OSError) -> None:
        raise error

    paths = (Path(at, name) for at, _dirs, names in os.walk(folder, onerror=stop) for name in names)
    return sorted(path for path in paths if _kind(path) in _SUFFIXES and path.is_file())


def _kind(path: Path) -> str:
    """The suffix that says what is inside: of patients.ndjson.gz it is .ndjson."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def size_of(path: Path) -> int:
    """Bytes; 0 where the file is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def digest_of(path: Path) -> str:
    """SHA-256 of the file as it lies there; raises FhirError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FhirError("", _("the file cannot be read")) from error


def blocks_of(path: Path) -> Iterator[Block]:
    """The file in blocks; raises FhirError where it cannot be read, or is XML."""
    if _kind(path) == ".xml":
        raise FhirError("", _("XML is not read: export the resources as JSON"))
    with _reading(path) as file:
        first = file.readline(MOST_BYTES)
        more = [] if _kind(path) in _LINES or not _is_whole(first) else _next_line(file)
        if not more and _kind(path) not in _LINES:
            yield Block(path)
            return
        number, lines = 1, []
        for line in chain([first], more, iter(lambda: file.readline(MOST_BYTES), b"")):
            lines.append(line)
            if len(lines) == MOST_LINES:
                yield Block(path, number, lines)
                number, lines = number + len(lines), []
        if lines:
            yield Block(path, number, lines)


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """The file, unpacked where it is gzip; raises FhirError where it cannot be read."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            if packed:
                with gzip.open(file, "rb") as unpacked:
                    yield unpacked  # type: ignore[misc]
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FhirError("", _("the compressed file is damaged or cut off")) from error
    except OSError as error:
        raise FhirError("", _("the file cannot be read")) from error


def _checked(data: bytes) -> bytes:
    if len(data) >= MOST_BYTES:
        raise FhirError("", _("larger than can be read at once: split it, or send it as NDJSON"))
    return data


def _is_whole(line: bytes) -> bool:
    """Whether a first line is a whole object: then the file is NDJSON, or one line long."""
    text = line.strip().removeprefix(b"\xef\xbb\xbf")
    return text.startswith(b"{") and text.endswith(b"}") and line.endswith(b"\n")


def _next_line(file: BinaryIO) -> list[bytes]:
    """The lines up to the next one that is not blank; none where nothing follows."""
    skipped = []
    while line := file.readline(MOST_BYTES):
        skipped.append(line)
        if line.strip():
            return skipped
    return []
