"""Second signatures: over the same digest, by the one who was named, never an edit."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinik.models import AuditEvent
from clinik.transitions import TransitionError
from encounters.models import Practitioner
from records.cosigning import cosign_note, name_cosigner, waiting_for
from records.errors import enter_record_in_error
from records.models import Note, NoteSignature
from records.notes import add_note, change_note, sign_note
from tests.factories import EncounterFactory, NoteFactory, PractitionerFactory, UserFactory
from tests.lifting import lifted

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role="Clinician")


@pytest.fixture
def chief() -> Any:
    return UserFactory(role="Clinician")


def draft(by: Any, content: str = "Slept well.") -> Note:
    return add_note(EncounterFactory(), by=by, content=content)


def practitioner(user: Any) -> Practitioner:
    return Practitioner.objects.get(user=user)


def test_second_signature_binds_the_same_digest_and_edits_nothing(doctor: Any, chief: Any) -> None:
    note = sign_note(draft(doctor), by=doctor, cosigner=practitioner(chief))
    before = Note.objects.filter(pk=note.pk).values().get()
    cosign_note(note, by=chief, digest=note.digest)
    assert Note.objects.filter(pk=note.pk).values().get() == before
    digests = NoteSignature.objects.filter(note=note).values_list("practitioner", "digest")
    assert dict(digests) == {
        practitioner(doctor).pk: note.digest,
        practitioner(chief).pk: note.digest,
    }


def test_signing_a_second_time_signs_once(doctor: Any, chief: Any) -> None:
    note = sign_note(draft(doctor), by=doctor, cosigner=practitioner(chief))
    cosign_note(note, by=chief)
    cosign_note(note, by=chief)
    assert NoteSignature.objects.filter(note=note).count() == 2
    assert AuditEvent.objects.filter(act="note.cosign").count() == 1


def test_only_the_one_who_was_named_signs_second(doctor: Any, chief: Any) -> None:
    note = sign_note(draft(doctor), by=doctor, cosigner=practitioner(chief))
    for other in (doctor, UserFactory(role="Clinician"), UserFactory(role="Administrator")):
        with pytest.raises((PermissionDenied, ValidationError)):
            cosign_note(note, by=other)
    assert NoteSignature.objects.filter(note=note).count() == 1


def test_a_draft_or_a_note_in_error_is_not_signed_second(doctor: Any, chief: Any) -> None:
    note = sign_note(draft(doctor), by=doctor, cosigner=practitioner(chief))
    enter_record_in_error(note, by=doctor, reason="Wrong")
    with pytest.raises(TransitionError):
        cosign_note(note, by=chief)
    with pytest.raises(TransitionError):
        name_cosigner(draft(doctor), by=doctor, cosigner=practitioner(chief))


def test_words_changed_behind_the_signature_are_not_signed_second(doctor: Any, chief: Any) -> None:
    note = sign_note(draft(doctor), by=doctor, cosigner=practitioner(chief))
    with lifted(Note):
        Note.objects.filter(pk=note.pk).update(content="Slept badly.")
    with pytest.raises(ValidationError):
        cosign_note(note, by=chief)


def test_author_may_ask_another_until_the_signature_is_given(doctor: Any, chief: Any) -> None:
    other = UserFactory(role="Clinician")
    note = sign_note(draft(doctor), by=doctor, cosigner=practitioner(other))
    with pytest.raises(PermissionDenied):
        name_cosigner(note, by=chief, cosigner=practitioner(chief))
    note = name_cosigner(note, by=doctor, cosigner=practitioner(chief))
    assert waiting_for(note, chief)
    assert not waiting_for(note, other)
    cosign_note(note, by=chief)
    with pytest.raises(TransitionError):
        name_cosigner(note, by=doctor, cosigner=practitioner(other))


def test_who_cannot_sign_is_not_asked(doctor: Any) -> None:
    note = draft(doctor)
    gone = UserFactory(role="Clinician", is_active=False)
    desk = UserFactory(role="Front desk", practitioner=True)
    nobody: Practitioner = PractitionerFactory()
    for asked in (nobody, *map(practitioner, (doctor, gone, desk))):
        with pytest.raises(ValidationError):
            sign_note(note, by=doctor, cosigner=asked)
    assert not NoteSignature.objects.exists()


def test_what_waits_for_a_practitioner(doctor: Any, chief: Any) -> None:
    me = practitioner(chief)
    mine, theirs = draft(chief), draft(doctor)
    NoteFactory(author=me, source="elsewhere")
    assert list(Note.objects.unsigned_of(me)) == [mine]
    assert list(Note.objects.awaiting_cosignature_of(me)) == []
    asked = sign_note(theirs, by=doctor, cosigner=me)
    wrong = sign_note(draft(doctor), by=doctor, cosigner=me)
    assert set(Note.objects.awaiting_cosignature_of(me)) == {asked, wrong}
    enter_record_in_error(wrong, by=doctor, reason="Wrong")
    cosign_note(asked, by=chief)
    sign_note(mine, by=chief)
    assert not Note.objects.awaiting_cosignature_of(me)
    assert not Note.objects.unsigned_of(me)


def test_format_is_plain_or_markdown_and_bound_by_the_signature(doctor: Any) -> None:
    note = add_note(EncounterFactory(), by=doctor, content="**x**", content_type="text/markdown")
    assert note.is_markdown
    with pytest.raises(ValidationError):
        add_note(EncounterFactory(), by=doctor, content="x", content_type="text/html")
    values: dict[str, Any] = {"by": doctor, "version": None, "content": "y", "type": note.type}
    assert change_note(note, **values).is_markdown
    plain = change_note(note, **values, content_type="text/plain")
    bound = plain.content_digest()
    plain.content_type = "text/markdown"
    assert plain.content_digest() != bound


def test_digest_tells_where_the_title_ends(doctor: Any) -> None:
    note = draft(doctor)
    note.title, note.content = "a\x1fb", "c"
    one = note.content_digest()
    note.title, note.content = "a", "b\x1fc"
    assert note.content_digest() != one
