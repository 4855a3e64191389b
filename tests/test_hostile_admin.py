"""Whatever stands in the address of a list of the administration, the answer is a page or 400.

A list answers the filters that it offers and no others: Django's would let whoever sees a list ask
any of its columns anything.
"""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from clinik.models import User
from clinik.roles import ADMINISTRATOR, AUDITOR
from tests.admin_world import make_rows
from tests.factories import UserFactory
from tests.hostile import MARK, unescaped

pytestmark = pytest.mark.django_db

LOOKUPS = ("regex", "iregex", "contains", "startswith", "gte", "in", "range", "year", "date")
TEXTS = {"regex": "(((((", "iregex": "^(a+)+$", "range": "1,2", "in": "9" * 18}


def offered(model_admin: Any) -> list[str]:
    """The names that the filters of a list have in its address."""
    made: list[str] = []
    for one in model_admin.list_filter:
        name = getattr(one, "parameter_name", "")
        made += [name] if name else [f"{one}__exact", f"{one}__isnull"]
    return [*made, *model_admin.linked_filters]


def sent_to(model_admin: Any, place: int) -> list[tuple[dict[str, str], bool]]:
    """What is put into the address, and whether it has to be refused."""
    names = offered(model_admin)
    column = [field.name for field in model_admin.opts.concrete_fields][-1]
    how = LOOKUPS[place % len(LOOKUPS)]
    return [
        (dict.fromkeys(names, "\x00") | {"p": "\x00"}, False),
        (dict.fromkeys(names, "9" * 30) | {"o": "9" * 30}, False),
        *(({name: f'"><{MARK}>'}, False) for name in names),
        ({f"{column}__{how}": TEXTS.get(how, "1")}, True),
        ({"no_such_column__exact": f'"><{MARK}>'}, True),
    ]


@pytest.mark.parametrize("role", [ADMINISTRATOR, AUDITOR])
def test_lists_answer_the_filters_they_offer_and_no_others(role: str) -> None:
    make_rows(1)
    client, bad, opened = Client(), [], 0
    client.force_login(UserFactory(role=role))
    for place, (model, model_admin) in enumerate(admin.site._registry.items()):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        if client.get(reverse(name)).status_code != 200:
            continue
        opened += 1
        for sent, refused in sent_to(model_admin, place):
            answer = client.get(reverse(name), sent)
            wrong = answer.status_code != 400 if refused else answer.status_code not in (200, 302)
            if wrong or unescaped(answer.content.decode()):
                bad.append((name, sent, answer.status_code))
    assert bad == []
    assert opened >= (2 if role == AUDITOR else 30)


@pytest.mark.parametrize("lookup", ["startswith", "gte", "regex", "exact", "isnull"])
def test_no_list_tells_the_letters_of_a_password(lookup: str) -> None:
    client, user = Client(), UserFactory(role=ADMINISTRATOR)
    client.force_login(user)
    url = reverse("admin:clinik_user_changelist")
    assert client.get(url, {f"password__{lookup}": user.password[:9]}).status_code == 400
    assert client.get(url, {"is_active__exact": "1"}).status_code == 200
    assert client.get(url, {"groups__id__exact": user.groups.get().pk}).status_code == 200
    assert User.objects.count() == 1
