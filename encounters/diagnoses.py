"""The verbs of a diagnosis: add, change, promote, enter in error; use and rank keep their order."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik import audit
from clinik.clock import Precision
from clinik.transitions import StaleVersion, TransitionError, lock
from clinik.transitions import move as move_status
from encounters.models import Diagnosis, Encounter
from encounters.models.diagnosis import PRESENT, Category, ClinicalStatus, Use, Verification
from encounters.models.encounter import Status
from encounters.steps import require, require_reason

# Of domain.md, section 1; binds what is entered here, not imports.
MOST_PER_VISIT = 20

TEXT_LIMIT = 500

# Ranks are parked here while a taken one is pushed down, so that no two rows ever share one.
_PARKED = 1000

_CHANGEABLE = frozenset(
    {"condition_text", "condition_system", "condition_code", "condition_display", "use", "rank"}
    | {"clinical_status", "verification", "onset", "onset_precision", "onset_text"}
    | {"abatement", "abatement_precision", "abatement_text", "note"}
)
_COURSE = frozenset(
    {"clinical_status", "onset", "onset_precision", "abatement", "abatement_precision"}
)


def default_use(encounter: Encounter) -> str:
    """The use a new diagnosis is offered with: chief complaint before the visit starts, then none.

    Emergency and inpatient visits: admission first, discharge once there is an admission one.
    """
    if encounter.status in (Status.PLANNED, Status.ARRIVED, Status.TRIAGED):
        return Use.CHIEF_COMPLAINT
    if encounter.class_code not in ("EMER", "IMP"):
        return ""
    admitted = Diagnosis.objects.filter(encounter=encounter, use=Use.ADMISSION).listed()
    return Use.DISCHARGE if admitted.exists() else Use.ADMISSION


def add_diagnosis(
    encounter: Encounter,
    *,
    by: Any,
    text: str = "",
    code: str = "",
    system: str = "",
    display: str = "",
    id: uuid.UUID | None = None,
    use: str = "",
    rank: int | None = None,
    **fields: Any,
) -> Diagnosis:
    """Add a diagnosis to a visit; a taken `rank` is inserted and pushes the rest of its use down.

    A second call with the same `id` answers with the row that the first one made. Raises
    ValidationError keyed by condition_text, use, rank and the fields of the row.
    """
    require(by, "encounters.add_diagnosis")
    values = {
        "condition_text": text.strip() or display,
        "condition_code": code,
        "condition_system": system,
        "condition_display": display,
        "use": use,
        "rank": rank,
        **fields,
    }
    check_diagnosis(values)
    with transaction.atomic():
        visit = _changeable_visit(encounter)
        existing = Diagnosis.objects.filter(pk=id).first() if id is not None else None
        if existing is not None:
            return _same(existing, visit)
        return _insert(visit, values, id=id, by=by)


def _insert(
    visit: Encounter, values: Mapping[str, Any], *, id: uuid.UUID | None, by: Any
) -> Diagnosis:
    present = _counted(visit)
    if len(present) >= MOST_PER_VISIT:
        raise ValidationError(
            _("A visit holds at most %(most)d diagnoses.") % {"most": MOST_PER_VISIT}
        )
    _make_room(present, values["use"], values["rank"], by=by)
    row = Diagnosis(patient=visit.patient, encounter=visit, author=_author(by), **values)
    if id is not None:
        row.id = id
    row._history_user = by
    row.save(force_insert=True)
    audit.record("diagnosis.create", row, by=by, fields=[k for k, v in values.items() if v])
    return row


def change_diagnosis(diagnosis: Diagnosis, *, by: Any, version: int, **fields: Any) -> Diagnosis:
    """Change a diagnosis. Another use or rank leaves its old place empty.

    Raises StaleVersion, and ValidationError keyed by field.
    """
    require(by, "encounters.change_diagnosis")
    check_diagnosis({"condition_text": diagnosis.condition_text, **fields})
    if "condition_text" in fields:
        fields["condition_text"] = fields["condition_text"].strip()
    with transaction.atomic():
        visit = _changeable_visit(diagnosis.encounter) if diagnosis.encounter else None
        fresh = lock(diagnosis, version=version)
        refuse_in_error(fresh)
        fields |= _end_with(fresh, fields)
        changed = [name for name, value in fields.items() if getattr(fresh, name) != value]
        if not changed:
            return fresh
        use, rank = fields.get("use", fresh.use), fields.get("rank", fresh.rank)
        for name in changed:
            setattr(fresh, name, fields[name])
        if visit is not None and {"use", "rank"} & set(changed):
            _give_up_place(fresh)
            _make_room(_counted(visit, besides=fresh), use, rank, by=by)
            fresh.rank = rank
        fresh._history_user = by
        fresh.save()
        audit.record("diagnosis.change", fresh, by=by, fields=changed)
    return fresh


def _end_with(fresh: Diagnosis, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What else changes: a condition that is present again has no end any more."""
    now: dict[str, Any] = {name: fields.get(name, getattr(fresh, name)) for name in _COURSE}
    again = now["clinical_status"] in PRESENT and now["clinical_status"] != fresh.clinical_status
    if again and "abatement" not in fields:
        return {
            "abatement": None,
            "abatement_precision": Precision.INSTANT,
            "abatement_text": "",
        }
    wrong = _wrong_end(now) if _COURSE & fields.keys() else {}
    if wrong:
        raise ValidationError(wrong)
    return {}


def enter_diagnosis_in_error(
    diagnosis: Diagnosis, *, by: Any, reason: str, version: int | None = None
) -> Diagnosis:
    """Kept, shown nowhere, its rank left empty."""
    require(by, "encounters.change_diagnosis")
    reason = require_reason(reason)
    with transaction.atomic():
        fresh = lock(diagnosis)
        if fresh.verification == Verification.ENTERED_IN_ERROR and fresh.error_reason == reason:
            return fresh
        if version is not None and fresh.version != version:
            raise StaleVersion(fresh)
        return move_status(
            fresh,
            field="verification",
            to=Verification.ENTERED_IN_ERROR,
            allowed=[value for value in ["", *Verification.values] if value != _IN_ERROR],
            by=by,
            act="diagnosis.enter_in_error",
            changes={"error_reason": reason},
            reason=reason,
        )


_IN_ERROR = Verification.ENTERED_IN_ERROR.value


def promote(diagnosis: Diagnosis, *, by: Any, version: int | None = None) -> Diagnosis:
    """Put it on the problem list: a linked row of its own; the visit's row stays as it is.

    A second call answers with the problem that the first one made. Raises StaleVersion where the
    diagnosis says something else by now.
    """
    require(by, "encounters.add_diagnosis")
    with transaction.atomic():
        fresh = lock(diagnosis, version=version)
        refuse_in_error(fresh)
        if fresh.category == Category.PROBLEM:
            return fresh
        existing = Diagnosis.objects.filter(promoted_from=fresh).listed().first()
        if existing is not None:
            return existing
        copied = ("system", "code", "display", "text", "more")
        row = Diagnosis(
            patient=fresh.patient,
            category=Category.PROBLEM,
            promoted_from=fresh,
            author=_author(by),
            clinical_status=fresh.clinical_status,
            verification=fresh.verification,
            onset=fresh.onset,
            onset_precision=fresh.onset_precision,
            onset_text=fresh.onset_text,
            note=fresh.note,
            **{f"condition_{part}": getattr(fresh, f"condition_{part}") for part in copied},
        )
        row._history_user = by
        row.save(force_insert=True)
        audit.record("diagnosis.promote", row, by=by, action="C")
    return row


def check_diagnosis(values: Mapping[str, Any]) -> None:
    """Raises ValidationError keyed by field, and TypeError for what is none of a diagnosis."""
    unknown = values.keys() - _CHANGEABLE
    if unknown:
        raise TypeError(f"not a field of a diagnosis: {', '.join(sorted(unknown))}")
    wrong: dict[str, Any] = {}
    text = values["condition_text"].strip()
    if not (text or values.get("condition_code")):
        wrong["condition_text"] = _("Say which condition it is.")
    if len(text) > TEXT_LIMIT:
        wrong["condition_text"] = _("Use at most 500 characters here.")
    choices: dict[str, list[str]] = {
        "use": Use.values,
        "clinical_status": ClinicalStatus.values,
        "verification": [value for value in Verification.values if value != _IN_ERROR],
    }
    for name, allowed in choices.items():
        if values.get(name) and values[name] not in allowed:
            wrong[name] = _("Choose one of the list.")
    rank = values.get("rank")
    if rank is not None and not 1 <= rank < _PARKED:
        wrong["rank"] = _("Give a rank from 1 on.")
    wrong |= _wrong_end(values)
    if wrong:
        raise ValidationError(wrong)


def _wrong_end(values: Mapping[str, Any]) -> dict[str, str]:
    """An end after the onset, as exactly as both are known, and of what is not present any more.

    The latter is HL7's rule con-4 of Condition.
    """
    if not values.get("abatement"):
        return {}
    onset, end = (_day_words(values, name) for name in ("onset", "abatement"))
    exact = min(len(onset), len(end))
    if onset[:exact] > end[:exact]:
        return {"abatement": _("Give a day after the onset.")}
    if values.get("clinical_status") in PRESENT:
        return {"abatement": _("What has an end is inactive, in remission or resolved.")}
    return {}


def _day_words(values: Mapping[str, Any], name: str) -> str:
    if not values.get(name):
        return ""
    known = values.get(f"{name}_precision", Precision.INSTANT)
    letters = {Precision.YEAR: 4, Precision.MONTH: 7, Precision.DAY: 10}
    return localtime(values[name]).isoformat()[: letters.get(known)]


def _changeable_visit(encounter: Encounter) -> Encounter:
    """The visit under its lock, so that two people cannot give one rank away twice."""
    visit = lock(encounter)
    if visit.status == Status.ENTERED_IN_ERROR:
        raise TransitionError(
            _("This visit was entered in error and is not changed any more."),
            current=visit.status,
        )
    return visit


def refuse_in_error(row: Diagnosis) -> None:
    if row.verification == Verification.ENTERED_IN_ERROR:
        raise TransitionError(
            _("This diagnosis was entered in error and is not changed any more."),
            current=row.verification,
        )


def _same(existing: Diagnosis, visit: Encounter) -> Diagnosis:
    if existing.encounter_id != visit.pk:
        raise ValidationError(
            _("This form was used already. Open a new one; nothing was saved."), code="repeated"
        )
    return existing


def _counted(visit: Encounter, *, besides: Diagnosis | None = None) -> list[Diagnosis]:
    found = Diagnosis.objects.filter(encounter=visit)
    found = found.exclude(verification=Verification.ENTERED_IN_ERROR)
    return list(found.exclude(pk=besides.pk) if besides is not None else found)


def _give_up_place(row: Diagnosis) -> None:
    """Leave the rank for a moment, so that the rows pushed down cannot meet it.

    Not a version of the row: it is saved with its new place in the same transaction.
    """
    Diagnosis.objects.filter(pk=row.pk).update(rank=None)


def _make_room(present: list[Diagnosis], use: str, rank: int | None, *, by: Any) -> None:
    """Push the rows of a use down, all from `rank` on, if `rank` is taken."""
    ranked = {row.rank: row for row in present if row.use == use and row.rank is not None}
    if rank not in ranked:
        return
    pushed = [row for place, row in ranked.items() if place >= rank]
    Diagnosis.objects.filter(pk__in=[row.pk for row in pushed]).update(rank=F("rank") + _PARKED)
    for row in pushed:
        assert row.rank is not None
        row.rank += 1
        row._history_user = by
        row.save()
        audit.record("diagnosis.change", row, by=by, fields=["rank"])


def _author(by: Any) -> Any:
    """The practitioner who is logged in, or None for a login without one."""
    return getattr(by, "practitioner", None)
