"""The section of a visit that shows its results: by report, by panel, and all others."""

import uuid
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from encounters.models import Encounter
from records.models import Observation
from records.reports import Group, group, panels_of, reports_of
from records.sections import (
    SHOWN,
    Row,
    Section,
    observation_rows,
    observations_of,
    read_components,
)
from records.vitals import BY_CODE


@dataclass(frozen=True)
class ObservationsSection(Section):
    """Everything observed that is no vital sign. `rows` are in the order of `groups`."""

    kind: ClassVar[str] = "observation"
    title: ClassVar[Promise | str] = _("Other observations")
    permission: ClassVar[str] = "records.add_observation"
    template: ClassVar[str] = "records/_observations.html"
    anchor: ClassVar[str] = "section-observations"

    groups: tuple[Group, ...] = ()

    @classmethod
    def load(
        cls, encounter: Encounter, user: Any, observations: list[Observation] | None = None
    ) -> Self:
        """Two queries more than its rows: the reports, and the panels."""
        found = observations_of(encounter, user) if observations is None else observations
        read_components(found)
        others = [row for row in found if row.code_code not in BY_CODE]
        rows, wrong = observation_rows(others, user)
        rows = _with_panels(rows, encounter, {row.pk: str(row) for row in found})
        groups, wrong_reports = group(rows, reports_of(encounter, user), user)
        return cls(
            encounter,
            tuple(row for one in groups for row in one.rows),
            (*wrong, *wrong_reports),
            cls.may_add(encounter, user),
            groups=groups,
        )

    @property
    def shown_groups(self) -> list[Group]:
        """Whole groups and the beginning of the last, as many lines as the section shows."""
        if self.whole:
            return list(self.groups)
        left, shown = SHOWN, []
        for one in self.groups:
            if left <= 0:
                break
            shown.append(replace(one, rows=one.rows[:left]))
            left -= one.size
        return shown

    @property
    def hidden(self) -> int:
        return sum(one.size for one in self.groups) - sum(one.size for one in self.shown_groups)

    @property
    def reports(self) -> list[Row]:
        return [one.report for one in self.groups if one.report is not None]


def _with_panels(
    rows: tuple[Row, ...], encounter: Encounter, names: dict[uuid.UUID, str]
) -> tuple[Row, ...]:
    """The rows with the panels they are part of, and what they are a panel of."""
    part_of: dict[uuid.UUID, list[str]] = {}
    members: dict[uuid.UUID, list[str]] = {}
    for panel, member, name in panels_of(encounter):
        members.setdefault(panel, []).append(name)
        if member is not None and panel in names:
            part_of.setdefault(member, []).append(names[panel])
    return tuple(
        replace(row, part_of=tuple(part_of.get(row.pk, ())), members=tuple(members.get(row.pk, ())))
        for row in rows
    )
