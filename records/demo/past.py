"""When what happened to whom: the stories and ordinary visits of one person, oldest first."""

import datetime as dt
import random
from dataclasses import replace

from clinik import clock
from records.demo.more_stories import MORE_STORIES
from records.demo.people import Person, born
from records.demo.play import BOOKED_BEFORE
from records.demo.script import Script
from records.demo.stories import STORIES
from records.demo.visits import ordinary


def past_of(person: Person, now: dt.datetime) -> list[tuple[dt.datetime, Script]]:
    """Each visit with its arrival, oldest first; booked ones lie after now."""
    draw = random.Random(f"past/{person.key}")
    story = {**STORIES, **MORE_STORIES}.get(person.key)
    planned = story if story is not None else ordinary(person, draw)
    timed = [
        (moment_of(days, script, now, draw), _varied(script, draw)) for days, script in planned
    ]
    alive = clock.day_start(born(person, now)) + 2 * BOOKED_BEFORE
    return sorted(
        (
            (start, script if start > alive else replace(script, booked=False))
            for start, script in timed
        ),
        key=lambda pair: pair[0],
    )


def _varied(script: Script, draw: random.Random) -> Script:
    """No two visits wait and last equally long."""
    if script.class_code == "AMB" and script.wait < 60:
        return replace(
            script,
            wait=script.wait + draw.randrange(-4, 22),
            minutes=script.minutes + draw.randrange(-3, 9),
        )
    return script


def moment_of(days: int, script: Script, now: dt.datetime, draw: random.Random) -> dt.datetime:
    """So many days ago, at an hour of that kind of visit; ordinary ones not on a weekend."""
    day = clock.timezone.localdate(now) - dt.timedelta(days=days)
    if script.class_code not in ("EMER", "IMP"):
        # Away from today, so that what was planned for later does not fall on it.
        step = dt.timedelta(days=1 if days < 0 else -1)
        while day.weekday() > 4:
            day += step
        minutes = 8 * 60 + 5 * draw.randrange(100)
    elif script.hour is not None:
        minutes = script.hour * 60 + draw.randrange(50)
    else:
        minutes = draw.randrange(6 * 60, 22 * 60)
    return clock.day_start(day) + dt.timedelta(minutes=minutes)
