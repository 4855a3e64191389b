"""A visit opened for the wrong patient is moved to the right one; what stood there is kept."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit
from clinik.transitions import StaleVersion
from encounters import lifecycle
from encounters.models import Encounter, Patient
from encounters.models.encounter import ErrorAbout
from encounters.same_visit import columns_of, open_same
from records.models import Assessment, ClinicalRecord, Note, Observation, Prescription
from records.recording import insert, require, save_by

KINDS: tuple[type[ClinicalRecord], ...] = (Observation, Note, Prescription, Assessment)
# The rows under a record that are copied with it.
PARTS = {Observation: "components", Assessment: "findings"}


@dataclass(frozen=True)
class Copyable:
    """A record that may be taken along; `draft` where what arrives is a draft for its author."""

    record: ClinicalRecord
    kind: str
    draft: bool

    @property
    def pk(self) -> Any:
        return self.record.pk


def copyable(encounter: Encounter, user: Any) -> list[Copyable]:
    """What of the visit this user may take along, oldest first: one query a kind.

    Nothing signed moves: of a signed note, and of a prescription, the words are offered to their
    author as a draft.
    """
    found = []
    for model in KINDS:
        name = model._meta.model_name
        if not (user.has_perm("encounters.view_chart") and user.has_perm(f"records.add_{name}")):
            continue
        rows = model.objects.listed().filter(encounter=encounter)  # type: ignore[attr-defined]
        rows = rows.select_related("author")
        if model in PARTS:
            rows = rows.prefetch_related(PARTS[model])
        for row in rows.order_by("effective", "id"):
            draft = model is Prescription or (isinstance(row, Note) and row.is_signed)
            found.append(Copyable(row, str(model._meta.verbose_name), draft))
    return found


def move_to_patient(
    encounter: Encounter,
    *,
    by: Any,
    to: Patient,
    reason: str,
    id: uuid.UUID,
    copy: Collection[uuid.UUID] = (),
    version: int | None = None,
    confirmed_second: bool = False,
) -> Encounter:
    """Open the same visit at `to`, copy the chosen records, enter this one in error: all or none.

    Answers with the new visit, whose key is `id`; sent twice by the same person it moves once. Who
    may enter the visit in error may move it; copying asks for the permission to add that kind.
    Raises PermissionDenied, ValidationError, SecondOpen, TransitionError and StaleVersion.
    """
    with transaction.atomic():
        before = Encounter.objects.select_for_update(of=("self",)).get(pk=encounter.pk)
        made = Encounter.objects.filter(pk=id).first()
        if before.is_in_error and made is not None and made.patient_id == to.survivor.pk:
            return made
        if version is not None and before.version != version:
            raise StaleVersion(before)
        chosen = [row for row in copyable(before, by) if row.pk in copy]
        made = open_same(before, patient=to, by=by, id=id, confirmed_second=confirmed_second)
        _copy(chosen, made, by=by)
        lifecycle.enter_in_error(
            before, by=by, about=ErrorAbout.SOMEBODY_ELSE, reason=reason, version=before.version
        )
        # Each patient's trail names the act and the other visit, and no word of it.
        audit.record("encounter.move_to_patient", before, by=by, detail={"visit": str(made.pk)})
        audit.record("encounter.moved_here", made, by=by, detail={"visit": str(before.pk)})
    return made


def _copy(chosen: Iterable[Copyable], made: Encounter, *, by: Any) -> None:
    for one in chosen:
        record: Any = one.record
        require(by, f"records.add_{record._meta.model_name}")
        row: Any = type(record)(**{**columns_of(record), **_arrives(record, made, by=by)})
        insert(row, by=by)
        if type(record) in PARTS:
            _copy_parts(record, row, by=by)


def _arrives(record: ClinicalRecord, made: Encounter, *, by: Any) -> dict[str, Any]:
    """What is different of the copy: whose it is, that it is one, and that nobody signed it."""
    new: dict[str, Any] = {
        "id": uuid.uuid5(made.pk, str(record.pk)),
        "patient_id": made.patient_id,
        "encounter_id": made.pk,
        "copied_from_id": record.pk,
        "source": "",
    }
    if isinstance(record, Observation):
        return new | {
            "entered_by_id": by.pk,
            "seen_by_id": None,
            "seen_at": None,
            "seen_action": "",
        }
    if isinstance(record, Note):
        # The author's to read again and to sign; nobody else can write in it.
        return new | {
            "status": Note.Status.PRELIMINARY,
            "digest": "",
            "signed_at": None,
            "cosigner_id": None,
            "about_id": None,
            "relation": "",
        }
    if isinstance(record, Prescription):
        return new | {
            "entered_by_id": by.pk,
            "status": Prescription.Status.DRAFT,
            "override_reason": "",
            "renews_id": None,
        }
    return new | {"entered_by_id": by.pk, "previous_id": None}


def _copy_parts(record: Any, row: Any, *, by: Any) -> None:
    name = PARTS[type(record)]
    back = getattr(type(record), name).field.attname
    for part in getattr(record, name).all():
        copy = type(part)(**{**columns_of(part), back: row.pk, "source": ""})
        save_by(copy, by=by, force_insert=True)


def kind_words(one: Copyable) -> str:
    """ "note by Dr Example, arrives as a draft"."""
    words = one.kind
    if one.record.author is not None:
        words = _("%(kind)s by %(author)s") % {"kind": words, "author": one.record.author}
    return _("%(what)s, arrives as their draft") % {"what": words} if one.draft else words
