"""The timeline of a patient: who did what on the chart and in the register, newest first.

Two streams run side by side: the steps of visits from the status history, by when they happened,
and everything else from the audit trail, by when it was entered. A page takes from whichever has
the later one next, and its end is a place in each, so none is skipped or shown twice. Views are not
among them (encounters.trail says who looked), and nothing of the chart for those who see none.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clinik import keyset
from clinik.models import AuditEvent
from encounters.access import entries_of
from encounters.models import Encounter, Patient, PatientAlert, StatusPeriod
from encounters.models.encounter import ErrorAbout
from records.timeline import step_of, with_days
from records.timeline_lines import CHART_APPS, CHART_TYPES, IN_HISTORY, VISIT, Entry, lines_of
from records.versions import KINDS
from records.vitals import BY_CODE

SHOWN = 50
# What the steps of the visits tell.
TOLD = (*IN_HISTORY, "encounter.import")
# About who may see the chart: nothing for those who see none.
ABOUT_THE_CHART = (
    "patient.restrict", "patient.unrestrict", "patient.break_glass", "patient.review_access",
)  # fmt: skip
MERGES = ("patient.merge", "patient.unmerge")
OBSERVATION, DIAGNOSIS = "records.observation", "encounters.diagnosis"
# Texts that no name is made of.
_LONG = {"records.note": ("content",)}


@dataclass(frozen=True)
class Place:
    """How far both streams were shown: the last event's id, the last step's place; None: not yet.

    In an address `?acts=` and `?steps=`.
    """

    acts: int | None = None
    steps: keyset.Cursor | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Place":
        """The place of an address; what is none of ours begins anew."""
        text = query.get("acts", "")
        number = text.isascii() and text.isdecimal() and len(text) < 19
        return cls(int(text) if number else None, keyset.Cursor.read(query.get("steps", "")))

    def __str__(self) -> str:
        parts = {"acts": self.acts, "steps": self.steps}
        return urlencode({name: str(part) for name, part in parts.items() if part is not None})


@dataclass(frozen=True)
class PatientTimeline:
    """`older` is where the next page begins; None where there is nothing more."""

    entries: tuple[Entry, ...]
    older: Place | None
    # Entries merged into this one, whose acts are among them.
    merged: int


@dataclass(frozen=True)
class _Read:
    """What a page has read besides its rows: the person's entries by number, the visits named."""

    user: Any
    chart: bool
    numbers: Mapping[uuid.UUID, str]
    own: uuid.UUID
    visits: Mapping[uuid.UUID, Encounter]


def load_patient_timeline(patient: Patient, user: Any, place: Place) -> PatientTimeline:
    """A page of it: a query for the person's entries, one for each stream, one for the visits, one
    for entries that were merged, and one for the names of each kind of record on the page."""
    chart = user.has_perm("encounters.view_chart")
    numbers = {row.pk: row.number for row in entries_of(patient)}
    rows = _latest(
        list(_acts(numbers, place, chart=chart)[: SHOWN + 1]),
        list(_steps(patient, user, place)[: SHOWN + 1]),
    )
    taken = rows[:SHOWN]
    read = _Read(user, chart, numbers, patient.pk, _visits(taken, user))
    acts = dict(_told([row for row in taken if isinstance(row, AuditEvent)], read))
    lines = (
        _step(row, read) if isinstance(row, StatusPeriod) else acts.get(row.pk) for row in taken
    )
    return PatientTimeline(
        entries=tuple(with_days(line for line in lines if line is not None)),
        older=_end(taken, place) if len(rows) > SHOWN else None,
        merged=len(numbers) - 1,
    )


def _acts(keys: Iterable[uuid.UUID], place: Place, *, chart: bool) -> Any:
    """What was done, the latest first. Of a merge the row that names both entries tells it."""
    found = (
        AuditEvent.objects.filter(patient_id__in=list(keys), outcome=AuditEvent.Outcome.SUCCESS)
        .exclude(action=AuditEvent.Action.READ)
        .exclude(act__in=TOLD)
        .exclude(act__in=MERGES, object_type=Patient._meta.label_lower)
    )
    if not chart:
        of_it = Q(object_type__in=CHART_TYPES) | Q(act__in=ABOUT_THE_CHART)
        for app in CHART_APPS:
            of_it |= Q(object_type__startswith=app)
        found = found.exclude(of_it)
    if place.acts is not None:
        found = found.filter(id__lt=place.acts)
    return found.select_related("by", "by__practitioner").order_by("-id")


def _steps(patient: Patient, user: Any, place: Place) -> Any:
    """The status histories of all their visits, those entered in error too, the latest first."""
    visits = Encounter.objects.visible_to(user).of_patient(patient).order_by().values("pk")
    found = StatusPeriod.objects.filter(
        encounter__in=visits, withdrawn_at=None, start__isnull=False
    )
    if place.steps is not None:
        at, key = place.steps.moment, place.steps.key
        found = found.filter(Q(start__lt=at) | Q(start=at, id__lt=key))
    return found.select_related("by", "by__practitioner").order_by("-start", "-id")


def _at(row: AuditEvent | StatusPeriod) -> dt.datetime:
    if isinstance(row, AuditEvent):
        return row.at
    assert row.start is not None  # asked for so
    return row.start


def _latest(acts: list[AuditEvent], steps: list[StatusPeriod]) -> list[AuditEvent | StatusPeriod]:
    """Both streams as one, each in its own order; a step stands above an act of its moment."""
    merged: list[AuditEvent | StatusPeriod] = []
    acts, steps = acts[::-1], steps[::-1]
    while acts or steps:
        step_next = bool(steps) and (not acts or _at(steps[-1]) >= _at(acts[-1]))
        merged.append(steps.pop() if step_next else acts.pop())
    return merged


def _end(taken: Sequence[AuditEvent | StatusPeriod], place: Place) -> Place:
    for row in taken:
        if isinstance(row, AuditEvent):
            place = replace(place, acts=row.pk)
        else:
            place = replace(place, steps=keyset.Cursor(_at(row), row.pk))
    return place


def _visits(taken: Sequence[AuditEvent | StatusPeriod], user: Any) -> Mapping[uuid.UUID, Encounter]:
    keys = {row.encounter_id for row in taken if row.encounter_id is not None}
    return Encounter.objects.visible_to(user).in_bulk(keys) if keys else {}


# -- in words --------------------------------------------------------------------------------------


def _step(period: StatusPeriod, read: _Read) -> Entry:
    visit = read.visits[period.encounter_id]
    return _placed(step_of(visit, period, _at(period), chart=read.chart), visit)


def _told(events: Sequence[AuditEvent], read: _Read) -> Iterable[tuple[int, Entry]]:
    """A line for each press, by the event that tells it."""
    labels, vitals = _labels(events, read)
    merged = _merged(events, read)
    for event, line in lines_of(events, chart=read.chart, labels=labels, vitals=vitals):
        entry = _about(event, line, read)
        if event.act in MERGES:
            entry = replace(entry, text=f"{entry.text}: {_names(event, merged)}")
        if event.act == "patient.review_access":
            # What came of it is between the reviewer and who was reviewed.
            entry = replace(entry, why="")
        yield event.pk, entry


def _about(event: AuditEvent, entry: Entry, read: _Read) -> Entry:
    """Of which visit, or of which of the entries that became this person."""
    visit = read.visits.get(event.encounter_id) if event.encounter_id else None
    if visit is not None:
        return _placed(entry, visit, named=event.object_type != VISIT)
    if event.patient_id is not None and event.patient_id != read.own:
        number = read.numbers.get(event.patient_id, "")
        return replace(entry, place=_("entry No. %(number)s") % {"number": number})
    return entry


def _placed(entry: Entry, visit: Encounter, *, named: bool = False) -> Entry:
    """The visit it belongs to; `named`: a record's own name stands before it already."""
    return replace(
        entry,
        bold=entry.bold if named else visit.title,
        place=_("visit of %(day)s") % {"day": visit.date_words}
        if not named
        else f"{visit.title}, {visit.date_words}",
        place_href=reverse("records:encounter_detail", args=[visit.pk]),
        place_wrong=visit.is_in_error,
    )


def _labels(events: Sequence[AuditEvent], read: _Read) -> tuple[dict[str, str], set[str]]:
    """Names of the records, and which of them are vital signs. What was said in a visit that was
    about somebody else is not said of this patient: such records are named by their kind."""
    labels: dict[str, str] = {}
    vitals: set[str] = set()
    tables: tuple[Any, ...] = (*KINDS.values(), PatientAlert)
    models = {table._meta.label_lower: table for table in tables}
    keys: dict[str, set[str]] = {}
    for event in events:
        visit = read.visits.get(event.encounter_id) if event.encounter_id else None
        theirs = visit is None or visit.error_about != ErrorAbout.SOMEBODY_ELSE
        if theirs and event.object_type in models and event.object_type != VISIT:
            keys.setdefault(event.object_type, set()).add(event.object_id)
    for kind, ids in keys.items():
        found = models[kind]._default_manager.all()
        found = found.visible_to(read.user).filter(pk__in=ids).defer(*_LONG.get(kind, ()))
        if kind == DIAGNOSIS:
            found = found.exclude(promoted_from__encounter__error_about=ErrorAbout.SOMEBODY_ELSE)
        for row in found:
            labels[str(row.pk)] = str(row)
            if kind == OBSERVATION and row.code_code in BY_CODE:
                vitals.add(str(row.pk))
    return labels, vitals


def _merged(events: Sequence[AuditEvent], read: _Read) -> Mapping[str, str]:
    """Numbers of the entries that merges name, also of those that were taken apart again."""
    keys = {event.detail.get("gone") for event in events if event.act in MERGES} - {None}
    if not keys:
        return {}
    rows = Patient.objects.named_to(read.user).filter(pk__in=keys)
    return {str(row.pk): row.number for row in rows}


def _names(event: AuditEvent, merged: Mapping[str, str]) -> str:
    number = merged.get(str(event.detail.get("gone")), "")
    return _("No. %(number)s") % {"number": number}
