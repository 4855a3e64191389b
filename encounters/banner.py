"""The line about the patient over every page, fragment and print-out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, TextField, Value
from django.db.models.functions import Cast
from django.dispatch import Signal
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinik import clock
from clinik.names import mistakable
from encounters.access import is_closed_to
from encounters.allergies import statements
from encounters.models import Allergy, Encounter, Patient, PatientAlert

# Of a day's visits; a clinic with more would need an index by sound.
MOST_VISITS_A_DAY = 500
# Names alike that the banner says: those of families, twins and namesakes, without covering it.
MOST_ALIKE = 3


# Sent with patient= and user=; a receiver returns an Addition, or None.
banner_asking = Signal()


@dataclass(frozen=True)
class Addition:
    """Alerts that another floor knows: `rows` have columns() and are read with the banner's own.

    `words` makes the alerts of them, from the four texts of each row.
    """

    kind: str
    rows: Any
    words: Callable[[list[tuple[str, ...]]], list[str]]


@dataclass(frozen=True)
class Banner:
    """All that templates/_banner.html shows; texts are ready, an empty one is left out.

    `allergy_state` is "known", "none", "unasked", or "hidden" for users who see no chart.
    """

    url: str
    family: str
    given: str
    sex: str
    age: str
    born: str
    number: str
    town: str
    deceased: str
    merged: str
    alerts: tuple[str, ...]
    allergies: tuple[str, ...]
    allergy_state: str


def for_patient(patient: Patient, user: Any) -> Banner:
    """The banner for this user; two queries, whatever the patient has. A merged entry says so.

    Of a restricted patient a third says whether the chart is closed to the user.
    """
    closed = is_closed_to(patient, user)
    texts = _texts(patient, None if closed else user)
    age = patient.age_at()
    state = "hidden"
    allergies: tuple[str, ...] = ()
    if user.has_perm("encounters.view_allergy") and not closed:
        allergies = texts["allergy"]
        state = "known" if allergies else "none" if texts["none"] else "unasked"
    return Banner(
        url=reverse("records:patient_detail", args=[patient.pk]),
        family=patient.family,
        given=_given(patient),
        sex=str(patient.sex_letter),
        age=age.words if age else _("age not known"),
        born=patient.born_words or _("not known"),
        number=patient.number,
        town=patient.city,
        deceased=_died(patient),
        merged=patient.merged_into.number if patient.merged_into else "",
        alerts=(*_own_alerts(patient), *texts["alert"], *_name_alerts(patient)),
        allergies=allergies,
        allergy_state=state,
    )


def name_alert(patient: Patient, others: list[Patient]) -> str:
    """What tells a patient from others of today with a name alike; empty where there is none."""
    alike = [
        other
        for other in others
        if other.pk != patient.pk
        and mistakable(patient.family, patient.given, other.family, other.given)
    ]
    named = [f"{other.name} {other.born_words} {other.number}" for other in alike[:MOST_ALIKE]]
    if more := len(alike) - len(named):
        named.append(_("%(n)d more") % {"n": more})
    return ", ".join(named)


def _given(patient: Patient) -> str:
    if patient.known_as and patient.known_as != patient.given:
        return _("%(given)s “%(known_as)s”") % {
            "given": patient.given,
            "known_as": patient.known_as,
        }
    return patient.given


def _died(patient: Patient) -> str:
    if patient.deceased_at is None:
        return _("date not known") if patient.deceased else ""
    return date_format(timezone.localtime(patient.deceased_at), "DATE_FORMAT")


def _own_alerts(patient: Patient) -> list[str]:
    alerts = []
    if patient.restricted:
        alerts.append(_("restricted"))
    if patient.identity_unverified:
        alerts.append(_("identity not verified"))
    if patient.interpreter_needed:
        language = patient.language
        alerts.append(
            _("interpreter: %(language)s") % {"language": language}
            if language
            else _("interpreter")
        )
    return alerts


def _texts(patient: Patient, user: Any) -> dict[str, tuple[str, ...]]:
    """Alerts, active allergies and "none known" in one query: three tables, one shape of row.

    Without a user, who may not see the chart, other floors are not asked.
    """
    alerts = (
        PatientAlert.objects.of_patient(patient).in_force().annotate(**columns("alert", "text"))
    )
    allergies = (
        Allergy.objects.of_patient(patient)
        .active()
        .annotate(
            **columns(
                "allergy", "substance_text", "substance_display", "substance_code", "reaction"
            )
        )
    )
    none = statements(patient).annotate(**columns("none"))
    asked: Any = (
        banner_asking.send(sender=Patient, patient=patient, user=user) if user is not None else ()
    )
    added: dict[str, Addition] = {one.kind: one for _who, one in asked if one is not None}
    others = [_rows(queryset) for queryset in (allergies, none, *(a.rows for a in added.values()))]
    rows = _rows(alerts).union(*others, all=True).order_by("row_key")
    found: dict[str, list[str]] = {"alert": [], "allergy": [], "none": []}
    raw: dict[str, list[tuple[str, ...]]] = {kind: [] for kind in added}
    for kind, text, display, code, reaction, _key in rows:
        if kind in raw:
            raw[kind].append((text, display, code, reaction))
            continue
        words = text or display or code or kind
        found[kind].append(f"{words} ({reaction})" if reaction else words)
    for kind, addition in added.items():
        found["alert"] += addition.words(raw[kind])
    return {kind: tuple(dict.fromkeys(texts)) for kind, texts in found.items()}


_ROW = ("row_kind", "row_text", "row_display", "row_code", "row_more", "row_key")


def _rows(queryset: Any) -> Any:
    return queryset.order_by().values_list(*_ROW)


def columns(kind: str, *names: str) -> dict[str, Any]:
    """Expressions of one type each, so that both databases put the three queries together."""
    given: list[Any] = [Cast(F(name), TextField()) for name in names]
    empty = [Value("", output_field=TextField())] * (4 - len(given))
    return dict(
        zip(
            _ROW,
            [Value(kind, output_field=TextField()), *given, *empty, F("pk")],
            strict=True,
        )
    )


def _name_alerts(patient: Patient) -> list[str]:
    """Others who come today under a name alike, with what tells them apart; one query."""
    visits = Encounter.objects.listed().dated_within(clock.today(), clock.today())
    others = Patient.objects.order_by().filter(pk__in=visits.order_by().values("patient"))
    alike = name_alert(patient, list(others[:MOST_VISITS_A_DAY]))
    return [_("name alert: today also %(who)s") % {"who": alike}] if alike else []
