"""Finding patients: the box, the page behind it, and what both leave out."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinik import clock
from clinik.models import AuditEvent, User
from clinik.mrn import format_mrn
from clinik.roles import AUDITOR, FRONT_DESK
from encounters.forms.patients import initial_from
from encounters.models import Patient, PatientIdentifier
from encounters.views.patients import PAGE
from tests.factories import EncounterFactory, PatientFactory, PractitionerFactory, UserFactory

pytestmark = pytest.mark.django_db
FIND, LIST = "/patients/find/", "/patients/"


@pytest.fixture
def page(client: Client) -> Client:
    client.force_login(UserFactory(role=FRONT_DESK))
    return client


@pytest.fixture
def person() -> Patient:
    patient = PatientFactory(
        family="Ordóñez O'Brien",
        given="Ana-María",
        known_as="Nita",
        phone="+1 (555) 010-9988",
        city="Springfield",
        birth_date=dt.date(1962, 3, 11),
    )
    PatientIdentifier.objects.create(patient=patient, system="urn:passport", value="X12-3456")
    PatientFactory(
        family="Somebody", given="Else", phone="555 777", birth_date=dt.date(1971, 12, 24)
    )
    return patient


@pytest.mark.parametrize(
    "text",
    [
        "ordonez",
        "ORDÓÑEZ",
        "maria ordo",
        "obrien ana",
        "rdone",
        "nita",
        "Ordóñez O'Brien, Ana",
        "1962-03-11",
        "11.3.1962",
        "11 mar 1962",
        "Mar 1962",
        "1962",
        "ordonez 1962",
        "ana 11/3/1962",
        "ana 11 mar 1962",
        "0109988",
        "555 010 9988",
        "(555) 010-9988",
        "ana 9988",
        "X12-3456",
        "ana x12-3456".replace("x", "X"),
    ],
)
def test_search_finds_the_person_and_nobody_else(person: Patient, text: str) -> None:
    assert list(Patient.objects.search(text)) == [person]
    assert Patient.objects.first_found(text, 10) == [person]


@pytest.mark.parametrize(
    "text",
    ["ordonez else", "ordonez 1971", "ana 12.3.1962", "12.3.1962", "x12-3457", "123", "%", "_", ""],
)
def test_search_leaves_out_who_does_not_answer_each_word(person: Patient, text: str) -> None:
    assert not Patient.objects.search(text).exists()
    assert Patient.objects.first_found(text, 10) == []


@pytest.mark.parametrize("shape", ["{0}", "{0} ", "{1}", "{2}"])
def test_clinic_number_is_found_however_it_is_grouped(person: Patient, shape: str) -> None:
    shown = format_mrn(person.mrn)
    text = shape.format(person.mrn, shown, shown.replace("-", " "))
    assert list(Patient.objects.search(text)) == [person]


def test_old_number_finds_the_survivor_of_a_merge(person: Patient) -> None:
    merged = PatientFactory(merged_into=person)
    PatientIdentifier.objects.create(patient=merged, value="OLD-77")
    assert Patient.objects.listed().search(merged.mrn).get() == person
    assert Patient.objects.listed().search("OLD-77").get() == person


def test_names_that_begin_with_the_text_come_first() -> None:
    inside = PatientFactory(family="Alberti")
    begins = PatientFactory(family="Zelda", given="Bert")
    assert Patient.objects.first_found("ber", 10) == [begins, inside]
    assert Patient.objects.first_found("ber", 1) == [begins]


def test_find_shows_what_tells_people_apart(page: Client, person: Patient) -> None:
    start = clock.day_start(dt.date(2025, 3, 3)) + dt.timedelta(hours=9)
    EncounterFactory(patient=person, status="finished", start=start)
    EncounterFactory(patient=person, status="planned")
    html = page.get(FIND, {"q": "ordo"}).content.decode()
    for text in ["ORDÓÑEZ O&#x27;BRIEN, Ana-María", "11 Mar 1962", format_mrn(person.mrn)]:
        assert text in html
    for text in ["(555) 010-9988", "Springfield", "last visit 3 Mar 2025"]:
        assert text in html
    assert reverse("records:patient_detail", args=[person.pk]) in html
    assert "SOMEBODY" not in html


def test_last_visit_counts_what_was_merged_and_nothing_that_was_not(
    page: Client, person: Patient
) -> None:
    merged = PatientFactory(merged_into=person)
    day = clock.day_start(dt.date(2024, 5, 6))
    EncounterFactory(patient=merged, status="finished", start=day)
    for status in ("cancelled", "entered-in-error"):
        late = day + dt.timedelta(days=40)
        end = late + dt.timedelta(minutes=5)
        EncounterFactory(patient=person, status=status, start=late, end=end)
    assert "last visit 6 May 2024" in page.get(FIND, {"q": "ordo"}).content.decode()


def test_find_shows_ten_at_most(page: Client) -> None:
    PatientFactory.create_batch(12, family="Example")
    html = page.get(FIND, {"q": "exam"}).content.decode()
    assert html.count('id="find-') == 11  # ten and "register new"


def test_find_marks_names_that_sound_alike(page: Client) -> None:
    PatientFactory(family="Example", given="Katherine")
    assert "data-ambiguous" not in page.get(FIND, {"q": "exa"}).content.decode()
    PatientFactory(family="Exampel", given="Catherine")
    assert 'data-ambiguous="true"' in page.get(FIND, {"q": "exa"}).content.decode()
    assert "data-ambiguous" not in page.get(FIND, {"q": "kath"}).content.decode()


def test_find_leaves_out_merged_entries(page: Client) -> None:
    PatientFactory(family="Merged", merged_into=PatientFactory())
    assert "MERGED" not in page.get(FIND, {"q": "merged"}).content.decode()


def test_find_offers_to_register_what_was_typed(page: Client, client: Client) -> None:
    html = page.get(FIND, {"q": "ann & co"}).content.decode()
    assert reverse("encounters:patient_register") + "?q=ann%20%26%20co" in html
    client.force_login(UserFactory(role=AUDITOR))
    assert "/patients/new/" not in client.get(FIND, {"q": "ann"}).content.decode()


def test_search_is_written_down_without_its_text_and_views_nobody(
    page: Client, person: Patient
) -> None:
    page.get(FIND, {"q": "ordonez"})
    event = AuditEvent.objects.get(act="patient.search")
    assert (event.action, event.patient_id, event.detail) == ("R", None, {"found": 1})
    assert not AuditEvent.objects.filter(act="patient.view").exists()


@pytest.mark.parametrize("text", ["exam", "exam 1980", "9988"])
def test_find_costs_four_queries_for_one_or_many(
    page: Client, django_assert_max_num_queries: Any, text: str
) -> None:
    # session; user; permissions of user and groups; role names; audit row.
    around = 6
    PatientFactory(family="Example", phone="9988")
    page.get(FIND, {"q": text})
    # numbers; beginnings; the rest; last visits.
    with django_assert_max_num_queries(around + 4) as few:
        page.get(FIND, {"q": text})
    PatientFactory.create_batch(40, family="Example", phone="9988")
    with django_assert_max_num_queries(len(few)):
        page.get(FIND, {"q": text})


def test_list_pages_by_key_without_skipping(page: Client) -> None:
    for number in range(PAGE + 3):
        PatientFactory(family=f"Example{number:02}")
    first = page.get(LIST, {"q": "example"})
    names = [row.name for row in first.context["rows"]]
    assert len(names) == PAGE
    assert first.context["before"] is None
    PatientFactory(family="Example00a")
    second = page.get(LIST, {"q": "example", "after": first.context["after"]})
    names += [row.name for row in second.context["rows"]]
    assert names == sorted(f"EXAMPLE{number:02}, Paula" for number in range(PAGE + 3))
    assert second.context["after"] is None
    back = page.get(LIST, {"q": "example", "before": second.context["before"]})
    assert [row.name for row in back.context["rows"]][-1] == names[PAGE - 1]


def test_list_tells_same_names_apart_by_key(page: Client) -> None:
    PatientFactory.create_batch(PAGE + 5, family="Example", given="Anna")
    first = page.get(LIST)
    second = page.get(LIST, {"after": first.context["after"]})
    keys = [row.pk for row in (*first.context["rows"], *second.context["rows"])]
    assert len({*keys}) == PAGE + 5


def test_list_says_what_to_do_when_empty(page: Client) -> None:
    assert "Register the first patient" in page.get(LIST).content.decode()
    html = page.get(LIST, {"q": "nobody<b>"}).content.decode()
    assert "Nobody is found for “nobody&lt;b&gt;”" in html


@pytest.mark.parametrize("key", ["nonsense", "01900000-0000-7000-8000-000000000000"])
def test_list_after_nobody_is_not_found(page: Client, key: str) -> None:
    assert page.get(LIST, {"after": key}).status_code == 404


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("anna example", {"given": "Anna", "family": "Example"}),
        ("Example, Anna", {"family": "Example", "given": "Anna"}),
        ("McExample", {"given": "", "family": "McExample"}),
        ("11.3.1962", {"birth_date": "11.3.1962"}),
        ("555 0199", {"phone": "555 0199"}),
        ("  ", {}),
    ],
)
def test_typed_text_becomes_first_values(text: str, fields: dict[str, str]) -> None:
    assert initial_from(text) == fields


# -- practitioners ------------------------------------------------------------------------------


def test_practitioner_suggestions_leave_out_who_left(page: Client) -> None:
    here = PractitionerFactory(family="Sample", given="Rosa", specialty="Paediatrics")
    PractitionerFactory(family="Sample", given="Gone", active=False)
    PractitionerFactory(family="Other", given="Rosa")
    html = page.get("/practitioners/find/", {"q": "sam"}).content.decode()
    assert f'data-value="{here.pk}"' in html
    assert 'data-text="Dr Rosa Sample"' in html
    assert "Paediatrics" in html
    assert "Gone" not in html
    assert "Other" not in html


def test_find_is_refused_without_a_role(client: Client, db: None) -> None:
    user: User = UserFactory()
    client.force_login(user)
    for url in (FIND, LIST, "/practitioners/find/"):
        assert client.get(url, {"q": "a"}).status_code == 403
