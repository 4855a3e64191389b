"""{% imported_from row %}: a quiet line on a row's page that says which import brought it."""

from typing import Any

from django import template
from django.db import models

from clinik.provenance import provenance_of

register = template.Library()


@register.inclusion_tag("_imported.html", takes_context=True)
def imported_from(context: Any, row: models.Model) -> dict[str, Any]:
    """Nothing for what was made here."""
    return {"provenance": provenance_of(row, context["user"])}
