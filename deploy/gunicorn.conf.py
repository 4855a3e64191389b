"""gunicorn for one clinic: /opt/clinik/.venv/bin/gunicorn -c deploy/gunicorn.conf.py"""

import multiprocessing

wsgi_app = "clinik.wsgi:application"
bind = "unix:/run/clinik/gunicorn.sock"
workers = 2 * multiprocessing.cpu_count() + 1
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
