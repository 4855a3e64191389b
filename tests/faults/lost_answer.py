"""1,000 forms whose line breaks while they are sent, or before the answer comes; sent again then.

    .venv/bin/python -m tests.faults.lost_answer                          on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.lost_answer

Each third one breaks in the middle of its text: what came of it must not be taken for a note.
"""

import random
import sys

from tests.faults.clinic import (
    Form,
    Outcome,
    Served,
    asked,
    notes,
    own_database,
    serve,
    tabs,
    verdict,
    write,
)


def run(served: Served, forms: int = 1000, seed: int = 11) -> Outcome:
    once, chance = notes(tabs(4), forms), random.Random(seed)
    breaks = {form.id: chance.choice([0, 0.01, 0.03]) for form in once}
    amid = {form.id for form in once[::3]}

    def cut(form: Form) -> None:
        whole = form.id not in amid
        served.cut(form, whole=whole, after=breaks[form.id] if whole else 0)

    return write(served, once, first=cut)


def main() -> int:
    with own_database() as url:
        with serve(url) as served:
            outcome = run(served, asked())
        whole = outcome.whole(asked())
    return verdict(whole and outcome.answers == {302: asked()})


if __name__ == "__main__":
    sys.exit(main())
