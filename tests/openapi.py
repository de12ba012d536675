"""The OpenAPI document of the API; `python -m tests.openapi` writes it anew."""

import json
import os
from pathlib import Path

import django

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.json"


def text_of_document() -> str:
    from proposals.api.operations import api  # once Django is set up

    return json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), indent=1) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    DOCUMENT.write_text(text_of_document())
