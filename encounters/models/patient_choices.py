"""FHIR R4's codes for a patient's particulars."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
