"""The status codes R4 knows, with required binding (http://hl7.org/fhir/R4/terminologies.html)."""

from typing import Any

from django.utils.translation import gettext as _

from clinik.fhir.errors import FhirError


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keys are resource types for `status`, else the element's path; the coded ones of Condition and
# AllergyIntolerance are the codes of their first coding.
STATUS_CODES: dict[str, frozenset[str]] = {
    "Encounter": _codes(
        "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
    ),
    "Observation": _codes(
        "registered preliminary final amended corrected cancelled entered-in-error unknown"
    ),
    "DiagnosticReport": _codes(
        "registered partial preliminary final amended corrected appended cancelled"
        " entered-in-error unknown"
    ),
    "MedicationRequest": _codes(
        "active on-hold cancelled completed entered-in-error stopped draft unknown"
    ),
    "MedicationRequest.intent": _codes(
        "proposal plan order original-order reflex-order filler-order instance-order option"
    ),
    "DocumentReference": _codes("current superseded entered-in-error"),
    "DocumentReference.docStatus": _codes("preliminary final amended entered-in-error"),
    "ClinicalImpression": _codes("in-progress completed entered-in-error"),
    "Condition.clinicalStatus": _codes("active recurrence relapse inactive remission resolved"),
    "Condition.verificationStatus": _codes(
        "unconfirmed provisional differential confirmed refuted entered-in-error"
    ),
    "AllergyIntolerance.clinicalStatus": _codes("active inactive resolved"),
    "AllergyIntolerance.verificationStatus": _codes(
        "unconfirmed confirmed refuted entered-in-error"
    ),
    "Flag": _codes("active inactive entered-in-error"),
    "Bundle.type": _codes(
        "document message transaction transaction-response batch batch-response history"
        " searchset collection"
    ),
}


def check_status(resource_type: str, code: Any, place: str) -> str:
    """The code itself; for a missing one "unknown" where R4 has that code (the caller counts it).

    `resource_type` is a key of STATUS_CODES. Raises FhirError for a code R4 does not know, and for
    a missing one where "unknown" is none of its codes.
    """
    known = STATUS_CODES[resource_type]
    if code is None:
        if "unknown" in known:
            return "unknown"
        raise FhirError(place, _("is missing"))
    if not isinstance(code, str) or code not in known:
        reason = _("“%(code)s” is no R4 code of %(type)s (it has %(known)s)") % {
            "code": str(code)[:50],
            "type": resource_type,
            "known": ", ".join(sorted(known)),
        }
        raise FhirError(place, reason)
    return code
