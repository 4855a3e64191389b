"""The importer of FHIR R4 files: read and check every file first, then write each as a whole.

`reading` turns a file into entries and rows in the making, `targets` finds what a reference means,
`writing` writes one file in one transaction, `run` decides the order and keeps the report.
"""

from records.bundle.run import BadArgument, Importer, find_files

__all__ = ["BadArgument", "Importer", "find_files"]
