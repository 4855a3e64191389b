"""1,000 forms whose line breaks while they are sent, or before the answer comes; sent again then.

    .venv/bin/python -m tests.faults.lost_answer                          on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.lost_answer

Each third one breaks in the middle of its text: what came of it must not be taken for a note.
"""

import random
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.faults.clinic import (
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
    # None: hung up in the middle.
    breaks = [None if n % 3 == 0 else chance.choice([0, 0.01, 0.03]) for n in range(forms)]
    with ThreadPoolExecutor(4) as people:
        broken = [
            people.submit(served.cut, form, whole=after is not None, after=after or 0)
            for form, after in zip(once, breaks, strict=True)
        ]
        for each in broken:
            each.result()
    return write(served, once)


def main() -> int:
    with own_database() as url:
        with serve(url) as served:
            outcome = run(served, asked())
        whole = outcome.whole(asked())
    return verdict(whole and outcome.answers == {302: asked()})


if __name__ == "__main__":
    sys.exit(main())
