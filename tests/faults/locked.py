"""Somebody holds the database's lock longer than a page waits: a clear page, and no word is lost.

    .venv/bin/python -m tests.faults.locked                               on SQLite
    bin/postgres-scratch .venv/bin/python -m tests.faults.locked

Held for 5 s, which everybody waits out, and for 45 s, in which each waits 20 s and is then told;
the page holds what was typed, and the form, which is sent again as it stands there.
"""

import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.faults.clinic import Form, Outcome, Served, notes, own_database, serve, tabs, verdict

# Twice as many as there are workers: the later ones wait for a worker first.
FORMS = 6


@contextmanager
def held(url: str) -> Iterator[None]:
    """SQLite's write lock; of PostgreSQL the table of notes, as a careless command locks it."""
    if url.startswith("sqlite"):
        holder: Any = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        import psycopg

        holder = psycopg.connect(url)
        holder.execute("LOCK TABLE records_note IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()


@dataclass
class Answer:
    form: Form
    status: int
    page: str
    seconds: float

    def says_so(self) -> bool:
        """In words, with a reference and what was typed."""
        return all(
            words in self.page
            for words in ("Not available just now", "Reference for", self.form.words)
        )


def send_while_held(served: Served, url: str, forms: list[Form], seconds: float) -> list[Answer]:
    def press(form: Form) -> Answer:
        began = time.monotonic()
        return Answer(form, *served.send(form), time.monotonic() - began)

    with ThreadPoolExecutor(len(forms)) as people:
        with held(url):
            pressed = [people.submit(press, form) for form in forms]
            time.sleep(seconds)
        return [each.result() for each in pressed]


def send_again(served: Served, answer: Answer) -> bool:
    """The form of the page, as it stands there."""
    from tests.page_forms import forms_of

    (kept,) = [form for form in forms_of(answer.page) if form.method == "post"]
    return served.post(kept.action, answer.form.tab.session, kept.data)[0] == 302


def main() -> int:
    outcome = Outcome()
    with own_database() as url:
        forms = notes(tabs(4), 2 * FORMS)
        with serve(url) as served:
            short = send_while_held(served, url, forms[:FORMS], 5)
            long = send_while_held(served, url, forms[FORMS:], 45)
            said = [each.says_so() for each in long]
            again = [send_again(served, each) for each in long if each.status == 503]
        for each in short + long:
            outcome.answers[each.status] += 1
        outcome.acknowledged = forms
        whole = outcome.whole(2 * FORMS)
    for name, answers in (("5 s", short), ("45 s", long)):
        waited = ", ".join(f"{each.seconds:.1f}" for each in answers)
        print(f"held {name}: {[each.status for each in answers]} after {waited} s")
    held_out = [each.status for each in short] == [302] * FORMS
    told = [each.status for each in long] == [503] * FORMS and all(said)
    print(f"told in words, with what was typed: {sum(said)}; sent again: {sum(again)}")
    return verdict(whole and held_out and told and again == [True] * FORMS)


if __name__ == "__main__":
    sys.exit(main())
