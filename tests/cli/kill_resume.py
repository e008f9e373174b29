#!/usr/bin/env python3
"""Ends pdmp with SIGKILL or SIGTERM at random moments, goes on, and compares with an undisturbed result, bit for bit.

    tests/cli/kill_resume.py build/release/pdmp [--times 20] [--seed 0] [--parts train,scoring,compare,demo]

The data set is small and generated (numbers, text and pictures). `train` is PDMP with its modality analysis, so a moment
may fall into the analysis, an epoch, a checkpoint or the last files; `scoring` has most of its time in evaluations and in
the final scoring; `compare` and `demo` train in processes of their own, and either the command alone is ended or all of
its process group. Needs Python alone.
"""

import hashlib
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

from kill import parser_of, png

CLASSES = ["red", "green", "blue"]
SIZE = 24
ENCODERS = ["--encoders", "picture=resnet18:width=4"]
TRAINING = ["--batch-size", "16", "--lr", "0.01", "--seed", "3", "--workers", "1", "--threads", "1", "--log-every", "2"]


def write_data(folder, counts=(("train", 96), ("val", 30), ("test", 30))):
    rng = random.Random(1)
    (folder / "pictures").mkdir(parents=True)
    lines = ["id,split,label,n0,n1,caption,picture_file_name"]
    for split, count in counts:
        for i in range(count):
            label = i % 3
            name = f"{split}{i}"
            noise = [[[rng.randrange(90) for _ in range(3)] for _ in range(SIZE)] for _ in range(SIZE)]
            rows = (bytes(v + (120 if c == label else 0) for pixel in row for c, v in enumerate(pixel)) for row in noise)
            (folder / "pictures" / f"{name}.png").write_bytes(png(SIZE, rows))
            numbers = [label + rng.gauss(0, 0.8), -label + rng.gauss(0, 0.8)]
            lines.append(f"{name},{split},{CLASSES[label]},{numbers[0]:.4f},{numbers[1]:.4f},"
                         f"a {CLASSES[label] if rng.random() < 0.7 else 'grey'} thing,pictures/{name}.png")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"name": "kill", "classes": CLASSES, "modalities": [
        {"name": "numbers", "type": "vector", "columns": ["n0", "n1"]},
        {"name": "caption", "type": "text", "column": "caption", "max_bytes": 24},
        {"name": "picture", "type": "image", "column": "picture_file_name", "size": SIZE}]}))


def without_times(value):
    """Numbers of a JSON file that no clock decides."""
    if isinstance(value, dict):
        return {key: without_times(part) for key, part in value.items()
                if not any(word in key for word in ("seconds", "memory", "time", "runs", "digest", "files", "analysis"))}
    return [without_times(part) for part in value] if isinstance(value, list) else value


def fingerprint(folder, names):
    """Everything below a folder that these patterns name, but times."""
    prints = {}
    for pattern in names:
        found = sorted(folder.glob(pattern))
        if not found:
            sys.exit(f"{folder}: expected {pattern}, found none")
        for path in found:
            content = path.read_bytes()
            if path.suffix == ".json":
                prints[str(path.relative_to(folder))] = without_times(json.loads(content))
            else:
                prints[str(path.relative_to(folder))] = hashlib.sha256(content).hexdigest()
    return prints


RUN_FILES = ["metrics.jsonl", "predictions.csv", "summary.json", "config.toml", "checkpoints/last/weights.safetensors",
             "checkpoints/best/weights.safetensors",
             "checkpoints/last/state.safetensors"]


class Train:
    resumes = ["--resume"]
    files = RUN_FILES + ["analysis.json", "unimodal/*.safetensors"]

    def __init__(self, root):
        self.data = root / "data"

    def command(self, out):
        return ["train", "--data", self.data, "--run", out, *TRAINING, *ENCODERS, "--method", "pdmp", "--pdmp.gamma", "4",
                "--epochs", "4"]


class Scoring(Train):
    files = RUN_FILES

    def __init__(self, root):
        self.data = root / "much-to-score"

    def command(self, out):
        return ["train", "--data", self.data, "--run", out, *TRAINING, *ENCODERS, "--epochs", "2"]


class Compare(Train):
    resumes = []
    files = ["comparison.json", "**/predictions.csv", "**/metrics.jsonl"]

    def command(self, out):
        return ["compare", "--data", self.data, "--out", out, *TRAINING, *ENCODERS, "--methods", "joint,umt", "--seeds", "1",
                "--epochs", "2", "--jobs", "2", "--resamples", "100", "--cache", "off"]


class Demo(Train):
    resumes = []
    files = ["demo.json", "**/predictions.csv", "**/metrics.jsonl"]

    def command(self, out):
        return ["demo", "--data", self.data, "--out", out, *TRAINING, *ENCODERS, "--seeds", "1", "--epochs", "2", "--jobs",
                "2"]


PARTS = {"train": Train, "scoring": Scoring, "compare": Compare, "demo": Demo}


def start(program, command, log):
    file = open(log, "ab")
    return subprocess.Popen([program, *map(str, command)], stdout=file, stderr=file, start_new_session=True,
                            env={**os.environ, "OMP_NUM_THREADS": "1"})


def finish(program, command, log):
    if start(program, command, log).wait() != 0:
        sys.exit(f"pdmp {' '.join(map(str, command))} failed:\n" + pathlib.Path(log).read_text())


def wait_for_group(group):
    """Trainings of a command that was ended save what they have, and end."""
    for _ in range(3000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    sys.exit("a training goes on after its command was ended")


def end_after(process, seconds, number, group):
    """Whether the process had to be ended, and its exit status."""
    try:
        return False, process.wait(seconds)
    except subprocess.TimeoutExpired:
        (os.killpg if group else os.kill)(process.pid, number)
        status = process.wait()
        wait_for_group(process.pid)
        return True, status


def disturb(program, part, times, rng, root):
    """How many of the runs were ended before they were through."""
    name = type(part).__name__
    log = root / f"{name}.log"
    begin = time.monotonic()
    finish(program, part.command(root / "undisturbed"), log)
    duration = time.monotonic() - begin
    wanted = fingerprint(root / "undisturbed", part.files)
    shutil.rmtree(root / "undisturbed")
    ended = 0
    for i in range(times):
        out = root / "run"
        moment = rng.uniform(0.02, 1.0) * duration
        number = signal.SIGTERM if i % 2 else signal.SIGKILL
        group = rng.random() < 0.5
        stopped, status = end_after(start(program, part.command(out), log), moment, number, group)
        ended += stopped
        # 0: it was through; -15: it had not begun to listen
        if status not in ((0, 75, -signal.SIGTERM) if number == signal.SIGTERM else (0, -signal.SIGKILL)):
            sys.exit(f"{name}: exit status {status} after {number.name}:\n" + log.read_text())
        finish(program, part.command(out) + part.resumes, log)
        found = fingerprint(out, part.files)
        for file, value in wanted.items():
            if found.get(file) != value:
                sys.exit(f"{name} {i}, {number.name} after {moment:.2f} s: {file} differs from the undisturbed run")
        shutil.rmtree(out)
        print(f"{name} {i}: {number.name} after {moment:.2f} s of {duration:.2f} s, status {status}, went on, identical",
              flush=True)
    return ended


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--parts", default=",".join(PARTS))
    options = parser.parse_args()
    root = pathlib.Path(tempfile.mkdtemp(prefix="pdmp-kill-"))
    try:
        write_data(root / "data")
        write_data(root / "much-to-score", (("train", 24), ("val", 240), ("test", 240)))
        rng = random.Random(options.seed)
        ended = 0
        names = options.parts.split(",")
        for name in names:
            ended += disturb(options.program, PARTS[name](root), options.times, rng, root)
        if ended == 0:
            sys.exit("no run was ended: all were through before their moment came")
        print(f"{len(names) * options.times} runs, {ended} ended early: all identical to the undisturbed ones")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
