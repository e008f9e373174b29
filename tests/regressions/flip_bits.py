#!/usr/bin/env python3
"""Flips single bits in every file that pdmp reads back, and uses what was hit: each flip must be detected (one line and
an exit status, or a warning and the undisturbed numbers) or change no number.

    tests/regressions/flip_bits.py build/release/pdmp [--times 500] [--seed 0] [--cache] [--only TEXT]

Four folders: a finished run with its analysis, a run that was stopped in its analysis, a finished comparison, and, with
--cache, a run with a sample cache. The flips are spread evenly over their files. Prints a line a file; needs Python alone.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from kill import png  # noqa: E402

CLASSES = ["red", "green", "blue"]
SIZE = 12
TRAINING = ["--batch-size", "12", "--lr", "0.05", "--threads", "1", "--workers", "0", "--seed", "3", "--log-every", "1"]
RUN = TRAINING + ["--method", "pdmp", "--analysis.criterion", "multimodal_branch", "--epochs", "2"]
COMPARE = TRAINING + ["--methods", "joint,umt,pdmp", "--controls", "off", "--seeds", "1", "--epochs", "2", "--jobs", "2", "--keep", "all",
                      "--resamples", "100"]
ROWS_FAILED = 3  # exit status of a comparison that goes on without them
# Written for people or other programs, or made again before it is read.
NOT_READ_BACK = {"lock", "comparison.json", "comparison.csv", "comparison.md"}


def write_data(folder, pictures):
    rng = random.Random(1)
    (folder / "pictures").mkdir(parents=True)
    lines = ["id,split,label,n0,n1,caption" + (",picture" if pictures else "")]
    for split, count in (("train", 36), ("val", 18), ("test", 18)):
        for i in range(count):
            label = i % 3
            name = f"{split}{i}"
            line = (f"{name},{split},{CLASSES[label]},{label + rng.gauss(0, 1.2):.4f},{-label + rng.gauss(0, 1.2):.4f},"
                    f"a {CLASSES[label] if rng.random() < 0.6 else 'grey'} thing")
            if pictures:
                rows = (bytes(rng.randrange(90) + (120 if c == label else 0) for _ in range(SIZE) for c in range(3))
                        for _ in range(SIZE))
                (folder / "pictures" / f"{name}.png").write_bytes(png(SIZE, rows))
                line += f",pictures/{name}.png"
            lines.append(line)
    modalities = [{"name": "numbers", "type": "vector", "columns": ["n0", "n1"]},
                  {"name": "caption", "type": "text", "column": "caption", "max_bytes": 24}]
    if pictures:
        modalities.append({"name": "picture", "type": "image", "column": "picture", "size": SIZE})
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"name": "flip", "classes": CLASSES, "modalities": modalities}))


class Program:
    def __init__(self, path):
        self.path = path

    def start(self, *arguments):
        return subprocess.Popen([self.path, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, errors="replace", env={**os.environ, "OMP_NUM_THREADS": "1"})

    def __call__(self, *arguments):
        process = self.start(*arguments)
        try:
            out, error = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return -signal.SIGKILL, "", "did not end in two minutes"
        return process.returncode, out, error


def run_numbers(run):
    """Every number of a run but times."""
    summary = json.loads((run / "summary.json").read_text())
    for name in ("seconds", "digest", "files"):
        summary.pop(name, None)
    names = ["metrics.jsonl", "predictions.csv", "checkpoints/last/weights.safetensors",
             "checkpoints/last/state.safetensors", "checkpoints/best/weights.safetensors"]
    return {"summary.json": summary, **{name: (run / name).read_bytes() for name in names}}


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(part) for key, part in value.items()
                if not any(word in key for word in ("seconds", "memory", "time", "runs", "digest"))}
    return [without_times(part) for part in value] if isinstance(value, list) else value


class FinishedRun:
    """Evaluated, asked again, predicted with, trained for more epochs, its options used elsewhere."""

    def __init__(self, program, data):
        self.program, self.data = program, data

    def make(self, folder):
        code, _, error = self.program("train", "--data", self.data, "--run", folder / "run", *RUN)
        if code != 0:
            sys.exit("the training failed: " + error)

    def uses(self, folder):
        run = folder / "run"
        command = ["train", "--data", self.data, "--run", run, *RUN, "--resume"]
        longer = [word if command[i - 1] != "--epochs" else "3" for i, word in enumerate(command)]
        yield "evaluate", ["evaluate", "--run", run, "--json"], lambda out: out
        yield "predict", ["predict", "--run", run, "--json"], lambda out: out
        yield "finished", command, lambda out: out.replace(str(run), "RUN")
        yield "config", ["train", "--config", run / "config.toml", "--run", folder / "other", "--epochs", "1"], (
            lambda _: run_numbers(folder / "other"))
        yield "extend", longer, lambda _: run_numbers(run)


class StoppedAnalysis:
    """Goes on with what the analysis kept, finished trainings and unfinished ones."""

    def __init__(self, program, data):
        self.program, self.data = program, data

    def command(self, folder):
        return ["train", "--data", self.data, "--run", folder / "run", *RUN, "--analysis.epochs", "40", "--analysis.stop",
                "never"]

    def make(self, folder):
        run = folder / "run"
        process = self.program.start(*self.command(folder))
        while process.poll() is None and not (run / "unimodal/caption/checkpoints/previous").exists():
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        if process.returncode not in (75, 130) or not (run / "unimodal/caption").exists():
            sys.exit("the training could not be stopped in its analysis")

    def uses(self, folder):
        yield "resume", [*self.command(folder), "--resume"], lambda _: run_numbers(folder / "run")


class KeptAnalysis(FinishedRun):
    """A run that was killed between its analysis and its first checkpoint: all trainings of the analysis are kept."""

    def make(self, folder):
        super().make(folder)
        for name in ("analysis.json", "metrics.jsonl", "timing.jsonl", "predictions.csv", "summary.json"):
            (folder / "run" / name).unlink()
        shutil.rmtree(folder / "run/checkpoints")

    def uses(self, folder):
        command = ["train", "--data", self.data, "--run", folder / "run", *RUN, "--resume"]
        yield "resume", command, lambda _: run_numbers(folder / "run")


class FinishedComparison:
    """Asked for again: the table comes from what the runs left."""

    def __init__(self, program, data):
        self.program, self.data = program, data

    def command(self, folder):
        return ["compare", "--data", self.data, "--out", folder / "out", *COMPARE, "--json"]

    def make(self, folder):
        code, _, error = self.program(*self.command(folder))
        if code != 0:
            sys.exit("the comparison failed: " + error)

    def uses(self, folder):
        yield "again", self.command(folder), lambda out: without_times(json.loads(out))
        # One that was interrupted: a method is trained again, its teachers and the analysis are read.
        for name in ("umt", "pdmp"):
            command = self.command(folder)
            yield f"{name} again", [("rmtree", folder / f"out/runs/concat/{name}"), *command], (
                lambda out: without_times(json.loads(out)))


class CachedRun:
    """Trained and evaluated with samples that a cache holds."""

    def __init__(self, program, data):
        self.program, self.data = program, data
        self.training = [*TRAINING, "--epochs", "1", "--encoders", "picture=resnet18:width=4"]

    def make(self, folder):
        for run in ("run", "again"):
            code, _, error = self.program("train", "--data", self.data, "--run", folder / run, *self.training, "--cache",
                                          folder / "cache")
            if code != 0:
                sys.exit("the training failed: " + error)
        shutil.rmtree(folder / "again")

    def uses(self, folder):
        cache = ["--cache", folder / "cache"]
        yield "evaluate", ["evaluate", "--run", folder / "run", "--json", *cache], lambda out: out
        yield "train", ["train", "--data", self.data, "--run", folder / "again", *self.training, *cache], (
            lambda _: run_numbers(folder / "again"))


def read_back(folder):
    """Files below a folder that pdmp reads back, and where it is a cache, that."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*")
                  if path.is_file() and path.name not in NOT_READ_BACK and path.suffix not in (".log",)
                  and path.stat().st_size > 0)


def use(program, arguments, numbers):
    """(exit status, numbers or None, stderr)"""
    for word in arguments:
        if isinstance(word, tuple):
            shutil.rmtree(word[1], ignore_errors=True)
    code, out, error = program(*(word for word in arguments if not isinstance(word, tuple)))
    return code, numbers(out) if code in (0, ROWS_FAILED) else None, error


def all_uses(state, pristine):
    """What each use says of an undisturbed copy."""
    result = {}
    for position, _ in enumerate(state.uses(pristine)):
        with tempfile.TemporaryDirectory(prefix="pdmp-flip-") as name:
            copy = pathlib.Path(name) / "c"
            shutil.copytree(pristine, copy)
            label, arguments, numbers = list(state.uses(copy))[position]
            code, found, error = use(state.program, arguments, numbers)
            if code != 0:
                sys.exit(f"{label} of an undisturbed folder ended with {code}: {error}")
            result[label] = found
    return result


def scores(row):
    return [row[name] for name in ("accuracy", "macro_f1", "validation_accuracy")]


def other_rows_are_the_same(found, expected):
    """Of a comparison in which some rows failed."""
    failed = [row["failure"] is not None for row in found["rows"]]
    same = (scores(row) == scores(other) for row, other in zip(found["rows"], expected["rows"]) if row["failure"] is None)
    return any(failed) and len(failed) == len(expected["rows"]) and all(same)


def judge(code, found, error, expected):
    if code < 0 or code > ROWS_FAILED:
        return f"ended by {code}"
    if code == ROWS_FAILED and not other_rows_are_the_same(found, expected):
        return "OTHER NUMBERS in rows that did not fail"
    if code != 0:
        lines = [line for line in error.splitlines() if line.startswith("pdmp: ") and not line.startswith("pdmp: warning: ")]
        bad = len(lines) != 1 or "json.exception" in error or "LibTorch" in error
        return "error without a sentence: " + error[-300:] if bad else "detected"
    if found == expected:
        return "warned, same numbers" if "warning" in error.lower() else "no effect"
    return "warned" if "damaged or changed" in error else "OTHER NUMBERS"


def flip(path, rng):
    content = bytearray(path.read_bytes())
    bit = rng.randrange(8 * len(content))
    content[bit // 8] ^= 1 << (bit % 8)
    path.write_bytes(content)
    return bit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", action="store_true", help="flip bits of a sample cache too")
    parser.add_argument("--only", default="", help="files whose path has this in it")
    options = parser.parse_args()
    program = Program(options.program)
    rng = random.Random(options.seed)
    failures = []
    with tempfile.TemporaryDirectory(prefix="pdmp-flip-") as name:
        root = pathlib.Path(name)
        write_data(root / "data", False)
        states = [FinishedRun(program, root / "data"), KeptAnalysis(program, root / "data"),
                  StoppedAnalysis(program, root / "data"), FinishedComparison(program, root / "data")]
        if options.cache:
            write_data(root / "pictures", True)
            states.append(CachedRun(program, root / "pictures"))
        targets = []
        expected = {}
        for state in states:
            kind = type(state).__name__
            pristine = root / kind
            pristine.mkdir()
            state.make(pristine)
            files = [path for path in read_back(pristine) if options.only in str(path)]
            if kind == "CachedRun":
                files = [path for path in files if path.parts[0] == "cache"]
            if files:
                expected[kind] = all_uses(state, pristine)
            targets += [(state, path) for path in files]
        if not targets:
            sys.exit(f"no file has '{options.only}' in its path")
        rng.shuffle(targets)
        counts = collections.defaultdict(collections.Counter)
        for i in range(options.times):
            state, path = targets[i % len(targets)]
            kind = type(state).__name__
            labels = list(expected[kind])
            bit = rng.randrange(1 << 30)
            for position, label in enumerate(labels):
                copy = root / "copy"
                shutil.copytree(root / kind, copy)
                at = flip(copy / path, random.Random(bit))
                _, arguments, numbers = list(state.uses(copy))[position]
                try:
                    code, found, error = use(program, arguments, numbers)
                    verdict = judge(code, found, error, expected[kind][label])
                except Exception as problem:  # a result that cannot be read
                    verdict = f"no result: {problem}"
                shutil.rmtree(copy)
                good = verdict in ("detected", "warned", "warned, same numbers", "no effect")
                counts[(kind, str(path))][verdict if good else "FAILED"] += 1
                if not good:
                    failures.append(f"{kind}/{path}, bit {at}, {label}: {verdict}")
                    print("FAILED", failures[-1], flush=True)
        for (kind, path), verdicts in sorted(counts.items()):
            print(f"{kind:20} {path:55} " + ", ".join(f"{verdict} {n}" for verdict, n in sorted(verdicts.items())))
        print(f"{options.times} flips over {len(targets)} files: {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
