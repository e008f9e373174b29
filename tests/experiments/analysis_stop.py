#!/usr/bin/env python3
"""Checks on many seeds that an analysis that stops early names the modalities the full one names, and in what time.

    .venv/bin/python tests/experiments/analysis_stop.py [--program build/release/pdmp] [--seeds 20] [--epochs 40]
    .venv/bin/python tests/experiments/analysis_stop.py --data demo/stamps --seeds 10 --epochs 30 -- --modalities ...

Without --data on SYN (tests/support/syn_task.h), made anew for every seed. Each seed is analysed with --stop auto and,
where that ended early, with --stop never (an analysis that did not end early is the full one); the first --joint seeds
are trained jointly for the same epochs. The time compared is the wall time of the whole command, with the median of the
joint ones. What follows `--` goes to all. Prints one Markdown table and exits with 1 where more than one seed in twenty
differs, or more than one where there are fewer.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

SYN = ["--encoders", "A=mlp:hidden=64+64+32,B=mlp:hidden=64+64+32", "--init", "constructor", "--lr", "0.002"]


def write_syn(folder, seed, samples=4096):
    """Two modalities of a label each: A easy but often wrong, B hard but mostly right."""
    rng = numpy.random.default_rng(seed)
    folder.mkdir(parents=True)
    lines = ["split,label," + ",".join(f"{m}{i}" for m in "ab" for i in range(4))]
    for split in ("train", "val"):
        for i in range(samples):
            label = i % 4
            seen = [label if rng.random() < share else int(rng.integers(4)) for share in (0.65, 0.93)]
            a = 2 * numpy.eye(4)[seen[0]] + 0.5 * rng.standard_normal(4)
            signs, bits = rng.choice([-1, 1], 2), numpy.array([seen[1] & 1, seen[1] >> 1]) * 2 - 1
            b = numpy.concatenate([signs, signs * bits]) + 0.25 * rng.standard_normal(4)
            lines.append(f"{split},c{label}," + ",".join(f"{x:.6f}" for x in (*a, *b)))
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"name": "syn", "modalities": [
        {"name": m, "type": "vector", "columns": [f"{m.lower()}{i}" for i in range(4)]} for m in "AB"]}))


def timed(command):
    start = time.monotonic()
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stderr}")
    return time.monotonic() - start


def one_seed(options, seed, folder):
    data = options.data
    if not data:
        data = folder / "syn"
        write_syn(data, seed)
    common = ["--data", str(data), "--seed", str(seed), "--epochs", str(options.epochs), "--workers", "0", "--threads",
              "1", "--quiet", *([] if options.data else SYN), *options.more]

    def analysis(stop):
        file = folder / f"{stop}.json"
        seconds = timed([options.program, "analyze", *common, "--stop", stop, "--out", str(file)])
        return json.loads(file.read_text()), seconds

    stopped, seconds = analysis("auto")
    full = analysis("never")[0] if stopped["epochs"] < options.epochs else stopped
    joint = None
    if seed < options.joint:
        joint = timed([options.program, "train", *common, "--method", "joint", "--run", str(folder / "joint")])
    return stopped, full, seconds, joint


def dominant(analysis):
    return f"{analysis['performance_dominant']}, {analysis['optimization_dominant']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/pdmp")
    parser.add_argument("--data", help="folder of dataset.json; left out: SYN")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--joint", type=int, default=3, help="seeds of which the joint training is timed")
    parser.add_argument("more", nargs="*", help="after --: options of pdmp for all commands")
    options = parser.parse_args()
    same, ratios, joint = 0, [], []
    print("| seed | p, o stopped | p, o in full | epochs | time / joint |\n|---|---|---|---|---|")
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory(prefix="pdmp-stop-") as folder:
            stopped, full, seconds, joint_seconds = one_seed(options, seed, pathlib.Path(folder))
        joint += [joint_seconds] if joint_seconds else []
        same += dominant(stopped) == dominant(full)
        ratios.append(seconds / statistics.median(joint))
        print(f"| {seed} | {dominant(stopped)} | {dominant(full)} | {stopped['epochs']} of {options.epochs} | "
              f"{ratios[-1]:.2f} |", flush=True)
    print(f"\nThe same in {same} of {options.seeds}; median time / joint: {statistics.median(ratios):.2f}")
    sys.exit(0 if options.seeds - same <= max(1, options.seeds // 20) else 1)


if __name__ == "__main__":
    main()
