#!/usr/bin/env python3
"""Training with several threads beside busy neighbors: today's bounded wait against libgomp's own. A Markdown table.

    .venv/bin/python tests/experiments/oversubscription.py [--program build/release/pdmp] [--pairs 8] [--epochs 2]
                                                           [--threads 2] [--neighbors 0,2]

For each number of neighbors (processes that compute all the time) pairs of trainings in turn: one as the program is,
one with GOMP_SPINCOUNT=300000, which is what libgomp takes where nothing is set. The first epoch warms up; what counts
are the median seconds of a step in the others (timing.jsonl). A ratio above 1 is how much faster the bounded wait is;
beside the median stands the interval that holds the median of all such ratios with at least 95 % confidence (order
statistics). Whatever else the machine does counts too: the table says how busy it was before the neighbors came.
"""

import argparse
import json
import math
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

UNBOUNDED = {"GOMP_SPINCOUNT": "300000"}
SAMPLES, CLASSES, BATCH = 192, 4, 32


def write_pictures(folder):
    """Noise with a label: two images a sample, as arrays."""
    rng = numpy.random.default_rng(0)
    (folder / "arrays").mkdir(parents=True)
    lines = ["split,label,a,b"]
    for i in range(SAMPLES):
        names = [f"arrays/{m}{i}.npy" for m in "ab"]
        for name in names:
            numpy.save(folder / name, rng.standard_normal((3, 32, 32)).astype("float32"))
        lines.append(f"train,c{i % CLASSES}," + ",".join(names))
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"name": "noise", "modalities": [
        {"name": m, "type": "tensor", "column": m} for m in "ab"]}))


def burn():
    while True:
        pass


def step_seconds(options, data, run, environment):
    command = [options.program, "train", "--data", str(data), "--run", str(run), "--threads", str(options.threads),
               "--epochs", str(options.epochs), "--batch-size", str(BATCH), "--workers", "0", "--precision", "fp32",
               "--keep", "none", "--quiet", "--encoders", "a=resnet18:width=16,b=resnet18:width=16", *options.more]
    clean = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    result = subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stderr)
    epochs = [json.loads(line) for line in (run / "timing.jsonl").read_text().splitlines()]
    return statistics.median(epoch["train_seconds"] for epoch in epochs[1:]) / math.ceil(SAMPLES / BATCH)


def interval(values):
    """Of the median, from order statistics: the narrowest that is right in 95 of 100 cases, or the whole range."""
    values, n, k = sorted(values), len(values), 0
    while k + 1 < n / 2 and 2 * sum(math.comb(n, i) for i in range(k + 2)) / 2**n <= 0.05:
        k += 1
    return values[k], values[-1 - k]


def busy_cores(seconds=2):
    def busy():
        times = [int(t) for t in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(times) - times[3] - times[4]
    before = busy()
    time.sleep(seconds)
    return (busy() - before) / os.sysconf("SC_CLK_TCK") / seconds


def measure(options, data, folder, count):
    before = busy_cores()
    neighbors = [multiprocessing.Process(target=burn, daemon=True) for _ in range(count)]
    for neighbor in neighbors:
        neighbor.start()
    pairs = []
    for i in range(options.pairs):
        pair = {}
        for name in ("bounded", "unbounded") if i % 2 == 0 else ("unbounded", "bounded"):
            run = folder / f"{count}-{i}-{name}"
            pair[name] = step_seconds(options, data, run, {} if name == "bounded" else UNBOUNDED)
        pairs.append(pair)
    for neighbor in neighbors:
        neighbor.terminate()
    ratios = [pair["unbounded"] / pair["bounded"] for pair in pairs]
    low, high = interval(ratios)
    rates = [BATCH / statistics.median(pair[name] for pair in pairs) for name in ("bounded", "unbounded")]
    print(f"| {count} | {before:.1f} of {os.cpu_count()} | {rates[0]:.0f} | {rates[1]:.0f} | "
          f"{statistics.median(ratios):.2f} ({low:.2f} - {high:.2f}) |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/pdmp")
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--neighbors", default="0,2")
    parser.add_argument("more", nargs="*", help="after --: options of pdmp for all trainings")
    options = parser.parse_args()
    if options.epochs < 2:
        parser.error("--epochs: expected at least 2, the first warms up")
    print("| neighbors | cores busy before | bounded, samples/s | unbounded, samples/s | times as fast |\n"
          "|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="pdmp-oversubscription-") as folder:
        folder = pathlib.Path(folder)
        write_pictures(folder / "data")
        for count in (int(n) for n in options.neighbors.split(",")):
            measure(options, folder / "data", folder, count)


if __name__ == "__main__":
    main()
