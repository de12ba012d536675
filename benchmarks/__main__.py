"""`make benchmark`: what everything costs in a small register and in a large one, in one run.

On a PostgreSQL of its own, which is gone afterwards; with DATABASE_URL on that server, where the
registers stay and are used again by the next run.
"""

import os
import subprocess
import sys
from contextlib import nullcontext

from tests.run import PYTHON, ROOT, postgresql

# By manage.py, since models can be imported only once Django is set up.
RUN = ["manage.py", "shell", "--no-imports", "-c", "from benchmarks.run import main; main()"]


def main() -> int:
    given = os.environ.get("DATABASE_URL")
    with nullcontext(given) if given else postgresql(hasty=True) as url:
        environ = os.environ | {"DATABASE_URL": url, "DEBUG": "1"}
        return subprocess.run([PYTHON, *RUN], cwd=ROOT, env=environ).returncode


if __name__ == "__main__":
    sys.exit(main())
