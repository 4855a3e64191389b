"""UUID version 7 (RFC 9562): 48 bits of milliseconds, then random bits.

Rows made one after the other get keys one after the other, so the primary key's index grows at its
end; and a form can carry its new row's key before the row exists.
"""

import secrets
import time
import uuid


def uuid7() -> uuid.UUID:
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)
