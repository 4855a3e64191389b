"""Rows say which import brought them, and what came besides is counted, listed and read only."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent, ImportedResource, ImportRun
from clinik.roles import ADMINISTRATOR, CLINICIAN, FRONT_DESK, NURSE
from encounters.models import Encounter, Patient
from records import kept
from tests.factories import (
    AllergyFactory,
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PrescriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role))
    return client


@pytest.fixture
def run() -> ImportRun:
    return ImportRun.objects.create(source="city", started=clock.now(), finished=clock.now())


def came(row: Any, run: ImportRun) -> None:
    ImportedResource.objects.create(
        source="city",
        resource_type="X",
        resource_id=str(row.pk),
        row_model=row._meta.label_lower,
        row_id=row.pk,
        digest="0",
        run=run,
        first_run=run,
    )


def keep(
    patient: Patient, kind: str = "Procedure", visit: Encounter | None = None, **raw: Any
) -> ImportedResource:
    number = ImportedResource.objects.count()
    return ImportedResource.objects.create(
        source="city",
        resource_type=kind,
        resource_id=f"k{number}",
        patient_id=patient.pk,
        encounter_id=visit.pk if visit else None,
        digest="0",
        raw={"resourceType": kind, "id": f"k{number}", **raw},
    )


def patient_url(patient: Patient) -> str:
    return reverse("records:patient_detail", args=[patient.pk])


def list_url(patient: Patient) -> str:
    return reverse("records:patient_kept", args=[patient.pk])


def test_every_page_of_an_imported_row_says_where_it_came_from(run: ImportRun) -> None:
    patient = PatientFactory(source="city")
    visit = EncounterFactory(patient=patient, source="city")
    of: dict[str, Any] = {"encounter": visit, "source": "city"}
    note = NoteFactory(**of)
    value = ObservationFactory(**of)
    pages = [
        (patient, patient_url(patient)),
        (visit, reverse("records:encounter_detail", args=[visit.pk])),
        (note, reverse("records:record_error", args=["note", note.pk])),
        (value, reverse("records:observation_correct", args=[value.pk])),
        (
            diagnosis := DiagnosisFactory(**of),
            reverse("encounters:diagnosis_edit", args=[diagnosis.pk]),
        ),
        (
            allergy := AllergyFactory(patient=patient, source="city"),
            reverse("encounters:allergy_edit", args=[allergy.pk]),
        ),
        (
            drug := PrescriptionFactory(**of, status="draft"),
            reverse("records:record_error", args=["prescription", drug.pk]),
        ),
    ]
    admin, doctor = client_of(ADMINISTRATOR), client_of(CLINICIAN)
    for row, url in pages:
        came(row, run)
        answers = [client.get(url) for client in (admin, doctor)]
        shown = [one.content.decode() for one in answers if one.status_code == 200]
        assert shown, url
        assert all("Imported from city on" in html for html in shown), url
    run_page = reverse("admin:clinik_importrun_change", args=[run.pk])
    assert run_page in admin.get(patient_url(patient)).content.decode()
    assert run_page not in doctor.get(patient_url(patient)).content.decode()


def test_what_was_made_here_says_nothing_and_asks_nothing() -> None:
    visit = EncounterFactory()
    for url in (patient_url(visit.patient), reverse("records:encounter_detail", args=[visit.pk])):
        assert "mported from" not in client_of(ADMINISTRATOR).get(url).content.decode()


def test_a_record_of_another_source_than_its_visit_says_so_in_its_row() -> None:
    visit = EncounterFactory(source="city")
    PrescriptionFactory(encounter=visit, source="city", medication_text="Same")
    url = reverse("records:encounter_detail", args=[visit.pk])
    client = client_of(NURSE)
    assert "imported from" not in client.get(url).content.decode()
    NoteFactory(encounter=visit, source="<b>lab</b>")
    assert "imported from &lt;b&gt;lab&lt;/b&gt;" in client.get(url).content.decode()


def test_the_patients_page_counts_what_came_besides_also_of_merged_entries() -> None:
    patient = PatientFactory()
    keep(PatientFactory(merged_into=patient), "Immunization")
    keep(patient), keep(patient), keep(PatientFactory(), "Claim")
    html = client_of(NURSE).get(patient_url(patient)).content.decode()
    assert "2 Procedure, 1 Immunization</p>" in html
    assert list_url(patient) in html
    assert list_url(patient) not in client_of(FRONT_DESK).get(patient_url(patient)).content.decode()


def test_the_list_reads_what_kinds_say_in_their_own_ways() -> None:
    patient = PatientFactory()
    keep(patient, code={"text": "<i>Cut</i>"}, performedDateTime="2024-03-05", status="completed")
    keep(
        patient,
        "Immunization",
        vaccineCode={"coding": [{"code": "140", "display": "Influenza"}]},
        occurrenceDateTime="2023-11",
    )
    keep(patient, "CarePlan", title="Plan", period={"start": "2020-01-02T10:00:00+01:00"})
    client = client_of(CLINICIAN)
    rows = client.get(list_url(patient)).context["page"].rows
    said = [(row.kind, row.words, row.code, row.status) for row in rows]
    assert said == [
        ("CarePlan", "Plan", "", ""),
        ("Immunization", "Influenza", "140", ""),
        ("Procedure", "<i>Cut</i>", "", "completed"),
    ]
    assert [row.when for row in rows][1:] == ["Nov 2023", "5 Mar 2024"]
    html = client.get(list_url(patient), {"kind": "Procedure"}).content.decode()
    assert "&lt;i&gt;Cut&lt;/i&gt;" in html
    assert "Influenza" not in html
    assert AuditEvent.objects.filter(act="patient.view_kept", patient_id=patient.pk).count() == 2


@pytest.mark.parametrize(
    "raw",
    [
        {"code": 3, "status": ["x"], "performedDateTime": {"start": 4}},
        {"code": {"coding": ["x"]}, "period": {"start": "soon"}, "status": None},
        {"code": [], "type": [{}], "date": "0001-01-01", "encounter": "x", "context": [1]},
        {"code": {"coding": {}, "text": {"a": 1}}, "date": "9999-12-31T23:59:60-14:00"},
    ],
)
def test_content_of_any_shape_is_listed(raw: dict[str, Any]) -> None:
    row = keep(PatientFactory(), **raw)
    patient = Patient.objects.get(pk=str(row.patient_id))
    assert client_of(NURSE).get(list_url(patient)).status_code == 200
    ImportedResource.objects.update(raw=[1, "x"])
    assert client_of(NURSE).get(list_url(patient)).status_code == 200


def test_a_long_list_goes_on_and_shows_each_row_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(kept, "SHOWN", 3)
    patient = PatientFactory()
    made = [keep(patient).pk for _number in range(7)]
    client, after, seen = client_of(NURSE), "", []
    while after is not None:
        page = client.get(list_url(patient), {"after": after}).context["page"]
        seen += [row.pk for row in page.rows]
        after = page.after
    assert seen == made[::-1]


def test_what_belongs_to_a_visit_about_somebody_else_counts_no_more(run: ImportRun) -> None:
    visit: Encounter = EncounterFactory(source="city")
    came(visit, run)
    keep(visit.patient, visit=visit, code={"text": "zebra"})
    keep(visit.patient, "Claim")
    keep(visit.patient, "Claim", visit=visit)
    client = client_of(NURSE)
    assert "2 Claim, 1 Procedure" in client.get(patient_url(visit.patient)).content.decode()
    Encounter.objects.filter(pk=visit.pk).update(
        status="entered-in-error", error_about="somebody-else"
    )
    html = client.get(patient_url(visit.patient)).content.decode()
    assert "1 Claim</p>" in html
    assert "Procedure" not in html
    assert "zebra" not in client.get(list_url(visit.patient)).content.decode()
