"""Whatever is typed into a field or put into an address, the answer is a page, never a 5xx, and
shows what was typed as text.

tests/hostile.py has the texts. Every field of every form and filter is given all of them. Every
form is sent some of them, others in each box, so that all of them come by all the boxes of a kind:
that what follows the fields holds. Every parameter of an address that a view reads is given some on
its own, by each role that has pages of its own. The administration: tests/test_hostile_admin.py.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinik.ids import uuid7
from clinik.roles import ADMINISTRATOR, AUDITOR, CLINICIAN
from encounters.fields import PractitionerField
from encounters.filters import EncounterFilter
from encounters.forms.trail import PeriodForm, TrailForm
from encounters.models import Encounter, Patient, Practitioner
from records.notes import DRAFT_NEW
from tests.conftest import keep_all_contexts, test_client
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
# What went wrong before, or goes wrong first, by what a parameter holds.
WORST = (f'"><{MARK}>', "9" * 30, "1" * 5_000)
WORST_DAYS = ("9999-12-31", "0001-01-01")
CHOSEN = {
    "status", "class_code", "open", "sort", "action", "outcome", "mine", "plan", "more", "reviewed",
    "outside", "kind", "all", "add", "relation", "fresh", "of",
}  # fmt: skip
DAYS = {"date", "from", "to", "on", "since", "until", "day", "start"}
# Read by views themselves, not by a form.
_SEARCH = (
    "q", "cursor", "count", "sort", "from", "to", "on", "status", "class_code", "patient",
    "practitioner", "diagnosis", "reason", "type", "service", "location", "open",
)  # fmt: skip
_TRAIL = ("person", "patient", "act", "action", "outcome", "since", "until", "sort")
USED: dict[str, tuple[str, ...]] = {
    "encounters:access_list": ("reviewed", "at"),
    "encounters:amendment_add": ("visit", "record"),
    "encounters:trail_unusual": ("day",),
    "encounters:patient_merge": ("q",),
    "encounters:patient_retention": ("years", "after"),
    "encounters:patient_retention_csv": ("years",),
    "encounters:condition_find": ("q",),
    "encounters:allergy_add": ("next",),
    "encounters:encounter_step_back": ("version",),
    "encounters:patient_find": ("q",),
    "encounters:patient_list": ("q", "after", "before"),
    "encounters:practitioner_find": ("q",),
    "encounters:encounter_list": _SEARCH,
    "encounters:encounter_csv": _SEARCH,
    "encounters:encounter_open": ("plan", "date"),
    "encounters:trail_list": (*_TRAIL, "before", "after"),
    "encounters:trail_csv": _TRAIL,
    "encounters:trail_fhir": _TRAIL,
    "encounters:patient_trail": ("since", "until", "before", "outside"),
    "records:board_today": ("date", "room", "version", "mine"),
    "records:board_earlier": ("after",),
    "records:patient_detail": ("visits", "notes"),
    "records:patient_kept": ("kind", "after"),
    "records:patient_timeline": ("acts", "steps"),
    "records:encounter_detail": ("add", "all"),
    "records:encounter_past": ("day", "practitioner", "location", "more", "q"),
    "records:encounter_move": ("to", "q"),
    "records:note_addendum": ("relation", "fresh"),
    "records:template_add": ("of", "target"),
    "records:prescription_add": ("renew",),
    "records:medication_check": ("medication_text", "renews"),
    "records:medication_find": ("medication_text", "q"),
    "records:dosage_read": ("dosage_text", "start"),
    "records:assessment_add": ("rows",),
}
PARAMETERS = ("next", *sorted({name for names in USED.values() for name in names}))


def some(texts: Sequence[str], seed: str, count: int) -> Iterator[str]:
    """Texts that are others for each seed and the same in each run, spread over all of them."""
    start = zlib.crc32(seed.encode())
    step = max(1, len(texts) // count)
    return (texts[(start + place * step) % len(texts)] for place in range(count))


def trouble(response: Any) -> str:
    """What is wrong with a page, if anything: an error, or what was sent became a part of it."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if response.status_code >= 500:
        return str(response.status_code)
    if response.headers.get("Content-Type", "").startswith("text/html"):
        return unescaped(content.decode())
    return ""


def check(response: Any, *sent: Any) -> None:
    found = trouble(response)
    assert not found, (sent, found)


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
def test_form_survives_what_is_typed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """All boxes of one kind at a time, the others as they should be, so that verbs are reached."""
    # Forms are looked for in every part of a page.
    monkeypatch.setattr(test_client, "store_rendered_templates", keep_all_contexts)
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
        # Words reach the verbs; most of the others are a field's to refuse.
        times = 2 if kind == "text" else 1
        columns = [list(some(BY_KIND[kind], case.id + name, times)) for name in names]
        for texts in zip(*columns, strict=True):
            sent = form.data | dict(zip(names, texts, strict=True))
            if "id" in form.data:
                sent["id"] = str(uuid7())
            check(found.client.post(url, sent), kind, names, texts)
    mixed = {name: WORST[0] if place % 2 else "nul\x00" for place, name in enumerate(form.data)}
    check(found.client.post(url, mixed), mixed)


def pages_of(role: str) -> list[str]:
    """Those that nobody before this role in the list has, and the trail's for auditors again."""
    before = BY_ROLE[: BY_ROLE.index(role)]
    return sorted(
        name
        for name, row in TABLE.items()
        if role in row.get
        and (not row.get.intersection(before) or (role == AUDITOR and "trail" in name))
    )


BY_ROLE = (CLINICIAN, ADMINISTRATOR, AUDITOR)


def put_into(name: str) -> Iterator[dict[str, str]]:
    """What is put into an address: a text in every parameter there is, then in each it reads."""
    yield dict.fromkeys(PARAMETERS, WORST[0])
    if name not in USED or name == "encounters:encounter_csv":
        return  # reads none, or its address as the list does
    yield dict.fromkeys(PARAMETERS, "\x00")
    for parameter in USED[name]:
        worst = WORST_DAYS if parameter in DAYS else WORST[:2] if parameter in CHOSEN else WORST
        own = () if parameter in CHOSEN else some(ALL, name + parameter, 1)
        for text in (*worst, *own):
            yield {parameter: text}


@pytest.mark.parametrize("role", BY_ROLE)
def test_addresses_survive_what_is_put_into_them(role: str, world: dict[str, Any]) -> None:  # noqa: F811
    client, bad = World(role).client, []
    for name in pages_of(role):
        url = url_of(name, _own()[name], world)
        for sent in put_into(name):
            if found := trouble(client.get(url, sent)):
                bad.append((name, {key: text[:40] for key, text in sent.items()}, found))
    assert bad == []


def test_every_parameter_that_a_view_reads_is_tried() -> None:
    """By their sources: `request.GET.get("q")`, `query.get("renew")`, `_typed(request, "q")`."""
    reads = re.compile(r"""(?:GET|query|kept)(?:\.get\(|\[)"(\w+)"|_typed\(request, "(\w+)"\)""")
    read = {
        name
        for app in ("encounters", "records")
        for path in (Path(settings.BASE_DIR) / app / "views").glob("*.py")
        for found in reads.findall(path.read_text())
        for name in found
        if name
    }
    assert {"q", "renew", "cursor"} <= read
    assert read | set(TrailForm.base_fields) <= set(PARAMETERS)
    assert {name for role in BY_ROLE for name in pages_of(role)} == {
        name for name, row in TABLE.items() if row.get
    }


def test_searches_hold_whatever_is_looked_for() -> None:
    found = World()
    found.visit()
    for text in ALL:
        assert len(Patient.objects.search(text)[:3]) <= 3
        assert len(Practitioner.objects.search(text)[:3]) <= 3
    filters = {name: each.field for name, each in EncounterFilter.base_filters.items()}
    for fields in (filters, TrailForm.base_fields, PeriodForm.base_fields):
        for name, field in fields.items():
            for text in ALL:
                try:
                    field.clean(field.widget.value_from_datadict(Everywhere(text), {}, name))
                except ValidationError:
                    continue
    assert Encounter.objects.count() == 1


def test_autosave_keeps_whatever_is_typed() -> None:
    found = World()
    visit = found.visit()
    url = reverse("records:note_draft", args=[DRAFT_NEW, visit.pk])
    for name in ("content", "title", "id", "version", "draft_version"):
        for text in ("\x00", *WORST, *some(ALL, name, 6)):
            data = {"patient": str(visit.patient_id), "content": "kept", name: text}
            check(found.client.post(url, data), name, text[:40])


def test_duplicates_survive_what_is_typed() -> None:
    found = World()
    names = ("family", "given", "birth_date", "number-0-value", "not_same", "id")
    columns = [("\x00", *WORST, *some(ALL, name, 8)) for name in names]
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
