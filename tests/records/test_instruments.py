"""PHQ-9 and GAD-7: scores, bands at each edge, and thoughts of death critical at any total."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from records.corrections import correct_observation
from records.instruments import instrument, record_instrument, score
from records.models import Observation
from records.observations import acknowledge
from records.obstacles import critical_unseen
from tests.factories import EncounterFactory, UserFactory
from tests.page_forms import forms_of


def answers(key: str, total: int) -> list[int]:
    """Answers of this total, the first questions answered highest."""
    given = []
    for _item in instrument(key).items:
        given.append(min(3, total))
        total -= given[-1]
    assert total == 0
    return given


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"),
        (14, "moderate"), (15, "moderately severe"), (19, "moderately severe"),
        (20, "severe"), (27, "severe"),
    ],
)  # fmt: skip
def test_phq9_band_after_kroenke_2001(total: int, band: str) -> None:
    assert score(instrument("phq-9"), answers("phq-9", total)).band == band


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"),
        (14, "moderate"), (15, "severe"), (21, "severe"),
    ],
)  # fmt: skip
def test_gad7_band_after_spitzer_2006(total: int, band: str) -> None:
    assert score(instrument("gad-7"), answers("gad-7", total)).band == band


def test_bands_cover_every_total_once() -> None:
    for key in ("phq-9", "gad-7"):
        asked = instrument(key)
        covered = [total for low, high, _text in asked.bands for total in range(low, high + 1)]
        assert covered == list(range(asked.most + 1))


@pytest.mark.django_db
def test_ninth_item_is_critical_whatever_the_total_until_acknowledged() -> None:
    doctor, visit = UserFactory(role="Clinician"), EncounterFactory()
    row = record_instrument(visit, by=doctor, key="phq-9", answers=[0] * 8 + [1])
    assert (row.value, row.interpretation, row.category) == ("1", "AA", "survey")
    assert "several days" in row.note
    assert [one.pk for one in critical_unseen(visit)] == [row.pk]
    acknowledge(row, by=doctor, action="Safety plan made, sister called")
    assert not list(critical_unseen(visit))


@pytest.mark.django_db
def test_high_total_without_the_ninth_item_is_notable_but_not_critical() -> None:
    doctor, visit = UserFactory(role="Clinician"), EncounterFactory()
    row = record_instrument(visit, by=doctor, key="phq-9", answers=[3] * 8 + [0])
    assert (row.value, row.interpretation) == ("24", "A")
    calm = record_instrument(visit, by=doctor, key="gad-7", answers=[1] * 7)
    assert (calm.code_code, calm.value, calm.interpretation) == ("70274-6", "7", "N")
    assert not list(critical_unseen(visit))


@pytest.mark.django_db
def test_score_is_not_corrected_past_its_answers(client: Client) -> None:
    doctor, visit = UserFactory(role="Clinician"), EncounterFactory()
    row = record_instrument(visit, by=doctor, key="phq-9", answers=[0] * 8 + [1])
    with pytest.raises(ValidationError):
        correct_observation(row, by=doctor, value="0", reason="typed wrongly")
    row.refresh_from_db()
    assert (row.value, row.interpretation) == ("1", "AA")
    client.force_login(doctor)
    page = client.get(reverse("records:encounter_detail", args=[visit.pk])).content.decode()
    assert reverse("records:observation_correct", args=[row.pk]) not in page
    assert reverse("records:observation_seen", args=[row.pk]) in page


@pytest.mark.django_db
def test_answers_are_kept_one_by_one() -> None:
    row = record_instrument(
        EncounterFactory(), by=UserFactory(role="Nurse"), key="gad-7", answers=[0, 1, 2, 3, 0, 1, 2]
    )
    kept = [(part.code_code, part.value) for part in row.components.all()]
    assert [value for _code, value in kept] == ["0", "1", "2", "3", "0", "1", "2"]
    assert kept[0][0] == "69725-0"


@pytest.mark.django_db
@pytest.mark.parametrize("given", [[], [0] * 8, [0] * 8 + [None], [0] * 8 + [4], [-1] + [0] * 8])
def test_incomplete_set_has_no_total(given: list[int | None]) -> None:
    with pytest.raises(ValidationError):
        record_instrument(
            EncounterFactory(), by=UserFactory(role="Nurse"), key="phq-9", answers=given
        )
    assert not Observation.objects.exists()


@pytest.mark.django_db
def test_front_desk_records_no_score() -> None:
    with pytest.raises(PermissionDenied):
        record_instrument(
            EncounterFactory(), by=UserFactory(role="Front desk"), key="gad-7", answers=[0] * 7
        )


@pytest.mark.django_db
def test_page_leads_from_a_critical_answer_to_what_was_done(client: Client) -> None:
    client.force_login(UserFactory(role="Nurse"))
    visit = EncounterFactory()
    url = reverse("records:instrument_add", args=[visit.pk, "phq-9"])
    (form,) = [one for one in forms_of(client.get(url).content.decode()) if "id" in one.data]
    filled: dict[str, Any] = form.data | {f"item_{n}": "0" for n in range(9)}
    assert client.post(url, form.data).status_code == 422
    made = client.post(url, filled | {"item_8": "2"})
    row = Observation.objects.get()
    assert made.headers["Location"] == reverse("records:observation_seen", args=[row.pk])
    assert client.post(url, filled | {"item_8": "1"}).status_code == 409
    other = reverse("records:instrument_add", args=[visit.pk, "audit"])
    assert client.get(other).status_code == 404
