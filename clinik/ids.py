"""UUID version 7 (RFC 9562): 48 bits of milliseconds, then random bits.

Rows made one after the other get keys one after the other, so the primary key's index grows at its
end; and a form can carry its new row's key before the row exists.
"""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10))
    # Version 7 and variant 10 stand in fixed places among the random bits.
    value = value & ~_FIXED | _VERSION_AND_VARIANT
    return uuid.UUID(int=value)


_FIXED = 0xF << 76 | 0b11 << 62
_VERSION_AND_VARIANT = 0x7 << 76 | 0b10 << 62
