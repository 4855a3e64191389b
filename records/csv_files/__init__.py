"""The importer of CSV files: every row is read and checked first, then the good ones are written.

`dialect` reads a file as lines of cells, `maps` says which of its columns is which of ours,
`kinds` what each kind of file may hold, `values` reads cells, `building` puts them together, `rows`
makes rows of lines, `checking` holds them against what is known, `rejects` keeps what is refused,
`writing` writes the rest; `run` does one after the other and `log` remembers it.
"""

from records.csv_files.dialect import BadFile
from records.csv_files.kinds import KINDS
from records.csv_files.log import Options, Outcome
from records.csv_files.maps import BadMap, FileMap, load_map
from records.csv_files.run import CsvImport

__all__ = ["KINDS", "BadFile", "BadMap", "CsvImport", "FileMap", "Options", "Outcome", "load_map"]
