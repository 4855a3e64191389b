"""Observation, DocumentReference, MedicationRequest and ClinicalImpression as rows: no database."""

import base64
import datetime as dt
import json
from typing import Any

import pytest

from clinik.fhir import FhirError, load_json
from clinik.imports import Mapped
from records.fhir import read_assessment, read_note, read_observation, read_prescription


def wire(text: str | None = None, **resource: Any) -> Any:
    """The resource as it comes from a file: numbers keep their digits."""
    return load_json((text or json.dumps(resource)).encode())


def observation(**parts: Any) -> Mapped:
    parts = {"status": "final", "code": {"text": "Heart rate"}, **parts}
    return read_observation(wire(resourceType="Observation", **parts), "Observation")


def note(text: str | None = "Feels well.", **parts: Any) -> Mapped:
    if text is not None:
        data = base64.b64encode(text.encode()).decode()
        attachment = {"contentType": "text/plain; charset=utf-8", "data": data}
        parts = {"content": [{"attachment": attachment}], **parts}
    parts = {"status": "current", **parts}
    return read_note(wire(resourceType="DocumentReference", **parts), "DocumentReference")


def prescription(medication: Any = None, **parts: Any) -> Mapped:
    parts = {"status": "active", "intent": "order", **parts}
    sent = wire(resourceType="MedicationRequest", **parts)
    return read_prescription(sent, "MedicationRequest", medication)


def assessment(**parts: Any) -> Mapped:
    parts = {"status": "completed", **parts}
    return read_assessment(wire(resourceType="ClinicalImpression", **parts), "ClinicalImpression")


# -- observation --------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", ["1.10", "173.93014137598118", "4.2E-9", "0", "-2.500"])
def test_quantity_keeps_the_digits_as_sent(digits: str) -> None:
    text = (
        '{"resourceType": "Observation", "status": "final", "code": {"text": "x"},'
        f' "valueQuantity": {{"value": {digits}, "unit": "mmol/L", "comparator": "<",'
        ' "system": "http://unitsofmeasure.org", "code": "mmol/L"}}'
    )
    fields = read_observation(wire(text), "Observation").fields
    assert fields["value"] == digits
    assert fields["value_number"] == float(digits)
    assert (fields["value_comparator"], fields["value_unit_code"]) == ("<", "mmol/L")


def test_every_modelled_kind_of_value_is_read() -> None:
    assert observation(valueString="brown").fields["value_text"] == "brown"
    assert observation(valueBoolean=False).fields["value_boolean"] is False
    assert observation(valueInteger=15).fields["value"] == "15"
    coded = observation(valueCodeableConcept={"coding": [{"code": "1"}], "text": "Never smoker"})
    assert coded.fields["value_coded_code"] == "1"
    assert coded.fields["value_coded_text"] == "Never smoker"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("valueDateTime", "2016-12-30"),
        ("valueRange", {"low": {"value": 1}}),
        ("valueRatio", {"numerator": {"value": 1}}),
        ("valueTime", "10:00:00"),
        ("valuePeriod", {"start": "2016"}),
        ("valueSampledData", {"data": "1 2"}),
    ],
)
def test_other_kinds_of_value_are_kept_as_sent(kind: str, value: Any) -> None:
    assert observation(**{kind: value}).fields["value_other"] == {kind: value}


def test_unit_code_of_another_system_is_no_ucum_code() -> None:
    mapped = observation(valueQuantity={"value": 1, "code": "TAB", "system": "urn:forms"})
    assert mapped.fields["value_unit_code"] == ""
    assert mapped.fields["value_unit"] == "TAB"
    assert mapped.raw["valueQuantity"]["system"] == "urn:forms"


def test_absent_value_says_why() -> None:
    assert observation(dataAbsentReason={"text": "not asked"}).fields["absent_reason"] == (
        "not asked"
    )


def test_components_stand_in_order_with_their_values() -> None:
    parts = [
        {"code": {"coding": [{"code": "8462-4"}]}, "valueQuantity": {"value": 80}},
        {"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": {"value": 120}},
    ]
    rows = [row.fields for row in observation(component=parts).parts]
    assert [(row["position"], row["code_code"], row["value"]) for row in rows] == [
        (0, "8462-4", "80"),
        (1, "8480-6", "120"),
    ]


def test_interpretation_range_note_site_and_method_are_read() -> None:
    fields = observation(
        category=[{"coding": [{"code": "laboratory"}]}],
        interpretation=[{"coding": [{"code": "H"}]}],
        referenceRange=[{"low": {"value": 3.10}, "high": {"value": 6}, "text": "normal"}],
        note=[{"text": "one"}, {"text": "two"}],
        bodySite={"text": "left arm"},
        method={"text": "cuff"},
        issued="2020-01-01T00:00:00.952Z",
    ).fields
    assert (fields["category"], fields["interpretation"]) == ("laboratory", "H")
    assert (fields["range_low"], fields["range_high"], fields["range_text"]) == (
        "3.1",
        "6",
        "normal",
    )
    assert fields["note"] == "one\n\ntwo"
    assert (fields["body_site_text"], fields["method_text"]) == ("left arm", "cuff")
    assert fields["issued"].microsecond == 952_000


@pytest.mark.parametrize(
    ("sent", "instant", "precision"),
    [
        (
            {"effectiveDateTime": "2011-12-23T12:11:31-05:00"},
            dt.datetime(2011, 12, 23, 17, 11, 31, tzinfo=dt.UTC),
            "instant",
        ),
        (
            {"effectiveDateTime": "0385-01-01T00:00:00Z"},
            dt.datetime(385, 1, 1, tzinfo=dt.UTC),
            "instant",
        ),
        (
            {"effectivePeriod": {"start": "2011-12-23T12:00:00Z", "end": "2011-12-24T12:00:00Z"}},
            dt.datetime(2011, 12, 23, 12, tzinfo=dt.UTC),
            "instant",
        ),
    ],
)
def test_effective_time_is_the_instant_or_the_beginning(
    sent: dict[str, Any], instant: dt.datetime, precision: str
) -> None:
    fields = observation(**sent).fields
    assert (fields["effective"], fields["effective_precision"]) == (instant, precision)


def test_effective_period_keeps_its_end_beside() -> None:
    mapped = observation(effectivePeriod={"start": "2011", "end": "2012"})
    assert mapped.raw["effectivePeriod"]["end"] == "2012"
    assert mapped.fields["effective_precision"] == "year"


def test_observation_without_status_is_unknown_and_without_code_refused() -> None:
    assert observation(status=None).fields["status"] == "unknown"
    with pytest.raises(FhirError, match=r"^Observation\.code"):
        observation(code={"coding": [{"system": "s"}]})


# -- note ---------------------------------------------------------------------------------------


def test_note_is_the_decoded_text() -> None:
    mapped = note(
        "Señor Ordóñez\nfeels well.",
        type={"coding": [{"system": "http://loinc.org", "code": "18842-5"}]},
        description="Summary",
        context={"encounter": [{"reference": "Encounter/e"}], "period": {"start": "2020-01-02"}},
        author=[{"reference": "Practitioner/a"}],
    )
    fields = mapped.fields
    assert fields["content"] == "Señor Ordóñez\nfeels well."
    assert (fields["type"], fields["title"]) == ("discharge-summary", "Summary")
    assert (fields["status"], fields["effective_precision"]) == ("final", "day")
    assert mapped.links["encounter"] is not None
    assert mapped.links["encounter"].id == "e"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"docStatus": "preliminary"}, "preliminary"),
        ({"docStatus": "amended"}, "amended"),
        ({"status": "entered-in-error", "docStatus": "final"}, "entered-in-error"),
        ({"status": "superseded"}, "final"),
    ],
)
def test_note_status_is_that_of_the_document(sent: dict[str, Any], status: str) -> None:
    assert note(**sent).fields["status"] == status


def test_note_that_is_no_text_is_kept_beside() -> None:
    pdf = {"contentType": "application/pdf", "data": "Zm9v"}
    mapped = note(None, content=[{"attachment": pdf}])
    assert mapped.fields["content"] == ""
    assert mapped.raw["content"][0]["attachment"] == pdf


def test_note_with_broken_base64_is_refused() -> None:
    broken = {"contentType": "text/plain", "data": "a"}
    with pytest.raises(FhirError, match=r"^DocumentReference\.content\[0\]\.attachment\.data"):
        note(None, content=[{"attachment": broken}])


# -- prescription -------------------------------------------------------------------------------


def test_prescription_has_drug_dose_and_supply() -> None:
    fields = prescription(
        medicationCodeableConcept={"coding": [{"code": "316052"}], "text": "Hydrochlorothiazide"},
        authoredOn="2007-12-14",
        dosageInstruction=[
            {
                "text": "one every six hours",
                "route": {"text": "oral"},
                "asNeededBoolean": True,
                "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablets"}}],
                "timing": {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}},
            }
        ],
        dispenseRequest={"quantity": {"value": 30, "unit": "tablets"}, "numberOfRepeatsAllowed": 3},
    ).fields
    assert (fields["medication_code"], fields["medication_text"]) == (
        "316052",
        "Hydrochlorothiazide",
    )
    assert (fields["dosage_text"], fields["dose"], fields["route"]) == (
        "one every six hours",
        "2 tablets",
        "oral",
    )
    assert (fields["frequency"], fields["as_needed"]) == ("1 / 6 h", True)
    assert (fields["quantity"], fields["quantity_unit"], fields["refills"]) == ("30", "tablets", 3)
    assert fields["effective_precision"] == "day"


def test_drug_is_that_of_the_medication_else_the_words_of_the_reference() -> None:
    reference = {"reference": "Medication/m", "display": "Ibuprofen"}
    drug = wire(resourceType="Medication", code={"coding": [{"code": "5640"}]})
    known = prescription(drug, medicationReference=reference)
    unknown = prescription(None, medicationReference=reference)
    assert known.fields["medication_code"] == "5640"
    assert unknown.fields["medication_text"] == "Ibuprofen"


@pytest.mark.parametrize("key", ["status", "intent", "priority"])
def test_prescription_with_a_foreign_code_is_refused(key: str) -> None:
    with pytest.raises(FhirError, match=rf"^MedicationRequest\.{key}"):
        prescription(**{key: "soon"})


# -- assessment ---------------------------------------------------------------------------------


def test_assessment_has_findings_in_order() -> None:
    mapped = assessment(
        summary="Likely viral.",
        date="2020-01-02",
        assessor={"reference": "Practitioner/a"},
        finding=[
            {"itemCodeableConcept": {"text": "rhinitis"}, "basis": "seen"},
            {"itemCodeableConcept": {"text": "fever"}},
        ],
    )
    assert mapped.fields["summary"] == "Likely viral."
    assert mapped.fields["effective_precision"] == "day"
    assert [(row.fields["finding_text"], row.fields["basis"]) for row in mapped.parts] == [
        ("rhinitis", "seen"),
        ("fever", ""),
    ]


def test_assessment_without_status_is_refused() -> None:
    with pytest.raises(FhirError, match=r"^ClinicalImpression\.status"):
        assessment(status=None)
