"""Times as FHIR writes them, quickly and as clinik.fhir does."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from clinik.fhir import FhirTime, format_datetime
from encounters.fhir import writing

MOMENTS = [
    dt.datetime(2025, 7, 15, 9, 0, tzinfo=dt.UTC),
    dt.datetime(2025, 1, 15, 9, 0, 1, 120_000, tzinfo=dt.UTC),
    dt.datetime(385, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
    dt.datetime(1850, 6, 1, tzinfo=dt.UTC),
    dt.datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=dt.UTC),
]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
@pytest.mark.parametrize("precision", ["instant", "day", "month", "year"])
def test_a_time_is_written_as_it_was_given(
    zone: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "zone", lambda: ZoneInfo(zone))
    for moment in MOMENTS:
        wanted = format_datetime(FhirTime(moment, precision), ZoneInfo(zone))  # type: ignore[arg-type]
        assert writing.when(moment, precision) == wanted
    assert writing.when(None) is None
