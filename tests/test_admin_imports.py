"""Import runs in the admin: what came of each, why not, and what it made."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinik import clock
from clinik.admin.run_page import duration_words
from clinik.models import ImportedResource, ImportFile, ImportRun
from clinik.roles import ADMINISTRATOR
from tests.factories import ObservationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(UserFactory(role=ADMINISTRATOR))
    return made


def run(*, finished: bool = True, **fields: Any) -> ImportRun:
    started = clock.now() - dt.timedelta(minutes=5)
    ended = started + dt.timedelta(seconds=185) if finished else None
    given = {"source": "city", "command": "import_fhir", "started": started, "finished": ended}
    return ImportRun.objects.create(**given | fields)


def file(of: ImportRun, number: int, state: str = "written", **report: Any) -> ImportFile:
    name = f"file{number}.json"
    return ImportFile.objects.create(
        run=of, number=number, name=name, digest=f"{number:064x}", state=state, report=report
    )


def read(client: Client, row: Any) -> Any:
    meta = row._meta
    return client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]))


def test_a_run_says_what_came_of_it_by_type(client: Client) -> None:
    counts = {"Patient": {"created": 3, "conflict": 1}, "not modelled": {"Claim": 7}}
    made = run(counts=counts, files=["/srv/city"])
    page = read(client, made)
    shown = page.context["run"]
    assert [(kind.name, kind.numbers) for kind in shown.kinds] == [("Patient", (3, 0, 0, 1, 0, 0))]
    assert (shown.sums, shown.unmodelled) == ([3, 0, 0, 1, 0, 0], "7 Claim")
    html = page.content.decode()
    assert "finished in 3 min 5 s" in html
    assert "/srv/city" in html
    assert "was cut off" not in html


def test_a_run_that_was_cut_off_says_how_far_it_came_and_what_to_do(client: Client) -> None:
    made = run(finished=False)
    file(made, 1, counts={"Observation": {"created": 10}}, unmodelled={"Claim": 1})
    file(made, 2, "waiting", counts={"Observation": {"created": 5}})
    page = read(client, made)
    assert page.context["run"].sums[0] == 15
    assert [one.name for one in page.context["run"].shown_files] == ["file2.json", "file1.json"]
    assert "run the same command again" in page.content.decode()
    listed = client.get(reverse("admin:clinik_importrun_changelist")).content.decode()
    assert "run the command again to go on" in listed


def test_reasons_stand_once_refusals_first(client: Client) -> None:
    refusal = {"file": "file2.json", "place": "entry[3].resource", "reason": "<b>no</b> date"}
    made = run(failures=[refusal])
    notes = [{"place": f"entry[{n}].subject", "reason": "not known"} for n in range(40)]
    counted = {"place": "line 7", "reason": "cut", "number": 900, "places": ["line 7"]}
    file(made, 1, warnings=[*notes, counted])
    file(made, 2, "refused", failures=[refusal])
    page = read(client, made)
    said = [(one.refused, one.file, one.place, one.times) for one in page.context["run"].said]
    assert said == [
        (True, "file2.json", "entry[3].resource", 1),
        (False, "file1.json", "entry[0].subject", 40),
        (False, "file1.json", "line 7", 900),
    ]
    assert "&lt;b&gt;no&lt;/b&gt; date" in page.content.decode()


def test_a_page_costs_the_same_with_any_number_of_files(client: Client) -> None:
    made = run()
    file(made, 1, counts={"Patient": {"created": 1}})
    read(client, made)
    with CaptureQueriesContext(connection) as one:
        read(client, made)
    for number in range(2, 130):
        file(made, number, counts={"Patient": {"created": 1}})
    with CaptureQueriesContext(connection) as many:
        page = read(client, made)
    assert len(one) == len(many)
    assert (page.context["run"].sums[0], page.context["run"].hidden_files) == (129, 29)


@pytest.mark.parametrize("report", [[], {"counts": 3}, {"failures": {"a": 1}}, {"warnings": [1]}])
def test_a_report_of_another_shape_breaks_no_page(client: Client, report: Any) -> None:
    made = run(counts={"Patient": 4})
    odd = file(made, 1)
    ImportFile.objects.update(report=report)
    assert read(client, made).status_code == 200
    assert read(client, odd).status_code == 200


def test_a_run_leads_to_what_it_made_and_that_to_its_rows(client: Client) -> None:
    made, other = run(counts={"Observation": {"created": 1}}), run()
    row = ObservationFactory(source="city")
    common = {"source": "city", "digest": "0" * 64, "row_model": "records.observation"}
    for number, of in enumerate((made, other)):
        ImportedResource.objects.create(
            resource_type="Observation", resource_id=f"o{number}", row_id=row.pk, run=of, **common
        )
    (kind,) = read(client, made).context["run"].kinds
    listed = client.get(kind.url)
    assert [one.resource_id for one in listed.context["cl"].result_list] == ["o0"]
    page = reverse("records:encounter_detail", args=[row.encounter_id])
    for address in (reverse("admin:records_observation_change", args=[row.pk]), page):
        assert address in listed.content.decode()
    html = read(client, ImportedResource.objects.get(run=made)).content.decode()
    assert page in html
    assert reverse("admin:clinik_importrun_change", args=[made.pk]) in html


def test_what_became_no_row_leads_to_its_patient(client: Client) -> None:
    patient = ObservationFactory().patient
    kept = ImportedResource.objects.create(
        source="city",
        resource_type="Procedure",
        resource_id="p1",
        digest="0" * 64,
        patient_id=patient.pk,
        raw={"resourceType": "Procedure", "id": "p1"},
    )
    html = read(client, kept).content.decode()
    assert reverse("records:patient_kept", args=[patient.pk]) in html
    assert "none: kept as sent" in html


def test_a_duration_is_said_in_two_units_at_most() -> None:
    spans = (dt.timedelta(seconds=1), dt.timedelta(seconds=185), dt.timedelta(minutes=130))
    assert [duration_words(span) for span in spans] == ["1 second", "3 min 5 s", "2 h 10 min"]
