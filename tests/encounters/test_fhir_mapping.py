"""Patient, Practitioner, Encounter, Condition and AllergyIntolerance as rows: no database."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import override_settings

from clinik.fhir import STATUS_CODES, FhirError, load_json
from clinik.imports import Mapped, storable
from encounters.fhir import (
    name_of,
    read_allergy,
    read_condition,
    read_encounter,
    read_patient,
    read_practitioner,
)
from encounters.models import (
    Allergy,
    ClassPeriod,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    NoKnownAllergies,
    PatientContact,
    PatientIdentifier,
    StatusPeriod,
)


def wire(**resource: Any) -> Any:
    """The resource as it comes from a file: numbers keep their digits."""
    return load_json(json.dumps(resource).encode())


def patient(**parts: Any) -> Mapped:
    return read_patient(wire(resourceType="Patient", **parts), "Patient")


def encounter(**parts: Any) -> Mapped:
    parts = {"status": "finished", "subject": {"reference": "Patient/p"}, **parts}
    return read_encounter(wire(resourceType="Encounter", **parts), "Encounter")


def condition(**parts: Any) -> Mapped:
    return read_condition(wire(resourceType="Condition", **parts), "Condition")


def allergy(**parts: Any) -> Mapped:
    return read_allergy(wire(resourceType="AllergyIntolerance", **parts), "AllergyIntolerance")


def parts_of(mapped: Mapped, model: type) -> list[dict[str, Any]]:
    return [row.fields for row in mapped.parts if row.model is model]


def refused(place: str) -> Any:
    return pytest.raises(FhirError, match=f"^{place}")


# -- people -------------------------------------------------------------------------------------


def test_patient_is_called_by_the_official_name_and_keeps_the_others() -> None:
    mapped = patient(
        name=[
            {"use": "maiden", "family": "Old"},
            {"use": "nickname", "given": ["Berni"]},
            {"use": "official", "family": "Ordóñez", "given": ["Bernardo", "José"]},
        ]
    )
    assert mapped.fields["family"] == "Ordóñez"
    assert mapped.fields["given"] == "Bernardo José"
    assert mapped.fields["known_as"] == "Berni"
    assert mapped.raw["name"][0]["family"] == "Old"


def test_patient_with_a_name_in_one_text_is_known_as_that() -> None:
    assert patient(name=[{"text": "Wang Li"}]).fields["known_as"] == "Wang Li"


def test_patient_without_anything_has_an_unknown_birth_date() -> None:
    fields = patient().fields
    assert fields["birth_date"] is None
    assert fields["birth_date_unknown"] is True
    assert fields["gender"] == "unknown"
    assert fields["active"] is True


@pytest.mark.parametrize(
    ("sent", "day", "precision"),
    [
        ("1962-04-03", dt.date(1962, 4, 3), "day"),
        ("1962-04", dt.date(1962, 4, 1), "month"),
        ("1962", dt.date(1962, 1, 1), "year"),
    ],
)
def test_birth_date_keeps_its_precision(sent: str, day: dt.date, precision: str) -> None:
    fields = patient(birthDate=sent).fields
    assert (fields["birth_date"], fields["birth_date_precision"]) == (day, precision)


def test_birth_time_and_place_among_twins_are_read() -> None:
    extension = {
        "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
        "valueDateTime": "2017-05-15T17:11:00+01:00",
    }
    fields = patient(_birthDate={"extension": [extension]}, multipleBirthInteger=2).fields
    assert fields["birth_time"] == dt.time(17, 11)
    assert fields["multiple_birth"] == 2


def test_death_is_known_with_and_without_its_time() -> None:
    at = patient(deceasedDateTime="1968-10-11T10:10:39+00:00").fields
    assert at["deceased"] is True
    assert at["deceased_at"] == dt.datetime(1968, 10, 11, 10, 10, 39, tzinfo=dt.UTC)
    assert patient(deceasedBoolean=True).fields["deceased"] is True
    assert patient(deceasedBoolean=False).fields["deceased"] is False


def test_gender_that_r4_does_not_know_is_refused() -> None:
    with refused("Patient.gender"):
        patient(gender="f")


def test_contact_points_address_language_and_marital_status_are_read() -> None:
    fields = patient(
        telecom=[
            {"system": "phone", "use": "old", "value": "1"},
            {"system": "phone", "use": "home", "value": "555-359-6021"},
            {"system": "email", "value": "a@example.org"},
        ],
        address=[{"use": "home", "line": ["1 Main St", "Apt 2"], "city": "Athol"}],
        communication=[
            {"language": {"text": "English"}},
            {"language": {"coding": [{"code": "es"}]}, "preferred": True},
        ],
        maritalStatus={"coding": [{"code": "M"}]},
    ).fields
    assert (fields["phone"], fields["email"]) == ("555-359-6021", "a@example.org")
    assert (fields["address_line"], fields["city"]) == ("1 Main St, Apt 2", "Athol")
    assert (fields["language"], fields["marital_status"]) == ("es", "M")


def test_identifiers_stand_once_each_and_the_clinics_own_is_the_number() -> None:
    mapped = patient(
        identifier=[
            {"system": "urn:clinik:mrn", "value": "0000-0000"},
            {"system": "urn:other", "value": "7", "type": {"text": "Licence"}},
            {"system": "urn:other", "value": "7"},
        ]
    )
    assert mapped.fields["mrn"] == "00000000"
    assert parts_of(mapped, PatientIdentifier) == [
        {"system": "urn:other", "value": "7", "type_text": "Licence"}
    ]


def test_a_wrong_clinic_number_is_not_taken_over() -> None:
    assert "mrn" not in patient(identifier=[{"system": "urn:clinik:mrn", "value": "1"}]).fields


def test_contacts_say_who_is_a_guardian() -> None:
    relationship = [{"coding": [{"code": "GUARD"}], "text": "guardian"}]
    contact = {"name": {"family": "Doe", "given": ["Ann"]}, "relationship": relationship}
    (row,) = parts_of(patient(contact=[contact]), PatientContact)
    assert row == {
        "name": "Ann Doe",
        "relationship": "guardian",
        "phone": "",
        "is_guardian": True,
    }


def test_what_is_not_modelled_stays_beside() -> None:
    raw = patient(photo=[{"title": "x"}], active=True, gender="male").raw
    assert raw == {"photo": [{"title": "x"}]}


def test_practitioner_has_name_and_npi() -> None:
    sent = wire(
        resourceType="Practitioner",
        identifier=[{"system": "http://hl7.org/fhir/sid/us-npi", "value": "580"}],
        name=[{"family": "Brakus", "given": ["Lilliana"], "prefix": ["Dr."]}],
    )
    mapped = read_practitioner(sent, "Practitioner")
    assert mapped.fields["family"] == "Brakus"
    assert mapped.fields["prefix"] == "Dr."
    assert mapped.identifiers == [("http://hl7.org/fhir/sid/us-npi", "580")]


def test_names_of_organisations_and_people_are_found() -> None:
    assert name_of({"name": "ATHOL HOSPITAL"}) == "ATHOL HOSPITAL"
    assert name_of({"name": [{"given": ["A"], "family": "B"}]}) == "A B"
    assert name_of({}) == ""


# -- visits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(STATUS_CODES["Encounter"]))
def test_all_nine_statuses_are_taken(status: str) -> None:
    assert encounter(status=status).fields["status"] == status


def test_missing_status_is_unknown_and_a_foreign_one_is_refused() -> None:
    assert encounter(status=None).fields["status"] == "unknown"
    with refused("Encounter.status"):
        encounter(status="completed")


def test_period_keeps_days_as_days() -> None:
    fields = encounter(period={"start": "2020-05-04", "end": "2020-05-04T10:00:00Z"}).fields
    assert (fields["start_precision"], fields["end_precision"]) == ("day", "instant")
    assert fields["length_minutes"] is None


def test_period_that_ends_before_it_starts_is_refused() -> None:
    with refused("Encounter.period"):
        encounter(period={"start": "2020-05-04T10:00:00Z", "end": "2020-05-04T09:00:00Z"})


def test_length_is_from_start_to_end_without_leave() -> None:
    period = {"start": "2020-05-04T09:00:00Z", "end": "2020-05-04T10:00:00Z"}
    away = {"start": "2020-05-04T09:10:00Z", "end": "2020-05-04T09:25:00Z"}
    mapped = encounter(period=period, statusHistory=[{"status": "onleave", "period": away}])
    assert mapped.fields["length_minutes"] == 45


@pytest.mark.parametrize(
    ("length", "minutes"),
    [({"value": 56, "unit": "minutes", "code": "min"}, 56), ({"value": 1.5, "code": "h"}, 90)],
)
def test_length_that_was_sent_counts(length: dict[str, Any], minutes: int) -> None:
    assert encounter(length=length).fields["length_minutes"] == minutes


def test_period_of_a_planned_visit_is_when_it_was_booked_for() -> None:
    period = {"start": "2030-05-04T09:00:00Z", "end": "2030-05-04T09:20:00Z"}
    fields = encounter(status="planned", period=period).fields
    assert fields["planned_start"] == dt.datetime(2030, 5, 4, 9, tzinfo=dt.UTC)
    assert fields["planned_minutes"] == 20
    assert (fields["start"], fields["end"]) == (None, None)


def test_descriptive_fields_are_read_as_sent() -> None:
    mapped = encounter(
        **{"class": {"system": "urn:vendor", "code": "XX", "display": "Walk in"}},
        type=[{"coding": [{"system": "s", "code": "1", "display": "Check"}], "text": "Check up"}],
        serviceType={"text": "General Practice"},
        priority={"coding": [{"code": "UR"}]},
        reasonCode=[{"text": "cough"}, {"text": "fever"}],
    )
    fields = mapped.fields
    assert (fields["class_code"], fields["class_display"]) == ("XX", "Walk in")
    assert (fields["type_code"], fields["type_text"]) == ("1", "Check up")
    assert fields["service_type_text"] == "General Practice"
    assert fields["priority"] == "UR"
    assert fields["reason_text"] == "cough"
    assert [reason["text"] for reason in mapped.raw["reasonCode"]] == ["cough", "fever"]


def participant(name: str, role: str) -> dict[str, Any]:
    reference = {"reference": f"Practitioner/{name}"}
    return {"individual": reference, "type": [{"coding": [{"code": role}]}]}


@pytest.mark.parametrize(
    ("sent", "responsible"),
    [
        ([participant("a", "CON"), participant("b", "PPRF")], "b"),
        ([participant("a", "PPRF"), participant("b", "ATND")], "b"),
        ([participant("a", "CON"), participant("b", "REF")], "a"),
        ([{"individual": {"reference": "RelatedPerson/r"}}, participant("a", "CON")], "a"),
    ],
)
def test_responsible_is_the_attending_else_the_first_practitioner(
    sent: list[dict[str, Any]], responsible: str
) -> None:
    mapped = encounter(participant=sent)
    reference = mapped.links["practitioner"]
    assert reference is not None
    assert reference.id == responsible
    assert len(parts_of(mapped, EncounterParticipant)) == 2


def test_visit_without_participant_has_nobody_responsible() -> None:
    assert encounter().links["practitioner"] is None


def test_histories_are_kept_as_sent() -> None:
    period = {"start": "2020-05-04T09:00:00Z"}
    mapped = encounter(
        statusHistory=[{"status": "arrived", "period": period}],
        classHistory=[{"class": {"code": "EMER"}, "period": period}],
    )
    (status,) = parts_of(mapped, StatusPeriod)
    (kind,) = parts_of(mapped, ClassPeriod)
    assert (status["status"], status["end"]) == ("arrived", None)
    assert kind["class_code"] == "EMER"


def test_place_of_the_visit_is_the_active_one_else_the_last() -> None:
    first = {"location": {"display": "Ward"}, "status": "active"}
    last = {"location": {"display": "X-ray"}}
    place = encounter(location=[first, last]).names["location"]
    assert place is not None
    assert place.display == "Ward"
    mapped = encounter(location=[last, {"location": {"display": "Gym"}}])
    place = mapped.names["location"]
    assert place is not None
    assert place.display == "Gym"
    assert len(parts_of(mapped, LocationPeriod)) == 2


def test_hospitalisation_is_read_with_a_foreign_disposition() -> None:
    mapped = encounter(
        hospitalization={
            "admitSource": {"coding": [{"code": "emd"}]},
            "dietPreference": [{"text": "vegan"}, {"text": "no nuts"}],
            "dischargeDisposition": {"coding": [{"system": "nubc", "code": "01"}], "text": "home"},
        }
    )
    (stay,) = parts_of(mapped, Hospitalization)
    assert stay["admit_source_code"] == "emd"
    assert stay["diet"] == "vegan; no nuts"
    assert (stay["disposition_system"], stay["disposition_code"]) == ("nubc", "01")


def test_diagnoses_name_conditions_with_use_and_rank() -> None:
    use = {"coding": [{"code": "DD"}]}
    sent = [{"condition": {"reference": "Condition/c"}, "use": use, "rank": 2}]
    ((reference, kind, rank),) = encounter(diagnosis=sent).conditions
    assert (reference.id, kind, rank) == ("c", "DD", 2)


@pytest.mark.parametrize("rank", [0, -1, 1.5])
def test_rank_that_is_no_positive_number_is_refused(rank: float) -> None:
    with refused(r"Encounter\.diagnosis\[0\]\.rank"):
        encounter(diagnosis=[{"condition": {"reference": "Condition/c"}, "rank": rank}])


# -- diagnoses and allergies --------------------------------------------------------------------


def test_condition_without_a_visit_is_a_problem() -> None:
    assert condition().fields["category"] == "problem-list-item"
    assert condition(encounter={"reference": "Encounter/e"}).fields["category"] == (
        "encounter-diagnosis"
    )
    category = [{"coding": [{"code": "problem-list-item"}]}]
    mapped = condition(encounter={"reference": "Encounter/e"}, category=category)
    assert mapped.fields["category"] == "problem-list-item"


def test_condition_keeps_codes_statuses_and_times() -> None:
    fields = condition(
        code={"coding": [{"system": "s", "code": "1"}, {"code": "2"}], "text": "Appendicitis"},
        clinicalStatus={"coding": [{"code": "resolved"}]},
        verificationStatus={"coding": [{"code": "refuted"}]},
        onsetDateTime="2012-05",
        abatementString="around March 2013",
    ).fields
    assert (fields["condition_code"], fields["condition_text"]) == ("1", "Appendicitis")
    assert fields["condition_more"] == [{"code": "2"}]
    assert (fields["clinical_status"], fields["verification"]) == ("resolved", "refuted")
    assert fields["onset_precision"] == "month"
    assert (fields["abatement"], fields["abatement_text"]) == (None, "around March 2013")


def test_onset_as_an_age_is_told_in_words_and_kept() -> None:
    mapped = condition(onsetAge={"value": 52, "unit": "years"})
    assert mapped.fields["onset_text"] == "52 years"
    assert mapped.raw["onsetAge"] == {"value": 52, "unit": "years"}


def test_condition_with_a_foreign_status_is_refused() -> None:
    with refused("Condition.clinicalStatus"):
        condition(clinicalStatus={"coding": [{"code": "cured"}]})


def test_allergy_tells_the_worst_severity() -> None:
    mapped = allergy(
        code={"text": "Cashew nuts"},
        criticality="high",
        category=["food"],
        reaction=[
            {"manifestation": [{"text": "Urticaria"}], "severity": "moderate"},
            {"manifestation": [{"text": "Anaphylaxis"}], "severity": "severe"},
        ],
    )
    assert mapped.model is Allergy
    assert mapped.fields["substance_text"] == "Cashew nuts"
    assert mapped.fields["reaction"] == "Urticaria; Anaphylaxis"
    assert mapped.fields["severity"] == "severe"
    assert mapped.fields["criticality"] == "high"
    assert mapped.fields["category"] == "food"


def test_no_known_allergy_is_a_statement_not_an_allergy() -> None:
    coding = {"system": "http://snomed.info/sct", "code": "716186003"}
    assert allergy(code={"coding": [coding]}).model is NoKnownAllergies


# -- digits -------------------------------------------------------------------------------------


def test_numbers_in_the_rest_keep_their_digits() -> None:
    sent = load_json(b'{"a": 1.10, "b": 2, "c": 2.5, "d": [1e3]}')
    assert storable(sent) == {
        "a": {"$decimal": "1.10"},
        "b": 2,
        "c": 2.5,
        "d": [{"$decimal": "1e3"}],
    }


@override_settings(TIME_ZONE="America/New_York")
def test_a_day_is_its_midnight_in_the_clinics_zone() -> None:
    start = encounter(period={"start": "2020-05-04"}).fields["start"]
    assert start == dt.datetime(2020, 5, 4, 4, tzinfo=dt.UTC)
