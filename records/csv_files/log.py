"""What an administrator asks for, what came of it, and the ImportRun that remembers both."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.imports import FAILED, ImportReport, Remark
from clinik.models import ImportFile, ImportRun
from records.csv_files.dialect import Dialect
from records.csv_files.kinds import Kind
from records.csv_files.maps import FileMap
from records.csv_files.rows import Problem
from records.csv_files.values import Conventions, zone_of

COMMAND = "import_csv"
# Of the reasons so many stand in the run's row; all of them in the report.
_MOST_KEPT = 1_000


@dataclass(frozen=True)
class Options:
    """What is empty comes from the map or is found out.

    Without `skip_invalid` one bad row keeps the whole file out. `rejected` is where rejected rows
    go. `by` is the user on whose behalf the command runs.
    """

    kind: Kind
    path: Path
    source: str = "csv"
    map: FileMap = field(default_factory=FileMap)
    encoding: str = ""
    delimiter: str = ""
    date_formats: tuple[str, ...] = ()
    time_zone: str = ""
    skip_invalid: bool = False
    rejected: Path | None = None
    dry_run: bool = False
    by: Any = None

    def conventions(self) -> Conventions:
        """Raises ValueError for a time zone that is none."""
        return Conventions(
            zone=zone_of(self.time_zone or self.map.time_zone),
            formats=self.date_formats or self.map.date_formats,
            decimal=self.map.decimal,
        )


@dataclass
class Outcome:
    """What came of a run: rows below the header, bad ones among them, and `known`, good ones that
    were imported before. `refused` is why the file as a whole was not taken, `stopped` why writing
    ended early."""

    report: ImportReport = field(default_factory=ImportReport)
    rows: int = 0
    bad_lines: set[int] = field(default_factory=set)
    known: int = 0
    problems: list[Problem] = field(default_factory=list)
    rejected: Path | None = None
    refused: str = ""
    stopped: str = ""

    @property
    def bad(self) -> int:
        return len(self.bad_lines)

    @property
    def good(self) -> int:
        return self.rows - self.bad

    def failures(self, path: Path, most: int | None = None) -> list[Remark]:
        """What was refused and why: the file, and each bad cell, of these the first `most`."""
        file = str(path)
        said = [Remark(file, "", why) for why in (self.refused, self.stopped) if why]
        for one in self.problems[:most]:
            place = f"line {one.line}, {one.column}" if one.column else f"line {one.line}"
            said.append(Remark(file, place, one.reason))
        if most is not None and len(self.problems) > most:
            more = len(self.problems) - most
            said.append(Remark(file, "", _("… and %(number)s more") % {"number": more}))
        return said

    @property
    def exit_code(self) -> int:
        return 1 if self.bad or self.refused or self.stopped else 0


class RunLog:
    """The ImportRun of one import and how far it has come."""

    def __init__(self, options: Options, outcome: Outcome) -> None:
        self.options = options
        self.outcome = outcome
        self.started = clock.now()
        self.part: ImportFile | None = None

    def open(self, dialect: Dialect) -> ImportRun:
        """A new run, or the one of the same file that was cut off: its counts are taken over, and
        `done` says how many rows it has behind it."""
        self.part = self._unfinished(dialect)
        if self.part is None:
            self.part = self._file(self._new(), ImportFile.State.WAITING, dialect)
        self.outcome.report.add(ImportReport.from_json(self.part.report))
        return self.part.run

    @property
    def done(self) -> int:
        return self.part.done if self.part else 0

    def advance(self, done: int, report: ImportReport) -> None:
        """A batch is written; called in its transaction."""
        part = self.part
        assert part is not None
        so_far = ImportReport.from_json(part.report)
        so_far.add(report)
        part.report, part.done = so_far.as_json(), done
        part.save()

    def close(self, dialect: Dialect | None) -> None:
        """A run that was stopped stays open, so that the next one goes on in it."""
        outcome, report = self.outcome, self.outcome.report
        if self.part is None:
            self.part = self._file(self._new(), ImportFile.State.REFUSED, dialect)
        part, run = self.part, self.part.run
        report.files_read = 1
        if outcome.bad:
            report.count(self.options.kind.resource, FAILED, outcome.bad)
        run.failures = [vars(one) for one in outcome.failures(self.options.path, _MOST_KEPT)]
        run.counts = report.as_counts()
        with transaction.atomic():
            if not outcome.stopped:
                run.finished = clock.now()
                if part.state == ImportFile.State.WAITING:
                    part.state = ImportFile.State.WRITTEN
                part.report = report.as_json()
                part.save()
            run.save()
            audit.record("import.run", run, by=self.options.by, detail=run.counts)

    def _new(self) -> ImportRun:
        options = self.options
        return ImportRun.objects.create(
            command=COMMAND,
            source=options.source,
            started=self.started,
            by=options.by,
            files=[str(options.path)],
            options=self._asked(),
        )

    def _file(self, run: ImportRun, state: str, dialect: Dialect | None) -> ImportFile:
        return ImportFile.objects.create(
            run=run,
            number=0,
            name=str(self.options.path)[-1000:],
            digest=dialect.digest if dialect else "",
            size=dialect.size if dialect else 0,
            state=state,
        )

    def _unfinished(self, dialect: Dialect) -> ImportFile | None:
        asked = self._asked()
        waiting = ImportFile.objects.filter(
            run__command=COMMAND,
            run__source=self.options.source,
            run__finished=None,
            digest=dialect.digest,
            state=ImportFile.State.WAITING,
        ).select_related("run")
        return next((part for part in waiting.order_by("-pk") if part.run.options == asked), None)

    def _asked(self) -> dict[str, Any]:
        """What must be the same for a run that was cut off to go on; also which rows were bad, or
        those that have become good since would be passed over."""
        options, conventions = self.options, self.options.conventions()
        return {
            "kind": options.kind.name,
            "skip_invalid": options.skip_invalid,
            "time_zone": str(conventions.zone),
            "date_formats": list(conventions.formats),
            "map": _digest(options.map) if options.map != FileMap() else "",
            "rejected": _digest(sorted(self.outcome.bad_lines)) if self.outcome.bad else "",
        }


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
