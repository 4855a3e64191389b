"""Whatever is typed into a field or put into an address, the answer is a page, never a 5xx, and
shows what was typed as text.

tests/hostile.py has the texts. Every field is given all of them. Every form is sent some of them,
others in each box, so that all of them come by all the boxes of a kind: that what follows the
fields holds. Every parameter of an address that a view reads is given some on its own.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinik.ids import uuid7
from clinik.roles import ADMINISTRATOR, CLINICIAN
from encounters.fields import PractitionerField
from encounters.filters import EncounterFilter
from encounters.models import Encounter, Patient, Practitioner
from records.notes import DRAFT_NEW
from tests.form_cases import CASES, Case, World
from tests.hostile import ALL, DATES, MARK, NUMBERS, TEXTS, unescaped
from tests.test_permissions import TABLE, _own, url_of, world  # noqa: F401

pytestmark = pytest.mark.django_db

BY_KIND = {
    "text": TEXTS,
    "number": NUMBERS,
    "version": NUMBERS,
    "date": DATES,
    "datetime-local": DATES,
    "time": DATES,
}
# What went wrong before, or goes wrong first.
WORST = ("nul\x00byte", f'"><{MARK}>', "9" * 30, "1" * 5_000, "9999-12-31")
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


def some(texts: Sequence[str], seed: str, count: int) -> Iterator[str]:
    """Texts that are others for each seed and the same in each run, spread over all of them."""
    start = zlib.crc32(seed.encode())
    step = max(1, len(texts) // count)
    return (texts[(start + place * step) % len(texts)] for place in range(count))


def check(response: Any, *sent: Any) -> None:
    """A page, of which nothing that was sent has become a part."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert response.status_code < 500, sent
    if response.headers.get("Content-Type", "").startswith("text/html"):
        assert not (found := unescaped(content.decode())), (sent, found)


class Everywhere(dict[str, Any]):
    """What a widget reads, whatever it calls its parts."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get(self, name: str, default: Any = None) -> Any:
        return self.text

    __getitem__ = get

    def getlist(self, name: str) -> list[str]:
        return [self.text]

    def __contains__(self, name: object) -> bool:
        return True


def forms_in(found: Any, depth: int = 0) -> Iterator[forms.BaseForm]:
    """The forms among what a page was made from, wherever they hide."""
    if isinstance(found, forms.BaseForm):
        yield found
    elif isinstance(found, forms.BaseFormSet):
        yield from (*found.forms, found.empty_form)
    elif isinstance(found, list | tuple) and depth < 3:
        for each in found:
            yield from forms_in(each, depth + 1)
    elif type(found).__module__.startswith(("encounters", "records")) and depth < 3:
        for each in getattr(found, "__dict__", {}).values():
            if isinstance(each, forms.BaseForm | forms.BaseFormSet):
                yield from forms_in(each, depth + 1)


def forms_of_page(response: Any) -> list[forms.BaseForm]:
    shown = [value for one in response.context for part in one.dicts for value in part.values()]
    return list(forms_in(shown))


# (form class, field): each is given all texts once, on the first page that has it.
GIVEN: set[tuple[type, str]] = set()


def give_all_texts(shown: list[forms.BaseForm]) -> None:
    """A field raises ValidationError or gives a value, and nothing else."""
    pairs = [(type(form), pair) for form in shown for pair in form.fields.items()]
    for kind, (name, field) in pairs:
        # One that asks the database is the same everywhere.
        key = (PractitionerField, "") if isinstance(field, PractitionerField) else (kind, name)
        if key in GIVEN:
            continue
        GIVEN.add(key)
        for text in ALL:
            data: Any = Everywhere(text)
            try:
                field.clean(field.widget.value_from_datadict(data, {}, name))
            except ValidationError:
                continue


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_form_survives_what_is_typed(case: Case) -> None:
    """All boxes of one kind at a time, the others as they should be, so that verbs are reached."""
    found = World(case.role)
    page, action = case.page(found)
    response = found.client.get(page)
    url, form = case.find_in(response.content.decode(), page, action)
    shown = forms_of_page(response)
    assert set(form.typed) <= {each.add_prefix(name) for each in shown for name in each.fields}
    give_all_texts(shown)
    groups: dict[str, list[str]] = {"version": ["version"]} if "version" in form.data else {}
    for name, kind in form.typed.items():
        groups.setdefault(kind if kind in BY_KIND else "text", []).append(name)
    for kind, names in groups.items():
        columns = [list(some(BY_KIND[kind], case.id + name, 3)) for name in names]
        for texts in zip(*columns, strict=True):
            sent = form.data | dict(zip(names, texts, strict=True))
            if "id" in form.data:
                sent["id"] = str(uuid7())
            check(found.client.post(url, sent), kind, names, texts)
    for text in ("nul\x00byte", f'"><{MARK}>'):
        check(found.client.post(url, dict.fromkeys(form.data, text)), text)


@pytest.mark.parametrize("name", sorted(name for name, row in TABLE.items() if row.get))
def test_address_survives_what_is_put_into_it(name: str, world: dict[str, Any]) -> None:  # noqa: F811
    client = World(CLINICIAN if CLINICIAN in TABLE[name].get else ADMINISTRATOR).client
    url = url_of(name, _own()[name], world)
    for text in ("\x00", f'"><{MARK}>', "9" * 30):
        check(client.get(url, dict.fromkeys(PARAMETERS, text)), text)
    if name == "encounters:encounter_csv":
        return  # reads its address as the list does
    for parameter in USED.get(name, ()):
        for text in (*WORST, *some(ALL, name + parameter, 2)):
            check(client.get(url, {parameter: text}), parameter, text[:40])


def test_searches_hold_whatever_is_looked_for() -> None:
    found = World()
    found.visit()
    for text in ALL:
        assert len(Patient.objects.search(text)[:3]) <= 3
        assert len(Practitioner.objects.search(text)[:3]) <= 3
    for name in EncounterFilter.base_filters:
        for text in ALL:
            data = Everywhere(text)
            field = EncounterFilter.base_filters[name].field
            try:
                field.clean(field.widget.value_from_datadict(data, {}, name))
            except ValidationError:
                continue
    assert Encounter.objects.count() == 1


def test_autosave_keeps_whatever_is_typed() -> None:
    found = World()
    visit = found.visit()
    url = reverse("records:note_draft", args=[DRAFT_NEW, visit.pk])
    for name in ("content", "title", "id", "version", "draft_version"):
        for text in (*WORST, *some(ALL, name, 12)):
            data = {"patient": str(visit.patient_id), "content": "kept", name: text}
            check(found.client.post(url, data), name, text[:40])


def test_duplicates_survive_what_is_typed() -> None:
    found = World()
    names = ("family", "given", "birth_date", "number-0-value", "not_same", "id")
    columns = [(*WORST, *some(ALL, name, 12)) for name in names]
    for texts in zip(*columns, strict=True):
        data = dict(zip(names, texts, strict=True))
        check(found.client.post(reverse("encounters:patient_duplicates"), data), texts)


@pytest.mark.parametrize(
    "page",
    [
        f"<p>a <{MARK}></p>",
        f'<input value=""><{MARK}>">',
        f'<input value="" {MARK}="1">',
        f"<script>{MARK}()</script>",
        f'<a href="javascript:{MARK}()">',
    ],
)
def test_what_is_not_escaped_is_noticed(page: str) -> None:
    assert unescaped(page)
    assert not unescaped(f'<p title="&lt;{MARK}&gt;">&lt;{MARK} onload={MARK}()&gt;</p>')
