"""Which passwords a person may choose: long ones that are no decorated word."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from clinik.models import User


@pytest.mark.parametrize(
    "password",
    [
        "shortone1",
        "Password2026!",
        "P@ssw0rd!!!!",
        "qwertyqwerty",
        "clinik123456",
        "!!Sunnyside 2026!!",
        "sunnysidesunnyside1",
        "novarek-12345",
    ],
)
def test_short_and_decorated_words_are_refused(password: str, settings: Any) -> None:
    settings.CLINIK_NAME = "Sunnyside"
    with pytest.raises(ValidationError):
        validate_password(password, User(username="novarek"))


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "Wiese Kran 7 Löffel", "x" * 3 + "žluťoučký kůň", "ab" * 64],
)
def test_long_passwords_of_any_letters_are_taken(password: str) -> None:
    validate_password(password, User(username="novarek"))


def test_passwords_are_hashed_as_owasp_asks() -> None:
    assert make_password("correct horse battery").startswith(
        "argon2$argon2id$v=19$m=19456,t=2,p=1$"
    )
