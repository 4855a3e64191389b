"""import_csv: how a file and each of its cells is read."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from records.csv_files import KINDS, BadFile, BadMap, load_map
from records.csv_files.columns import folded
from records.csv_files.dialect import examine, read_lines
from records.csv_files.maps import FileMap, bind
from records.csv_files.values import BadCell, Conventions, clean, day, measured, moment, number

LONDON = Conventions(ZoneInfo("Europe/London"))
ROOT = Path(__file__).parents[2]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        (b"id,name\n1,a\n", "utf-8-sig", ","),
        ("\ufeffid;name\r\n1;Ordóñez, B\r\n".encode(), "utf-8-sig", ";"),
        ("id\tname\n1\tOrdóñez".encode("cp1252"), "cp1252", "\t"),
        (b"id|note\n1|a, b, c\n2|d, e\n", "utf-8-sig", "|"),
        (b'id,note\n1,"two\nlines; and ""marks"""\n', "utf-8-sig", ","),
        (b"id\n1\n2\n", "utf-8-sig", ","),
        ("id;name\n1;ع\n".encode("utf-16"), "utf-16", ";"),
    ],
)
def test_encoding_and_delimiter_are_found_out(
    tmp_path: Path, content: bytes, encoding: str, delimiter: str
) -> None:
    path = write(tmp_path, content)
    dialect = examine(path)
    assert (dialect.encoding, dialect.delimiter) == (encoding, delimiter)
    assert dialect.guessed == (encoding == "cp1252")
    assert next(read_lines(path, dialect)).cells[0] == "id"


def test_lines_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,note\n1,"two\nlines"\n\n , \n2,x\n')
    numbers = [(line.number, line.cells[0]) for line in read_lines(path, examine(path))]
    assert numbers == [(1, "id"), (2, "1"), (6, "2")]


@pytest.mark.parametrize(
    ("content", "reason", "asked"),
    [
        (b"", "empty", {}),
        (b"PK\x03\x04....", "spreadsheet", {}),
        (b"\x1f\x8b\x08\x00", "compressed", {}),
        ("id\n1\nñ\n".encode("cp1252"), "line 3 is no utf-8", {"encoding": "utf-8"}),
        (b"id\n1\n\x81\n", "line 3 is no cp1252", {}),
        (b"id\n1\n", "no encoding", {"encoding": "klingon"}),
        (b"id\n1\n", "one character", {"delimiter": "ab"}),
    ],
)
def test_file_that_is_none_is_refused_in_words(
    tmp_path: Path, content: bytes, reason: str, asked: dict[str, str]
) -> None:
    with pytest.raises(BadFile, match=reason):
        examine(write(tmp_path, content), **asked)


def test_quotation_mark_left_open_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, b'id,note\n1,a\n2,"b\n3,c\n')
    with pytest.raises(BadFile, match=r"line 3 .*quotation mark"):
        list(read_lines(path, examine(path)))


@pytest.mark.parametrize(
    ("text", "instant", "precision"),
    [
        ("2019-04-07T15:20:00Z", "2019-04-07T15:20:00+00:00", "instant"),
        ("2019-04-07t15:20+02:00", "2019-04-07T13:20:00+00:00", "instant"),
        ("2019-04-07 15:20:01.5", "2019-04-07T14:20:01.500000+00:00", "instant"),
        ("2019-10-27 01:30+01:00", "2019-10-27T00:30:00+00:00", "instant"),
        ("07/04/2019 15:20", "2019-04-07T14:20:00+00:00", "instant"),
        ("07/04/2019", "2019-04-07T00:00:00+00:00", "day"),
        ("2019-04-07", "2019-04-07T00:00:00+00:00", "day"),
        ("2019-04", "2019-04-01T00:00:00+00:00", "month"),
        ("1962", "1962-01-01T00:00:00+00:00", "year"),
    ],
)
def test_time_keeps_its_instant_and_how_exact_it_is(
    text: str, instant: str, precision: str
) -> None:
    forms = ("%d/%m/%Y %H:%M", "%d/%m/%Y")
    found = moment(text, Conventions(LONDON.zone, forms))
    assert found.instant == dt.datetime.fromisoformat(instant)
    assert found.precision == precision


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2019-03-31 01:30", "does not exist in Europe/London"),
        ("2019-10-27 01:30", r"came twice in Europe/London.*add the offset"),
        ("2019-02-30", "is no date"),
        ("2019-02-30 10:00", "does not exist"),
        ("2019-04-07 24:00", "does not exist"),
        ("07/04/2019", "--date-format"),
        ("0001-01-01T00:00+14:00", "out of range"),
    ],
)
def test_time_that_means_no_instant_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadCell, match=reason):
        moment(text, LONDON)


def test_birth_date_is_a_day_as_exact_as_written_or_unknown() -> None:
    assert day("1962", LONDON) == (dt.date(1962, 1, 1), "year")
    assert day("1962-04-03T23:30:00", LONDON) == (dt.date(1962, 4, 3), "day")
    assert day("Unknown", LONDON) is None


@pytest.mark.parametrize(
    ("text", "digits", "comparator", "like"),
    [
        ("1.10", "1.10", "", True),
        ("-0.5e3", "-0.5e3", "", False),
        ("<= 5", "5", "<=", True),
        (".5", "0.5", "", True),
        ("37,5", "", "", True),
        ("1 234", "", "", True),
        ("120/80", "", "", False),
        ("=1+1", "", "", False),
        ("positive", "", "", False),
    ],
)
def test_value_is_a_number_with_its_digits_or_words(
    text: str, digits: str, comparator: str, like: bool
) -> None:
    found = measured(text, LONDON)
    assert (found.digits, found.comparator, found.like_a_number) == (digits, comparator, like)
    assert found.text == text


def test_decimal_comma_is_read_where_it_is_said() -> None:
    assert number("37,5", Conventions(LONDON.zone, decimal=",")) == "37.5"


def test_control_characters_are_refused_and_blanks_are_not_kept() -> None:
    assert clean(" \u00a0x\ty\n") == "x\ty"
    with pytest.raises(BadCell, match="NUL"):
        clean("a\0b")


def test_headers_are_found_by_name_then_by_other_words() -> None:
    header = ["Patient ID", "Date of Birth", "Surname", "first_name", "SEX", "STATE", "County"]
    layout = bind(header, KINDS["patients"], FileMap())
    names = {header[place]: ours for ours, place in layout.places.items()}
    assert names == {
        "Patient ID": "id", "Date of Birth": "birth_date", "Surname": "family",
        "first_name": "given", "SEX": "gender", "STATE": "state",
    }  # fmt: skip
    assert layout.kept == ((6, "County"),)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (["name"], "needs the columns id; its header says: name"),
        (["id", "dob", "Birthday"], "all mean birth_date"),
        (["id", "id"], "all mean id"),
    ],
)
def test_header_that_does_not_say_enough_is_refused(header: list[str], reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        bind(header, KINDS["patients"], FileMap())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[patients.columns", "no TOML"),
        ("[visits.columns]\nid = 'x'", "says nothing about patients"),
        ("[patients.columns]\nfamiliy = 'x'", r"\(family\?\)"),
        ("[patients.columms]\nid = 'x'", r"\(columns\?\)"),
        ("date_formats = '%Y'\n[patients]", "wrong kind"),
        ("[patients.values]\ngender = 'x'", "no table"),
    ],
)
def test_map_with_a_mistake_is_refused_in_words(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(BadMap, match=reason):
        load_map(path, KINDS["patients"])


def test_map_is_the_same_whenever_it_is_read() -> None:
    """A run that was cut off goes on under the same map only; sets change their order."""
    file_map = load_map(ROOT / "docs" / "csv-maps" / "ae.toml", KINDS["visits"])
    assert file_map.ignore == ("age", "gender", "postcode", "treatment")
    assert file_map.constants == {"status": "finished", "class": "EMER"}


def test_map_must_name_headers_that_are_there() -> None:
    with pytest.raises(BadFile, match="family from “Nachname”, which is not in the header"):
        bind(["id"], KINDS["patients"], FileMap(columns={"id": "ID", "family": "Nachname"}))


def test_page_describes_every_column_and_no_other() -> None:
    text = (ROOT / "docs" / "import-csv.md").read_text()
    for kind in KINDS.values():
        part = text.partition(f"### {kind.name}\n")[2].partition("\n#")[0]
        rows = [line.split("|") for line in part.splitlines() if line.startswith("| `")]
        described = {name.strip(" `"): row[3].strip() for row in rows for name in row[1].split(",")}
        assert described.keys() == {column.name for column in kind.columns}
        needed = {name for name, words in described.items() if words == "yes"}
        assert needed == {column.name for column in kind.columns if column.required}


def test_no_header_means_two_columns_of_a_kind() -> None:
    for kind in KINDS.values():
        names = [folded(column.name) for column in kind.columns]
        assert len(set(names)) == len(names)
        aliases = [alias for c in kind.columns for alias in c.aliases if alias not in names]
        assert sorted(set(aliases)) == sorted(aliases)
