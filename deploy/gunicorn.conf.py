"""gunicorn for one clinic: /opt/clinik/.venv/bin/gunicorn -c deploy/gunicorn.conf.py"""

import multiprocessing
import os

wsgi_app = "clinik.wsgi:application"
# CLINIK_BIND=10.0.0.11:8000 where nginx is on another machine: an address that only it can reach.
bind = os.environ.get("CLINIK_BIND", "unix:/run/clinik/gunicorn.sock")
# Each holds a connection of PostgreSQL; all machines' workers together stay below max_connections.
workers = int(os.environ.get("WEB_CONCURRENCY", 2 * multiprocessing.cpu_count() + 1))
# Loaded once and shared by the workers, which saves memory on each of them.
preload_app = True
# Seconds. An import runs as a command, so no page takes longer.
timeout = 30
graceful_timeout = 30
# A worker is replaced now and then, not all at the same moment.
max_requests = 5000
max_requests_jitter = 500
# The program writes a line for each request itself, with its route instead of its address: searches
# have names in theirs.
accesslog = None
errorlog = "-"
