"""manage.py import_fhir PATH...: take in FHIR R4 transaction bundles."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from records.bundle import BadArgument, Importer, find_files


class Command(BaseCommand):
    help = (
        "Take in FHIR R4 files (transaction bundles, single resources) and folders of them."
        " A second run changes nothing. Exit code 1 where a file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--source", default="fhir", help="name of where the files come from")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            files = find_files(options["paths"])
            importer = Importer(options["source"])
        except BadArgument as error:
            raise CommandError(str(error)) from error
        if not files:
            raise CommandError(_("no files there"))
        terminal = sys.stderr.isatty() and options["verbosity"] > 0
        with tqdm(total=2 * len(files), unit="file", disable=not terminal) as bar:

            def step(words: str) -> None:
                bar.update(1)
                if not terminal and options["verbosity"] > 0:
                    self.stdout.write(words)

            report = importer.run(files, step=step)
        for line in report.lines():
            self.stdout.write(line)
        if report.exit_code:
            sys.exit(report.exit_code)
