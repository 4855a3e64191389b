"""The files of a run: found, opened (gzip or not), and cut into JSON values."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from clinik.fhir import FhirError, load_json

_LINES = frozenset({".ndjson", ".jsonl"})
_SUFFIXES = _LINES | {".json", ".xml"}
_GZIP = b"\x1f\x8b"
# A line or a whole file beyond this is refused before it fills the memory.
MOST_BYTES = 512 * 1024 * 1024


class BadArgument(Exception):
    """A path that is not there or cannot be read, or a source without a name."""


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


def digest_of(path: Path) -> str:
    """SHA-256 of the file as it lies there; raises FhirError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FhirError("", _("the file cannot be read")) from error


def read_values(path: Path) -> Iterator[tuple[str, Any]]:
    """Each JSON value of the file with its place: "" for a file that is one, else "line 7".

    Raises FhirError, with the place, for what is no strict JSON, and where the file cannot be read.
    """
    try:
        with _open(path) as file:
            if _kind(path) == ".xml":
                raise FhirError("", _("XML is not read: export the resources as JSON"))
            first = file.readline(MOST_BYTES)
            if _kind(path) in _LINES:
                yield from _lines(first, file)
            elif _is_whole(first) and (more := _next_line(file)):
                yield from _lines(first, file, more)
            else:
                yield "", load_json(_checked(first + file.read(MOST_BYTES)))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FhirError("", _("the compressed file is damaged or cut off")) from error
    except OSError as error:
        raise FhirError("", _("the file cannot be read")) from error


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if packed:
            with gzip.open(file, "rb") as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            yield file


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


def _lines(first: bytes, file: BinaryIO, read: Iterable[bytes] = ()) -> Iterator[tuple[str, Any]]:
    rest = iter(lambda: file.readline(MOST_BYTES), b"")
    for number, line in enumerate(chain([first], read, rest), 1):
        if text := _checked(line).strip():
            place = _("line %(number)s") % {"number": number}
            try:
                value = load_json(text)
            except FhirError as error:
                raise FhirError(place, error.reason) from error
            yield place, value
