"""manage.py import_csv KIND FILE: take in patients, visits and what was found, from CSV."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from clinik.commands import asked_by
from clinik.import_command import Bar, add_options, write_report
from records.csv_files import KINDS, BadMap, CsvImport, FileMap, Options, load_map, reporting


class Command(BaseCommand):
    help = (
        "Take in a CSV file (docs/import-csv.md describes the columns). One bad row keeps the whole"
        " file out, unless --skip-invalid is said. A second run changes nothing."
        " Exit code 1 where a row or the file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        say = parser.add_argument
        say("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
        say("path", type=Path, metavar="FILE")
        add_options(parser, source="csv")
        say("--map", type=Path, metavar="FILE.toml", help="which column of the file is which")
        say("--encoding", default="", help="UTF-8 and Windows-1252 are found out")
        say("--delimiter", default="", help="comma, semicolon, tab or pipe; is found out")
        say("--date-format", action="append", default=[], help="such as %%d/%%m/%%Y (several)")
        say("--time-zone", default="", help="of times without an offset; the clinic's by default")
        say("--skip-invalid", action="store_true", help="take the good rows, keep the others")
        say("--rejected", type=Path, metavar="FILE", help="where rejected rows go")

    def handle(self, *args: Any, **options: Any) -> None:
        with Bar(self.stdout, verbosity=options["verbosity"]) as bar:
            try:
                asked = _asked(options)
                importer = CsvImport(asked, progress=bar)
            except (BadMap, ValueError) as error:
                raise CommandError(str(error)) from error
            outcome = importer.run()
        for line in reporting.lines(asked, outcome):
            self.stdout.write(line)
        if options["report"]:
            outcome.report.failures += outcome.failures(asked.path)
            write_report(outcome.report, options["report"])
        if outcome.exit_code:
            sys.exit(outcome.exit_code)


def _asked(options: dict[str, Any]) -> Options:
    kind = KINDS[options["kind"]]
    if not options["path"].is_file():
        raise CommandError(_("%(path)s is not there") % {"path": options["path"]})
    named = ("path", "source", "encoding", "delimiter", "time_zone", "skip_invalid", "rejected")
    return Options(
        kind=kind,
        map=load_map(options["map"], kind) if options["map"] else FileMap(),
        date_formats=tuple(options["date_format"]),
        dry_run=options["dry_run"],
        by=asked_by(options["user"]),
        **{name: options[name] for name in named},
    )
