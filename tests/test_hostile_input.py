"""Whatever is typed into a field or put into an address, the answer is a page, never a 5xx."""

from typing import Any

import pytest
from django.urls import reverse

from clinik.ids import uuid7
from clinik.roles import ADMINISTRATOR, CLINICIAN
from records.notes import DRAFT_NEW
from tests.form_cases import CASES, Case, World
from tests.test_permissions import TABLE, _own, url_of, world  # noqa: F401

pytestmark = pytest.mark.django_db

# int() refuses text of so many digits.
ENDLESS = "1" * 5_000
TEXTS = (
    "nul\x00byte",
    "\U0001f9d1\u200d\U0001f9bd \u202egnp.exe\u202c \u061c",
    "<script>alert(1)</script>{{ 7|add:7 }}{% now 'Y' %}",
    "' OR 1=1; --%_\\",
    "x" * 10_000,
    ENDLESS,
)
NUMBERS = ("9" * 30, "2147483648", "-1", "1e999", "NaN", "٣٤", "²", ENDLESS, "\x00")
DATES = (
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "2024-02-30T25:61",
    "23:59:59.9999999",
    "999999999999-01-01",
)
HOSTILE = (*TEXTS, *NUMBERS, *DATES)
BY_KIND = {
    "text": TEXTS,
    "number": NUMBERS,
    "version": NUMBERS,
    "date": DATES,
    "datetime-local": DATES,
    "time": DATES,
}
# Read by views themselves, not by a form.
_SEARCH = (
    "q", "cursor", "count", "sort", "from", "to", "on", "status", "class_code", "patient",
    "practitioner", "diagnosis", "reason", "type", "service", "location", "open",
)  # fmt: skip
_TRAIL = ("person", "patient", "act", "action", "outcome", "since", "until")
USED = {
    "encounters:patient_find": ("q",),
    "encounters:patient_list": ("q", "after", "before"),
    "encounters:practitioner_find": ("q",),
    "encounters:encounter_list": _SEARCH,
    "encounters:encounter_csv": _SEARCH,
    "encounters:encounter_open": ("plan", "date"),
    "encounters:trail_list": (*_TRAIL, "before", "after"),
    "encounters:trail_csv": _TRAIL,
    "encounters:patient_trail": ("since", "until", "before", "outside"),
    "records:board_today": ("date", "room", "version"),
    "records:board_earlier": ("after",),
    "records:patient_detail": ("visits", "notes"),
    "records:patient_kept": ("kind", "after"),
    "records:encounter_detail": ("add", "all"),
    "records:encounter_past": ("day", "practitioner", "location"),
    "records:assessment_add": ("rows",),
}
PARAMETERS = ("next", *sorted({name for names in USED.values() for name in names}))


def answers(response: Any) -> bool:
    if response.streaming:
        assert b"".join(response.streaming_content)
    return response.status_code < 500


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_form_survives_what_is_typed(case: Case) -> None:
    """All boxes of one kind at a time, the others as they should be, so that verbs are reached."""
    found = World(case.role)
    url, form = case.find(found)
    groups: dict[str, list[str]] = {"version": ["version"]} if "version" in form.data else {}
    for name, kind in form.typed.items():
        groups.setdefault(kind if kind in BY_KIND else "text", []).append(name)
    for kind, names in groups.items():
        for text in BY_KIND[kind]:
            sent = form.data | dict.fromkeys(names, text)
            if "id" in form.data:
                sent["id"] = str(uuid7())
            assert answers(found.client.post(url, sent)), (kind, names, text[:20])
    for text in (TEXTS[0], ENDLESS):
        assert answers(found.client.post(url, dict.fromkeys(form.data, text))), text[:20]


@pytest.mark.parametrize("name", sorted(name for name, row in TABLE.items() if row.get))
def test_address_survives_what_is_put_into_it(name: str, world: dict[str, Any]) -> None:  # noqa: F811
    client = World(CLINICIAN if CLINICIAN in TABLE[name].get else ADMINISTRATOR).client
    url = url_of(name, _own()[name], world)
    for text in HOSTILE:
        assert answers(client.get(url, dict.fromkeys(PARAMETERS, text))), text[:20]
    for parameter in USED.get(name, ()):
        for text in HOSTILE:
            assert answers(client.get(url, {parameter: text})), (parameter, text[:20])


def test_autosave_keeps_whatever_is_typed() -> None:
    found = World()
    visit = found.visit()
    url = reverse("records:note_draft", args=[DRAFT_NEW, visit.pk])
    for text in HOSTILE:
        for name in ("content", "title", "id", "version", "draft_version"):
            data = {"patient": str(visit.patient_id), "content": "kept", name: text}
            assert answers(found.client.post(url, data)), (name, text[:20])


def test_duplicates_survive_what_is_typed() -> None:
    found = World()
    for text in HOSTILE:
        names = ("family", "given", "birth_date", "number-0-value", "not_same", "id")
        data = dict.fromkeys(names, text)
        assert answers(found.client.post(reverse("encounters:patient_duplicates"), data))
