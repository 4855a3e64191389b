"""The audit trail: one AuditEvent per act and per view, written in the act's own transaction."""

import ipaddress
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, models
from django.http import HttpRequest

from clinik import bulk, clock
from clinik.models import AuditEvent


class AuditUnavailable(Exception):
    """The trail could not be written; the request answers 503."""


@dataclass(frozen=True)
class Origin:
    """Where a request comes from; empty for commands."""

    address: str | None = None
    request_id: str = ""


_NOWHERE = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def record(
    act: str,
    row: models.Model,
    *,
    by: Any,
    action: str = "",
    fields: Iterable[str] = (),
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write that `by` (None = the system) did `act` ("encounter.arrive") to `row`.

    `action` is C, R, U or E; read off the act's last word where empty.
    """
    return _write(
        act,
        by=by,
        action=action or _action_of(act),
        object_type=row._meta.label_lower,
        object_id=str(row.pk),
        patient_id=_patient_of(row),
        encounter_id=_encounter_of(row),
        fields=sorted(set(fields)),
        version=getattr(row, "version", None),
        detail=dict(detail or {}),
        reason=reason,
    )


def record_many(
    act: str,
    model: type[models.Model],
    rows: Iterable[Mapping[str, Any]],
    *,
    by: Any,
    action: str = AuditEvent.Action.CREATE,
) -> None:
    """`record` for many rows of one table, each with `id`, `patient_id` and `detail`."""
    here = origin.get()
    now = clock.now()
    same = {
        "at": now,
        "act": act,
        "action": str(action),
        "by_id": by.pk if by is not None else None,
        "role": _role_of(by),
        "address": here.address,
        "request_id": here.request_id,
        "object_type": model._meta.label_lower,
        "outcome": AuditEvent.Outcome.SUCCESS.value,
    }
    is_visit = model._meta.model_name == "encounter"
    bulk.insert(
        AuditEvent,
        [
            {
                **same,
                "object_id": str(row["id"]),
                "patient_id": row["patient_id"],
                "encounter_id": row["id"] if is_visit else row.get("encounter_id"),
                "version": row.get("version"),
                "detail": row["detail"],
            }
            for row in rows
        ],
    )


def record_view(row: models.Model, *, by: Any) -> AuditEvent:
    """Write that `by` looked at a patient, a visit or a record."""
    return record(f"{row._meta.model_name}.view", row, by=by, action=AuditEvent.Action.READ)


def record_search(
    model: type[models.Model],
    *,
    by: Any,
    found: int,
    fields: Iterable[str] = (),
    patient: models.Model | None = None,
) -> AuditEvent:
    """Write that `by` searched a table: by which fields, within one patient, how many rows were
    shown; never what was typed."""
    return _write(
        f"{model._meta.model_name}.search",
        by=by,
        action=AuditEvent.Action.READ,
        object_type=model._meta.label_lower,
        patient_id=patient.pk if patient else None,
        fields=sorted(set(fields)),
        detail={"found": found},
    )


def record_export(
    model: type[models.Model],
    *,
    by: Any,
    detail: Mapping[str, Any],
    act: str = "export",
    fields: Iterable[str] = (),
    patient: models.Model | None = None,
    here: Origin | None = None,
) -> AuditEvent:
    """Write that `by` took a list of rows out: by which fields it was chosen, how many it holds.

    A list that is still being sent when its request is over hands its request's origin in (`here`).
    """
    return _write(
        f"{model._meta.model_name}.{act}",
        by=by,
        here=here,
        action=AuditEvent.Action.READ,
        object_type=model._meta.label_lower,
        patient_id=patient.pk if patient else None,
        fields=sorted(set(fields)),
        detail=dict(detail),
    )


_NOT_LET_IN = {"user.log_in_failed", "user.log_in_refused", "user.second_step_failed"}


def record_login(
    act: str, user: Any, *, by: Any = None, detail: Mapping[str, Any] | None = None
) -> AuditEvent:
    """Write a login, its refusal or its end; `user` is None where no account of the name exists.

    The name that was typed is not kept: people type their password into the wrong field.
    """
    return _write(
        act,
        by=by,
        action=AuditEvent.Action.EXECUTE,
        outcome=AuditEvent.Outcome.REFUSED if act in _NOT_LET_IN else AuditEvent.Outcome.SUCCESS,
        object_type="clinik.user",
        object_id=str(user.pk) if user else "",
        detail=dict(detail or {}),
    )


def record_page(
    act: str, page: str, *, by: Any, outcome: str, method: str, status: int, **columns: Any
) -> AuditEvent:
    """Write that a page (its name, "records:patient_detail") was refused to `by`, or failed.

    `columns` say which row, patient and visit its address names, as far as it does.
    """
    return _write(
        act,
        by=by,
        outcome=outcome,
        action=AuditEvent.Action.READ if method in ("GET", "HEAD") else AuditEvent.Action.EXECUTE,
        object_type="page",
        detail={"page": page[:100], "method": method, "status": status},
        **columns,
    )


def record_operation(act: str, *, detail: Mapping[str, Any], by: Any = None) -> AuditEvent:
    """Write what a command did to the whole database ("database.backup")."""
    return _write(
        act, by=by, action=AuditEvent.Action.EXECUTE, object_type="database", detail=dict(detail)
    )


def record_list(page: str, *, by: Any, found: int) -> AuditEvent:
    """Write that `by` opened a list of people that is no search ("board", "todo"): how many."""
    return _write(
        f"{page}.view",
        by=by,
        action=AuditEvent.Action.READ,
        object_type="page",
        detail={"found": found},
    )


def _write(act: str, *, by: Any, here: Origin | None = None, **columns: Any) -> AuditEvent:
    """Raises AuditUnavailable: what cannot be written down is not done and not shown."""
    columns.setdefault("outcome", _outcome_of(act))
    here = here or origin.get()
    try:
        return AuditEvent.objects.create(
            at=clock.now(),
            act=act,
            by=by if by is not None and by.pk else None,
            role=_role_of(by),
            address=here.address,
            request_id=here.request_id,
            **columns,
        )
    except DatabaseError as error:
        raise AuditUnavailable from error


def address_of(request: HttpRequest) -> str | None:
    """The client's address as the web server hands it over; None for a unix socket."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def _action_of(act: str) -> str:
    last = act.rpartition(".")[2]
    return {
        "create": AuditEvent.Action.CREATE,
        "change": AuditEvent.Action.UPDATE,
        "view": AuditEvent.Action.READ,
    }.get(last, AuditEvent.Action.EXECUTE)


def _outcome_of(act: str) -> str:
    """Read off the act's end: "user.log_in_failed" is a refusal, as is "..._refused"."""
    if act.endswith(("_failed", "_refused")):
        return AuditEvent.Outcome.REFUSED
    return AuditEvent.Outcome.SUCCESS


def _role_of(by: Any) -> str:
    if by is None or not by.pk:
        return ""
    return getattr(by, "role_name", "")


def _patient_of(row: models.Model) -> Any:
    if row._meta.model_name == "patient":
        return row.pk
    return getattr(row, "patient_id", None) or getattr(
        getattr(row, "encounter", None), "patient_id", None
    )


def _encounter_of(row: models.Model) -> Any:
    if row._meta.model_name == "encounter":
        return row.pk
    return getattr(row, "encounter_id", None)
