"""The verbs of the problem list: add without a visit, resolve, and take that back."""

import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, clock
from clinik.transitions import TransitionError, lock, move
from encounters.diagnoses import check_diagnosis, refuse_in_error
from encounters.models import Diagnosis, Patient
from encounters.models.diagnosis import Category, ClinicalStatus
from encounters.steps import require

RESOLVED = ClinicalStatus.RESOLVED.value


def add_problem(
    patient: Patient,
    *,
    by: Any,
    text: str = "",
    code: str = "",
    system: str = "",
    display: str = "",
    id: uuid.UUID | None = None,
    **fields: Any,
) -> Diagnosis:
    """Put a condition on the problem list without a visit; `onset` and `abatement` are UTC.

    Raises ValidationError keyed by condition_text and the fields of the row.
    """
    require(by, "encounters.add_diagnosis")
    values = {
        "condition_text": text.strip() or display,
        "condition_code": code,
        "condition_system": system,
        "condition_display": display,
        **fields,
    }
    check_diagnosis(values)
    row = Diagnosis(
        **({"id": id} if id else {}),
        patient=patient,
        category=Category.PROBLEM,
        author=getattr(by, "practitioner", None),
        **values,
    )
    row._history_user = by
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record("diagnosis.create", row, by=by, fields=[k for k, v in values.items() if v])
    return row


def resolve_problem(problem: Diagnosis, *, by: Any, version: int | None = None) -> Diagnosis:
    """It is over, since today where no end is known. Said twice, it is said once.

    Raises StaleVersion and TransitionError.
    """
    require(by, "encounters.change_diagnosis")
    with transaction.atomic():
        fresh = _problem(problem)
        if fresh.clinical_status == RESOLVED:
            return fresh
        ended: dict[str, Any] = {}
        if fresh.abatement is None and not fresh.abatement_text:
            today = clock.day_start(clock.today())
            ended = {"abatement": today, "abatement_precision": clock.Precision.DAY}
        return _move(fresh, RESOLVED, by=by, version=version, act="resolve", changes=ended)


def unresolve_problem(problem: Diagnosis, *, by: Any, version: int | None = None) -> Diagnosis:
    """Not over after all: what was said of its course before it was resolved, else active.

    Raises StaleVersion and TransitionError.
    """
    require(by, "encounters.change_diagnosis")
    with transaction.atomic():
        fresh = _problem(problem)
        if fresh.clinical_status != RESOLVED:
            return fresh
        earlier = fresh.history.filter(version__lt=fresh.version)
        former = earlier.exclude(clinical_status=RESOLVED).order_by("-version").first()
        names = ("abatement", "abatement_precision", "abatement_text")
        source = former or Diagnosis()
        return _move(
            fresh,
            former.clinical_status if former else ClinicalStatus.ACTIVE.value,
            by=by,
            version=version,
            act="unresolve",
            changes={name: getattr(source, name) for name in names},
        )


def _problem(row: Diagnosis) -> Diagnosis:
    fresh = lock(row)
    refuse_in_error(fresh)
    if fresh.category != Category.PROBLEM:
        raise TransitionError(_("This is not on the problem list."), current=fresh.clinical_status)
    return fresh


def _move(
    fresh: Diagnosis, to: str, *, by: Any, version: int | None, act: str, changes: dict[str, Any]
) -> Diagnosis:
    return move(
        fresh,
        field="clinical_status",
        to=to,
        by=by,
        act=f"diagnosis.{act}",
        version=version,
        changes=changes,
    )
