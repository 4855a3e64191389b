"""Prescriptions: active by the prescriber alone, never past a matching allergy without a reason."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.models import AuditEvent
from clinik.transitions import StaleVersion, TransitionError
from encounters.allergies import state_no_known_allergies
from records.medications import facts_for
from records.models import Prescription
from records.prescriptions import (
    STEPS,
    add_prescription,
    allowed_verbs,
    change_prescription,
    take_step,
)
from tests.factories import (
    AllergyFactory,
    EncounterFactory,
    ObservationFactory,
    PatientFactory,
    PractitionerFactory,
    PrescriptionFactory,
    UserFactory,
)
from tests.lifting import lifted
from tests.page_forms import forms_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role="Clinician")


def asked_visit() -> Any:
    """A visit of a patient who has been asked about allergies and has none."""
    visit = EncounterFactory()
    state_no_known_allergies(visit.patient, by=UserFactory(role="Nurse"))
    return visit


def order(by: Any, visit: Any = None, **values: Any) -> Prescription:
    return add_prescription(
        visit or asked_visit(), by=by, **{"medication_text": "Amlodipine 5 mg", **values}
    )


def test_prescriber_makes_it_active_at_once(doctor: Any) -> None:
    row = order(doctor, activate=True, dosage_text="one in the morning")
    assert (row.status, row.author.user) == ("active", doctor)
    acts = set(AuditEvent.objects.filter(object_id=row.pk).values_list("act", flat=True))
    assert acts == {"prescription.create", "prescription.activate"}


def test_nurse_leaves_a_draft_for_a_named_prescriber(doctor: Any) -> None:
    nurse = UserFactory(role="Nurse")
    row = order(nurse, prescriber=doctor.practitioner)
    assert (row.status, row.author, row.entered_by) == ("draft", doctor.practitioner, nurse)


def test_nurse_without_a_prescriber_is_asked_for_one() -> None:
    with pytest.raises(ValidationError) as refused:
        order(UserFactory(role="Nurse"))
    assert list(refused.value.message_dict) == ["prescriber"]


def test_draft_for_somebody_who_cannot_prescribe_is_refused() -> None:
    nurse = UserFactory(role="Nurse")
    for prescriber in (nurse.practitioner, PractitionerFactory()):
        with pytest.raises(ValidationError):
            order(nurse, prescriber=prescriber)


def test_nurse_makes_nothing_active(doctor: Any) -> None:
    nurse = UserFactory(role="Nurse")
    with pytest.raises(PermissionDenied):
        order(nurse, prescriber=doctor.practitioner, activate=True)
    draft = order(nurse, prescriber=doctor.practitioner)
    with pytest.raises(PermissionDenied):
        take_step(draft, "activate", by=nurse)


def test_another_prescriber_makes_it_not_active(doctor: Any) -> None:
    draft = order(doctor)
    with pytest.raises(PermissionDenied):
        take_step(draft, "activate", by=UserFactory(role="Clinician"))
    assert take_step(draft, "activate", by=doctor).status == "active"


@pytest.mark.parametrize("verb", list(STEPS))
@pytest.mark.parametrize("status", Prescription.Status.values)
def test_step_leads_only_from_where_it_may(doctor: Any, verb: str, status: str) -> None:
    row = PrescriptionFactory(status=status, author=doctor.practitioner)
    step = STEPS[verb]
    if status in step.allowed:
        assert (
            take_step(row, verb, by=doctor, reason="because", override_reason="asked").status
            == step.to
        )
    elif status == step.to:
        assert (
            take_step(row, verb, by=doctor, reason="because", override_reason="asked").version
            == row.version
        )
    else:
        with pytest.raises(TransitionError):
            take_step(row, verb, by=doctor, reason="because", override_reason="asked")
    row.refresh_from_db()
    assert row.status == (step.to if status in step.allowed else status)


@pytest.mark.parametrize("verb", ["hold", "stop"])
def test_hold_and_stop_ask_why(doctor: Any, verb: str) -> None:
    row = order(doctor, activate=True)
    with pytest.raises(ValidationError) as refused:
        take_step(row, verb, by=doctor)
    assert list(refused.value.message_dict) == ["reason"]


def test_stale_step_is_refused(doctor: Any) -> None:
    row = order(doctor)
    change_prescription(row, by=doctor, version=1, dosage_text="twice a day")
    with pytest.raises(StaleVersion):
        take_step(row, "activate", by=doctor, version=1)


def test_nurse_cancels_a_draft_of_their_own_and_no_other(doctor: Any) -> None:
    nurse = UserFactory(role="Nurse")
    own, other = order(nurse, prescriber=doctor.practitioner), order(doctor)
    assert allowed_verbs(own, nurse) == ("cancel",)
    assert allowed_verbs(other, nurse) == ()
    with pytest.raises(PermissionDenied):
        take_step(other, "cancel", by=nurse)
    assert take_step(own, "cancel", by=nurse).status == "cancelled"


def test_active_prescription_takes_no_change(doctor: Any) -> None:
    row = order(doctor, activate=True)
    with pytest.raises(TransitionError):
        change_prescription(row, by=doctor, version=row.version, dosage_text="more")


def test_matching_allergy_asks_for_a_reason(doctor: Any) -> None:
    visit = EncounterFactory()
    AllergyFactory(patient=visit.patient)
    with pytest.raises(ValidationError) as refused:
        order(doctor, visit, activate=True, medication_text="Penicillin V 250 mg")
    assert list(refused.value.message_dict) == ["override_reason"]
    assert not Prescription.objects.exists()
    row = order(
        doctor,
        visit,
        activate=True,
        medication_text="Penicillin V 250 mg",
        override_reason="Tolerated twice since.",
    )
    assert (row.status, row.override_reason) == ("active", "Tolerated twice since.")


@pytest.mark.parametrize(
    "values", [{"clinical_status": "resolved"}, {"verification": "entered-in-error"}]
)
def test_allergy_that_is_over_asks_nothing(doctor: Any, values: dict[str, str]) -> None:
    visit = asked_visit()
    AllergyFactory(patient=visit.patient, **values)
    row = order(doctor, visit, activate=True, medication_text="Penicillin V 250 mg")
    assert row.status == "active"


def test_another_patients_allergy_asks_nothing(doctor: Any) -> None:
    AllergyFactory()
    assert order(doctor, activate=True, medication_text="Penicillin V 250 mg").status == "active"


def test_allergy_found_since_the_draft_asks_at_activation(doctor: Any) -> None:
    visit = EncounterFactory()
    draft = order(doctor, visit, medication_text="Penicillin V 250 mg")
    AllergyFactory(patient=visit.patient)
    with pytest.raises(ValidationError):
        take_step(draft, "activate", by=doctor)
    assert take_step(draft, "activate", by=doctor, override_reason="Sure.").status == "active"


def test_controlled_drug_has_no_refills_unless_said(doctor: Any) -> None:
    assert order(doctor, controlled=True).refills == 0
    assert order(doctor, controlled=True, refills=1).refills == 1
    assert order(doctor).refills is None


def test_end_before_start_is_refused(doctor: Any) -> None:
    today = clock.day_start(clock.today())
    with pytest.raises(ValidationError) as refused:
        order(doctor, start=today, end=today - dt.timedelta(days=1))
    assert list(refused.value.message_dict) == ["end"]


def test_form_days_are_the_clinics(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    visit = EncounterFactory()
    data = {
        "id": str(uuid7()),
        "patient": str(visit.patient_id),
        "medication_text": "Amlodipine",
        "priority": "routine",
        "override_reason": "Asked just now",
        "start": "2026-03-08",
        "end": "2026-11-01",
    }
    client.post(reverse("records:prescription_add", args=[visit.pk]), data)
    row = Prescription.objects.get()
    assert row.start == clock.day_start(dt.date(2026, 3, 8))
    assert row.end == clock.day_start(dt.date(2026, 11, 1))
    page = client.get(reverse("records:prescription_edit", args=[row.pk])).content.decode()
    assert 'value="2026-03-08"' in page


def test_nurse_names_the_prescriber_by_typing(client: Client, doctor: Any) -> None:
    client.force_login(UserFactory(role="Nurse"))
    visit = EncounterFactory()
    data = {
        "id": str(uuid7()),
        "patient": str(visit.patient_id),
        "medication_text": "Amlodipine",
        "priority": "routine",
        "prescriber": doctor.practitioner.family,
    }
    client.post(reverse("records:prescription_add", args=[visit.pk]), data)
    assert Prescription.objects.get().author == doctor.practitioner


@pytest.mark.parametrize("verb", ["hold", "stop"])
def test_step_page_asks_and_keeps_the_reason(client: Client, doctor: Any, verb: str) -> None:
    client.force_login(doctor)
    row = order(doctor, activate=True)
    url = reverse("records:prescription_step", args=[row.pk, verb])
    assert 'name="reason"' in client.get(url).content.decode()
    data = {"patient": str(row.patient_id), "version": str(row.version)}
    assert client.post(url, data).status_code == 422
    assert client.post(url, data | {"reason": "Swollen ankles"}).status_code == 302
    row.refresh_from_db()
    assert row.status == STEPS[verb].to
    assert AuditEvent.objects.get(act=f"prescription.{verb}").reason == "Swollen ankles"


def test_unknown_step_is_not_found(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    url = reverse("records:prescription_step", args=[order(doctor).pk, "double"])
    assert client.get(url).status_code == 404


def test_draft_awaits_its_prescriber_and_nobody_else(doctor: Any) -> None:
    nurse, other = UserFactory(role="Nurse"), UserFactory(role="Clinician")
    draft = order(nurse, prescriber=doctor.practitioner)
    order(doctor, activate=True)
    take_step(order(nurse, prescriber=doctor.practitioner), "cancel", by=nurse)
    order(other)
    assert list(Prescription.objects.awaiting(doctor.practitioner)) == [draft]
    assert not Prescription.objects.awaiting(None).exists()


def test_draft_is_handed_to_another_prescriber(doctor: Any) -> None:
    nurse, other = UserFactory(role="Nurse"), UserFactory(role="Clinician")
    draft = order(nurse, prescriber=doctor.practitioner)
    change_prescription(draft, by=nurse, version=1, prescriber=other.practitioner)
    assert list(Prescription.objects.awaiting(other.practitioner)) == [draft]
    assert not Prescription.objects.awaiting(doctor.practitioner).exists()
    with pytest.raises(ValidationError):
        change_prescription(draft, by=nurse, version=2, prescriber=nurse.practitioner)
    with pytest.raises(PermissionDenied):
        take_step(draft, "activate", by=doctor)


def test_doctor_leaves_a_draft_for_a_colleague(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    visit, other = EncounterFactory(), UserFactory(role="Clinician")
    data = {
        "id": str(uuid7()),
        "patient": str(visit.patient_id),
        "medication_text": "Amlodipine",
        "priority": "routine",
        "prescriber": other.practitioner.family,
    }
    url = reverse("records:prescription_add", args=[visit.pk])
    refused = client.post(url, data)
    assert refused.status_code == 422
    assert "save it as a draft" in refused.content.decode()
    assert client.post(url, data | {"act": "draft"}).status_code == 302
    row = Prescription.objects.get()
    assert (row.status, row.author, row.entered_by) == ("draft", other.practitioner, doctor)


def _sent(visit: Any, **values: str) -> dict[str, str]:
    return {
        "id": str(uuid7()),
        "patient": str(visit.patient_id),
        "medication_text": "Amlodipine",
        "priority": "routine",
        "start": "2026-11-02",
        "override_reason": "Asked just now",
        **values,
    }


def test_dosage_line_fills_the_fields_left_empty(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    visit = EncounterFactory()
    url = reverse("records:prescription_add", args=[visit.pk])
    client.post(url, _sent(visit, dosage_text="1 tab po bid prn 28d", frequency="see leaflet"))
    row = Prescription.objects.get()
    assert (row.dosage_text, row.dose, row.route) == (
        "1 tab po bid prn 28d",
        "1 tablet",
        "by mouth",
    )
    assert (row.frequency, row.as_needed, row.quantity) == ("see leaflet", True, "56 tablets")
    assert row.end == clock.day_start(dt.date(2026, 11, 29))


def test_dosage_that_is_not_understood_fills_nothing(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    visit = EncounterFactory()
    url = reverse("records:prescription_add", args=[visit.pk])
    client.post(url, _sent(visit, dosage_text="1 tab od 28d"))
    row = Prescription.objects.get()
    assert (row.dosage_text, row.dose, row.frequency, row.end) == ("1 tab od 28d", "", "", None)


def test_changed_dosage_of_a_draft_is_read_anew(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    visit = EncounterFactory()
    line = "1 tab po bid 28d"
    url = reverse("records:prescription_add", args=[visit.pk])
    client.post(url, _sent(visit, dosage_text=line, act="draft"))
    row = Prescription.objects.get()
    page = reverse("records:prescription_edit", args=[row.pk])
    (form,) = [f for f in forms_of(client.get(page).content.decode()) if "version" in f.data]
    form.data["dosage_text"] = "2 tabs daily"
    client.post(page, form.data)
    row.refresh_from_db()
    assert (row.dose, row.route, row.frequency) == ("2 tablets", "", "once a day")
    assert (row.end, row.quantity) == (None, "")


def test_dosage_is_read_back_while_it_is_typed(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    url = reverse("records:dosage_read")
    typed = {"dosage_text": "10 mg by mouth twice a day for 4 weeks", "start": "nonsense"}
    assert "10 mg, by mouth, twice a day, for 4 weeks" in client.get(url, typed).content.decode()
    assert "is not understood" in client.get(url, {"dosage_text": "1 tab od"}).content.decode()


def test_medication_box_offers_what_was_prescribed_here_mine_first(
    client: Client, doctor: Any
) -> None:
    client.force_login(doctor)
    for name, author in (("Amlodipine 10 mg", None), ("Amlodipine 10 mg", None),
                         ("Amlodipine 5 mg", doctor.practitioner), ("Ramipril", None)):  # fmt: skip
        PrescriptionFactory(medication_text=name, author=author, dosage_text="daily")
    PrescriptionFactory(medication_text="Amlodipine wrong", status="entered-in-error")
    found = client.get(reverse("records:medication_find"), {"q": "AMLO"}).content.decode()
    assert found.index("Amlodipine 5 mg") < found.index("Amlodipine 10 mg")
    assert "Ramipril" not in found
    assert "wrong" not in found
    assert "dosage_text" in found


def test_renewal_takes_the_place_of_the_old_one_when_active(doctor: Any) -> None:
    visit = asked_visit()
    old = order(doctor, visit, activate=True)
    new = order(doctor, visit, renews=old)
    old.refresh_from_db()
    assert (old.status, new.status, new.renews) == ("active", "draft", old)
    take_step(new, "activate", by=doctor)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.status, new.status, new.override_reason) == ("completed", "active", "")


def test_what_is_over_or_anothers_is_not_renewed(doctor: Any) -> None:
    visit = asked_visit()
    stopped = take_step(order(doctor, visit, activate=True), "stop", by=doctor, reason="rash")
    for old in (stopped, order(doctor, activate=True), order(doctor, visit)):
        with pytest.raises(ValidationError):
            order(doctor, visit, renews=old)


def test_renewal_is_written_from_the_patient_page(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    old_visit, visit = asked_visit(), None
    old = order(doctor, old_visit, activate=True, dosage_text="1 tab po daily", refills=2)
    visit = EncounterFactory(patient=old_visit.patient, status="in-progress")
    page = client.get(reverse("records:patient_detail", args=[visit.patient_id])).content.decode()
    link = f"{reverse('records:prescription_add', args=[visit.pk])}?renew={old.pk}"
    assert link in page
    for verb in ("hold", "stop"):
        assert reverse("records:prescription_step", args=[old.pk, verb]) in page
    shown = client.get(link).content.decode()
    assert "Already prescribed" not in shown
    (form,) = [one for one in forms_of(shown) if "renews" in one.data]
    assert form.data["dosage_text"] == "1 tab po daily"
    assert client.post(form.action, form.data).status_code == 302
    assert Prescription.objects.get(renews=old).refills == 2
    old.refresh_from_db()
    assert old.status == "completed"


def test_renewing_anothers_prescription_is_not_found(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    other, visit = order(doctor, activate=True), EncounterFactory()
    url = reverse("records:prescription_add", args=[visit.pk])
    for wanted in (other.pk, "nonsense"):
        assert client.get(f"{url}?renew={wanted}").status_code == 404


def test_controlled_drug_prints_a_line_to_sign(client: Client, doctor: Any) -> None:
    client.force_login(doctor)
    visit = asked_visit()
    plain = order(doctor, visit, activate=True)
    morphine = order(doctor, visit, activate=True, medication_text="Morphine", controlled=True)
    by_hand = "Signature by hand"
    for row, lines in ((plain, 0), (morphine, 1)):
        page = client.get(reverse("records:prescription_print", args=[row.pk])).content.decode()
        assert page.count(by_hand) == lines
        assert visit.patient.family.upper() in page
    both = client.get(reverse("records:medication_print", args=[visit.patient_id]))
    assert "Amlodipine 5 mg" in both.content.decode()
    assert both.content.decode().count(by_hand) == 1


def test_childs_last_weight_and_a_pregnancy_stand_beside_the_form() -> None:
    today = clock.today()
    child = PatientFactory(birth_date=today.replace(year=today.year - 8, day=1))
    adult = PatientFactory(birth_date=today.replace(year=today.year - 30, day=1))
    assert facts_for(child) == ("Weight: never taken",)
    assert facts_for(adult) == ()
    for patient in (child, adult):
        ObservationFactory(
            encounter=EncounterFactory(patient=patient),
            patient=patient,
            code_code="29463-7",
            value="24.50",
            value_unit_code="kg",
            effective=clock.now() - dt.timedelta(days=3),
        )
    (weight,) = facts_for(child)
    assert "24.50 kg" in weight
    assert "(3 days ago)" in weight
    ObservationFactory(
        encounter=None, patient=adult, code_code="82810-3", value="", value_coded_code="LA15173-0"
    )
    assert facts_for(adult) == ("Pregnant",)


def test_child_turns_adult_on_the_sixteenth_birthday() -> None:
    today = clock.today()
    for shift, shown in ((0, 0), (1, 1)):
        birthday = today + dt.timedelta(days=shift)
        patient = PatientFactory(birth_date=birthday.replace(year=birthday.year - 16))
        assert len(facts_for(patient)) == shown


def test_renewal_moved_to_another_patient_ends_nothing_of_the_first(doctor: Any) -> None:
    wrong, right = asked_visit(), asked_visit()
    old = order(doctor, wrong, activate=True)
    new = order(doctor, wrong, renews=old)
    with lifted(Prescription):
        Prescription.objects.filter(pk=new.pk).update(patient=right.patient, encounter=right)
    new.refresh_from_db()
    assert take_step(new, "activate", by=doctor).status == "active"
    old.refresh_from_db()
    assert old.status == "active"


def test_draft_is_made_active_from_the_page_that_shows_it(client: Client, doctor: Any) -> None:
    nurse = UserFactory(role="Nurse")
    draft = order(nurse, prescriber=doctor.practitioner)
    url = reverse("records:prescription_edit", args=[draft.pk])
    step = reverse("records:prescription_step", args=[draft.pk, "activate"])
    client.force_login(doctor)
    assert step in client.get(url).content.decode()
    client.force_login(nurse)
    assert step not in client.get(url).content.decode()
