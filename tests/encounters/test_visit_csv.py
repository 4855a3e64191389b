"""The CSV of a visit search: all of it, in its order, and nothing that a spreadsheet runs."""

import csv
import datetime as dt
import io
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import spreadsheets
from clinik.models import AuditEvent
from clinik.roles import CLINICIAN, FRONT_DESK, NURSE
from encounters import visit_csv
from tests.factories import (
    DiagnosisFactory,
    EncounterFactory,
    PatientFactory,
    PractitionerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
START = dt.datetime(2025, 10, 26, 8, 15, tzinfo=dt.UTC)


@pytest.fixture
def doctor() -> Any:
    return UserFactory(role=CLINICIAN)


@pytest.fixture
def client(doctor: Any) -> Client:
    made = Client()
    made.force_login(doctor)
    return made


def visit(start: dt.datetime | None = START, **fields: Any) -> Any:
    given = {"status": "finished", "start": start, "status_history": False, "source": "test"}
    return EncounterFactory(**given | fields)


def read(client: Client, **query: Any) -> list[dict[str, str]]:
    response: Any = client.get(reverse("encounters:encounter_csv"), query)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith(spreadsheets.MARK)
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_a_row_says_what_a_clinic_needs(client: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Vienna"
    patient = PatientFactory(family="Ordóñez", given="Ana", birth_date=dt.date(1962, 3, 11))
    made = visit(
        patient=patient,
        practitioner=PractitionerFactory(prefix="Dr", given="Pru", family="Practice"),
        location="Room 2",
        reason_text='Cough, "dry"\nsince May',
    )
    DiagnosisFactory(encounter=made, condition_code="J20", condition_text="Bronchitis", use="DD")
    response: Any = client.get(reverse("encounters:encounter_csv"))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Disposition"].startswith('attachment; filename="visits-20')
    (row,) = read(client)
    assert row == {
        "Clinic number": patient.number,
        "Name": patient.name,
        "Born": "1962-03-11",
        "Visit": "Check-up",
        "Class": "ambulatory",
        "Status": "finished",
        "Planned for": "",
        "Start": "2025-10-26 09:15",
        "End": "2025-10-26 09:35",
        "Minutes": "20",
        "Practitioner": "Dr Pru Practice",
        "Location": "Room 2",
        "Reason": 'Cough, "dry"\nsince May',
        "Diagnosis codes": "J20",
        "Diagnoses": "Bronchitis (DD)",
        "Start (ISO 8601)": "2025-10-26T09:15:00+01:00",
        "End (ISO 8601)": "2025-10-26T09:35:00+01:00",
        "Visit id": str(made.pk),
    }


def test_what_is_known_to_the_year_is_written_to_the_year(client: Client) -> None:
    about = PatientFactory(birth_date=dt.date(1962, 1, 1), birth_date_estimated=True)
    visit(patient=about, start_precision="year", end_precision="month")
    visit(start=None, status="unknown", patient=PatientFactory(birth_date=None, source="test"))
    first, second = read(client)
    assert (first["Born"], first["Start"], first["End"]) == ("about 1962", "2025", "2025-10")
    assert (first["Start (ISO 8601)"], first["End (ISO 8601)"]) == ("2025", "2025-10")
    assert (second["Born"], second["Start"], second["Minutes"]) == ("", "", "")


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_it_holds_what_the_pages_show_in_their_order(
    client: Client, sort: str, monkeypatch: Any
) -> None:
    """Pages of two, chunks of three; visits share their moments."""
    monkeypatch.setattr(visit_csv, "CHUNK", 3)
    for number in range(8):
        visit(start=START - dt.timedelta(days=number // 2), reason_text="wanted")
    visit(reason_text="other")
    visit(reason_text="wanted", status="entered-in-error", error_about="opened-twice")
    query = {"reason": "wanted", "from": "2020-01-01", "sort": sort}
    shown: list[str] = []
    url = reverse("encounters:encounter_list") + "?count=2&" + urlencode(query)
    while url:
        response = client.get(url)
        shown += [str(row.id) for row in response.context["page"].rows]
        following = response.context["next_url"]
        url = reverse("encounters:encounter_list") + following if following else ""
    assert [row["Visit id"] for row in read(client, **query)] == shown != []


def test_chunks_cost_the_same_whatever_was_found(client: Client, monkeypatch: Any) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            read(client)
        return len(seen)

    for _each in range(4):
        DiagnosisFactory(encounter=visit())
    read(client)
    monkeypatch.setattr(visit_csv, "CHUNK", 4)
    one = cost()
    for _each in range(8):
        DiagnosisFactory(encounter=visit())
    assert cost() == one + 2 * 2


HOSTILE = [
    '=HYPERLINK("http://x.example","a")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "＝1+1",
    "\x01=1+1",
    "<script>alert(1)</script>",
    'a";=1,"b',
    "Ünïcødé 🧑‍🦽 \u202egnp",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_person_is_a_formula(client: Client, text: str) -> None:
    patient = PatientFactory(family=text, given="", known_as="")
    visit(patient=patient, location=text, reason_text=text)
    (row,) = read(client)
    for name in ("Name", "Location", "Reason"):
        value = row[name]
        assert value.lstrip()[:1] not in ("=", "+", "-", "@", "＝"), name
        assert value[:1] not in ("\t", "\r"), name
    assert text.strip("\t\r\x01 ") in row["Reason"]


def test_numbers_stay_numbers() -> None:
    assert [spreadsheets.cell(value) for value in (20, -1.5, "-5", "+3,2", None, "")] == [
        20,
        -1.5,
        "-5",
        "+3,2",
        "",
        "",
    ]
    assert list(spreadsheets.lines(["a", "b"], [[1, "x"]])) == ['\ufeff"a","b"\r\n', '1,"x"\r\n']


def test_the_trail_says_who_took_what_by_which_filters(client: Client, doctor: Any) -> None:
    patient = PatientFactory()
    visit(patient=patient, reason_text="secret")
    read(client, patient=patient.pk, reason="secret")
    before, after = AuditEvent.objects.filter(act__startswith="encounter.export").order_by("id")
    assert (before.act, before.action, before.by) == ("encounter.export", "R", doctor)
    assert before.fields == ["patient", "reason"]
    assert before.patient_id == patient.pk
    assert before.detail == {"found": 1, "more": False}
    assert (after.act, after.detail) == ("encounter.exported", {"rows": 1, "whole": True})
    assert after.request_id == before.request_id != ""
    assert "secret" not in str(vars(before)) + str(vars(after))


def test_a_file_that_was_cut_off_is_in_the_trail_as_such(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("encounters.views.search.LINES_AT_ONCE", 1)
    visit(), visit(), visit()
    response: Any = client.get(reverse("encounters:encounter_csv"))
    parts: Any = iter(response.streaming_content)
    next(parts), next(parts), next(parts)
    response._resource_closers[0]()  # the wsgi server closes a response whose reader is gone
    event = AuditEvent.objects.get(act="encounter.exported")
    assert event.detail == {"rows": 2, "whole": False}


def test_the_link_keeps_the_search_and_stands_for_those_who_may(client: Client) -> None:
    visit(reason_text="cough")
    query = "?reason=cough&count=1&open=&from=2020-01-01"
    page = client.get(reverse("encounters:encounter_list") + query).content.decode()
    address = reverse("encounters:encounter_csv") + "?reason=cough&amp;from=2020-01-01"
    assert f'href="{address}"' in page
    for role in (FRONT_DESK, NURSE):
        other = Client()
        other.force_login(UserFactory(role=role))
        page = other.get(reverse("encounters:encounter_list") + query).content.decode()
        assert reverse("encounters:encounter_csv") not in page


def test_a_search_that_cannot_be_is_sent_back_to_its_page(client: Client) -> None:
    response = client.get(reverse("encounters:encounter_csv"), {"from": "soon"})
    assert response.status_code == 302
    assert response["Location"] == reverse("encounters:encounter_list") + "?from=soon"
    assert not AuditEvent.objects.filter(act="encounter.export").exists()
