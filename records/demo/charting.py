"""What staff write into a visit of the demo: the chart's side of a script."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from clinik import clock
from clinik.codes import ICD10CM
from clinik.ids import uuid7
from clinik.models import User
from encounters.allergies import add_allergy, state_no_known_allergies
from encounters.diagnoses import add_diagnosis, promote
from encounters.models import Encounter
from encounters.models.diagnosis import Use
from records.assessments import FindingText, add_assessment
from records.demo.script import Rx, Script, Step, signs
from records.demo.staff import Staff
from records.demo.times import at
from records.models import Observation, Prescription
from records.models.observation import Category
from records.notes import add_note, sign_note
from records.observations import acknowledge, add_observation
from records.obstacles import critical_unseen
from records.prescriptions import add_prescription, take_step
from records.vitals_entry import record_vitals

# "for 7 days" in a dosage says when the course ends.
# Kept only where something stood against it: most often that nobody had asked about allergies.
_TOLERATED = "Asked at the bedside; taken before without trouble."
_COURSE = re.compile(r"(\d+) (days|weeks)\b")


@dataclass
class Charting:
    """Writes what a script says into its visit, by whom it falls to."""

    staff: Staff
    script: Script
    pace: float = 1.0

    @property
    def doctor(self) -> User:
        return self.staff.users[self.script.doctor]

    @property
    def nurse(self) -> User:
        return self.staff.users[self.script.nurse]

    def ask_about_allergies(self, visit: Encounter) -> None:
        for known in self.script.allergies:
            add_allergy(
                visit.patient,
                by=self.nurse,
                encounter=visit,
                substance_text=known.substance,
                reaction=known.reaction,
                severity=known.severity,
                category=known.category,
                criticality=known.criticality,
                type=known.type,
            )
        if self.script.no_allergies:
            state_no_known_allergies(visit.patient, by=self.nurse, encounter=visit)

    def vitals(self, visit: Encounter, line: str) -> None:
        values: dict[str, Any] = {**signs(line)}
        record_vitals(visit, by=self.nurse, id=uuid7(), confirmed=True, **values)

    def diagnose(self, visit: Encounter, discharge: bool) -> None:
        for found in self.script.diagnoses:
            if (found.use == Use.DISCHARGE) != discharge:
                continue
            row = add_diagnosis(
                visit,
                by=self.doctor,
                system=ICD10CM,
                code=found.code,
                display=found.text,
                use=found.use,
                rank=found.rank,
            )
            if found.problem:
                promote(row, by=self.doctor)

    def labs(self, visit: Encounter) -> None:
        for lab in self.script.labs:
            add_observation(
                visit,
                by=self.nurse,
                what=lab.name or lab.code,
                code=lab.code,
                value=lab.value,
                unit=lab.unit,
                interpretation=lab.interpretation,
                range_low=lab.low,
                range_high=lab.high,
            )

    def prescribe(self, visit: Encounter) -> None:
        for line in self.script.prescriptions:
            if isinstance(line, Step):
                self._step(visit, line)
            else:
                self._prescribe_one(visit, line)

    def _prescribe_one(self, visit: Encounter, line: Rx) -> None:
        limited = _COURSE.search(line.dosage)
        course = dt.timedelta(**{limited[2]: int(limited[1])}) if limited else None
        add_prescription(
            visit,
            by=self.doctor,
            activate=True,
            medication_text=line.medication,
            dosage_text=line.dosage,
            reason_text=line.reason,
            override_reason=_TOLERATED,
            quantity=line.quantity,
            refills=line.refills,
            start=clock.day_start(clock.today()),
            end=clock.day_start(clock.today() + course) if course else None,
        )

    def _step(self, visit: Encounter, line: Step) -> None:
        earlier = (
            Prescription.objects.of_patient(visit.patient)
            .current()
            .filter(medication_text=line.medication)
            .first()
        )
        if earlier is not None:
            take_step(earlier, line.verb, by=self.doctor, reason=line.why)

    def think(self, visit: Encounter) -> None:
        for thought in self.script.thoughts:
            findings = [FindingText(text=text, basis=basis) for text, basis in thought.findings]
            add_assessment(visit, by=self.doctor, summary=thought.summary, findings=findings)

    def write(self, visit: Encounter) -> None:
        for text in self.script.notes:
            by = self.staff.users[text.by] if text.by else self.doctor
            note = add_note(visit, by=by, title=text.title, content=text.content, type=text.type)
            if text.signed:
                with at(clock.now() + dt.timedelta(minutes=1) * self.pace):
                    sign_note(note, by=by)


def see_critical(visit: Encounter, *, by: User) -> None:
    """Acknowledge what would stand in the way of closing."""
    for result in critical_unseen(visit):
        acknowledge(result, by=by, action="Seen at the bedside and acted on.")


def see_results(visit: Encounter, *, by: User) -> None:
    """Look at the laboratory results of a visit."""
    waiting = Observation.objects.filter(encounter=visit, seen_at=None)
    for result in waiting.filter(category=Category.LABORATORY):
        acknowledge(result, by=by, action="Looked at and told the patient.")
