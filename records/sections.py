"""The five sections of a visit that show records: what each says, read with one query.

`load(encounter, user)` reads a section; the partial templates/records/_<section>.html shows it.
The number of queries does not depend on the number of rows (a prefetch counts as one more).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encounters.models import Encounter
from records.models import Assessment, Note, Observation, Prescription
from records.models.observation import Category
from records.recording import is_author


@dataclass(frozen=True)
class Section:
    """What every section has: its visit, its rows, those in error, and what the user may do."""

    kind: ClassVar[str]
    title: ClassVar[Promise | str]
    permission: ClassVar[str]

    encounter: Encounter
    rows: tuple[Any, ...] = ()
    wrong: tuple[Any, ...] = ()
    can_add: bool = False

    @classmethod
    def may_add(cls, encounter: Encounter, user: Any) -> bool:
        """Whether this user may add here; a visit in error takes nothing more."""
        return not encounter.is_in_error and user.has_perm(cls.permission)


@dataclass(frozen=True)
class Row:
    """One record and what this user may do with it."""

    record: Any
    is_mine: bool = False
    may_err: bool = False
    verbs: tuple[str, ...] = ()

    @property
    def pk(self) -> Any:
        return self.record.pk


def rows_of(
    records: Iterable[Any], user: Any, verbs: Any = None
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """(rows that count, rows entered in error), in the order given."""
    any_in_error = user.has_perm("records.enter_any_in_error")
    standing: list[Row] = []
    wrong: list[Row] = []
    for record in records:
        if record.is_in_error:
            wrong.append(Row(record))
            continue
        mine = is_author(record, user)
        standing.append(
            Row(record, mine, mine or any_in_error, verbs(record, user) if verbs else ())
        )
    return tuple(standing), tuple(wrong)


def _newest(queryset: QuerySet[Any], encounter: Encounter, user: Any) -> QuerySet[Any]:
    return (
        queryset.visible_to(user)  # type: ignore[attr-defined]
        .filter(encounter=encounter)
        .select_related("author", "entered_by")
        .newest_first()
    )


def observations_of(encounter: Encounter, user: Any) -> list[Observation]:
    """All observations of a visit with their components (two queries), newest first.

    VitalsSection and ObservationsSection share them: hand the list to both.
    """
    found = _newest(Observation.objects.all(), encounter, user)
    return list(
        found.select_related("author", "entered_by", "seen_by").prefetch_related("components")
    )


@dataclass(frozen=True)
class ObservationsSection(Section):
    """Everything observed that is no vital sign."""

    kind: ClassVar[str] = "observation"
    title: ClassVar[Promise | str] = _("Other observations")
    permission: ClassVar[str] = "records.add_observation"

    @classmethod
    def load(
        cls, encounter: Encounter, user: Any, observations: list[Observation] | None = None
    ) -> Self:
        found = observations_of(encounter, user) if observations is None else observations
        others = [row for row in found if row.category != Category.VITAL_SIGNS]
        rows, wrong = rows_of(others, user)
        return cls(encounter, rows, wrong, cls.may_add(encounter, user))


@dataclass(frozen=True)
class NotesSection(Section):
    """Notes, newest first; an addendum or amendment stands under the note it is about."""

    kind: ClassVar[str] = "note"
    title: ClassVar[Promise | str] = _("Notes")
    permission: ClassVar[str] = "records.add_note"

    additions: dict[Any, tuple[Row, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, encounter: Encounter, user: Any) -> Self:
        rows, wrong = rows_of(_newest(Note.objects.all(), encounter, user), user)
        here = {row.pk for row in rows}
        under: dict[Any, tuple[Row, ...]] = {}
        main: list[Row] = []
        for row in rows:
            about = row.record.about_id
            if about in here:
                under[about] = (row, *under.get(about, ()))
            else:
                main.append(row)
        return cls(encounter, tuple(main), wrong, cls.may_add(encounter, user), under)

    @property
    def threads(self) -> list[tuple[Row, tuple[Row, ...]]]:
        """Each note with its additions, oldest addition first."""
        return [(row, self.additions.get(row.pk, ())) for row in self.rows]


@dataclass(frozen=True)
class PrescriptionsSection(Section):
    kind: ClassVar[str] = "prescription"
    title: ClassVar[Promise | str] = _("Prescriptions")
    permission: ClassVar[str] = "records.add_prescription"

    @classmethod
    def load(cls, encounter: Encounter, user: Any) -> Self:
        from records.prescriptions import allowed_verbs

        found = _newest(Prescription.objects.all(), encounter, user)
        rows, wrong = rows_of(found, user, verbs=allowed_verbs)
        return cls(encounter, rows, wrong, cls.may_add(encounter, user))


@dataclass(frozen=True)
class AssessmentsSection(Section):
    kind: ClassVar[str] = "assessment"
    title: ClassVar[Promise | str] = _("Assessments")
    permission: ClassVar[str] = "records.add_assessment"

    @classmethod
    def load(cls, encounter: Encounter, user: Any) -> Self:
        found = _newest(Assessment.objects.all(), encounter, user)
        rows, wrong = rows_of(
            found.select_related("author", "entered_by", "previous").prefetch_related("findings"),
            user,
        )
        return cls(encounter, rows, wrong, cls.may_add(encounter, user))
