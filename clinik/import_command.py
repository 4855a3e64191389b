"""What the import commands share: their options, the bar, the report on paper."""

import csv
import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Self

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from clinik.imports import ImportReport, Remark


def add_options(parser: ArgumentParser, *, source: str) -> None:
    parser.add_argument("--source", default=source, help="name of where the files come from")
    parser.add_argument("--user", help="login on whose behalf the import runs, for the trail")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would come of it, and write nothing"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="write everything that is to be said into FILE (.json or .csv)",
    )


class Bar:
    """A bar with rate and time left on a terminal, plain lines elsewhere."""

    def __init__(self, out: Any, *, verbosity: int) -> None:
        self._out = out
        self._quiet = verbosity == 0
        self._terminal = sys.stderr.isatty() and not self._quiet
        self._bar: tqdm | None = None

    def __enter__(self) -> Self:
        if self._terminal:
            self._bar = tqdm(desc=_("checked"), unit=" resources", unit_scale=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def checked(self, path: Path, resources: int) -> None:
        self._step(_("checked %(path)s"), path, resources)

    def refused(self, path: Path) -> None:
        self._step(_("refused %(path)s"), path, 0)

    def begin_writing(self, resources: int) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = tqdm(total=resources, desc=_("written"), unit=" resources", unit_scale=True)

    def written(self, path: Path, resources: int) -> None:
        self._step(_("written %(number)s of %(path)s"), path, resources)

    def _step(self, words: str, path: Path, resources: int) -> None:
        if self._bar is not None:
            self._bar.update(resources)
        elif not self._quiet:
            self._out.write(words % {"path": path.name, "number": resources})


def show(report: ImportReport, out: Any, *, dry_run: bool, path: Path | None) -> None:
    """The report as people read it, and where asked for in a file."""
    if dry_run:
        out.write(_("A dry run: nothing was written."))
    for line in report.lines():
        out.write(line)
    if path is not None:
        write_report(report, path)


def write_report(report: ImportReport, path: Path) -> None:
    """Everything that is to be said, as JSON or CSV; raises CommandError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix.lower() == ".csv":
                _write_csv(report, file)
            else:
                json.dump(report.as_json(), file, ensure_ascii=False, indent=2)
    except OSError as error:
        reason = _("--report %(path)s cannot be written: %(reason)s")
        raise CommandError(reason % {"path": path, "reason": error.strerror}) from error


def _write_csv(report: ImportReport, file: Any) -> None:
    """A line for each thing that is to be said: what it is, where, why, how often."""
    writer = csv.writer(file)
    writer.writerow(["what", "file", "place", "reason", "number"])
    for failure in report.failures:
        writer.writerow(["refused", failure.file, failure.place, failure.reason, 1])
    for alike in report.alike.values():
        for remark in alike.first:
            writer.writerow(["note", *_said(remark), 1])
        if more := alike.number - len(alike.first):
            writer.writerow(["note", *_said(alike.first[-1]), more])
    for kind, counter in sorted(report.counts.items()):
        for outcome, number in counter.items():
            writer.writerow([outcome, "", kind, "", number])


def _said(remark: Remark) -> tuple[str, str, str]:
    return remark.file, remark.place, remark.reason
