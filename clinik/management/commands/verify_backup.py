"""Check that a backup can be restored and holds what it held."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinik import backups


class Command(BaseCommand):
    help = (
        "Compares a backup with the manifest beside it, table by table: an SQLite file is read"
        " where it lies, a PostgreSQL dump is restored into a database of its own, which is dropped"
        " afterwards. The clinic's database is not touched. Ends with 1 where something differs."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            findings = backups.verify(options["path"])
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
        for finding in findings:
            self.stdout.write(finding)
        if findings:
            raise CommandError(f"{len(findings)} findings: the backup is not as it was written.")
        self.stdout.write("The backup is whole: every table is as it was written.")
