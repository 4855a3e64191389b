"""The register of practitioners: add and change, with the national number."""

import re
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik import audit, codes, rows
from encounters.models import Practitioner, PractitionerIdentifier


def add_practitioner(
    *, by: Any, id: UUID | None = None, npi: str = "", **fields: Any
) -> Practitioner:
    """A new practitioner; a second call with the same `id` answers with the first one's row."""
    existing = Practitioner.objects.filter(pk=id).first() if id is not None else None
    if existing is not None:
        return existing
    row = Practitioner(**({"id": id} if id else {}), **fields)
    _check(row, npi)
    with transaction.atomic():
        rows.add_row(row, by=by, fields=[name for name, value in fields.items() if value])
        _write_npi(row, npi, by=by)
    return row


def change_practitioner(
    practitioner: Practitioner, *, by: Any, version: int, npi: str | None = None, **fields: Any
) -> Practitioner:
    """The practitioner with other particulars; `npi` None leaves the number as it is.

    Raises StaleVersion, ValidationError keyed by field and PermissionDenied.
    """
    for name, value in fields.items():
        setattr(practitioner, name, value)
    _check(practitioner, npi or "")
    with transaction.atomic():
        fresh = rows.change_row(practitioner, by=by, version=version, **fields)
        if npi is not None:
            _write_npi(fresh, npi, by=by)
    return fresh


def npi_of(practitioner: Practitioner) -> str:
    row = PractitionerIdentifier.objects.filter(practitioner=practitioner, system=codes.NPI)
    return row.values_list("value", flat=True).first() or ""


def _check(row: Practitioner, npi: str) -> None:
    wrong = {}
    if not (row.family or row.given):
        wrong["family"] = _("Give at least one name.")
    if npi and not re.fullmatch(r"\d{10}", npi):
        wrong["npi"] = _("This number has 10 digits.")
    others = PractitionerIdentifier.objects.filter(system=codes.NPI, value=npi)
    if npi and others.exclude(practitioner=row.pk).exists():
        wrong["npi"] = _("Another practitioner has this number.")
    if wrong:
        raise ValidationError(wrong)


def _write_npi(row: Practitioner, npi: str, *, by: Any) -> None:
    present = PractitionerIdentifier.objects.filter(practitioner=row, system=codes.NPI).first()
    if npi == (present.value if present is not None else ""):
        return
    if not npi:
        raise ValidationError({"npi": _("A number is corrected, not removed.")})
    number = present or PractitionerIdentifier(practitioner=row, system=codes.NPI)
    number.value = npi
    number._history_user = by
    number.save()
    audit.record("practitioner.change", row, by=by, fields=["npi"])
