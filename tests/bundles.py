"""Transaction bundles for the tests of the importer, and what is there afterwards."""

import copy
import json
from pathlib import Path
from typing import Any

from clinik.imports import ImportReport
from clinik.models import ImportedResource
from encounters.models import (
    Allergy,
    Diagnosis,
    Encounter,
    EncounterParticipant,
    Patient,
    Practitioner,
)
from records.bundle import Importer
from records.models import Assessment, Note, Observation, ObservationComponent, Prescription

NPI = "http://hl7.org/fhir/sid/us-npi"
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Ordóñez", "given": ["Bernardo"]}],
    "birthDate": "1962-04-03",
}
DOCTOR = {
    "resourceType": "Practitioner",
    "id": "d",
    "identifier": [{"system": NPI, "value": "580"}],
    "name": [{"family": "Brakus", "prefix": ["Dr."]}],
}
CLINIC = {"resourceType": "Organization", "id": "o", "name": "ATHOL HOSPITAL"}
ROOM = {"resourceType": "Location", "id": "l", "name": "Room 204"}
VISIT = {
    "resourceType": "Encounter",
    "id": "e",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "urn:uuid:p"},
    "participant": [{"individual": {"reference": "urn:uuid:d"}}],
    "period": {"start": "2025-01-15T09:00:00Z", "end": "2025-01-15T09:45:00Z"},
    "location": [{"location": {"reference": "Location/l"}}],
    "serviceProvider": {"reference": "urn:uuid:o"},
}
PRESSURE = {
    "resourceType": "Observation",
    "id": "b",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "55284-4"}]},
    "subject": {"reference": "Patient/p"},
    "encounter": {"reference": "urn:uuid:e"},
    "component": [
        {"code": {"text": "diastolic"}, "valueQuantity": {"value": 80}},
        {"code": {"text": "systolic"}, "valueQuantity": {"value": 120}},
    ],
}
CONDITION = {
    "resourceType": "Condition",
    "id": "c",
    "code": {"text": "Appendicitis"},
    "subject": {"reference": "urn:uuid:p"},
    "encounter": {"reference": "urn:uuid:e"},
}


def entry(resource: dict[str, Any], **request: Any) -> dict[str, Any]:
    return {
        "fullUrl": f"urn:uuid:{resource['id']}",
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"], **request},
    }


def about(resource: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(resource), **parts}


def write(folder: Path, name: str, *resources: dict[str, Any]) -> Path:
    entries = [r if "resource" in r else entry(r) for r in resources]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    return path


def take_in(*paths: Path, source: str = "fhir") -> ImportReport:
    return Importer(source).run(list(paths))


def contents() -> dict[str, Any]:
    """Everything clinical there is, to compare before and after."""
    models = (
        Patient, Practitioner, Encounter, Diagnosis, Allergy, Observation, ObservationComponent,
        Note, Prescription, Assessment, EncounterParticipant, ImportedResource,
    )  # fmt: skip
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
