"""manage.py verify_signatures: is every signed note still as it was signed?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from records.verifying import tampered


class Command(BaseCommand):
    help = (
        "Compare every signed note with its signatures and with the audit trail. Prints the id of"
        " each that does not fit, never its text. Exit code 1 where there is one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for key, what in tampered():
            found += 1
            self.stdout.write(f"note {key}: {what}")
        if found:
            raise CommandError(f"{found} signed notes are not as they were signed")
        if options["verbosity"] > 0:
            self.stdout.write("Every signed note is as it was signed.")
