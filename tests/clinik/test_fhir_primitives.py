import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clinik.fhir import (
    STATUS_CODES,
    FhirEncoder,
    FhirError,
    FhirTime,
    Identifier,
    check_id,
    check_shape,
    check_status,
    dump_json,
    format_datetime,
    load_json,
    parse_date,
    parse_datetime,
    parse_reference,
    read_codeable,
    read_quantity,
    write_codeable,
    write_quantity,
)

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SYDNEY = ZoneInfo("Australia/Sydney")

needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the sample data (shared/data beside the checkout) is not here"
)


def sample_lines(name):
    return [json.loads(line) for line in (SAMPLES / "primitives" / name).read_text().splitlines()]


@needs_samples
@pytest.mark.parametrize("name", ["date", "date_time"])
def test_sample_primitives_are_judged_as_their_makers_say(name):
    read = {"date": parse_date, "date_time": lambda v, p: parse_datetime(v, p, SYDNEY)}[name]
    valid = [v for v in sample_lines(f"{name}.valid.ndjson") if v is not None]
    assert len(valid) >= 3
    for value in valid:
        read(value, "x")
    for value in sample_lines(f"{name}.invalid.ndjson"):
        with pytest.raises(FhirError):
            read(value, "x")


@pytest.mark.parametrize(
    "number", ["1.10", "4.2E-9", "1e2", "-0.0", "100", "1E400", "0.1234567890123456789"]
)
def test_numbers_keep_their_digits(number):
    data = f'{{"value":{number}}}'.encode()
    value = load_json(data)
    assert dump_json(value) == data.decode()
    assert json.dumps(value, cls=FhirEncoder) == data.decode()
    assert value["value"].text == number


def test_dump_json_is_json():
    value = {"b": [1, 'ä"\n', None, True, {}, []], "a": {"c": 2.5}}
    assert json.loads(dump_json(value)) == value
    assert dump_json(value, sort_keys=True).startswith('{"a":')


def test_byte_order_mark_is_read_over():
    assert load_json(b'\xef\xbb\xbf{"a": "\xc3\xa4"}') == {"a": "ä"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"active": false, "active": true}', "active"),
        (b'{"a": {"deep": 1, "deep": 1}}', "deep"),
        (b"// comment\n{}", "line 1"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1,}', "no JSON"),
        (b"{'a': 1}", "no JSON"),
        (b"\xff\xfe{", "UTF-8"),
        (b"", "no JSON"),
        (b"<Patient/>", "no JSON"),
        (b'{"a": "\\u0000"}', "U+0000"),
        (b'{"a": ["\\ud800"]}', "U+D800"),
        (b"[" * 100_000, "deep"),
        (b'{"a": 1e99999999999999999999}', "no number"),
    ],
)
def test_what_is_no_strict_json_is_refused(data, words):
    with pytest.raises(FhirError) as error:
        load_json(data)
    assert words in error.value.reason


@pytest.mark.parametrize(
    ("text", "instant", "precision"),
    [
        ("2025-01-15T09:00:00Z", datetime(2025, 1, 15, 9, tzinfo=UTC), "instant"),
        ("2025-01-15T09:00:00-05:00", datetime(2025, 1, 15, 14, tzinfo=UTC), "instant"),
        ("2025-01-15T09:00:00.123+14:00", datetime(2025, 1, 14, 19, 0, 0, 123000, UTC), "instant"),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC), "instant"),
        ("0385-07-25T07:06:40.000000+00:00", datetime(385, 7, 25, 7, 6, 40, tzinfo=UTC), "instant"),
        ("2150-01-01T00:00:00Z", datetime(2150, 1, 1, tzinfo=UTC), "instant"),
        ("2025-01-15", datetime(2025, 1, 14, 13, tzinfo=UTC), "day"),
        ("2025-07", datetime(2025, 6, 30, 14, tzinfo=UTC), "month"),
        ("2025", datetime(2024, 12, 31, 13, tzinfo=UTC), "year"),
    ],
)
def test_date_and_time_are_read_with_their_precision(text, instant, precision):
    assert parse_datetime(text, "x", SYDNEY) == FhirTime(instant, precision)


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-15T24:00:00Z",
        "2025-01-15T09:00Z",
        "2025-01-15T09:00:00",
        "2025-02-30",
        "2025-13",
        "0000",
        "385-01-01",
        "25-01-01",
        "2025-1-5",
        "2025-01-15 09:00:00Z",
        "2025-01-15T09:00:00+15:00",
        "2025-01-15\n",
        "",
        " 2025",
        "0001-01-01T00:00:00+01:00",
        "0001-01-01",
        "٢٠٢٥",
        None,
        2025,
        True,
    ],
)
def test_what_is_no_fhir_time_is_refused_with_its_place(text):
    with pytest.raises(FhirError) as error:
        parse_datetime(text, "Encounter.period.start", SYDNEY)
    assert error.value.place == "Encounter.period.start"


@pytest.mark.parametrize(
    "text",
    [
        "2025",
        "2025-07",
        "2025-07-04",
        "0385-07-25",
        "2025-01-15T09:00:00Z",
        "2025-01-15T09:00:00.123Z",
        "2150-12-31T23:59:59.000001Z",
        "0385-07-25T07:06:40Z",
    ],
)
def test_time_is_written_as_precisely_as_it_was_given(text):
    for zone in (UTC, ZoneInfo("UTC")):
        assert format_datetime(parse_datetime(text, "x", zone), zone) == text


def test_time_is_written_with_the_zones_offset():
    time = parse_datetime("2025-01-15T09:00:00.120Z", "x", SYDNEY)
    assert format_datetime(time, SYDNEY) == "2025-01-15T20:00:00.12+11:00"
    assert format_datetime(parse_datetime("2025-07-04", "x", SYDNEY), SYDNEY) == "2025-07-04"
    old = parse_datetime("0385-07-25T07:06:40Z", "x", SYDNEY)
    assert format_datetime(old, SYDNEY) == "0385-07-25T07:06:40Z"


def test_date_refuses_a_time():
    assert parse_date("1962-03", "x") == (date(1962, 3, 1), "month")
    with pytest.raises(FhirError, match="has a time"):
        parse_date("1962-03-11T00:00:00Z", "Patient.birthDate")


def test_codeable_reads_the_first_coding_and_keeps_the_others():
    one, two = {"system": "s1", "code": "c1", "display": "d1"}, {"system": "s2", "code": "c2"}
    concept = {"coding": [one, two], "text": "words"}
    value = read_codeable(concept, "x")
    assert (value.system, value.code, value.display, value.text) == ("s1", "c1", "d1", "words")
    assert value.more == [two]
    assert write_codeable(value) == concept


def test_codeable_prefers_what_the_user_chose():
    chosen = {"system": "s2", "code": "c2", "userSelected": True}
    value = read_codeable({"coding": [{"code": "c1"}, chosen]}, "x")
    assert value.code == "c2"
    assert value.more == [{"code": "c1"}]


def test_empty_codeable_reads_and_writes_nothing():
    assert write_codeable(read_codeable(None, "x")) is None
    assert read_codeable({"text": "only words"}, "x").text == "only words"


@pytest.mark.parametrize("bad", ["text", [], {"coding": {"code": "c"}}, {"coding": [{"code": 1}]}])
def test_odd_codeable_is_refused(bad):
    with pytest.raises(FhirError):
        read_codeable(bad, "x")


def test_quantity_keeps_its_digits_both_ways():
    text = '{"value":1.10,"comparator":"<","unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}'
    quantity = read_quantity(load_json(text.encode()), "x")
    assert (quantity.value, quantity.value_number, quantity.comparator) == ("1.10", 1.1, "<")
    assert dump_json(write_quantity(quantity)) == text


def test_quantity_beyond_a_float_has_digits_only():
    quantity = read_quantity(load_json(b'{"value": 1E400}'), "x")
    assert (quantity.value, quantity.value_number) == ("1E400", None)


@pytest.mark.parametrize(
    "bad", [b'{"value": "72"}', b'{"value": true}', b'{"comparator": "~"}', b"[]"]
)
def test_odd_quantity_is_refused(bad):
    with pytest.raises(FhirError):
        read_quantity(load_json(bad), "Observation.valueQuantity")


@pytest.mark.parametrize(
    ("text", "kind", "resource_type", "id_"),
    [
        ("urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a", "urn", "", ""),
        ("Patient/f001", "literal", "Patient", "f001"),
        ("Patient/f001/_history/3", "literal", "Patient", "f001"),
        ("https://example.org/fhir/Patient/f001", "absolute", "Patient", "f001"),
        ("http://example.org/fhir/Patient/f001/_history/1", "absolute", "Patient", "f001"),
        ("http://example.org/somewhere", "absolute", "", ""),
        ("#med1", "contained", "", "med1"),
        ("#", "contained", "", ""),
        ("Practitioner?name=x", "conditional", "Practitioner", ""),
    ],
)
def test_reference_is_told_apart(text, kind, resource_type, id_):
    reference = parse_reference({"reference": text, "display": "D"}, "x")
    assert reference is not None
    assert (reference.kind, reference.resource_type, reference.id) == (kind, resource_type, id_)
    assert (reference.raw, reference.display) == (text, "D")


@pytest.mark.parametrize(
    ("query", "identifier"),
    [
        ("identifier=http://npi|99", Identifier("http://npi", "99")),
        ("identifier=http%3A%2F%2Fa%7C9%209", Identifier("http://a", "9 9")),
        ("identifier=99", Identifier(None, "99")),
        ("identifier=|99", Identifier("", "99")),
        ("identifier=a|1&active=true", None),
        ("name=x", None),
    ],
)
def test_conditional_reference_names_its_identifier(query, identifier):
    reference = parse_reference({"reference": f"Practitioner?{query}"}, "x")
    assert reference is not None
    assert reference.query == query
    assert reference.identifier == identifier


def test_reference_by_identifier_or_words_only():
    logical = parse_reference({"identifier": {"system": "s", "value": "v"}, "type": "Patient"}, "x")
    assert logical is not None
    assert (logical.kind, logical.identifier) == ("logical", Identifier("s", "v"))
    assert parse_reference({"display": "Dr Example"}, "x").kind == "display"
    assert parse_reference(None, "x") is None
    assert parse_reference({"identifier": {"system": "s"}}, "x") is None


@pytest.mark.parametrize(
    "text", ["Patient", "patient/1", "Patient/a_b", "Patient/1/2", "a b", "#a_b"]
)
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(FhirError) as error:
        parse_reference({"reference": text}, "Encounter.subject")
    assert error.value.place == "Encounter.subject.reference"


def test_id_is_letters_digits_hyphens_and_dots_up_to_64():
    assert check_id("A.b-1" + "x" * 59, "x") == "A.b-1" + "x" * 59
    for bad in ("", "a" * 65, "bad-id_1", "a b", "a\n", None, 1):
        with pytest.raises(FhirError):
            check_id(bad, "Patient.id")


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ({}, "R"),
        ({"id": "1"}, "R.resourceType"),
        ({"resourceType": ""}, "R.resourceType"),
        ({"resourceType": ["Patient"]}, "R.resourceType"),
        ({"resourceType": "Patient", "id": "bad_id"}, "R.id"),
        ({"resourceType": "Patient", "name": []}, "R.name"),
        ({"resourceType": "Patient", "name": [{}]}, "R.name[0]"),
        ({"resourceType": "Patient", "name": {"family": "x"}}, "R.name"),
        ({"resourceType": "Patient", "name": [{"given": "x"}]}, "R.name[0].given"),
        ({"resourceType": "Patient", "birthDate": ["1962"]}, "R.birthDate"),
        ({"resourceType": "Encounter", "class": [{"code": "AMB"}]}, "R.class"),
        ({"resourceType": "Encounter", "actualPeriod": {"start": "2025"}}, "R.actualPeriod"),
        ({"resourceType": "Encounter", "reason": [{"use": [{"text": "x"}]}]}, "R.reason"),
        ({"resourceType": "Encounter", "reasonCode": {"text": "x"}}, "R.reasonCode"),
        (
            {"resourceType": "Encounter", "participant": [{"type": {"text": "x"}}]},
            "R.participant[0].type",
        ),
        ({"resourceType": "Observation", "status": "final"}, "R.code"),
        (
            {
                "resourceType": "Observation",
                "code": {"text": "x"},
                "valueString": "a",
                "valueBoolean": True,
            },
            "R.value[x]",
        ),
        (
            {
                "resourceType": "Observation",
                "code": {"text": "x"},
                "component": [
                    {"code": {"text": "x"}, "valueString": "a", "_valueInteger": {"id": "b"}}
                ],
            },
            "R.component[0].value[x]",
        ),
        ({"resourceType": "Bundle"}, "R.type"),
        ({"resourceType": "Bundle", "type": "heap"}, "R.type"),
        (
            {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"id": "1"}}]},
            "R.entry[0].resource.resourceType",
        ),
        (
            {"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "_"}]},
            "R.contained[0].id",
        ),
        ([], "R"),
        ("text", "R"),
    ],
)
def test_odd_shape_is_refused_with_its_place(resource, place):
    with pytest.raises(FhirError) as error:
        check_shape(resource, "R")
    assert error.value.place == place


def test_r5_encounter_is_named_as_such():
    with pytest.raises(FhirError, match="an R5 Encounter"):
        check_shape({"resourceType": "Encounter", "class": [{"text": "AMB"}]}, "Encounter")


def test_value_and_its_extension_are_one_value():
    check_shape(
        {
            "resourceType": "Observation",
            "code": {"text": "x"},
            "valueString": "a",
            "_valueString": {"id": "b"},
            "unknownElement": 1,
        },
        "Observation",
    )


@needs_samples
def test_good_sample_files_have_r4_shape():
    folders = ("synthea-2019", "edge", "au-core", "hl7-r4-examples", "synthea-2021-conditional")
    files = [path for folder in folders for path in sorted((SAMPLES / folder).glob("*.json"))]
    assert len(files) > 100
    for path in files:
        check_shape(load_json(path.read_bytes()), path.name)


@needs_samples
@pytest.mark.parametrize(
    "name",
    [
        "bad-json-close-1.json",
        "json-comma-bad-1.json",
        "json-no-quotes-1.json",
        "json-comments-1.json",
        "patient-example.xml",
        "PatientMissingResourceType.json",
        "Bundle-TypeMissing.json",
        "ObservationWithNoCode.json",
        "synthea.json",
        "patient-id-bad-1.json",
        "patient-id-bad-3.json",
        "empty-array.json",
        "patient-duplicate.json",
    ],
)
def test_bad_sample_file_is_refused(name):
    with pytest.raises(FhirError):
        check_shape(load_json((SAMPLES / "invalid" / name).read_bytes()), name)


@pytest.mark.parametrize("kind", sorted(STATUS_CODES))
def test_status_of_r4_is_known_and_no_other(kind):
    for code in STATUS_CODES[kind]:
        assert check_status(kind, code, "x") == code
    for bad in ("this_is_invalid", "", "Finished", 1, ["final"]):
        with pytest.raises(FhirError):
            check_status(kind, bad, "x")


def test_missing_status_is_unknown_where_r4_has_that_code():
    assert check_status("Encounter", None, "x") == "unknown"
    with pytest.raises(FhirError, match="missing"):
        check_status("ClinicalImpression", None, "ClinicalImpression.status")


def test_completed_is_no_r4_encounter_status():
    with pytest.raises(FhirError, match="completed"):
        check_status("Encounter", "completed", "Encounter.status")
