"""The forms of a page as a browser without JavaScript sends them, and what the database holds."""

import functools
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.db import connection, models

from clinik.models import AuditEvent

APPS = ("clinik", "encounters", "records")


@dataclass
class PageForm:
    """One <form>: where it is sent, and what it sends untouched."""

    action: str
    method: str
    data: dict[str, Any] = field(default_factory=dict)
    # What somebody may type anything into, and its kind: text, number, date...
    typed: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Reads controls inside a form, and those outside that name it by `form=`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.by_id: dict[str, PageForm] = {}
        self.inside: PageForm | None = None
        self.late: list[tuple[str, str, dict[str, str]]] = []
        self.area: tuple[PageForm, str] | None = None
        self.select: tuple[PageForm, str, bool] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = PageForm(values.get("action", ""), values.get("method", "get").lower())
            self.forms.append(self.inside)
            self.by_id[values.get("id", "")] = self.inside
        form = self.by_id.get(values["form"]) if "form" in values else self.inside
        name = values.get("name", "")
        if form is None or "disabled" in values:
            return
        if tag == "button" and values.get("type", "submit") == "submit":
            form.buttons.append((name, values.get("value", "")))
        elif tag == "input" and name:
            self._input(form, name, values)
        elif tag == "textarea" and name:
            self.area = (form, name)
            form.data[name] = ""
            form.typed[name] = "text"
        elif tag == "select" and name:
            self.select = (form, name, False)
        elif tag == "option" and self.select:
            form, name, chosen = self.select
            if "selected" in values or (not chosen and name not in form.data):
                form.data[name] = values.get("value", "")
                self.select = (form, name, "selected" in values)

    def _input(self, form: PageForm, name: str, values: dict[str, str]) -> None:
        kind = values.get("type", "text")
        if kind in ("checkbox", "radio"):
            if "checked" in values:
                form.data[name] = values.get("value", "on")
        elif kind not in ("submit", "button", "reset"):
            form.data[name] = values.get("value", "")
            if kind != "hidden":
                form.typed[name] = kind

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area:
            form, name = self.area
            form.data[name] += data.removeprefix("\n")


def forms_of(html: str) -> list[PageForm]:
    reader = _Reader()
    reader.feed(html)
    for form in reader.forms:
        form.data.pop("csrfmiddlewaretoken", None)
    return reader.forms


def clinical_models() -> list[type[models.Model]]:
    """Every table of ours but the trail, with the histories."""
    return [
        model
        for label in APPS
        for model in apps.get_app_config(label).get_models()
        if model is not AuditEvent and not model._meta.proxy
    ]


@functools.cache
def _counting() -> str:
    """SQL of one query: every table's name, rows and sum of versions."""
    parts = []
    for model in clinical_models():
        names = {each.name for each in model._meta.get_fields()}
        versions = "history_id" not in names and "version" in names
        total = "COALESCE(SUM(version), 0)" if versions else "0"
        parts.append(f"SELECT '{model._meta.label}', COUNT(*), {total} FROM {model._meta.db_table}")
    return " UNION ALL ".join(parts)


def state() -> dict[str, tuple[int, int]]:
    """How many rows each table has and the sum of their versions: equal = nothing was written."""
    with connection.cursor() as cursor:
        cursor.execute(_counting())
        return {label: (rows, total) for label, rows, total in cursor.fetchall()}
