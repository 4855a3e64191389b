"""Wrong passwords at once, each over its own connection: at most the limit gets through.

tests/faults/guess_passwords.py does the same to real worker processes.
"""

import threading
from collections import Counter
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client

from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
LOGIN = "/account/login/"
AT_ONCE, LIMIT = 16, 5


def test_at_most_the_limit_of_guesses_made_at_once_is_tried(transactional_db: None) -> None:
    cache.clear()
    UserFactory(username="victim", password=PASSWORD)
    UserFactory(username="colleague", password=PASSWORD)
    starting = threading.Barrier(AT_ONCE + 1)
    met: list[str] = []
    came_in: list[Any] = []

    def send(name: str, password: str) -> Any:
        starting.wait()
        try:
            return Client().post(LOGIN, {"login": name, "password": password})
        finally:
            connections.close_all()

    def guess(number: int) -> None:
        page = send("victim", f"wrong guess {number}").content.decode()
        met.append("stopped" if "Too many failed" in page else "tried")

    def log_in() -> None:
        came_in.append(send("colleague", PASSWORD).status_code)

    threads = [threading.Thread(target=guess, args=[number]) for number in range(AT_ONCE)]
    threads.append(threading.Thread(target=log_in))
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    counted = Counter(met)
    assert counted.total() == AT_ONCE
    assert 1 <= counted["tried"] <= LIMIT
    assert came_in == [302], "a colleague behind the same address"
