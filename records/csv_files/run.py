"""A run: the whole file is read and checked, then what is good is written in short transactions."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from clinik.fhir import FhirError
from clinik.models import ImportRun
from clinik.transitions import StaleVersion
from records.bundle.run import DryRun, Progress
from records.csv_files.checking import Checker
from records.csv_files.dialect import BadFile, Dialect, Line, examine, read_lines
from records.csv_files.log import COMMAND, Options, Outcome, RunLog
from records.csv_files.maps import Layout, bind
from records.csv_files.rejects import Rejects
from records.csv_files.rows import CsvRow, RowReader
from records.csv_files.writing import write_rows

# Rows of one transaction: SQLite lets nobody else write meanwhile.
BATCH = 1_000
# More bad rows than this, and something is wrong with the map.
MOST_BAD = 100_000
# Rows between two words about checking, which takes a third of the time.
_EVERY = 10_000
T = TypeVar("T")


class CsvImport:
    """Takes in one file. Raises ValueError for a source or a time zone that is none."""

    def __init__(self, options: Options, progress: Any = None) -> None:
        """`progress` is a records.bundle.run.Progress: it hears how far the run is."""
        if not 0 < len(options.source) <= 200:
            # An empty source would mean "made here" and bind the rows to the clinic's own rules.
            raise ValueError(_("the source needs a name of 1 to 200 characters"))
        self.options = options
        self.kind = options.kind
        self.conventions = options.conventions()
        self.outcome = Outcome()
        self.log = RunLog(options, self.outcome)
        self.progress = progress or Progress()
        self.dialect: Dialect | None = None

    def run(self) -> Outcome:
        try:
            self.dialect = self._examine()
            self._check(self.dialect)
            if self.outcome.good and (self.options.skip_invalid or not self.outcome.bad):
                if self.options.dry_run:
                    self._try(self.dialect)
                else:
                    self._write(self.dialect)
        except BadFile as error:
            self.outcome.refused = str(error)
            self.progress.refused(self.options.path)
        if not self.options.dry_run:
            self.log.close(self.dialect)
        return self.outcome

    def _examine(self) -> Dialect:
        options = self.options
        dialect = examine(
            options.path,
            encoding=options.encoding or options.map.encoding,
            delimiter=options.delimiter or options.map.delimiter,
        )
        if dialect.guessed:
            reason = _(
                "is no UTF-8 and was read as Windows-1252: look at the accents, or name its"
                " encoding with --encoding"
            )
            self._say(reason)
        return dialect

    def _begin(self, dialect: Dialect) -> tuple[Layout, RowReader, Checker, Iterator[Line]]:
        lines = read_lines(self.options.path, dialect)
        header = next(lines, None)
        if header is None:
            raise BadFile(_("the file holds nothing but blank lines"))
        layout = bind(header.cells, self.kind, self.options.map)
        reader = RowReader(layout, self.conventions)
        return layout, reader, Checker(layout, self.options.source), lines

    def _check(self, dialect: Dialect) -> None:
        """The first pass, which writes nothing but the file of rejected rows."""
        layout, reader, checker, lines = self._begin(dialect)
        options, outcome = self.options, self.outcome
        rejects = None
        if options.skip_invalid and not options.dry_run:
            rejects = Rejects(options.rejected, options.path, layout, dialect)
        try:
            for batch in _batches(lines, BATCH):
                rows = [reader.read(line) for line in batch]
                outcome.known += len(checker.check(rows))
                outcome.rows += len(rows)
                for row in rows:
                    self._judge(row, rejects)
                if len(rows) == BATCH and not outcome.rows % _EVERY:
                    self.progress.checked(options.path, _EVERY)
            self.progress.checked(options.path, outcome.rows % _EVERY)
            outcome.rejected = rejects.finish() if rejects else None
        except BaseException:
            if rejects:
                rejects.drop()
            raise
        if not outcome.rows:
            raise BadFile(_("there is a header, but no row below it"))
        self._remark_on(layout)

    def _judge(self, row: CsvRow, rejects: Rejects | None) -> None:
        if not row.problems:
            fields = row.mapped.fields if row.mapped else {}
            if fields.get("class_code") and not fields.get("class_system"):
                self._say(_("its class is none of ours, kept as it was sent"), row.line.number)
            return
        self.outcome.problems += row.problems
        self.outcome.bad_lines.add(row.line.number)
        if rejects:
            rejects.add(row)
        if self.outcome.bad > MOST_BAD:
            reason = _("more than %(most)s rows cannot be taken: is it the right kind and map?")
            raise BadFile(reason % {"most": MOST_BAD})

    def _remark_on(self, layout: Layout) -> None:
        given = layout.places.keys() | layout.map.constants.keys()
        named = {column.name for column in self.kind.columns}
        if "status" in named - given:
            self._say(_("there is no column status: each row's status is “unknown”"))
        if "code" in given and "code_system" in named - given:
            self._say(_("there is no column code_system: the codes are kept without their system"))
        if layout.kept:
            names = ", ".join(name for _place, name in layout.kept)
            reason = _("kept as sent with each row, but not read: %(names)s")
            self._say(reason % {"names": names})

    def _say(self, reason: str, line: int = 0) -> None:
        place = f"line {line}" if line else ""
        self.outcome.report.warn(self.options.path.name, place, reason)

    def _write(self, dialect: Dialect) -> None:
        """The second pass; what a run that was cut off has behind it is not written again."""
        run = self.log.open(dialect)
        done = self.log.done
        for rows, seen in self._good(dialect):
            if seen > done and rows and not self._write_batch(rows, run, seen):
                return
            self.progress.written(self.options.path, len(rows))

    def _try(self, dialect: Dialect) -> None:
        """What writing would do, a batch at a time, and each is taken back: only so is it known
        what staff have changed meanwhile."""
        run = ImportRun(command=COMMAND, source=self.options.source, by=self.options.by)
        for rows, _seen in self._good(dialect):
            if rows and not self._write_batch(rows, run, None):
                return
            self.progress.written(self.options.path, len(rows))

    def _good(self, dialect: Dialect) -> Iterator[tuple[list[CsvRow], int]]:
        """Batches of good rows, and how many rows have been seen. Every line is read again,
        so that ids and equal rows are counted as in the first pass."""
        self.progress.begin_writing(self.outcome.good)
        _layout, reader, checker, lines = self._begin(dialect)
        seen = 0
        for batch in _batches(lines, BATCH):
            rows = [reader.read(line) for line in batch]
            rows = [row for row in rows if row.line.number not in self.outcome.bad_lines]
            seen += len(batch)
            checker.check(rows)
            yield rows, seen

    def _write_batch(self, rows: list[CsvRow], run: ImportRun, seen: int | None) -> bool:
        """False where writing must stop, because somebody has changed something since the check.

        `seen` is the position that is written with them; None takes all of it back."""
        outcome, options = self.outcome, self.options
        if problems := [problem for row in rows for problem in row.problems]:
            outcome.problems += problems
            outcome.stopped = _("what a row names was changed while the file was read")
            return False
        try:
            with transaction.atomic():
                report = write_rows(
                    rows, self.kind, name=options.path.name, source=options.source, run=run
                )
                if seen is None:
                    outcome.report.add(report)
                    raise DryRun
                self.log.advance(seen, report)
        except DryRun:
            return True
        except FhirError as error:
            outcome.stopped = f"{error.place}: {error.reason}"
        except StaleVersion:
            outcome.stopped = _("somebody changed one of the rows at that moment")
        except DatabaseError as error:
            # Never the values, which name patients.
            reason = _("the database refused it (%(kind)s)")
            outcome.stopped = reason % {"kind": type(error).__name__}
        if outcome.stopped:
            said = {"first": rows[0].line.number, "last": rows[-1].line.number}
            outcome.stopped += _(" (lines %(first)s to %(last)s)") % said
            return False
        outcome.report.add(report)
        return True


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
