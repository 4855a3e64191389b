"""One card of the board: what it says, how pressing it is, and the step it offers."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, cast

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from clinik import clock
from clinik.ages import Age, age_at
from encounters.models import Encounter
from encounters.models.encounter import EncounterClass, Priority, Status
from encounters.models.patient import display_name, sex_letter
from encounters.models.practitioner import short_name
from encounters.steps import VERBS, next_verb

# Minutes after which a wait stands out (defaults, ours). A class or status without a limit waits
# as long as it takes: beds and homes have no waiting room.
WAIT_LIMITS = {
    EncounterClass.AMB: {Status.ARRIVED: 30, Status.TRIAGED: 30},
    EncounterClass.EMER: {Status.ARRIVED: 10, Status.TRIAGED: 15},
    EncounterClass.VR: {Status.ARRIVED: 10, Status.TRIAGED: 10},
}
PLANNED_LATE_MINUTES = 15
UNLIMITED_PLANNED = (EncounterClass.IMP, EncounterClass.HH)

# v3-ActPriority, most pressing first; what is not named counts as routine.
PRESSING = {"EM": 0, "S": 0, "UR": 1, "A": 2, "EL": 4}
ROUTINE = 3
URGENT_RANK = 1

HOURS_SHOWN_IN_MINUTES = 4

# Steps that need nothing but the press.
ONE_PRESS = ("arrive", "triage", "start", "resume")
# A button says what pressing it does, not what is so afterwards.
OWN_LABELS = {"arrive": gettext_lazy("Check in")}
CALL_LABELS = {"leave": gettext_lazy("Call dropped"), "resume": gettext_lazy("Resume call")}


@lru_cache(maxsize=4096)
def _age(
    birth: dt.date | None, precision: str, estimated: bool, day: dt.date, language: str | None
) -> Age | None:
    """Asked three times for each card of each poll; the words are the language's."""
    return age_at(birth, precision, day, estimated=estimated)


class Row(NamedTuple):
    """The columns of one visit as the board reads them; the names are the query's."""

    pk: uuid.UUID
    version: int
    status: str
    class_code: str
    priority: str
    location: str
    planned_start: dt.datetime | None
    start: dt.datetime | None
    end: dt.datetime | None
    reason_text: str
    reason_display: str
    type_text: str
    type_display: str
    leave_to: str
    expected_back: dt.datetime | None
    practitioner_id: uuid.UUID | None
    practitioner__prefix: str | None
    practitioner__given: str | None
    practitioner__family: str | None
    patient_id: uuid.UUID
    patient__merged_into_id: uuid.UUID | None
    patient__mrn: str
    patient__family: str
    patient__given: str
    patient__known_as: str
    patient__gender: str
    patient__birth_date: dt.date | None
    patient__birth_date_precision: str
    patient__birth_date_estimated: bool
    since: dt.datetime | None
    note_unsigned: bool
    critical_unseen: bool
    # The chart is closed to the viewer: the card says what it says to the front desk.
    closed: bool

    @property
    def person(self) -> uuid.UUID:
        """The patient, or the one they were merged into."""
        return self.patient__merged_into_id or self.patient_id

    @property
    def name(self) -> str:
        return display_name(self.patient__family, self.patient__given, self.patient__known_as)

    @property
    def age(self) -> Age | None:
        """Today; None where the birth date is unknown."""
        return _age(
            self.patient__birth_date,
            self.patient__birth_date_precision,
            self.patient__birth_date_estimated,
            clock.today(),
            get_language(),
        )

    @property
    def sex_and_age(self) -> str:
        age = self.age
        return f"{sex_letter(self.patient__gender)} {age.words if age else _('age unknown')}"

    @property
    def practitioner(self) -> str:
        if self.practitioner_id is None:
            return ""
        return short_name(
            self.practitioner__prefix or "",
            self.practitioner__given or "",
            self.practitioner__family or "",
        )

    @property
    def names(self) -> tuple[str, str]:
        return self.patient__family, self.patient__given


@dataclass(frozen=True)
class Flag:
    """`level`: critical, warning, info or empty; `bold` is the part that says how bad it is."""

    text: str
    level: str = ""
    bold: str = ""


@dataclass(frozen=True)
class Step:
    verb: str
    label: str


@dataclass(frozen=True)
class Card:
    pk: uuid.UUID
    patient_id: uuid.UUID
    version: int
    name: str
    who: str
    about: str
    room: str
    time: str
    wait: str
    wait_level: str
    state: str
    on_leave: bool
    # Whether the card offers the visit's page as its button: what comes next is done there.
    opens: bool
    flags: tuple[Flag, ...]
    step: Step | None
    order: tuple[Any, ...]

    @property
    def wait_in_head(self) -> bool:
        """A short wait stands beside the name, one past its limit on a line of its own."""
        return not self.wait_level and not self.on_leave


@dataclass(frozen=True)
class Seen:
    """What else is known of the visit, gathered by a query of its own for all cards."""

    flags: tuple[Flag, ...] = ()
    critical: bool = False
    diagnosis: str = ""
    name_alert: str = ""


@dataclass(frozen=True)
class Viewer:
    """What the person in front of the board may see and do, asked once."""

    user: Any
    chart: bool
    triages: bool
    treats: bool

    @classmethod
    def of(cls, user: Any) -> "Viewer":
        return cls(
            user=user,
            chart=user.has_perm("encounters.view_chart"),
            triages=user.has_perm("encounters.triage_encounter"),
            treats=user.has_perm("encounters.admit_encounter"),
        )


def make_card(row: Row, seen: Seen, viewer: Viewer) -> Card:
    if row.closed:
        viewer = replace(viewer, chart=False)
    wait, level = _wait(row)
    # Once the visit is over its priority presses nobody; a critical result still does.
    over = row.status == Status.FINISHED
    pressing = ROUTINE if over else PRESSING.get(row.priority, ROUTINE)
    critical = row.critical_unseen or seen.critical
    urgent = critical or pressing <= URGENT_RANK
    on_leave = row.status == Status.ONLEAVE
    if urgent and not over:
        state = "is-urgent"
        level = "critical" if level else ""
    else:
        state = "is-late" if level else "is-away" if on_leave else ""
    return Card(
        pk=row.pk,
        patient_id=row.patient_id,
        version=row.version,
        name=row.name,
        who=_who(row, seen, viewer),
        about=_about(row, viewer),
        room=_room(row),
        time=_time(row),
        wait=wait,
        wait_level=level,
        state=state,
        on_leave=on_leave,
        opens=row.status == Status.IN_PROGRESS,
        flags=tuple(_flags(row, seen, viewer, urgent=urgent)),
        step=next_step(row, viewer.user),
        order=_order(row, critical=critical, pressing=pressing),
    )


def minutes_words(minutes: int) -> str:
    """Waits in minutes; a stay of hours or days in those."""
    if minutes < HOURS_SHOWN_IN_MINUTES * 60:
        return _("%(minutes)s min") % {"minutes": minutes}
    hours = minutes // 60
    if hours < 24:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(days)s d %(hours)s h") % {"days": hours // 24, "hours": hours % 24}


def clock_time(at: dt.datetime | None) -> str:
    """Hours and minutes in the clinic's zone."""
    return date_format(localtime(at), "TIME_FORMAT") if at else ""


def waited(since: dt.datetime | None) -> int:
    """Whole minutes from then to now, never negative."""
    return max(clock.whole_minutes(clock.now() - since), 0) if since else 0


def _wait(row: Row) -> tuple[str, str]:
    """(words, level) of the time in the present status; a planned visit waits once it is late."""
    if row.status == Status.FINISHED:
        return "", ""
    if row.status == Status.PLANNED:
        late = waited(row.planned_start)
        if late <= PLANNED_LATE_MINUTES or row.class_code in UNLIMITED_PLANNED:
            return "", ""
        return _("%(time)s late") % {"time": minutes_words(late)}, "warning"
    if row.status == Status.ONLEAVE:
        if row.expected_back and row.expected_back < clock.now():
            return _("expected %(time)s, overdue") % {"time": clock_time(row.expected_back)}, (
                "warning"
            )
        return "", ""
    minutes = waited(row.since or row.start)
    words = minutes_words(minutes)
    limit = WAIT_LIMITS.get(row.class_code, {}).get(row.status)  # type: ignore[call-overload]
    if limit is not None and minutes > limit:
        return _("%(time)s, over %(limit)s") % {"time": words, "limit": limit}, "warning"
    return words, ""


def _who(row: Row, seen: Seen, viewer: Viewer) -> str:
    parts = [row.sex_and_age]
    if row.class_code not in ("", EncounterClass.AMB):
        parts.append(row.class_code)
    if row.status == Status.FINISHED and viewer.chart and seen.diagnosis:
        parts.append(seen.diagnosis)
    else:
        parts.append(row.practitioner or _("first free"))
    return " · ".join(parts)


def _about(row: Row, viewer: Viewer) -> str:
    if row.status == Status.FINISHED:
        return ""
    if row.status == Status.ONLEAVE:
        back = row.expected_back and clock_time(row.expected_back)
        where = row.leave_to or _("away")
        return (
            _("%(where)s, back about %(time)s") % {"where": where, "time": back}
            if back
            else (where)
        )
    return row.reason_text or row.reason_display or row.type_text or row.type_display


def _room(row: Row) -> str:
    if row.status == Status.FINISHED:
        return ""
    if row.location:
        return row.location
    if row.class_code == EncounterClass.VR:
        return _("Video")
    return "" if row.planned_start else _("Walk-in")


def _time(row: Row) -> str:
    if row.status == Status.PLANNED:
        return clock_time(row.planned_start)
    if row.status == Status.FINISHED:
        return "–".join(part for part in (clock_time(row.start), clock_time(row.end)) if part)
    return ""


def _flags(row: Row, seen: Seen, viewer: Viewer, *, urgent: bool) -> list[Flag]:
    """The front desk reads "urgent", never a value, a score or a note."""
    flags = []
    if urgent and not viewer.chart:
        flags.append(Flag(_("urgent"), "critical"))
    elif row.status != Status.FINISHED and PRESSING.get(row.priority, ROUTINE) <= URGENT_RANK:
        labels = {str(value): str(label) for value, label in Priority.choices}
        flags.append(Flag(labels[row.priority], "critical"))
    if viewer.chart:
        flags += seen.flags
        if row.critical_unseen:
            flags.append(Flag(_("critical result not seen"), "critical"))
        if row.note_unsigned:
            flags.append(Flag(_("note not signed"), "note"))
    if row.closed:
        flags.append(Flag(_("restricted"), "warning"))
    if seen.name_alert:
        flags.append(Flag(seen.name_alert, "warning"))
    return flags


def next_step(row: Row, user: Any) -> Step | None:
    """The one press that moves the visit on; None where the next step needs the visit's page."""
    # A row has what the rule reads of a visit: its status and class.
    verb = next_verb(cast(Encounter, row), user)
    return Step(verb, step_label(verb, row.class_code)) if verb in ONE_PRESS else None


def step_label(verb: str, class_code: str) -> str:
    """The step as its button says it; a virtual visit has calls."""
    if class_code == EncounterClass.VR and verb in CALL_LABELS:
        return str(CALL_LABELS[verb])
    return str(OWN_LABELS.get(verb) or VERBS[verb].label)


def _order(row: Row, *, critical: bool, pressing: int) -> tuple[Any, ...]:
    """Not acknowledged critical, priority, longest wait; planned by time, finished newest first."""
    if row.status == Status.FINISHED:
        return (0, 0, -row.end.timestamp() if row.end else 0.0, str(row.pk))
    if row.status == Status.PLANNED:
        return (0, 0, row.planned_start.timestamp() if row.planned_start else 0.0, str(row.pk))
    since = row.since or row.start
    away = row.status == Status.ONLEAVE and not critical
    return (away, not critical, pressing, since.timestamp() if since else 0.0, str(row.pk))
