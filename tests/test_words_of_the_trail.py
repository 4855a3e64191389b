"""Whatever the trail holds is called something: no page shows the names of the code."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from clinik.acts import LAST_WORDS, WORDS, has_words
from encounters import steps
from encounters.page_names import GROUPS, LISTS, PAGES
from records.prescriptions import STEPS
from tests.test_permissions import PUBLIC, TABLE, _own

# Acts are "noun.verb"; permissions and URL names have other nouns.
NOUNS = (
    "encounter", "note", "observation", "prescription", "assessment", "report", "diagnosis",
    "allergy", "alert", "hospitalization", "patient", "practitioner", "user", "notetemplate",
    "import", "database", "page", "role", "amendment", "disclosure",
)  # fmt: skip
ACT = re.compile(rf'"((?:{"|".join(NOUNS)})\.[a-z_]+)"')


def _found(pattern: re.Pattern[str]) -> Iterator[str]:
    """In the code, but where the words stand."""
    for app in ("clinik", "encounters", "records"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            if "migrations" not in path.parts and path.name != "acts.py":
                yield from pattern.findall(path.read_text(encoding="utf-8"))


def _acts() -> set[str]:
    found = set(_found(ACT))
    found |= {f"encounter.{name}" for name in steps.VERBS}
    return found | {f"prescription.{name}" for name in STEPS}


def test_every_act_has_words() -> None:
    acts = _acts()
    assert len(acts) > 80
    assert not {act for act in acts if not has_words(act)}
    words = [str(text) for text in (*WORDS.values(), *LAST_WORDS.values())]
    assert not [text for text in words if "_" in text]


def test_no_words_are_for_an_act_that_is_none() -> None:
    """But for those whose names are put together where they are written."""
    made = {"patient.merge", "patient.unmerge", "diagnosis.resolve", "diagnosis.unresolve"}
    made |= {"note.create", "prescription.create"}
    assert WORDS.keys() - _acts() <= made


def test_every_page_has_a_name() -> None:
    groups = tuple(start for start, _words in GROUPS)
    named = {name for name in TABLE if name in PAGES or name.startswith(groups)}
    assert TABLE.keys() - named <= PUBLIC
    assert PAGES.keys() <= _own().keys()
    assert set(LISTS.values()) <= PAGES.keys()
    listing = re.compile(r'record_list\("([a-z_]+)"')
    assert set(_found(listing)) == LISTS.keys()
