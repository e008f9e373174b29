#!/usr/bin/env python3
"""Runs the examples of a page of docs/ as a reader would, and looks for the output the page shows.

    tests/docs/run_examples.py PAGE PROGRAM

The ```sh blocks run in an empty folder, one after another, with PROGRAM as `pdmp` on the PATH; a failing one is an
error. Every line of the ```text block behind a block must be among the lines that block printed on stdout, where any
number stands for any other and a line of dots for lines left out. Needs what the examples need: Python with numpy.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")


def examples(page):
    """(commands, output shown or '') of each ```sh block."""
    found = []
    for kind, content in BLOCK.findall(page):
        if kind == "sh":
            found.append([content, ""])
        elif found:
            found[-1][1] += content
    return found


def patterns(text):
    """Lines with every number as #, and without what aligns them."""
    return [" ".join(NUMBER.sub("#", line).split()) for line in text.splitlines()]


def missing_lines(shown, printed):
    found = patterns(printed)
    return [line for line in patterns(shown) if line and line != "..." and line not in found]


def run(page, program):
    """Complaints."""
    all_examples = examples(page.read_text())
    if not all_examples:
        return [f"{page}: no ```sh block"]
    with tempfile.TemporaryDirectory(prefix="pdmp_examples_") as scratch:
        programs = Path(scratch) / "bin"
        folder = Path(scratch) / "work"
        programs.mkdir()
        folder.mkdir()
        (programs / "pdmp").symlink_to(program.resolve())
        # `python3` is the one that runs this.
        environment = dict(os.environ, PATH=f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}")
        for commands, shown in all_examples:
            done = subprocess.run(["bash", "-eu", "-c", commands], cwd=folder, env=environment, text=True,
                                  capture_output=True)
            if done.returncode != 0:
                return [f"{page}: exit status {done.returncode} of\n{commands}\n{done.stdout}\n{done.stderr}"]
            missing = missing_lines(shown, done.stdout)
            if missing:
                return [f"{page}: not printed by\n{commands}\n  " + "\n  ".join(missing) + f"\nbut\n{done.stdout}"]
    return []


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    complaints = run(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join(complaints) if complaints else "run_examples: as shown")
    sys.exit(1 if complaints else 0)
