"""Back the database up, while the clinic works."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinik import backups


class Command(BaseCommand):
    help = (
        "Writes the whole database to PATH, or into the folder PATH under a name with the time, and"
        " a manifest beside it (.json). Safe while people work. Keep both together, elsewhere."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("path", type=Path, help="a file that is not there yet, or a folder")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            path, made = backups.take(options["path"])
        except backups.BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{path}: {made.rows} rows of {len(made.tables)} tables, {made.size} bytes."
        )
