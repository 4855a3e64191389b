"""Flag (FHIR R4): an alert of the patient, or of the patient during one visit."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from clinik import clock
from clinik.fhir import FhirError, FhirTime, check_status
from clinik.imports import Mapped, Reading
from encounters.fhir.common import concept, first_concept, keep_unless, link, zone
from encounters.fhir.write_people import ENTERED_IN_ERROR, write_alert_period
from encounters.fhir.writing import in_words
from encounters.models import PatientAlert
from encounters.models.encounter import DATE_UNKNOWN


def read_flag(resource: dict[str, Any], place: str) -> Mapped:
    """An alert has no status: what is inactive, or was a mistake, is one that is over.

    Whether a Flag that ends is active follows from the time of asking; the code it was sent with is
    kept only of a mistake. Raises FhirError where it says nothing, or ends before it starts.
    """
    reading = Reading(resource, place)
    status = check_status("Flag", reading.take("status"), reading.at("status"))
    if status == ENTERED_IN_ERROR:
        reading.keep("status")
    text = str(concept(reading, "code")) or str(first_concept(reading, "category"))
    reading.keep("category")
    keep_unless(reading, "code", in_words(text))
    if not text:
        raise FhirError(reading.at("code"), _("is missing"))
    start, end = _period(reading)
    if status == ENTERED_IN_ERROR or (status == "inactive" and end is None):
        end = start
    keep_unless(reading, "period", write_alert_period(start, end))
    mapped = Mapped(PatientAlert, {"text": text, "start": start, "end": end})
    link(reading, mapped, patient="subject", author=("author",))
    mapped.raw = reading.rest()
    return mapped


def _period(reading: Reading) -> tuple[dt.datetime, dt.datetime | None]:
    inner = Reading(reading.take("period") or {}, reading.at("period"))
    start, end = inner.time("start", zone()), inner.time("end", zone())
    begins = start.instant if start else DATE_UNKNOWN
    ends = _last_moment(end) if end else None
    if ends is not None and ends < begins:
        raise FhirError(inner.place, _("ends before it starts"))
    return begins, ends


def _last_moment(time: FhirTime) -> dt.datetime:
    """A period ends with the end of the day, month or year that is named (R4)."""
    if time.precision == "instant":
        return time.instant
    first = time.instant.astimezone(zone()).date()
    if time.precision == "year":
        last = first.replace(month=12, day=31)
    elif time.precision == "month":
        # The 28th and four days are in the next month, whichever it is.
        following = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        last = following - dt.timedelta(days=1)
    else:
        last = first
    return clock.day_bounds(last)[1].astimezone(dt.UTC)
