"""Whether a resource has R4's shape, as far as Clinik reads it: lists, choices, versions."""

import re
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from clinik.fhir.errors import FhirError
from clinik.fhir.references import check_id
from clinik.fhir.statuses import check_status
from clinik.fhir.values import as_object
from clinik.fhir.wire import choice_of

_TYPE = re.compile(r"[A-Z][A-Za-z]+")


def _paths(text: str) -> frozenset[str]:
    return frozenset(text.split())


# 0..* elements of the resources that are imported, parents with their children.
LISTS: dict[str, frozenset[str]] = {
    "Bundle": _paths("link entry entry.link"),
    "Patient": _paths(
        "identifier name name.given name.prefix name.suffix telecom address address.line photo"
        " contact contact.relationship contact.telecom communication generalPractitioner link"
    ),
    "Practitioner": _paths(
        "identifier name name.given name.prefix name.suffix telecom address address.line"
        " qualification communication"
    ),
    "PractitionerRole": _paths("identifier code specialty location healthcareService telecom"),
    "Organization": _paths("identifier type alias telecom address contact"),
    "Location": _paths("identifier alias type telecom"),
    "Encounter": _paths(
        "identifier statusHistory classHistory type episodeOfCare basedOn participant"
        " participant.type appointment reasonCode reasonReference diagnosis account location"
        " hospitalization.dietPreference hospitalization.specialCourtesy"
        " hospitalization.specialArrangement"
    ),
    "Condition": _paths(
        "identifier category bodySite stage stage.assessment evidence evidence.code"
        " evidence.detail note"
    ),
    "Observation": _paths(
        "identifier basedOn partOf category focus performer interpretation note referenceRange"
        " referenceRange.appliesTo hasMember derivedFrom component component.interpretation"
        " component.referenceRange"
    ),
    "DocumentReference": _paths(
        "identifier category author relatesTo securityLabel content context.encounter"
        " context.event context.related"
    ),
    "DiagnosticReport": _paths(
        "identifier basedOn category performer resultsInterpreter specimen result imagingStudy"
        " media conclusionCode presentedForm"
    ),
    "MedicationRequest": _paths(
        "identifier category supportingInformation reasonCode reasonReference"
        " instantiatesCanonical instantiatesUri basedOn insurance note dosageInstruction"
        " dosageInstruction.additionalInstruction dosageInstruction.doseAndRate detectedIssue"
        " eventHistory"
    ),
    "ClinicalImpression": _paths(
        "identifier problem investigation investigation.item protocol finding"
        " prognosisCodeableConcept prognosisReference supportingInfo note"
    ),
    "AllergyIntolerance": _paths(
        "identifier category note reaction reaction.manifestation reaction.note"
    ),
    "Flag": _paths("identifier category"),
}

# 0..1 and 1..1 elements that Clinik reads: a list there is another FHIR version, or broken.
SINGLES: dict[str, frozenset[str]] = {
    "Bundle": _paths("type entry.resource entry.request entry.fullUrl"),
    "Patient": _paths("birthDate gender active maritalStatus"),
    "Practitioner": _paths("active"),
    "PractitionerRole": _paths("practitioner organization"),
    "Encounter": _paths(
        "status class serviceType priority subject period length hospitalization"
        " serviceProvider partOf participant.individual participant.period diagnosis.condition"
        " diagnosis.use diagnosis.rank location.location"
    ),
    "Condition": _paths("clinicalStatus verificationStatus severity code subject encounter"),
    "Observation": _paths("status code subject encounter issued bodySite method component.code"),
    "DocumentReference": _paths("status docStatus type subject date context content.attachment"),
    "DiagnosticReport": _paths("status code subject encounter issued"),
    "MedicationRequest": _paths(
        "status intent priority subject encounter authoredOn requester dispenseRequest"
    ),
    "ClinicalImpression": _paths(
        "status code subject encounter date assessor previous summary description"
    ),
    "AllergyIntolerance": _paths(
        "clinicalStatus verificationStatus type criticality code patient encounter recorder"
    ),
    "Flag": _paths("status code subject period encounter author"),
}

REQUIRED = {"Bundle": ("type",), "Observation": ("code",)}

# Elements that only another version of the resource has.
_OTHER_VERSIONS = {
    "R5": {
        "Encounter": _paths("actualPeriod plannedStartDate plannedEndDate admission subjectStatus"),
        "Observation": _paths("triggeredBy bodyStructure instantiatesCanonical"),
        "MedicationRequest": _paths("medication reason effectiveDosePeriod informationSource"),
        "DocumentReference": _paths("attester modality bodySite"),
        "Condition": _paths("participant"),
        "AllergyIntolerance": _paths("participant"),
        "ClinicalImpression": _paths("performer"),
    },
    "STU3": {
        "Encounter": _paths("incomingReferral"),
        "Observation": _paths("context related comment"),
        "MedicationRequest": _paths("context definition"),
        "DocumentReference": _paths("class created indexed"),
        "Condition": _paths("context assertedDate"),
        "AllergyIntolerance": _paths("assertedDate"),
        "ClinicalImpression": _paths("context action"),
        "Patient": _paths("animal"),
    },
}
# A list here means R5 where R4 has one object.
_LISTS_IN_R5 = {"Encounter": "class", "DocumentReference": "context"}


def check_shape(resource: Any, place: str, *, odd: bool = True) -> None:
    """Raises FhirError where `resource` is no R4 resource; what it contains is checked too.

    `place` is where it stands ("Patient", "Bundle.entry[3].resource"). Refused are empty lists and
    objects, two values for one choice ("value[x]"), an object where a list belongs and the other
    way round, a missing or odd resourceType, bad ids, elements that only R5 or STU3 has, a Bundle
    without type and an Observation without code.
    Unknown elements and missing ones are not. `odd` is what `load_suspecting` said of it: False
    saves the search for what cannot be there.
    """
    as_object(resource, place)
    if odd:
        _check_values(resource, place)
    _check_resource(resource, place)


def _check_values(value: Any, place: str) -> None:
    if isinstance(value, dict):
        if not value:
            raise FhirError(place, _("an empty object"))
        _check_choices(value, place)
        for key, item in value.items():
            if isinstance(item, dict | list):
                _check_values(item, f"{place}.{key}")
    elif isinstance(value, list):
        if not value:
            raise FhirError(place, _("an empty list"))
        for number, item in enumerate(value):
            if isinstance(item, dict | list):
                _check_values(item, f"{place}[{number}]")


def _check_choices(obj: dict[str, Any], place: str) -> None:
    found: dict[str, str] | None = None
    for key in obj:
        choice = choice_of(key)
        if choice is None:
            continue
        element, name = choice
        if found is None:
            found = {}
        if found.setdefault(element, name) != name:
            reason = _("two values: %(one)s and %(two)s") % {"one": found[element], "two": name}
            raise FhirError(f"{place}.{element}[x]", reason)


def _check_resource(resource: dict[str, Any], place: str) -> None:
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise FhirError(f"{place}.resourceType", _("the type of the resource is missing"))
    if resource.get("id") is not None:
        check_id(resource["id"], f"{place}.id")
    _check_version(kind, resource, place)
    _check_elements(resource, _elements(kind), place)
    for name in REQUIRED.get(kind, ()):
        if resource.get(name) is None:
            raise FhirError(f"{place}.{name}", _("is missing"))
    if kind == "Bundle":
        check_status("Bundle.type", resource["type"], f"{place}.type")
    for where, inner in _inner(kind, resource, place):
        _check_resource(as_object(inner, where), where)


def _inner(kind: str, resource: dict[str, Any], place: str) -> list[tuple[str, Any]]:
    contained = resource.get("contained") or []
    if not isinstance(contained, list):
        raise FhirError(f"{place}.contained", _("an object where a list belongs"))
    inner = [(f"{place}.contained[{n}]", item) for n, item in enumerate(contained)]
    if kind == "Bundle":
        for number, entry in enumerate(resource.get("entry") or []):
            where = f"{place}.entry[{number}]"
            if as_object(entry, where).get("resource") is not None:
                inner.append((f"{where}.resource", entry["resource"]))
    return inner


def _check_version(kind: str, resource: dict[str, Any], place: str) -> None:
    version, name = "", ""
    if isinstance(resource.get(_LISTS_IN_R5.get(kind, "")), list):
        version, name = "R5", _LISTS_IN_R5[kind]
    elif kind == "Encounter" and isinstance(resource.get("reason"), list):
        # R4 renamed it to reasonCode; R5 took the name again, with an object of use and value.
        first = resource["reason"][0]
        is_r5 = isinstance(first, dict) and bool({"use", "value"} & first.keys())
        version, name = "R5" if is_r5 else "STU3", "reason"
    else:
        for candidate, kinds in _OTHER_VERSIONS.items():
            foreign = sorted(kinds.get(kind, frozenset()) & resource.keys())
            if foreign:
                version, name = candidate, foreign[0]
                break
    if version:
        reason = _("an %(version)s %(type)s, not R4") % {"version": version, "type": kind}
        raise FhirError(f"{place}.{name}", reason)


class _Element:
    """What is known of one element: whether it is a list (None: not said), and its children."""

    __slots__ = ("children", "is_list")

    def __init__(self) -> None:
        self.is_list: bool | None = None
        self.children: dict[str, _Element] = {}


@cache
def _elements(kind: str) -> dict[str, _Element]:
    """The paths of LISTS and SINGLES as a tree, to be followed in one walk."""
    root = _Element()
    for paths, is_list in ((LISTS.get(kind, ()), True), (SINGLES.get(kind, ()), False)):
        for path in paths:
            element = root
            for name in path.split("."):
                element = element.children.setdefault(name, _Element())
            element.is_list = is_list
    return root.children


def _check_elements(obj: dict[str, Any], known: dict[str, _Element], place: str) -> None:
    for name, value in obj.items():
        element = known.get(name)
        if element is None or value is None:
            continue
        is_list = isinstance(value, list)
        if element.is_list is not None and element.is_list is not is_list:
            reason = (
                _("a list belongs here") if element.is_list else _("a list where one value belongs")
            )
            raise FhirError(f"{place}.{name}", reason)
        if not element.children:
            continue
        if not is_list:
            if isinstance(value, dict):
                _check_elements(value, element.children, f"{place}.{name}")
            continue
        for number, item in enumerate(value):
            if isinstance(item, dict):
                _check_elements(item, element.children, f"{place}.{name}[{number}]")
