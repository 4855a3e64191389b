"""Which section answers `?add=<kind>` on the visit page."""

from typing import Any

from django.http import HttpRequest

from encounters.models import Encounter
from records.views import assessments, notes, observations, prescriptions, vitals
from records.views.adding import Adder, Adding

ADDERS: dict[str, Adder] = {
    module.ADDER.section.kind: module.ADDER
    for module in (vitals, notes, prescriptions, assessments, observations)
}


def start_adding(request: HttpRequest, encounter: Encounter, kind: str) -> Adding | None:
    """The form that was asked for; None where there is no such kind or it may not be added.

    The page hands it to the section partials as `adding`; only the one of its kind shows it.
    """
    user: Any = request.user
    adder = ADDERS.get(kind)
    if adder is None or not adder.section.may_add(encounter, user):
        return None
    return adder.start(encounter, user, request.GET)
