"""Who comes, who treats, and the visit itself."""

from encounters.models.alert import PatientAlert
from encounters.models.allergy import Allergy, NoKnownAllergies
from encounters.models.amendment import AmendmentRequest
from encounters.models.diagnosis import Diagnosis
from encounters.models.disclosure import Disclosure
from encounters.models.emergency_access import EmergencyAccess
from encounters.models.encounter import Encounter
from encounters.models.merge import PatientMerge
from encounters.models.patient import (
    NotSamePerson,
    Patient,
    PatientContact,
    PatientIdentifier,
)
from encounters.models.periods import (
    ClassPeriod,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    StatusPeriod,
)
from encounters.models.practitioner import Practitioner, PractitionerIdentifier

__all__ = [
    "Allergy",
    "AmendmentRequest",
    "ClassPeriod",
    "Diagnosis",
    "Disclosure",
    "EmergencyAccess",
    "Encounter",
    "EncounterParticipant",
    "Hospitalization",
    "LocationPeriod",
    "NoKnownAllergies",
    "NotSamePerson",
    "Patient",
    "PatientAlert",
    "PatientContact",
    "PatientIdentifier",
    "PatientMerge",
    "Practitioner",
    "PractitionerIdentifier",
    "StatusPeriod",
]
