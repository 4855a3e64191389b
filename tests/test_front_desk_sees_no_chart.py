"""Nothing of the chart reaches those who may not see it: no page, fragment, title or search.

One patient's chart is filled with words that stand nowhere else; then every page of the clinic is
read by the front desk and by an auditor.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import audit, clock
from clinik.ids import uuid7
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK
from encounters import diagnoses, lifecycle
from encounters.allergies import add_allergy
from records import assessments, errors, notes, observations, prescriptions, vitals_entry
from tests.factories import PatientFactory, UserFactory
from tests.test_permissions import TABLE, _own, url_of

pytestmark = pytest.mark.django_db

# Each word stands in one kind of text of the chart.
WORDS = {
    "note": "zebranote", "title": "zebratitle", "addendum": "zebraaddendum",
    "diagnosis": "zebradiagnosis", "code": "Z99.89", "problem": "zebraproblem",
    "allergy": "zebraallergy", "reaction": "zebrareaction",
    "medication": "zebramedication", "dosage": "zebradosage",
    "value": "zebravalue", "sign": "Heart rate", "assessment": "zebrasummary",
    "finding": "zebrafinding", "override": "zebraoverride", "cancel": "zebracancel",
    "reopen": "zebrareopen", "seen": "zebraseen", "wrong": "zebrawrong", "stop": "zebrastop",
    "visit_error": "zebravisiterror", "unsigned": "zebradraft",
}  # fmt: skip


@pytest.fixture
def world() -> dict[str, Any]:
    """The rich patient: a running visit, a closed, a cancelled and a wrong one."""
    by = UserFactory(role=CLINICIAN)
    patient = PatientFactory(family="Quiet", phone="5551234")
    visit = _opened(patient, by)
    made = _chart(visit, by)
    _other_visits(patient, by)
    audit.record_view(visit, by=by)
    planned = lifecycle.open_encounter(
        patient=patient, by=by, status="planned", planned_start=clock.now() - dt.timedelta(days=2)
    )
    made |= {"patient": patient, "encounter": visit, "planned": planned}
    return {"patient_pk": patient.pk, "encounter_pk": visit.pk, "made": made}


def _opened(patient: Any, by: Any) -> Any:
    start = clock.to_minute(clock.now()) - dt.timedelta(hours=1)
    return lifecycle.open_encounter(
        patient=patient, by=by, status="in-progress", start=start, confirmed_second=True
    )


def _chart(visit: Any, by: Any) -> dict[str, Any]:
    words, patient = WORDS, visit.patient
    note = notes.add_note(visit, by=by, content=words["note"], title=words["title"])
    note = notes.sign_note(note, by=by)
    notes.add_addendum(note, by=by, content=words["addendum"])
    notes.add_note(visit, by=by, content=words["unsigned"])
    diagnosis = diagnoses.add_diagnosis(
        visit, by=by, text=words["diagnosis"], code=words["code"], system="icd"
    )
    problem = diagnoses.add_diagnosis(visit, by=by, text=words["problem"])
    diagnoses.promote(problem, by=by)
    allergy = add_allergy(
        patient, by=by, substance_text=words["allergy"], reaction=words["reaction"]
    )
    prescription = prescriptions.add_prescription(
        visit,
        by=by,
        prescriber=by.practitioner,
        activate=True,
        medication_text=words["medication"],
        dosage_text=words["dosage"],
    )
    stopped = prescriptions.add_prescription(
        visit, by=by, prescriber=by.practitioner, activate=True, medication_text="other"
    )
    prescriptions.take_step(stopped, "stop", by=by, reason=words["stop"])
    pulse = vitals_entry.record_vitals(visit, by=by, id=uuid7(), pulse="191")[0]
    observations.acknowledge(pulse, by=by, action=words["seen"])
    value = observations.add_observation(visit, by=by, what="Pupils", value=words["value"])
    assessments.add_assessment(
        visit,
        by=by,
        summary=words["assessment"],
        findings=[assessments.FindingText(words["finding"], "")],
    )
    wrong = notes.add_note(visit, by=by, content="mistaken")
    errors.enter_record_in_error(wrong, by=by, reason=words["wrong"])
    return {
        "note": note,
        "diagnosis": diagnosis,
        "allergy": allergy,
        "prescription": prescription,
        "observation": value,
    }


def _other_visits(patient: Any, by: Any) -> None:
    closed = _opened(patient, by)
    notes.add_note(closed, by=by, content="unsigned")
    closed = lifecycle.finish(closed, by=by, override_reason=WORDS["override"])
    closed = lifecycle.reopen(closed, by=by, reason=WORDS["reopen"], confirmed_second=True)
    lifecycle.finish(closed, by=by, override_reason=WORDS["override"])
    left = lifecycle.open_encounter(patient=patient, by=by, confirmed_second=True)
    lifecycle.cancel(
        left, by=by, reason="other", text=WORDS["cancel"], end=clock.to_minute(clock.now())
    )
    twice = _opened(patient, by)
    diagnoses.add_diagnosis(twice, by=by, text=WORDS["diagnosis"])
    lifecycle.enter_in_error(twice, by=by, about="opened-twice", reason=WORDS["visit_error"])


def _pages(world: dict[str, Any]) -> Iterator[str]:
    """Every page of the table, each visit of the patient, and what may be asked of them."""
    for name, row in TABLE.items():
        if row.get:
            yield url_of(name, _own()[name], world)
    patient = world["made"]["patient"]
    for visit in patient.encounters.all():
        for name in ("encounter_detail", "encounter_print"):
            yield reverse(f"records:{name}", args=[visit.pk])
        for word in ("cancel", "error", "undo", "edit", "room"):
            yield reverse("encounters:encounter_list") + f"{visit.pk}/{word}/"
        for kind in ("note", "vitals", "diagnosis", "prescription", "assessment", "observation"):
            detail = reverse("records:encounter_detail", args=[visit.pk])
            yield f"{detail}?add={kind}&all={kind}"
    yield reverse("encounters:patient_find") + "?q=quiet"
    yield reverse("encounters:patient_list") + "?q=quiet"
    yield reverse("encounters:encounter_list") + "?q=quiet"
    statuses = "&".join(f"status={s}" for s in ("cancelled", "finished", "entered-in-error"))
    yield reverse("encounters:encounter_list") + f"?{statuses}"
    yield reverse("records:board_today") + "?version=none"
    yield reverse("encounters:encounter_open", args=[patient.pk]) + "?plan=1"


@pytest.mark.parametrize("role", [FRONT_DESK, AUDITOR])
def test_no_page_says_a_word_of_the_chart(role: str, world: dict[str, Any]) -> None:
    client = Client()
    client.force_login(UserFactory(role=role))
    shown = 0
    for url in _pages(world):
        for headers in ({}, {"HX-Request": "true"}):
            response = client.get(url, headers=headers)
            if response.status_code == 200:
                shown += 1
            text = response.getvalue().decode()
            found = {kind for kind, word in WORDS.items() if word in text}
            assert not found, (url, headers, found)
    assert shown > 5


@pytest.mark.parametrize("role", [FRONT_DESK, AUDITOR])
def test_visits_are_not_found_by_their_diagnosis(role: str, world: dict[str, Any]) -> None:
    client = Client()
    client.force_login(UserFactory(role=role))
    url = reverse("encounters:encounter_list")
    texts = [
        client.get(f"{url}?q={word}&reason={word}&diagnosis=nothing").content.decode()
        for word in ("zebradiagnosis", "zebranote")
    ]
    assert all("QUIET, PAULA" not in text.upper() for text in texts)


@pytest.mark.parametrize("name", ["note", "diagnosis", "allergy", "prescription", "observation"])
def test_admin_shows_the_front_desk_and_auditors_nothing(name: str, world: dict[str, Any]) -> None:
    row = world["made"][name]
    for role in (FRONT_DESK, AUDITOR):
        client = Client()
        client.force_login(UserFactory(role=role, is_staff=True))
        base = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for url in (
            reverse(f"{base}_changelist"),
            reverse(f"{base}_change", args=[row.pk]),
            reverse(f"{base}_history", args=[row.pk]),
        ):
            assert client.get(url).status_code in (302, 403), url


def test_everybody_of_the_chart_sees_each_word(world: dict[str, Any]) -> None:
    """The proof that the words above are ones that pages do show."""
    client = Client()
    client.force_login(UserFactory(role=ADMINISTRATOR))
    visits = world["made"]["patient"].encounters.all()
    urls = [reverse("records:encounter_detail", args=[visit.pk]) for visit in visits]
    urls += [f"{url}?all=note" for url in urls]
    urls.append(reverse("records:patient_detail", args=[world["patient_pk"]]))
    text = "".join(client.get(url).content.decode() for url in urls)
    assert {kind for kind, word in WORDS.items() if word not in text} <= {"wrong"}
