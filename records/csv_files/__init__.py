"""CSV files as rows in the making.

`dialect` reads a file as lines of cells, `maps` says which of its columns is which of ours,
`kinds` what each kind of file may hold, `values` reads cells, `building` puts them together, `rows`
makes rows of lines.
"""

from records.csv_files.dialect import BadFile
from records.csv_files.kinds import KINDS
from records.csv_files.maps import BadMap, FileMap, load_map

__all__ = ["KINDS", "BadFile", "BadMap", "FileMap", "load_map"]
