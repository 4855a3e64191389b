"""The lines of an export as NDJSON, as one Bundle, and as files that are there only when whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from records.exporting.scope import NothingThere
from records.exporting.stream import Export

# Of a Bundle each entry has a full URL, to which its references ("Patient/1") are relative. A
# clinic has no such address; the domain says that nobody has it (RFC 2606).
BASE = "https://clinik.invalid/fhir"


# What `as_text` writes.
FORMATS = ("bundle", "ndjson")


def as_text(export: Export, how: str) -> Iterator[str]:
    return as_bundle(export) if how == "bundle" else as_lines(export)


def as_lines(export: Export) -> Iterator[str]:
    """NDJSON: a resource a line."""
    for _kind, text in export.lines():
        yield f"{text}\n"


def as_bundle(export: Export) -> Iterator[str]:
    """One Bundle of type collection, an entry a line."""
    yield '{"resourceType":"Bundle","type":"collection"'
    begin = ',"entry":[\n'
    for kind, text in export.lines():
        # The line begins {"resourceType":"...","id":"...".
        resource_id = text.split('"', 8)[7]
        yield f'{begin}{{"fullUrl":"{BASE}/{kind}/{resource_id}","resource":{text}}}'
        begin = ",\n"
    yield "}\n" if begin.startswith(',"') else "\n]}\n"


def write_file(parts: Iterator[str], path: Path) -> None:
    """Under another name until it is whole; what was there is replaced."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(parts)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_folder(lines: Iterator[str], folder: Path) -> None:
    """NDJSON, a file a resource type, in a folder that is there when all are whole.

    Raises NothingThere where the folder holds something already: files of an earlier export would
    be taken for this one's.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NothingThere(_("%(path)s is there already and not empty") % {"path": folder})
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with ExitStack() as stack:
            files: dict[str, TextIO] = {}
            for line in lines:
                kind = line.split('"', 4)[3]
                if kind not in files:
                    path = unfinished / f"{kind}.ndjson"
                    files[kind] = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
                files[kind].write(line)
        # mkdtemp's are the owner's alone; what is exported stays so.
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
