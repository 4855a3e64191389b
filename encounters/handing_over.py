"""All of my open visits at once to somebody else: at the end of a shift, or when one falls ill."""

import uuid
from collections.abc import Collection
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from encounters.models import Encounter, Practitioner
from encounters.staying import hand_over
from encounters.steps import VERBS, require

# More than anybody has at once; who has more hands over twice.
MOST = 200


def open_visits_of(practitioner: Practitioner) -> QuerySet[Encounter]:
    """What this practitioner is responsible for now, oldest first."""
    return Encounter.objects.filter(practitioner=practitioner).open().order_by("date", "id")


def hand_over_all(
    *, by: Any, to: Practitioner, visits: Collection[uuid.UUID] | None = None
) -> list[Encounter]:
    """Hand over the open visits of the login's own practitioner: all, or those of `visits`.

    All or none. One that was closed or handed over since the list was read is left alone, so that
    sending it twice acts once. Raises PermissionDenied, ValidationError keyed by `to`.
    """
    require(by, VERBS["hand_over"].permission)
    mine = Practitioner.objects.filter(user=by.pk).first()
    if mine is None:
        raise PermissionDenied(_("Your login names no practitioner, so no visit is yours."))
    if to == mine:
        raise ValidationError({"to": _("They are yours already. Name somebody else.")})
    if not to.active:
        raise ValidationError({"to": _("Choose somebody who works here now.")})
    with transaction.atomic():
        found = open_visits_of(mine).select_for_update(of=("self",))
        if visits is not None:
            found = found.filter(pk__in=visits)
        return [hand_over(visit, by=by, to=to) for visit in found[:MOST]]
