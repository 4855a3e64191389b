"""The diagnoses of a visit as its section shows them, and the patient's problem list beside."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clinik.clock import Precision
from encounters.models import Diagnosis, Encounter, Patient
from encounters.models.diagnosis import PRESENT, Category, ClinicalStatus, Use, Verification
from encounters.models.encounter import ErrorAbout


@dataclass(frozen=True)
class DiagnosisRow:
    pk: uuid.UUID
    words: str
    code: str
    use: str
    is_discharge: bool
    note: str
    wrong: bool
    error_reason: str
    version: int
    problem_since: str
    can_promote: bool
    can_change: bool


@dataclass(frozen=True)
class Problem:
    """`since` and `until` as exactly as they are known; where no onset is, `recorded` says when."""

    pk: uuid.UUID
    patient_pk: uuid.UUID
    version: int
    words: str
    code: str
    since: str
    onset_known: bool
    until: str
    status: str
    note: str
    active: bool
    resolved: bool


@dataclass(frozen=True)
class ProblemList:
    """Those that are not resolved, active ones first, and those that are."""

    standing: tuple[Problem, ...]
    resolved: tuple[Problem, ...]


@dataclass(frozen=True)
class Diagnoses:
    """The visit's own rows and the patient's problem list, from one query."""

    rows: tuple[DiagnosisRow, ...]
    wrong: tuple[DiagnosisRow, ...]
    problems: ProblemList
    can_add: bool


def load_diagnoses(encounter: Encounter, user: Any) -> Diagnoses:
    """One query for the visit's diagnoses and the patient's problem list."""
    found = list(
        Diagnosis.objects.visible_to(user)
        .filter(
            Q(encounter=encounter)
            | Q(patient=encounter.patient, category=Category.PROBLEM)
            | Q(patient__merged_into=encounter.patient_id, category=Category.PROBLEM)
        )
        .select_related("encounter", "promoted_from__encounter")
        .ranked()
    )
    problems = [row for row in found if _is_listed_problem(row)]
    here = [row for row in found if row.encounter_id == encounter.pk and not _is_problem(row)]
    by_origin = {row.promoted_from_id: row for row in problems if row.promoted_from_id}
    by_words = {(row.condition_code or str(row)): row for row in problems}
    may = user.has_perm("encounters.change_diagnosis") and not encounter.is_in_error
    rows = [
        _diagnosis(
            row, by_origin.get(row.pk) or by_words.get(row.condition_code or str(row)), may=may
        )
        for row in here
    ]
    return Diagnoses(
        rows=tuple(row for row in rows if not row.wrong),
        wrong=tuple(row for row in rows if row.wrong),
        problems=_problem_list(problems),
        can_add=user.has_perm("encounters.add_diagnosis") and not encounter.is_in_error,
    )


def load_problems(patient: Patient, user: Any) -> ProblemList:
    """The patient's problem list: one query."""
    found = (
        Diagnosis.objects.visible_to(user)
        .of_patient(patient)
        .filter(category=Category.PROBLEM)
        .listed()
    )
    return _problem_list(found)


def _problem_list(rows: Iterable[Diagnosis]) -> ProblemList:
    in_time = sorted(rows, key=lambda row: (row.onset or row.recorded, row.pk))
    problems = sorted(map(_problem, in_time), key=lambda problem: not problem.active)
    return ProblemList(
        standing=tuple(problem for problem in problems if not problem.resolved),
        resolved=tuple(problem for problem in problems if problem.resolved),
    )


def _is_problem(row: Diagnosis) -> bool:
    return row.category == Category.PROBLEM or row.encounter_id is None


def _is_listed_problem(row: Diagnosis) -> bool:
    """On the problem list, not in error itself nor through a visit about somebody else."""
    if not _is_problem(row) or row.verification == Verification.ENTERED_IN_ERROR:
        return False
    visit = row.promoted_from.encounter if row.promoted_from else row.encounter
    return not (visit and visit.is_in_error and visit.error_about == ErrorAbout.SOMEBODY_ELSE)


def _diagnosis(row: Diagnosis, problem: Diagnosis | None, *, may: bool) -> DiagnosisRow:
    wrong = row.verification == Verification.ENTERED_IN_ERROR
    return DiagnosisRow(
        pk=row.pk,
        words=str(row),
        code=row.condition_code,
        use=use_words(row),
        is_discharge=row.use == Use.DISCHARGE,
        note=_doubt(row),
        wrong=wrong,
        error_reason=row.error_reason,
        version=row.version,
        problem_since=_since(problem) if problem else "",
        can_promote=may and problem is None and not wrong,
        can_change=may and not wrong,
    )


def use_words(row: Diagnosis) -> str:
    """ "Admission 1", "Rank 1": use in words and rank; empty where there is neither."""
    words = {
        Use.ADMISSION: _("Admission"),
        Use.DISCHARGE: _("Discharge"),
        Use.CHIEF_COMPLAINT: _("Complaint"),
        Use.COMORBIDITY: _("Comorbidity"),
        Use.PRE_OP: _("Pre-op"),
        Use.POST_OP: _("Post-op"),
        Use.BILLING: _("Billing"),
    }
    use = words[Use(row.use)] if row.use else ""
    if row.rank and not use:
        return _("Rank %(n)d") % {"n": row.rank}
    return f"{use} {row.rank}" if row.rank else use


def _since(row: Diagnosis) -> str:
    """Since when, as exactly as it is known; the year it was recorded where no onset is."""
    known = _as_known(row.onset, row.onset_precision) or row.onset_text
    return known or date_format(localtime(row.recorded), "Y")


def _as_known(moment: dt.datetime | None, precision: str) -> str:
    formats = {Precision.YEAR: "Y", Precision.MONTH: "YEAR_MONTH_FORMAT"}
    if moment is None:
        return ""
    return date_format(localtime(moment), formats.get(precision, "DATE_FORMAT"))  # type: ignore[call-overload]


def _problem(row: Diagnosis) -> Problem:
    return Problem(
        pk=row.pk,
        patient_pk=row.patient_id,
        version=row.version,
        words=str(row),
        code=row.condition_code,
        since=_since(row),
        onset_known=bool(row.onset or row.onset_text),
        until=_as_known(row.abatement, row.abatement_precision) or row.abatement_text,
        status=row.get_clinical_status_display(),
        note=_doubt(row),
        active=row.clinical_status in PRESENT,
        resolved=row.clinical_status == ClinicalStatus.RESOLVED,
    )


def _doubt(row: Diagnosis) -> str:
    """How sure it is, where it is not confirmed."""
    sure = ("", Verification.CONFIRMED, Verification.ENTERED_IN_ERROR)
    return "" if row.verification in sure else row.get_verification_display()
