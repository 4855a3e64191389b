"""What belongs to an export: everything, what is a patient's, or what is of one visit.

What is entered in error is told with that status. A visit about somebody else is no truth of the
patient it stands with, nor is anything in it: FHIR cannot say so, so it stays here.
"""

from abc import ABC, abstractmethod
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from clinik import mrn
from clinik.models import ImportedResource
from encounters.models import Diagnosis, Encounter, Patient, Practitioner
from encounters.models.encounter import ErrorAbout, Status
from records.exporting.kinds import Table
from records.kept import of_visits_about_somebody_else
from records.models import Note, Report


class NothingThere(Exception):
    """What is asked for is no patient or visit, or a visit about somebody else."""


class Scope(ABC):
    """Which rows of a table, and which resources that became no row (`whole`).

    `subject` is the patient or visit it is of, None for everything. `gathers` says that of what
    belongs to nobody (practitioners, organisations) only what is named goes with it.
    """

    gathers: bool = True
    subject: Patient | Encounter | None = None

    @abstractmethod
    def rows(self, table: Table) -> QuerySet[Any]: ...

    @abstractmethod
    def whole(self) -> QuerySet[ImportedResource]: ...


def _about_somebody_else(path: str) -> dict[str, str]:
    return {
        f"{path}status": Status.ENTERED_IN_ERROR,
        f"{path}error_about": ErrorAbout.SOMEBODY_ELSE,
    }


def _true_rows(table: Table) -> QuerySet[Any]:
    rows = table.model._default_manager.order_by()
    names = {field.name for field in table.model._meta.get_fields()}
    if table.model is Encounter:
        return rows.exclude(**_about_somebody_else(""))
    if "encounter" in names:
        rows = rows.exclude(**_about_somebody_else("encounter__"))
    if table.model is Diagnosis:
        rows = rows.exclude(**_about_somebody_else("promoted_from__encounter__"))
    if table.model is Note:
        return rows.exclude(_told_by_a_report())
    return rows


def _true_whole() -> QuerySet[ImportedResource]:
    kept = ImportedResource.objects.filter(row_id=None)
    return kept.exclude(of_visits_about_somebody_else())


def _told_by_a_report() -> Q:
    """A text that came as a report and in no document: the report tells it, if nothing is added."""
    own = ImportedResource.objects.filter(row_id=OuterRef("pk"), resource_type="DocumentReference")
    added = Note.objects.filter(about=OuterRef("pk"))
    return (
        ~Q(source="")
        & Q(Exists(Report.objects.filter(note=OuterRef("pk"))))
        & ~Q(Exists(own))
        & ~Q(Exists(added))
    )


class Everything(Scope):
    gathers = False

    def rows(self, table: Table) -> QuerySet[Any]:
        return _true_rows(table)

    def whole(self) -> QuerySet[ImportedResource]:
        return _true_whole()


class OfPatient(Scope):
    """The person: the survivor of a merge with those merged into it, and all of their rows."""

    def __init__(self, patient: Patient) -> None:
        survivor = self.subject = patient.survivor
        self._people = [survivor.pk, *survivor.merged.values_list("pk", flat=True)]

    def rows(self, table: Table) -> QuerySet[Any]:
        rows = _true_rows(table)
        if table.model is Patient:
            return rows.filter(pk__in=self._people)
        if table.model is Practitioner:
            return rows.none()
        return rows.filter(patient__in=self._people)

    def whole(self) -> QuerySet[ImportedResource]:
        return _true_whole().filter(patient_id__in=self._people)


class OfEncounter(Scope):
    """One visit and what was recorded in it, with its patient.

    Raises NothingThere for a visit about somebody else.
    """

    def __init__(self, encounter: Encounter) -> None:
        if encounter.is_in_error and encounter.error_about == ErrorAbout.SOMEBODY_ELSE:
            raise NothingThere(_("This visit is about somebody else: there is nothing to export."))
        self.subject = encounter
        self._key, self._patient = encounter.pk, encounter.patient_id

    def rows(self, table: Table) -> QuerySet[Any]:
        rows = _true_rows(table)
        if table.model is Patient:
            return rows.filter(pk=self._patient)
        if table.model is Encounter:
            return rows.filter(pk=self._key)
        names = {field.name for field in table.model._meta.get_fields()}
        return rows.filter(encounter=self._key) if "encounter" in names else rows.none()

    def whole(self) -> QuerySet[ImportedResource]:
        return _true_whole().filter(encounter_id=self._key)


def find_scope(patient: str | None, encounter: str | None) -> Scope:
    """By the key or clinic number of a patient, by the key of a visit, else everything.

    Raises NothingThere.
    """
    if patient is not None:
        wanted = Q(pk=patient) if _is_key(patient) else Q(mrn=mrn.normalise(patient))
        found = Patient.objects.filter(wanted).first()
        if found is None:
            reason = _("no patient has the key or clinic number %(text)s")
            raise NothingThere(reason % {"text": patient})
        return OfPatient(found)
    if encounter is not None:
        visit = Encounter.objects.filter(pk=encounter).first() if _is_key(encounter) else None
        if visit is None:
            raise NothingThere(_("no visit has the key %(text)s") % {"text": encounter})
        return OfEncounter(visit)
    return Everything()


def _is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
