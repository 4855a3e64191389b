"""What the chart says when a visit is closed or a step is taken back."""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from encounters.lifecycle import Obstacle
from encounters.models import Encounter
from records.models import Note, Observation
from records.models.observation import Status
from records.observations import CRITICAL
from records.readings import read
from records.sections import person_at
from records.vitals import BY_CODE, PREGNANCY_DUE, PREGNANCY_STATUS

PREGNANCY = (PREGNANCY_STATUS, PREGNANCY_DUE)


def before_closing(sender: Any, *, encounter: Encounter, **kwargs: Any) -> list[Obstacle]:
    """Unsigned notes and critical results nobody has acknowledged; imports are never asked for."""
    return [*_unsigned(encounter), *_unseen(encounter)]


def before_stepping_back(
    sender: Any, *, encounter: Encounter, since: dt.datetime, **kwargs: Any
) -> str:
    """Why the step cannot be taken back; empty where nothing was signed since."""
    signed = Note.objects.filter(encounter=encounter, signed_at__gte=since).exists()
    return _("A note was signed since then, so this step stays.") if signed else ""


def _unsigned(encounter: Encounter) -> list[Obstacle]:
    notes = Note.objects.unsigned().filter(encounter=encounter, source="")
    return [
        Obstacle(
            _("A note by %(author)s is not signed: %(title)s")
            % {"author": note.author or note.entered_by, "title": note},
            "records:note_sign",
            {"pk": note.pk},
            "unsigned-note",
        )
        for note in notes.select_related("author", "entered_by").newest_first()
    ]


def _unseen(encounter: Encounter) -> list[Obstacle]:
    return [
        Obstacle(
            _("A critical result has not been acknowledged: %(result)s")
            % {"result": f"{record} {record.value_words}".strip()},
            "records:observation_seen",
            {"pk": record.pk},
            "critical-result",
        )
        for record in critical_unseen(encounter)
    ]


def critical_unseen(encounter: Encounter) -> list[Observation]:
    """Critical values of a visit that were entered here and that nobody has acknowledged.

    A result says it is critical itself; a vital sign by the bands, and of each sign only its
    newest value is asked for.
    """
    critical = Q(code_code__in=BY_CODE) | Q(interpretation__in=CRITICAL)
    noted = Q(patient=encounter.patient_id, code_code__in=PREGNANCY)
    rows = list(
        Observation.objects.listed()
        .filter(Q(critical, encounter=encounter, source="") | noted)
        .exclude(status=Status.CANCELLED)
        .prefetch_related("components")
        .newest_first()
    )
    person = person_at(encounter, [row for row in rows if row.code_code in PREGNANCY])
    found, judged = [], set()
    for row in rows:
        if row.encounter_id != encounter.pk or row.source:
            continue
        reading = read(row, person)
        if reading is None:
            pressing = row.interpretation in CRITICAL
        else:
            pressing = bool(reading.flag and reading.flag.critical) and reading.key not in judged
            judged.add(reading.key)
        if pressing and row.seen_at is None:
            found.append(row)
    return found
