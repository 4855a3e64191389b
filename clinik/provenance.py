"""Where an imported row came from, in words for its page."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from clinik.models import ImportedResource


@dataclass(frozen=True)
class Provenance:
    """The import's name, the day it brought the row ("" where that is not known), and the page of
    its run for those who may see it."""

    source: str
    day: str = ""
    run_url: str = ""


def provenance_of(row: models.Model, user: Any) -> Provenance | None:
    """None for a row made here, without a query; else one query."""
    source = getattr(row, "source", "")
    if not source:
        return None
    first = (
        ImportedResource.objects.filter(row_id=row.pk, row_model=row._meta.label_lower)
        .exclude(first_run=None)
        .order_by("id")
        .values_list("first_run", "first_run__started")[:1]
    )
    for run, started in first:
        day = date_format(localtime(started), "DATE_FORMAT")
        may = user.has_perm("clinik.view_importrun")
        return Provenance(
            source, day, reverse("admin:clinik_importrun_change", args=[run]) if may else ""
        )
    return Provenance(source)
