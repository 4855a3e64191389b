"""What the chart says when a visit is closed or a step is taken back."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from encounters.lifecycle import Mending, Obstacle
from encounters.models import Encounter
from records.models import Note, Observation
from records.models.observation import Status
from records.observations import CRITICAL
from records.readings import Reading, paired, read
from records.recording import authors
from records.sections import person_at
from records.vitals import BY_CODE, NOTED


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
    return list(map(sign_it, notes.select_related("author", "entered_by").newest_first()))


def sign_it(note: Note) -> Obstacle:
    return Obstacle(
        _("A note by %(author)s is not signed: %(title)s")
        % {"author": note.author or note.entered_by, "title": note},
        "records:note_sign",
        {"pk": note.pk},
        "unsigned-note",
        only=authors(note),
        mend=Mending(_("Sign"), note.version, words=note.content),
    )


def _unseen(encounter: Encounter) -> list[Obstacle]:
    return list(map(acknowledge_it, critical_unseen(encounter)))


def acknowledge_it(record: Observation) -> Obstacle:
    parts = "/".join(part.value_words for part in record.components.all())
    value = record.value_words or parts
    return Obstacle(
        _("Critical, not acknowledged: %(result)s") % {"result": f"{record} {value}".strip()},
        "records:observation_seen",
        {"pk": record.pk},
        "critical-result",
        mend=Mending(_("Acknowledge"), record.version, "action", _("What was done")),
    )


def critical_unseen(encounter: Encounter) -> list[Observation]:
    """Critical values of a visit that were entered here and that nobody has acknowledged.

    A result says it is critical itself; a vital sign by the bands, and of each sign only its
    newest value is asked for.
    """
    critical = Q(code_code__in=BY_CODE) | Q(interpretation__in=CRITICAL)
    noted = Q(patient=encounter.patient_id, code_code__in=NOTED)
    rows = list(
        Observation.objects.listed()
        .filter(Q(critical, encounter=encounter, source="") | noted)
        .exclude(status=Status.CANCELLED)
        .prefetch_related("components")
        .newest_first()
    )
    person = person_at(encounter, [row for row in rows if row.code_code in NOTED])
    return not_acknowledged(
        (row, read(row, person))
        for row in paired(rows)
        if row.encounter_id == encounter.pk and not row.source
    )


def not_acknowledged(
    judged: Iterable[tuple[Observation, Reading | None]],
) -> list[Observation]:
    """The critical ones that nobody has acknowledged, of records with their readings, newest first.

    Of each sign only the newest value counts; a record that is no vital sign has no reading.
    """
    found: list[Observation] = []
    seen_signs: set[str] = set()
    for row, reading in judged:
        if reading is None:
            pressing = row.interpretation in CRITICAL
        else:
            flagged = reading.flag is not None and reading.flag.critical
            flagged = flagged or row.interpretation in CRITICAL
            pressing = flagged and reading.key not in seen_signs
            seen_signs.add(reading.key)
        if pressing and row.seen_at is None:
            found.append(row)
    return found
