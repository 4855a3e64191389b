"""The label that everything of a restricted chart goes out with.

`meta.security` says R (v3-Confidentiality) on the Patient and on each resource about them, so that
whoever receives them knows. What was sent with a label keeps it; an import keeps the label and
restricts nobody, because whom a chart is open to is this clinic's to say.
"""

from typing import Any
from uuid import UUID

from encounters.fhir.common import RESTRICTED, is_restricted
from encounters.fhir.writing import Resource
from encounters.models import Patient
from records.exporting.rows import key


class Labels:
    """Whose chart is restricted, as one state of the database says: few people."""

    def __init__(self) -> None:
        closed = Patient.objects.order_by().filter(restricted=True)
        self._closed = {_text(found) for found in closed.values_list(key(), flat=True)}

    def on(self, resource: Resource, patient_id: Any) -> Resource:
        """The resource of this patient, with the label where their chart is restricted."""
        if not self._closed or _text(patient_id) not in self._closed:
            return resource
        if is_restricted(resource):
            return resource
        meta = resource.get("meta", {})
        security = [*meta.get("security", []), RESTRICTED]
        return {**resource, "meta": {**meta, "security": security}}


def _text(found: Any) -> str:
    """Keys as drivers and the ORM give them, in one spelling."""
    return found.hex if isinstance(found, UUID) else str(found)
