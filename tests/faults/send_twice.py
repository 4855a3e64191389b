"""1,000 forms, each sent twice at the same moment: 1,000 notes.

.venv/bin/python -m tests.faults.send_twice                           on SQLite
bin/postgres-scratch .venv/bin/python -m tests.faults.send_twice
"""

import sys

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


def run(served: Served, forms: int = 1000) -> Outcome:
    once = notes(tabs(4), forms)
    # Neighbours in the queue are in the hands of two threads at once.
    return write(served, [form for form in once for _twice in range(2)])


def main() -> int:
    with own_database() as url:
        with serve(url) as served:
            outcome = run(served, asked())
        whole = outcome.whole(asked())
    return verdict(whole and outcome.answers == {302: 2 * asked()})


if __name__ == "__main__":
    sys.exit(main())
