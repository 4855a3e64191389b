"""docs/security.md says what is so: its tests exist, its tables are the code's, no item is missing.

docs/data-and-keys.md beside it: each table has a class, each hash of the code is named.
"""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from clinik.models import AuditEvent
from clinik.roles import AUDITOR, PERMISSIONS
from tests.factories import UserFactory

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "security.md"
INVENTORY = ROOT / "docs" / "data-and-keys.md"
# The items of levels 1 and 2 of OWASP ASVS 5.0.0: the last number of each section, but for those
# of level 3 that stand before it.
ASVS = """
1.1.2 1.2.9 1.3.11 1.4.3 1.5.2 2.1.3 2.2.3 2.3.4 2.4.1 3.2.2 3.3.4 3.4.6 3.5.5 3.7.2 4.1.3 4.2.1
4.3.2 4.4.4 5.1.1 5.2.3 5.3.2 5.4.3 6.1.3 6.2.12 6.3.4 6.4.4 6.5.5 6.6.3 6.8.4 7.1.3 7.2.4 7.3.2
7.4.5 7.5.2 7.6.2 8.1.2 8.2.3 8.3.1 8.4.1 9.1.3 9.2.4 10.1.2 10.2.2 10.3.4 10.4.11 10.5.5 10.6.2
10.7.3 11.1.2 11.2.3 11.3.3 11.4.4 11.5.1 11.6.1 12.1.3 12.2.2 12.3.4 13.1.1 13.2.5 13.3.2
13.4.5 14.1.2 14.2.4 14.3.3 15.1.3 15.2.3 15.3.7 16.1.1 16.2.5 16.3.4 16.4.3 16.5.3 17.1.1
17.2.4 17.3.2
"""
_RANGE = re.compile(r"\b(\d+\.\d+)\.(\d+)(?:–(\d+\.\d+)\.(\d+))?\b")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_ITEM = re.compile(
    r"^\| (?P<item>[^|]+) \| (?P<how>[^|]+) \| (?P<shown>[^|]+) \| (?P<duty>[^|]+) \|$"
)


def test_every_test_it_names_exists() -> None:
    named = _NAMED.findall(DOCUMENT.read_text())
    assert len(named) > 100
    for file, test in named:
        text = (ROOT / file).read_text()
        assert not test or re.search(rf"^def {test}\(", text, re.M), (file, test)


def test_an_item_without_a_test_is_somebodys_duty_or_says_so() -> None:
    """What no test shows is met by there being nothing to attack, left to others, or not met."""
    items = [row for line in DOCUMENT.read_text().splitlines() if (row := _ITEM.match(line))]
    assert len(items) > 100
    unshown = [
        row["item"] for row in items if row["shown"] == "–" and row["duty"] == "–"
        and not re.search(r"\b(no|nothing|not|one|pinned|come)\b", row["how"], re.I)
    ]  # fmt: skip
    assert unshown == []


def rights() -> str:
    """The table of rights as the document shows it."""
    names = {
        f"{row.content_type.app_label}.{row.codename}": row.name
        for row in Permission.objects.select_related("content_type")
    }
    every = sorted(set().union(*PERMISSIONS.values()))
    lines = [
        "| Right | " + " | ".join(PERMISSIONS) + " |",
        "|---|" + ":-:|" * len(PERMISSIONS),
    ]
    for right in every:
        held = ("✓" if right in rights else "" for rights in PERMISSIONS.values())
        lines.append(f"| {names[right]} (`{right}`) | " + " | ".join(held) + " |")
    return "\n".join(lines)


@pytest.mark.django_db
def test_the_table_of_rights_is_that_of_the_code() -> None:
    """Where it differs, what the assertion shows is what belongs there."""
    shown = DOCUMENT.read_text().partition("<!-- rights -->")[2].partition("<!-- /rights -->")[0]
    assert shown.strip() == rights()


def _items_told() -> list[str]:
    """The items of ASVS that a line of a table tells of, ranges in full."""
    text = DOCUMENT.read_text().partition("## OWASP ASVS")[2].partition("## HIPAA")[0]
    first_cells = "\n".join(re.findall(r"^\| ([\d][^|]*) \|", text, re.M))
    told = []
    for section, first, end_section, last in _RANGE.findall(first_cells):
        assert end_section in ("", section), (section, end_section)
        told += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return told


def test_every_item_of_asvs_stands_once() -> None:
    wanted = {
        f"{section}.{number}"
        for section, _dot, last in (item.rpartition(".") for item in ASVS.split())
        for number in range(1, int(last) + 1)
    }
    told = _items_told()
    assert len(wanted) == 253
    assert wanted - set(told) == set()
    assert sorted(item for item in set(told) if told.count(item) > 1) == []


def inventory(name: str) -> str:
    text = INVENTORY.read_text()
    return text.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


def test_every_table_has_one_class() -> None:
    told = re.findall(r"`(\w+\.\w+)`", inventory("classes"))
    ours = [
        model._meta.label
        for label in ("clinik", "encounters", "records")
        for model in apps.get_app_config(label).get_models()
        if not hasattr(model, "history_object")
    ]
    assert sorted(told) == sorted(ours)


def test_every_hash_of_the_code_is_in_the_inventory() -> None:
    used = {
        found
        for floor in ("clinik", "encounters", "records")
        for path in (ROOT / floor).rglob("*.py")
        for found in re.findall(
            r"""hashlib\.(?!file_digest|new)(\w+)|file_digest\(\w+, "(\w+)"\)""", path.read_text()
        )
    }
    names = {name for pair in used for name in pair if name}
    assert names
    assert names == set(re.findall(r"^\| `(\w+)` \|", inventory("algorithms"), re.M))


@pytest.mark.django_db
def test_an_event_and_the_report_hold_every_element() -> None:
    text = DOCUMENT.read_text()
    table = text.partition("<!-- elements -->")[2].partition("<!-- /elements -->")[0]
    elements = re.findall(r"^\| [^|]+ \| `(\w+)` \| ([^|]+) \|$", table, re.M)
    assert len(elements) > 10
    columns = {field.name for field in AuditEvent._meta.concrete_fields}
    assert {column for column, _said in elements} <= columns
    client = Client()
    client.force_login(UserFactory(role=AUDITOR))
    answer = client.get(reverse("encounters:trail_csv"))
    header = next(iter(b"".join(answer).decode("utf-8-sig").splitlines())).split(",")
    wanted = {said.removesuffix(" (UTC)") for _c, cells in elements for said in cells.split(", ")}
    assert wanted <= {cell.strip('"') for cell in header}
