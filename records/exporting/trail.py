"""The trail of an export: what goes out stands there before the first byte, how much after it."""

from collections.abc import Iterator
from typing import Any

from clinik import audit
from encounters.models import Patient
from records.exporting.stream import Export


def write_down(export: Export, *, by: Any, how: str) -> None:
    """That `by` takes it out, as what ("bundle"); raises AuditUnavailable, and nothing goes out."""
    _record(export, "export", by, {"format": how})


def written_down(
    export: Export, parts: Iterator[str], *, by: Any, how: str, here: audit.Origin | None = None
) -> Iterator[str]:
    """The parts; when they end, or whoever asked is gone, the trail says how many resources went.

    A response is read after its request is over, when that has no origin any more: `here` is it.
    """
    whole = False
    try:
        yield from parts
        whole = True
    finally:
        # Ends the reading first: while it lasts this connection writes nothing.
        parts.close()  # type: ignore[attr-defined]
        token = audit.origin.set(here or audit.origin.get())
        try:
            counts = {"format": how, "whole": whole, **export.counts}
            _record(export, "exported", by, counts)
        finally:
            audit.origin.reset(token)


def _record(export: Export, act: str, by: Any, detail: dict[str, Any]) -> None:
    subject = export.scope.subject
    if subject is None:
        audit.record_export(Patient, by=by, act=f"{act}_all", detail=detail)
    else:
        name = f"{subject._meta.model_name}.{act}"
        audit.record(name, subject, by=by, action="R", detail=detail)
