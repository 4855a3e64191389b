"""A run: every file is read and checked, then each is written, those that others need first."""

import gc
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.fhir import FhirError
from clinik.imports import FAILED, ImportReport
from clinik.models import ImportedResource, ImportFile, ImportRun
from clinik.transitions import StaleVersion
from records.bundle.files import BadArgument, digest_of, size_of
from records.bundle.index import RunIndex
from records.bundle.reading import Chunk
from records.bundle.side import read_all, refuse_remarks
from records.bundle.targets import Key
from records.bundle.writing import ChunkWriter

COMMAND = "import_fhir"
_WAITING, _WRITTEN, _REFUSED = ImportFile.State.values
# Given to resources that a dry run does not write.
_DRY = uuid.UUID("6b1f4f0e-9f0c-5f7a-8f3e-2d1c5a7b9e11")


class Progress:
    """Hears how far a run is; the command shows it."""

    def checked(self, path: Path, resources: int) -> None: ...

    def refused(self, path: Path) -> None: ...

    def begin_writing(self, resources: int) -> None: ...

    def written(self, path: Path, resources: int) -> None: ...


class DryRun(Exception):
    """Raised to roll back what a dry run has tried."""


class Importer:
    """Takes in files under one source name.

    `strict` refuses a file that has anything to remark; `dry_run` writes nothing but says what
    would come of it. `by` is the login that asked for it.
    """

    def __init__(
        self,
        source: str,
        *,
        by: Any = None,
        strict: bool = False,
        dry_run: bool = False,
        progress: Any = None,
    ) -> None:
        if not 0 < len(source) <= 200:
            # An empty source would mean "made here" and bind the rows to the clinic's own rules.
            raise BadArgument(_("the source needs a name of 1 to 200 characters"))
        self.source = source
        self.by = by
        self.strict = strict
        self.dry_run = dry_run
        self.progress = progress or Progress()
        self.report = ImportReport()
        self._taken: set[Key] = set()

    def run(self, files: Sequence[Path]) -> ImportReport:
        """Check all, then write; what an earlier run of the same files wrote before it was cut off
        is not written again."""
        self._index = RunIndex()
        # What is read makes millions of small objects and no circles of them.
        thresholds = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(200_000, 50, 100)
        try:
            digests = self._check_all(files)
            run = self._begin(files, digests)
            self._refuse_incomplete(files)
            order = self._index.order(
                number for number, part in self._parts.items() if part.state == _WAITING
            )
            self._repeated = self._index.repeated()
            self._take_stock()
            self.progress.begin_writing(sum(self._index.sizes[number] for number in order))
            self._write_all(files, order, run)
            self._close(run)
        finally:
            gc.set_threshold(*thresholds)
            gc.unfreeze()
            self._index.close()
        return self.report

    # -- reading --------------------------------------------------------------------------------

    def _check_all(self, files: Sequence[Path]) -> list[tuple[str, FhirError | None]]:
        """The digest of each file, and why it is refused."""
        errors: dict[int, FhirError] = {}
        for number, found in read_all(files, strict=self.strict):
            if number in errors:
                continue
            try:
                if isinstance(found, FhirError):
                    raise found
                for packed in found:
                    self._index.add(number, packed)
                    self.progress.checked(files[number], len(packed.keys))
            except FhirError as error:
                errors[number] = error
                self._index.drop(number)
                self.progress.refused(files[number])
        return [(_digest(path), errors.get(number)) for number, path in enumerate(files)]

    def _begin(
        self, files: Sequence[Path], digests: Sequence[tuple[str, FhirError | None]]
    ) -> ImportRun:
        """The run, with a row for each file; one that was cut off is gone on with."""
        names = [str(path)[-1000:] for path in files]
        known = [(name, digest) for name, (digest, _e) in zip(names, digests, strict=True)]
        run = None if self.dry_run else self._cut_off(known)
        if run is None:
            run = ImportRun(
                command=COMMAND,
                source=self.source,
                started=clock.now(),
                by=self.by,
                files=names[:1000],
                options={"strict": self.strict},
            )
            parts = [
                ImportFile(number=n, name=name, digest=digest, size=size_of(files[n]))
                for n, (name, digest) in enumerate(known)
            ]
            if not self.dry_run:
                with transaction.atomic():
                    run.save()
                    for part in parts:
                        part.run = run
                    ImportFile.objects.bulk_create(parts, batch_size=500)
            self._parts = dict(enumerate(parts))
        else:
            self._parts = {part.number: part for part in run.parts.all()}
        for number, (_digest, error) in enumerate(digests):
            if error is not None:
                self._refuse(number, files[number], error.place, error.reason)
        return run

    def _cut_off(self, known: list[tuple[str, str]]) -> ImportRun | None:
        """The last run of this source, where it did not end and was of the same files."""
        last = ImportRun.objects.filter(command=COMMAND, source=self.source).order_by("-id").first()
        if last is None or last.finished is not None or last.options != {"strict": self.strict}:
            return None
        parts = list(last.parts.values_list("name", "digest"))
        return last if parts == known else None

    def _refuse_incomplete(self, files: Sequence[Path]) -> None:
        """Files that name a patient whom nobody brings, or two patients for one visit; then those
        that relied on them."""
        for number, place in self._index.contradictions():
            reason = _("names another patient than its visit does")
            self._drop(number, files[number], place, reason)
        while True:
            missing = list(self._index.missing_patients())
            known = self._known_patients({patient for _file, patient, _place in missing})
            refused = {number: place for number, patient, place in missing if patient not in known}
            for number, place in refused.items():
                reason = _("the patient it is about is neither in these files nor imported before")
                self._drop(number, files[number], f"{place}.patient", reason)
            if not refused:
                return

    def _known_patients(self, ids: set[str]) -> set[str]:
        found: set[str] = set()
        wanted = sorted(ids)
        for at in range(0, len(wanted), 500):
            found |= set(
                ImportedResource.objects.filter(
                    source=self.source,
                    resource_type="Patient",
                    resource_id__in=wanted[at : at + 500],
                ).values_list("resource_id", flat=True)
            )
        return found

    def _drop(self, number: int, path: Path, place: str, reason: str) -> None:
        self._index.drop(number)
        self.progress.refused(path)
        self._refuse(number, path, place, reason)

    # -- writing --------------------------------------------------------------------------------

    def _write_all(self, files: Sequence[Path], order: Sequence[int], run: ImportRun) -> None:
        """In order; a file whose patient a later one brings waits for the end."""
        again = [
            number for number in order if not self._write(files[number], number, run, last=False)
        ]
        for number in again:
            self._write(files[number], number, run, last=True)

    def _write(self, path: Path, number: int, run: ImportRun, *, last: bool) -> bool:
        """False where it is to be tried again at the end."""
        part = self._parts[number]
        try:
            if self.strict:
                for chunk in self._left(part):
                    self._try(chunk, run)
            for chunk in self._left(part):
                self._write_chunk(chunk, part, run)
                self.progress.written(path, len(chunk.entries))
            self._end(part)
        except FhirError as error:
            if not last and not part.done:
                return False
            self._refuse(number, path, error.place, error.reason)
        except StaleVersion:
            reason = _("somebody changed one of its rows at that moment: run it again")
            self._refuse(number, path, "", reason)
        except DatabaseError as error:
            self._refuse(number, path, "", _database_reason(error))
        else:
            self._taken |= {key for key in self._repeated if number in self._index.bringers(key)}
        return True

    def _left(self, part: ImportFile) -> Iterator[Chunk]:
        """The chunks that are not written yet."""
        skipped = 0
        for chunk in self._index.chunks(part.number):
            if skipped >= part.done:
                yield chunk
            skipped += len(chunk.entries)

    def _write_chunk(self, chunk: Chunk, part: ImportFile, run: ImportRun) -> None:
        if self.dry_run:
            self.report.add(self._try(chunk, run))
            return
        try:
            report = self._commit(chunk, part, run)
        except IntegrityError:
            # Another import wrote the same at that moment: look again, once.
            report = self._commit(self._fresh(chunk, part), part, run)
        self.report.add(report)

    def _commit(self, chunk: Chunk, part: ImportFile, run: ImportRun) -> ImportReport:
        done, stored = part.done, part.report
        writer = self._writer(chunk, run)
        writer.prepare()
        try:
            with transaction.atomic():
                report = writer.write()
                so_far = ImportReport.from_json(part.report)
                so_far.add(report)
                part.report = so_far.as_json()
                part.done += len(chunk.entries)
                part.save(update_fields=["report", "done"])
        except BaseException:
            part.done, part.report = done, stored
            raise
        return report

    def _fresh(self, chunk: Chunk, part: ImportFile) -> Chunk:
        """The chunk as it was read: a try that failed has filled in its rows."""
        return next(self._left(part))

    def _try(self, chunk: Chunk, run: ImportRun) -> ImportReport:
        """What writing it would do; nothing is kept."""
        report = ImportReport()
        writer = self._writer(chunk, run, trying=True)
        writer.prepare()
        try:
            with transaction.atomic():
                report = writer.write()
                raise DryRun
        except DryRun:
            pass
        if self.strict:
            refuse_remarks(report)
        return report

    def _writer(self, chunk: Chunk, run: ImportRun, *, trying: bool = False) -> ChunkWriter:
        return ChunkWriter(
            chunk,
            source=self.source,
            run=run,
            taken=self._taken,
            will_be=self._will_be if trying else lambda key: None,
        )

    def _will_be(self, key: Key) -> uuid.UUID | None:
        """A key for what another file of this run brings and nobody has written."""
        return uuid.uuid5(_DRY, "/".join(key)) if self._index.is_brought(key) else None

    def _end(self, part: ImportFile) -> None:
        part.state = _WRITTEN
        self.report.files_read += 1
        if not self.dry_run:
            part.save(update_fields=["state"])

    def _refuse(self, number: int, path: Path, place: str, reason: str) -> None:
        report = ImportReport(files_read=1)
        report.count("File", FAILED)
        report.fail(str(path), place, reason)
        part = self._parts[number]
        self.report.add(report)
        if part.state == _REFUSED:
            return
        so_far = ImportReport.from_json(part.report)
        so_far.add(report)
        part.state, part.report = _REFUSED, so_far.as_json()
        if not self.dry_run:
            part.save(update_fields=["state", "report"])

    def _take_stock(self) -> None:
        """What was written before the run was cut off counts, and came first."""
        for number, part in self._parts.items():
            if part.state == _WRITTEN or part.done:
                self.report.add(ImportReport.from_json(part.report))
                self.report.files_read += part.state == _WRITTEN
            if part.state == _WRITTEN:
                self._taken |= {k for k in self._repeated if number in self._index.bringers(k)}

    def _close(self, run: ImportRun) -> None:
        if self.dry_run:
            return
        run.finished = clock.now()
        run.counts = self.report.as_counts()
        run.failures = [vars(failure) for failure in self.report.failures[:1000]]
        with transaction.atomic():
            run.save()
            audit.record("import.run", run, by=self.by, detail=run.counts)


def _digest(path: Path) -> str:
    try:
        return digest_of(path)
    except FhirError:
        return ""


def _database_reason(error: DatabaseError) -> str:
    """Which rule of the database was broken; never the values, which name patients."""
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if name is None and type(cause).__module__.startswith("sqlite3"):
        name = str(cause)
    return _("the database refused it (%(rule)s)") % {"rule": name or type(error).__name__}
