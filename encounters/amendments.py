"""A patient asks for an amendment of the record; the clinic makes it, or says why not.

The request names the row that it is about, and a request that was accepted the row where the
amendment stands, so it is read beside both. It changes neither: who amends does that as always.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.pages import key_in
from clinik.transitions import lock
from encounters.access import entries_of, is_closed_to
from encounters.models import AmendmentRequest, Encounter, Patient
from encounters.models.amendment import MOST_TEXT, Decision, Kind
from encounters.steps import require, require_reason

TABLES: dict[str, str] = {
    Kind.PATIENT: "encounters.patient",
    Kind.VISIT: "encounters.encounter",
    Kind.DIAGNOSIS: "encounters.diagnosis",
    Kind.ALLERGY: "encounters.allergy",
    Kind.OBSERVATION: "records.observation",
    Kind.NOTE: "records.note",
    Kind.PRESCRIPTION: "records.prescription",
    Kind.ASSESSMENT: "records.assessment",
    Kind.REPORT: "records.report",
}
_KIND_OF = {table: kind for kind, table in TABLES.items()}
# Rows of a kind that a form offers.
MOST_ROWS = 200
# Requests that the patient's page shows.
MOST_NEWEST = 5
_MOST_WORDS = 80
_ACTS = {
    Decision.ACCEPTED: "amendment.accept",
    Decision.DENIED: "amendment.deny",
    Decision.MISTAKEN: "amendment.mistake",
}


@dataclass(frozen=True)
class Choice:
    """A row that a request may be about: "note:0198..." in a form, and in words."""

    value: str
    words: str


@dataclass(frozen=True)
class Group:
    label: str
    choices: tuple[Choice, ...]


def model_of(kind: str) -> Any:
    return apps.get_model(TABLES[kind])


def find_row(value: str, patient: Patient, user: Any) -> Any:
    """The row that "kind:id" names; None where it is not this person's, or not seen."""
    kind, _colon, text = value.partition(":")
    key = key_in(text)
    if key is None or kind not in TABLES:
        return None
    visible = model_of(kind).objects.visible_to(user).filter(pk=key)
    persons = {row.pk for row in entries_of(patient)}
    return next((row for row in visible if _person_of(row) in persons), None)


def _person_of(row: Any) -> UUID:
    return row.pk if isinstance(row, Patient) else row.patient_id


def words_of(row: Any) -> str:
    """What a person calls the row: its name, value and day."""
    value = getattr(row, "value_words", "")
    name = Truncator(f"{row}: {value}" if value else str(row)).chars(_MOST_WORDS)
    when = getattr(row, "effective", None)
    return f"{name} · {date_format(localtime(when), 'DATETIME_FORMAT')}" if when else name


def rows_to_choose(patient: Patient, visit: Encounter | None, user: Any) -> list[Group]:
    """What a request may be about: the rows of the visit, or those of the person without one.

    One query for each kind; the newest MOST_ROWS of each.
    """
    groups = []
    for kind in TABLES:
        rows = _rows(kind, patient, visit, user)
        if choices := tuple(_choice(kind, row) for row in rows):
            groups.append(Group(capfirst(str(Kind(kind).label)), choices))
    return groups


def _rows(kind: str, patient: Patient, visit: Encounter | None, user: Any) -> list[Any]:
    if kind == Kind.PATIENT:
        return [] if visit else [patient]
    if kind == Kind.VISIT:
        return [visit] if visit else []
    found = model_of(kind).objects.visible_to(user)
    if visit is not None:
        found = found.filter(encounter=visit)
    elif kind == Kind.ALLERGY:
        found = found.of_patient(patient)
    else:
        found = found.of_patient(patient).filter(encounter=None)
    return list(found.order_by("-id")[:MOST_ROWS])


def _choice(kind: str, row: Any) -> Choice:
    return Choice(f"{kind}:{row.pk}", words_of(row))


def request_amendment(
    row: Any, *, by: Any, asked_on: dt.date, text: str, id: UUID | None = None
) -> AmendmentRequest:
    """Write down that the patient asks for an amendment of this row, in the patient's words.

    Raises PermissionDenied (also where the chart is closed to `by`), and ValidationError keyed by
    "text" and "asked_on".
    """
    require(by, "encounters.add_amendmentrequest")
    patient = row if isinstance(row, Patient) else row.patient
    _require_open(patient, by)
    text = require_reason(text, field="text", limit=MOST_TEXT)
    if asked_on > clock.today():
        raise ValidationError({"asked_on": _("This day is still to come.")})
    made = AmendmentRequest(
        **({"id": id} if id else {}),
        patient=patient,
        encounter=row if isinstance(row, Encounter) else getattr(row, "encounter", None),
        kind=_KIND_OF[row._meta.label_lower],
        row_id=row.pk,
        row_version=row.version,
        asked_on=asked_on,
        text=text,
        by=by,
    )
    with transaction.atomic():
        made.save(force_insert=True)
        detail = {"kind": made.kind, "row": str(row.pk)}
        audit.record("amendment.create", made, by=by, fields=["text"], detail=detail)
    return made


def _require_open(patient: Patient, by: Any) -> None:
    if is_closed_to(patient, by):
        raise PermissionDenied(_("This chart is closed to you."))


def decide_amendment(
    request: AmendmentRequest,
    *,
    by: Any,
    decision: str,
    version: int,
    reason: str = "",
    amended: Any = None,
) -> AmendmentRequest:
    """Answer a request, once: accepted, with the row where the amendment stands; denied, or no
    request at all, with the reason.

    Raises StaleVersion, PermissionDenied, and ValidationError keyed by "decision", "reason" and
    "amended".
    """
    require(by, "encounters.decide_amendmentrequest")
    _require_open(request.patient, by)
    if decision not in Decision.values:
        raise ValidationError({"decision": _("Say what the answer is.")})
    if decision != Decision.ACCEPTED:
        reason = require_reason(reason)
    elif amended is None:
        raise ValidationError({"amended": _("Amend the record first, then say where it stands.")})
    elif not _may_stand(request, amended):
        raise ValidationError({"amended": _("This was not changed since the patient asked.")})
    with transaction.atomic():
        fresh = lock(request, version=version)
        if not fresh.is_open:
            raise ValidationError({"decision": _("It is answered already.")})
        fresh.decision, fresh.reason = decision, reason.strip()
        fresh.decided_by, fresh.decided_at = by, clock.now()
        if decision == Decision.ACCEPTED:
            fresh.amended_kind, fresh.amended_id = _KIND_OF[amended._meta.label_lower], amended.pk
        fresh.save()
        detail = {"kind": fresh.kind, "row": str(fresh.row_id)}
        act = _ACTS[Decision(decision)]
        audit.record(act, fresh, by=by, fields=["decision"], reason=reason, detail=detail)
    return fresh


def _may_stand(request: AmendmentRequest, row: Any) -> bool:
    """Whether the amendment can be in this row: the same one changed, or one made since."""
    asked = clock.day_start(request.asked_on)
    if row.pk == request.row_id:
        # Amended already when the request was written down: older than it, and changed since.
        return row.version > request.row_version or (row.created < asked <= row.updated)
    return _person_of(row) in {each.pk for each in entries_of(request.patient)} and (
        row.created >= asked
    )


def places_for(request: AmendmentRequest, user: Any) -> list[Choice]:
    """Where an amendment may stand: the row itself if it was changed, and what was made since the
    patient asked. One query for each kind."""
    asked = clock.day_start(request.asked_on)
    found = []
    own = row_of(request.kind, request.row_id, user)
    if own is not None and _may_stand(request, own):
        found.append(Choice(f"{request.kind}:{own.pk}", _("The same, changed since")))
    for kind in TABLES:
        if kind in (Kind.PATIENT, Kind.VISIT):
            continue
        rows = model_of(kind).objects.visible_to(user).of_patient(request.patient)
        made = rows.filter(created__gte=asked).exclude(pk=request.row_id).order_by("-id")
        found += [_named(kind, row) for row in made[:MOST_ROWS]]
    return found


def _named(kind: str, row: Any) -> Choice:
    return Choice(f"{kind}:{row.pk}", f"{capfirst(str(Kind(kind).label))}: {words_of(row)}")


def row_of(kind: str, pk: UUID, user: Any) -> Any:
    """The row, where the user may see it."""
    return model_of(kind).objects.visible_to(user).filter(pk=pk).first()


def by_row(patient_id: UUID, user: Any) -> dict[UUID, list[AmendmentRequest]]:
    """The requests about this entry's rows, by the rows they are about and stand in; one query."""
    found: dict[UUID, list[AmendmentRequest]] = {}
    requests = AmendmentRequest.objects.visible_to(user).listed().filter(patient=patient_id)
    for request in requests.order_by("id"):
        for key in _keys(request):
            found.setdefault(key, []).append(request)
    return found


def _keys(request: AmendmentRequest) -> Iterator[UUID]:
    yield request.row_id
    if request.amended_id and request.amended_id != request.row_id:
        yield request.amended_id


def newest_of(patient: Patient, user: Any) -> list[AmendmentRequest]:
    """The last few requests of a person; one query."""
    found = AmendmentRequest.objects.visible_to(user).of_patient(patient).listed()
    return list(found.order_by("-id")[:MOST_NEWEST])
