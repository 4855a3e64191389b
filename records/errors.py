"""Enter a record in error: it stays, with its words and its visit, and counts no more."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from clinik.transitions import move
from records.models import Assessment, ClinicalRecord, Note, Observation, Prescription, Report
from records.models.base import ENTERED_IN_ERROR
from records.recording import cut, is_author

# The word in the URL -> the model.
KINDS: dict[str, type[ClinicalRecord]] = {
    "observation": Observation,
    "note": Note,
    "prescription": Prescription,
    "assessment": Assessment,
    "report": Report,
}


def may_enter_in_error(record: ClinicalRecord, user: Any) -> bool:
    """Its author, while they may write this kind, or an administrator."""
    if user.has_perm("records.enter_any_in_error"):
        return True
    kind = record._meta.model_name
    return is_author(record, user) and user.has_perm(f"records.add_{kind}")


def enter_record_in_error(
    record: ClinicalRecord, *, by: Any, reason: str, version: int | None = None
) -> ClinicalRecord:
    """Mark a wrong record. Its content, digest, visit and patient stay as they are.

    Raises PermissionDenied, ValidationError keyed by `reason`, TransitionError, StaleVersion.
    """
    if not may_enter_in_error(record, by):
        raise PermissionDenied
    why = cut("reason", reason, 500)
    if not why:
        raise ValidationError({"reason": _("Say why it is wrong.")})
    statuses = type(record).Status.values  # type: ignore[attr-defined]
    return move(
        record,
        to=ENTERED_IN_ERROR,
        by=by,
        act=f"{record._meta.model_name}.enter_in_error",
        allowed=[status for status in statuses if status != ENTERED_IN_ERROR],
        version=version,
        changes={"error_reason": why},
        reason=why,
    )
