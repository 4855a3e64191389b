"""The importer of FHIR R4 files: read and check every file first, then write chunk by chunk.

`files` and `entries` cut a file into resources, `reading` makes rows of them, `targets` says what a
reference means, `index` keeps what was read until it is written, `writing` writes one chunk in one
transaction, `run` decides the order, keeps the report, and goes on where a run was cut off.
"""

from records.bundle.files import BadArgument, find_files
from records.bundle.run import Importer, Progress

__all__ = ["BadArgument", "Importer", "Progress", "find_files"]
