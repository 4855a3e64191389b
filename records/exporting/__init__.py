"""FHIR R4 out: every row of a clinic, a patient or a visit as the resource it came as or would be.

`kinds` says which table is which resource, `scope` which rows belong to an export, `references`
what an id and a reference is called outside, `overlay` what is left of a resource as it was sent,
`labels` marks restricted charts, `stream` reads chunk by chunk and writes, `formats` makes lines,
Bundles and files of it, `trail` writes down who took it out.
"""

from records.exporting.formats import FORMATS, as_text, write_file, write_folder
from records.exporting.scope import (
    Everything,
    NothingThere,
    OfEncounter,
    OfPatient,
    Scope,
    find_scope,
)
from records.exporting.stream import Export
from records.exporting.trail import write_down, written_down

__all__ = [
    "FORMATS",
    "Everything",
    "Export",
    "NothingThere",
    "OfEncounter",
    "OfPatient",
    "Scope",
    "as_text",
    "find_scope",
    "write_down",
    "write_file",
    "write_folder",
    "written_down",
]
