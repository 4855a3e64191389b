"""The chart in the admin: to look at. A wrong record is entered in error on its page."""

from records.admin import kinds

__all__ = ["kinds"]
