"""One way to write a resource: the same content is the same bytes, on both databases.

Keys are sorted (a database may keep those of a JSON column in an order of its own), resourceType
and id stand first, and numbers have the digits they were given.
"""

import json
import re
from functools import lru_cache
from typing import Any

# json's fast encoder writes no foreign kind of number. What neither int nor float writes digit for
# digit travels as a text that begins with half of a surrogate pair, which no text of a database can
# hold, and loses its quotes in the end.
_MARK = "\udc00"
_MARKED = re.compile(f'"{_MARK}([^"]*)"')
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
# Control characters, which no FHIR string may hold (R4: none below 32 but tab, return, line feed).
_CONTROLS = dict.fromkeys(n for n in range(32) if chr(n) not in "\t\n\r")
_ESCAPED = ("\\u00", "\\b", "\\f")

_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False
).encode


@lru_cache(maxsize=4096)
def digits(text: str) -> Any:
    """The number for `dump_resource`, with these digits; None where the text is no JSON number."""
    if not _NUMBER.fullmatch(text):
        return None
    if text.isdecimal() and len(text) < 16:
        return int(text)
    number = float(text)
    return number if repr(number) == text else _MARK + text


def dump_resource(resource: dict[str, Any]) -> str:
    """The resource as one line of JSON without a line end. Control characters are left out."""
    rest = {key: value for key, value in resource.items() if key not in ("resourceType", "id")}
    text = _encode(rest)
    if any(escape in text for escape in _ESCAPED):
        text = _encode(_clean(rest))
    if _MARK in text:
        text = _MARKED.sub(r"\1", text)
    head = f'{{"resourceType":"{resource["resourceType"]}","id":"{resource["id"]}"'
    return f"{head},{text[1:]}" if rest else f"{head}}}"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_CONTROLS)
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
