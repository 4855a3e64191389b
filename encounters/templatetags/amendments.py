"""{% amendments_of patient_id row_id as asked %}: what the patient asked to have amended in a row.

Asks the database once for each patient of a page, however many rows it shows.
"""

from typing import Any

from django import template

from encounters.amendments import by_row
from encounters.models import AmendmentRequest

register = template.Library()


@register.simple_tag(takes_context=True)
def amendments_of(context: Any, patient_id: Any, row_id: Any) -> list[AmendmentRequest]:
    """The requests about the row, and those whose amendment stands in it; the first first."""
    request = context.get("request")
    if request is None or not patient_id:
        return []
    read = vars(request).setdefault("amendments_of", {})
    if patient_id not in read:
        read[patient_id] = by_row(patient_id, request.user)
    return read[patient_id].get(row_id, [])
