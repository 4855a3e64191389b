"""Notes: a draft is its author's, a signature closes it, typing is kept until it is a row."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik.ids import uuid7
from clinik.models import AuditEvent, Draft
from clinik.transitions import StaleVersion, TransitionError
from encounters.lifecycle import missing
from records.models import Note, NoteSignature
from records.notes import DRAFT_NEW, add_addendum, add_note, change_note, sign_note
from tests.factories import EncounterFactory, NoteFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

WORDS = "Slept well.\r\nNo pain."


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role="Clinician")


@pytest.fixture
def signed_in(client: Client, doctor: Any) -> Client:
    client.force_login(doctor)
    return client


def written(by: Any, visit: Any = None, **values: Any) -> Note:
    return add_note(visit or EncounterFactory(), by=by, **{"content": WORDS, **values})


def test_new_note_is_a_draft_by_its_author(doctor: Any) -> None:
    note = written(doctor, title="Visit Summary")
    assert (note.status, note.author.user, note.entered_by) == ("preliminary", doctor, doctor)
    assert note.content == "Slept well.\nNo pain."
    assert not note.is_signed


def test_signing_binds_the_words(doctor: Any) -> None:
    note = sign_note(written(doctor), by=doctor)
    assert note.status == "final"
    assert note.digest == note.content_digest()
    signature = NoteSignature.objects.get(note=note)
    assert (signature.by, signature.digest) == (doctor, note.digest)
    assert AuditEvent.objects.filter(act="note.sign", object_id=str(note.pk)).count() == 1


def test_signing_twice_signs_once(doctor: Any) -> None:
    note = sign_note(written(doctor), by=doctor)
    assert sign_note(note, by=doctor).signed_at == note.signed_at
    assert NoteSignature.objects.count() == 1


def test_signed_note_takes_no_change(doctor: Any) -> None:
    note = sign_note(written(doctor), by=doctor)
    with pytest.raises(TransitionError):
        change_note(note, by=doctor, version=note.version, content="Else.", type=note.type)
    note.refresh_from_db()
    assert note.content == "Slept well.\nNo pain."


@pytest.mark.parametrize("role", ["Clinician", "Nurse", "Administrator"])
def test_nobody_else_writes_or_signs_a_draft(doctor: Any, role: str) -> None:
    note, other = written(doctor), UserFactory(role=role)
    with pytest.raises(PermissionDenied):
        change_note(note, by=other, version=1, content="Else.", type=note.type)
    with pytest.raises(PermissionDenied):
        sign_note(note, by=other)
    note.refresh_from_db()
    assert (note.status, note.content) == ("preliminary", "Slept well.\nNo pain.")


def test_login_without_a_practitioner_signs_nothing() -> None:
    user = UserFactory(role="Nurse", practitioner=False)
    with pytest.raises(ValidationError):
        sign_note(written(user), by=user)


def test_note_changed_since_it_was_shown_is_not_signed(doctor: Any) -> None:
    note = written(doctor)
    change_note(note, by=doctor, version=1, content="Slept badly.", type=note.type)
    with pytest.raises(StaleVersion):
        sign_note(note, by=doctor, version=1)
    assert not NoteSignature.objects.exists()


def test_stale_change_is_refused(doctor: Any) -> None:
    note = written(doctor)
    change_note(note, by=doctor, version=1, content="First.", type=note.type)
    with pytest.raises(StaleVersion):
        change_note(note, by=doctor, version=1, content="Second.", type=note.type)


def test_addendum_names_the_note_and_leaves_it(doctor: Any) -> None:
    note = sign_note(written(doctor), by=doctor)
    nurse = UserFactory(role="Nurse")
    addendum = add_addendum(note, by=nurse, content="Called back.")
    assert (addendum.about, addendum.relation, addendum.status) == (
        note,
        "addendum",
        "preliminary",
    )
    before = note.version
    note.refresh_from_db()
    assert note.version == before


def test_amendment_is_the_authors_own(doctor: Any) -> None:
    note = sign_note(written(doctor), by=doctor)
    with pytest.raises(PermissionDenied):
        add_addendum(note, by=UserFactory(role="Nurse"), content="No.", relation="amendment")
    assert add_addendum(note, by=doctor, content="Yes.", relation="amendment").about == note


def test_draft_cannot_be_added_to(doctor: Any) -> None:
    with pytest.raises(TransitionError):
        add_addendum(written(doctor), by=doctor, content="More.")


def test_unsigned_note_stands_in_the_way_of_closing(doctor: Any) -> None:
    visit = EncounterFactory()
    note = written(doctor, visit)
    (obstacle,) = missing(visit)
    assert (obstacle.key, obstacle.url_kwargs) == ("unsigned-note", {"pk": note.pk})
    sign_note(note, by=doctor)
    assert missing(visit) == []


def test_imported_draft_does_not_stand_in_the_way() -> None:
    visit = EncounterFactory()
    NoteFactory(encounter=visit, source="somewhere")
    assert missing(visit) == []


def keep(client: Client, visit: Any, **values: str) -> Any:
    url = reverse("records:note_draft", args=[DRAFT_NEW, visit.pk])
    return client.post(url, {"patient": str(visit.patient_id), "id": str(uuid7()), **values})


def test_typing_is_kept_and_offered_again(signed_in: Client) -> None:
    visit = EncounterFactory()
    assert keep(signed_in, visit, content="Half a sent").json()["version"]
    page = signed_in.get(reverse("records:note_add", args=[visit.pk])).content.decode()
    assert "Half a sent" in page
    assert "Brought back: draft of" in page


def test_kept_typing_is_its_writers_alone(signed_in: Client) -> None:
    visit = EncounterFactory()
    keep(signed_in, visit, content="Half a sent")
    signed_in.force_login(UserFactory(role="Clinician"))
    page = signed_in.get(reverse("records:note_add", args=[visit.pk])).content.decode()
    assert "Half a sent" not in page


def test_empty_form_may_be_asked_for_instead(signed_in: Client) -> None:
    visit = EncounterFactory()
    keep(signed_in, visit, content="Half a sent")
    url = reverse("records:note_add", args=[visit.pk])
    assert "Half a sent" not in signed_in.get(url, {"fresh": "1"}).content.decode()


def test_two_windows_do_not_overwrite_each_other(signed_in: Client) -> None:
    visit = EncounterFactory()
    stamp = keep(signed_in, visit, content="One").json()["version"]
    assert keep(signed_in, visit, content="Two").status_code == 409
    assert keep(signed_in, visit, content="Three", draft_version=stamp).status_code == 200
    assert Draft.objects.get().payload["content"] == "Three"


def test_typing_for_another_patient_is_not_kept(signed_in: Client) -> None:
    visit = EncounterFactory()
    answer = keep(signed_in, visit, content="One", patient=str(PatientFactory().pk))
    assert answer.status_code == 404
    assert not Draft.objects.exists()


def test_saving_removes_what_was_kept_and_a_late_autosave_brings_nothing_back(
    signed_in: Client,
) -> None:
    visit, key = EncounterFactory(), str(uuid7())
    keep(signed_in, visit, id=key, content="Half")
    data = {"id": key, "patient": str(visit.patient_id), "type": "other", "content": "Whole"}
    signed_in.post(reverse("records:note_add", args=[visit.pk]), data)
    assert not Draft.objects.exists()
    assert keep(signed_in, visit, id=key, content="Half").status_code == 204
    assert not Draft.objects.exists()


def test_kept_typing_writes_no_history_and_no_audit(signed_in: Client) -> None:
    keep(signed_in, EncounterFactory(), content="Half a sent")
    assert not Note.history.exists()
    assert not AuditEvent.objects.exclude(act="user.log_in").exists()


def test_save_and_sign_asks_before_it_signs(signed_in: Client, doctor: Any) -> None:
    visit, key = EncounterFactory(), str(uuid7())
    data = {"id": key, "patient": str(visit.patient_id), "type": "other", "content": "One two."}
    url = reverse("records:note_add", args=[visit.pk])
    asked = signed_in.post(url, data | {"act": "sign"}, follow=True).content.decode()
    note = Note.objects.get()
    assert f"Sign as {note.author}, 2 words?" in asked
    assert note.status == "preliminary"
    sign = {"patient": str(visit.patient_id), "version": str(note.version)}
    signed_in.post(reverse("records:note_sign", args=[note.pk]), sign)
    note.refresh_from_db()
    assert note.status == "final"


def test_save_and_sign_asks_in_place_with_htmx(signed_in: Client) -> None:
    visit = EncounterFactory()
    data = {
        "id": str(uuid7()),
        "patient": str(visit.patient_id),
        "type": "other",
        "content": "One two.",
        "act": "sign",
    }
    url = reverse("records:note_add", args=[visit.pk])
    text = signed_in.post(url, data, headers={"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith("<section")
    assert "2 words?" in text


def test_signing_for_another_patient_is_refused(signed_in: Client, doctor: Any) -> None:
    note, other = written(doctor), PatientFactory()
    url = reverse("records:note_sign", args=[note.pk])
    answer = signed_in.post(url, {"patient": str(other.pk), "version": "1"})
    assert answer.status_code == 404
    assert other.name in answer.content.decode()
    note.refresh_from_db()
    assert not note.is_signed


def test_stale_edit_shows_both_texts_and_saves_neither(signed_in: Client, doctor: Any) -> None:
    note = written(doctor, content="Before")
    change_note(note, by=doctor, version=1, content="Theirs", type=note.type)
    data = {"patient": str(note.patient_id), "version": "1", "type": "other", "content": "Mine"}
    answer = signed_in.post(reverse("records:note_edit", args=[note.pk]), data)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert all(words in text for words in ("Before", "Theirs", "Mine"))
    note.refresh_from_db()
    assert note.content == "Theirs"


def test_signed_note_has_no_edit_page(signed_in: Client, doctor: Any) -> None:
    note = sign_note(written(doctor), by=doctor)
    url = reverse("records:note_edit", args=[note.pk])
    data = {"patient": str(note.patient_id), "version": "2", "type": "other", "content": "Mine"}
    assert signed_in.get(url).status_code == 302
    signed_in.post(url, data)
    note.refresh_from_db()
    assert note.content == "Slept well.\nNo pain."


def test_anothers_draft_is_read_and_not_written(signed_in: Client) -> None:
    note = written(UserFactory(role="Nurse"))
    page = signed_in.get(reverse("records:note_add", args=[note.encounter_id])).content.decode()
    assert "Slept well." in page
    assert "not signed" in page
    for name in ("note_edit", "note_sign"):
        assert signed_in.get(reverse(f"records:{name}", args=[note.pk])).status_code == 403
