"""What a note may begin with: standard templates in our own words, own ones, parts of the chart.

A template's {vitals}, {problems} and {medication} stand for what the chart says at the moment it is
chosen, as marked parts (records/note_parts.py). Choosing answers with text; nothing is written.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from clinik import audit
from clinik.ids import uuid7
from clinik.transitions import lock
from encounters.models import Encounter, Practitioner
from records import note_parts
from records.models import NoteTemplate
from records.models.note import Type
from records.notes import CONTENT_LIMIT
from records.recording import cut, practitioner_of, require, save_by

NAME_LIMIT = 100
MOST_OWN = 200
_PART = re.compile(r"\{(vitals|problems|medication)\}")


@dataclass(frozen=True)
class Standard:
    """A template that comes with the program: its headings, one a line, and facts by name."""

    type: Type
    name: Promise | str
    body: Promise | str


# A colon ends each heading; the blank line under it is where the writing begins.
STANDARD: dict[str, Standard] = {
    "soap": Standard(
        Type.PROGRESS,
        gettext_lazy("SOAP"),
        gettext_lazy("Subjective:\n\n\nObjective:\n{vitals}\n\nAssessment:\n\n\nPlan:\n\n"),
    ),
    "short": Standard(
        Type.PROGRESS,
        gettext_lazy("Short progress note"),
        gettext_lazy("Since the last note:\n\n\nToday:\n{vitals}\n\nNext:\n\n"),
    ),
    "history": Standard(
        Type.HISTORY,
        gettext_lazy("History and physical (H&P)"),
        gettext_lazy(
            "Why they came:\n\n\nHow it began and went on:\n\n\nEarlier illnesses:\n{problems}\n\n"
            "Takes:\n{medication}\n\nFamily:\n\n\nWork, home, habits:\n\n\nAsked by system:\n\n\n"
            "Examination:\n{vitals}\n\nAssessment:\n\n\nPlan:\n\n"
        ),
    ),
    "discharge": Standard(
        Type.DISCHARGE,
        gettext_lazy("Discharge summary"),
        gettext_lazy(
            "Why admitted:\n\n\nWhat was found:\n\n\nWhat was done and how it went:\n\n\n"
            "State on leaving:\n{vitals}\n\nProblems:\n{problems}\n\nTakes home:\n{medication}\n\n"
            "Still waited for:\n\n\nWhat the patient was told, and when to come back:\n\n"
        ),
    ),
    "consultation": Standard(
        Type.CONSULTATION,
        gettext_lazy("Consultation"),
        gettext_lazy(
            "Asked by, and the question:\n\n\nHistory that bears on it:\n{problems}\n\n"
            "Takes:\n{medication}\n\nFindings:\n{vitals}\n\nAnswer:\n\n\nSuggested:\n\n"
        ),
    ),
    "operation": Standard(
        Type.OPERATIVE,
        gettext_lazy("Operation"),
        gettext_lazy(
            "Reason:\n\n\nOperation:\n\n\nTeam and anaesthesia:\n\n\nFound:\n\n\nSteps:\n\n\n"
            "Specimens, implants, blood loss, counts:\n\n\nComplications:\n\n\nAfterwards:\n\n"
        ),
    ),
    "procedure": Standard(
        Type.PROCEDURE,
        gettext_lazy("Procedure"),
        gettext_lazy(
            "Reason, and who agreed:\n\n\nRight person, right side, checked by:\n\n\nDone:\n\n\n"
            "Tolerated:\n{vitals}\n\nAfterwards:\n\n"
        ),
    ),
    "referral": Standard(
        Type.REFERRAL,
        gettext_lazy("Referral"),
        gettext_lazy(
            "To whom, how soon:\n\n\nQuestion:\n\n\nWhat happened so far:\n\n\n"
            "Problems:\n{problems}\n\nTakes:\n{medication}\n\nLast measured:\n{vitals}\n\n"
            "Needs (language, transport, company):\n\n"
        ),
    ),
    "transfer": Standard(
        Type.TRANSFER,
        gettext_lazy("Transfer (situation, background, assessment, request)"),
        gettext_lazy(
            "Situation:\n\n\nBackground:\n{problems}\n{medication}\n\nAssessment:\n{vitals}\n\n"
            "Request:\n\n\nHanded over to, when:\n\n"
        ),
    ),
    "call": Standard(
        Type.OTHER,
        gettext_lazy("Telephone call"),
        gettext_lazy("Who called, from where:\n\n\nAbout:\n\n\nAdvised:\n\n\nCall again if:\n\n"),
    ),
}
PARTS: dict[str, Promise | str] = {
    "vitals": gettext_lazy("Vitals of this visit"),
    "problems": gettext_lazy("Problem list"),
    "medication": gettext_lazy("Current medication"),
}
PREVIOUS = "previous"


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Insertion:
    """Text for the note being written, what it is called, and the type it is of ("" for any)."""

    text: str
    name: str
    type: str = ""


def menu(user: Any) -> list[tuple[str, list[Choice]]]:
    """What can be chosen, in groups: one query for this practitioner's own."""
    types = dict(Type.choices)
    own = [
        Choice(f"own-{row.pk}", f"{row.name} ({types.get(row.type, row.type)})")
        for row in own_templates(user)
    ]
    standard = [Choice(key, str(each.name)) for key, each in STANDARD.items()]
    chart = [
        Choice(PREVIOUS, _("Previous note of this type")),
        *(Choice(key, str(label)) for key, label in PARTS.items()),
    ]
    groups = [
        (_("My templates"), own),
        (str(pgettext_lazy("templates", "Standard")), standard),
        (_("Copied from the chart"), chart),
    ]
    return [(label, choices) for label, choices in groups if choices]


def insertion(choice: str, *, encounter: Encounter, user: Any, type: str) -> Insertion:
    """What a choice of the menu stands for, here and now. Raises ValidationError.

    `type` is the one the note has so far: it says which previous note is meant.
    """
    if choice in STANDARD:
        found = STANDARD[choice]
        text = _with_facts(str(found.body), encounter, user)
        return Insertion(text, str(found.name), found.type.value)
    if choice in PARTS:
        text = _part(choice, encounter, user)
        return _not_empty(Insertion(text, str(PARTS[choice])))
    if choice == PREVIOUS and type in Type.values:
        text = note_parts.previous(encounter, user, type)
        return _not_empty(Insertion(text, _("the previous note")))
    own = next((row for row in own_templates(user) if f"own-{row.pk}" == choice), None)
    if own is None:
        raise ValidationError(_("Choose a template first."))
    return Insertion(_with_facts(own.body, encounter, user), own.name, own.type)


def _not_empty(found: Insertion) -> Insertion:
    if not found.text:
        raise ValidationError(_("The chart has nothing for this: %(name)s.") % {"name": found.name})
    return found


def _part(name: str, encounter: Encounter, user: Any) -> str:
    parts = {
        "vitals": note_parts.vitals,
        "problems": note_parts.problems,
        "medication": note_parts.medication,
    }
    return parts[name](encounter, user)


def _with_facts(body: str, encounter: Encounter, user: Any) -> str:
    return _PART.sub(lambda match: _part(match[1], encounter, user), body)


def joined(typed: str, text: str) -> str:
    """The typed words, all of them, and the text under them."""
    return f"{typed.rstrip()}\n\n{text}" if typed.strip() else text


# -- own templates --------------------------------------------------------------------------------


def own_templates(user: Any) -> Sequence[NoteTemplate]:
    """This login's own, by name; none for a login without a practitioner."""
    practitioner = practitioner_of(user)
    if practitioner is None:
        return []
    return list(NoteTemplate.objects.of(practitioner)[:MOST_OWN])


def add_template(
    *, by: Any, type: str, name: str, body: str, id: uuid.UUID | None = None
) -> NoteTemplate:
    """Keep an own template. Raises ValidationError keyed by field, PermissionDenied."""
    owner = _owner(by)
    row = NoteTemplate(id=id or uuid7(), practitioner=owner)
    with transaction.atomic():
        # One after the other, so that two of one name cannot arise at the same moment.
        lock(owner)
        _fill(row, type=type, name=name, body=body)
        row.save(force_insert=True)
        audit.record("notetemplate.create", row, by=by)
    return row


def change_template(
    template: NoteTemplate, *, by: Any, version: int | None, type: str, name: str, body: str
) -> NoteTemplate:
    """Change an own template. Raises as add_template() does, and StaleVersion."""
    owner = _owner(by)
    with transaction.atomic():
        lock(owner)
        row = _own(template, owner, version)
        before = (row.type, row.name, row.body)
        _fill(row, type=type, name=name, body=body)
        if before != (row.type, row.name, row.body):
            save_by(row, by=by)
            audit.record("notetemplate.change", row, by=by)
    return row


def remove_template(template: NoteTemplate, *, by: Any, removed: bool = True) -> NoteTemplate:
    """Take an own template off the list, or (removed=False) put it back."""
    owner = _owner(by)
    with transaction.atomic():
        lock(owner)
        row = _own(template, owner, None)
        if row.removed == removed:
            return row
        row.removed = removed
        if not removed:
            _require_free_name(row)
        save_by(row, by=by)
        audit.record("notetemplate.remove" if removed else "notetemplate.restore", row, by=by)
    return row


def _owner(by: Any) -> Practitioner:
    require(by, "records.add_note")
    owner = practitioner_of(by)
    if owner is None:
        raise ValidationError(_("Your login names no practitioner; ask an administrator."))
    return owner


def _own(template: NoteTemplate, owner: Practitioner, version: int | None) -> NoteTemplate:
    row = lock(template, version=version)
    if row.practitioner_id != owner.pk:
        raise PermissionDenied
    return row


def _fill(row: NoteTemplate, *, type: str, name: str, body: str) -> None:
    if type not in Type.values:
        raise ValidationError({"type": _("This type of note is not known.")})
    row.type = type
    row.name = cut("name", name, NAME_LIMIT)
    row.body = body.replace("\r\n", "\n")
    if not row.name:
        raise ValidationError({"name": _("Give it a name.")})
    if not row.body.strip():
        raise ValidationError({"body": _("Write something before saving.")})
    if len(row.body) > CONTENT_LIMIT:
        raise ValidationError({"body": _("This is longer than a note may be.")})
    _require_free_name(row)


def _require_free_name(row: NoteTemplate) -> None:
    same = NoteTemplate.objects.of(row.practitioner).filter(type=row.type, name=row.name)
    if same.exclude(pk=row.pk).exists():
        raise ValidationError({"name": _("You have a template of this name and type already.")})
