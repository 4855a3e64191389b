"""No page of the clinic is heavy, however full: 80 kB of HTML, 40 kB of JavaScript, as sent."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.roles import CLINICIAN
from encounters.models import Encounter, Patient
from records.models import Note, Observation, Prescription
from tests.factories import (
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
    PrescriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
# As gzip sends them, in bytes.
MOST_HTML, MOST_SCRIPT = 80_000, 40_000
SCRIPT = re.compile(r'<script[^>]* src="/static/([^"]+)"')
IMPORT = re.compile(r'^\s*import\b[^"\']*["\']\./([^"\']+)["\']', re.M)


@pytest.fixture
def clinician() -> Client:
    client = Client()
    client.force_login(UserFactory(role=CLINICIAN))
    return client


def html_of(client: Client, url: str) -> str:
    """The page, which must not weigh more than it may."""
    answer = client.get(url)
    assert answer.status_code == 200
    weight = len(gzip.compress(answer.content))
    assert weight <= MOST_HTML, f"{url}: {weight} bytes of HTML"
    return answer.content.decode()


def scripts_of(html: str) -> set[str]:
    """The scripts that a page asks for, and those that they import."""
    found, waiting = set(), set(SCRIPT.findall(html))
    while waiting:
        name = waiting.pop()
        found.add(name)
        folder = name.rpartition("/")[0]
        waiting |= {f"{folder}/{other}" for other in IMPORT.findall(text_of(name))} - found
    return found


def text_of(name: str) -> str:
    path = finders.find(name)
    assert isinstance(path, str), name
    return Path(path).read_text(encoding="utf-8")


def script_weight(html: str) -> int:
    return sum(len(gzip.compress(text_of(name).encode())) for name in scripts_of(html))


@pytest.fixture
def full_visit() -> Encounter:
    """500 observations, 50 notes of a page each, 50 prescriptions and 20 diagnoses."""
    visit = EncounterFactory(reason_text="Routine health maintenance")
    of = {"encounter": visit, "patient": visit.patient}
    codes = ("8867-4", "9279-1", "2823-3", "718-7", "4548-4")
    Observation.objects.bulk_create(
        ObservationFactory.build(
            **of, value=f"{60 + n % 50}", code_code=codes[n % 5], code_display=f"Sign {n % 5}"
        )
        for n in range(500)
    )
    author = NoteFactory(**of).author
    words = [f"sentence{n * 7919 % 1000} " for n in range(1000)]
    Note.objects.bulk_create(
        NoteFactory.build(
            **of, author=author, title=f"Note {n}", content="".join(words[n * 9 : n * 9 + 300])
        )
        for n in range(49)
    )
    Prescription.objects.bulk_create(
        PrescriptionFactory.build(**of, author=author, medication_text=f"Medicine {n} 5 mg")
        for n in range(50)
    )
    for n in range(20):
        DiagnosisFactory(encounter=visit, condition_text=f"Condition {n}")
    return visit


@pytest.mark.parametrize("query", ["", "?add=note", "?add=vitals", "?add=assessment"])
def test_a_full_visit_is_light(query: str, full_visit: Encounter, clinician: Client) -> None:
    url = reverse("records:encounter_detail", args=[full_visit.pk])
    html = html_of(clinician, url + query)
    assert "Condition 19" in html
    assert script_weight(html) <= MOST_SCRIPT


@pytest.mark.parametrize(
    "name", ["records:patient_detail", "encounters:patient_edit", "encounters:encounter_open"]
)
def test_pages_of_a_patient_with_a_full_visit_are_light(
    name: str, full_visit: Encounter, clinician: Client
) -> None:
    html = html_of(clinician, reverse(name, args=[full_visit.patient_id]))
    assert script_weight(html) <= MOST_SCRIPT


@pytest.mark.parametrize("name", ["encounters:encounter_close", "encounters:encounter_edit"])
def test_steps_of_a_full_visit_are_light(
    name: str, full_visit: Encounter, clinician: Client
) -> None:
    html = html_of(clinician, reverse(name, args=[full_visit.pk]))
    assert script_weight(html) <= MOST_SCRIPT


@pytest.fixture
def full_board() -> None:
    """200 visits of today, in every column, at whichever hour this runs."""
    statuses = ("planned", "arrived", "triaged", "in-progress", "finished")
    for n in range(200):
        EncounterFactory(
            status=statuses[n % 5],
            patient=PatientFactory(family=f"Wolfeschlegel{n}", given="Hubert Blaine"),
            reason_text=f"A cough that has lasted for {n} weeks",
            location=f"Room {n % 20}",
            **({"planned_start": clock.now()} if n % 5 == 0 else {}),
        )


def test_a_full_board_is_light(full_board: None, clinician: Client) -> None:
    html = html_of(clinician, reverse("records:board_today"))
    assert html.count('class="visit-card') == 200
    assert script_weight(html) <= MOST_SCRIPT


@pytest.mark.parametrize(
    "url",
    [
        "/visits/?count=100",
        "/patients/",
        "/patients/new/",
        "/earlier/",
        "/patients/find/?q=wolfeschlegel",
    ],
)
def test_lists_of_a_full_day_are_light(url: str, full_board: None, clinician: Client) -> None:
    assert Patient.objects.count() == 200
    assert script_weight(html_of(clinician, url)) <= MOST_SCRIPT


def test_the_scripts_of_the_board_are_found(clinician: Client) -> None:
    """So that the weights above weigh something."""
    names = scripts_of(html_of(clinician, reverse("records:board_today")))
    assert {"js/board.js", "js/form.js", "js/combobox.js", "js/keys.js"} <= names
    assert any("htmx" in name for name in names)


@pytest.mark.parametrize(
    "name", ["records:encounter_detail", "records:encounter_print", "encounters:encounter_close"]
)
def test_a_full_visit_costs_the_queries_of_one_with_a_row_of_each(
    name: str, full_visit: Encounter, clinician: Client
) -> None:
    small = EncounterFactory()
    of = {"encounter": small, "patient": small.patient}
    author = NoteFactory(**of).author
    for n in range(2):
        ObservationFactory(**of, code_code=("8867-4", "2823-3")[n])
    PrescriptionFactory(**of, author=author)
    DiagnosisFactory(encounter=small)
    assert queries(clinician, name, full_visit) == queries(clinician, name, small)


def queries(client: Client, name: str, visit: Encounter) -> int:
    url = reverse(name, args=[visit.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked)
