"""Several results of one time: all are kept or none, each with its own unit and range."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from clinik import clock
from clinik.ids import uuid7
from clinik.roles import CLINICIAN
from records.lab_results import add_results
from records.models import Observation
from tests.factories import EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db


def row(what: str, value: str, unit: str = "", low: str = "", high: str = "") -> dict[str, str]:
    return {"what": what, "value": value, "unit": unit, "range_low": low, "range_high": high,
            "interpretation": ""}  # fmt: skip


def add(by: Any, visit: Any, **rows: dict[str, str]) -> list[Observation]:
    results = {int(name[1:]): each for name, each in rows.items()}
    return add_results(visit, by=by, id=uuid.uuid4(), effective=clock.now(), results=results)


def test_results_share_their_time_and_keep_their_units_and_ranges() -> None:
    doctor = UserFactory(role=CLINICIAN)
    made = add(
        doctor, EncounterFactory(),
        r1=row("Potassium", "5.6", "mmol/L", "3.5", "5.1"), r3=row("718-7", "13.2", "g/dL"),
    )  # fmt: skip
    assert len({each.effective for each in made}) == 1
    assert [(each.code_code, each.value, each.value_unit_code) for each in made] == [
        ("2823-3", "5.6", "mmol/L"),
        ("718-7", "13.2", "g/dL"),
    ]
    assert [each.interpretation for each in made] == ["H", ""]


def test_a_unit_is_never_assumed_and_one_bad_row_keeps_all_back() -> None:
    doctor = UserFactory(role=CLINICIAN)
    with pytest.raises(ValidationError) as refused:
        add(
            doctor, EncounterFactory(),
            r1=row("2823-3", "4.2", "mmol/L"), r2=row("718-7", "13.2"), r4=row("", "7"),
        )  # fmt: skip
    assert set(refused.value.message_dict) == {"unit_2", "what_4"}
    assert not Observation.objects.exists()


def test_late_results_of_a_closed_visit_are_marked_on_its_page() -> None:
    doctor = UserFactory(role=CLINICIAN)
    visit = EncounterFactory(status="finished", start=clock.now() - dt.timedelta(hours=3))
    client = Client()
    client.force_login(doctor)
    data = {
        "id": str(uuid7()), "patient": str(visit.patient_id), "what_1": "2823-3", "value_1": "4.2",
        "unit_1": "mmol/L", "effective": clock.timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    url = f"/visits/{visit.pk}/observations/several/"
    answer = client.post(url, data, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    assert "added after closing" in answer.content.decode()
    assert (
        client.post(url, {**data, "id": str(uuid7()), "what_1": "", "value_1": ""}).status_code
        == 422
    )
