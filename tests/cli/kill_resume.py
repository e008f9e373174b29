#!/usr/bin/env python3
"""Kills `pdmp train` with SIGKILL at random moments, resumes it, and compares with an undisturbed run, bit for bit.

    tests/cli/kill_resume.py build/release/pdmp [--times 20] [--seed 0]

The run is PDMP with its modality analysis on a small generated data set (numbers, text and pictures), so a kill may fall
into the analysis, an epoch, a checkpoint, the scoring or the last files. Needs Python alone.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from kill import kill_after, options_of, png

CLASSES = ["red", "green", "blue"]
SIZE = 24
TRAINING = ["--method", "pdmp", "--pdmp.gamma", "4", "--epochs", "4", "--batch-size", "16", "--lr", "0.01", "--seed", "3",
            "--encoders", "picture=resnet18:width=4", "--workers", "1", "--threads", "1", "--log-every", "2"]


def write_data(folder):
    rng = random.Random(1)
    (folder / "pictures").mkdir(parents=True)
    lines = ["id,split,label,n0,n1,caption,picture_file_name"]
    for split, count in (("train", 96), ("val", 30), ("test", 30)):
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


def fingerprint(run):
    """Everything of a run but times."""
    prints = {}
    for name in ("metrics.jsonl", "predictions.csv", "analysis.json", "config.toml",
                 "checkpoints/last/weights.safetensors", "checkpoints/last/state.safetensors",
                 "checkpoints/best/weights.safetensors", "unimodal/numbers.safetensors",
                 "unimodal/caption.safetensors", "unimodal/picture.safetensors"):
        content = (run / name).read_bytes()
        if name == "config.toml":
            content = content.replace(str(run).encode(), b"RUN")
        prints[name] = hashlib.sha256(content).hexdigest()
    summary = json.loads((run / "summary.json").read_text())
    summary.pop("seconds")
    prints["summary.json"] = summary
    return prints


def start(program, data, run, resume):
    command = [program, "train", "--data", str(data), "--run", str(run), *TRAINING] + (["--resume"] if resume else [])
    log = open(str(run) + ".log", "ab")
    return subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"})


def finish(program, data, run, resume):
    if start(program, data, run, resume).wait() != 0:
        sys.exit(f"pdmp train failed in {run}:\n" + pathlib.Path(str(run) + ".log").read_text())


def main():
    options = options_of(__doc__)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pdmp-kill-"))
    try:
        data = folder / "data"
        write_data(data)
        begin = time.monotonic()
        finish(options.program, data, folder / "undisturbed", False)
        duration = time.monotonic() - begin
        wanted = fingerprint(folder / "undisturbed")
        rng = random.Random(options.seed)
        kills = 0
        for i in range(options.times):
            run = folder / f"run{i}"
            moment = rng.uniform(0.02, 1.0) * duration
            process = start(options.program, data, run, False)
            kills += kill_after(process, moment)
            finish(options.program, data, run, True)
            found = fingerprint(run)
            for name, value in wanted.items():
                if found[name] != value:
                    sys.exit(f"run {i}, killed after {moment:.2f} s: {name} differs from the undisturbed run")
            shutil.rmtree(run)
            print(f"run {i}: killed after {moment:.2f} s of {duration:.2f} s, resumed, identical", flush=True)
        if kills == 0:
            sys.exit("no run was killed: all ended before their moment came")
        print(f"{options.times} runs, {kills} killed: all identical to the undisturbed run")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
