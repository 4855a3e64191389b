"""manage.py import_fhir PATH...: take in FHIR R4 files, as they are, again and again."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from clinik.commands import asked_by
from clinik.import_command import Bar, add_options, show
from records.bundle import BadArgument, Importer, find_files


class Command(BaseCommand):
    help = (
        "Take in FHIR R4 files and folders of them: Bundles (transaction, batch, collection,"
        " searchset), single resources, NDJSON, each also .gz. A second run changes nothing; a run"
        " that was cut off goes on where it stood. Exit code 1 where a file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        add_options(parser, source="fhir")
        parser.add_argument(
            "--strict", action="store_true", help="refuse a file that has anything to remark"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with Bar(self.stdout, verbosity=options["verbosity"]) as bar:
            try:
                files = find_files(options["paths"])
                importer = Importer(
                    options["source"],
                    by=asked_by(options["user"]),
                    strict=options["strict"],
                    dry_run=options["dry_run"],
                    progress=bar,
                )
            except BadArgument as error:
                raise CommandError(str(error)) from error
            if not files:
                raise CommandError(_("no files there"))
            report = importer.run(files)
        show(report, self.stdout, dry_run=options["dry_run"], path=options["report"])
        if report.exit_code:
            sys.exit(report.exit_code)
