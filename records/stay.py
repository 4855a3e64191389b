"""What the head of a visit says besides its title: the plan it came from, and the stay."""

from collections.abc import Iterable

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from encounters.models import Encounter, EncounterParticipant, Hospitalization
from encounters.models.encounter import Status

Fact = tuple[str, str]


def plan_facts(encounter: Encounter) -> tuple[Fact, ...]:
    """What a begun visit was booked for, and when somebody on leave is expected back."""
    booked = back = ""
    if encounter.planned_start and encounter.status != Status.PLANNED:
        booked = date_format(localtime(encounter.planned_start), "DATETIME_FORMAT")
        if encounter.planned_minutes:
            booked = _("%(when)s, %(minutes)s min") % {
                "when": booked,
                "minutes": encounter.planned_minutes,
            }
    if encounter.status == Status.ONLEAVE and encounter.expected_back:
        back = date_format(localtime(encounter.expected_back), "DATETIME_FORMAT")
    return (_("Planned for"), booked), (_("Expected back"), back)


def stay_facts(encounter: Encounter) -> tuple[Fact, ...]:
    """Of an admission: where from, what was arranged, where to. Needs hospitalization selected."""
    stay: Hospitalization | None = getattr(encounter, "hospitalization", None)
    if stay is None:
        return ()
    sources = dict(Hospitalization.AdmitSource.choices)
    source = str(sources.get(stay.admit_source_code, stay.admit_source_code))
    disposition = [stay.disposition_words]
    if stay.disposition_text and stay.disposition_text not in disposition:
        disposition.append(stay.disposition_text)
    return (
        (_("Admitted"), _joined((source, stay.admit_source_text))),
        (_("Came from"), stay.origin),
        (_("Re-admission"), stay.re_admission),
        (_("Diet"), stay.diet),
        (_("Special arrangements"), stay.special_arrangement),
        (_("Discharged to"), _joined(disposition)),
        (_("Destination"), stay.destination),
    )


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def participant_words(part: EncounterParticipant) -> str:
    """ "Dr Example (attending until 17:39)"."""
    role = str(part.role_words)
    if part.end is None:
        return f"{part} ({role})" if role else str(part)
    end = date_format(localtime(part.end), "DATETIME_FORMAT")
    words = _("%(role)s until %(end)s") % {"role": role, "end": end}
    return f"{part} ({words.strip()})"
