"""Charts that are closed to somebody: of restricted patients, to all but their team.

A patient's team are the general practitioner, and whoever is the practitioner or a participant of
a visit of theirs that was neither cancelled nor entered in error. Others open the chart by saying
why (EmergencyAccess). Who sees no charts at all (front desk, auditors) is not concerned: to them a
restricted patient looks like any other.

One subquery, answered from an index of the few restricted patients; it adds no query of its own.
Nearly every query about a chart has it, and putting it together anew took several times as long as
the database needed: its SQL is written once a process.
"""

import datetime as dt
import functools
from typing import Any, TypeVar

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from clinik import clock

CHART = "encounters.view_chart"
_NO_VISIT = ("cancelled", "entered-in-error")

Q_ = TypeVar("Q_", bound=models.QuerySet[Any])


def closed_to(user: Any) -> models.QuerySet[Any]:
    """Keys of the patients whose chart is closed to this user, who may see charts."""
    return _closed_to(user.pk, clock.now())


def _closed_to(user: int, now: dt.datetime) -> models.QuerySet[Any]:
    patients = apps.get_model("encounters", "Patient")._default_manager
    return (
        patients.order_by()
        .filter(restricted=True)
        .annotate(person=Coalesce(F("merged_into"), F("pk")))
        .exclude(Exists(_of_person("EmergencyAccess").filter(user=user, until__gt=now)))
        .exclude(Exists(_visits("Encounter", "").filter(practitioner__user=user)))
        .exclude(
            Exists(_visits("EncounterParticipant", "encounter__").filter(practitioner__user=user))
        )
        .exclude(general_practitioner__isnull=False, general_practitioner__user=user)
        .values("pk")
    )


# Stand for a user and a time in the SQL that is kept.
_SOME_USER, _SOME_TIME = -1, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@functools.cache
def _sql(using: str) -> tuple[str, tuple[Any, ...]]:
    """`closed_to` in SQL, and its parameters: those two where they belong."""
    query = _closed_to(_SOME_USER, _SOME_TIME).query
    sql, params = query.get_compiler(using).as_sql()
    return sql, tuple(params)


def _closed_keys(user: Any, using: str) -> RawSQL:
    """The same as `closed_to`, ready to stand inside a query of that database."""
    sql, params = _sql(using)
    time = connections[using].ops.adapt_datetimefield_value
    values = {_SOME_USER: user.pk, time(_SOME_TIME): time(clock.now())}
    return RawSQL(sql, [values.get(each, each) for each in params])


def _of_person(model: str, path: str = "") -> models.QuerySet[Any]:
    """Rows of the person of the outer query, whichever of their entries they stand with."""
    rows = apps.get_model("encounters", model)._default_manager.order_by()
    return rows.filter(
        Q(**{f"{path}patient": OuterRef("person")})
        | Q(**{f"{path}patient__merged_into": OuterRef("person")})
    )


def _visits(model: str, path: str) -> models.QuerySet[Any]:
    return _of_person(model, path).exclude(**{f"{path}status__in": _NO_VISIT})


def without_closed(rows: Q_, user: Any, path: str = "patient") -> Q_:
    """`rows` but those of a chart closed to the user; `path` leads to the patient."""
    if not user.has_perm(CHART):
        return rows
    return rows.exclude(**{f"{path}__in": _closed_keys(user, rows.db)})


def is_closed(user: Any, path: str = "patient") -> Any:
    """The same as a column of each row, for lists that name everybody."""
    if not user.has_perm(CHART):
        return Value(False, output_field=models.BooleanField())
    return Q(**{f"{path}__in": _closed_keys(user, DEFAULT_DB_ALIAS)})
