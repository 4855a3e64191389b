"""What was refused to somebody, or failed on them, goes into the trail like what was done."""

import logging
import uuid
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase

from clinik import audit
from clinik.trail import AuditEvent

logger = logging.getLogger(__name__)

# 404 is what a row answers that the person may not see: whether it exists is not told.
ACTS = {
    403: ("page.refused", AuditEvent.Outcome.REFUSED),
    404: ("page.refused", AuditEvent.Outcome.REFUSED),
    500: ("page.failed", AuditEvent.Outcome.FAILED),
}


def write_down(request: HttpRequest, response: HttpResponseBase) -> None:
    """After the view, whose transactions are over: a refusal undoes them and must stay itself.

    Of people who are logged in, and pages that there are. A trail that cannot be written makes no
    refusal undone, so that is logged only.
    """
    said = ACTS.get(response.status_code)
    match = request.resolver_match
    if said is None or match is None:
        return
    try:
        user: Any = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return
        act, outcome = said
        audit.record_page(
            act,
            match.view_name or match.route,
            by=user,
            outcome=outcome,
            method=request.method or "",
            status=response.status_code,
            **_named(match.view_name or "", match.kwargs),
        )
    except (DatabaseError, audit.AuditUnavailable):
        logger.error("refusal not written down %s", getattr(request, "request_id", ""))


def _named(view_name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Whom and what the address names; keys alone, never words."""
    keys = {name: value for name, value in kwargs.items() if isinstance(value, uuid.UUID)}
    noun = view_name.rpartition(":")[2].partition("_")[0]
    row = keys.get("pk") or next(iter(keys.values()), None)
    return {
        "object_id": str(row) if row else "",
        "patient_id": keys.get("patient_pk") or (keys.get("pk") if noun == "patient" else None),
        "encounter_id": keys.get("encounter_pk")
        or (keys.get("pk") if noun == "encounter" else None),
    }
