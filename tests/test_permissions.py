"""Who may open and who may send what: one row for each URL of the clinic's pages.

A URL that is not listed here fails the suite. GET and POST name the roles that get in; an empty
set means that the method is not served at all (405). "In" is any answer but a redirect to the
login, 403, 404 or 405: a form sent empty is in when it comes back with its errors.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, FRONT_DESK, NURSE
from encounters.models import EmergencyAccess, PatientAlert, PatientMerge, Practitioner
from records.models import NoteTemplate
from records.notes import DRAFT_EDIT
from tests.factories import EncounterFactory, PatientFactory, UserFactory

D, N, C, A, U = FRONT_DESK, NURSE, CLINICIAN, ADMINISTRATOR, AUDITOR
ROLES = (D, N, C, A, U)
NOBODY: frozenset[str] = frozenset()
EVERYBODY = frozenset(ROLES)
STAFF = frozenset({D, N, C, A})
CARE = frozenset({N, C})


@dataclass(frozen=True)
class Row:
    get: frozenset[str] = NOBODY
    post: frozenset[str] = NOBODY


def row(get: Any = NOBODY, post: Any = NOBODY) -> Row:
    return Row(frozenset(get), frozenset(post))


TABLE: dict[str, Row] = {
    "preferences": row(EVERYBODY, EVERYBODY),
    # One's own sessions. Who is logged in is asked by scripts, of nobody in particular.
    "healthz": row(EVERYBODY),
    "readyz": row(EVERYBODY),
    "session_state": row(EVERYBODY),
    "session_lock": row(post=EVERYBODY),
    "session_list": row(EVERYBODY),
    "session_end": row(post=EVERYBODY),
    "session_kept": row(EVERYBODY, EVERYBODY),
    # People
    "encounters:patient_list": row(EVERYBODY),
    "encounters:patient_find": row(EVERYBODY),
    "encounters:patient_register": row(STAFF, STAFF),
    "encounters:patient_duplicates": row(post=STAFF),
    "encounters:patient_not_same": row(post=STAFF),
    "encounters:patient_edit": row(STAFF, STAFF),
    "encounters:patient_deceased": row(STAFF, STAFF),
    # Restricted charts: the front desk and auditors see none, so they open none.
    "encounters:patient_restrict": row({C, A}, {C, A}),
    "encounters:patient_access": row({N, C, A}, {N, C, A}),
    # Who sees the chart writes down what a patient asks for and what went out; not all decide.
    "encounters:amendment_list": row({C, A}),
    "encounters:amendment_detail": row({N, C, A}, {C, A}),
    "encounters:amendment_add": row({N, C, A}, {N, C, A}),
    "encounters:patient_amendments": row({N, C, A}),
    "encounters:patient_disclosures": row({N, C, A}),
    "encounters:disclosure_add": row({N, C, A}, {N, C, A}),
    "encounters:disclosure_error": row({N, C, A}, {N, C, A}),
    "encounters:patient_merge": row({A}),
    "encounters:patient_merge_with": row({A}, {A}),
    "encounters:merge_undo": row({A}, {A}),
    "encounters:patient_retention": row({A}),
    "encounters:patient_retention_csv": row({A}),
    "records:patient_record": row({A}),
    "encounters:access_list": row({U}),
    "encounters:access_review": row({U}, {U}),
    # Everybody who works with patients may warn the others.
    "encounters:alert_add": row(STAFF, STAFF),
    "encounters:alert_end": row(STAFF, STAFF),
    "encounters:practitioner_find": row(EVERYBODY),
    "encounters:allergy_add": row(CARE, CARE),
    "encounters:allergy_none": row(post=CARE),
    "encounters:allergy_edit": row(CARE, CARE),
    "encounters:allergy_error": row(post=CARE),
    # The trail
    "encounters:trail_list": row({A, U}),
    "encounters:trail_csv": row({A, U}),
    "encounters:trail_unusual": row({A, U}),
    "encounters:trail_fhir": row({A, U}),
    "encounters:patient_trail": row({A, U}),
    # Visits
    "encounters:encounter_list": row(STAFF),
    "encounters:encounter_csv": row({C, A}),
    "encounters:encounter_open": row(STAFF, STAFF),
    "encounters:encounter_edit": row(STAFF, STAFF),
    "encounters:encounter_step": row(post=CARE),
    "encounters:encounter_step_back": row(STAFF, STAFF),
    "encounters:encounter_leave": row(CARE, CARE),
    "encounters:encounter_admit": row({C}, {C}),
    "encounters:encounter_room": row(STAFF, STAFF),
    "encounters:encounter_hand_over": row(CARE, CARE),
    "encounters:encounter_hand_over_all": row(CARE, CARE),
    "encounters:encounter_close": row(CARE, CARE),
    "encounters:encounter_cancel": row(STAFF, STAFF),
    "encounters:encounter_uncancel": row(post=STAFF),
    "encounters:encounter_reopen": row({C}, {C}),
    "encounters:encounter_times": row(CARE, CARE),
    "encounters:encounter_error": row(STAFF, STAFF),
    "encounters:encounter_restore": row({A}, {A}),
    "encounters:condition_find": row({C, A}),
    "encounters:diagnosis_add": row({C}, {C}),
    "encounters:diagnosis_edit": row({C, A}, {C, A}),
    "encounters:diagnosis_error": row(post={C, A}),
    "encounters:diagnosis_promote": row(post={C}),
    "encounters:problem_add": row({C}, {C}),
    "encounters:problem_resolve": row(post={C, A}),
    "encounters:problem_unresolve": row(post={C, A}),
    # The chart
    # Auditors, who see no visit, are sent on to the patients.
    "records:board_today": row(EVERYBODY),
    "records:board_earlier": row(STAFF, STAFF),
    "records:todo_list": row(STAFF),
    "records:todo_count": row(STAFF),
    "records:patient_detail": row(EVERYBODY),
    "records:patient_timeline": row(STAFF),
    "records:patient_trend": row({N, C, A}),
    "records:patient_export": row({C, A}),
    "records:encounter_export": row({C, A}),
    "records:patient_kept": row({N, C, A}),
    "records:encounter_detail": row(STAFF),
    "records:encounter_move": row(STAFF, STAFF),
    "records:encounter_print": row(STAFF),
    "records:encounter_past": row(CARE, CARE),
    "records:vitals_add": row(CARE, CARE),
    "records:vitals_line": row(CARE, CARE),
    "records:vitals_reading": row(post=CARE),
    "records:observation_add": row(CARE, CARE),
    "records:observation_labs": row(CARE, CARE),
    "records:observation_seen": row(CARE, CARE),
    "records:observation_correct": row(CARE, CARE),
    "records:note_add": row(CARE, CARE),
    "records:note_edit": row(CARE, CARE),
    "records:note_draft": row(post=CARE),
    "records:note_sign": row(CARE, CARE),
    "records:note_addendum": row(CARE, CARE),
    "records:note_cosign": row(CARE, CARE),
    "records:note_cosigner": row(CARE, CARE),
    "records:template_list": row(CARE),
    "records:template_add": row(CARE, CARE),
    "records:template_edit": row(CARE, CARE),
    "records:template_remove": row(post=CARE),
    "records:template_restore": row(post=CARE),
    "records:prescription_add": row(CARE, CARE),
    "records:prescription_edit": row(CARE, CARE),
    "records:instrument_add": row(CARE, CARE),
    "records:medication_check": row(CARE),
    "records:medication_print": row(CARE | {A}),
    "records:prescription_print": row(CARE | {A}),
    "records:medication_find": row(CARE),
    "records:dosage_read": row(CARE),
    "records:prescription_step": row(CARE, CARE),
    "records:assessment_add": row({C}, {C}),
    "records:row_versions": row({N, C, A}),
    "records:record_error": row({N, C, A}, {N, C, A}),
}

# Open to strangers, and saying nothing of the clinic.
PUBLIC = {"healthz", "readyz", "session_state"}

# Served by libraries, with tests of their own in tests/test_login.py and tests/test_admin*.py.
ELSEWHERE = ("account_", "mfa_", "admin:", "socialaccount_", "usersessions_")


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            space = f"{entry.namespace}:" if entry.namespace else ""
            yield from _patterns(entry, prefix + space)
        else:
            yield f"{prefix}{entry.name or entry.pattern}", entry


def _own() -> dict[str, URLPattern]:
    return {
        name: pattern
        for name, pattern in _patterns(get_resolver())
        if not name.startswith(ELSEWHERE)
    }


def test_every_url_is_listed() -> None:
    assert set(_own()) == set(TABLE)


@pytest.fixture
def world(db: None) -> dict[str, Any]:
    return make_world()


def make_world() -> dict[str, Any]:
    """One row of each kind for the ids in URLs, by URL name where the parameter's is not enough."""
    from tests import factories

    visit = EncounterFactory(status="in-progress")
    planned = EncounterFactory(status="planned", patient=PatientFactory())
    rows: dict[str, Any] = {"patient_pk": visit.patient_id, "encounter_pk": visit.pk}
    made = {
        "patient": visit.patient,
        "encounter": visit,
        "planned": planned,
        "diagnosis": factories.DiagnosisFactory(encounter=visit),
        "problem": factories.DiagnosisFactory(
            encounter=None, patient=visit.patient, category="problem-list-item"
        ),
        "allergy": factories.AllergyFactory(patient=visit.patient),
        "alert": PatientAlert.objects.create(
            patient=visit.patient, text="Falls", start=visit.created
        ),
        "note": factories.NoteFactory(encounter=visit, patient=visit.patient),
        "prescription": factories.PrescriptionFactory(encounter=visit, patient=visit.patient),
        "observation": factories.ObservationFactory(encounter=visit, patient=visit.patient),
        "merge": PatientMerge.objects.create(
            gone=PatientFactory(merged_into=visit.patient),
            kept=visit.patient,
            by=UserFactory(),
            at=visit.created,
            reason="Same card",
        ),
        "access": EmergencyAccess.objects.create(
            user=UserFactory(),
            patient=visit.patient,
            reason="Called",
            start=visit.created,
            until=visit.created + dt.timedelta(hours=1),
        ),
        "amendment": factories.AmendmentFactory(patient=visit.patient),
        "disclosure": factories.DisclosureFactory(patient=visit.patient),
        "template": NoteTemplate.objects.create(
            practitioner=factories.PractitionerFactory(), name="Own", body="Plan:"
        ),
    }
    return rows | {"made": made}


def url_of(name: str, pattern: URLPattern, world: dict[str, Any]) -> str:
    noun = name.partition(":")[2].split("_")[0]
    kwargs: dict[str, Any] = {}
    for parameter in pattern.pattern.converters:
        if parameter == "pk":
            kwargs["pk"] = world["made"][noun if noun in world["made"] else "note"].pk
        elif parameter == "verb":
            kwargs["verb"] = {"encounter": "start", "prescription": "stop"}[noun]
        elif parameter == "kind":
            kwargs["kind"] = "note"
        elif parameter == "sign":
            kwargs["sign"] = "pulse"
        elif parameter == "instrument_key":
            kwargs[parameter] = "phq-9"
        elif parameter == "form":
            kwargs["form"] = DRAFT_EDIT
        elif parameter == "target":
            kwargs["target"] = world["made"]["note"].pk
        else:
            kwargs[parameter] = world.get(parameter) or PatientFactory().pk
    return reverse(name, kwargs=kwargs)


def _client(role: str | None, world: dict[str, Any] | None = None) -> Client:
    """A client of a role, who wrote the world's records where the role may write any."""
    client = Client()
    if role is None:
        return client
    user = UserFactory(role=role)
    client.force_login(user)
    author = Practitioner.objects.filter(user=user).first()
    if world and author:
        for kind in ("note", "prescription", "observation"):
            row = world["made"][kind]
            type(row).objects.filter(pk=row.pk).update(author=author)
        NoteTemplate.objects.update(practitioner=author)
    return client


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back: worlds are dear, the next wants it as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", sorted(TABLE.keys() - PUBLIC))
def test_anonymous_is_sent_to_the_login(name: str, world: dict[str, Any]) -> None:
    url = url_of(name, _own()[name], world)
    for response in (_client(None).get(url), _client(None).post(url)):
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_role_gets_in_where_the_table_says(name: str, world: dict[str, Any]) -> None:
    url = url_of(name, _own()[name], world)
    for role in ROLES:
        with undone():
            _holds(name, role, url, _client(role, world))


def _holds(name: str, role: str, url: str, client: Client) -> None:
    for method, allowed in (("get", TABLE[name].get), ("post", TABLE[name].post)):
        status = getattr(client, method)(url).status_code
        said = (role, method, status)
        if not allowed:
            assert status in (403, 404, 405), said
        elif role in allowed:
            assert status not in (403, 404, 405), said
            assert status < 500, said
        else:
            assert status in (403, 404), said


def test_no_other_method_is_served(world: dict[str, Any]) -> None:
    """Django's own form views would answer PUT as they answer POST. By somebody who gets in: who
    does not is refused before the method is looked at."""
    clients = {role: _client(role, world) for role in (AUDITOR, ADMINISTRATOR, CLINICIAN)}
    for name, pattern in _own().items():
        url = url_of(name, pattern, world)
        allowed = TABLE[name].get | TABLE[name].post
        client = [clients[role] for role in clients if role in allowed][-1]
        for method in ("put", "patch", "delete", "options", "trace"):
            status = getattr(client, method)(url).status_code
            assert status == 405, (name, method, status)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_missing_row_is_not_found(name: str, world: dict[str, Any]) -> None:
    pattern = _own()[name]
    ids = [p for p in pattern.pattern.converters if p.endswith("pk") or p == "target"]
    if not ids:
        assert "<uuid" not in str(pattern.pattern)
        return
    nowhere = dict.fromkeys(ids, uuid.UUID(int=7))
    others = {
        parameter: {
            "kind": "note",
            "form": DRAFT_EDIT,
            "verb": "start",
            "sign": "pulse",
            "instrument_key": "phq-9",
        }[parameter]
        for parameter in pattern.pattern.converters
        if parameter not in ids
    }
    url = reverse(name, kwargs=nowhere | others)
    table = TABLE[name]
    method, roles = ("get", table.get) if table.get else ("post", table.post)
    assert getattr(_client(sorted(roles)[0]), method)(url).status_code == 404
