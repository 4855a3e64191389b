"""Everything the patient's page shows, in frozen shapes; its cost is the same with 1,000 visits."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Coalesce, RowNumber
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import ngettext

from clinik import clock, keyset
from encounters import search
from encounters.models import Encounter, Patient
from records.board_cards import minutes_words, waited
from records.kept import KINDS_NAMED, kinds_of
from records.models import Note, Observation, Prescription
from records.prescriptions import STEPS, allowed_verbs
from records.readings import Person, Reading, paired, person_on, read
from records.sparks import Spark, spark_of
from records.vitals import BY_CODE, NOTED, VITALS

VISITS_SHOWN = 20
NOTES_SHOWN = 10
PRESCRIPTIONS_SHOWN = 50
TREND = 5


@dataclass(frozen=True)
class OpenVisit:
    pk: uuid.UUID
    title: str
    status: str
    status_words: str
    sub: str


@dataclass(frozen=True)
class LastVital:
    """A sign's last value, when it was taken, and the line of the last ones."""

    key: str
    label: str
    reading: Reading
    taken: str
    was: str
    spark: Spark | None


@dataclass(frozen=True)
class NoteRow:
    pk: uuid.UUID
    visit: uuid.UUID | None
    title: str
    kind: str
    author: str
    when: str
    draft: bool


@dataclass(frozen=True)
class MedicationRow:
    pk: uuid.UUID
    visit: uuid.UUID | None
    name: str
    dosage: str
    since: str
    status: str
    status_words: str
    steps: tuple[tuple[str, Any], ...] = ()
    # Where a renewal is written: the open visit, where there is one.
    renew: str = ""


@dataclass(frozen=True)
class PatientChart:
    """What needs the right to see charts."""

    vitals: tuple[LastVital, ...]
    medications: tuple[MedicationRow, ...]
    medications_cut: bool
    notes: keyset.Page[NoteRow]
    # What came with an import and is not modelled: how many of each kind.
    kept: tuple[tuple[str, int], ...] = ()

    @property
    def kept_words(self) -> str:
        """ "12 Procedure, 10 Immunization and 3 more kinds"."""
        named = ", ".join(f"{number} {kind}" for kind, number in self.kept[:KINDS_NAMED])
        more = len(self.kept) - KINDS_NAMED
        if more <= 0:
            return named
        words = ngettext("%(kinds)s and %(n)s more kind", "%(kinds)s and %(n)s more kinds", more)
        return words % {"kinds": named, "n": more}

    @property
    def taken(self) -> str:
        """When the vital taken last was taken; a sign says its own time where it is another."""
        times = [v.reading.record.effective for v in self.vitals if v.reading.record.effective]
        newest = max(times, default=None)
        return next(
            (v.taken for v in self.vitals if newest and v.reading.record.effective == newest), ""
        )


@dataclass(frozen=True)
class PatientPage:
    open: tuple[OpenVisit, ...]
    visits: keyset.Page[search.VisitRow]
    chart: PatientChart | None


def load_patient_page(
    patient: Patient,
    user: Any,
    *,
    visits: keyset.Cursor | None = None,
    notes: keyset.Cursor | None = None,
) -> PatientPage:
    """Open visits, a page of all visits (2 queries), and the chart (6) where it may be seen."""
    theirs = Encounter.objects.visible_to(user).of_patient(patient).listed()
    opened = list(theirs.open().select_related("practitioner").newest_first()[:20])
    chart = None
    if user.has_perm("encounters.view_chart"):
        chart = _chart(patient, user, notes, opened[0] if opened else None)
    return PatientPage(
        open=tuple(map(_open, opened)),
        visits=search.read_page(theirs, user=user, size=VISITS_SHOWN, cursor=visits, newest=True),
        chart=chart,
    )


def _open(visit: Encounter) -> OpenVisit:
    words = visit.get_status_display()
    since = minutes_words(waited(visit.start)) if visit.start else ""
    parts = (
        visit.class_code,
        visit.practitioner.short_name if visit.practitioner else "",
        visit.location,
        date_format(localtime(visit.start), "DATETIME_FORMAT") if visit.start else "",
    )
    return OpenVisit(
        pk=visit.pk,
        title=visit.title,
        status=visit.status,
        status_words=f"{words} · {since}" if since else words,
        sub=" · ".join(part for part in parts if part),
    )


def _chart(
    patient: Patient, user: Any, notes: keyset.Cursor | None, opened: Encounter | None
) -> PatientChart:
    medications = list(
        Prescription.objects.visible_to(user)
        .of_patient(patient)
        .current()
        .select_related("author")
        .newest_first()[: PRESCRIPTIONS_SHOWN + 1]
    )
    return PatientChart(
        vitals=_vitals(patient, user),
        medications=tuple(
            _medication(row, user, opened) for row in medications[:PRESCRIPTIONS_SHOWN]
        ),
        medications_cut=len(medications) > PRESCRIPTIONS_SHOWN,
        notes=_notes(patient, user, notes),
        kept=tuple(kinds_of(patient, user)),
    )


def _medication(row: Prescription, user: Any, opened: Encounter | None) -> MedicationRow:
    renew = ""
    if opened is not None and user.has_perm("records.add_prescription"):
        renew = reverse("records:prescription_add", args=[opened.pk]) + f"?renew={row.pk}"
    since = row.start or row.effective
    return MedicationRow(
        pk=row.pk,
        visit=row.encounter_id,
        name=str(row),
        dosage=row.dosage_text or " ".join(p for p in (row.dose, row.route, row.frequency) if p),
        since=date_format(localtime(since), "YEAR_MONTH_FORMAT") if since else "",
        status=row.status,
        status_words=row.get_status_display(),
        steps=tuple((verb, STEPS[verb].label) for verb in allowed_verbs(row, user)),
        renew=renew,
    )


def _notes(patient: Patient, user: Any, cursor: keyset.Cursor | None) -> keyset.Page[NoteRow]:
    """A page of the patient's notes, newest first, without their text."""
    found = (
        Note.objects.visible_to(user)
        .of_patient(patient)
        .listed()
        .annotate(moment=Coalesce("effective", "created"))
        .select_related("author", "entered_by")
        .defer("content")
    )
    page = keyset.page(
        found,
        size=NOTES_SHOWN,
        cursor=cursor,
        moment="moment",
        place=lambda row: (row.moment, row.pk),  # type: ignore[attr-defined]
    )
    return keyset.Page([_note(row) for row in page.rows], page.previous, page.next)


def _note(row: Any) -> NoteRow:
    return NoteRow(
        pk=row.pk,
        visit=row.encounter_id,
        title=str(row),
        kind=row.get_type_display() if row.title else "",
        author=row.author.short_name if row.author else str(row.entered_by or ""),
        when=search.when_words(row.moment, row.effective_precision),
        draft=not row.is_signed,
    )


def _vitals(patient: Patient, user: Any) -> tuple[LastVital, ...]:
    """The last five of each sign over all visits: one query, and one for the components."""
    place = Window(
        RowNumber(),
        partition_by=F("code_code"),
        order_by=[F("effective").desc(), F("id").desc()],
    )
    found = list(
        Observation.objects.visible_to(user)
        .of_patient(patient)
        .listed()
        .exclude(status="cancelled")
        .filter(code_code__in=[*BY_CODE, *NOTED], effective__isnull=False)
        .annotate(place=place)
        .filter(place__lte=TREND)
        .newest_first()
        .prefetch_related("components")
    )
    noted = [row for row in found if row.code_code in NOTED]
    by_key: dict[str, list[Reading]] = {}
    for record in paired(found):
        reading = read(record, _person(patient, record, noted))
        if reading is not None:
            by_key.setdefault(reading.key, []).append(reading)
    return tuple(_last(key, by_key[key][:TREND]) for key in VITALS if key in by_key)


def _person(patient: Patient, record: Observation, noted: Sequence[Observation]) -> Person:
    """As the patient was when the value was taken: a child's band is the child's."""
    when = record.effective or clock.now()
    return person_on(localtime(when).date(), patient.age_at(when), noted)


def _last(key: str, readings: Sequence[Reading]) -> LastVital:
    newest = readings[0]
    taken = newest.record.effective
    return LastVital(
        key=key,
        label=str(VITALS[key].label),
        reading=newest,
        taken=search.when_words(taken, newest.record.effective_precision) if taken else "",
        was=readings[1].text if len(readings) > 1 else "",
        spark=spark_of(readings),
    )
