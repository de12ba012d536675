"""Not a test: imports each directory that a line of the input names, in a process of its own, and
tells what it took.

For each a line of JSON: the seconds of work, the megabytes it grew by, and what it said. More than
100 MB it does not get, so that a bomb that goes off is seen and harms nobody. Before them, the
directory on the command line is imported: what a first import loads for good is not their doing.
"""

import io
import json
import os
import resource
import sys
import time

import django
from django.core.management import CommandError, call_command
from django.db import connections

MOST_MEMORY = 100 * 1024 * 1024
LONGEST = 20  # seconds


def held() -> int:
    """The bytes of address space of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def said(directory: str) -> str:
    told = io.StringIO()
    try:
        call_command("import_catalogue", directory, dry_run=True, stdout=told, stderr=told)
    except CommandError as error:
        return f"{told.getvalue()}{error}"
    except MemoryError:
        return "It went off."
    return told.getvalue()


def measured(directory: str) -> dict:
    resource.setrlimit(resource.RLIMIT_AS, (held() + MOST_MEMORY, -1))
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
    before, started = peak(), time.process_time()
    text = said(directory)
    return {"seconds": time.process_time() - started, "megabytes": peak() - before, "said": text}


def main() -> None:
    django.setup()
    said(sys.argv[1])
    for line in sys.stdin:
        directory = line.removesuffix("\n")
        connections.close_all()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                json.dump(measured(directory), pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            print(
                pipe.read()
                or json.dumps({"seconds": LONGEST, "megabytes": 0, "said": "It never ended."}),
                flush=True,
            )
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
