"""Every form of the clinic's pages: where it stands, what a person fills in, and by which role."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.ids import uuid7
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN
from encounters import (
    access,
    alerts,
    amendments,
    diagnoses,
    disclosures,
    lifecycle,
    merging,
    problems,
)
from encounters.models import Encounter, Patient, Practitioner
from records import note_templates, notes, prescriptions, vitals_entry
from records.models import Note, Observation
from tests.factories import AllergyFactory, PatientFactory, PractitionerFactory, UserFactory
from tests.page_forms import PageForm, forms_of

CREATE, EDIT, STEP = "create", "edit", "step"


class World:
    """One patient and the rows that a form needs, made by the verbs when it asks for them."""

    def __init__(self, role: str = CLINICIAN) -> None:
        self.user = UserFactory(role=role)
        self.doctor = self.user if role == CLINICIAN else UserFactory(role=CLINICIAN)
        self.patient: Patient = PatientFactory()
        self.client = Client()
        self.client.force_login(self.user)

    def visit(self, status: str = "in-progress", **fields: Any) -> Encounter:
        """A visit of this status, opened an hour ago."""
        by, start = self.doctor, clock.to_minute(clock.now()) - dt.timedelta(hours=1)
        if status == "planned":
            fields.setdefault("planned_start", start)
            return self._open("planned", **fields)
        if status == "cancelled":
            planned = self.visit("planned")
            return lifecycle.cancel(planned, by=by, reason="patient")
        opened = {"onleave": "in-progress", "finished": "in-progress", "error": "in-progress"}
        found = self._open(opened.get(status, status), start=start, **fields)
        if status == "onleave":
            found = lifecycle.leave(found, by=by)
        if status == "finished":
            found = lifecycle.finish(found, by=by)
        if status == "error":
            found = lifecycle.enter_in_error(found, by=by, about="opened-twice", reason="twice")
        return found

    def _open(self, status: str, **fields: Any) -> Encounter:
        return lifecycle.open_encounter(
            patient=self.patient, by=self.doctor, status=status, confirmed_second=True, **fields
        )

    @property
    def practitioner(self) -> Practitioner:
        return Practitioner.objects.get(user=self.doctor)

    def diagnosis(self) -> Any:
        return diagnoses.add_diagnosis(self.visit(), by=self.doctor, text="Hypertension")

    def problem(self, *, resolved: bool = False) -> Any:
        made = problems.add_problem(self.patient, by=self.doctor, text="Hypertension")
        return problems.resolve_problem(made, by=self.doctor) if resolved else made

    def allergy(self) -> Any:
        return AllergyFactory(patient=self.patient, author=self.practitioner)

    def alert(self) -> Any:
        return alerts.add_alert(self.patient, by=self.doctor, text="Falls")

    def note(self, *, signed: bool = False) -> Note:
        made = notes.add_note(self.visit(), by=self.doctor, content="Feels well.")
        return notes.sign_note(made, by=self.doctor) if signed else made

    def note_to_cosign(self) -> Note:
        other = UserFactory(role=CLINICIAN)
        made = notes.add_note(self.visit(), by=other, content="Feels well.")
        return notes.sign_note(made, by=other, cosigner=self.practitioner)

    def restricted(self) -> Patient:
        version = self.patient.version
        return access.restrict(
            self.patient, by=self.doctor, version=version, restricted=True, reason="Works here"
        )

    def merge(self) -> Any:
        gone = PatientFactory()
        versions = {"version": gone.version, "into_version": self.patient.version}
        return merging.merge_patients(
            gone, into=self.patient, by=UserFactory(role=ADMINISTRATOR), reason="Card", **versions
        )

    def access(self) -> Any:
        other = UserFactory(role=CLINICIAN)
        return access.open_chart(self.restricted(), by=other, reason="Called")

    def amendment(self) -> Any:
        return amendments.request_amendment(
            self.patient, by=self.doctor, asked_on=clock.today(), text="With an e."
        )

    def disclosure(self) -> Any:
        return disclosures.record_disclosure(
            self.patient,
            by=self.doctor,
            at=clock.now(),
            recipient="Example Hospital",
            what="Lab results",
            purpose="treatment",
            means="telephone",
        )

    def template(self, *, removed: bool = False) -> Any:
        made = note_templates.add_template(by=self.doctor, type="other", name="Own", body="Plan:")
        return note_templates.remove_template(made, by=self.doctor) if removed else made

    def prescription(self, *, activate: bool = False) -> Any:
        return prescriptions.add_prescription(
            self.visit(),
            by=self.doctor,
            prescriber=self.practitioner,
            medication_text="Amlodipine 5 mg",
            activate=activate,
            override_reason="Asked just now",
        )

    def observation(self, pulse: str = "72") -> Observation:
        visit = self.visit()
        made = vitals_entry.record_vitals(visit, by=self.doctor, id=uuid7(), pulse=pulse)
        return made[0]


@dataclass(frozen=True)
class Case:
    """`page` makes what is needed and says (page, address the form is sent to)."""

    url_name: str
    kind: str
    page: Callable[[World], tuple[str, str]]
    fill: dict[str, Any] = field(default_factory=dict)
    # What is different in the second sending of a create form, or typed by the other in an edit.
    other: dict[str, Any] = field(default_factory=dict)
    role: str = CLINICIAN
    # Whether it carries the hidden patient: what is about no single patient does not.
    guarded: bool = True
    name: str = ""

    @property
    def id(self) -> str:
        return self.name or self.url_name.partition(":")[2]

    def find(self, world: World) -> tuple[str, PageForm]:
        """The address, and the form of the page that is sent there, filled in."""
        page, action = self.page(world)
        html = world.client.get(page)
        assert html.status_code == 200, (page, html.status_code)
        return self.find_in(html.content.decode(), page, action)

    def find_in(self, html: str, page: str, action: str) -> tuple[str, PageForm]:
        """The same in a page that was fetched already."""
        path = action.partition("?")[0]
        for form in forms_of(html):
            target = form.action or page
            if form.method == "post" and target.partition("?")[0] == path:
                form.data.update({k: v() if callable(v) else v for k, v in self.fill.items()})
                return target, form
        raise AssertionError(f"no form on {page} is sent to {action}")


def _own(name: str, row: Callable[[World], Any], *args: str) -> Callable[[World], tuple[str, str]]:
    """A page whose form is sent to the page itself."""

    def page(world: World) -> tuple[str, str]:
        url = reverse(name, args=[row(world).pk, *args])
        return url, url

    return page


def _on(
    home: str, name: str, row: Callable[[World], Any], *args: str, of: str = "pk"
) -> Callable[[World], tuple[str, str]]:
    """A form on another page: `of` is the row's column that names the page."""

    def page(world: World) -> tuple[str, str]:
        made = row(world)
        return reverse(home, args=[getattr(made, of)]), reverse(name, args=[made.pk, *args])

    return page


def _query(page: Callable[[World], tuple[str, str]], query: str) -> Any:
    def asked(world: World) -> tuple[str, str]:
        here, there = page(world)
        return here + query, there + query

    return asked


def _register(world: World) -> tuple[str, str]:
    return (reverse("encounters:patient_register"),) * 2


def _colleague() -> str:
    return str(Practitioner.objects.get(user=UserFactory(role=CLINICIAN, last_name="Second")))


def _template_remove(world: World) -> tuple[str, str]:
    row = world.template()
    return reverse(R + "template_list"), reverse(R + "template_remove", args=[row.pk])


def _not_same(world: World) -> tuple[str, str]:
    world.patient.search_name = "paula person"
    twin = PatientFactory(family=world.patient.family, birth_date=world.patient.birth_date)
    page = reverse("encounters:patient_edit", args=[twin.pk])
    return page, reverse("encounters:patient_not_same", args=[twin.pk])


def _merge(world: World) -> tuple[str, str]:
    gone = PatientFactory()
    args = [world.patient.pk, gone.pk]
    return (reverse("encounters:patient_merge_with", args=args),) * 2


def _amendment(world: World) -> tuple[str, str]:
    page = reverse("encounters:amendment_add", args=[world.patient.pk])
    return (f"{page}?record=patient:{world.patient.pk}",) * 2


def _earlier(world: World) -> tuple[str, str]:
    world.visit("planned", planned_start=clock.now() - dt.timedelta(days=2))
    return (reverse("records:board_earlier"),) * 2


def _move(world: World) -> tuple[str, str]:
    page = reverse("records:encounter_move", args=[world.visit().pk])
    return (f"{page}?to={PatientFactory().pk}",) * 2


def _hand_over_all(world: World) -> tuple[str, str]:
    world.visit(practitioner=world.practitioner)
    PractitionerFactory(family="Practice")
    return (reverse("encounters:encounter_hand_over_all"),) * 2


def _wrong(kind: str, make: Callable[[World], Any]) -> Callable[[World], tuple[str, str]]:
    def page(world: World) -> tuple[str, str]:
        return (reverse("records:record_error", args=[kind, make(world).pk]),) * 2

    return page


def patient(world: World) -> Any:
    return world.patient


def visit(status: str = "in-progress", **fields: Any) -> Callable[[World], Encounter]:
    return lambda world: world.visit(status, **fields)


def local(moment: dt.datetime) -> str:
    return clock.timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def _later() -> str:
    return local(clock.now() + dt.timedelta(days=3))


E, R = "encounters:", "records:"
DETAIL = "records:encounter_detail"

CREATES = (
    Case(E + "patient_register", CREATE, _register, guarded=False,
         fill={"family": "Newcomer", "given": "Nora", "birth_date": "1970-01-02"},
         other={"given": "Other"}),
    Case(E + "allergy_add", CREATE, _own(E + "allergy_add", patient),
         fill={"substance_text": "Penicillin"}, other={"substance_text": "Latex"}),
    Case(E + "alert_add", CREATE, _own(E + "alert_add", patient),
         fill={"text": "Falls"}, other={"text": "Dog at home"}),
    Case(E + "encounter_open", CREATE, _own(E + "encounter_open", patient),
         fill={"reason_text": "Cough"}, other={"reason_text": "Fever"}),
    Case(E + "encounter_open", CREATE, _query(_own(E + "encounter_open", patient), "?plan=1"),
         fill={"reason_text": "Cough", "planned_start": _later}, other={"reason_text": "Fever"},
         name="encounter_plan"),
    Case(E + "diagnosis_add", CREATE, _own(E + "diagnosis_add", visit()),
         fill={"condition_text": "Hypertension"}, other={"condition_text": "Asthma"}),
    Case(E + "problem_add", CREATE, _own(E + "problem_add", patient),
         fill={"condition_text": "Hypertension", "onset": "2019"},
         other={"condition_text": "Asthma"}),
    Case(R + "encounter_past", CREATE, _own(R + "encounter_past", patient),
         fill={"day": "2024-03-04", "begins": "09:00", "ends": "09:20", "note": "Seen.",
               "pulse": "72", "condition_text": "Cough"},
         other={"reason_text": "Fever"}),
    Case(R + "vitals_add", CREATE, _own(R + "vitals_add", visit()),
         fill={"pulse": "72"}, other={"pulse": "73"}),
    Case(R + "vitals_line", CREATE, _own(R + "vitals_line", visit()),
         fill={"line": "p72", "read": "p72"}, other={"line": "p73", "read": "p73"}),
    Case(R + "observation_add", CREATE, _own(R + "observation_add", visit()),
         fill={"what": "Pupils", "value": "equal"}, other={"value": "unequal"}),
    Case(R + "observation_labs", CREATE, _own(R + "observation_labs", visit()),
         fill={"what_1": "2823-3", "value_1": "4.2", "unit_1": "mmol/L"},
         other={"value_1": "5.2"}),
    Case(R + "note_add", CREATE, _own(R + "note_add", visit()),
         fill={"content": "Feels well."}, other={"content": "Feels ill."}),
    Case(R + "note_addendum", CREATE,
         _own(R + "note_addendum", lambda world: world.note(signed=True)),
         fill={"content": "And better."}, other={"content": "And worse."}),
    Case(E + "patient_access", CREATE, _own(E + "patient_access", World.restricted),
         fill={"reason": "Called at night"}, other={"reason": "Asked"}),
    Case(E + "amendment_add", CREATE, _amendment,
         fill={"text": "With an e."}, other={"text": "With an a."}),
    Case(E + "disclosure_add", CREATE, _own(E + "disclosure_add", patient),
         fill={"recipient": "Example Hospital", "what": "Lab results", "purpose": "treatment",
               "means": "telephone"},
         other={"what": "All of it"}),
    Case(R + "template_add", CREATE, lambda world: (reverse(R + "template_add"),) * 2,
         fill={"name": "Own", "body": "Plan:"}, other={"body": "Else:"}, guarded=False),
    Case(R + "prescription_add", CREATE, _own(R + "prescription_add", visit()),
         fill={"medication_text": "Amlodipine", "override_reason": "Asked just now"},
         other={"medication_text": "Ramipril"}),
    Case(R + "instrument_add", CREATE, _own(R + "instrument_add", visit(), "phq-9"),
         fill={f"item_{place}": "1" for place in range(9)}, other={"item_0": "2"}),
    Case(R + "assessment_add", CREATE, _own(R + "assessment_add", visit()),
         fill={"summary": "Stable."}, other={"summary": "Unstable."}),
)  # fmt: skip

EDITS = (
    Case(E + "patient_edit", EDIT, _own(E + "patient_edit", patient),
         fill={"given": "Mine"}, other={"given": "Theirs"}),
    Case(E + "allergy_edit", EDIT, _own(E + "allergy_edit", World.allergy),
         fill={"reaction": "Mine"}, other={"reaction": "Theirs"}),
    Case(E + "encounter_edit", EDIT, _own(E + "encounter_edit", visit()),
         fill={"reason_text": "Mine"}, other={"reason_text": "Theirs"}),
    Case(E + "diagnosis_edit", EDIT, _own(E + "diagnosis_edit", World.diagnosis),
         fill={"condition_text": "Mine"}, other={"condition_text": "Theirs"}),
    Case(E + "diagnosis_edit", EDIT, _own(E + "diagnosis_edit", World.problem),
         fill={"condition_text": "Mine", "onset": "2019"}, other={"condition_text": "Theirs"},
         name="problem_edit"),
    Case(R + "note_edit", EDIT, _own(R + "note_edit", World.note),
         fill={"content": "Mine"}, other={"content": "Theirs"}),
    Case(R + "template_edit", EDIT, _own(R + "template_edit", World.template), guarded=False,
         fill={"body": "Mine"}, other={"body": "Theirs"}),
    Case(R + "prescription_edit", EDIT, _own(R + "prescription_edit", World.prescription),
         fill={"dosage_text": "Mine"}, other={"dosage_text": "Theirs"}),
)  # fmt: skip

STEPS = (
    Case(E + "encounter_step", STEP, _on(DETAIL, E + "encounter_step", visit("planned"), "arrive"),
         name="arrive"),
    Case(E + "encounter_step", STEP, _on(DETAIL, E + "encounter_step", visit("arrived"), "triage"),
         name="triage"),
    Case(E + "encounter_step", STEP, _on(DETAIL, E + "encounter_step", visit("triaged"), "start"),
         name="start"),
    Case(E + "encounter_step", STEP, _on(DETAIL, E + "encounter_step", visit("onleave"), "resume"),
         name="resume"),
    Case(E + "encounter_leave", STEP, _own(E + "encounter_leave", visit())),
    Case(E + "encounter_admit", STEP, _own(E + "encounter_admit", visit(class_code="EMER")),
         fill={"location": "Ward 1", "practitioner": "Example", "practitioner_id": ""}),
    Case(E + "encounter_room", STEP, _own(E + "encounter_room", visit()),
         fill={"location": "Room 9"}),
    Case(E + "encounter_hand_over", STEP, _own(E + "encounter_hand_over", visit()),
         fill={"to": "Example", "to_id": ""}),
    Case(E + "encounter_hand_over_all", STEP, _hand_over_all, guarded=False,
         fill={"to": "Practice", "to_id": ""}),
    Case(E + "encounter_close", STEP, _own(E + "encounter_close", visit())),
    Case(E + "encounter_close", STEP, _own(E + "encounter_close", visit(class_code="EMER")),
         fill={"diagnosis_text": "Burn", "disposition_code": "home", "again": "2 weeks"},
         name="close_stay"),
    Case(E + "encounter_cancel", STEP, _own(E + "encounter_cancel", visit("planned")),
         fill={"reason": "patient"}),
    Case(E + "encounter_uncancel", STEP,
         _on(DETAIL, E + "encounter_uncancel", visit("cancelled"))),
    Case(E + "encounter_reopen", STEP, _own(E + "encounter_reopen", visit("finished")),
         fill={"reason": "Too early"}),
    Case(E + "encounter_step_back", STEP, _on(DETAIL, E + "encounter_step_back", visit("onleave"))),
    Case(E + "encounter_times", STEP, _own(E + "encounter_times", visit("finished")),
         fill={"length_minutes": "33"}),
    Case(E + "encounter_error", STEP, _own(E + "encounter_error", visit()),
         fill={"about": "opened-twice", "reason": "Twice"}),
    Case(R + "encounter_move", STEP, _move, fill={"reason": "Wrong person"}),
    Case(E + "encounter_restore", STEP, _own(E + "encounter_restore", visit("error")),
         role=ADMINISTRATOR),
    Case(E + "diagnosis_error", STEP,
         _on(E + "diagnosis_edit", E + "diagnosis_error", World.diagnosis),
         fill={"reason": "Wrong"}),
    Case(E + "diagnosis_promote", STEP,
         _on(DETAIL, E + "diagnosis_promote", World.diagnosis, of="encounter_id")),
    Case(E + "problem_resolve", STEP,
         _on("records:patient_detail", E + "problem_resolve", World.problem, of="patient_id")),
    Case(E + "problem_unresolve", STEP,
         _on("records:patient_detail", E + "problem_unresolve",
             lambda world: world.problem(resolved=True), of="patient_id")),
    Case(E + "allergy_error", STEP, _on(E + "allergy_edit", E + "allergy_error", World.allergy),
         fill={"reason": "Wrong"}),
    Case(E + "alert_end", STEP, _own(E + "alert_end", World.alert)),
    Case(E + "allergy_none", STEP,
         _on("records:patient_detail", E + "allergy_none", patient)),
    Case(R + "template_remove", STEP, _template_remove, guarded=False),
    Case(R + "note_sign", STEP, _own(R + "note_sign", World.note)),
    Case(R + "note_cosign", STEP, _own(R + "note_cosign", World.note_to_cosign)),
    Case(R + "note_cosigner", STEP,
         _own(R + "note_cosigner", lambda world: world.note(signed=True)),
         fill={"cosigner": _colleague, "cosigner_id": ""}),
    Case(R + "prescription_step", STEP,
         _own(R + "prescription_step", World.prescription, "activate"), name="activate"),
    Case(R + "prescription_step", STEP,
         _own(R + "prescription_step", lambda world: world.prescription(activate=True), "stop"),
         fill={"reason": "Cough"}, name="stop"),
    Case(R + "observation_correct", STEP, _own(R + "observation_correct", World.observation),
         fill={"value": "74", "reason": "Typed wrong"}),
    Case(R + "observation_seen", STEP,
         _own(R + "observation_seen", lambda world: world.observation("190")),
         fill={"action": "Called"}),
    Case(R + "record_error", STEP, _wrong("note", World.note),
         fill={"reason": "Wrong"}, name="note_error"),
    Case(R + "record_error", STEP, _wrong("observation", World.observation),
         fill={"reason": "Wrong"}, name="observation_error"),
    Case(E + "patient_restrict", STEP, _own(E + "patient_restrict", patient),
         fill={"reason": "Works here"}),
    Case(E + "access_review", STEP, _own(E + "access_review", World.access),
         fill={"review": "Justified"}, role=AUDITOR),
    Case(E + "amendment_detail", STEP, _own(E + "amendment_detail", World.amendment),
         fill={"decision": "denied", "reason": "It is right"}),
    Case(E + "disclosure_error", STEP, _own(E + "disclosure_error", World.disclosure),
         fill={"reason": "Of somebody else"}),
    Case(E + "patient_merge_with", STEP, _merge, fill={"reason": "Same card"},
         role=ADMINISTRATOR),
    Case(E + "merge_undo", STEP, _own(E + "merge_undo", World.merge),
         fill={"reason": "Two people"}, role=ADMINISTRATOR),
    Case(E + "patient_not_same", STEP, _not_same),
    Case(E + "patient_deceased", STEP, _own(E + "patient_deceased", patient)),
    Case(R + "board_earlier", STEP, _earlier, guarded=False),
)  # fmt: skip

CASES = (*CREATES, *EDITS, *STEPS)
# POST without a form of its own: an autosave, and the list of who may be the same person. What
# people set for themselves is no clinical row: tests/clinik/test_preferences.py, test_sessions.py.
# A template comes back by the Undo of a message: tests/records/test_note_templates.py.
NO_FORM = {
    "records:note_draft",
    "records:template_restore",
    "records:vitals_reading",
    "encounters:patient_duplicates",
    "preferences",
    "session_lock",
    "session_end",
    "session_kept",
}
