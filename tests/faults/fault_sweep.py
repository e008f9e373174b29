#!/usr/bin/env python3
"""Makes one call of the system after the other fail, and looks at what comes of it.

    tests/faults/fault_sweep.py PROGRAM SHIM [--what train,compare,cache] [--sample N] [--seed 0] [--jobs 1]

SHIM is tests/faults/fault_shim.cpp, built as a library (fault_shim in the build folder). A case is a workload, a kind of
call, an error and the number of the call. Each run must either end with exit status 1 or 2 (or 75, 130) and one line of
error that names a file, and then, run again without the shim, come to the undisturbed result; or come to it at once.
No signal, no hang. Without --sample every case is run: about an hour on two cores. Needs Python alone.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from kill import png  # noqa: E402

LIMIT = 300  # seconds, of a run that takes two
ERRORS = {  # of each kind of call: (error, lasting)
    "open": [("ENOSPC", True), ("EIO", False), ("EINTR", False)],
    "write": [("ENOSPC", True), ("EIO", False), ("EINTR", False), ("short", False)],
    "pwrite": [("ENOSPC", True), ("EIO", False), ("EINTR", False), ("short", False)],
    "writev": [("ENOSPC", True), ("EIO", False), ("EINTR", False), ("short", False)],
    "fsync": [("EIO", False), ("ENOSPC", True)],
    "fdatasync": [("EIO", False), ("ENOSPC", True)],
    "rename": [("EIO", False), ("ENOSPC", True)],
    "link": [("EIO", False)],
    "symlink": [("EIO", False)],
    "ftruncate": [("EIO", False), ("ENOSPC", True)],
    "mmap": [("ENOSPC", True)],
    "mkdir": [("ENOSPC", True), ("EIO", False)],
}
Case = collections.namedtuple("Case", "what call error lasting at")


def write_data(folder):
    rng = random.Random(1)
    folder.mkdir()
    lines = ["id,split,label,x,y,file"]
    for i in range(48):
        label = i % 2
        (folder / f"{i}.png").write_bytes(png(16, (rng.randbytes(48) for _ in range(16)), 1))
        numbers = f"{label + rng.gauss(0, 0.4):.3f},{rng.gauss(0, 1):.3f}"
        lines.append(f"{i},{('train', 'train', 'val', 'test')[i // 2 % 4]},{'ab'[label]},{numbers},{i}.png")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"name": "faults", "modalities": [
        {"name": "numbers", "type": "vector", "columns": ["x", "y"]},
        {"name": "picture", "type": "image", "column": "file", "size": 16}]}))


COMMON = ["--batch-size", "12", "--encoders", "numbers=mlp:hidden=4,picture=resnet18:width=2", "--quiet"]


def text_of(path):
    return path.read_text(errors="replace") if path.is_file() else None


def without_times(value):
    """Of comparison.json: what does not depend on the clock."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if not re.search("second|memory|time|directory|runs", k)}
    return [without_times(v) for v in value] if isinstance(value, list) else value


class Train:
    def words(self, data, folder, again):
        resume = ["--resume"] if again and (folder / "run/config.toml").exists() else []
        return ["train", "--data", data, "--run", folder / "run", "--method", "pdmp", "--epochs", "2", "--threads", "1",
                "--workers", "0", *COMMON, *resume]

    def outcome(self, program, folder):
        return [text_of(folder / "run" / name) for name in ("metrics.jsonl", "predictions.csv", "analysis.json")]


class Compare:
    def words(self, data, folder, again):
        return ["compare", "--data", data, "--out", folder / "out", "--methods", "joint,pdmp", "--controls", "off", "--seeds", "1",
                "--epochs", "1", "--jobs", "1", *COMMON]

    def outcome(self, program, folder):
        table = text_of(folder / "out/comparison.json")
        return without_times(json.loads(table)) if table else None


class Cache:
    def words(self, data, folder, again):
        return ["cache", "fill", "--data", data, "--cache", folder / "cache", "--jobs", "1", "--quiet"]

    def outcome(self, program, folder):
        result = subprocess.run([program, "cache", "verify", folder / "cache", "--list", "--quiet"], capture_output=True,
                                text=True, timeout=LIMIT)
        return sorted(result.stdout.split()) if result.returncode == 0 else result.stderr


WORKLOADS = {"train": Train(), "compare": Compare(), "cache": Cache()}


class Sweep:
    def __init__(self, program, shim, folder):
        self.program, self.shim, self.folder, self.data = program, shim, folder, folder / "data"
        write_data(self.data)
        self.reference = {}

    def run(self, what, folder, again=False, faults=None):
        words = [self.program, *map(str, WORKLOADS[what].words(self.data, folder, again))]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **(faults or {})}
        return subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=LIMIT, env=environment)

    def faults(self, folder, call, at, error="EIO", lasting=False):
        return {"LD_PRELOAD": str(self.shim), "PDMP_FAULT_UNDER": str(folder), "PDMP_FAULT_CALLS": call,
                "PDMP_FAULT_AT": str(at), "PDMP_FAULT_ERROR": error, "PDMP_FAULT_LASTING": str(int(lasting)),
                "PDMP_FAULT_COUNTER": f"{folder}.count", "PDMP_FAULT_LOG": f"{folder}.log"}

    def prepare(self, what):
        """The undisturbed result, and how many calls of each kind there are."""
        folder = self.folder / f"whole-{what}"
        folder.mkdir()
        result = self.run(what, folder)
        self.reference[what] = WORKLOADS[what].outcome(self.program, folder)
        if result.returncode != 0 or not self.reference[what]:
            sys.exit(f"{what} failed without any fault: {result.stderr[-1000:]}")
        counted = self.folder / f"count-{what}"
        counted.mkdir()
        self.run(what, counted, faults=self.faults(counted, ",".join(ERRORS), 0))
        log = text_of(pathlib.Path(f"{counted}.log"))
        if not log:
            sys.exit(f"{what}: {self.shim} saw no call: it is not there, or cannot be preloaded")
        counts = collections.Counter(line.split(" ", 2)[1] for line in log.splitlines())
        print(f"{what}: " + ", ".join(f"{count} {call}" for call, count in sorted(counts.items())), flush=True)
        return [Case(what, call, error, lasting, at) for call, count in sorted(counts.items())
                for error, lasting in ERRORS[call] for at in range(1, count + 1)]

    def try_case(self, number, case):
        """What is wrong with how a case ended, or nothing; whether it ended with an error."""
        folder = self.folder / f"case{number}"
        folder.mkdir()
        try:
            result = self.run(case.what, folder, faults=self.faults(folder, case.call, case.at, case.error, case.lasting))
            log = text_of(pathlib.Path(f"{folder}.log")) or "no fault"
            where = log.splitlines()[0].replace(str(folder) + "/", "")
            wrong = self.judge(case, folder, result)
            return (f"{wrong} [{where}]" if wrong else None), result.returncode != 0
        except subprocess.TimeoutExpired as error:
            return f"hangs: {error}", True
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            for suffix in (".log", ".count"):
                pathlib.Path(f"{folder}{suffix}").unlink(missing_ok=True)

    def judge(self, case, folder, result):
        workload, told = WORKLOADS[case.what], result.stderr.strip()
        if result.returncode < 0 or result.returncode > 128 or "terminate called" in told:
            return f"ended by a signal ({result.returncode}): {told[-600:]}"
        if result.returncode == 0:
            found = workload.outcome(self.program, folder)
            return None if found == self.reference[case.what] else f"exit 0 with another result; {told[-400:]}"
        errors = [line for line in told.splitlines() if line.startswith("pdmp: ") and "warning" not in line]
        if len(errors) != 1 or not re.search(r"/|\w\.\w", errors[0]):
            return f"expected one line of error that names a file, found {told[-800:]!r}"
        again = self.run(case.what, folder, again=True)
        if again.returncode != 0:
            return f"does not go on: {again.stderr[-600:]!r}, after {errors[0]!r}"
        if workload.outcome(self.program, folder) != self.reference[case.what]:
            return f"goes on to another result, after {errors[0]!r}"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("--what", default=",".join(WORKLOADS))
    parser.add_argument("--sample", type=int, default=0, help="this many cases of each workload; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pdmp-faults-")).resolve()
    try:
        sweep = Sweep(str(pathlib.Path(options.program).resolve()), pathlib.Path(options.shim).resolve(), folder)
        cases = []
        for what in options.what.split(","):
            found = sweep.prepare(what)
            some = options.sample and options.sample < len(found)
            cases += random.Random(options.seed).sample(found, options.sample) if some else found
        failed, ended = 0, 0
        with ThreadPoolExecutor(options.jobs) as pool:
            for case, (wrong, error) in zip(cases, pool.map(lambda one: sweep.try_case(*one), enumerate(cases))):
                ended += error
                if wrong:
                    failed += 1
                    lasting = " and after" if case.lasting else ""
                    print(f"{case.what}: {case.error} at {case.call} {case.at}{lasting}: {wrong}", flush=True)
        print(f"{len(cases)} faults: {failed} failed; {ended} ended with an error and went on, "
              f"{len(cases) - ended} came to the result at once")
        sys.exit(1 if failed else 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
