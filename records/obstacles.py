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
from records.sections import earlier_vitals, person_at
from records.vitals import BY_CODE


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
    open_ones = (
        Observation.objects.listed()
        .filter(Q(code_code__in=BY_CODE) | Q(interpretation__in=CRITICAL), encounter=encounter)
        .filter(source="")
        .exclude(status=Status.CANCELLED)
        .prefetch_related("components")
        .newest_first()
    )
    rows = list(open_ones)
    vitals = [row for row in rows if row.code_code in BY_CODE]
    person = person_at(encounter, earlier_vitals(encounter, vitals)) if vitals else None
    found, judged = [], set()
    for row in rows:
        reading = read(row, person) if person else None
        if reading is None:
            critical = row.interpretation in CRITICAL
        else:
            critical = bool(reading.flag and reading.flag.critical) and reading.key not in judged
            judged.add(reading.key)
        if critical and row.seen_at is None:
            found.append(row)
    return found
