"""How `gunicorn` serves the site; it reads this file by itself when started in this folder.

Threads: a long download or a slow reader holds one of them, and no other request.
"""

import os
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waltzflow.settings")

try:
    # Here, in the process that starts all others: what cannot work is said once, in a sentence.
    import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    number = import_module("waltzflow.environment").number
    workers = number("WEB_PROCESSES", 2)
    threads = number("WEB_THREADS", 8)
except ImproperlyConfigured as error:
    sys.exit(" ".join(str(error).split()))  # one line

# The processes count their requests in files there, or each would tell only of its own.
if os.environ.get("METRICS_TOKEN", "").strip():
    counted = tempfile.mkdtemp(prefix="waltzflow-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = counted

    def child_exit(server, worker) -> None:
        import_module("prometheus_client.multiprocess").mark_process_dead(worker.pid)

    def on_exit(server) -> None:
        shutil.rmtree(counted, ignore_errors=True)


wsgi_app = "waltzflow.wsgi"
worker_class = "waltzflow.serving.Worker"
bind = os.environ.get("BIND", "").strip() or "127.0.0.1:8000"
# Of a process that no longer answers its parent. Requests may take longer: threads carry them.
timeout = 60
# How long requests under way may go on when the process is to stop.
graceful_timeout = 60
# Longer than a proxy keeps a connection that nobody uses (nginx 60 seconds), so that it never asks
# on one that is closed here meanwhile.
keepalive = 75
# Another process from time to time, not all at once: what memory a long life gathers is given back.
max_requests, max_requests_jitter = 20_000, 2_000
# A socket in the home directory to command it by: signals do, and in the image nothing is written.
control_socket_disable = True
# Which proxy is believed is BEHIND_PROXY's to say, not the sender of a request's.
forwarded_allow_ips = ""
