"""An event of the audit trail as a FHIR R4 AuditEvent (https://hl7.org/fhir/R4/auditevent.html)."""

from typing import Any

from clinik.trail import AuditEvent

ACT_SYSTEM = "urn:clinik:act"
LOGIN_SYSTEM = "urn:clinik:login"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"

# AuditEvent.type, a value of DICOM's audit event ids; the first that fits.
_AUTHENTICATION = ("110114", "User Authentication")
_SECURITY = ("110113", "Security Alert")
_BY_LAST_WORD = {
    "search": ("110112", "Query"),
    "export": ("110106", "Export"),
    "exported": ("110106", "Export"),
    "import": ("110107", "Import"),
    "run": ("110107", "Import"),
}
_PATIENT_RECORD = ("110110", "Patient Record")
_APPLICATION = ("110100", "Application Activity")


def auditevent(event: AuditEvent, *, observer: str, reason: bool) -> dict[str, Any]:
    """The resource; `observer` is the installation's name, `reason` says whether the words that
    the person gave may be told. Asks the database nothing: `by` is read already."""
    resource: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(event.pk),
        "type": _coding(_DCM, *_type_of(event)),
        "subtype": [_coding(ACT_SYSTEM, event.act)],
        "action": event.action,
        "recorded": event.at.isoformat(),
        "outcome": event.outcome,
        "agent": [_agent(event)],
        "source": {"observer": {"display": observer}},
    }
    if reason and event.reason:
        resource["outcomeDesc"] = event.reason
    resource["entity"] = [*_people_and_visits(event), _row(event)]
    return resource


def _coding(system: str, code: str, display: str = "") -> dict[str, str]:
    coding = {"system": system, "code": code}
    return coding | {"display": display} if display else coding


def _type_of(event: AuditEvent) -> tuple[str, str]:
    kind, _dot, last = event.act.rpartition(".")
    if event.object_type == "clinik.user" or kind in ("user", "role"):
        about_login = last.startswith(("log_", "second_step_failed", "lock", "unlock"))
        return _AUTHENTICATION if about_login else _SECURITY
    fallback = _PATIENT_RECORD if event.patient_id else _APPLICATION
    return _BY_LAST_WORD.get(last, fallback)


def _agent(event: AuditEvent) -> dict[str, Any]:
    agent: dict[str, Any] = {"requestor": event.by is not None}
    if event.by is not None:
        agent["who"] = {
            "identifier": {"system": LOGIN_SYSTEM, "value": event.by.username},
            "display": str(event.by),
        }
        agent["altId"] = str(event.by_id)
    else:
        agent["who"] = {"display": "system"}
    if event.role:
        agent["role"] = [{"text": role} for role in event.role.split(", ")]
    if event.address:
        agent["network"] = {"address": str(event.address), "type": "2"}
    return agent


def _people_and_visits(event: AuditEvent) -> list[dict[str, Any]]:
    found = []
    if event.patient_id:
        found.append(
            {
                "what": {"reference": f"Patient/{event.patient_id}"},
                "type": _coding(_ENTITY_TYPE, "1", "Person"),
                "role": _coding(_ENTITY_ROLE, "1", "Patient"),
            }
        )
    if event.encounter_id:
        found.append(
            {
                "what": {"reference": f"Encounter/{event.encounter_id}"},
                "type": _coding(_ENTITY_TYPE, "2", "System Object"),
                "role": _coding(_ENTITY_ROLE, "4", "Domain Resource"),
            }
        )
    return found


def _row(event: AuditEvent) -> dict[str, Any]:
    """What was acted upon, with the names of its changed fields and its version."""
    entity: dict[str, Any] = {
        "type": _coding(_ENTITY_TYPE, "2", "System Object"),
        "role": _coding(_ENTITY_ROLE, "4", "Domain Resource"),
        "name": event.object_type,
    }
    if event.object_id:
        system = f"urn:clinik:{event.object_type}"
        entity["what"] = {"identifier": {"system": system, "value": event.object_id}}
    said = [("field", str(name)) for name in event.fields]
    if event.version is not None:
        said.append(("version", str(event.version)))
    if event.request_id:
        said.append(("request", event.request_id))
    said += [
        (str(name), str(value)) for name, value in event.detail.items() if value not in ("", None)
    ]
    if said:
        entity["detail"] = [{"type": name, "valueString": value} for name, value in said]
    return entity
