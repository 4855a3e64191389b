"""The verbs of a note: write a draft, sign it, add to it. After signing there is no way to write.

A draft (`preliminary`) is written by its author only; signing binds the words by a digest.
"""

import datetime as dt
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.models import Draft
from clinik.transitions import TransitionError, lock, move
from encounters.models import Encounter, Practitioner
from records.models import Note, NoteSignature
from records.models.note import Format, Relation, Status, Type
from records.recording import (
    cut,
    fill,
    insert,
    is_author,
    open_for_records,
    practitioner_of,
    require,
    save_by,
)

TITLE_LIMIT = 500
CONTENT_LIMIT = 100_000
# What a person writes of a note.
WRITTEN = ("type", "title", "content", "content_type")

# Draft.form of the three forms that write notes; the target is the visit's or the note's id.
DRAFT_NEW, DRAFT_EDIT, DRAFT_ADDENDUM = "note-new", "note-edit", "note-addendum"


def words_in(text: str) -> int:
    """How many words a text has, as the signing question counts them."""
    return len(text.split())


def add_note(
    encounter: Encounter,
    *,
    by: Any,
    content: str,
    id: uuid.UUID | None = None,
    type: str = Type.PROGRESS,
    title: str = "",
    content_type: str = Format.PLAIN,
    effective: dt.datetime | None = None,
) -> Note:
    """Save a new note as a draft; the typing kept for this form is removed with it."""
    require(by, "records.add_note")
    row = _written(
        Note(type=type), type=type, title=title, content=content, content_type=content_type
    )
    with transaction.atomic():
        fresh = open_for_records(encounter)
        fill(row, fresh, by=by, id=id, effective=effective)
        insert(row, by=by)
        _forget_typing(by, DRAFT_NEW, encounter.pk)
    return row


def change_note(
    note: Note,
    *,
    by: Any,
    version: int | None,
    content: str,
    type: str,
    title: str = "",
    content_type: str = "",
) -> Note:
    """Write on at one's own draft; without a `content_type` it is read as before.

    Raises TransitionError once it is signed or in error.
    """
    require(by, "records.change_note")
    with transaction.atomic():
        row = lock(note, version=version)
        _require_writable(row, by)
        before = {name: getattr(row, name) for name in WRITTEN}
        _written(
            row,
            type=type,
            title=title,
            content=content,
            content_type=content_type or row.content_type,
        )
        changed = [name for name, value in before.items() if getattr(row, name) != value]
        if changed:
            save_by(row, by=by)
            audit.record("note.change", row, by=by, fields=changed)
        _forget_typing(by, DRAFT_EDIT, note.pk)
    return row


def sign_note(
    note: Note, *, by: Any, version: int | None = None, cosigner: Practitioner | None = None
) -> Note:
    """Sign one's own draft: bind its words by a digest and close every way to write it.

    `cosigner` is asked for a second signature over the same digest (records/cosigning.py).
    Signing twice by the same person answers with the signed note. Raises PermissionDenied for
    anybody but the author, ValidationError for an empty note or a login without a practitioner,
    TransitionError and StaleVersion.
    """
    require(by, "records.change_note")
    with transaction.atomic():
        row = lock(note)
        if row.status == Status.FINAL and is_author(row, by):
            return row
        _require_writable(row, by)
        signer = signer_of(by)
        check_cosigner(cosigner, author=signer)
        if not row.content.strip():
            raise ValidationError({"content": _("There is nothing to sign: the note is empty.")})
        at = clock.now()
        digest = row.content_digest()
        signed = move(
            row,
            to=Status.FINAL,
            by=by,
            act="note.sign",
            allowed=[Status.PRELIMINARY],
            version=version,
            changes={
                "digest": digest,
                "signed_at": at,
                "author": signer,
                "cosigner": cosigner,
            },
            detail=bound_detail(digest, signer),
        )
        NoteSignature(note=signed, practitioner=signer, by=by, at=at, digest=digest).save()
        _forget_typing(by, DRAFT_EDIT, note.pk)
    return signed


def add_addendum(
    note: Note,
    *,
    by: Any,
    content: str,
    id: uuid.UUID | None = None,
    relation: str = Relation.ADDENDUM,
    title: str = "",
    content_type: str = Format.PLAIN,
) -> Note:
    """A new draft that adds to (or amends) a signed note, which itself stays as it is.

    An amendment is the author's own; an addendum may be anybody's who writes notes.
    """
    require(by, "records.add_note")
    if not note.is_signed:
        raise TransitionError(_("Only a signed note can be added to."), current=note.status)
    if note.is_in_error:
        raise TransitionError(_("A note entered in error cannot be added to."), current=note.status)
    if relation == Relation.AMENDMENT and not is_author(note, by):
        raise PermissionDenied
    if relation not in Relation.values:
        raise ValidationError({"relation": _("This relation is not known.")})
    row = Note(about=note, relation=relation)
    _written(
        row,
        type=note.type,
        title=title or _title_of_addition(note),
        content=content,
        content_type=content_type,
    )
    with transaction.atomic():
        if note.encounter is None:
            raise ValidationError(_("This note belongs to no visit; write a new one."))
        fill(row, open_for_records(note.encounter), by=by, id=id)
        insert(row, by=by)
        _forget_typing(by, DRAFT_ADDENDUM, note.pk)
    return row


def _title_of_addition(note: Note) -> str:
    return (_("To: %(title)s") % {"title": note})[:TITLE_LIMIT]


def _written(note: Note, *, type: str, title: str, content: str, content_type: str) -> Note:
    if type not in Type.values:
        raise ValidationError({"type": _("This type of note is not known.")})
    if content_type not in (*Format.values, note.content_type):
        raise ValidationError({"content_type": _("A note is plain text or markdown.")})
    note.type = type
    note.title = cut("title", title, TITLE_LIMIT)
    if not content.strip() and not note.title:
        raise ValidationError({"content": _("Write something before saving.")})
    if len(content) > CONTENT_LIMIT:
        raise ValidationError(
            {"content": _("A note has at most %(limit)d characters.") % {"limit": CONTENT_LIMIT}}
        )
    # Browsers send line ends as CR LF; a digest must not depend on it.
    note.content = content.replace("\r\n", "\n")
    note.content_type = content_type
    return note


def _require_writable(note: Note, by: Any) -> None:
    if not is_author(note, by):
        raise PermissionDenied
    if note.is_signed or note.status != Status.PRELIMINARY:
        raise TransitionError(
            _("This note is signed: write an addendum instead.")
            if note.is_signed
            else _("This note was entered in error."),
            current=note.status,
        )


def signer_of(by: Any) -> Practitioner:
    """Who this login signs as; raises ValidationError for a login without a practitioner."""
    signer = practitioner_of(by)
    if signer is None:
        raise ValidationError(
            _("Your login names no practitioner; ask an administrator, then sign.")
        )
    return signer


def check_cosigner(cosigner: Practitioner | None, *, author: Practitioner | None) -> None:
    """Raises ValidationError keyed by `cosigner` for one who cannot give a second signature."""
    if cosigner is None:
        return
    if cosigner == author:
        raise ValidationError({"cosigner": _("A second signature is somebody else's.")})
    if not cosigner.active or cosigner.user is None or not cosigner.user.is_active:
        raise ValidationError(
            {"cosigner": _("%(name)s does not log in here, so cannot sign.") % {"name": cosigner}}
        )
    if not cosigner.user.has_perm("records.change_note"):
        raise ValidationError({"cosigner": _("%(name)s signs no notes.") % {"name": cosigner}})


def bound_detail(digest: str, signer: Practitioner) -> dict[str, str]:
    """What the audit trail keeps of a signature: a second witness, apart from the note's rows."""
    return {"digest": digest, "practitioner": str(signer.pk)}


def _forget_typing(by: Any, form: str, target: Any) -> None:
    """What was autosaved has become a row; in the transaction that writes it."""
    Draft.objects.of(by, form, target).delete()
