"""The WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinik.settings")
# As long as SQLite's pages wait; less than gunicorn's timeout.
os.environ.setdefault("CLINIK_LOCK_SECONDS", "20")
application = get_wsgi_application()
