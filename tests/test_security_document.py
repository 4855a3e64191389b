"""docs/security.md says what is so: its tests exist, and its table of rights is the code's."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission

from clinik.roles import PERMISSIONS

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "security.md"
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
