"""Drawing values over time: pure geometry for SVG, in CSS pixels; y grows downwards.

Numbers are drawn, never judged here. Text for an SVG attribute is made here too, with a point as
its decimal sign in every language.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# The box of a spark beside a value, and of a chart of its own with room for its axes.
SPARK_WIDTH, SPARK_HEIGHT = 90, 18
WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 34
# Where nothing was measured for this many usual distances, and a day, the line is broken (ours).
GAP = 10


@dataclass(frozen=True)
class Scale:
    """A straight line from numbers to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        span = self.high - self.low or 1.0
        return self.start + (number - self.low) / span * (self.end - self.start)

    def back(self, pixel: float) -> float:
        """The number that stands at a pixel."""
        return self.low + (pixel - self.start) / (self.end - self.start) * (self.high - self.low)


def pixel(number: float) -> str:
    return f"{number:.2f}"


def spark_points(numbers: Sequence[float]) -> str:
    """Points of a polyline through the numbers, oldest first; empty for fewer than two."""
    if len(numbers) < 2:
        return ""
    across = Scale(0, len(numbers) - 1, 0, SPARK_WIDTH)
    up = Scale(min(numbers), max(numbers), SPARK_HEIGHT - 2, 2)
    return " ".join(f"{across(place):.0f},{up(number):.0f}" for place, number in enumerate(numbers))


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers within low and high, 1, 2 or 5 of a power of ten apart."""
    raw = (high - low or 1.0) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_words(number: float) -> str:
    return f"{number:g}"


def room(numbers: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis: the numbers with a tenth around them."""
    low, high = min(numbers), max(numbers)
    around = (high - low) / 10 or abs(high) / 10 or 1.0
    return low - around, high + around


def stretches(times: Sequence[dt.datetime]) -> list[tuple[int, int]]:
    """Where a line may run, as (first, after the last) of times in order; broken at gaps."""
    if not times:
        return []
    steps = [(after - before).total_seconds() for before, after in pairwise(times)]
    usual = sorted(steps)[len(steps) // 2] if steps else 0
    limit = max(GAP * usual, 86_400)
    breaks = [place + 1 for place, step in enumerate(steps) if step > limit]
    return list(zip([0, *breaks], [*breaks, len(times)], strict=True))


def days_axis(begin: dt.datetime, end: dt.datetime, most: int = 6) -> list[dt.datetime]:
    """Equally spaced times from begin to end, both included; one where they are the same."""
    if begin == end:
        return [begin]
    step = (end - begin) / (most - 1)
    return [begin + step * place for place in range(most)]
