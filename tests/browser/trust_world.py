"""What the pages of trust show: entries of one person, a closed chart, and who opened it."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from clinik import audit, clock
from clinik.models import User
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters import access, merging
from encounters.models import EmergencyAccess, Patient, PatientMerge
from tests.factories import EncounterFactory, PatientFactory, UserFactory

LONG = "Called to the emergency room; nobody of the team could be reached. " * 4
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@dataclass
class Trust:
    """Rows of which each has a page."""

    patient: Patient
    twin: Patient
    closed: Patient
    merge: PatientMerge
    waiting: EmergencyAccess
    reviewed: EmergencyAccess


def make_trust(patient: Patient, users: dict[str, User]) -> Trust:
    boss = users[ADMINISTRATOR]
    same = {"birth_date": patient.birth_date, "given": patient.given, "family": patient.family}
    twin = PatientFactory(
        **same, city="Lake Chargoggagogg", phone="555 0100", email="hub@e.example"
    )
    gone = PatientFactory(**same)
    EncounterFactory(patient=gone, status="finished")
    seen = {"version": gone.version, "into_version": Patient.objects.get(pk=patient.pk).version}
    merge = merging.merge_patients(gone, into=patient, by=boss, reason=LONG, **seen)
    closed = PatientFactory(family="אברהמוביץ׳", given="שרה־לאה", restricted=True)
    guest = UserFactory(role=NURSE, first_name="محمد عبد الرحمن", last_name=WORD)
    waiting = access.open_chart(closed, by=guest, reason=LONG)
    audit.record_view(closed, by=guest)
    audit.record("patient.change", closed, by=guest, fields=["phone", "address_line"])
    audit.record_page(
        "page.refused", "encounters:patient_merge", by=guest, outcome="4", method="GET",
        status=403, patient_id=closed.pk,
    )  # fmt: skip
    reviewed = _reviewed(closed, users[NURSE], users[AUDITOR])
    return Trust(Patient.objects.get(pk=patient.pk), twin, closed, merge, waiting, reviewed)


def _reviewed(closed: Patient, nurse: User, auditor: User) -> EmergencyAccess:
    start = clock.now() - dt.timedelta(days=3)
    made = EmergencyAccess.objects.create(
        id=uuid.uuid4(), user=nurse, patient=closed, reason=WORD, start=start,
        until=start + access.LASTS,
    )  # fmt: skip
    return access.review_access(made, by=auditor, words=LONG, version=made.version)


def trust_pages(found: Trust) -> dict[str, dict[str, str]]:
    """Role -> name -> URL."""
    patient, closed = found.patient.pk, found.closed.pk

    def at(name: str, *args: Any, **query: str) -> str:
        text = "&".join(f"{key}={value}" for key, value in query.items())
        return reverse(name, args=args) + (f"?{text}" if text else "")

    return {
        FRONT_DESK: {"timeline at the desk": at("records:patient_timeline", patient)},
        CLINICIAN: {
            "timeline": at("records:patient_timeline", patient),
            "nothing older": at("records:patient_timeline", patient, acts="1", steps="x"),
            "restrict": at("encounters:patient_restrict", patient),
            "break the glass": at("encounters:patient_access", closed),
        },
        ADMINISTRATOR: {
            "patient and more": at("records:patient_detail", patient),
            "merge": at("encounters:patient_merge", patient, q="a"),
            "compare": at("encounters:patient_merge_with", patient, found.twin.pk),
            "take back": at("encounters:merge_undo", found.merge.pk),
            "without contact": at("encounters:patient_retention", years="1"),
            "nobody without contact": at("encounters:patient_retention", years="90"),
        },
        AUDITOR: {
            "accesses": at("encounters:access_list"),
            "accesses reviewed": at("encounters:access_list", reviewed="1"),
            "access": at("encounters:access_review", found.waiting.pk),
            "access reviewed": at("encounters:access_review", found.reviewed.pk),
            "patient to the auditor": at("records:patient_detail", patient),
        },
    }
