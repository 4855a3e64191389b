"""The code table of ICD-10-CM: what loading it adds, changes and leaves alone."""

import pytest

from clinik.code_index import searchable, unpack
from clinik.codes import ICD10CM
from clinik.models import Code, CodeWord
from clinik.roles import ADMINISTRATOR
from clinik.rows import change_row
from encounters.icd10 import BILLABLE, BLOCK, CATEGORY, Entry, likelihood, write
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def entry(code: str, display: str, position: int | None, *names: str) -> Entry:
    return Entry(code, display, BILLABLE, searchable([display, *names]), position)


OLD = [
    entry("I10", "Essential (primary) hypertension", 0, "high blood pressure"),
    entry("R51", "Headache", 1),
    entry("R05", "Cough", 2),
    Entry("I10-I1A", "Hypertensive diseases", BLOCK, "hypertensive diseases", None),
]
NEW = [OLD[0], entry("R51", "Headache, all of it", 1), entry("R05.9", "Cough", 2), OLD[3]]


def positions(word: str) -> list[int]:
    rows = CodeWord.objects.filter(system=ICD10CM, word=word)
    return [number for row in rows for number in unpack(row.positions)]


def test_a_second_run_changes_nothing() -> None:
    assert write(OLD).added == 4
    before = list(Code.objects.filter(system=ICD10CM).order_by("pk").values())
    done = write(OLD)
    assert (done.added, done.changed, done.withdrawn, done.kept) == (0, 0, 0, [])
    assert list(Code.objects.filter(system=ICD10CM).order_by("pk").values()) == before


def test_a_newer_edition_adds_changes_and_withdraws() -> None:
    write(OLD)
    done = write(NEW)
    assert (done.added, done.changed, done.withdrawn) == (1, 1, 1)
    assert Code.objects.get(code="R51").display == "Headache, all of it"
    assert not Code.objects.get(code="R05").active
    assert positions("cough") == [2]


def test_what_an_administrator_changed_stays_and_is_said() -> None:
    write(OLD)
    by = UserFactory(role=ADMINISTRATOR)
    row = Code.objects.get(code="R51")
    own = {"display": "Sore head", "search": "sore head", "active": False}
    change_row(row, by=by, version=1, **own)
    Code.objects.create(system=ICD10CM, code="Z99.X", display="Our own")
    done = write(NEW)
    assert done.kept == ["R51"]
    assert (done.changed, done.withdrawn) == (0, 1)
    row.refresh_from_db()
    assert (row.display, row.active, row.position) == ("Sore head", False, 1)
    assert row.search == "sore head | headache all of it"
    assert Code.objects.get(code="Z99.X").active


def test_the_words_lead_to_the_codes_that_have_them() -> None:
    write(OLD)
    assert positions("hypertension") == positions("blood") == positions("i10") == [0]
    assert positions("diseases") == []


def test_the_likeliest_code_comes_first() -> None:
    order = [
        likelihood("I10", "Essential (primary) hypertension", BILLABLE, True),
        likelihood("K30", "Functional dyspepsia", BILLABLE, False),
        likelihood("I15.9", "Secondary hypertension, unspecified", BILLABLE, False),
        likelihood("P91.82", "Neonatal", BILLABLE, False),
        likelihood("S72.001D", "Fracture", BILLABLE, False),
        likelihood("W54.0XXA", "Bitten by dog", BILLABLE, False),
        likelihood("I15", "Hypertension", CATEGORY, False),
    ]
    assert order == sorted(order)
