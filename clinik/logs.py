"""Log lines as JSON, one object a line: when, how grave, what, and the request that it belongs to.

No line holds what a person is called or what was typed. Addresses are logged as the pattern of
their URL, without a query; of an exception, its class and where it was raised: its words may quote
a row ("Key (family)=(...) already exists").
"""

import datetime as dt
import json
import logging
import traceback
from pathlib import Path
from typing import Any

from django.conf import settings

# What a line may hold beside its own words (`extra=`): numbers and names of ours.
EXTRAS = ("method", "route", "status", "ms", "user", "bytes", "check")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from clinik import audit

        line: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "says": words_of(record),
        }
        request = getattr(record, "request", None)
        request_id = getattr(request, "request_id", "") or audit.origin.get().request_id
        if request_id:
            line["request"] = request_id
        if request is not None and hasattr(request, "method"):
            line |= {"method": request.method, "route": route_of(request)}
            line["status"] = getattr(record, "status_code", None)
        line |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = chain_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def words_of(record: logging.LogRecord) -> str:
    """The line's words. Django's about a request end with its path, which strangers make up."""
    if hasattr(record, "request"):
        return str(record.msg).partition(":")[0].replace("%s", "").strip() or "request"
    return record.getMessage()


def route_of(request: Any) -> str:
    """The pattern of the URL that was asked for ("visits/<uuid:pk>/"); "" where there is none."""
    match = getattr(request, "resolver_match", None)
    return match.route if match else ""


def chain_of(error: BaseException | None) -> list[dict[str, Any]]:
    """An exception and its causes: class, and where each was raised, innermost last."""
    found = []
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        found.append({"class": type(error).__name__, "at": where})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(settings.BASE_DIR):
        path = path.relative_to(settings.BASE_DIR)
    return path.as_posix().rpartition("site-packages/")[2]


class WithoutQuery(logging.Filter):
    """Of the development server's line, without what stands behind the question mark."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.partition("?")[0] + " …" if isinstance(arg, str) and "?" in arg else arg
                for arg in record.args
            )
        return True
