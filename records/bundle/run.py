"""A run: every file is read and checked, then each is written, those that others need first."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.fhir import FhirError
from clinik.imports import FAILED, ImportReport
from clinik.models import ImportRun
from clinik.transitions import StaleVersion
from records.bundle.reading import Key, read_file
from records.bundle.targets import configured, outside
from records.bundle.writing import FileWriter

_SUFFIXES = frozenset({".json", ".xml"})


class BadArgument(Exception):
    """A path that is not there or cannot be read, or a source without a name."""


@dataclass(frozen=True)
class Checked:
    """What is kept of a file between the passes: what it brings, and needs from elsewhere."""

    path: Path
    brings: frozenset[Key]
    needs: frozenset[Key]


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
    return sorted(path for path in paths if path.suffix.lower() in _SUFFIXES and path.is_file())


class Importer:
    """Takes in files under one source name; `step` hears words for each file and pass."""

    def __init__(self, source: str) -> None:
        if not 0 < len(source) <= 200:
            # An empty source would mean "made here" and bind the rows to the clinic's own rules.
            raise BadArgument(_("the source needs a name of 1 to 200 characters"))
        self.source = source
        self.report = ImportReport()
        self._taken: set[Key] = set()

    def run(
        self, files: Sequence[Path], *, step: Callable[[str], None] = lambda words: None
    ) -> ImportReport:
        run = ImportRun.objects.create(
            source=self.source, started=clock.now(), files=[str(path) for path in files]
        )
        checked = []
        for path in files:
            file = self._check(path)
            step(_("checked %(path)s") % {"path": path.name})
            if file is not None:
                checked.append(file)
            else:
                step(_("refused %(path)s") % {"path": path.name})
        for file in in_order(checked):
            self._write(file, run)
            step(_("written %(path)s") % {"path": file.path.name})
        self._close(run)
        return self.report

    def _check(self, path: Path) -> Checked | None:
        try:
            file = read_file(path)
            keys, numbers = outside(file)
        except FhirError as error:
            self._refuse(path, error.place, error.reason)
            return None
        # Somebody named by number is awaited like one named by id.
        brings = {(kind, configured(kind, *rest)) for kind, *rest in file.by_identifier}
        return Checked(path, frozenset(file.by_key) | brings, frozenset(keys | numbers))

    def _write(self, checked: Checked, run: ImportRun) -> None:
        try:
            file = read_file(checked.path)
            writer = FileWriter(file, source=self.source, run=run, taken=self._taken)
            report = writer.write()
        except FhirError as error:
            self._refuse(checked.path, error.place, error.reason)
        except StaleVersion:
            self._refuse(checked.path, "", _("somebody changed one of its rows at that moment"))
        except DatabaseError as error:
            self._refuse(checked.path, "", _database_reason(error))
        else:
            self.report.add(report)
            self._taken |= file.by_key.keys()

    def _refuse(self, path: Path, place: str, reason: str) -> None:
        self.report.files_read += 1
        self.report.count("File", FAILED)
        self.report.fail(str(path), place, reason)

    def _close(self, run: ImportRun) -> None:
        run.finished = clock.now()
        run.counts = self.report.as_counts()
        run.failures = [vars(failure) for failure in self.report.failures]
        run.save()
        audit.record("import.run", run, by=None, detail=run.counts)


def in_order(files: Sequence[Checked]) -> list[Checked]:
    """As given, but a file waits for those that bring what it refers to; in a circle, as given."""
    brings: dict[Key, list[int]] = {}
    for number, file in enumerate(files):
        for key in file.brings:
            brings.setdefault(key, []).append(number)
    waits = {
        number: {brings[key][0] for key in file.needs if key in brings} - {number}
        for number, file in enumerate(files)
    }
    done: dict[int, None] = {}
    while waits:
        ready = [number for number, others in waits.items() if others <= done.keys()]
        for number in ready or list(waits)[:1]:
            done[number] = None
            del waits[number]
    return [files[number] for number in done]


def _database_reason(error: DatabaseError) -> str:
    """Which rule of the database was broken; never the values, which name patients."""
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if name is None and type(cause).__module__.startswith("sqlite3"):
        name = str(cause)
    return _("the database refused it (%(rule)s)") % {"rule": name or type(error).__name__}
