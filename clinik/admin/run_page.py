"""What the page of an import run says: what came of it by type, its files, and what was said."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinik.imports import CONFLICT, CREATED, FAILED, SKIPPED, UNCHANGED, UPDATED
from clinik.models import ImportFile, ImportRun

# What a page reads and shows; the rest stands in the list of files.
FILES_READ = 1000
FILES_SHOWN = 100
REMARKS_SHOWN = 200

OUTCOMES = {
    CREATED: gettext_lazy("created"),
    UPDATED: gettext_lazy("updated"),
    UNCHANGED: gettext_lazy("unchanged"),
    CONFLICT: gettext_lazy("in conflict"),
    SKIPPED: gettext_lazy("skipped"),
    FAILED: gettext_lazy("failed"),
}
# Where ImportRun.counts keeps the types that are not modelled.
NOT_MODELLED = "not modelled"
_NUMBER = re.compile(r"\[\d+\]")

# Whether it is a refusal; file, place and reason.
Remark = tuple[bool, Mapping[str, Any]]


@dataclass
class Totals:
    """Counts by type and outcome, and types that are not modelled; of a file or of a run."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    unmodelled: Counter[str] = field(default_factory=Counter)

    def take(self, counts: Any, unmodelled: Any = None) -> None:
        """Add what a report says; what is no report adds nothing."""
        for kind, found in _mapping(counts).items():
            if kind == NOT_MODELLED:
                self.unmodelled.update(_numbers(found))
            else:
                self.counts.setdefault(kind, Counter()).update(_numbers(found))
        self.unmodelled.update(_numbers(unmodelled))

    def of(self, outcome: str) -> int:
        return sum(found[outcome] for found in self.counts.values())

    @property
    def words(self) -> str:
        """ "1,391 created, 2 failed"."""
        named = [(self.of(outcome), words) for outcome, words in OUTCOMES.items()]
        return ", ".join(f"{number:,} {words}" for number, words in named if number)


def totals_of(file: ImportFile) -> Totals:
    totals, report = Totals(), _mapping(file.report)
    totals.take(report.get("counts"), report.get("unmodelled"))
    return totals


@dataclass(frozen=True)
class Said:
    """A reason, where it was given first, and how often."""

    refused: bool
    file: str
    place: str
    reason: str
    times: int

    def __str__(self) -> str:
        words = ": ".join(part for part in (self.place, self.reason) if part)
        return words if self.times == 1 else f"{words} (× {self.times:,})"


def remarks_of(file: ImportFile) -> list[Remark]:
    report = _mapping(file.report)
    named = ("failures", True), ("warnings", False)
    return [
        (refused, {**one, "file": one.get("file") or file.name})
        for name, refused in named
        for one in _list(report.get(name))
    ]


def gathered(told: Iterable[Remark]) -> list[Said]:
    """Refusals, then notes; the same at many places is one line.

    A refusal that the run repeats after its file counts once; a note may say itself how often.
    """
    alike: dict[tuple[bool, str, str], Counter[tuple[str, str]]] = {}
    for refused, remark in told:
        file, place, reason = (str(remark.get(name) or "") for name in ("file", "place", "reason"))
        found = alike.setdefault((not refused, _NUMBER.sub("", place), reason), Counter())
        if refused:
            found[file, place] = 1
        else:
            number = remark.get("number")
            found[file, place] += number if isinstance(number, int) else 1
    return [
        Said(not later, *next(iter(found)), reason, found.total())
        for (later, _place, reason), found in sorted(alike.items())
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _numbers(value: Any) -> dict[str, int]:
    return {name: n for name, n in _mapping(value).items() if isinstance(n, int)}


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


@dataclass(frozen=True)
class Kind:
    """A line of the table: a type, its counts in the order of OUTCOMES, and the list of what this
    run made of it, "" where it made nothing."""

    name: str
    numbers: tuple[int, ...]
    url: str


@dataclass(frozen=True)
class File:
    """A file as the page shows it."""

    name: str
    url: str
    state: str
    state_words: str
    done: int
    size: int
    digest: str
    words: str


def _file(file: ImportFile) -> File:
    return File(
        name=file.name,
        url=reverse("admin:clinik_importfile_change", args=[file.pk]),
        state=file.state,
        state_words=file.get_state_display(),
        done=file.done,
        size=file.size,
        digest=file.digest,
        words=totals_of(file).words,
    )


@dataclass(frozen=True)
class RunPage:
    """A run with the files it read, and everything that the page says of both."""

    run: ImportRun
    files: tuple[ImportFile, ...]

    @classmethod
    def load(cls, run: ImportRun) -> Self:
        """One query, whatever the run took in."""
        return cls(run, tuple(run.parts.order_by("number")[: FILES_READ + 1]))

    @property
    def cut(self) -> bool:
        """Whether there are more files than the page reads."""
        return len(self.files) > FILES_READ

    @cached_property
    def totals(self) -> Totals:
        """Of the whole run once it is finished; before that of its files, as far as they are."""
        totals = Totals()
        if self.run.finished or not self.files:
            totals.take(self.run.counts)
        if not totals.counts and not totals.unmodelled:
            for found in map(totals_of, self.files):
                totals.take(found.counts, found.unmodelled)
        return totals

    @property
    def kinds(self) -> list[Kind]:
        return [
            Kind(
                kind,
                tuple(found[name] for name in OUTCOMES),
                made_url(self.run.pk, kind) if found[CREATED] or found[UPDATED] else "",
            )
            for kind, found in sorted(self.totals.counts.items())
        ]

    @property
    def outcomes(self) -> list[str]:
        return [str(words) for words in OUTCOMES.values()]

    @property
    def sums(self) -> list[int]:
        return [self.totals.of(name) for name in OUTCOMES]

    @property
    def unmodelled(self) -> str:
        """ "166 Immunization, 148 Procedure", the most first."""
        return ", ".join(f"{n:,} {kind}" for kind, n in self.totals.unmodelled.most_common())

    @property
    def made_url(self) -> str:
        return made_url(self.run.pk)

    @property
    def files_url(self) -> str:
        address = reverse("admin:clinik_importfile_changelist")
        return f"{address}?{urlencode({'run__id__exact': self.run.pk})}"

    @property
    def shown_files(self) -> list[File]:
        """Refused ones first, then those that are not written yet."""
        order = [ImportFile.State.REFUSED, ImportFile.State.WAITING, ImportFile.State.WRITTEN]
        ranked = sorted(self.files, key=lambda file: (order.index(file.state), file.number))  # type: ignore[arg-type]
        return [_file(file) for file in ranked[:FILES_SHOWN]]

    @property
    def hidden_files(self) -> int:
        return max(0, min(len(self.files), FILES_READ) - FILES_SHOWN)

    @cached_property
    def _all_said(self) -> list[Said]:
        told: list[Remark] = [(True, remark) for remark in _list(self.run.failures)]
        for file in self.files:
            told += remarks_of(file)
        return gathered(told)

    @property
    def said(self) -> list[Said]:
        return self._all_said[:REMARKS_SHOWN]

    @property
    def unsaid(self) -> int:
        return len(self._all_said) - len(self.said)


def made_url(run: int, kind: str = "") -> str:
    """The list of what a run brought, or changed last."""
    query = {"run__id__exact": str(run)} | ({"resource_type": kind} if kind else {})
    return f"{reverse('admin:clinik_importedresource_changelist')}?{urlencode(query)}"


def state_words(run: ImportRun) -> str:
    """ "finished in 3 min 5 s", or that it is not, and what to do then."""
    if run.finished is None:
        return _("not finished; if cut off: run the command again to go on")
    return _("finished in %(time)s") % {"time": duration_words(run.finished - run.started)}


def duration_words(span: dt.timedelta) -> str:
    """42 seconds; 3 min 5 s; 2 h 10 min."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return _("%(m)s min %(s)s s") % {"m": minutes, "s": seconds}
    return _("%(h)s h %(m)s min") % {"h": minutes // 60, "m": minutes % 60}
