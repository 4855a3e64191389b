"""Put a backup in the database's place."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinik import backups


class Command(BaseCommand):
    help = (
        "Restores a backup into the database of DATABASE_URL, which has to be empty: it may have"
        " been migrated. Everybody is logged out; an older backup is migrated. Stop the web server"
        " before, and start it again afterwards."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="restore over what is there, which is lost"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["force"] and (lost := backups.would_be_lost()).rows:
                self.stdout.write(f"Lost by this restore: {lost}.")
            said = backups.restore(options["path"], force=options["force"])
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Restored: {said.rows} rows of {len(said.tables)} tables of {said.made}."
        )
