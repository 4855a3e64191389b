"""A password that is only a common word, or names from here, with decoration is none."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core import checks
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

PRODUCT = "clinik"
# What stands before and after the word: "!Password2026".
_DECORATION = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_DISGUISE = str.maketrans("013457$@!", "oleastsai")
# Of a sentence, one common word says nothing.
_LONGEST_WORD = 20


def local_words(user: Any = None) -> set[str]:
    """Words that everybody here knows: the product, the clinic's name and each word of it, what
    CLINIK_PASSWORD_WORDS adds, and the login; as _letters says them."""
    texts = [PRODUCT, settings.CLINIK_NAME, *settings.CLINIK_NAME.split()]
    texts += [*settings.CLINIK_PASSWORD_WORDS, getattr(user, "username", "") or ""]
    return {word for word in map(_letters, texts) if word}


def _letters(text: str) -> str:
    """Letters only, without case; i and l are one, since 1 stands for both."""
    return "".join(sign for sign in text.casefold() if sign.isalpha()).replace("l", "i")


def _made_of(text: str, words: set[str]) -> bool:
    """Whether the text is nothing but these words, one after another."""
    ends = {0}
    for place in range(len(text)):
        if place in ends:
            ends |= {place + len(word) for word in words if text.startswith(word, place)}
    return bool(text) and len(text) in ends


class DecoratedWordValidator:
    """Refuses a common password, or names from here, with digits and signs around and between.

    Length and Django's list of common passwords are checked beside it; they know "password" but
    not "Password2026!".
    """

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        names = local_words(user)
        bare = _DECORATION.sub("", password).casefold()
        for word in (bare, bare.translate(_DISGUISE)):
            twice = word[: len(word) // 2] if word[: len(word) // 2] * 2 == word else word
            if _made_of(_letters(word), names) or (
                len(word) <= _LONGEST_WORD and not self.common.isdisjoint((word, twice))
            ):
                raise ValidationError(
                    _("This is a common word with digits or signs around it. Use several words."),
                    code="password_decorated_word",
                )

    def get_help_text(self) -> str:
        return _("A common word or the clinic's name with digits around it is not enough.")


class BreachedPasswordValidator:
    """Refuses what stands in the file of CLINIK_BREACHED_PASSWORDS; without one, nothing.

    A line of the file is the SHA-1 of a password in hexadecimal digits, whatever follows a colon;
    the lines are in order. So are the downloads of Pwned Passwords. The file is searched where it
    lies: some 40 reads, however large it is. SHA-1 is what these lists are written in, and keeps
    no secret here.
    """

    def validate(self, password: str, user: Any = None) -> None:
        path = settings.CLINIK_BREACHED_PASSWORDS
        if not path:
            return
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        with Path(path).open("rb") as file:
            if any(line == wanted for line in _near(file, wanted)):
                raise ValidationError(
                    _("This password is known from a theft elsewhere. Use another."),
                    code="password_breached",
                )

    def get_help_text(self) -> str:
        return _("Passwords that were stolen elsewhere are refused.")


def _near(file: BinaryIO, wanted: str) -> Iterator[str]:
    """The digests of the few lines among which `wanted` stands, if it is in the file."""
    low, high = 0, file.seek(0, 2)
    while high - low > 4_096:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        if _digest(file.readline()) < wanted:
            low = middle
        else:
            high = middle
    # The line in which the search ended, and those around it.
    file.seek(max(low - 128, 0))
    for line in file.read(high - low + 512).splitlines():
        yield _digest(line)


def _digest(line: bytes) -> str:
    return line.partition(b":")[0].strip().decode("ascii", "replace").upper() or "~"


def check_breached_passwords(**kwargs: Any) -> list[checks.CheckMessage]:
    """A list that is named must be there: without it no password could be set."""
    path = settings.CLINIK_BREACHED_PASSWORDS
    if not path:
        return []
    try:
        with Path(path).open("rb") as file:
            first = _digest(file.readline())
    except OSError as error:
        return [checks.Error(f"CLINIK_BREACHED_PASSWORDS: {error}", id="clinik.E002")]
    if not re.fullmatch("[0-9A-F]{40}", first):
        words = "CLINIK_BREACHED_PASSWORDS: a line is a SHA-1 in hexadecimal digits, in order."
        return [checks.Error(words, id="clinik.E003")]
    return []
