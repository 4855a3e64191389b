"""Patient (FHIR R4) with identifiers, contacts and alerts."""

import datetime as dt
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock
from clinik.ages import Age, age_at
from clinik.constraints import IMPORTED, one_of
from clinik.models import ClinikModel
from clinik.mrn import format_mrn, generate, normalise
from clinik.names import birth_date_candidates, normalise_name

M = TypeVar("M", bound=models.Model)


class OfPatientQuerySet(models.QuerySet[M]):
    """For every table with a patient: the one way to ask for a person's rows."""

    def of_patient(self, patient: "Patient") -> Self:
        """Rows of the person: of the survivor and of those merged into it."""
        survivor = patient.merged_into_id or patient.pk
        return self.filter(Q(patient=survivor) | Q(patient__merged_into=survivor))


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.has_perm("encounters.view_patient") else self.none()

    def listed(self) -> Self:
        """Those a list shows: not merged into another."""
        return self.filter(merged_into=None)

    def search(self, text: str) -> Self:
        """One box: any part of the name in any order, birth date, phone, clinic or other number.

        Accents and case are ignored; each word must be answered, and a word may be answered by
        the name or by a birth date or by a number.
        """
        found = self
        dates = birth_date_candidates(text)
        if dates:
            return found.filter(Q(birth_date__in=dates) | _number(text))
        for word in text.split():
            found = found.filter(_name(word) | _number(word) | _born(word))
        return found


def _name(word: str) -> Q:
    parts = normalise_name(word).split()
    if not parts:
        return Q(pk=None)
    condition = Q()
    for part in parts:
        condition &= Q(search_name__contains=part)
    return condition


def _born(word: str) -> Q:
    dates = birth_date_candidates(word)
    return Q(birth_date__in=dates) if dates else Q(pk=None)


def _number(word: str) -> Q:
    """Clinic number, another identifier, or the phone's last digits."""
    digits = "".join(char for char in word if char.isdigit())
    condition = Q(pk__in=PatientIdentifier.objects.filter(value=word).values("patient"))
    if digits:
        condition |= Q(mrn=normalise(word))
    if len(digits) >= 4:
        condition |= Q(phone_digits__contains=digits)
    return condition


class Gender(models.TextChoices):
    MALE = "male", _("male")
    FEMALE = "female", _("female")
    OTHER = "other", _("other")
    UNKNOWN = "unknown", _("unknown")


class MaritalStatus(models.TextChoices):
    """v3-MaritalStatus."""

    ANNULLED = "A", _("annulled")
    DIVORCED = "D", _("divorced")
    INTERLOCUTORY = "I", _("interlocutory")
    SEPARATED = "L", _("legally separated")
    MARRIED = "M", _("married")
    POLYGAMOUS = "P", _("polygamous")
    NEVER_MARRIED = "S", _("never married")
    PARTNER = "T", _("domestic partner")
    UNMARRIED = "U", _("unmarried")
    WIDOWED = "W", _("widowed")
    UNKNOWN = "UNK", _("unknown")


def display_name(family: str, given: str, known_as: str) -> str:
    """ "EXAMPLE, Bernardo", also for lists that read columns instead of patients."""
    first = given or (known_as if not family else "")
    return ", ".join(part for part in (family.upper(), first) if part) or str(_("name not known"))


def sex_letter(gender: str) -> str:
    return str({"male": _("M"), "female": _("F"), "other": _("X")}.get(gender, _("?")))


class Patient(ClinikModel):
    """A person the clinic knows. Required: one name, and a birth date, an estimate or "unknown"."""

    Gender = Gender
    MaritalStatus = MaritalStatus

    mrn = models.CharField(_("clinic number"), max_length=8, unique=True, editable=False)
    family = models.CharField(_("family name"), max_length=200, blank=True, default="")
    given = models.CharField(_("given names"), max_length=200, blank=True, default="")
    known_as = models.CharField(_("known as"), max_length=200, blank=True, default="")
    prefix = models.CharField(_("title"), max_length=100, blank=True, default="")
    gender = models.CharField(
        _("gender"), max_length=10, choices=Gender, blank=True, default=Gender.UNKNOWN
    )
    birth_date = models.DateField(_("birth date"), null=True, blank=True, db_index=True)
    birth_date_precision = models.CharField(
        _("birth date is exact to"),
        max_length=7,
        choices=[(p.value, p.label) for p in clock.Precision if p != clock.Precision.INSTANT],
        default=clock.Precision.DAY,
    )
    birth_date_estimated = models.BooleanField(_("age is estimated"), default=False)
    birth_date_unknown = models.BooleanField(_("birth date is unknown"), default=False)
    birth_time = models.TimeField(_("time of birth"), null=True, blank=True)
    multiple_birth = models.PositiveSmallIntegerField(
        _("twin or multiple, born as number"), null=True, blank=True
    )
    identity_unverified = models.BooleanField(_("identity not verified"), default=False)
    phone = models.CharField(_("phone"), max_length=100, blank=True, default="")
    phone_digits = models.CharField(max_length=100, editable=False, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    address_line = models.CharField(_("street"), max_length=300, blank=True, default="")
    city = models.CharField(_("town"), max_length=200, blank=True, default="")
    state = models.CharField(_("state"), max_length=100, blank=True, default="")
    postal_code = models.CharField(_("postal code"), max_length=40, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    language = models.CharField(_("language"), max_length=100, blank=True, default="")
    interpreter_needed = models.BooleanField(_("interpreter needed"), default=False)
    marital_status = models.CharField(
        _("marital status"), max_length=3, choices=MaritalStatus, blank=True, default=""
    )
    deceased = models.BooleanField(_("deceased"), default=False)
    deceased_at = models.DateTimeField(_("died"), null=True, blank=True)
    deceased_at_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    active = models.BooleanField(_("active"), default=True)
    general_practitioner = models.ForeignKey(
        "encounters.Practitioner",
        verbose_name=_("general practitioner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged",
    )
    search_name = models.TextField(editable=False, default="")

    objects = PatientQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_name", "phone_digits"])

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["family", "given", "id"]
        permissions = [("merge_patient", "Can merge patients")]
        constraints = [
            one_of("gender", Gender.values, blank=True),
            one_of("marital_status", MaritalStatus.values, blank=True),
            models.CheckConstraint(
                name="patient_has_a_name",
                condition=~Q(family="") | ~Q(given="") | ~Q(known_as="") | IMPORTED,
            ),
            models.CheckConstraint(
                name="patient_has_a_birth_date_or_says_unknown",
                condition=Q(birth_date__isnull=False) | Q(birth_date_unknown=True) | IMPORTED,
            ),
            models.CheckConstraint(
                name="patient_not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("id")),
            ),
        ]
        indexes = [
            models.Index(fields=["family", "given", "id"], name="patient_by_name"),
            models.Index(fields=["phone_digits"], name="patient_phone"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.mrn:
            self.mrn = new_mrn()
        self.search_name = normalise_name(f"{self.family} {self.given} {self.known_as}")
        self.phone_digits = "".join(char for char in self.phone if char.isdigit())[:100]
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        """ "EXAMPLE, Bernardo": the family name in capitals, as on every banner and list."""
        return display_name(self.family, self.given, self.known_as)

    @property
    def number(self) -> str:
        """The clinic number as people say it, 4-4."""
        return format_mrn(self.mrn)

    @property
    def sex_letter(self) -> str:
        return sex_letter(self.gender)

    def age_at(self, when: dt.datetime | dt.date | None = None) -> Age | None:
        """Age on the clinic's day of `when` (None = today, or at death); None where unknown."""
        if when is None:
            when = self.deceased_at or clock.now()
        if isinstance(when, dt.datetime):
            when = when.astimezone(clock.timezone.get_default_timezone()).date()
        return age_at(
            self.birth_date,
            self.birth_date_precision,
            when,
            estimated=self.birth_date_estimated,
        )


def new_mrn() -> str:
    """A clinic number nobody has; drawn again on collision (the unique key is the judge)."""
    while True:
        number = generate()
        if not Patient.objects.filter(mrn=number).exists():
            return number


class PatientIdentifier(ClinikModel):
    """Another organisation's number for the person; not unique (people share wrong numbers)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    system = models.CharField(_("system"), max_length=300, blank=True, default="")
    value = models.CharField(_("number"), max_length=200)
    type_text = models.CharField(_("kind"), max_length=200, blank=True, default="")

    objects = OfPatientQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "system", "value"], name="patient_identifier_once"
            )
        ]
        indexes = [models.Index(fields=["value", "system"], name="patient_identifier")]

    def __str__(self) -> str:
        return self.value


class PatientContact(ClinikModel):
    """A relative, guardian or carer; a guardian is shown for patients under 18."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(_("name"), max_length=300)
    relationship = models.CharField(_("relationship"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=100, blank=True, default="")
    is_guardian = models.BooleanField(_("guardian"), default=False)
    active = models.BooleanField(_("current"), default=True)

    objects = OfPatientQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.name


class PatientAlert(ClinikModel):
    """FHIR Flag: what everybody must know before the door opens."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alerts")
    text = models.CharField(_("alert"), max_length=300)
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"), null=True, blank=True)
    author = models.ForeignKey(
        "encounters.Practitioner", null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = OfPatientQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")

    def __str__(self) -> str:
        return self.text


class NotSamePerson(models.Model):
    """ "Not the same person": remembered, so that the pair is not offered as duplicates again."""

    first = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("clinik.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="not_same_person_once"),
            models.CheckConstraint(
                name="not_same_person_in_order", condition=Q(first__lt=models.F("second"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"
