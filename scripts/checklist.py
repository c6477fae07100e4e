#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Joins tests/checklist.tsv with the logs in out/log: checklist.py [--json]

A test says by its name which rows it covers: row_052_..., row_139_140_..., row_7_... A row passes if
at least one of its tests ran and all that ran passed. Exit 1: a row failed.
"""

import json
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LOGS = [
    ("host", "host"),
    ("A", "kselftest-a"),
    ("B", "kselftest-b"),
    ("B", "kunit-b"),
    ("C", "kunit-c"),
]
CARGO = re.compile(r"test (?:\S+::)?(\w+) \.\.\. (ok|FAILED)$")
KTAP = re.compile(r"(ok|not ok) \d+ (?:- )?(\w+)(?! *# *skip)\b", re.IGNORECASE)


def rows_of(test):
    """The numbers that a test has in its name."""
    found = re.match(r"row((?:_\d+)+)(?=_|$)", test)
    return [int(number) for number in found[1][1:].split("_")] if found else []


def result_of(line):
    """(test, passed) if the line is the result of a test that ran."""
    if found := CARGO.match(line):
        return found[1], found[2] == "ok"
    if found := KTAP.match(line):
        return found[2], found[1].lower() == "ok"
    return None


def logs_of(part):
    """Its log and, from the long tier, those of its slices; the newest last."""
    logs = [*TOP.glob(f"out/log/check-{part}.log"), *TOP.glob(f"out/log/check-{part}-*.log")]
    return sorted(logs, key=lambda log: log.stat().st_mtime)


def read_log(log):
    """Test -> passed."""
    results = {}
    for line in log.read_text(errors="replace").splitlines():
        if found := result_of(line.strip()):
            test, passed = found
            results[test] = passed and results.get(test, True)
    return results


def read_results():
    """Row -> {(test, where): passed}. Of a test that is in more than one log of a part, the last run."""
    results = {}
    for where, part in LOGS:
        last = {}
        for log in logs_of(part):
            last |= read_log(log)
        for test, passed in last.items():
            for row in rows_of(test):
                ran = results.setdefault(row, {})
                ran[test, where] = passed and ran.get((test, where), True)
    return results


def read_rows():
    """(number, name, note) of each row."""
    for line in (TOP / "tests/checklist.tsv").read_text().splitlines():
        if not line.startswith("#"):
            number, name, note = (line.split("\t") + [""])[:3]
            yield int(number), name, note


def judge(number, name, note, ran):
    """A row with everything that is known about it."""
    failed = sorted(f"{test} on {where}" for (test, where), passed in ran.items() if not passed)
    return {
        "row": number,
        "name": name,
        "note": note,
        "tests": sorted({test for test, _ in ran}),
        "where": [rig for rig in ("host", "A", "B", "C") if any(rig == where for _, where in ran)],
        "result": "fail" if failed else "pass" if ran else "none",
        "failed": failed,
    }


def text_of(row):
    """A row as one line."""
    name = row["name"] + (f" ({row['note']})" if row["note"] else "")
    tests = ", ".join(row["tests"]) or "-"
    result = ": ".join([row["result"]] + [", ".join(row["failed"])] * bool(row["failed"]))
    return f"{row['row']:<3} | {name} | {tests} | {' '.join(row['where']) or '-'} | {result}"


def main():
    results = read_results()
    rows = [judge(*row, results.pop(row[0], {})) for row in read_rows()]
    totals = {key: sum(row["result"] == key for row in rows) for key in ("pass", "fail", "none")}
    if sys.argv[1:] == ["--json"]:
        print(json.dumps({"rows": rows, "totals": totals}, indent=1))
    else:
        print(*map(text_of, rows), sep="\n")
        print(f"{totals['pass']} passed, {totals['fail']} failed, {totals['none']} without a test")
    for row, ran in results.items():
        print(f"no row {row}: {', '.join(test for test, _ in ran)}", file=sys.stderr)
    sys.exit(bool(totals["fail"] or results))


main()
