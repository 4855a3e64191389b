"""Correct a value that was wrong: the row carries the right one, its history the old one.

A value that was never this patient's is entered in error instead.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik.transitions import lock, move
from records.instruments import is_score
from records.models import Observation, ObservationComponent
from records.models.observation import Status
from records.observations import as_digits, as_number, check_interpretation, interpret
from records.recording import cut, open_for_records, require, save_by
from records.vitals import BY_CODE, CONSCIOUSNESS, DIASTOLIC, SYSTOLIC, bp_refusal, refusal

CORRECTABLE = (
    Status.REGISTERED,
    Status.PRELIMINARY,
    Status.FINAL,
    Status.AMENDED,
    Status.CORRECTED,
)
_PRESSURE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Was:
    """What a corrected value was, who corrected it, and why."""

    value: str
    by: str
    reason: str


def correct_observation(
    observation: Observation,
    *,
    by: Any,
    value: str,
    reason: str,
    interpretation: str = "",
    version: int | None = None,
) -> Observation:
    """Put the right value in the place of a wrong one, in the unit it was given in.

    `value` is typed as it was: "7.2", "<5", "142/91" for a blood pressure, a letter for
    consciousness. Without an `interpretation` it comes from the reference range. Whoever saw the
    wrong value has not seen this one: the acknowledgement is asked for anew. Raises
    PermissionDenied, ValidationError keyed by field, TransitionError, StaleVersion.
    """
    require(by, "records.change_observation")
    why = cut("reason", reason, 500)
    if not why:
        raise ValidationError({"reason": _("Say what was wrong with it.")})
    check_interpretation(interpretation)
    with transaction.atomic():
        if observation.encounter is not None:
            open_for_records(observation.encounter)
        row = lock(observation, version=version)
        parts = list(row.components.all())
        changes, halves = _changes(row, parts, as_digits(value))
        for part, digits in halves:
            part.value, part.value_number = digits, as_number(digits)
            save_by(part, by=by)
        given = changes.get("value", "") if not changes.get("value_comparator") else ""
        changes["interpretation"] = interpretation or interpret(
            given, row.range_low, row.range_high
        )
        changes |= {"seen_by": None, "seen_at": None, "seen_action": ""}
        return move(
            row,
            to=Status.CORRECTED,
            by=by,
            act="observation.correct",
            allowed=CORRECTABLE,
            version=version,
            changes=changes,
            reason=why,
        )


def _refuse_score(row: Observation) -> None:
    """The total of a questionnaire, and whether it is critical, follow from its answers."""
    if is_score(row):
        raise ValidationError(
            {"value": _("A score follows from its answers: enter this one in error and ask again.")}
        )


def _changes(
    row: Observation, parts: list[ObservationComponent], typed: str
) -> tuple[dict[str, Any], list[tuple[ObservationComponent, str]]]:
    """(columns of the row, new digits of its components); raises ValidationError."""
    _refuse_score(row)
    if not typed:
        raise ValidationError({"value": _("Enter the value.")})
    if parts:
        return {}, _pressure(parts, typed)
    vital = BY_CODE.get(row.code_code)
    if row.value_coded_code in CONSCIOUSNESS:
        letter = typed.upper()
        if why := refusal("consciousness", letter):
            raise ValidationError({"value": why})
        words = str(CONSCIOUSNESS[letter])
        return {"value_coded_code": letter, "value_coded_display": words}, []
    comparator = next((sign for sign in ("<=", ">=", "<", ">") if typed.startswith(sign)), "")
    digits = typed.removeprefix(comparator).strip()
    number = as_number(digits)
    if number is None:
        if row.value:
            raise ValidationError({"value": _("A number belongs here.")})
        return {"value_text": typed}, []
    if vital is not None and (why := refusal(vital.key, digits, row.value_unit_code)):
        raise ValidationError({"value": why})
    if row.code_code == SYSTOLIC and (why := bp_refusal(digits, "0")):
        raise ValidationError({"value": why})
    return {
        "value": digits,
        "value_number": number,
        "value_comparator": comparator,
        "value_text": "",
    }, []


def _pressure(
    parts: list[ObservationComponent], typed: str
) -> list[tuple[ObservationComponent, str]]:
    """The two halves of a blood pressure, or its upper one alone where only that was taken."""
    by_code = {part.code_code: part for part in parts}
    if not by_code.keys() <= {SYSTOLIC, DIASTOLIC}:
        raise ValidationError(_("This has several values: enter it in error and add it anew."))
    found = _PRESSURE.fullmatch(typed)
    upper, lower = found.groups() if found else (typed, "")
    if why := bp_refusal(upper, lower or "0"):
        raise ValidationError({"value": why})
    if bool(lower) != (DIASTOLIC in by_code):
        raise ValidationError({"value": _("As it was taken: two numbers such as 120/80, or one.")})
    wanted = {SYSTOLIC: upper, DIASTOLIC: lower}
    return [(part, wanted[code]) for code, part in by_code.items()]


def corrections_of(rows: Iterable[Observation]) -> Mapping[uuid.UUID, tuple[Was, ...]]:
    """What each corrected row was before, newest correction first.

    No query where nothing was corrected, else two.
    """
    corrected = [row for row in rows if row.status == Status.CORRECTED]
    if not corrected:
        return {}
    ids = [row.pk for row in corrected]
    kept: dict[uuid.UUID, list[Any]] = {}
    history = Observation.history.filter(id__in=ids).select_related("history_user")
    for old in history.order_by("history_date", "history_id"):
        kept.setdefault(old.id, []).append(old)
    halves: dict[uuid.UUID, list[Any]] = {}
    parts = ObservationComponent.history.filter(observation_id__in=ids)
    for part in parts.order_by("position", "history_date", "history_id"):
        halves.setdefault(part.observation_id, []).append(part)
    return {row.pk: tuple(_was(kept.get(row.pk, []), halves.get(row.pk, []))) for row in corrected}


def _was(versions: list[Any], parts: list[Any]) -> list[Was]:
    found: list[Was] = []
    corrections = [
        (before, after)
        for before, after in pairwise(versions)
        if after.status == Status.CORRECTED and after.history_change_reason
    ]
    for number, (before, after) in enumerate(corrections):
        value = before.instance.value_words or _halves_at(parts, number)
        unit = before.value_unit
        who = str(after.history_user or "")
        found.append(Was(f"{value} {unit}".strip(), who, after.history_change_reason))
    return found[::-1]


def _halves_at(parts: list[Any], number: int) -> str:
    """The pressure before the correction of that number: each half is saved once by each."""
    by_part: dict[uuid.UUID, list[Any]] = {}
    for part in parts:
        by_part.setdefault(part.id, []).append(part)
    return "/".join(
        versions[number].instance.value_words
        for versions in by_part.values()
        if number < len(versions)
    )
