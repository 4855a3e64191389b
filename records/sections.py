"""The five sections of a visit that show records: what each says, read with one query.

`load(encounter, user)` reads a section; the partial templates/records/_<section>.html shows it.
The number of queries does not depend on the number of rows (a prefetch counts as one more).
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from django.db.models import F, Q, QuerySet, Window, prefetch_related_objects
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.ids import uuid7
from encounters.models import Encounter
from encounters.models.encounter import OPEN
from records.bands import bmi, bmi_class, why_no_bands
from records.corrections import CORRECTABLE, Was, corrections_of
from records.instruments import is_score
from records.models import Assessment, Observation, Prescription
from records.news2 import News2, why_not_scored
from records.observations import CRITICAL
from records.prescriptions import STEPS, allowed_verbs
from records.readings import (
    Person,
    Reading,
    by_itself,
    change_words,
    paired,
    person_on,
    read,
    score,
)
from records.recording import CLOSED, is_author
from records.sparks import Spark, spark_of
from records.taking import one_taking, overdue_since
from records.trends import sign_of
from records.vitals import BY_CODE, NOTED, SPO2_TARGET, VITALS

# How many rows a section shows unasked, how many values a trend has, and the signs that say
# "not taken" where they were not.
SHOWN = 20
TREND = 5
ALWAYS = ("bp", "pulse", "temperature", "spo2", "respiration")


@dataclass(frozen=True)
class Section:
    """What every section has: its visit, its rows, those in error, and what the user may do."""

    kind: ClassVar[str]
    title: ClassVar[Promise | str]
    permission: ClassVar[str]
    template: ClassVar[str]
    anchor: ClassVar[str]

    encounter: Encounter
    rows: tuple[Any, ...] = ()
    wrong: tuple[Any, ...] = ()
    can_add: bool = False
    # Show every row; else the newest, and a link to the rest.
    whole: bool = False

    @property
    def shown(self) -> tuple[Any, ...]:
        return self.rows if self.whole else self.rows[:SHOWN]

    @property
    def hidden(self) -> int:
        """How many rows the link to the rest promises."""
        return len(self.rows) - len(self.shown)

    @classmethod
    def may_add(cls, encounter: Encounter, user: Any) -> bool:
        """Whether this user may add here; a visit in error takes nothing more."""
        return not encounter.is_in_error and user.has_perm(cls.permission)


@dataclass(frozen=True)
class Row:
    """One record and what this user may do with it."""

    record: Any
    is_mine: bool = False
    may_err: bool = False
    may_correct: bool = False
    was: tuple[Was, ...] = ()
    verbs: tuple[str, ...] = ()
    # Of an observation: the panels it stands in, and what it is a panel of.
    part_of: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    # Of a note: this user is asked for the second signature and has not given it.
    wants_me: bool = False

    @property
    def pk(self) -> Any:
        return self.record.pk

    @property
    def steps(self) -> list[tuple[str, Any]]:
        """Each step of a prescription that may be taken now, and its label."""
        return [(verb, STEPS[verb].label) for verb in self.verbs]

    @property
    def second_signatures(self) -> list[Any]:
        """Of a note whose signatures were read with it: all but its author's."""
        note = self.record
        return [one for one in note.signatures.all() if one.practitioner_id != note.author_id]

    @property
    def is_cosigned(self) -> bool:
        asked = self.record.cosigner_id
        return any(one.practitioner_id == asked for one in self.second_signatures)

    @property
    def trend(self) -> str:
        """The trend an observation belongs to, as its address names it; empty for none."""
        return sign_of(self.record.code_code)

    @property
    def unseen(self) -> bool:
        """A critical result entered here that nobody has acknowledged."""
        record = self.record
        return record.interpretation in CRITICAL and not record.seen_at and not record.source


def rows_of(
    records: Iterable[Any], user: Any, verbs: Any = None
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """(rows that count, rows entered in error), in the order given."""
    any_in_error = user.has_perm("records.enter_any_in_error")
    standing: list[Row] = []
    wrong: list[Row] = []
    for record in records:
        if record.is_in_error:
            wrong.append(Row(record))
            continue
        mine = is_author(record, user)
        standing.append(
            Row(record, mine, mine or any_in_error, verbs=verbs(record, user) if verbs else ())
        )
    return tuple(standing), tuple(wrong)


def observation_rows(
    records: list[Observation], user: Any
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """As rows_of(), with what a corrected value was and whether this one may be corrected."""
    standing, wrong = rows_of(records, user)
    may = user.has_perm("records.change_observation")
    was = corrections_of(row.record for row in standing)
    return tuple(
        replace(
            row,
            may_correct=may and row.record.status in CORRECTABLE and not is_score(row.record),
            was=was.get(row.pk, ()),
        )
        for row in standing
    ), wrong


def newest_of(queryset: QuerySet[Any], encounter: Encounter, user: Any) -> QuerySet[Any]:
    """The records of a visit with who wrote them, newest first."""
    return (
        queryset.visible_to(user)  # type: ignore[attr-defined]
        .filter(encounter=encounter)
        .select_related("author", "entered_by")
        .newest_first()
    )


def observations_of(encounter: Encounter, user: Any) -> list[Observation]:
    """All observations of a visit, newest first, with one query; `read_components` reads the rest.

    VitalsSection and ObservationsSection share them: hand the list to both.
    """
    found = newest_of(Observation.objects.all(), encounter, user)
    return list(found.select_related("author", "entered_by", "seen_by"))


def read_components(observations: list[Observation]) -> None:
    """The parts of all these with one query, and with none where they are known already."""
    prefetch_related_objects(observations, "components")


@dataclass(frozen=True)
class Tile:
    """One vital sign on the strip: the visit's latest value, and what it was before."""

    key: str
    label: str
    row: Row | None = None
    reading: Reading | None = None
    previous: Reading | None = None
    change: str = ""
    spark: Spark | None = None


@dataclass(frozen=True)
class VitalsSection(Section):
    """The latest value of each sign, NEWS2 of the latest taking, and every reading below.

    `overdue`: since when the next ones are, where they fall due at all.

    `why_no_flags`, `why_no_score`: words where this person gets none.
    """

    kind: ClassVar[str] = "vitals"
    title: ClassVar[Promise | str] = _("Vitals")
    permission: ClassVar[str] = "records.add_observation"
    template: ClassVar[str] = "records/_vitals.html"
    anchor: ClassVar[str] = "section-vitals"

    tiles: tuple[Tile, ...] = ()
    readings: tuple[tuple[Row, Reading], ...] = ()
    news2: News2 | None = None
    overdue: dt.datetime | None = None
    why_no_flags: str = ""
    why_no_score: str = ""
    # The saturation target that makes scale 2 count, with who set it and when.
    target: Observation | None = None
    # The key of the rows that the one-line form makes; None where a line typed now is out of place.
    line_key: uuid.UUID | None = None

    @property
    def trend_sign(self) -> str:
        """The sign whose trend is opened first; empty where nothing was ever measured."""
        known = [tile.key for tile in self.tiles if tile.reading or tile.previous]
        return known[0] if known else ""

    @property
    def shown_readings(self) -> tuple[tuple[Row, Reading], ...]:
        return self.readings if self.whole else self.readings[:SHOWN]

    @property
    def hidden_readings(self) -> int:
        return len(self.readings) - len(self.shown_readings)

    @classmethod
    def load(
        cls, encounter: Encounter, user: Any, observations: list[Observation] | None = None
    ) -> Self:
        found = observations_of(encounter, user) if observations is None else observations
        mine = [row for row in found if row.code_code in BY_CODE]
        before = earlier_vitals(encounter, mine)
        read_components([*found, *before])
        person = person_at(encounter, before)
        rows, wrong = observation_rows(mine, user)
        can_add = cls.may_add(encounter, user)
        readings = tuple(
            (row, by_itself(made)) for row in rows if (made := read(row.record, person))
        )
        earlier = [made for old in paired(before) if (made := read(old, person))]
        by_record = {row.pk: row for row in rows}
        taken = tuple(
            (by_record[record.pk], made)
            for record in paired(row.record for row in rows)
            if (made := read(record, person))
        )
        here = [reading for _row, reading in taken]
        return cls(
            encounter,
            rows,
            wrong,
            can_add,
            tiles=_tiles(taken, earlier, person),
            readings=readings,
            news2=score(one_taking(here).values(), person),
            overdue=overdue_since(
                here, person, class_code=encounter.class_code, status=encounter.status
            ),
            why_no_flags=why_no_bands(person.age),
            why_no_score=why_not_scored(person.age, pregnant=person.pregnant),
            target=next((row for row in before if row.code_code == SPO2_TARGET), None)
            if person.scale2
            else None,
            line_key=uuid7() if can_add and encounter.status not in CLOSED else None,
        )


def earlier_vitals(encounter: Encounter, shown: list[Observation]) -> list[Observation]:
    """The patient's last five of each sign from before what the visit shows, newest first.

    What was noted of a pregnancy comes along. One query; `read_components` reads the rest.
    """
    begun = min((row.effective for row in shown if row.effective), default=None)
    known = encounter.end or (clock.now() if encounter.status in OPEN else encounter.date)
    until = begun or encounter.end or clock.now()
    ranked = (
        Observation.objects.of_patient(encounter.patient)
        .listed()
        .filter(
            # What this visit says of a pregnancy holds for its own values too.
            Q(code_code__in=BY_CODE, effective__lte=until)
            | Q(code_code__in=NOTED, effective__lte=known)
        )
        .exclude(pk__in=[row.pk for row in shown[:500]])
        .annotate(
            place=Window(
                RowNumber(),
                partition_by=F("code_code"),
                order_by=[F("effective").desc(), F("id").desc()],
            )
        )
        .filter(place__lte=TREND)
        .select_related("author", "entered_by")
        .newest_first()
    )
    return list(ranked)


def person_at(encounter: Encounter, noted: Iterable[Observation]) -> Person:
    """Age when the visit began, and pregnancy and saturation target as they are known in it: what
    was noted on a later day of a stay counts too, up to today or its end."""
    begun = encounter.start or encounter.planned_start or encounter.end or clock.now()
    known = encounter.end or (clock.now() if encounter.status in OPEN else begun)
    day = timezone.localtime(known).date()
    return person_on(day, encounter.patient.age_at(begun), noted)


def _tiles(
    readings: tuple[tuple[Row, Reading], ...], earlier: list[Reading], person: Person
) -> tuple[Tile, ...]:
    """The usual signs always, the others where they were measured; BMI from weight and height."""
    made = []
    for key, vital in VITALS.items():
        now = [(row, reading) for row, reading in readings if reading.key == key]
        before = [reading for reading in earlier if reading.key == key]
        if not now and key not in ALWAYS:
            continue
        row, reading = now[0] if now else (None, None)
        previous = next(iter([reading for _row, reading in now[1:]] + before), None)
        spark = spark_of([*(reading for _row, reading in now), *before][:TREND])
        change = change_words(reading, previous)
        made.append(Tile(key, str(vital.label), row, reading, previous, change, spark))
    return (*made, *_bmi(readings, earlier, person))


def _bmi(
    readings: tuple[tuple[Row, Reading], ...], earlier: list[Reading], person: Person
) -> tuple[Tile, ...]:
    """BMI of the visit's weight and the newest height known; computed, never stored."""
    here = [reading for _row, reading in readings]
    weight = next((reading for reading in here if reading.key == "weight"), None)
    height = next((reading for reading in [*here, *earlier] if reading.key == "height"), None)
    value = bmi(weight.number, height.number) if weight and height else None
    if weight is None or value is None or any(reading.key == "bmi" for reading in here):
        return ()
    named = bmi_class(value, age=person.age)
    words = named.words if named else ""
    reading = Reading(weight.record, "bmi", str(value), "kg/m²", value, None, words)
    return (Tile("bmi", str(VITALS["bmi"].label), None, reading),)


@dataclass(frozen=True)
class PrescriptionsSection(Section):
    kind: ClassVar[str] = "prescription"
    title: ClassVar[Promise | str] = _("Prescriptions")
    permission: ClassVar[str] = "records.add_prescription"
    template: ClassVar[str] = "records/_prescriptions.html"
    anchor: ClassVar[str] = "section-prescriptions"

    @classmethod
    def load(cls, encounter: Encounter, user: Any) -> Self:
        found = newest_of(Prescription.objects.all(), encounter, user)
        rows, wrong = rows_of(found, user, verbs=allowed_verbs)
        return cls(encounter, rows, wrong, cls.may_add(encounter, user))


@dataclass(frozen=True)
class AssessmentsSection(Section):
    kind: ClassVar[str] = "assessment"
    title: ClassVar[Promise | str] = _("Assessments")
    permission: ClassVar[str] = "records.add_assessment"
    template: ClassVar[str] = "records/_assessments.html"
    anchor: ClassVar[str] = "section-assessments"

    @classmethod
    def load(cls, encounter: Encounter, user: Any) -> Self:
        found = newest_of(Assessment.objects.all(), encounter, user)
        rows, wrong = rows_of(
            found.select_related("author", "entered_by", "previous").prefetch_related("findings"),
            user,
        )
        return cls(encounter, rows, wrong, cls.may_add(encounter, user))
