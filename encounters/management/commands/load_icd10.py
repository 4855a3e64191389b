"""Fill the code table with ICD-10-CM."""

from typing import Any

from django.core.management.base import BaseCommand

from encounters.icd10 import load


class Command(BaseCommand):
    help = (
        "Fills the code table with the entries of ICD-10-CM that the installed package carries."
        " Run it again after an update of the package; names changed in the administration stay."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = load(progress=self.stderr.isatty())
        if not (done.added or done.changed or done.withdrawn):
            self.stdout.write(f"ICD-10-CM: {done.entries:,} entries, nothing to do.")
        else:
            self.stdout.write(
                f"ICD-10-CM: {done.entries:,} entries, {done.added:,} added,"
                f" {done.changed:,} changed, {done.withdrawn:,} no longer offered."
            )
        if done.kept:
            self.stdout.write("Changed here and kept: " + ", ".join(done.kept))
