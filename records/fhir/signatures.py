"""Who signed a note and when: DocumentReference.attester, which R5 has and R4 as an extension.

R4 itself has room for one name (authenticator) and for no time.
"""

import datetime as dt
from typing import Any

from clinik.fhir import FhirError, parse_datetime
from encounters.fhir.common import zone
from encounters.fhir.writing import Link, Resource, code_of, filled, when

# https://hl7.org/fhir/uv/xver-r5.r4/ ext-R5-DocumentReference.attester
ATTESTER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DocumentReference.attester"
ATTESTATION_MODE = "http://hl7.org/fhir/composition-attestation-mode"


def write_attester(signature: Any, link: Link) -> Resource:
    said: tuple[Resource, ...] = (
        {"url": "mode", "valueCodeableConcept": code_of(ATTESTATION_MODE, "professional")},
        {"url": "time", "valueDateTime": when(signature.at)},
        {"url": "party", "valueReference": link("Practitioner", signature.practitioner_id)},
    )
    return {"url": ATTESTER, "extension": [one for one in map(filled, said) if len(one) > 1]}


def signing_time(resource: dict[str, Any]) -> dt.datetime | None:
    """When it was signed first; an odd extension is no reason to refuse the file, so None."""
    sent = resource.get("extension")
    times = []
    for one in sent if isinstance(sent, list) else ():
        if not isinstance(one, dict) or one.get("url") != ATTESTER:
            continue
        parts = one.get("extension")
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and part.get("url") == "time":
                times.append(_time(part.get("valueDateTime")))
    return min((time for time in times if time), default=None)


def _time(sent: Any) -> dt.datetime | None:
    try:
        time = parse_datetime(sent, "", zone())
    except FhirError:
        return None
    return time.instant if time.precision == "instant" else None
