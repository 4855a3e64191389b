"""Any observation by code: what it is read as, which unit, and the acknowledgement."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinik.codes import LOINC
from clinik.models import Code
from encounters.lifecycle import missing
from records.code_table import entries, fill_after_migrate
from records.models import Observation
from records.observations import acknowledge, add_observation
from records.observations_section import ObservationsSection
from records.sections import VitalsSection
from tests.factories import EncounterFactory, ObservationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse() -> Any:
    return UserFactory(role="Nurse")


def observe(nurse: Any, visit: Any = None, **values: Any) -> Observation:
    return add_observation(visit or EncounterFactory(), by=nurse, **values)


def test_guides_heart_rate_is_read_as_per_minute(nurse: Any) -> None:
    row = observe(nurse, what="8867-4", value="72", unit="beats/minute")
    assert (row.code_system, row.code_code, row.code_display) == (LOINC, "8867-4", "Heart rate")
    assert (row.value, row.value_unit, row.value_unit_code) == ("72", "/min", "/min")
    assert (row.status, row.category) == ("final", "vital-signs")


@pytest.mark.parametrize(
    "what", ["8867-4", "8867-4 Heart rate", "heart rate", "Heart rate", "pulse"]
)
def test_code_is_found_by_code_or_name(nurse: Any, what: str) -> None:
    assert observe(nurse, what=what, value="72", unit="/min").code_code == "8867-4"


@pytest.mark.parametrize("what", ["Capillary refill", "8867-4 something else", "Heart"])
def test_other_words_stay_free_text(nurse: Any, what: str) -> None:
    row = observe(nurse, what=what, value="2 s")
    assert (row.code_code, row.code_text, row.value_text) == ("", what, "2 s")


def test_digits_stay_as_typed(nurse: Any) -> None:
    row = observe(nurse, what="2823-3", value="4.10", unit="mmol/L")
    assert (row.value, row.value_number, row.value_unit_code) == ("4.10", 4.1, "mmol/L")


def test_comparator_is_kept_apart(nurse: Any) -> None:
    row = observe(nurse, what="98979-8", value="<15", unit="mL/min/{1.73_m2}")
    assert (row.value_comparator, row.value, row.value_words) == ("<", "15", "<15")


def test_unit_is_asked_for_and_never_assumed(nurse: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        observe(nurse, what="2345-7", value="5.4")
    assert list(refused.value.message_dict) == ["unit"]
    assert "mmol/L" in refused.value.messages[0]
    assert not Observation.objects.exists()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("what", {"what": " "}),
        ("value", {"value": " "}),
        ("status", {"status": "entered-in-error"}),
        ("category", {"category": "nonsense"}),
        ("interpretation", {"interpretation": "X"}),
    ],
)
def test_what_is_wrong_is_named_by_its_field(
    nurse: Any, field: str, values: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        observe(nurse, **{"what": "Rash", "value": "none", **values})
    assert list(refused.value.message_dict) == [field]


def test_front_desk_observes_nothing() -> None:
    with pytest.raises(PermissionDenied):
        observe(UserFactory(role="Front desk"), what="Rash", value="none")


def test_code_table_is_filled_once_and_keeps_what_was_changed() -> None:
    table = Code.objects.filter(system=LOINC)
    assert table.count() == len(entries())
    table.filter(code="2345-7").update(display="Sugar", active=False)
    fill_after_migrate()
    assert table.count() == len(entries())
    assert table.get(code="2345-7").display == "Sugar"


def test_code_no_longer_offered_is_free_text(nurse: Any) -> None:
    Code.objects.filter(code="2345-7").update(active=False)
    assert observe(nurse, what="2345-7", value="5.4").code_code == ""


def test_vital_sign_and_other_result_stand_in_their_sections(nurse: Any) -> None:
    visit = EncounterFactory()
    pulse = observe(nurse, visit, what="8867-4", value="72", unit="/min")
    potassium = observe(nurse, visit, what="2823-3", value="4.1", unit="mmol/L")
    vitals, others = VitalsSection.load(visit, nurse), ObservationsSection.load(visit, nurse)
    assert [row.record for row in vitals.rows] == [pulse]
    assert [row.record for row in others.rows] == [potassium]


def test_sections_show_nothing_to_the_front_desk(nurse: Any) -> None:
    visit = EncounterFactory()
    observe(nurse, visit, what="8867-4", value="72", unit="/min")
    desk = UserFactory(role="Front desk")
    assert VitalsSection.load(visit, desk).rows == ()
    assert not VitalsSection.load(visit, desk).can_add


def test_vitals_show_flag_score_and_the_value_before(nurse: Any) -> None:
    visit = EncounterFactory()
    earlier = EncounterFactory(patient=visit.patient)
    observe(nurse, earlier, what="8867-4", value="70", unit="/min")
    observe(nurse, visit, what="8867-4", value="135", unit="/min")
    section = VitalsSection.load(visit, nurse)
    tile = next(tile for tile in section.tiles if tile.key == "pulse")
    assert tile.reading is not None
    assert tile.reading.flag is not None
    assert tile.reading.flag.code == "HH"
    assert tile.previous is not None
    assert tile.previous.text == "70"
    assert section.news2 is not None
    assert section.news2.text.startswith("NEWS2 at least 3, without")
    assert section.news2.css == "urgent"


def test_vitals_of_another_patient_are_no_value_before(nurse: Any) -> None:
    visit = EncounterFactory()
    observe(nurse, None, what="8867-4", value="70", unit="/min")
    observe(nurse, visit, what="8867-4", value="72", unit="/min")
    tiles = VitalsSection.load(visit, nurse).tiles
    assert [tile.previous for tile in tiles] == [None] * len(tiles)


def test_pregnant_patient_has_no_score(nurse: Any) -> None:
    visit = EncounterFactory()
    observe(nurse, visit, what="82810-3", value="pregnant")
    observe(nurse, visit, what="8867-4", value="72", unit="/min")
    section = VitalsSection.load(visit, nurse)
    assert section.news2 is None
    assert section.why_no_score == "No NEWS2: pregnant"


def test_unknown_age_has_no_flags_and_says_so(nurse: Any) -> None:
    patient = PatientFactory(birth_date=None, birth_date_unknown=True)
    visit = EncounterFactory(patient=patient)
    observe(nurse, visit, what="8867-4", value="180", unit="/min")
    section = VitalsSection.load(visit, nurse)
    assert section.readings[0][1].flag is None
    assert section.why_no_flags == "No flags: age unknown"


def test_sections_cost_the_same_for_one_row_and_for_many(
    nurse: Any, django_assert_max_num_queries: Any
) -> None:
    """Observations and their components; the values before and theirs: four queries."""
    visit = EncounterFactory()
    ObservationFactory(encounter=visit)
    with django_assert_max_num_queries(100) as one:
        VitalsSection.load(visit, nurse)
    ObservationFactory.create_batch(40, encounter=visit)
    ObservationFactory.create_batch(40, encounter=EncounterFactory(patient=visit.patient))
    with django_assert_max_num_queries(len(one) + 1) as many:
        VitalsSection.load(visit, nurse)
    assert len(many) <= 4


def test_critical_vital_stands_in_the_way_of_closing_until_seen(nurse: Any) -> None:
    visit = EncounterFactory()
    row = observe(nurse, visit, what="59408-5", value="85", unit="%")
    assert [obstacle.key for obstacle in missing(visit)] == ["critical-result"]
    acknowledge(row, by=nurse, action="Oxygen given, doctor called")
    assert missing(visit) == []


def test_critical_result_stands_in_the_way_and_a_plain_one_does_not(nurse: Any) -> None:
    visit = EncounterFactory()
    observe(nurse, visit, what="2823-3", value="4.1", unit="mmol/L", interpretation="H")
    assert missing(visit) == []
    observe(nurse, visit, what="2823-3", value="6.9", unit="mmol/L", interpretation="HH")
    assert [obstacle.key for obstacle in missing(visit)] == ["critical-result"]


def test_critical_value_measured_again_and_fine_is_not_asked_for(nurse: Any) -> None:
    visit = EncounterFactory()
    observe(nurse, visit, what="59408-5", value="85", unit="%")
    observe(nurse, visit, what="59408-5", value="97", unit="%")
    assert missing(visit) == []


def test_imported_critical_result_is_not_asked_for() -> None:
    row = ObservationFactory(interpretation="HH", code_code="2823-3", source="somewhere")
    assert missing(row.encounter) == []


def test_first_acknowledgement_stands(nurse: Any) -> None:
    row = observe(nurse, what="59408-5", value="85", unit="%")
    acknowledge(row, by=nurse, action="First")
    assert acknowledge(row, by=UserFactory(role="Nurse"), action="Second").seen_action == "First"


def test_acknowledging_says_what_was_done(client: Client, nurse: Any) -> None:
    client.force_login(nurse)
    row = observe(nurse, what="59408-5", value="85", unit="%")
    url = reverse("records:observation_seen", args=[row.pk])
    data = {"patient": str(row.patient_id), "version": "1"}
    assert client.post(url, data).status_code == 422
    assert client.post(url, data | {"action": "Oxygen"}).status_code == 302
    row.refresh_from_db()
    assert (row.seen_by, row.seen_action) == (nurse, "Oxygen")


def test_bmi_follows_from_weight_and_the_last_height_and_is_not_stored(nurse: Any) -> None:
    visit = EncounterFactory()
    earlier = EncounterFactory(patient=visit.patient)
    observe(nurse, earlier, what="8302-2", value="178", unit="cm")
    observe(nurse, visit, what="29463-7", value="80", unit="kg")
    tiles = {tile.key: tile.reading for tile in VitalsSection.load(visit, nurse).tiles}
    assert tiles["bmi"] is not None
    assert tiles["bmi"].text == "25.2"
    assert not Observation.objects.filter(code_code="39156-5").exists()


def test_notice_of_loinc_stands_where_its_codes_are_offered(client: Client, nurse: Any) -> None:
    client.force_login(nurse)
    visit = EncounterFactory()
    page = client.get(f"/visits/{visit.pk}/", {"add": "observation"}).content.decode()
    assert "This material contains content from LOINC (http://loinc.org)." in page
    assert "content from LOINC" not in client.get(f"/visits/{visit.pk}/").content.decode()
