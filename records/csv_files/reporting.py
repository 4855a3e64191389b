"""What came of a run, in words for people on a terminal."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from records.csv_files.log import Options, Outcome


def lines(options: Options, outcome: Outcome, *, most: int = 100) -> Iterator[str]:
    """The report as people read it, with at most `most` of the bad cells."""
    if outcome.refused:
        said = {"path": options.path, "reason": outcome.refused}
        yield _("Refused, nothing was kept: %(path)s: %(reason)s") % said
        return
    for failure in outcome.failures(options.path, most):
        yield _("Refused: %(remark)s") % {"remark": failure}
    if len(outcome.problems) > most:
        yield _("--report FILE.csv has them all")
    yield _("%(rows)s rows, %(bad)s of them bad") % {"rows": outcome.rows, "bad": outcome.bad}
    yield from outcome.report.lines()
    if outcome.stopped and options.dry_run:
        yield _("Dry run, nothing was written. It would stop: %(reason)s") % {
            "reason": outcome.stopped
        }
    elif outcome.stopped:
        yield _("STOPPED: %(reason)s. What was written before stays; run the command again") % {
            "reason": outcome.stopped
        }
    elif options.dry_run:
        new = outcome.good - outcome.known
        yield _("Dry run, nothing was written: %(new)s new rows, %(known)s imported before") % {
            "new": new,
            "known": outcome.known,
        }
    elif outcome.bad and not options.skip_invalid:
        yield _(
            "Nothing was kept, because of the bad rows: mend them, or take the others with"
            " --skip-invalid"
        )
    if outcome.rejected:
        yield _("The rejected rows are in %(path)s: mend them there and import that file") % {
            "path": outcome.rejected
        }
