#!/usr/bin/env python3
"""Compares what `seedcast check --format json` says of each seed with the truth: the bad ones with line and reason.

usage: check_diagnostics.py PROGRAM CONFIG SEEDS TRUTH
"""

import json
import subprocess
import sys

from expectations import Report

# The word for each way in which the generator spoils a seed.
CODES = {"empty": "empty", "blank": "empty", "no-title": "no_title", "bad-date": "bad_time", "damaged-utf-8": "invalid_utf8", "nul": "nul"}


def main():
    program, config, seeds, truth = sys.argv[1:]
    report = Report()
    with open(truth, encoding="utf-8") as file:
        expected = {line["path"]: line for line in map(json.loads, file)}
    command = [program, "check", "--config", config, "--format", "json", seeds]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    report.check("check gives 1 when there are bad seeds", [] if answer.returncode == 1 else [answer.returncode])
    said = {line["path"]: line for line in map(json.loads, answer.stdout.splitlines())}
    report.check("each seed is spoken of once", sorted(set(expected) ^ set(said)), len(said))

    rejected = {path: [finding for finding in line["diagnostics"] if finding["severity"] == "rejected"] for path, line in said.items()}
    bad = {path for path, line in expected.items() if line["expected"] == "malformed"}
    report.check("exactly the bad seeds are rejected", sorted(bad ^ {path for path, findings in rejected.items() if findings}), len(bad))
    codes = [f"{path}: {rejected.get(path)}, not {CODES[expected[path]['why']]}" for path in sorted(bad)
             if [finding["code"] for finding in rejected.get(path, [])] != [CODES[expected[path]["why"]]]]
    report.check("each for the right reason", codes, len(bad))
    report.check("with the line", [path for path in sorted(bad) for finding in rejected.get(path, [])
                                   if finding["line"] is None and finding["code"] != "empty"], len(bad))
    good = [(line, said[path].get("item")) for path, line in expected.items() if line["expected"] == "item" and path in said]
    for field in ("url", "title", "published", "updated", "categories"):
        report.check(f"check says the {field} of each good seed", [
            f"{line['path']}: {item and item.get(field)}, not {line[field]}" for line, item in good if not item or item.get(field) != line[field]], len(good))
    report.finish()


main()
