"""The section of a visit that shows its notes, with their additions and signatures."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encounters.models import Encounter
from records.models import Note, NoteSignature
from records.models.note import Relation
from records.sections import Row, Section, newest_of, rows_of


@dataclass(frozen=True)
class NotesSection(Section):
    """Notes, newest first; an addendum or amendment stands under the note it is about."""

    kind: ClassVar[str] = "note"
    title: ClassVar[Promise | str] = _("Notes")
    permission: ClassVar[str] = "records.add_note"
    template: ClassVar[str] = "records/_notes.html"
    anchor: ClassVar[str] = "section-notes"

    additions: dict[Any, tuple[Row, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, encounter: Encounter, user: Any) -> Self:
        signatures = NoteSignature.objects.select_related("practitioner")
        found = list(
            newest_of(Note.objects.all(), encounter, user)
            .select_related("author", "entered_by", "cosigner")
            .prefetch_related(Prefetch("signatures", signatures))
        )
        by_key = {note.pk: note for note in found}
        for note in found:
            if note.about_id in by_key:
                note.about = by_key[note.about_id]
        rows, wrong = rows_of(found, user)
        rows = tuple(replace(row, wants_me=_wants(row, user)) for row in rows)
        here = {row.pk for row in rows}
        under: dict[Any, tuple[Row, ...]] = {}
        main: list[Row] = []
        for row in rows:
            first = _first_of_thread(row.record, by_key, here)
            if first != row.pk:
                under[first] = (row, *under.get(first, ()))
            else:
                main.append(row)
        return cls(encounter, tuple(main), wrong, cls.may_add(encounter, user), additions=under)

    @property
    def amended(self) -> set[Any]:
        """The notes that have a signed amendment."""
        return {
            row.record.about_id
            for more in self.additions.values()
            for row in more
            if row.record.relation == Relation.AMENDMENT and row.record.is_signed
        }

    @property
    def threads(self) -> list[tuple[Row, tuple[Row, ...]]]:
        """Each shown note with its additions, oldest addition first."""
        return [(row, self.additions.get(row.pk, ())) for row in self.shown]


def _first_of_thread(note: Note, notes: dict[Any, Note], here: set[Any]) -> Any:
    """The key of the note that all of them are about. An import may bring an addition to an
    addition, and even notes that add to each other: then each stands by itself."""
    seen, first = {note.pk}, note
    while first.about_id in here:
        if first.about_id in seen:
            return note.pk
        first = notes[first.about_id]
        seen.add(first.pk)
    return first.pk


def _wants(row: Row, user: Any) -> bool:
    asked = row.record.cosigner
    mine = asked is not None and asked.user_id == user.pk
    return mine and row.record.is_signed and not row.is_cosigned
