"""The register: registering, changing, duplicates."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent, User
from clinik.roles import AUDITOR, FRONT_DESK
from clinik.transitions import StaleVersion
from encounters.models import NotSamePerson, Patient, PatientContact
from encounters.patients import (
    change_patient,
    guardians,
    likely_duplicates,
    register_patient,
    say_not_same,
)
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db
REGISTER = "/patients/new/"


@pytest.fixture
def desk() -> User:
    return UserFactory(role=FRONT_DESK)


@pytest.fixture
def page(client: Client, desk: User) -> Client:
    client.force_login(desk)
    return client


def sent(**changes: Any) -> dict[str, Any]:
    """A registration as the browser sends it."""
    data = {
        "id": str(uuid7()),
        "family": "Example",
        "given": "Bernardo",
        "birth_date": "11.3.1962",
        "gender": "male",
        "phone": "555 0199",
        "number-TOTAL_FORMS": "1",
        "number-INITIAL_FORMS": "0",
        "contact-TOTAL_FORMS": "1",
        "contact-INITIAL_FORMS": "0",
    }
    return {**data, **changes}


def edited(patient: Patient, **changes: Any) -> dict[str, Any]:
    return sent(
        version=str(patient.version),
        patient=str(patient.pk),
        family=patient.family,
        given=patient.given,
        birth_date=patient.born_words,
        gender=patient.gender,
        phone=patient.phone,
        active="on",
        **changes,
    )


def registered() -> Patient:
    return Patient.objects.get(family="Example")


def test_registering_makes_a_patient_with_a_number_history_and_audit(
    page: Client, desk: User
) -> None:
    answer = page.post(REGISTER, sent())
    patient = registered()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("records:patient_detail", args=[patient.pk])
    assert patient.birth_date == dt.date(1962, 3, 11)
    assert len(patient.mrn) == 8
    assert patient.history.get().history_user == desk
    event = AuditEvent.objects.get(act="patient.create")
    assert (event.by, event.patient_id, event.action) == (desk, patient.pk, "C")
    assert "family" in event.fields
    assert "Example" not in str(vars(event))


@pytest.mark.parametrize(
    ("typed", "day", "precision", "estimated", "unknown"),
    [
        ("1962-03-11", dt.date(1962, 3, 11), "day", False, False),
        ("11 March 1962", dt.date(1962, 3, 11), "day", False, False),
        ("Mar 1962", dt.date(1962, 3, 1), "month", False, False),
        ("1962", dt.date(1962, 1, 1), "year", False, False),
        ("about 40", dt.date(clock.today().year - 40, 1, 1), "year", True, False),
        ("about 1962", dt.date(1962, 1, 1), "year", True, False),
        ("Unknown", None, "day", False, True),
    ],
)
def test_birth_date_is_read_in_any_usual_form(
    page: Client, typed: str, day: dt.date | None, precision: str, estimated: bool, unknown: bool
) -> None:
    page.post(REGISTER, sent(birth_date=typed))
    patient = registered()
    assert patient.birth_date == day
    assert patient.birth_date_precision == precision
    assert patient.birth_date_estimated is estimated
    assert patient.birth_date_unknown is unknown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"family": "", "given": ""}, "at least one name"),
        ({"birth_date": ""}, "Give the birth date"),
        ({"birth_date": "32.1.1962"}, "not read as a birth date"),
        ({"birth_date": "2099-01-01"}, "still to come"),
        ({"birth_date": "1851"}, "Nobody is that old"),
        ({"gender": "somebody"}, "Select a valid choice"),
        ({"email": "nobody", "general_practitioner": "Nobody Atall"}, "called this"),
    ],
)
def test_registering_refuses_what_cannot_be(
    page: Client, changes: dict[str, str], words: str
) -> None:
    answer = page.post(REGISTER, sent(**changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Patient.objects.exists()


def test_form_sent_twice_registers_once(page: Client) -> None:
    data = sent()
    first, second = page.post(REGISTER, data), page.post(REGISTER, data)
    assert first["Location"] == second["Location"]
    assert Patient.objects.count() == 1
    assert AuditEvent.objects.filter(act="patient.create").count() == 1


def test_form_sent_again_with_other_content_is_a_conflict(page: Client) -> None:
    data = sent()
    page.post(REGISTER, data)
    answer = page.post(REGISTER, {**data, "given": "Bernard"})
    assert answer.status_code == 422
    assert "already sent with other content" in answer.content.decode()
    assert registered().given == "Bernardo"


def test_form_of_somebody_else_is_not_found(page: Client, client: Client) -> None:
    data = sent()
    page.post(REGISTER, data)
    client.force_login(UserFactory(role=FRONT_DESK))
    assert client.post(REGISTER, data).status_code == 404


def test_child_is_asked_for_a_guardian_once(page: Client) -> None:
    child = sent(birth_date=f"1.1.{clock.today().year - 5}")
    first = page.post(REGISTER, child)
    assert first.status_code == 422
    assert "Who is the guardian?" in first.content.decode()
    assert not Patient.objects.exists()
    assert page.post(REGISTER, {**child, "guardian_asked": "1"}).status_code == 302


def test_guardian_is_stored_with_the_child(page: Client) -> None:
    contact = {"contact-0-name": "Ada Example", "contact-0-is_guardian": "on"}
    page.post(REGISTER, sent(birth_date=f"1.1.{clock.today().year - 5}", **contact))
    assert PatientContact.objects.get().is_guardian
    assert PatientContact.objects.get().patient == registered()


def test_adult_is_not_asked_for_a_guardian(page: Client) -> None:
    assert page.post(REGISTER, sent()).status_code == 302


def test_find_text_is_carried_over(page: Client) -> None:
    html = page.get(REGISTER, {"q": "anna maria example"}).content.decode()
    assert 'value="Example"' in html
    assert 'value="Anna Maria"' in html
    assert 'value="1962-03-11"' in page.get(REGISTER, {"q": "1962-03-11"}).content.decode()


# -- duplicates ---------------------------------------------------------------------------------


def test_duplicates_are_same_birth_date_and_name_alike() -> None:
    twin = PatientFactory(family="Exampel", given="Bernhardo", birth_date=dt.date(1962, 3, 11))
    PatientFactory(family="Example", given="Bernardo", birth_date=dt.date(1962, 3, 12))
    PatientFactory(family="Other", given="Anna", birth_date=dt.date(1962, 3, 11))
    found = likely_duplicates(family="Example", given="Bernardo", birth_date=dt.date(1962, 3, 11))
    assert found == [twin]


def test_duplicates_by_a_vague_birth_date() -> None:
    exact = PatientFactory(family="Example", given="Anna", birth_date=dt.date(1962, 3, 11))
    vague = PatientFactory(
        family="Example", given="Anna", birth_date=dt.date(1962, 1, 1), birth_date_precision="year"
    )
    by_year = likely_duplicates(
        family="Example", given="Anna", birth_date=dt.date(1962, 1, 1), birth_date_precision="year"
    )
    by_day = likely_duplicates(family="Example", given="Anna", birth_date=dt.date(1962, 3, 11))
    other_day = likely_duplicates(family="Example", given="Anna", birth_date=dt.date(1962, 4, 2))
    assert {*by_year} == {*by_day} == {exact, vague}
    assert other_day == [vague]


def test_duplicates_by_the_same_number_but_not_by_the_phone() -> None:
    known = PatientFactory(phone="555 0199")
    known.identifiers.create(system="urn:passport", value="X123")
    assert likely_duplicates(family="Quite", given="Different", identifiers=["X123"]) == [known]
    assert likely_duplicates(family="Quite", given="Different", identifiers=["555 0199"]) == []


def test_duplicates_leave_out_merged_entries() -> None:
    survivor = PatientFactory(family="Other")
    PatientFactory(family="Example", given="Anna", merged_into=survivor)
    assert likely_duplicates(family="Example", given="Anna", birth_date=dt.date(1980, 5, 17)) == []


def test_a_number_or_guardian_on_a_merged_entry_is_the_survivors() -> None:
    survivor = PatientFactory(birth_date=clock.today())
    merged = PatientFactory(merged_into=survivor)
    merged.identifiers.create(system="urn:passport", value="X123")
    mother = merged.contacts.create(name="Mother", is_guardian=True)
    assert likely_duplicates(identifiers=["X123"]) == [survivor]
    assert guardians(survivor) == [mother]


def test_duplicates_cost_the_same_for_many(django_assert_num_queries: Any) -> None:
    PatientFactory.create_batch(60, family="Example", given="Anna")
    with django_assert_num_queries(2):  # numbers; born on that day
        found = likely_duplicates(
            family="Example", given="Anna", birth_date=dt.date(1980, 5, 17), identifiers=["1"]
        )
    assert len(found) == 8


def test_registering_asks_about_a_duplicate_first(page: Client) -> None:
    known = PatientFactory(family="Example", given="Bernard", birth_date=dt.date(1962, 3, 11))
    data = sent(family="Exampel")
    answer = page.post(REGISTER, data)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "EXAMPLE, Bernard" in html
    assert reverse("records:patient_detail", args=[known.pk]) in html
    assert Patient.objects.count() == 1
    page.post(REGISTER, {**data, "not_same": str(known.pk)})
    new = Patient.objects.get(family="Exampel")
    pair = NotSamePerson.objects.get()
    assert {pair.first_id, pair.second_id} == {known.pk, new.pk}
    assert (
        likely_duplicates(
            family="Exampel", given="Bernardo", birth_date=new.birth_date, exclude=new
        )
        == []
    )


def test_duplicates_fragment_shows_them_while_typing(page: Client) -> None:
    PatientFactory(family="Example", given="Bernard", birth_date=dt.date(1962, 3, 11))
    unfinished = {"family": "Example", "birth_date": "11.3.1962", "phone": "555 0199"}
    url = reverse("encounters:patient_duplicates")
    assert "EXAMPLE, Bernard" in page.post(url, unfinished).content.decode()
    other = page.post(url, {**unfinished, "birth_date": "12.3.1962"}).content.decode()
    assert "EXAMPLE" not in other
    assert Patient.objects.count() == 1


def test_not_same_is_remembered_from_the_edit_page(page: Client) -> None:
    one = PatientFactory(family="Example", given="Anna")
    other = PatientFactory(family="Exampel", given="Anna")
    url = reverse("encounters:patient_edit", args=[one.pk])
    assert "EXAMPEL" in page.get(url).content.decode()
    pair = {"patient": str(one.pk), "other": str(other.pk)}
    page.post(reverse("encounters:patient_not_same", args=[one.pk]), pair)
    assert "EXAMPEL" not in page.get(url).content.decode()
    event = AuditEvent.objects.get(act="patient.not_same")
    assert event.patient_id == one.pk


def test_not_same_as_oneself_is_refused(desk: User) -> None:
    patient = PatientFactory()
    with pytest.raises(ValidationError):
        say_not_same(patient, patient, by=desk)


# -- changing -----------------------------------------------------------------------------------


def test_changing_names_the_changed_fields_only(page: Client, desk: User) -> None:
    patient = PatientFactory(family="Example")
    url = reverse("encounters:patient_edit", args=[patient.pk])
    assert page.post(url, edited(patient, city="Springfield")).status_code == 302
    patient.refresh_from_db()
    event = AuditEvent.objects.get(act="patient.change")
    assert (patient.city, patient.version) == ("Springfield", 2)
    assert event.fields == ["city"]
    assert event.version == 2
    assert patient.history.first().history_user == desk


def test_saving_without_a_change_writes_nothing(page: Client) -> None:
    patient = PatientFactory(family="Example")
    page.post(reverse("encounters:patient_edit", args=[patient.pk]), edited(patient))
    patient.refresh_from_db()
    assert patient.version == 1
    assert not AuditEvent.objects.filter(act="patient.change").exists()


def test_estimate_of_another_precision_survives_a_save(page: Client) -> None:
    patient = PatientFactory(
        family="Example",
        birth_date=dt.date(1962, 3, 1),
        birth_date_precision="month",
        birth_date_estimated=True,
    )
    age = clock.today().year - 1962
    data = {**edited(patient, city="Springfield"), "birth_date": f"about {age}"}
    page.post(reverse("encounters:patient_edit", args=[patient.pk]), data)
    patient.refresh_from_db()
    assert (patient.city, patient.birth_date) == ("Springfield", dt.date(1962, 3, 1))


def test_stale_save_shows_before_theirs_and_mine(page: Client, desk: User) -> None:
    patient = PatientFactory(family="Example", city="Oldtown")
    data = edited(patient, city="Minetown")
    change_patient(patient, by=desk, version=1, city="Theirtown")
    url = reverse("encounters:patient_edit", args=[patient.pk])
    answer = page.post(url, data)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Oldtown" in html
    assert "Theirtown" in html
    assert "Minetown" in html
    patient.refresh_from_db()
    assert patient.city == "Theirtown"
    assert page.post(url, {**data, "version": str(patient.version)}).status_code == 302
    patient.refresh_from_db()
    assert patient.city == "Minetown"


def test_stale_verb_is_refused(desk: User) -> None:
    patient = PatientFactory()
    change_patient(patient, by=desk, version=1, city="Theirtown")
    with pytest.raises(StaleVersion):
        change_patient(patient, by=desk, version=1, city="Minetown")


def test_changing_a_contact_raises_the_patients_version(page: Client) -> None:
    patient = PatientFactory(family="Example")
    contact = PatientContact.objects.create(patient=patient, name="Ada Example", phone="1")
    lines = {
        "contact-TOTAL_FORMS": "2",
        "contact-INITIAL_FORMS": "1",
        "contact-0-id": str(contact.pk),
        "contact-0-name": "Ada Example",
        "contact-0-phone": "2",
    }
    page.post(reverse("encounters:patient_edit", args=[patient.pk]), edited(patient, **lines))
    contact.refresh_from_db()
    patient.refresh_from_db()
    assert contact.phone == "2"
    assert patient.version == 2
    assert AuditEvent.objects.get(act="patient.change").fields == ["patientcontact"]


def test_contact_of_somebody_else_is_not_changed(page: Client) -> None:
    patient, stranger = PatientFactory(family="Example"), PatientFactory()
    theirs = PatientContact.objects.create(patient=stranger, name="Ada Other")
    lines = {
        "contact-TOTAL_FORMS": "2",
        "contact-INITIAL_FORMS": "1",
        "contact-0-id": str(theirs.pk),
        "contact-0-name": "Changed",
    }
    url = reverse("encounters:patient_edit", args=[patient.pk])
    assert page.post(url, edited(patient, **lines)).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.name, theirs.patient) == ("Ada Other", stranger)


def test_editing_is_a_view_of_the_patient(page: Client) -> None:
    patient = PatientFactory()
    page.get(reverse("encounters:patient_edit", args=[patient.pk]))
    assert AuditEvent.objects.get(act="patient.view").patient_id == patient.pk


def test_editing_a_merged_entry_leads_to_the_survivor(page: Client) -> None:
    survivor = PatientFactory()
    merged = PatientFactory(merged_into=survivor)
    answer = page.get(reverse("encounters:patient_edit", args=[merged.pk]))
    assert answer["Location"] == reverse("encounters:patient_edit", args=[survivor.pk])


def test_auditor_neither_registers_nor_edits(client: Client) -> None:
    auditor, patient = UserFactory(role=AUDITOR), PatientFactory()
    client.force_login(auditor)
    assert client.post(REGISTER, sent()).status_code == 403
    assert client.get(reverse("encounters:patient_edit", args=[patient.pk])).status_code == 403
    with pytest.raises(PermissionDenied):
        register_patient(by=auditor, family="Example", birth_date_unknown=True)
    with pytest.raises(PermissionDenied):
        change_patient(patient, by=auditor, version=1, city="Elsewhere")
    assert Patient.objects.count() == 1
