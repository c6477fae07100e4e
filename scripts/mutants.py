#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Breaks one rule at a time in a copy of the tree and runs the host tests of its row.

mutants.py [--sample N] [ROW...]: those rows, N of them, or all that a host test covers.
mutants.py --apply DIR ROW: only break the rule in the tree that lies in DIR.
mutants.py --fit: only say which mutations no longer fit the tree; builds nothing.

A mutation is a hunk in tests/mutants/*.txt: the line "@ FILE ROW...", and below it lines that begin
with "-" (to be replaced), "+" (by these) or " " (around them). What is to be replaced must be in the
file exactly once. For each of its rows a test with that number must fail; a mutation that does not
compile proves nothing.
"""

import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
COPY = TOP / "out/mutants/tree"
LIMIT = 120  # seconds for building and running one mutation
RESULT = re.compile(r"^test (\S+) \.\.\. (ok|FAILED)$", re.MULTILINE)

Mutation = collections.namedtuple("Mutation", "rows file old new")


def rows_of(test):
    """The numbers that a test has in its name."""
    found = re.match(r"row((?:_\d+)+)(?=_|$)", test.rpartition("::")[2])
    return {int(number) for number in found[1][1:].split("_")} if found else set()


def read_mutations():
    """All mutations, in the order of their rows."""
    mutations = []
    for path in sorted((TOP / "tests/mutants").glob("*.txt")):
        for hunk in re.split(r"^@ ", path.read_text(), flags=re.MULTILINE)[1:]:
            head, *lines = hunk.splitlines()
            file, *rows = head.split()
            old = "".join(line[1:] + "\n" for line in lines if line[:1] in ("-", " "))
            new = "".join(line[1:] + "\n" for line in lines if line[:1] in ("+", " "))
            mutations.append(Mutation(sorted(map(int, rows)), file, old, new))
    return sorted(mutations, key=lambda mutation: mutation.rows)


def update_copy():
    """Makes the copy equal to the tree; what is equal keeps its time stamp."""
    folders = [path for path in TOP.iterdir() if path.is_dir() and path.name not in (".git", "out")]
    files = {*TOP.glob("*.rs"), *(TOP / "tests/host").rglob("*")}
    files.update(file for folder in folders for file in folder.rglob("*.rs"))
    for source in filter(pathlib.Path.is_file, files):
        target = COPY / source.relative_to(TOP)
        if not (target.exists() and source.read_bytes() == target.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def run_tests(*filters, limit=LIMIT):
    """{test: passed} of the host tests, or None if they do not compile; and the output."""
    command = ["cargo", "test", "--locked", "--offline", "--quiet", "--lib", "--", "--format=pretty", *filters]
    env = {
        **os.environ,
        "CARGO_TARGET_DIR": str(TOP / "out/mutants/target"),
        "CARGO_INCREMENTAL": "1",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_PROFILE_DEV_OPT_LEVEL": "0",
        "RUSTFLAGS": "-Awarnings -Clink-arg=-fuse-ld=lld",
    }
    with subprocess.Popen(
        command,
        cwd=COPY / "tests/host",
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return {}, f"not done after {limit} s"
    if not re.search(r"^running \d+ test", output, re.MULTILINE):
        return None, output
    return {test: result == "ok" for test, result in RESULT.findall(output)}, output


def find(mutation, tree):
    """The text of its file; or what is wrong."""
    path = tree / mutation.file
    text = path.read_text() if path.exists() else ""
    if not mutation.old or ("\n" + text).count("\n" + mutation.old) != 1:
        first = mutation.old.strip().partition("\n")[0]
        return None, f"not exactly once in {mutation.file}: {first}"
    return text, None


def break_rule(mutation, tree):
    """Applies it, and returns the text that was there; or what is wrong, and nothing was done."""
    path = tree / mutation.file
    text, wrong = find(mutation, tree)
    if wrong:
        return None, wrong
    path.write_text(("\n" + text).replace("\n" + mutation.old, "\n" + mutation.new)[1:])
    return text, None


def try_mutation(mutation, tests):
    """None if every row's test fails, else what is wrong."""
    path = COPY / mutation.file
    text, wrong = break_rule(mutation, COPY)
    if wrong:
        return wrong
    try:
        results, output = run_tests("--exact", *tests)
    finally:
        path.write_text(text)
    if results is None:
        error = re.search(r"^error.*", output, re.MULTILINE)
        return f"does not compile: {error[0] if error else output[-200:]}"
    failed = {row for test, passed in results.items() if not passed for row in rows_of(test)}
    survived = [row for row in mutation.rows if row not in failed]
    return f"no test of row {survived[0]} fails" if survived else None


def fit(mutations):
    """Says which do not fit the tree; None if all do, for sys.exit()."""
    wrong = [(mutation.rows, find(mutation, TOP)[1]) for mutation in mutations]
    wrong = [f"row {rows[0]}: {what}" for rows, what in wrong if what]
    print(f"{len(mutations)} mutations, {len(wrong)} that no longer fit")
    return "\n".join(wrong) or None


def choose(covered, mutations, options):
    """The rows to be tried."""
    rows = set(options.rows or covered)
    if options.sample:
        known = sorted(rows & {row for mutation in mutations for row in mutation.rows})
        rows = set(random.sample(known, min(options.sample, len(known))))
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--apply", type=pathlib.Path)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("rows", nargs="*", type=int)
    options = parser.parse_args()
    mutations = read_mutations()
    if options.fit:
        sys.exit(fit(mutations))
    if options.apply:
        found = [mutation for mutation in mutations if set(options.rows) & set(mutation.rows)]
        sys.exit(break_rule(found[0], options.apply)[1] if found else "no mutation of that row")
    counts = collections.Counter()

    def tell(row, what, result, start):
        counts[result] += 1
        print(f"{row} {what}, {time.monotonic() - start:.1f} s", flush=True)

    start = time.monotonic()
    update_copy()
    sound, output = run_tests("row_", limit=None)
    if sound is None:
        sys.exit(f"{output}\nthe tests do not compile")
    covered = {row for test in sound for row in rows_of(test)}
    print(f"{len(sound)} tests of {len(covered)} rows, {time.monotonic() - start:.1f} s", flush=True)

    rows = choose(covered, mutations, options)
    for mutation in mutations:
        if not rows.intersection(mutation.rows):
            continue
        start = time.monotonic()
        name = " ".join(f"{row:03}" for row in mutation.rows)
        tests = [test for test in sound if rows_of(test).intersection(mutation.rows)]
        if all(sound[test] for test in tests):
            wrong = try_mutation(mutation, tests)
        else:
            wrong = "a test fails without any mutation"
        if wrong:
            tell(name, f"FAILED: {wrong}", "failed", start)
        else:
            tell(name, "noticed", "passed", start)
    mutated = {row for mutation in mutations for row in mutation.rows}
    for row in sorted(rows - mutated):
        tell(f"{row:03}", "skipped: no mutation", "skipped", time.monotonic())
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    sys.exit(bool(counts["failed"]))


main()
