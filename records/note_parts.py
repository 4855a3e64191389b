"""Facts of the chart as text for a note: each part says where and when it was copied from.

Every line of a part begins with "> ", in the stored text and so in exports and on paper too: what a
writer did not write can be told from what they did.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import audit, clock
from encounters.diagnosis_list import load_problems
from encounters.models import Encounter
from records.markdown import COPIED
from records.models import Note, Prescription
from records.models.note import Status, Type
from records.sections import VitalsSection

# So many lines of one part; the chart has the rest.
LONGEST_PART = 30


def copied(source: str, lines: Iterable[str]) -> str:
    """Lines as a marked part; empty where there are none."""
    found = list(lines)
    if not found:
        return ""
    head = _("copied from %(source)s:") % {"source": source}
    return "\n".join(f"{COPIED} {line}".rstrip() for line in (head, *found))


def _moment(when: Any) -> str:
    return date_format(localtime(when), "DATETIME_FORMAT") if when else _("time unknown")


def vitals(encounter: Encounter, user: Any) -> str:
    """The latest value of each sign measured at this visit; one taken earlier says its time."""
    tiles = [tile for tile in VitalsSection.load(encounter, user).tiles if tile.reading]
    taken = [t.reading.record.effective for t in tiles if t.reading and t.reading.record.effective]
    newest = max(taken, default=None)
    words = []
    for tile in tiles:
        reading = tile.reading
        assert reading is not None
        value = f"{tile.label} {reading.text} {reading.unit}".strip()
        at = reading.record.effective
        words.append(value if at == newest or not at else f"{value} ({_moment(at)})")
    source = _("vitals, %(when)s") % {"when": _moment(newest)}
    return copied(source, ["; ".join(words)] if words else [])


def problems(encounter: Encounter, user: Any) -> str:
    """The active problems of the patient's list."""
    standing = load_problems(encounter.patient, user).standing
    found = [problem for problem in standing if problem.active]
    lines = [f"- {' '.join(part for part in (p.words, p.code) if part)}" for p in found]
    return copied(_("the problem list, %(when)s") % {"when": _moment(clock.now())}, _cut(lines))


def medication(encounter: Encounter, user: Any) -> str:
    """What the patient is meant to be taking now, with its dosage as it was written."""
    rows = Prescription.objects.visible_to(user).of_patient(encounter.patient).current()
    lines = []
    for row in rows.newest_first()[: LONGEST_PART + 1]:
        dosage = row.dosage_text or " ".join(p for p in (row.dose, row.route, row.frequency) if p)
        held = f" ({row.get_status_display()})" if row.status == row.Status.ON_HOLD else ""
        lines.append(f"- {row} {dosage}".rstrip() + held)
    source = _("current medication, %(when)s") % {"when": _moment(clock.now())}
    return copied(source, _cut(lines))


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= LONGEST_PART:
        return lines
    return [*lines[:LONGEST_PART], _("- and more: see the chart")]


def previous(encounter: Encounter, user: Any, type: str) -> str:
    """The patient's last signed note of this type, without what was copied into it.

    Writes an audit row: it is a look at another visit's note.
    """
    notes = Note.objects.visible_to(user).of_patient(encounter.patient).listed()
    signed = notes.filter(type=type, about=None, status__in=[Status.FINAL, Status.AMENDED])
    found = signed.exclude(content="").select_related("author").newest_first().first()
    if found is None:
        return ""
    audit.record_view(found, by=user)
    source = _("%(type)s of %(when)s, %(who)s") % {
        "type": Type(type).label,
        "when": _moment(found.effective),
        "who": found.author.short_name if found.author else _("an import"),
    }
    own = [line for line in found.content.split("\n") if not line.startswith(COPIED)]
    return copied(source, "\n".join(own).strip("\n").split("\n"))
