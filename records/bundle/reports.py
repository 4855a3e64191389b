"""The same text sent as a document and in a report is one note."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from clinik import bulk
from clinik.ids import uuid7
from clinik.imports import UPDATED, Mapped
from clinik.models import ImportedResource
from records.bundle.keys import TEXT_OF_REPORT
from records.bundle.reading import Entry
from records.bundle.rows import REASON, change_row
from records.models import Note, Report

if TYPE_CHECKING:
    from records.bundle.writing import ChunkWriter

# Whose, of which visit, and which text.
Text = tuple[Any, Any, str]
Pairs = Sequence[tuple[Entry, Mapped]]


def join_documents(writer: "ChunkWriter", new: Pairs) -> list[tuple[Entry, Mapped]]:
    """New documents whose text a report has brought become that note, which then says what the
    document says; returns the others."""
    texts = _Texts(writer.source, [mapped for _entry, mapped in new])
    only_reports = {
        row_id
        for row_id, kinds in _kinds(writer.source, texts.found.values()).items()
        if kinds == {TEXT_OF_REPORT}
    }
    others = []
    for entry, mapped in new:
        row_id = texts.find(mapped)
        if row_id not in only_reports:
            others.append((entry, mapped))
            continue
        only_reports.remove(row_id)
        note = Note.objects.get(pk=row_id)
        writer.known.row_ids[entry.key] = note.pk
        key = ImportedResource.objects.filter(row_id=note.pk, source=writer.source).first()
        if key is not None and key.row_version == note.version:
            note = change_row(note, mapped, source=writer.source)
            ImportedResource.objects.filter(pk=key.pk).update(row_version=note.version)
        writer.keys.new(
            entry,
            row_model=Note._meta.label_lower,
            row_id=note.pk,
            row_version=note.version,
            patient_id=note.patient_id,
            raw=mapped.raw,
        )
        writer.report.count(entry.kind, UPDATED)
    return others


def write_texts(writer: "ChunkWriter", reports: Pairs) -> None:
    """Give each report the note that has its text; one is made where there is none."""
    with_text = [(entry, mapped, mapped.text) for entry, mapped in reports if mapped.text]
    for _entry, mapped in reports:
        mapped.fields["note_id"] = None
    if not with_text:
        return
    texts = _Texts(writer.source, [text for _entry, _mapped, text in with_text])
    own = _own_notes(writer.source, [entry for entry, _mapped, _text in with_text])
    made: list[dict[str, Any]] = []
    for entry, mapped, text in with_text:
        row_id = texts.find(text)
        if row_id is None and entry.id in own:
            row_id = _change_text(writer.source, own[entry.id], text)
        if row_id is None:
            row_id = text.fields.get("id") or uuid7()
            made.append({"source": writer.source, **text.fields, "id": row_id})
            texts.add(text, row_id)
            if entry.id not in own:
                writer.keys.new(
                    entry,
                    kind=TEXT_OF_REPORT,
                    row_model=Note._meta.label_lower,
                    row_id=row_id,
                    patient_id=text.fields["patient_id"],
                )
        mapped.fields["note_id"] = row_id
    bulk.insert(Note, made, reason=REASON)


def _change_text(source: str, key: ImportedResource, text: Mapped) -> uuid.UUID | None:
    """The note that this report brought says what the report says now; None where it is another's
    too or staff have changed it."""
    assert key.row_id is not None
    note = Note.objects.get(pk=key.row_id)
    shared = Report.objects.filter(note=note).count() > 1
    shared |= _kinds(source, [note.pk])[note.pk] != {TEXT_OF_REPORT}
    if shared or note.version != key.row_version:
        return None
    note = change_row(note, text, source=source)
    ImportedResource.objects.filter(pk=key.pk).update(row_version=note.version)
    return note.pk


class _Texts:
    """The notes of this source that are about the same patients and visits, found by their text."""

    def __init__(self, source: str, notes: Iterable[Mapped]) -> None:
        self.found: dict[Text, uuid.UUID] = {}
        visits: set[Any] = set()
        patients: set[Any] = set()
        for note in notes:
            fields = note.fields
            if fields["content"] and fields["encounter_id"] is not None:
                visits.add(fields["encounter_id"])
            elif fields["content"]:
                patients.add(fields["patient_id"])
        imported = Note.objects.filter(source=source).exclude(content="")
        for part in bulk.in_parts(visits):
            self._remember(imported.filter(encounter_id__in=part))
        for part in bulk.in_parts(patients):
            self._remember(imported.filter(patient_id__in=part, encounter=None))

    def _remember(self, notes: Any) -> None:
        rows = notes.order_by("id").values_list("patient_id", "encounter_id", "content", "id")
        for patient, encounter, content, row_id in rows:
            self.found.setdefault((patient, encounter, _digest(content)), row_id)

    def find(self, note: Mapped) -> uuid.UUID | None:
        return self.found.get(_text(note)) if note.fields["content"] else None

    def add(self, note: Mapped, row_id: uuid.UUID) -> None:
        self.found.setdefault(_text(note), row_id)


def _own_notes(source: str, entries: Iterable[Entry]) -> dict[str, ImportedResource]:
    """The keys of notes that these reports brought, by the report's id."""
    found: dict[str, ImportedResource] = {}
    for part in bulk.in_parts({entry.id for entry in entries}):
        keys = ImportedResource.objects.filter(
            source=source, resource_type=TEXT_OF_REPORT, resource_id__in=part
        )
        found |= {key.resource_id: key for key in keys}
    return found


def _kinds(source: str, row_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """The types under which rows are known."""
    found: dict[uuid.UUID, set[str]] = defaultdict(set)
    for part in bulk.in_parts(set(row_ids)):
        keys = ImportedResource.objects.filter(source=source, row_id__in=part)
        for row_id, kind in keys.values_list("row_id", "resource_type"):
            if row_id is not None:
                found[row_id].add(kind)
    return found


def _text(note: Mapped) -> Text:
    fields = note.fields
    return fields["patient_id"], fields["encounter_id"], _digest(fields["content"])


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
