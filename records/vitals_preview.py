"""What vital signs would say if they were saved as typed: labelled, with flags and NEWS2.

Shown under the field while typing, and as the answer that is confirmed without JavaScript.
Nothing is stored here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from clinik import clock
from encounters.models import Encounter
from records.bands import why_no_bands
from records.news2 import News2, why_not_scored
from records.readings import Reading, read, score
from records.sections import earlier_vitals, person_at
from records.vitals import VITALS
from records.vitals_entry import questions_about, read_values, rows_of
from records.vitals_line import read_line


@dataclass(frozen=True)
class Preview:
    """`problems` keep the values from being saved; `questions` are answered by saving."""

    readings: tuple[tuple[str, Reading], ...] = ()
    news2: News2 | None = None
    why_no_score: str = ""
    why_no_flags: str = ""
    problems: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.readings or self.problems)


def preview_line(encounter: Encounter, text: str) -> Preview:
    """What a typed line says; its signs are shown also where others are not understood."""
    if not text.strip():
        return Preview()
    line = read_line(text)
    return preview(encounter, line.values, tuple(line.problems))


def preview(
    encounter: Encounter, values: Mapping[str, str], problems: tuple[str, ...] = ()
) -> Preview:
    """The reading of values named as in vitals_entry.NAMES, taken now; at most three queries.

    A sign that is refused is left out and said among the problems.
    """
    kept = {name: value for name, value in values.items() if value}
    try:
        typed, letter = read_values(kept)
    except ValidationError as error:
        refused = getattr(error, "error_dict", {})
        said = tuple(error.messages) if refused else ()
        # A pressure is refused as a whole: both halves go.
        gone = {*refused, *(("systolic", "diastolic") if "systolic" in refused else ())}
        kept = {name: value for name, value in kept.items() if name not in gone}
        if not refused or not kept.keys() - {f"{name}_unit" for name in VITALS}:
            return Preview(problems=(*problems, *said))
        return preview(encounter, kept, (*problems, *said))
    made = rows_of(typed, letter)
    for _name, row, _parts in made:
        row.effective = clock.now()
    before = earlier_vitals(encounter, [])
    person = person_at(encounter, [*(row for _name, row, _parts in made), *before])
    readings = [reading for _name, row, parts in made if (reading := read(row, person, parts))]
    return Preview(
        tuple((str(VITALS[reading.key].label), reading) for reading in readings),
        score(readings, person),
        why_not_scored(person.age, pregnant=person.pregnant),
        why_no_bands(person.age),
        problems,
        tuple(questions_about(encounter.patient, typed, clock.now()).values()),
    )
