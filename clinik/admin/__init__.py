"""The admin: every table to look at, the registers to edit, nothing to delete.

- base.py: what every page of the admin has (search, capped pages, audited views, history)
- editing.py: pages that change a row, under the same rules as the clinic's pages
- history.py: who changed what, from the row's versions and the audit trail
- imports.py: runs of imports, their files, and what each resource became
- tables.py: codes, the audit trail, drafts, sessions
Each app above registers its own models in its own admin package.
"""

from django.contrib import admin

from clinik.admin import imports, tables

__all__ = ["imports", "tables"]

# The start page lists the tables; a row with many columns needs the room.
admin.site.enable_nav_sidebar = False
