"""Propose a new flow for each row of a CSV file, and say what became of it.

    SITE=https://waltzflow.example.com TOKEN=waltzflow_... python propose_from_csv.py flows.csv

The columns are fields of a proposal: source, target, reason, justification, data_types (codes with
a space between them), and what else docs/openapi.json names. Run it again as often as you like: a
row is proposed once. The exit status is 1 if a row was refused.
"""

import csv
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request


def propose(row: dict[str, str]) -> tuple[bool, str]:
    """Whether it is proposed, and what to say of it."""
    content = {name: value for name, value in row.items() if value}
    content["data_types"] = content.get("data_types", "").split()
    content["with_physical_flow"] = "transport" in content
    body = json.dumps(content, sort_keys=True).encode()
    headers = {
        "Authorization": f"Bearer {os.environ['TOKEN']}",
        "Content-Type": "application/json",
        "Idempotency-Key": hashlib.sha256(body).hexdigest(),
    }
    url = f"{os.environ['SITE']}/api/v1/proposals"
    request = urllib.request.Request(url, body, headers)
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                made = json.load(answer)
                return True, f"proposal {made['number']}, {made['state']}"
        except urllib.error.HTTPError as refusal:
            # Too many a minute (429), or the database is away (503): the same again, later.
            if refusal.code in (429, 503):
                time.sleep(int(refusal.headers.get("Retry-After", 10)))
                continue
            return False, f"refused: {sentence(refusal)}"


def sentence(refusal: urllib.error.HTTPError) -> str:
    problem = json.load(refusal)
    wrong = [f"{name}: {text}" for name, text in problem.get("errors", {}).items()]
    return "; ".join(wrong) or problem["detail"]


def main() -> int:
    refused = 0
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            is_proposed, told = propose(row)
            refused += not is_proposed
            print(f"row {number}: {told}", flush=True)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
