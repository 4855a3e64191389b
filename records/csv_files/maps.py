"""Which column of a foreign file is which of ours: by a map (TOML), else by its header."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from records.csv_files.columns import folded
from records.csv_files.dialect import BadFile
from records.csv_files.kinds import KINDS, Kind

# In front of every row of a file of rejected rows; on the way back in they are passed over.
# The last one says which rejected row it is, however it has been mended.
REJECTED_LINE, REJECTED_REASON, REJECTED_ROW = "rejected_line", "rejected_reason", "rejected_row"
_OURS = frozenset(map(folded, (REJECTED_LINE, REJECTED_REASON, REJECTED_ROW)))
_GENERAL = {
    "encoding": str, "delimiter": str, "date_formats": list, "time_zone": str, "decimal": str,
}  # fmt: skip
_TABLES = frozenset({"columns", "values", "constants", "ignore"})
# Stands for every other text in a table of translations.
OTHERWISE = "*"


class BadMap(Exception):
    """What is wrong with a map."""


@dataclass(frozen=True)
class FileMap:
    """`columns` is ours -> theirs, `values` ours -> {their text: our text}, `constants` ours ->
    text for every row; `ignore` are headers that are not even kept."""

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    date_formats: tuple[str, ...] = ()
    time_zone: str = ""
    decimal: str = "."


@dataclass(frozen=True)
class Layout:
    """Where each of our columns stands in one file. `kept` are (place, header) of columns that
    nobody reads, `added` those that a file of rejected rows has in front, and `rejected` is the one
    among them that says which row it is (None: the file is none of rejected rows coming back)."""

    kind: Kind
    header: tuple[str, ...]
    places: Mapping[str, int]
    map: FileMap
    kept: tuple[tuple[int, str], ...]
    added: frozenset[int]
    rejected: int | None

    def title(self, column: str) -> str:
        """A column of ours as the file calls it."""
        place = self.places.get(column)
        return column if place is None else self.header[place].strip()


def load_map(path: Path, kind: Kind) -> FileMap:
    """What a map says about one kind of file; raises BadMap."""
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        reason = _("%(path)s cannot be read: %(reason)s")
        raise BadMap(reason % {"path": path, "reason": error.strerror}) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = _("%(path)s is no TOML: %(reason)s")
        raise BadMap(reason % {"path": path, "reason": error}) from error
    _known(content, [*_GENERAL, *KINDS], path.name)
    own = content.get(kind.name)
    if not isinstance(own, dict):
        known = ", ".join(name for name in KINDS if name in content) or "-"
        reason = _("%(path)s says nothing about %(kind)s (only about: %(known)s)")
        raise BadMap(reason % {"path": path.name, "kind": kind.name, "known": known})
    general = {name: content[name] for name in _GENERAL if name in content}
    general |= {name: own[name] for name in _GENERAL if name in own}
    _known(own, [*_GENERAL, *_TABLES], f"[{kind.name}]")
    for name, value in general.items():
        if not isinstance(value, _GENERAL[name]):
            raise BadMap(_("%(name)s of the map is of the wrong kind") % {"name": name})
    if "date_formats" in general:
        general["date_formats"] = tuple(map(str, general["date_formats"]))
    ours = [column.name for column in kind.columns]
    tables: dict[str, dict[str, Any]] = {}
    for name in ("columns", "values", "constants"):
        tables[name] = _table(own, name, kind, ours)
    for name, words in tables["values"].items():
        if not isinstance(words, dict):
            raise BadMap(_("[%(table)s] is no table") % {"table": f"{kind.name}.values.{name}"})
    values = {name: _texts(words) for name, words in tables["values"].items()}
    return FileMap(
        columns=_texts(tables["columns"]),
        values=values,
        constants=_texts(tables["constants"]),
        ignore=tuple(sorted(folded(str(header)) for header in own.get("ignore", []))),
        **general,
    )


def bind(header: Sequence[str], kind: Kind, file_map: FileMap) -> Layout:
    """Our columns in this header; raises BadFile where one that is needed is not there."""
    added = frozenset(place for place, name in enumerate(header) if folded(name) in _OURS)
    free = {place: name for place, name in enumerate(header) if place not in added}
    places = _by_map(free, kind, file_map) if file_map.columns else _by_name(free, kind)
    missing = [
        column.name
        for column in kind.columns
        if column.required and column.name not in places and column.name not in file_map.constants
    ]
    if missing:
        reason = _(
            "a file of %(kind)s needs the columns %(missing)s; its header says: %(header)s."
            " A map (--map) can say which is which, --delimiter what stands between them"
        )
        shown = ", ".join(name.strip()[:40] for name in list(header)[:30])
        said = {"kind": kind.name, "missing": ", ".join(missing), "header": shown}
        raise BadFile(reason % said)
    used = set(places.values())
    kept = tuple(
        (place, name.strip() or _("column %(number)s") % {"number": place + 1})
        for place, name in free.items()
        if place not in used and folded(name) not in file_map.ignore
    )
    rejected = next((p for p in added if folded(header[p]) == folded(REJECTED_ROW)), None)
    return Layout(kind, tuple(header), places, file_map, kept, added, rejected)


def _by_map(free: Mapping[int, str], kind: Kind, file_map: FileMap) -> dict[str, int]:
    places = {}
    for ours, theirs in file_map.columns.items():
        found = [place for place, name in free.items() if folded(name) == folded(theirs)]
        if len(found) != 1:
            reason = (
                _("the map takes %(ours)s from “%(theirs)s”, which stands twice in the header")
                if found
                else _("the map takes %(ours)s from “%(theirs)s”, which is not in the header")
            )
            raise BadFile(reason % {"ours": ours, "theirs": theirs})
        places[ours] = found[0]
    return places


def _by_name(free: Mapping[int, str], kind: Kind) -> dict[str, int]:
    """Its own name first, then other words for it that no other column is called by."""
    own = {folded(column.name) for column in kind.columns}
    places: dict[str, int] = {}
    for column in kind.columns:
        exact = [place for place, name in free.items() if folded(name) == folded(column.name)]
        alike = [
            place
            for place, name in free.items()
            if folded(name) in column.aliases and folded(name) not in own
        ]
        found = exact or alike
        if len(found) > 1:
            names = "”, “".join(free[place].strip() for place in found)
            reason = _("“%(names)s” all mean %(column)s: say in a map (--map) which one it is")
            raise BadFile(reason % {"names": names, "column": column.name})
        if found and found[0] not in places.values():
            places[column.name] = found[0]
    return places


def _table(own: Mapping[str, Any], name: str, kind: Kind, ours: Sequence[str]) -> dict[str, Any]:
    table = own.get(name, {})
    where = f"[{kind.name}.{name}]"
    if not isinstance(table, dict):
        raise BadMap(_("%(table)s is no table") % {"table": where})
    _known(table, ours, where)
    return table


def _known(found: Iterable[str], known: Sequence[str], where: str) -> None:
    for name in found:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = _(" (%(name)s?)") % {"name": close[0]} if close else ""
            reason = _("%(where)s: “%(name)s” means nothing here%(hint)s; known are: %(known)s")
            said = {"where": where, "name": name, "hint": hint, "known": ", ".join(known)}
            raise BadMap(reason % said)


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    """Numbers and days are written without quotation marks in TOML, too."""
    return {
        str(name): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in table.items()
    }
