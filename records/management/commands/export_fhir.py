"""manage.py export_fhir: write FHIR R4, everything or what is of one patient or visit."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from clinik.commands import asked_by
from records import exporting


class Command(BaseCommand):
    help = (
        "Write FHIR R4: NDJSON (a file a type in the folder -o, one stream without it) or a Bundle."
        " A file or folder is there when it is whole. Visits about somebody else are left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--patient", metavar="ID_OR_NUMBER", help="key or clinic number")
        which.add_argument("--encounter", metavar="ID", help="key of a visit")
        parser.add_argument("--format", choices=exporting.FORMATS, default="ndjson")
        parser.add_argument("-o", "--output", type=Path, metavar="PATH")
        parser.add_argument("--user", metavar="NAME", help="whose export it is, for the trail")

    def handle(self, *args: Any, **options: Any) -> None:
        how, path = options["format"], options["output"]
        user = asked_by(options["user"])
        try:
            scope = exporting.find_scope(options["patient"], options["encounter"])
            export = exporting.Export(scope)
            exporting.write_down(export, by=user, how=how)
            parts = exporting.written_down(export, exporting.as_text(export, how), by=user, how=how)
            shown = sys.stderr.isatty() and options["verbosity"] > 0
            bar = tqdm(parts, unit=" resources", disable=not shown)
            if path is None:
                for part in bar:
                    self.stdout.write(part, ending="")
            else:
                (exporting.write_folder if how == "ndjson" else exporting.write_file)(bar, path)
        except (exporting.NothingThere, OSError) as error:
            raise CommandError(str(error)) from error
        told = ", ".join(f"{number} {kind}" for kind, number in export.counts.items())
        self.stderr.write(told or _("nothing there"))
