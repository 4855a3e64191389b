"""The verb of an assessment: what the clinician makes of it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik.ids import uuid7
from encounters.models import Encounter
from records.models import Assessment, Finding
from records.models.assessment import Status
from records.recording import cut, fill, insert, open_for_records, require, save_by

SUMMARY_LIMIT = 5_000
TEXT_LIMIT = 20_000
MOST_FINDINGS = 50


@dataclass(frozen=True)
class FindingText:
    """One finding as typed, and what it rests on."""

    text: str
    basis: str = ""
    system: str = ""
    code: str = ""
    display: str = ""


def add_assessment(
    encounter: Encounter,
    *,
    by: Any,
    summary: str,
    id: uuid.UUID | None = None,
    description: str = "",
    findings: Sequence[FindingText] = (),
    note: str = "",
    previous: Assessment | None = None,
    effective: dt.datetime | None = None,
    status: str = Status.COMPLETED,
) -> Assessment:
    """Record an assessment with its findings (at most 50, in the order given).

    The findings' keys are derived from the assessment's, so that a form sent twice makes them
    once. Raises PermissionDenied and ValidationError keyed by field.
    """
    require(by, "records.add_assessment")
    text = cut("summary", summary, SUMMARY_LIMIT)
    if not text:
        raise ValidationError({"summary": _("Write the summary.")})
    given = _checked(findings)
    if previous is not None and previous.patient_id != encounter.patient_id:
        raise ValidationError({"previous": _("The earlier assessment is of another patient.")})
    row = Assessment(
        status=status,
        summary=text,
        description=cut("description", description, TEXT_LIMIT),
        note=cut("note", note, TEXT_LIMIT),
        previous=previous,
    )
    with transaction.atomic():
        fresh = open_for_records(encounter)
        fill(row, fresh, by=by, id=id or uuid7(), effective=effective)
        insert(row, by=by)
        for position, finding in enumerate(given):
            _add_finding(row, position, finding, by)
    return row


def _checked(findings: Sequence[FindingText]) -> list[FindingText]:
    given = [finding for finding in findings if finding.text.strip() or finding.basis.strip()]
    if len(given) > MOST_FINDINGS:
        raise ValidationError(
            {"findings": _("At most %(limit)d findings.") % {"limit": MOST_FINDINGS}}
        )
    for finding in given:
        if not (finding.text.strip() or finding.code):
            raise ValidationError(
                {"findings": _("“%(basis)s” has no finding.") % {"basis": finding.basis[:40]}}
            )
        cut("findings", finding.basis, 1000)
    return given


def _add_finding(row: Assessment, position: int, finding: FindingText, by: Any) -> None:
    made = Finding(
        id=uuid.uuid5(row.pk, f"finding-{position}"),
        assessment=row,
        position=position,
        finding_system=finding.system,
        finding_code=finding.code,
        finding_display=finding.display,
        finding_text=finding.text.strip(),
        basis=finding.basis.strip(),
    )
    save_by(made, by=by, force_insert=True)


def last_assessment(encounter: Encounter) -> Assessment | None:
    """The patient's newest assessment that counts: what a new one follows."""
    return (
        Assessment.objects.of_patient(encounter.patient)
        .listed()
        .select_related("author")
        .newest_first()
        .first()
    )
