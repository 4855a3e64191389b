"""FHIR R4 (4.0.1) primitives that both mappings need: pure functions, no rows, no requests."""

from clinik.fhir.errors import FhirError
from clinik.fhir.references import Identifier, Reference, check_id, parse_reference
from clinik.fhir.shape import check_shape
from clinik.fhir.statuses import STATUS_CODES, check_status
from clinik.fhir.times import FhirTime, format_datetime, parse_date, parse_datetime
from clinik.fhir.values import (
    Coding4,
    Quantity,
    read_codeable,
    read_quantity,
    write_codeable,
    write_quantity,
)
from clinik.fhir.wire import FhirEncoder, Number, dump_json, load_json

__all__ = [
    "STATUS_CODES",
    "Coding4",
    "FhirEncoder",
    "FhirError",
    "FhirTime",
    "Identifier",
    "Number",
    "Quantity",
    "Reference",
    "check_id",
    "check_shape",
    "check_status",
    "dump_json",
    "format_datetime",
    "load_json",
    "parse_date",
    "parse_datetime",
    "parse_reference",
    "read_codeable",
    "read_quantity",
    "write_codeable",
    "write_quantity",
]
