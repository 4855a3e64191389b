"""Questionnaires with a score: PHQ-9 and GAD-7, from the files of records/data/.

A score is an observation of the category survey, with the answers as its components, so that it
has a trend and is acknowledged like a result. A band is a hint, never a diagnosis.
"""

import datetime as dt
import tomllib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinik.codes import LOINC
from encounters.models import Encounter
from records.models import Observation, ObservationComponent
from records.models.observation import Category, Status
from records.recording import fill, insert, open_for_records, require, save_by

KEYS = ("phq-9", "gad-7")
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Item:
    """One question. `critical`: any answer above 0 is critical, whatever the total."""

    code: str
    text: str
    critical: bool = False


@dataclass(frozen=True)
class Instrument:
    """A questionnaire; an answer is worth its place in `answers`: 0, 1, 2, 3."""

    key: str
    title: str
    about: str
    source: str
    code: str
    name: str
    ask: str
    notable: int
    answers: tuple[str, ...]
    items: tuple[Item, ...]
    bands: tuple[tuple[int, int, str], ...]

    @property
    def most(self) -> int:
        return len(self.items) * (len(self.answers) - 1)


@dataclass(frozen=True)
class Score:
    """`critical` are the items answered above 0 that are critical by themselves."""

    total: int
    band: str
    critical: tuple[Item, ...]


@cache
def instrument(key: str) -> Instrument:
    """The questionnaire of this key; raises KeyError."""
    if key not in KEYS:
        raise KeyError(key)
    read = tomllib.loads((_DATA / f"{key}.toml").read_text(encoding="utf-8"))
    read["answers"] = tuple(read["answers"])
    read["items"] = tuple(Item(**one) for one in read["items"])
    read["bands"] = tuple((one["from"], one["to"], one["text"]) for one in read["bands"])
    return Instrument(key=key, **read)


def is_score(row: Observation) -> bool:
    """Whether this is a total computed here: it follows from its answers alone."""
    return not row.source and row.code_code in {instrument(key).code for key in KEYS}


def score(asked: Instrument, answers: Sequence[int]) -> Score:
    """The total, its band and what is critical; the answers are complete and each in range."""
    total = sum(answers)
    band = next(text for low, high, text in asked.bands if low <= total <= high)
    critical = tuple(
        item for item, given in zip(asked.items, answers, strict=True) if item.critical and given
    )
    return Score(total, band, critical)


def record_instrument(
    encounter: Encounter,
    *,
    by: Any,
    key: str,
    answers: Sequence[int | None],
    id: uuid.UUID | None = None,
    effective: dt.datetime | None = None,
) -> Observation:
    """Store the answers and their total. A set with one missing has no total and is refused.

    Raises PermissionDenied, and ValidationError keyed by field (`item_0`...).
    """
    require(by, "records.add_observation")
    asked = instrument(key)
    given = _complete(asked, answers)
    found = score(asked, given)
    row = Observation(
        status=Status.FINAL,
        category=Category.SURVEY,
        code_system=LOINC,
        code_code=asked.code,
        code_display=asked.name,
        value=str(found.total),
        value_number=float(found.total),
        range_text=_("0 to %(most)d") % {"most": asked.most},
        interpretation="AA" if found.critical else "A" if found.total >= asked.notable else "N",
        note=_words(asked, found, given),
    )
    with transaction.atomic():
        fresh = open_for_records(encounter)
        fill(row, fresh, by=by, id=id, effective=effective)
        insert(row, by=by)
        for place, (item, points) in enumerate(zip(asked.items, given, strict=True)):
            save_by(_component(row, place, item, points), by=by, force_insert=True)
    return row


def _complete(asked: Instrument, answers: Sequence[int | None]) -> list[int]:
    allowed = range(len(asked.answers))
    padded = [*answers, *[None] * len(asked.items)][: len(asked.items)]
    missing = {
        f"item_{place}": _("Not answered.")
        for place, given in enumerate(padded)
        if given is None or given not in allowed
    }
    if missing:
        raise ValidationError(missing)
    return [given for given in padded if given is not None]


def _words(asked: Instrument, found: Score, given: Sequence[int]) -> str:
    """The band, and each critical item with its answer."""
    parts = [_("%(band)s range") % {"band": found.band.capitalize()}]
    points = dict(zip(asked.items, given, strict=True))
    parts += [f"{item.text}: {asked.answers[points[item]].lower()}" for item in found.critical]
    return ". ".join(parts)


def _component(row: Observation, place: int, item: Item, points: int) -> ObservationComponent:
    return ObservationComponent(
        id=uuid.uuid5(row.pk, f"item-{place}"),
        observation=row,
        position=place,
        code_system=LOINC,
        code_code=item.code,
        code_text=item.text,
        value=str(points),
        value_number=float(points),
    )
