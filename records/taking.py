"""Which readings were taken together, what they score, and when the next ones are due.

One rule for every page: what was measured within an hour of the newest sign is one taking (ours),
the newest of each sign counts, older values are never carried on into a score.
"""

import datetime as dt
from collections.abc import Iterable

from clinik import clock
from encounters.models.encounter import EncounterClass, Status
from records.news2 import overdue_after
from records.readings import Person, Reading, score

ONE_TAKING = dt.timedelta(hours=1)
SIGNS = ("spo2", "respiration", "bp", "pulse", "temperature", "consciousness", "oxygen")
# Where vitals fall due: nobody watches an outpatient, and who is on leave is not there.
WATCHED_CLASSES = (EncounterClass.IMP, EncounterClass.EMER)
WATCHED_STATUSES = (Status.ARRIVED, Status.TRIAGED, Status.IN_PROGRESS)


def newest_of_each(readings: Iterable[Reading]) -> dict[str, Reading]:
    """The newest reading of each scored sign, of readings that come newest first."""
    found: dict[str, Reading] = {}
    for reading in readings:
        if reading.key in SIGNS and reading.record.effective:
            found.setdefault(reading.key, reading)
    return found


def one_taking(readings: Iterable[Reading]) -> dict[str, Reading]:
    """What was taken together with the newest scored sign, by sign; `readings` newest first."""
    newest = newest_of_each(readings)
    last = _last(newest)
    return {
        key: reading
        for key, reading in newest.items()
        if last and reading.record.effective and last - reading.record.effective <= ONE_TAKING
    }


def overdue_since(
    readings: Iterable[Reading], person: Person, *, class_code: str, status: str
) -> dt.datetime | None:
    """Since when the next vitals of a visit are overdue (ours); None where they are not.

    Due after the newest taking, by the score of the newest value of each sign whatever its age: a
    temperature alone must not turn "in 15 minutes" into "in 12 hours". Without a score (a child, a
    pregnancy, nothing measured) there is no rule.
    """
    if class_code not in WATCHED_CLASSES or status not in WATCHED_STATUSES:
        return None
    newest = newest_of_each(readings)
    last, total = _last(newest), score(newest.values(), person)
    if last is None or total is None:
        return None
    due = last + overdue_after(total)
    return due if due < clock.now() else None


def _last(newest: dict[str, Reading]) -> dt.datetime | None:
    times = [reading.record.effective for reading in newest.values() if reading.record.effective]
    return max(times, default=None)
