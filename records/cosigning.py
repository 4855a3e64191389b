"""A second signature: named by the author, given over the digest that the first one bound."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.transitions import TransitionError, lock
from encounters.models import Practitioner
from records.models import Note, NoteSignature
from records.notes import bound_detail, check_cosigner, signer_of
from records.recording import is_author, practitioner_of, require, save_by


def may_cosign(note: Note, practitioner: Practitioner | None) -> bool:
    """Whether this practitioner was asked for a signature and the note can take it.

    Does not ask whether it was given already; reads nothing from the database.
    """
    asked = practitioner is not None and note.cosigner_id == practitioner.pk
    return asked and note.is_signed and not note.is_in_error


def cosigned(note: Note) -> bool:
    """Whether the practitioner that the note names has signed it too."""
    return note.signatures.filter(practitioner=note.cosigner_id).exists()


def name_cosigner(
    note: Note, *, by: Any, cosigner: Practitioner | None, version: int | None = None
) -> Note:
    """Ask another practitioner, or nobody, for the second signature of one's signed note.

    Possible until that signature is given. Raises PermissionDenied for anybody but the author,
    ValidationError keyed by `cosigner`, TransitionError, StaleVersion.
    """
    require(by, "records.change_note")
    with transaction.atomic():
        row = lock(note, version=version)
        if not is_author(row, by):
            raise PermissionDenied
        _require_signed(row)
        check_cosigner(cosigner, author=row.author)
        if row.cosigner_id == (cosigner.pk if cosigner else None):
            return row
        if row.cosigner_id is not None and cosigned(row):
            raise TransitionError(_("The second signature is already given."), current=row.status)
        row.cosigner = cosigner
        save_by(row, by=by)
        audit.record("note.ask_cosignature", row, by=by, fields=["cosigner"])
    return row


def cosign_note(note: Note, *, by: Any, digest: str = "") -> Note:
    """Sign a note as the practitioner its author named; the note's own row stays untouched.

    `digest` is that of the words the person read, where the caller knows it. Signing twice signs
    once. Raises PermissionDenied for anybody else, ValidationError where the words are not those
    that were signed, TransitionError.
    """
    require(by, "records.change_note")
    with transaction.atomic():
        row = lock(note)
        signer = signer_of(by)
        if row.cosigner_id != signer.pk:
            raise PermissionDenied
        _require_signed(row)
        if row.signatures.filter(practitioner=signer).exists():
            return row
        if row.digest != row.content_digest() or (digest and digest != row.digest):
            raise ValidationError(
                _("These are not the words that were signed first. Do not sign; tell your admin.")
            )
        at = clock.now()
        NoteSignature(note=row, practitioner=signer, by=by, at=at, digest=row.digest).save()
        audit.record("note.cosign", row, by=by, detail=bound_detail(row.digest, signer))
    return row


def waiting_for(note: Note, user: Any) -> bool:
    """Whether this user is asked for a signature on this note and has not given it."""
    practitioner = practitioner_of(user)
    return may_cosign(note, practitioner) and not cosigned(note)


def _require_signed(note: Note) -> None:
    if note.is_in_error:
        raise TransitionError(_("This note was entered in error."), current=note.status)
    if not note.is_signed or not note.digest:
        raise TransitionError(_("This note is not signed here yet."), current=note.status)
