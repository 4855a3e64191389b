"""Ten tabs with ten patients, and 1,000 forms sent from them in any order: each about its own.

    .venv/bin/python -m tests.faults.ten_tabs                             on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.ten_tabs

Every tenth form bears another tab's patient as well, as a mixed-up page would: it is refused.
"""

import random
import sys
from dataclasses import dataclass, replace

from tests.faults.clinic import Form, Outcome, Tab, notes, own_database, serve, tabs, write


@dataclass
class Shuffled:
    outcome: Outcome
    # Status of each form that bore another tab's patient.
    mixed_up: list[int]
    opened: list[Tab]

    def crossed(self) -> int:
        """Notes about another patient, or in another visit, than the tab they were written in."""
        from records.models import Note

        sent = {form.id: form.tab for form in self.outcome.acknowledged}
        visit = {tab.patient: tab.path for tab in self.opened}
        return sum(
            str(note.pk) not in sent
            or str(note.patient_id) != sent[str(note.pk)].patient
            or str(note.encounter_id) not in visit[str(note.patient_id)]
            for note in Note.objects.all()
        )


def run(url: str, forms: int = 1000, seed: int = 10) -> Shuffled:
    opened, chance = tabs(10), random.Random(seed)
    right = notes(opened, forms - forms // 10)
    chance.shuffle(right)
    wrong = []
    for number in range(forms // 10):
        here, there = chance.sample(opened, 2)
        wrong.append(Form(replace(here, patient=there.patient), f"Mixed up {number}."))
    with serve(url, workers=2) as served:
        mixed_up = [served.send(form)[0] for form in wrong]
        return Shuffled(write(served, right), mixed_up, opened)


def main() -> int:
    with own_database() as url:
        found = run(url)
        lost, crossed = found.outcome.lost(), found.crossed()
    done = len(found.outcome.acknowledged)
    print(f"{done} of 900 written in {found.outcome.seconds:.1f} s; lost {lost}, crossed {crossed}")
    print(f"{len(found.mixed_up)} mixed up ones met {sorted(set(found.mixed_up))}")
    held = (done, lost, crossed) == (900, 0, 0) and 302 not in found.mixed_up
    print("held" if held else "NOT HELD")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
