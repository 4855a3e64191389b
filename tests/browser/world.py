"""A small clinic in which every page of the clinic has something to show."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from clinik import clock
from clinik.models import ImportedResource, User
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import lifecycle
from encounters.models import Encounter, Patient, PatientAlert, Practitioner
from records.models import Finding, Note, NoteTemplate, Observation, ReportResult
from records.vitals_entry import record_vitals
from tests.browser.trust_world import make_trust, trust_pages
from tests.factories import (
    AllergyFactory,
    AmendmentFactory,
    AssessmentFactory,
    DiagnosisFactory,
    DisclosureFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PractitionerFactory,
    PrescriptionFactory,
    ReportFactory,
    UserFactory,
)

ERROR = {"status": "entered-in-error", "error_reason": "Written on the wrong page."}
STATUSES = ("planned", "arrived", "triaged", "onleave", "finished", "cancelled", "entered-in-error")


@dataclass
class World:
    """Who works here, and the pages that each of them looks at: role -> name -> URL."""

    users: dict[str, User]
    patient: Patient
    visits: dict[str, Encounter]
    pages: dict[str, dict[str, str]]


def make_world() -> World:
    roles = (FRONT_DESK, NURSE, CLINICIAN, ADMINISTRATOR, AUDITOR)
    users: dict[str, User] = {
        role: UserFactory(role=role, last_name=role.replace(" ", "")) for role in roles
    }
    doctor = Practitioner.objects.get(user=users[CLINICIAN])
    patient = PatientFactory(
        family="Wolfeschlegelsteinhausenbergerdorff",
        given="Hubert Blaine Maximilian",
        known_as="Hub",
        phone="555 0199",
        city="Springfield",
    )
    AllergyFactory(patient=patient, criticality="high", reaction="Anaphylaxis")
    AllergyFactory(patient=patient, substance_text="Latex", verification="entered-in-error")
    PatientAlert.objects.create(patient=patient, text="Falls", start=clock.now(), author=doctor)
    visits: dict[str, Encounter] = {
        status: EncounterFactory(status=status, practitioner=doctor, location=f"Room {n}")
        for n, status in enumerate(STATUSES)
    }
    visits["open"] = EncounterFactory(
        patient=patient,
        practitioner=doctor,
        type_text="Annual wellness visit",
        service_type_text="General Practice",
        reason_text="Routine health maintenance, and a cough that has lasted for three weeks",
        location="Main Clinic, Room 204",
    )
    visits["old"] = EncounterFactory(
        patient=patient, status="finished", start=clock.now() - dt.timedelta(days=400)
    )
    visits["finished"].status_history.filter(status="finished").update(
        before={"status": "in-progress"}, by=users[NURSE]
    )
    visits["emergency"] = EncounterFactory(class_code="EMER", practitioner=doctor)
    visits["stay"] = EncounterFactory(class_code="IMP", practitioner=doctor)
    visits["left over"] = EncounterFactory(start=clock.now() - dt.timedelta(days=5))
    visits["wrong"] = EncounterFactory(patient=patient, practitioner=doctor)
    visits["merged"] = EncounterFactory(
        patient=PatientFactory(merged_into=patient), status="finished"
    )
    visits["of the dead"] = EncounterFactory(
        patient=PatientFactory(deceased=True, deceased_at=clock.now()), status="planned"
    )
    rows = _chart(visits["open"], doctor, users[NURSE])
    NoteFactory(encounter=visits["wrong"], author=doctor)
    visits["wrong"] = lifecycle.enter_in_error(
        visits["wrong"], by=users[CLINICIAN], about="somebody-else", reason="Another Hubert."
    )
    pages = _pages(patient, visits, rows)
    for role, found in trust_pages(make_trust(patient, users)).items():
        pages[role] |= found
    return World(users, patient, visits, pages)


def _chart(visit: Encounter, doctor: Practitioner, nurse: User) -> dict[str, Any]:
    """Rows of every kind and state; those that pages of their own show, by name."""
    of: dict[str, Any] = {"encounter": visit, "author": doctor}
    for pulse in ("88", "132"):
        record_vitals(
            visit, by=nurse, id=uuid.uuid4(), confirmed=True, systolic="184", diastolic="91",
            pulse=pulse, temperature="38.4", spo2="90", respiration="26", weight="70",
            height="175", consciousness="A", oxygen="air", pain="3",
        )  # fmt: skip
    critical = ObservationFactory(
        **of, code_code="2823-3", code_display="Potassium", interpretation="HH"
    )
    report = ReportFactory(**of, status="preliminary", conclusion="Potassium too high.")
    ReportResult.objects.create(report=report, observation=critical)
    ImportedResource.objects.create(
        source="laboratory",
        resource_type="Procedure",
        resource_id="p1",
        patient_id=visit.patient_id,
        digest="0",
        raw={"code": {"text": "Colonoscopy"}, "status": "entered-in-error"},
    )
    ObservationFactory(**of, **ERROR)
    signed: Note = NoteFactory(
        **of, signed=True, title="Visit summary", content="Feels well.\n" * 9
    )
    NoteFactory(**of, about=signed, relation="addendum", signed=True, content="And the knee.")
    NoteFactory(**of, **ERROR)
    of_status = {
        status: PrescriptionFactory(**of, status=status, dosage_text="1 tablet in the morning")
        for status in ("draft", "active", "on-hold", "stopped", "entered-in-error")
    }
    assessment = AssessmentFactory(**of)
    Finding.objects.create(assessment=assessment, finding_text="High pressure", basis="184/91")
    diagnosis = DiagnosisFactory(encounter=visit, use="AD", rank=1, condition_code="I10")
    DiagnosisFactory(encounter=visit, condition_text="Type 2 diabetes mellitus", use="DD", rank=2)
    problem = {"encounter": None, "patient": visit.patient, "category": "problem-list-item"}
    DiagnosisFactory(**problem, condition_text="Asthma", onset=clock.now())
    DiagnosisFactory(**problem, condition_text="Gout", clinical_status="resolved")
    return {
        "draft": NoteFactory(**of, content="Half a note"),
        "signed": signed,
        "prescription": of_status["draft"],
        "active": of_status["active"],
        "assessment": assessment,
        "diagnosis": diagnosis,
        "critical": critical,
        "awaiting": NoteFactory(
            encounter=visit, author=PractitionerFactory(), signed=True, cosigner=doctor
        ),
        "template": NoteTemplate.objects.create(
            practitioner=doctor, name="Sprained ankle", body="Mechanism:\nSwelling:\nPlan:"
        ),
        "observation": Observation.objects.filter(encounter=visit, status="final").first(),
    }


def _pages(
    patient: Patient, visits: dict[str, Encounter], rows: dict[str, Any]
) -> dict[str, dict[str, str]]:
    return {
        FRONT_DESK: _desk_pages(patient, visits),
        CLINICIAN: _chart_pages(patient, visits, rows) | _step_pages(visits),
        ADMINISTRATOR: {
            "restore": reverse("encounters:encounter_restore", args=[visits["wrong"].pk]),
            **_privacy_pages(patient, visits),
        },
        AUDITOR: {
            "forbidden": reverse("encounters:patient_register"),
            "trail": reverse("encounters:trail_list"),
            "trail, refused": reverse("encounters:trail_list") + "?outcome=4",
            "search refused": reverse("encounters:trail_list") + "?person=nobody&since=x",
            "unusual reading": reverse("encounters:trail_unusual") + f"?day={clock.today()}",
            "who looked": reverse("encounters:patient_trail", args=[patient.pk]),
            "nobody else": reverse("encounters:patient_trail", args=[patient.pk])
            + "?outside=1&until=2001-01-01",
        },
    }


def _privacy_pages(patient: Patient, visits: dict[str, Encounter]) -> dict[str, str]:
    asked = AmendmentFactory(patient=patient)
    denied = {"decision": "denied", "reason": "It is right", "decided_at": clock.now()}
    AmendmentFactory(patient=patient, decided_by=asked.by, **denied)
    gone = DisclosureFactory(patient=patient, event=7, recipient_address="1 Main Street")
    DisclosureFactory(
        patient=patient, error_reason="Never sent", error_by=gone.by, error_at=clock.now()
    )
    add = reverse("encounters:amendment_add", args=[patient.pk])
    return {
        "amendments": reverse("encounters:patient_amendments", args=[patient.pk]),
        "amendment": reverse("encounters:amendment_detail", args=[asked.pk]),
        "amendment asked for": f"{add}?visit={visits['open'].pk}",
        "amendment of the person": add,
        "amendments to answer": reverse("encounters:amendment_list"),
        "disclosures": reverse("encounters:patient_disclosures", args=[patient.pk]),
        "disclosure": reverse("encounters:disclosure_add", args=[patient.pk]),
        "wrong disclosure": reverse("encounters:disclosure_error", args=[gone.pk]),
    }


def _desk_pages(patient: Patient, visits: dict[str, Encounter]) -> dict[str, str]:
    today, opens = reverse("records:board_today"), "encounters:encounter_open"
    search = reverse("encounters:encounter_list")
    return {
        "today": today,
        "another day": f"{today}?date=2025-03-31",
        "earlier": reverse("records:board_earlier"),
        "patients": reverse("encounters:patient_list"),
        "nobody found": reverse("encounters:patient_list") + "?q=zzzzzz",
        "register": reverse("encounters:patient_register"),
        "edit patient": reverse("encounters:patient_edit", args=[patient.pk]),
        "patient at the desk": reverse("records:patient_detail", args=[patient.pk]),
        "visit at the desk": reverse("records:encounter_detail", args=[visits["open"].pk]),
        "open": reverse(opens, args=[visits["old"].patient_id]),
        "open a second": reverse(opens, args=[visits["finished"].patient_id]),
        "plan": reverse(opens, args=[patient.pk]) + "?plan=1",
        "edit visit": reverse("encounters:encounter_edit", args=[visits["open"].pk]),
        "search": search,
        "search with chips": f"{search}?status=finished&class_code=AMB&from=2020-01-01&reason=x",
        "search, all of it": f"{search}?status=finished&status=in-progress",
        "search refused": f"{search}?from=yesterdayish",
        "cancelled visit": reverse("records:encounter_detail", args=[visits["cancelled"].pk]),
        "visit of a merged entry": reverse("records:encounter_detail", args=[visits["merged"].pk]),
        "merged entry": reverse("records:patient_detail", args=[visits["merged"].patient_id]),
        "dead patient": reverse("records:patient_detail", args=[visits["of the dead"].patient_id]),
        "deceased": reverse("encounters:patient_deceased", args=[visits["of the dead"].patient_id]),
        "refused": reverse("encounters:encounter_cancel", args=[visits["finished"].pk]),
        "password": reverse("account_change_password"),
        "preferences": reverse("preferences"),
        "sessions": reverse("session_list"),
        "second step": reverse("mfa_index"),
        "log out": reverse("account_logout"),
        "missing": reverse("records:patient_detail", args=[uuid.uuid4()]),
    }


def _chart_pages(
    patient: Patient, visits: dict[str, Encounter], rows: dict[str, Any]
) -> dict[str, str]:
    visit = reverse("records:encounter_detail", args=[visits["open"].pk])
    kinds = ("vitals", "diagnosis", "note", "prescription", "assessment", "observation")
    found = {
        "board": reverse("records:board_today") + "?mine=1",
        "patient": reverse("records:patient_detail", args=[patient.pk]),
        "empty patient": reverse("records:patient_detail", args=[visits["arrived"].patient_id]),
        "visit": visit,
        "empty visit": reverse("records:encounter_detail", args=[visits["triaged"].pk]),
        "visit of the past": reverse("records:encounter_detail", args=[visits["old"].pk]),
        "visit in error": reverse("records:encounter_detail", args=[visits["wrong"].pk]),
        "print": reverse("records:encounter_print", args=[visits["open"].pk]),
        "to do": reverse("records:todo_list"),
        "right patient": reverse("records:encounter_move", args=[visits["open"].pk]) + "?q=a",
        "move visit": reverse("records:encounter_move", args=[visits["open"].pk])
        + f"?to={visits['arrived'].patient_id}",
        "hand over all": reverse("encounters:encounter_hand_over_all"),
        "past visit": reverse("records:encounter_past", args=[patient.pk]),
        "allergy": reverse("encounters:allergy_add", args=[patient.pk]),
        "alert": reverse("encounters:alert_add", args=[patient.pk]),
        "end alert": reverse("encounters:alert_end", args=[patient.alerts.first().pk]),
        "problem": reverse("encounters:problem_add", args=[patient.pk]),
        "edit allergy": reverse("encounters:allergy_edit", args=[patient.allergies.first().pk]),
        "edit diagnosis": reverse("encounters:diagnosis_edit", args=[rows["diagnosis"].pk]),
        "add diagnosis": reverse("encounters:diagnosis_add", args=[visits["open"].pk]),
        "write on": reverse("records:note_edit", args=[rows["draft"].pk]),
        "sign": reverse("records:note_sign", args=[rows["draft"].pk]),
        "addendum": reverse("records:note_addendum", args=[rows["signed"].pk]),
        "edit prescription": reverse("records:prescription_edit", args=[rows["prescription"].pk]),
        "print prescription": reverse("records:prescription_print", args=[rows["active"].pk]),
        "print medication": reverse("records:medication_print", args=[patient.pk]),
        "questionnaire": reverse("records:instrument_add", args=[visits["open"].pk, "phq-9"]),
        "record in error": reverse("records:record_error", args=["note", rows["signed"].pk]),
        "several results": reverse("records:observation_labs", args=[visits["open"].pk]),
        "correct": reverse("records:observation_correct", args=[rows["observation"].pk]),
        "seen": reverse("records:observation_seen", args=[rows["critical"].pk]),
        "trend": reverse("records:patient_trend", args=[patient.pk, "bp"]),
        "came besides": reverse("records:patient_kept", args=[patient.pk]),
        "look a code up": reverse("encounters:condition_find") + "?q=zzzz",
        "second signature": reverse("records:note_cosign", args=[rows["awaiting"].pk]),
        "ask for a signature": reverse("records:note_cosigner", args=[rows["signed"].pk]),
        "templates": reverse("records:template_list"),
        "new template": reverse("records:template_add"),
        "template": reverse("records:template_edit", args=[rows["template"].pk]),
        "versions": reverse("records:row_versions", args=["note", rows["signed"].pk]),
    }
    for verb, row in (("activate", "prescription"), ("hold", "active"), ("stop", "active")):
        found[f"{verb} it"] = reverse("records:prescription_step", args=[rows[row].pk, verb])
    for name in ("vitals_add", "observation_add", "note_add", "prescription_add", "assessment_add"):
        found[name] = reverse(f"records:{name}", args=[visits["open"].pk])
    return found | {f"adding {kind}": f"{visit}?add={kind}" for kind in kinds}


def _step_pages(visits: dict[str, Encounter]) -> dict[str, str]:
    steps = (
        ("close", "open"),
        ("close", "stay"),
        ("leave", "open"),
        ("room", "open"),
        ("hand_over", "open"),
        ("times", "open"),
        ("error", "open"),
        ("cancel", "planned"),
        ("cancel", "arrived"),
        ("reopen", "finished"),
        ("step_back", "finished"),
        ("admit", "emergency"),
    )
    return {
        f"{word}, {visit}": reverse(f"encounters:encounter_{word}", args=[visits[visit].pk])
        for word, visit in steps
    }
