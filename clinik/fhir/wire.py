"""JSON as FHIR wants it: strict, and with the digits of every number exactly as they were sent."""

import codecs
import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from clinik.fhir.errors import FhirError


class Number(Decimal):
    """A JSON number that remembers how it was written: 1.10, 4.2E-9. `text` is that."""

    text: str

    def __new__(cls, text: str) -> "Number":
        try:
            number = super().__new__(cls, text)
        except InvalidOperation as error:
            raise FhirError("", _("%(text)s is no number") % {"text": text[:50]}) from error
        number.text = text
        return number

    def __reduce__(self) -> tuple[Any, ...]:
        return Number, (self.text,)


def load_json(data: bytes) -> Any:
    """The value in UTF-8 `data`, with or without a byte order mark; numbers are `Number`.

    Raises FhirError, with an empty place, for anything that is not strict JSON: comments, NaN, a
    key twice in one object, and characters that no FHIR string may hold (R4: none below 32 besides
    tab, return and line feed; no half of a surrogate pair).
    """
    return load_suspecting(data)[0]


def load_suspecting(data: bytes) -> tuple[Any, bool]:
    """`load_json`, and whether there may be an empty list or object in it, or two values for one
    choice: False says that a search for them (`check_shape`) would find none."""
    odd = _EMPTY.search(data) is not None

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal odd
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, value in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise FhirError("", _("the property “%(key)s” twice in one object") % {"key": twice})
        if not odd:
            elements = [choice for choice in map(_element_of, found) if choice]
            odd = len(elements) > 1 and len(set(elements)) < len(elements)
        return found

    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        value = json.loads(
            text,
            parse_float=Number,
            parse_int=Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=unique,
        )
    except UnicodeDecodeError as error:
        reason = _("not UTF-8 text, at byte %(byte)s") % {"byte": error.start}
        raise FhirError("", reason) from error
    except json.JSONDecodeError as error:
        reason = _("no JSON: line %(line)s, column %(column)s: %(reason)s") % {
            "line": error.lineno,
            "column": error.colno,
            "reason": error.msg,
        }
        raise FhirError("", reason) from error
    except RecursionError as error:
        raise FhirError("", _("nested too deeply")) from error
    # Raw control characters are no JSON anyway, so only escapes can bring a bad one.
    if "\\u" in text or "\\b" in text or "\\f" in text:
        _check_characters(value)
    return value, odd


_EMPTY = re.compile(rb"[\[{][ \t\r\n]*[\]}]")
_CHOICE = re.compile(r"_?(value|effective|onset|abatement|deceased|multipleBirth|medication)[A-Z]")
# Elements that begin like a choice and are none.
_NO_CHOICE = frozenset({"valueSet"})


@lru_cache(maxsize=10_000)
def choice_of(key: str) -> tuple[str, str] | None:
    """The element of which `key` is one value, and its name: valueString and _valueString are one
    element. None where it is no value of a choice ("value[x]")."""
    match = _CHOICE.match(key)
    if match is None or key in _NO_CHOICE:
        return None
    return match[1], key.lstrip("_")


@lru_cache(maxsize=10_000)
def _element_of(key: str) -> str:
    choice = choice_of(key)
    return choice[0] if choice else ""


def _refuse_constant(name: str) -> NoReturn:
    raise FhirError("", _("%(name)s is no JSON number") % {"name": name})


def _check_characters(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _check_characters(key)
            _check_characters(item)
    elif isinstance(value, list):
        for item in value:
            _check_characters(item)
    elif isinstance(value, str):
        for character in value:
            if (character < " " and character not in "\t\r\n") or "\ud800" <= character <= "\udfff":
                reason = _("the character %(code)s is not allowed in text")
                raise FhirError("", reason % {"code": f"U+{ord(character):04X}"})


class FhirEncoder(json.JSONEncoder):
    """Writes each Number with its own digits; for `json.dumps(cls=...)` and JSONField(encoder=)."""

    def encode(self, o: Any) -> str:
        return "".join(_pieces(o, sort_keys=self.sort_keys))


def dump_json(value: Any, *, sort_keys: bool = False) -> str:
    """The value as compact JSON, the digits of numbers as they were read. Sorted for digests."""
    return "".join(_pieces(value, sort_keys=sort_keys))


def _pieces(value: Any, *, sort_keys: bool) -> Iterator[str]:
    if isinstance(value, Number):
        yield value.text
    elif isinstance(value, dict):
        items = sorted(value.items()) if sort_keys else value.items()
        for place, (key, item) in enumerate(items):
            yield f"{',' if place else '{'}{json.dumps(key, ensure_ascii=False)}:"
            yield from _pieces(item, sort_keys=sort_keys)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield "," if place else "["
            yield from _pieces(item, sort_keys=sort_keys)
        yield "]" if value else "[]"
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)
