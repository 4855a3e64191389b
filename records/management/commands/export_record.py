"""manage.py export_record: everything about one patient as one ZIP file."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from clinik.commands import asked_by
from encounters.models import Patient
from records.exporting import NothingThere, find_scope
from records.whole_record import make_record, write_down


class Command(BaseCommand):
    help = (
        "Write everything about one patient, merged entries included, as a ZIP file: what is"
        " recorded (FHIR R4), every row, every version of it, and the audit trail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("patient", metavar="ID_OR_NUMBER", help="key or clinic number")
        parser.add_argument("-o", "--output", type=Path, metavar="FILE", required=True)
        parser.add_argument("--user", metavar="NAME", help="on whose behalf, for the trail")

    def handle(self, *args: Any, **options: Any) -> None:
        by = asked_by(options["user"])
        try:
            patient = find_scope(options["patient"], None).subject
            assert isinstance(patient, Patient)
            write_down(patient, by=by)
            with make_record(patient) as found, options["output"].open("xb") as file:
                shutil.copyfileobj(found, file)
        except FileExistsError as error:
            raise CommandError(_("%s is there already") % options["output"]) from error
        except (NothingThere, OSError) as error:
            raise CommandError(str(error)) from error
