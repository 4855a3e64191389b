"""Good rows into the database, through the writer of the FHIR importer."""

from collections.abc import Sequence

from clinik.imports import ImportReport
from clinik.models import ImportRun
from records.bundle.entries import Sent
from records.bundle.reading import Chunk, Entry, make_chunk
from records.bundle.writing import ChunkWriter
from records.csv_files.kinds import Kind
from records.csv_files.rows import CsvRow


def write_rows(
    rows: Sequence[CsvRow], kind: Kind, *, name: str, source: str, run: ImportRun
) -> ImportReport:
    """One batch, in one transaction; raises FhirError, StaleVersion or DatabaseError, and then
    nothing of it is kept."""
    chunk = _resources(rows, name) if kind.model is None else _rows(rows, kind, name)
    writer = ChunkWriter(chunk, source=source, run=run)
    writer.prepare()
    return writer.write()


def _resources(rows: Sequence[CsvRow], name: str) -> Chunk:
    """What becomes no row is kept whole, as FHIR has it."""
    sent = [Sent(row.resource, row.id, f"line {row.line.number}") for row in rows]
    return make_chunk(name, sent)


def _rows(rows: Sequence[CsvRow], kind: Kind, name: str) -> Chunk:
    chunk = Chunk(name)
    for row in rows:
        if row.mapped is None:
            continue
        entry = Entry(kind.resource, row.id, f"line {row.line.number}")
        entry.identifiers = tuple(row.mapped.identifiers)
        entry.digest = row.mapped.digest()
        chunk.entries.append(entry)
        chunk.mapped[entry.key] = row.mapped
    return chunk
