"""Resources as bytes: one way to write each."""

import json

import pytest

from clinik.fhir import load_json
from clinik.fhir.canonical import digits, dump_resource


@pytest.mark.parametrize(
    "text", ["1.10", "0", "-0", "1E3", "1e-05", "4.2e-9", "120", "36.6", "1" * 40, "0.1" + "0" * 30]
)
def test_a_number_keeps_its_digits(text: str) -> None:
    line = dump_resource({"resourceType": "X", "id": "1", "value": [{"value": digits(text)}]})
    assert line == f'{{"resourceType":"X","id":"1","value":[{{"value":{text}}}]}}'
    assert load_json(line.encode())["value"][0]["value"].text == text


@pytest.mark.parametrize("text", ["", "05", ".5", "1,5", "1 ", "+1", "NaN", "１"])
def test_what_is_no_json_number_is_none(text: str) -> None:
    assert digits(text) is None


def test_the_same_content_is_the_same_bytes() -> None:
    one = {"resourceType": "X", "id": "1", "b": {"d": 1, "c": "é<script>"}, "a": True}
    other = {"a": True, "b": {"c": "é<script>", "d": 1}, "id": "1", "resourceType": "X"}
    assert dump_resource(one) == dump_resource(other)
    assert dump_resource(one) == (
        '{"resourceType":"X","id":"1","a":true,"b":{"c":"é<script>","d":1}}'
    )
    assert dump_resource({"resourceType": "X", "id": "1"}) == '{"resourceType":"X","id":"1"}'


def test_only_characters_that_fhir_knows_go_out() -> None:
    """Who typed a control character meant nothing by it; a backslash is a backslash."""
    text = dump_resource({"resourceType": "X", "id": "1", "a": 'x\x00\x08\x1f\ty\\u0041\\b"'})
    assert json.loads(text)["a"] == 'x\ty\\u0041\\b"'
    load_json(text.encode())
