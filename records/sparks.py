"""A small line of the last values beside the newest one, its scale said in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from records.observations import shown_unit
from records.plot import spark_points
from records.readings import Reading
from records.vitals import VITALS


@dataclass(frozen=True)
class Spark:
    points: str
    scale: str


def spark_of(readings: Sequence[Reading]) -> Spark | None:
    """The spark of one sign's readings, newest first; None for fewer than two numbers.

    Drawn in the sign's first unit, whichever they were given in.
    """
    drawn = [reading for reading in reversed(readings) if reading.number is not None]
    points = spark_points([float(reading.number or 0) for reading in drawn])
    if not points:
        return None
    numbers = [reading.number for reading in drawn if reading.number is not None]
    vital = VITALS[drawn[0].key]
    since = drawn[0].record.effective
    said = {
        "low": f"{min(numbers):.{vital.decimals}f}",
        "high": f"{max(numbers):.{vital.decimals}f}",
        "unit": shown_unit(vital.units[0]),
        "since": date_format(localtime(since), "DATE_FORMAT") if since else "",
    }
    if drawn[0].key == "oxygen" and max(numbers) == 0:
        return None  # on air all the time
    if since is None:
        return Spark(points, _("%(low)s to %(high)s %(unit)s") % said)
    return Spark(points, _("%(low)s to %(high)s %(unit)s since %(since)s") % said)
