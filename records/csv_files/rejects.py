"""Rejected rows as a file that can be mended and imported again, with the same command and map."""

import csv
import filecmp
import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from records.csv_files.dialect import BadFile, Dialect
from records.csv_files.maps import REJECTED_LINE, REJECTED_REASON, REJECTED_ROW, Layout
from records.csv_files.rows import CsvRow


class Rejects:
    """Writes beside its final name until `finish()`, so that a file there is a whole one.

    Each row stands there as it was sent, behind three columns of ours: its line, what is wrong, and
    which row it is: a digest of its cells, the same in every file that has it.
    Without a name of its own the file stands beside the input, and never replaces another.
    """

    def __init__(self, wanted: Path | None, input: Path, layout: Layout, dialect: Dialect) -> None:
        if wanted is not None and wanted.exists():
            reason = _("%(path)s is there already: name another file, or move it away")
            raise BadFile(reason % {"path": wanted})
        self._wanted = wanted
        self._input = input
        self._layout = layout
        self._dialect = dialect
        self._part = (wanted or self._beside(1)).with_name(f".{input.name}.rejected.part")
        self._file: Any = None
        self._writer: Any = None
        self._equal: Counter[str] = Counter()

    def add(self, row: CsvRow) -> None:
        if self._writer is None:
            self._open()
        reasons = " | ".join(map(str, row.problems))
        own = self._without(row.line.cells)
        ours = [str(row.line.number), self._encodable(reasons), row.rejected or self._which(own)]
        self._writer.writerow([*ours, *own])

    def finish(self) -> Path | None:
        """The file's name; None where no row was rejected."""
        if self._file is None:
            return None
        self._file.close()
        number = 1
        final = self._wanted or self._beside(number)
        while final.exists():
            if filecmp.cmp(final, self._part, shallow=False):
                # The same rows of the same file as in an earlier run.
                self._part.unlink()
                return final
            number += 1
            final = self._beside(number)
        self._part.replace(final)
        return final

    def drop(self) -> None:
        """The run came to no end: what was written so far is of no use."""
        if self._file is not None:
            self._file.close()
            with suppress(OSError):
                self._part.unlink()

    def _open(self) -> None:
        try:
            self._file = self._part.open("w", encoding=self._dialect.encoding, newline="")
        except OSError as error:
            reason = _("%(path)s cannot be written (%(reason)s): name a place with --rejected")
            raise BadFile(reason % {"path": self._part, "reason": error.strerror}) from error
        self._writer = csv.writer(self._file, delimiter=self._dialect.delimiter)
        ours = [REJECTED_LINE, REJECTED_REASON, REJECTED_ROW]
        self._writer.writerow([*ours, *self._without(self._layout.header)])

    def _which(self, cells: Sequence[str]) -> str:
        digest = hashlib.sha256("\0".join(cells).encode()).hexdigest()[:16]
        self._equal[digest] += 1
        return f"{digest}-{self._equal[digest]}"

    def _without(self, cells: Sequence[str]) -> list[str]:
        """What was rejected a second time has the three columns already."""
        return [cell for place, cell in enumerate(cells) if place not in self._layout.added]

    def _encodable(self, text: str) -> str:
        """Reasons may hold characters that the file's own encoding has not."""
        encoding = self._dialect.encoding
        return text.encode(encoding, "replace").decode(encoding)

    def _beside(self, number: int) -> Path:
        mark = ".rejected" if number == 1 else f".rejected-{number}"
        return self._input.with_name(f"{self._input.stem}{mark}{self._input.suffix or '.csv'}")
