"""ICD-10-CM into the code table: every entry, with the further names that people search by.

Source: the PyPI package simple-icd-10-cm, which carries the files of the CDC's National Center for
Health Statistics (public domain), and `condition_names.txt` beside this module, our own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from tqdm import tqdm

from clinik import audit, clock
from clinik.code_index import index_words, names_in, searchable
from clinik.codes import ICD10CM
from clinik.models import Code, CodeWord, ImportRun

PACKAGE = "simple-icd-10-cm"
NAMES = Path(__file__).with_name("condition_names.txt")
# Rises when this module writes something else from the same sources.
FORM = 1
# Rows a transaction, so that nobody waits long for the lock of SQLite.
BATCH = 2000

CHAPTER, BLOCK, CATEGORY, BILLABLE = "chapter", "block", "category", "code"


@dataclass(frozen=True)
class Entry:
    code: str
    display: str
    kind: str
    search: str
    position: int | None

    def row(self) -> Code:
        return Code(system=ICD10CM, source=PACKAGE, active=True, **vars(self))


@dataclass
class Loaded:
    """What a run did; `kept` are the codes that an administrator changed, which stay so."""

    entries: int = 0
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    kept: list[str] = field(default_factory=list)


def edition() -> str:
    """What the table is made from, known without reading it."""
    names = hashlib.sha256(NAMES.read_bytes()).hexdigest()[:12]
    return f"{PACKAGE} {version(PACKAGE)}, names {names}, form {FORM}"


def is_loaded() -> bool:
    """Whether the table is full and of this edition: three small queries."""
    runs = ImportRun.objects.filter(source=ICD10CM, finished__isnull=False)
    last = runs.order_by("-id").first()
    if last is None or last.files != [edition()]:
        return False
    filled = Code.objects.filter(system=ICD10CM).count() >= last.counts["entries"]
    return filled and CodeWord.objects.filter(system=ICD10CM).exists()


def load(*, progress: bool = False) -> Loaded:
    """Fill the table, or bring it to this edition; nothing where it is there already.

    A row that was changed by hand keeps its name and whether it is offered. A code that the edition
    does not have any more stays, and is no longer offered.
    """
    if is_loaded():
        return Loaded(entries=Code.objects.filter(system=ICD10CM).count())
    run = ImportRun.objects.create(source=ICD10CM, started=clock.now(), files=[edition()])
    entries = read_entries(progress=progress)
    done = write(entries, progress=progress)
    _take_stock()
    run.finished, run.counts = clock.now(), vars(done)
    with transaction.atomic():
        run.save()
        audit.record("import.run", run, by=None, detail=run.counts)
    return done


def _take_stock() -> None:
    """Let the database count the new rows now: until it has, PostgreSQL searches them all."""
    tables = (connection.ops.quote_name(model._meta.db_table) for model in (Code, CodeWord))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}")


def read_entries(*, progress: bool = False) -> list[Entry]:
    """Every entry of the package in its order. Importing it costs seconds and 190 MB: only here."""
    import simple_icd_10_cm as source

    further = condition_names()
    found = []
    seen: set[str] = set()
    for code in tqdm(source.get_all_codes(), desc="ICD-10-CM", disable=not progress):
        # A block of one category has its code, and comes before it: B20, told apart as B20-B20.
        shared = source.is_block(code) and source.is_category(code)
        if shared and code not in seen:
            seen.add(code)
            display = source.get_description(code, prioritize_blocks=True)
            found.append((f"{code}-{code}", display, BLOCK, searchable([display])))
            continue
        display = source.get_description(code)
        names = [display, *further.get(code, ())]
        names += [*source.get_inclusion_term(code), *source.get_includes(code)]
        found.append((code, display, _kind(source, code), searchable(names)))
    unknown = further.keys() - {code for code, *_rest in found}
    if unknown:
        raise ValueError(f"{NAMES.name}: not in this edition: {', '.join(sorted(unknown))}")
    offered = [each for each in found if each[2] in (BILLABLE, CATEGORY)]
    offered.sort(key=lambda each: likelihood(each[0], each[1], each[2], each[0] in further))
    positions = {code: position for position, (code, *_rest) in enumerate(offered)}
    return [Entry(*each, positions.get(each[0])) for each in found]


def _kind(source: Any, code: str) -> str:
    if source.is_chapter(code):
        return CHAPTER
    if not source.is_category_or_subcategory(code):
        return BLOCK
    return BILLABLE if source.is_leaf(code) else CATEGORY


def likelihood(code: str, display: str, kind: str, common: bool) -> tuple[int, int, str]:
    """The order in which codes are likely, ours: common ones, billable, categories; short first.

    Later within these: causes of injuries, later visits for one, newborns, pregnancy.
    """
    group = 0 if common else 1 if kind == BILLABLE else 6
    if not common:
        if code[0] in "VWXY":
            group += 3
        elif len(code) == 8 and code[-1] not in "AB":
            group += 2
        elif code[0] in "OPQ" or "XX" in code or len(code) == 8:
            group += 1
    return group, len(display), code


def condition_names() -> dict[str, list[str]]:
    """What people say, by code: lines of a code and names, comma between; # begins a remark."""
    found: dict[str, list[str]] = {}
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        code, _blank, names = line.partition("#")[0].strip().partition(" ")
        if code:
            found.setdefault(code, []).extend(name.strip() for name in names.split(","))
    return found


def write(entries: Sequence[Entry], *, progress: bool = False) -> Loaded:
    """Bring the table to these entries, and its words with it."""
    done = _write_codes(entries, progress=progress)
    offered = Code.objects.filter(system=ICD10CM, position__isnull=False)
    index_words(ICD10CM, offered.values_list("code", "search", "position"))
    return done


def _write_codes(entries: Sequence[Entry], *, progress: bool) -> Loaded:
    table = Code.objects.filter(system=ICD10CM)
    columns = ("display", "kind", "search", "position")
    rows = table.values_list("code", *columns, "active", "source", "version")
    present: dict[str, tuple[Any, ...]] = {row[0]: row[1:] for row in rows}
    done = Loaded(entries=len(entries))
    wanted = []
    for entry in entries:
        there = present.pop(entry.code, None)
        if there is None:
            done.added += 1
        elif _by_hand(there):
            done.kept.append(entry.code)
            _keep(entry, own=there[2])
            continue
        elif there[:-2] == (*(getattr(entry, name) for name in columns), True):
            continue
        else:
            done.changed += 1
        wanted.append(entry.row())
    with tqdm(total=len(wanted), desc="Code table", disable=not progress) as bar:
        for start in range(0, len(wanted), BATCH):
            _put(wanted[start : start + BATCH], columns)
            bar.update(BATCH)
    gone = [code for code, row in present.items() if not _by_hand(row) and row[4]]
    for start in range(0, len(gone), BATCH):
        old = table.filter(code__in=gone[start : start + BATCH])
        done.withdrawn += old.update(active=False, position=None)
    return done


def _by_hand(row: tuple[Any, ...]) -> bool:
    """Whether an administrator added the code or changed it."""
    return row[-1] > 1 or row[-2] != PACKAGE


def _keep(entry: Entry, own: str) -> None:
    """The administrator's name stays; where it stands among the others is the edition's."""
    search = searchable([names_in(own)[0], *names_in(entry.search)])
    row = Code.objects.filter(system=ICD10CM, code=entry.code)
    row.update(search=search, position=entry.position)


def _put(batch: Sequence[Code], columns: Sequence[str]) -> None:
    with transaction.atomic():
        Code.objects.bulk_create(
            batch,
            update_conflicts=True,
            unique_fields=["system", "code"],
            update_fields=[*columns, "active"],
        )
