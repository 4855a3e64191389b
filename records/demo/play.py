"""Playing a script: each step at its minute, by whom it falls to, as long as it is past."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clinik import clock
from clinik.ids import uuid7
from encounters import lifecycle
from encounters.models import Encounter, Patient
from encounters.models.encounter import Status
from records.demo.charting import Charting, see_critical, see_results
from records.demo.script import Script
from records.demo.staff import Staff
from records.demo.times import at

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
    def _chart(self) -> Charting:
        return Charting(self.staff, self.script, self.pace)

    def _open(self) -> None:
        script, desk = self.script, self.staff.users["frontdesk"]
        fields: dict[str, Any] = {
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
            by = self._chart.nurse if script.class_code == "EMER" else desk
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
        acts.append((asked, self._on(self._chart.ask_about_allergies)))
        return acts + [
            (minute, self._on(self._chart.vitals, line)) for minute, line in script.vitals
        ]

    def _during(self) -> list[tuple[float, Act]]:
        script = self.script
        length = script.minutes
        acts: list[tuple[float, Act]] = [
            (script.wait, self._start),
            (script.wait + min(length * 0.45, 25), self._on(self._chart.diagnose, False)),
            (script.wait + length * 0.82, self._on(self._chart.diagnose, True)),
            (script.wait + min(length * 0.55, 30), self._on(self._chart.labs)),
            (script.wait + min(length * 0.65, 60), self._on(self._chart.prescribe)),
            (script.wait + min(length * 0.75, 90), self._on(self._chart.think)),
            (script.wait + length * 0.85, self._on(self._chart.write)),
        ]
        if script.admit is not None:
            acts.append((script.admit[0], self._admit))
        if script.leave is not None:
            acts.append((script.leave[0], self._leave))
            acts.append((script.leave[0] + script.leave[2], self._resume))
        if script.error is not None:
            acts.append((script.wait + length + 20, self._enter_in_error))
        return [*acts, (script.wait + length, self._finish)]

    def _on(self, writes: Callable[..., None], *what: Any) -> Act:
        """The act of writing into the visit as it stands by then."""
        return lambda: writes(self._visit, *what)

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
            self._visit, by=self._chart.nurse, priority=self.script.priority or "R"
        )

    def _start(self) -> None:
        by = self._chart.nurse if self.script.class_code == "HH" else self._chart.doctor
        self.visit = lifecycle.start(self._visit, by=by)

    def _admit(self) -> None:
        assert self.script.admit is not None
        self.visit = lifecycle.admit(
            self._visit,
            by=self._chart.doctor,
            location=self.script.admit[1],
            practitioner=self.staff.practitioners["doctor2"],
        )

    def _leave(self) -> None:
        assert self.script.leave is not None
        _minute, where, away = self.script.leave
        self.visit = lifecycle.leave(
            self._visit,
            by=self._chart.doctor,
            leave_to=where,
            expected_back=clock.now() + dt.timedelta(minutes=away),
        )

    def _resume(self) -> None:
        self.visit = lifecycle.resume(self._visit, by=self._chart.doctor)

    def _finish(self) -> None:
        see_critical(self._visit, by=self._chart.doctor)
        # Of today's some still wait to be looked at, under To do.
        if self.start < clock.day_start(clock.timezone.localdate(self.now)):
            see_results(self._visit, by=self._chart.doctor)
        self.visit = lifecycle.finish(
            self._visit, by=self._chart.doctor, disposition_code=self.script.disposition
        )

    def _enter_in_error(self) -> None:
        assert self.script.error is not None
        about, why = self.script.error
        self.visit = lifecycle.enter_in_error(
            self._visit, by=self._chart.doctor, about=about, reason=why
        )


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
