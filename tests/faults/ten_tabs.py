"""Ten tabs with ten patients, and 1,000 forms sent from them in any order: each about its own.

    .venv/bin/python -m tests.faults.ten_tabs                             on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.ten_tabs

Every tenth form bears another tab's patient as well, as a mixed-up page would: it is refused.
"""

import random
import sys
from dataclasses import dataclass, replace

from tests.faults.clinic import (
    Form,
    Outcome,
    Served,
    Tab,
    asked,
    notes,
    own_database,
    serve,
    tabs,
    verdict,
    write,
)


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
            for note in Note.objects.filter(patient__in=list(visit))
        )


def run(served: Served, forms: int = 1000, seed: int = 10) -> Shuffled:
    opened, chance = tabs(10), random.Random(seed)
    right = notes(opened, forms - forms // 10)
    chance.shuffle(right)
    wrong = []
    for number in range(forms // 10):
        here, there = chance.sample(opened, 2)
        wrong.append(Form(replace(here, patient=there.patient), f"Mixed up {number}."))
    mixed_up = [served.send(form)[0] for form in wrong]
    return Shuffled(write(served, right), mixed_up, opened)


def main() -> int:
    with own_database() as url:
        with serve(url) as served:
            found = run(served, asked())
        crossed = found.crossed()
        whole = found.outcome.whole(asked() - asked() // 10)
    print(
        f"crossed {crossed}; {len(found.mixed_up)} mixed up ones met {sorted(set(found.mixed_up))}"
    )
    return verdict(whole and crossed == 0 and set(found.mixed_up) == {404})


if __name__ == "__main__":
    sys.exit(main())
