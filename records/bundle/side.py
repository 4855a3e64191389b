"""Reading and checking beside each other: a large import uses every processor."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path

from django.utils.translation import gettext as _

from clinik.fhir import FhirError
from clinik.imports import ImportReport
from records.bundle.files import Block, blocks_of, size_of
from records.bundle.index import Packed, pack
from records.bundle.reading import read_chunks

# Below this starting processes costs more than it saves.
WORTH_BYTES = 8 * 1024 * 1024
# Each holds a file or some thousand lines in memory.
MOST_PROCESSES = 4

Found = list[Packed] | FhirError


def read_all(files: Sequence[Path], *, strict: bool) -> Iterator[tuple[int, Found]]:
    """(number of the file, its chunks or why it is refused), a block at a time, in order.

    With `strict` anything that reading has to remark is a reason to refuse.
    """
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if processes < 2 or sum(map(size_of, files)) < WORTH_BYTES:
        for number, block in _blocks(files):
            yield number, block if isinstance(block, FhirError) else _read(block, strict)
        return
    # Forked: the others only read, check and map, and never touch the database.
    context = multiprocessing.get_context("fork")
    # And they step back behind whoever serves pages.
    with ProcessPoolExecutor(processes, context, initializer=os.nice, initargs=(10,)) as others:
        yield from _in_order(files, others, strict, most=2 * processes)


def _in_order(
    files: Sequence[Path], others: Executor, strict: bool, *, most: int
) -> Iterator[tuple[int, Found]]:
    """At most `most` blocks are under way, so that the memory has an end."""
    under_way: deque[tuple[int, Future[Found] | FhirError]] = deque()
    for number, block in _blocks(files):
        if isinstance(block, FhirError):
            under_way.append((number, block))
        else:
            under_way.append((number, others.submit(_read, block, strict)))
        if len(under_way) >= most:
            yield _result(*under_way.popleft())
    while under_way:
        yield _result(*under_way.popleft())


def _result(number: int, found: "Future[Found] | FhirError") -> tuple[int, Found]:
    return number, found if isinstance(found, FhirError) else found.result()


def _blocks(files: Sequence[Path]) -> Iterator[tuple[int, Block | FhirError]]:
    for number, path in enumerate(files):
        try:
            for block in blocks_of(path):
                yield number, block
        except FhirError as error:
            yield number, error


def _read(block: Block, strict: bool) -> Found:
    """Errors are handed over, not raised: they are answers too."""
    try:
        found = []
        for chunk in read_chunks(block):
            if strict:
                refuse_remarks(chunk.remarks)
            found.append(pack(chunk))
    except FhirError as error:
        return error
    return found


def refuse_remarks(report: ImportReport) -> None:
    """Raises FhirError for the first remark."""
    for remark in report.warnings:
        raise FhirError(remark.place, _("%(reason)s (strict)") % {"reason": remark.reason})
