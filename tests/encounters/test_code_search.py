"""Finding a diagnosis by what people say, in the whole of ICD-10-CM.

The table is loaded once for this file, outside its tests' transactions, and taken away after them.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinik.codes import ICD10CM
from clinik.models import AuditEvent, Code, CodeWord, ImportRun
from clinik.roles import CLINICIAN
from encounters import icd10
from encounters.code_search import find
from encounters.diagnoses import add_diagnosis
from tests.factories import EncounterFactory, PractitionerFactory, UserFactory
from tests.lifting import lifted

pytestmark = pytest.mark.django_db

# What is said, and the code that must be among the first three.
SAID = {
    "heart attack": "I21.9",
    "high blood pressure": "I10",
    "high blood pres": "I10",
    "htn": "I10",
    "low blood pressure": "I95.9",
    "sugar": "E11.9",
    "diabetes": "E11.9",
    "type 2 diabetes": "E11.9",
    "type 1 diabetes": "E10.9",
    "high cholesterol": "E78.00",
    "stroke": "I63.9",
    "mini stroke": "G45.9",
    "flu": "J11.1",
    "stomach flu": "A08.4",
    "common cold": "J00",
    "sore throat": "J02.9",
    "strep throat": "J02.0",
    "uti": "N39.0",
    "bladder infection": "N30.00",
    "kidney stones": "N20.0",
    "kidney infection": "N10",
    "chest pain": "R07.9",
    "pain chest": "R07.9",
    "short of breath": "R06.02",
    "asthma": "J45.909",
    "asthma attack": "J45.901",
    "copd": "J44.9",
    "pneumonia": "J18.9",
    "hay fever": "J30.9",
    "pink eye": "H10.9",
    "ear infection": "H66.90",
    "headache": "R51.9",
    "migraine": "G43.909",
    "back pain": "M54.9",
    "pain in my lower back": "M54.50",
    "slipped disc": "M51.26",
    "knee pain": "M25.569",
    "left knee pain": "M25.562",
    "broken hip": "S72.009A",
    "sprained ankle": "S93.409A",
    "gout": "M10.9",
    "arthritis": "M19.90",
    "shingles": "B02.9",
    "chicken pox": "B01.9",
    "athletes foot": "B35.3",
    "yeast infection": "B37.31",
    "depression": "F32.A",
    "anxiety": "F41.9",
    "panic attack": "F41.0",
    "cannot sleep": "G47.00",
    "underactive thyroid": "E03.9",
    "anemia": "D64.9",
    "blood clot in leg": "I82.409",
    "afib": "I48.91",
    "heart failure": "I50.9",
    "acid reflux": "K21.9",
    "gallstones": "K80.20",
    "appendicitis": "K35.80",
    "piles": "K64.9",
    "tummy ache": "R10.9",
    "throwing up": "R11.10",
    "hives": "L50.9",
    "eczema": "L20.9",
    "covid": "U07.1",
    "check up": "Z00.00",
}
MISTYPED = {
    "hypretension": "I10",
    "hypertenson": "I10",
    "migrane": "G43.909",
    "appendicitus": "K35.80",
    "diabtes": "E11.9",
    "pnuemonia": "J18.9",
    "hart attack": "I21.9",
    "kidny stone": "N20.0",
    "astma": "J45.909",
    "bronchitsi": "J40",
}


@pytest.fixture(scope="module", autouse=True)
def whole_table(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        icd10.load()
        yield
        with lifted(AuditEvent, Code, ImportRun):
            CodeWord.objects.filter(system=ICD10CM).delete()
            Code.objects.filter(system=ICD10CM)._raw_delete("default")
            ImportRun.objects.filter(source=ICD10CM).delete()
            AuditEvent.objects.filter(act="import.run").delete()


def codes(text: str, **kwargs: Any) -> list[str]:
    return [found.code for found in find(text, **kwargs)]


def test_the_table_is_whole_and_loading_it_again_does_nothing() -> None:
    assert Code.objects.filter(system=ICD10CM).count() == 98_505
    assert icd10.is_loaded()
    assert AuditEvent.objects.get(act="import.run").detail["added"] == 98_505
    assert (icd10.load().added, ImportRun.objects.filter(source=ICD10CM).count()) == (0, 1)


def test_what_people_say_is_among_the_first_three() -> None:
    missed = {text: codes(text)[:3] for text, code in SAID.items() if code not in codes(text)[:3]}
    assert missed == {}


def test_one_letter_wrong_in_a_word_is_forgiven() -> None:
    read = MISTYPED.items()
    missed = {text: codes(text)[:3] for text, code in read if code not in codes(text)[:3]}
    assert missed == {}


def test_an_exact_code_comes_first_with_or_without_its_dot() -> None:
    for text, code in {
        "i10": "I10", "I10": "I10", "e11.9": "E11.9", "E119": "E11.9", "e11 9": "E11.9",
        "e11": "E11", "s72": "S72", "s72.001a": "S72.001A", "b20": "B20",
    }.items():  # fmt: skip
        assert codes(text)[0] == code, text


def test_the_beginning_of_a_code_finds_what_it_holds() -> None:
    found = codes("e11.")
    assert found[0] == "E11"
    assert all(code.startswith("E11") for code in found)
    assert all(code.startswith("S72.00") for code in codes("s7200"))


def test_words_stand_in_any_order_and_may_be_unfinished() -> None:
    assert codes("hyper ess")[0] == codes("ess hypert")[0] == "I10"
    assert "M25.562" in codes("knee left pain")[:3]


def test_a_code_for_billing_comes_before_its_category() -> None:
    found = codes("cough")
    assert found.index("R05.9") < found.index("R05")


def test_what_fits_nothing_finds_nothing() -> None:
    for text in ("xqzzyyy", "%", "_", "'", "🙂", "..", "\\"):
        assert codes(text) == []


def test_what_is_not_offered_any_more_is_not_found() -> None:
    Code.objects.filter(system=ICD10CM, code="I10").update(active=False)
    assert "I10" not in codes("i10") + codes("essential hypertension")


def test_what_i_use_comes_first_and_then_what_the_clinic_uses() -> None:
    me, other = (
        UserFactory(role=CLINICIAN, practitioner=PractitionerFactory()) for _each in range(2)
    )
    for by, code in ((other, "R51.0"), (other, "R51.0"), (me, "G44.209")):
        visit = EncounterFactory()
        add_diagnosis(visit, by=by, code=code, system=ICD10CM, display="As called here")
    assert codes("headache", by=me)[:2] == ["G44.209", "R51.0"]
    assert codes("headache", by=other)[:2] == ["R51.0", "G44.209"]
    assert codes("", by=me) == ["G44.209", "R51.0"]
    # Yet a code that is typed is meant.
    assert codes("r51.9", by=me)[0] == "R51.9"


def test_any_text_asks_few_queries() -> None:
    for text in (
        "i10",
        "pain",
        "high blood pres",
        "hypretension",
        "zzzz yyyy xxxx wwww",
        "a b c d",
    ):
        with CaptureQueriesContext(connection) as asked:
            find(text, by=UserFactory.build())
        assert len(asked) <= 7, text
