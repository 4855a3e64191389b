"""The audit trail's pages: what they find, what they leave out, and whom they show what."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from fhir.resources.R4B.auditevent import AuditEvent as FhirAuditEvent

from clinik import audit, clock
from clinik.models import AuditEvent
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN, NURSE
from encounters import trail
from encounters.models import EncounterParticipant
from tests.factories import EncounterFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("encounters:trail_list")


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(UserFactory(role=AUDITOR, username="auditor"))
    return client


def doctor(username: str) -> Any:
    return UserFactory(role=CLINICIAN, username=username)


def shown(response: Any) -> list[AuditEvent]:
    assert response.status_code == 200, response.content.decode()
    return list(AuditEvent.objects.filter(pk__in=[line.id for line in response.context["lines"]]))


def acts(client: Client, url: str = LIST, **query: str) -> set[tuple[str, str]]:
    found = shown(client.get(url, query))
    return {(event.act, event.by.username if event.by else "") for event in found}


def test_trail_is_searched_by_person_act_kind_and_outcome(auditor: Client) -> None:
    ann, ben = doctor("ann"), doctor("ben")
    patient = PatientFactory()
    audit.record_view(patient, by=ann)
    audit.record("patient.change", patient, by=ben, fields=["city"])
    audit.record_login("user.log_in_failed", ben)
    assert acts(auditor, person="ANN") == {("patient.view", "ann")}
    assert acts(auditor, act="change") == {("patient.change", "ben")}
    assert acts(auditor, act="patient.view") == {("patient.view", "ann")}
    assert acts(auditor, act="patient", action="U") == {("patient.change", "ben")}
    assert acts(auditor, outcome="4") == {("user.log_in_failed", "")}
    # By what an act is called, too.
    assert acts(auditor, act="Details changed") == {("patient.change", "ben")}
    assert acts(auditor, act="user: login failed") == {("user.log_in_failed", "")}
    assert acts(auditor, person="ann", act="change") == set()


def test_trail_is_sorted_by_each_element(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, ben = doctor("ann"), doctor("ben")
    first, second = sorted((PatientFactory(), PatientFactory()), key=lambda row: str(row.pk))
    made = [
        audit.record_view(second, by=ben),
        audit.record("patient.change", second, by=ann, fields=["city"]),
        audit.record_view(EncounterFactory(patient=first), by=ben),
        audit.record_view(first, by=ann),
    ]
    query = {"since": clock.today().isoformat(), "patient": ""}
    orders = {
        "person": [3, 1, 2, 0],
        "patient": [3, 2, 1, 0],
        "act": [2, 1, 3, 0],
        "kind": [2, 3, 1, 0],
    }
    for sort, order in orders.items():
        wanted = [made[place].pk for place in order]
        page = auditor.get(LIST, query | {"sort": sort})
        keys = [made_.pk for made_ in made]
        lines = [line.id for line in page.context["lines"]]
        assert [key for key in lines if key in keys] == wanted, sort
        if sort == "patient":
            # What is about nobody comes last, whichever the database.
            assert lines[: len(keys)] == wanted
        answer = auditor.get(reverse("encounters:trail_csv"), query | {"sort": sort})
        rows = b"".join(answer).decode("utf-8-sig").splitlines()[1:]
        ids = [int(row.split(",")[0].strip('"')) for row in rows]
        assert [key for key in ids if key in keys] == wanted, sort
    without = auditor.get(LIST, {"sort": "act"})
    assert without.status_code == 422
    assert "from which day" in without.content.decode()
    monkeypatch.setattr(trail, "MOST_SORTED", 2)
    too_many = auditor.get(LIST, query | {"sort": "act"})
    assert too_many.status_code == 422
    assert "too many to sort" in too_many.content.decode()


def test_trail_is_searched_by_patient_and_the_entries_merged_into_it(auditor: Client) -> None:
    ann = doctor("ann")
    patient, other = PatientFactory(), PatientFactory()
    older = PatientFactory(merged_into=patient)
    oldest = PatientFactory(merged_into=older)
    for row in (patient, other, older, oldest):
        audit.record_view(row, by=ann)
    found = shown(auditor.get(LIST, {"patient": patient.number, "act": "patient.view"}))
    assert {event.patient_id for event in found} == {patient.pk, older.pk, oldest.pk}


def test_trail_is_searched_by_days_of_the_clinic(auditor: Client) -> None:
    patient, by = PatientFactory(), doctor("ann")
    today = clock.today()
    for days in (3, 2, 1, 0):
        token = clock.request_now.set(clock.day_start(today) - dt.timedelta(days=days, minutes=-5))
        audit.record_view(patient, by=by)
        clock.request_now.reset(token)
    day = (today - dt.timedelta(days=2)).isoformat()
    found = shown(auditor.get(LIST, {"since": day, "until": day, "act": "patient.view"}))
    assert [clock.timezone.localtime(event.at).date().isoformat() for event in found] == [day]
    found = shown(auditor.get(LIST, {"since": day, "act": "patient.view"}))
    assert len(found) == 3


@pytest.mark.parametrize(
    "query",
    [{"person": "nobody"}, {"patient": "12"}, {"since": "soon"}, {"outcome": "1"}],
)
def test_search_that_cannot_be_says_so_and_shows_nothing(
    auditor: Client, query: dict[str, str]
) -> None:
    response = auditor.get(LIST, query)
    assert response.status_code == 422
    assert "lines" not in response.context
    for name in ("trail_csv", "trail_fhir"):
        assert auditor.get(reverse(f"encounters:{name}"), query).status_code == 302


def test_pages_hold_each_event_once_and_cost_the_same(auditor: Client) -> None:
    patient, by = PatientFactory(), doctor("ann")
    audit.record_view(patient, by=by)
    query = {"act": "patient.view"}
    auditor.get(LIST, query)
    with CaptureQueriesContext(connection) as few:
        auditor.get(LIST, query)
    for _each in range(trail.PAGE * 2):
        audit.record_view(PatientFactory(), by=by)
    with CaptureQueriesContext(connection) as many:
        auditor.get(LIST, query)
    # Session, user, two of permissions, the acts there are (twice), the page, the patients; the
    # login's roles and the row in the trail.
    assert len(few) == len(many) <= 10
    url, seen = LIST + "?act=patient.view", []
    while url:
        response = auditor.get(url)
        seen += [line.id for line in response.context["lines"]]
        url = LIST + response.context["older_url"] if response.context["older_url"] else ""
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == trail.PAGE * 2 + 1
    back = auditor.get(LIST + response.context["newer_url"])
    assert [line.id for line in back.context["lines"]] == seen[trail.PAGE : 2 * trail.PAGE]


def test_auditor_reads_no_reason_which_may_speak_of_the_chart(auditor: Client) -> None:
    visit = EncounterFactory()
    by = doctor("ann")
    audit.record("encounter.enter_in_error", visit, by=by, reason="Confused with the diabetic")
    boss = Client()
    boss.force_login(UserFactory(role=ADMINISTRATOR))
    pages = [LIST, reverse("encounters:trail_fhir"), reverse("encounters:trail_csv")]
    pages.append(reverse("encounters:patient_trail", args=[visit.patient_id]))
    event = AuditEvent.objects.get(act="encounter.enter_in_error")
    pages.append(reverse("admin:clinik_auditevent_change", args=[event.pk]))
    for url in pages:
        assert "diabetic" not in _text(auditor.get(url)), url
    assert "diabetic" in _text(boss.get(LIST))


def _text(response: Any) -> str:
    assert response.status_code == 200
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return response.content.decode()


def test_who_looked_tells_people_in_a_visits_team_from_others(auditor: Client) -> None:
    ann, ben, cat, dan = (doctor(name) for name in ("ann", "ben", "cat", "dan"))
    patient = PatientFactory()
    visit = EncounterFactory(patient=patient, practitioner=ann.practitioner)
    EncounterParticipant.objects.create(encounter=visit, practitioner=ben.practitioner)
    older = PatientFactory(merged_into=patient)
    audit.record_view(patient, by=ann)
    audit.record_view(visit, by=ben)
    audit.record_view(older, by=cat)
    audit.record("patient.import", patient, by=None)
    audit.record_view(PatientFactory(), by=dan)
    # An address that names the visit only.
    audit.record_page(
        "page.refused", "x", by=dan, outcome="4", method="GET", status=403,
        encounter_id=visit.pk,
    )  # fmt: skip
    url = reverse("encounters:patient_trail", args=[patient.pk])
    everybody = auditor.get(url).context["people"]
    assert {person.login for person in everybody} == {"ann", "ben", "cat", "dan", ""}
    others = auditor.get(url, {"outside": "1"}).context["people"]
    assert {(person.login, person.views, person.refused) for person in others} == {
        ("cat", 1, 0),
        ("dan", 0, 1),
        ("auditor", 1, 0),
    }


def test_who_looked_includes_looking_at_who_looked(auditor: Client) -> None:
    url = reverse("encounters:patient_trail", args=[PatientFactory().pk])
    auditor.get(url)
    assert acts(auditor, url) == {("patient.view_trail", "auditor")}


def test_csv_holds_what_the_search_finds_and_is_written_down(auditor: Client) -> None:
    audit.record_view(PatientFactory(), by=doctor("ann"))
    audit.record_view(PatientFactory(), by=doctor("=ben"))
    text = _text(auditor.get(reverse("encounters:trail_csv"), {"act": "patient.view"}))
    header, *rows = text.strip().splitlines()
    assert header.startswith('\ufeff"Event","At","Login"')
    assert len(rows) == 2
    assert '"\'=ben"' in rows[0]
    event = AuditEvent.objects.get(act="auditevent.export")
    assert (event.fields, event.detail["format"]) == (["act"], "csv")


def test_fhir_holds_valid_audit_events(auditor: Client) -> None:
    visit, by = EncounterFactory(), doctor("ann")
    token = audit.origin.set(audit.Origin("192.0.2.7", "abc"))
    audit.record("encounter.change", visit, by=by, fields=["reason_text"], detail={"to": "x"})
    audit.record_login("user.log_in_failed", by)
    audit.record("patient.import", visit.patient, by=None)
    audit.origin.reset(token)
    text = _text(auditor.get(reverse("encounters:trail_fhir")))
    found = {}
    for line in text.splitlines():
        resource = json.loads(line)
        FhirAuditEvent.model_validate(resource)
        found[resource["subtype"][0]["code"]] = resource
    assert len(text.splitlines()) == AuditEvent.objects.exclude(act="auditevent.export").count()
    change = found["encounter.change"]
    assert (change["action"], change["outcome"]) == ("U", "0")
    assert change["agent"][0]["who"]["identifier"]["value"] == "ann"
    assert change["agent"][0]["role"] == [{"text": CLINICIAN}]
    assert change["agent"][0]["network"] == {"address": "192.0.2.7", "type": "2"}
    patient, encounter, row = change["entity"]
    assert patient["what"]["reference"] == f"Patient/{visit.patient_id}"
    assert encounter["what"]["reference"] == f"Encounter/{visit.pk}"
    details = {(each["type"], each["valueString"]) for each in row["detail"]}
    assert {("field", "reason_text"), ("request", "abc"), ("version", "1"), ("to", "x")} <= details
    assert found["user.log_in_failed"]["outcome"] == "4"
    assert found["user.log_in_failed"]["type"]["code"] == "110114"
    assert found["patient.import"]["agent"][0]["who"] == {"display": "system"}


@pytest.mark.parametrize("role", [NURSE, CLINICIAN])
def test_trail_is_linked_for_those_who_may_read_it(role: str, auditor: Client) -> None:
    url = reverse("records:patient_detail", args=[PatientFactory().pk])
    assert "Who looked" in auditor.get(url).content.decode()
    other = Client()
    other.force_login(UserFactory(role=role))
    page = other.get(url).content.decode()
    assert "Who looked" not in page
    assert LIST not in page
