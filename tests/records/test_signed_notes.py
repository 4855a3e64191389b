"""After signing there is no way to write, and whoever finds one is found."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models, transaction
from django.test import Client
from django.urls import reverse

from clinik.ids import uuid7
from clinik.models import AuditEvent, Draft
from clinik.transitions import TransitionError
from encounters.models import Practitioner
from records.cosigning import cosign_note
from records.errors import enter_record_in_error
from records.models import Note, NoteSignature
from records.models.note import BOUND
from records.notes import DRAFT_EDIT, add_addendum, add_note, change_note, sign_note
from records.templatetags.note_text import note_changes
from records.verifying import tampered
from records.word_diff import words_between
from tests.factories import EncounterFactory, PatientFactory, UserFactory
from tests.lifting import lifted

pytestmark = pytest.mark.django_db

WORDS = "Slept well.\nNo pain."


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role="Clinician")


@pytest.fixture
def note(doctor: Any) -> Note:
    return sign_note(add_note(EncounterFactory(), by=doctor, content=WORDS), by=doctor)


@pytest.fixture
def signed_in(client: Client, doctor: Any) -> Client:
    client.force_login(doctor)
    return client


def stored(note: Note) -> dict[str, Any]:
    return dict(Note.objects.filter(pk=note.pk).values().get())


def test_no_form_writes_a_signed_note(signed_in: Client, note: Note) -> None:
    before = stored(note)
    data = {
        "patient": str(note.patient_id), "version": str(note.version), "id": str(note.pk),
        "type": "other", "content": "Else.", "digest": note.digest,
    }  # fmt: skip
    for name in ("note_edit", "note_sign", "note_cosign"):
        signed_in.post(reverse(f"records:{name}", args=[note.pk]), data)
        assert stored(note) == before, name
    signed_in.post(reverse("records:note_add", args=[note.encounter_id]), data)
    kept = signed_in.post(reverse("records:note_draft", args=[DRAFT_EDIT, note.pk]), data)
    assert kept.status_code == 204
    assert not Draft.objects.exists()
    assert stored(note) == before


def test_no_admin_page_writes_a_signed_note(note: Note) -> None:
    before, admin = stored(note), Client()
    admin.force_login(UserFactory(role="Administrator", is_staff=True, is_superuser=True))
    for page, args in (("change", [note.pk]), ("delete", [note.pk]), ("add", [])):
        url = reverse(f"admin:records_note_{page}", args=args)
        answer = admin.post(url, {"content": "Else.", "status": "preliminary"})
        assert answer.status_code in (403, 405), page
    signature = NoteSignature.objects.get(note=note)
    for page in ("change", "delete"):
        url = reverse(f"admin:records_notesignature_{page}", args=[signature.pk])
        assert admin.post(url, {"digest": "0"}).status_code in (403, 405)
    assert stored(note) == before


def test_no_verb_and_no_save_writes_a_signed_note(doctor: Any, note: Note) -> None:
    before = stored(note)
    with pytest.raises(TransitionError):
        change_note(note, by=doctor, version=note.version, content="Else.", type="other")
    for name in BOUND:
        row = Note.objects.get(pk=note.pk)
        setattr(row, name, uuid7() if name.endswith("id") else "Else.")
        with pytest.raises(TransitionError):
            row.save()
    note.content = "Else."
    with pytest.raises(TransitionError):
        note.save(update_fields=["content"])
    assert stored(note) == before


def test_no_import_writes_a_signed_note(tmp_path: Path, doctor: Any) -> None:
    def take_in(text: str) -> None:
        patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Person"}]}
        sent = {
            "resourceType": "DocumentReference", "id": "d", "status": "current",
            "docStatus": "preliminary", "subject": {"reference": "Patient/p"},
            "content": [{"attachment": {"contentType": "text/plain", "data": text}}],
        }  # fmt: skip
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {"fullUrl": f"https://x.example/{each['resourceType']}/{each['id']}",
                 "resource": each, "request": {"method": "PUT",
                 "url": f"{each['resourceType']}/{each['id']}"}} for each in (patient, sent)
            ],
        }  # fmt: skip
        file = tmp_path / "one.json"
        file.write_text(json.dumps(bundle))
        call_command("import_fhir", str(file), verbosity=0)

    take_in("U2xlcHQgd2VsbC4=")
    imported = Note.objects.get()
    assert imported.content == "Slept well."
    Note.objects.update(author=Practitioner.objects.get(user=doctor))
    signed = sign_note(imported, by=doctor)
    before = stored(signed)
    take_in("U2xlcHQgYmFkbHku")
    assert stored(signed) == before
    assert list(tampered()) == []


def test_entered_in_error_keeps_words_digest_and_signatures(doctor: Any, note: Note) -> None:
    with pytest.raises(ValidationError):
        enter_record_in_error(note, by=doctor, reason=" ")
    with pytest.raises(PermissionDenied):
        enter_record_in_error(note, by=UserFactory(role="Clinician"), reason="Wrong person")
    enter_record_in_error(note, by=doctor, reason="Wrong person")
    wrong = Note.objects.get(pk=note.pk)
    assert (wrong.content, wrong.digest) == (WORDS, wrong.content_digest())
    assert NoteSignature.objects.filter(note=wrong, digest=wrong.digest).exists()
    assert list(tampered()) == []


def test_an_amendment_shows_its_words_and_leaves_the_original(
    signed_in: Client, doctor: Any, note: Note
) -> None:
    before = stored(note)
    begun = signed_in.get(reverse("records:note_addendum", args=[note.pk]) + "?relation=amendment")
    assert begun.context["form"].initial["content"] == WORDS
    made = add_addendum(note, by=doctor, content="Slept badly.\nNo pain.", relation="amendment")
    sign_note(made, by=doctor)
    page = signed_in.get(reverse("records:encounter_detail", args=[note.encounter_id]))
    text = page.content.decode()
    assert "Slept<del> well.</del><ins> badly.</ins>\nNo pain." in text
    assert '<div class="as-typed">Slept well.\nNo pain.</div>' in text
    assert "amended: see below" in text
    assert stored(note) == before
    assert note_changes(Note.objects.get(pk=made.pk)) == [], "costs no query of its own"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "a"), ("a", ""), ("a b c", "a x c"), ("a\n\nb", "a\nb\n"), ("<b>", "<i> &"),
        ("same", "same"), ("one two\nthree\n" * 900, "one zwei\nthree\n" * 900),
        ("x " * 30_000, "y " * 30_000),
    ],
)  # fmt: skip
def test_difference_leads_from_one_text_to_the_other(old: str, new: str) -> None:
    pieces = words_between(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "old") == new
    assert "".join(piece.text for piece in pieces if piece.kind != "new").split() == old.split()


def test_second_signature_is_given_on_the_page(doctor: Any) -> None:
    chief, visit = UserFactory(role="Clinician"), EncounterFactory()
    asked = Practitioner.objects.get(user=chief)
    draft = add_note(visit, by=doctor, content=WORDS)
    author, second = Client(), Client()
    author.force_login(doctor)
    second.force_login(chief)
    sign = {"patient": str(visit.patient_id), "version": "1", "cosigner": str(asked)}
    author.post(reverse("records:note_sign", args=[draft.pk]), sign)
    note = Note.objects.get(pk=draft.pk)
    assert note.cosigner == asked
    visit_page = reverse("records:encounter_detail", args=[visit.pk])
    url = reverse("records:note_cosign", args=[note.pk])
    assert url in second.get(visit_page).content.decode()
    assert url not in author.get(visit_page).content.decode()
    assert f"Sign as {asked}, 4 words?" in second.get(url).content.decode()
    sent = {"patient": str(visit.patient_id), "digest": note.digest}
    second.post(url, sent | {"version": str(note.version)})
    assert note.signatures.count() == 2
    assert "co-signed by" in second.get(visit_page).content.decode()


# -- verify_signatures ------------------------------------------------------------------------


def _raw(model: type[models.Model], pk: Any, **values: Any) -> None:
    """An UPDATE past everything that the program and the database check."""
    quote = connection.ops.quote_name
    columns: list[Any] = [model._meta.get_field(name) for name in values]
    key: Any = model._meta.pk
    sets = ", ".join(f"{quote(field.column)} = %s" for field in columns)
    with lifted(Note, NoteSignature), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE id = %s",
            [
                *(
                    field.get_db_prep_save(value, connection)
                    for field, value in zip(columns, values.values(), strict=True)
                ),
                key.get_db_prep_save(pk, connection),
            ],
        )


def _forge(note: Note) -> None:
    """Other words with a digest that fits, in the note and in its signatures."""
    forged = Note.objects.get(pk=note.pk)
    forged.content += " Or not."
    digest = forged.content_digest()
    _raw(Note, note.pk, content=forged.content, digest=digest)
    for signature in note.signatures.all():
        _raw(NoteSignature, signature.pk, digest=digest)


def _delete_signature(note: Note) -> None:
    table = connection.ops.quote_name(NoteSignature._meta.db_table)
    key = NoteSignature._meta.pk.get_db_prep_save(note.signatures.all()[0].pk, connection)
    with lifted(NoteSignature), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [key])


def _unsign(note: Note) -> None:
    while note.signatures.exists():
        _delete_signature(note)
    _raw(Note, note.pk, status="preliminary", digest="", signed_at=None)


def _changes(others: dict[str, Any]) -> list[Any]:
    first = lambda note: note.signatures.all()[0].pk  # noqa: E731
    return [
        lambda note: _raw(Note, note.pk, content=note.content[:-1]),
        lambda note: _raw(Note, note.pk, content=note.content + "\u200b"),
        lambda note: _raw(Note, note.pk, title="Another"),
        lambda note: _raw(Note, note.pk, type="referral-note"),
        lambda note: _raw(Note, note.pk, content_type="text/markdown"),
        lambda note: _raw(Note, note.pk, patient=others["patient"]),
        lambda note: _raw(Note, note.pk, encounter=others["visit"]),
        lambda note: _raw(Note, note.pk, digest="f" * 64),
        lambda note: _raw(Note, note.pk, author=others["practitioner"]),
        lambda note: _raw(NoteSignature, first(note), digest="e" * 64),
        lambda note: _raw(NoteSignature, first(note), practitioner=others["practitioner"]),
        lambda note: _raw(NoteSignature, first(note), by=others["user"]),
        _delete_signature,
        _unsign,
        _forge,
    ]


def test_100_changes_by_sql_are_found_and_nothing_else_is(doctor: Any) -> None:
    chief = UserFactory(role="Clinician")
    notes = []
    for number in range(10):
        draft = add_note(EncounterFactory(), by=doctor, content=f"{WORDS} {number}")
        cosigner = Practitioner.objects.get(user=chief) if number % 2 else None
        notes.append(sign_note(draft, by=doctor, cosigner=cosigner))
        if cosigner:
            cosign_note(notes[-1], by=chief)
    add_note(EncounterFactory(), by=doctor, content="A draft.")
    enter_record_in_error(notes[0], by=doctor, reason="Wrong")
    other = UserFactory(role="Clinician")
    others = {
        "user": other.pk, "practitioner": Practitioner.objects.get(user=other).pk,
        "patient": PatientFactory().pk, "visit": EncounterFactory().pk,
    }  # fmt: skip
    assert list(tampered()) == []
    chance, changes = random.Random(20260101), _changes(others)
    for number in range(100):
        note = chance.choice(notes[1:])
        point = transaction.savepoint()
        changes[number % len(changes)](note)
        assert [key for key, _what in tampered()] == [str(note.pk)], number
        transaction.savepoint_rollback(point)
        note = Note.objects.get(pk=note.pk)
    assert list(tampered()) == []


def test_command_prints_ids_and_no_words(note: Note, capsys: Any) -> None:
    call_command("verify_signatures")
    assert "as it was signed" in capsys.readouterr().out
    _raw(Note, note.pk, content="Slept badly.")
    with pytest.raises(CommandError):
        call_command("verify_signatures")
    said = capsys.readouterr().out
    assert str(note.pk) in said
    assert "Slept" not in said


def test_audit_trail_keeps_the_digest(note: Note) -> None:
    event = AuditEvent.objects.get(act="note.sign")
    assert event.detail["digest"] == note.digest
