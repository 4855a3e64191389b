"""Playing a script: each step at its minute, by whom it falls to, as long as it is past."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from clinik import clock
from clinik.codes import ICD10CM
from clinik.ids import uuid7
from clinik.models import User
from encounters import lifecycle
from encounters.allergies import add_allergy, state_no_known_allergies
from encounters.diagnoses import add_diagnosis, promote
from encounters.models import Encounter, Patient
from encounters.models.encounter import Status
from records.assessments import FindingText, add_assessment
from records.demo.script import Rx, Script, Step, signs
from records.demo.staff import Staff
from records.demo.times import at
from records.models import Prescription
from records.notes import add_note, sign_note
from records.observations import acknowledge, add_observation
from records.obstacles import critical_unseen
from records.prescriptions import add_prescription, take_step
from records.vitals_entry import record_vitals

BOOKED_BEFORE = dt.timedelta(days=9)
NO_ARRIVAL = ("VR", "HH")

Act = Callable[[], None]


@dataclass
class Performance:
    """One script, for one patient, from `start` until `now`. `pace` shortens its minutes, so that a
    visit of today does not begin before today."""

    staff: Staff
    patient: Patient
    script: Script
    start: dt.datetime
    now: dt.datetime
    pace: float = 1.0
    id: uuid.UUID | None = None
    visit: Encounter | None = None

    def play(self) -> Encounter:
        """Take every step whose time has come; where it stands then follows from its age."""
        self._open()
        for minute, act in sorted(self._acts(), key=lambda pair: pair[0]):
            moment = self.moment(minute)
            if moment > self.now:
                break
            with at(moment):
                act()
        return self._visit

    def moment(self, minute: float) -> dt.datetime:
        return self.start + dt.timedelta(minutes=minute) * self.pace

    @property
    def _visit(self) -> Encounter:
        assert self.visit is not None
        return self.visit

    @property
    def _doctor(self) -> User:
        return self.staff.users[self.script.doctor]

    @property
    def _nurse(self) -> User:
        return self.staff.users[self.script.nurse]

    def _open(self) -> None:
        script, desk = self.script, self.staff.users["frontdesk"]
        fields = {
            "patient": self.patient,
            "id": self.id or uuid7(),
            "class_code": script.class_code,
            "practitioner": self.staff.practitioners[script.doctor],
            "type_text": script.type,
            "service_type_text": script.service,
            "reason_text": script.reason,
            "location": script.room,
            "priority": script.priority if script.triage is None else "",
        }
        if script.booked:
            with at(min(booked_at(self.start), self.now)):
                self.visit = lifecycle.open_encounter(
                    **fields,
                    by=desk,
                    status=Status.PLANNED,
                    planned_start=quarter(self.start),
                    planned_minutes=20 if script.minutes <= 20 else 30,
                )
        elif self.start <= self.now:
            by = self._nurse if script.class_code == "EMER" else desk
            with at(self.start):
                self.visit = lifecycle.open_encounter(**fields, by=by, status=Status.ARRIVED)

    def _acts(self) -> list[tuple[float, Act]]:
        script = self.script
        acts: list[tuple[float, Act]] = []
        if script.booked and script.comes and script.class_code not in NO_ARRIVAL:
            acts.append((0, self._arrive))
        if script.cancel is not None:
            acts.append((script.cancel[0], self._cancel))
        if not script.comes or script.cancel is not None:
            return acts
        return [*acts, *self._before(), *self._during()]

    def _before(self) -> list[tuple[float, Act]]:
        script = self.script
        acts: list[tuple[float, Act]] = []
        if script.triage is not None:
            acts.append((script.triage, self._triage))
        asked = script.wait if script.triage is None else script.triage + 1
        acts.append((asked, self._ask_about_allergies))
        return acts + [(minute, partial(self._vitals, line)) for minute, line in script.vitals]

    def _during(self) -> list[tuple[float, Act]]:
        script = self.script
        length = script.minutes
        acts: list[tuple[float, Act]] = [
            (script.wait, self._start),
            (script.wait + length * 0.45, self._diagnose),
            (script.wait + length * 0.55, self._labs),
            (script.wait + length * 0.65, self._prescribe),
            (script.wait + length * 0.75, self._think),
            (script.wait + length * 0.85, self._write),
        ]
        if script.admit is not None:
            acts.append((script.admit[0], self._admit))
        if script.leave is not None:
            acts.append((script.leave[0], self._leave))
            acts.append((script.leave[0] + script.leave[2], self._resume))
        if script.error is not None:
            acts.append((script.wait + length + 20, self._enter_in_error))
        return [*acts, (script.wait + length, self._finish)]

    def _arrive(self) -> None:
        self.visit = lifecycle.arrive(self._visit, by=self.staff.users["frontdesk"])

    def _cancel(self) -> None:
        assert self.script.cancel is not None
        _minute, reason, text = self.script.cancel
        self.visit = lifecycle.cancel(
            self._visit,
            by=self.staff.users["frontdesk"],
            reason=reason,
            text=text,
            end=clock.now() if self._visit.start else None,
        )

    def _triage(self) -> None:
        self.visit = lifecycle.triage(
            self._visit, by=self._nurse, priority=self.script.priority or "R"
        )

    def _start(self) -> None:
        by = self._nurse if self.script.class_code == "HH" else self._doctor
        self.visit = lifecycle.start(self._visit, by=by)

    def _ask_about_allergies(self) -> None:
        for known in self.script.allergies:
            add_allergy(
                self.patient,
                by=self._nurse,
                encounter=self._visit,
                substance_text=known.substance,
                reaction=known.reaction,
                severity=known.severity,
                category=known.category,
                criticality=known.criticality,
                type=known.type,
            )
        if self.script.no_allergies:
            state_no_known_allergies(self.patient, by=self._nurse, encounter=self._visit)

    def _vitals(self, line: str) -> None:
        record_vitals(self._visit, by=self._nurse, id=uuid7(), confirmed=True, **signs(line))

    def _diagnose(self) -> None:
        for found in self.script.diagnoses:
            row = add_diagnosis(
                self._visit,
                by=self._doctor,
                system=ICD10CM,
                code=found.code,
                display=found.text,
                use=found.use,
                rank=found.rank,
            )
            if found.problem:
                promote(row, by=self._doctor)

    def _labs(self) -> None:
        for lab in self.script.labs:
            add_observation(
                self._visit,
                by=self._nurse,
                what=lab.name or lab.code,
                code=lab.code,
                value=lab.value,
                unit=lab.unit,
                interpretation=lab.interpretation,
                range_low=lab.low,
                range_high=lab.high,
            )

    def _prescribe(self) -> None:
        for line in self.script.prescriptions:
            if isinstance(line, Step):
                self._step(line)
            else:
                self._prescribe_one(line)

    def _prescribe_one(self, line: Rx) -> None:
        add_prescription(
            self._visit,
            by=self._doctor,
            activate=True,
            medication_text=line.medication,
            dosage_text=line.dosage,
            reason_text=line.reason,
            quantity=line.quantity,
            refills=line.refills,
            start=clock.day_start(clock.today()),
        )

    def _step(self, line: Step) -> None:
        earlier = (
            Prescription.objects.of_patient(self.patient)
            .current()
            .filter(medication_text=line.medication)
            .first()
        )
        if earlier is not None:
            take_step(earlier, line.verb, by=self._doctor, reason=line.why)

    def _think(self) -> None:
        for thought in self.script.thoughts:
            findings = [FindingText(text=text, basis=basis) for text, basis in thought.findings]
            add_assessment(self._visit, by=self._doctor, summary=thought.summary, findings=findings)

    def _write(self) -> None:
        for text in self.script.notes:
            by = self.staff.users[text.by] if text.by else self._doctor
            note = add_note(
                self._visit, by=by, title=text.title, content=text.content, type=text.type
            )
            if text.signed:
                with at(clock.now() + dt.timedelta(minutes=1) * self.pace):
                    sign_note(note, by=by)

    def _admit(self) -> None:
        assert self.script.admit is not None
        self.visit = lifecycle.admit(
            self._visit,
            by=self._doctor,
            location=self.script.admit[1],
            practitioner=self.staff.practitioners["doctor2"],
        )

    def _leave(self) -> None:
        assert self.script.leave is not None
        _minute, where, away = self.script.leave
        self.visit = lifecycle.leave(
            self._visit,
            by=self._doctor,
            leave_to=where,
            expected_back=clock.now() + dt.timedelta(minutes=away),
        )

    def _resume(self) -> None:
        self.visit = lifecycle.resume(self._visit, by=self._doctor)

    def _finish(self) -> None:
        see_critical(self._visit, by=self._doctor)
        self.visit = lifecycle.finish(
            self._visit, by=self._doctor, disposition_code=self.script.disposition
        )

    def _enter_in_error(self) -> None:
        assert self.script.error is not None
        about, why = self.script.error
        self.visit = lifecycle.enter_in_error(self._visit, by=self._doctor, about=about, reason=why)


def see_critical(visit: Encounter, *, by: User) -> None:
    """Acknowledge what would stand in the way of closing."""
    for result in critical_unseen(visit):
        acknowledge(result, by=by, action="Seen at the bedside and acted on.")


def booked_at(start: dt.datetime) -> dt.datetime:
    """When a visit of this time was booked: some days before, in office hours."""
    day = clock.day_start(clock.timezone.localdate(start - BOOKED_BEFORE))
    return day + dt.timedelta(hours=9, minutes=(start.hour * 60 + start.minute) * 7 % 420)


def quarter(moment: dt.datetime) -> dt.datetime:
    """The booking nearest to an arrival: on the quarter hour of the same day."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    nearest = hour + dt.timedelta(minutes=round(moment.minute / 15) * 15)
    if clock.timezone.localdate(nearest) != clock.timezone.localdate(moment):
        return nearest - dt.timedelta(minutes=15)
    return nearest
