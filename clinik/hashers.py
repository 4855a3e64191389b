"""Argon2id as OWASP asks for it: 19 MiB, two passes, one lane.

Django's default takes 100 MiB and eight lanes a login, which a small clinic's machine feels.
"""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
