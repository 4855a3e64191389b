"""What stands beside a backup: how many rows each of its tables has, and a digest over them.

A table's digest is the sum, modulo 2**128, of a digest of each of its rows, so that no order has to
be agreed on. It finds what was damaged, cut off or lost, not who forged a backup together with its
manifest.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

FORM = 1


class BackupError(Exception):
    """A backup was not made, is not whole or was not restored; its text says what to do."""


@dataclass(frozen=True)
class Table:
    rows: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """`made`: ISO 8601, UTC. `migrations`: the applied ones, "app.name". `size` in bytes."""

    vendor: str
    made: str
    size: int
    sha256: str
    migrations: list[str]
    tables: Mapping[str, Table]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def beside(backup: Path) -> Path:
    return backup.with_name(f"{backup.name}.json")


def write(manifest: Manifest, path: Path) -> None:
    path.write_text(json.dumps({"form": FORM, **asdict(manifest)}, indent=1) + "\n")


def read(backup: Path) -> Manifest:
    """Raises BackupError where there is none, or none that this version can read."""
    path = beside(backup)
    try:
        said: dict[str, Any] = json.loads(path.read_text())
        if said.pop("form") != FORM:
            raise ValueError
        said["tables"] = {name: Table(**table) for name, table in said["tables"].items()}
        return Manifest(**said)
    except FileNotFoundError:
        words = _("%(path)s is missing: it is written with the backup and has to stay beside it.")
    except (ValueError, KeyError, TypeError, AttributeError):
        words = _("%(path)s is no manifest of a backup that this version can read.")
    raise BackupError(words % {"path": path})


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(expected: Mapping[str, Table], found: Mapping[str, Table]) -> Iterator[str]:
    """Which tables are not as the manifest says."""
    for name in sorted(expected.keys() | found.keys()):
        then, now = expected.get(name), found.get(name)
        if then == now:
            continue
        if now is None:
            yield _("%(table)s is missing") % {"table": name}
        elif then is None:
            yield _("%(table)s is not in the manifest") % {"table": name}
        elif then.rows != now.rows:
            yield _("%(table)s has %(now)d rows, the manifest says %(then)d") % {
                "table": name,
                "now": now.rows,
                "then": then.rows,
            }
        else:
            yield _("%(table)s: what its %(now)d rows say is not what the manifest says") % {
                "table": name,
                "now": now.rows,
            }
