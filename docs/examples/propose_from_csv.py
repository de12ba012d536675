"""Propose a new flow for each row of a CSV file, and say what became of it.

    SITE=https://waltzflow.example.com TOKEN=waltzflow_... python propose_from_csv.py flows.csv

The columns are fields of a proposal: source, target, reason, justification, data_types (codes with
a space between them), and what else docs/openapi.json names. Run it again as often as you like: a
row is proposed once.
"""

import csv
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request


def propose(row: dict[str, str]) -> str:
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
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            made = json.load(answer)
            return f"proposal {made['number']}, {made['state']}"
    except urllib.error.HTTPError as refusal:
        return f"refused: {json.load(refusal)['detail']}"


def main() -> None:
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            print(f"row {number}: {propose(row)}")


if __name__ == "__main__":
    main()
