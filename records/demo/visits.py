"""Ordinary visits."""

import random

from records.demo.people import Person
from records.demo.script import Script


def ordinary(person: Person, draw: random.Random) -> tuple[tuple[int, Script], ...]:
    return ((draw.randrange(2, 5), Script(type="Consultation", reason="Cold", booked=False)),)
