"""Four processes write 1,000 transactions to one database: none is refused because it is locked.

.venv/bin/python -m tests.faults.four_writers                         on SQLite
bin/postgres-scratch .venv/bin/python -m tests.faults.four_writers
"""

import multiprocessing
import sys
import time
from typing import Any

from tests.faults.clinic import asked, own_database, verdict

PROCESSES = 4


def _write(number: int, transactions: int, told: Any) -> None:
    """In a process of its own: patients, each with its event."""
    from django.db import DatabaseError, connections, transaction

    from clinik import audit
    from clinik.mrn import check_digit
    from tests.factories import PatientFactory

    errors = []
    for count in range(transactions):
        key = str(8_000_000 + number * 10_000 + count)
        try:
            with transaction.atomic():
                patient = PatientFactory(mrn=key + str(check_digit(key)))
                audit.record("patient.create", patient, by=None)
        except (DatabaseError, audit.AuditUnavailable) as error:
            errors.append(str(error))
    connections.close_all()
    told.put(errors)


def run(transactions: int = 1000) -> tuple[list[str], int]:
    """Errors, and how many patients came to be with their events."""
    from django.db import connections

    from clinik.models import AuditEvent
    from encounters.models import Patient

    before = Patient.objects.count(), AuditEvent.objects.filter(act="patient.create").count()
    # No connection may be shared with a child.
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    told = fork.Queue()
    share = transactions // PROCESSES
    writers = [fork.Process(target=_write, args=(n, share, told)) for n in range(PROCESSES)]
    for each in writers:
        each.start()
    errors = [error for _each in writers for error in told.get(timeout=300)]
    for each in writers:
        each.join()
    made = Patient.objects.count() - before[0]
    assert made == AuditEvent.objects.filter(act="patient.create").count() - before[1]
    return errors, made


def main() -> int:
    with own_database():
        began = time.monotonic()
        errors, made = run(asked())
        seconds = time.monotonic() - began
    print(f"{made} transactions by {PROCESSES} processes in {seconds:.1f} s, {len(errors)} errors")
    for error in sorted(set(errors)):
        print(f"  {error}")
    return verdict(made == asked() and not errors)


if __name__ == "__main__":
    sys.exit(main())
