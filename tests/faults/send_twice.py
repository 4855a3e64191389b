"""1,000 forms, each sent twice at the same moment: 1,000 notes.

.venv/bin/python -m tests.faults.send_twice                           on SQLite
bin/postgres-scratch .venv/bin/python -m tests.faults.send_twice
"""

import sys

from tests.faults.clinic import Outcome, notes, own_database, serve, tabs, write


def run(url: str, forms: int = 1000) -> Outcome:
    once = notes(tabs(4), forms)
    with serve(url, workers=3) as served:
        # Neighbours in the queue are in the hands of two threads at once.
        return write(served, [form for form in once for _twice in range(2)], threads=4)


def main() -> int:
    with own_database() as url:
        from records.models import Note

        outcome = run(url)
        made, lost, doubled = Note.objects.count(), outcome.lost(), outcome.doubled()
    print(f"{made} notes of 1,000 forms sent twice in {outcome.seconds:.1f} s")
    print(f"answers: {dict(outcome.answers)}; lost {lost}, doubled {doubled}")
    held = (made, lost, doubled, dict(outcome.answers)) == (1000, 0, 0, {302: 2000})
    print("held" if held else "NOT HELD")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
