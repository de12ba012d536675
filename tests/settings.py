"""The settings of a developer's machine, so that `.venv/bin/pytest` needs no environment."""

import os

os.environ.setdefault("DEBUG", "1")
# For the processes that tests start; Django has read this module's name by now.
os.environ["DJANGO_SETTINGS_MODULE"] = "waltzflow.settings"

from waltzflow.settings import *  # noqa: F403
