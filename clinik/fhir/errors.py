"""The one error that reading FHIR raises."""


class FhirError(ValueError):
    """Something is not FHIR R4. `place` is FHIRPath-like, empty where the whole file is meant."""

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}" if place else reason)

    def __reduce__(self) -> tuple[type["FhirError"], tuple[str, str]]:
        return FhirError, (self.place, self.reason)
