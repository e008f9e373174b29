#!/usr/bin/env python3
"""Trains every fusion with two and three modalities, joint and by PDMP in both its forms, and checks what must hold.

    .venv/bin/python tests/experiments/fusions.py --data demo/stamps --out /tmp/fusions [--fusions concat,sum] [--jobs 2]

DATA is a prepared data set with the modalities picture, speech and caption, as `pdmp demo` leaves it in demo/stamps.
Prints one Markdown table; exits with 1 where a run fails, the training loss does not fall, PDMP by `grad` and by `lr`
part, or a number of a modality is not logged. Networks are narrow, so that a run takes well under a minute.
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import shlex
import subprocess
import sys
import time

import numpy
from safetensors.numpy import load_file

MODALITIES = [["picture", "speech"], ["picture", "speech", "caption"]]
ENCODERS = {"picture": "resnet18:width=8", "speech": "resnet18:width=8", "caption": "text_cnn:width=32:kernels=3+5"}
# Fusions that bring encoders of their own, narrowed.
OWN_ENCODERS = {"se_fusion": "se_fusion:width=16", "mmtm": "mmtm:width=16",
                "mmformer": "mmformer:dim=64:heads=4:mlp=128:grid=4:width=16"}
METHODS = {"joint": ["--method", "joint"], "grad": ["--method", "pdmp", "--pdmp.mechanism", "grad"],
           "lr": ["--method", "pdmp", "--pdmp.mechanism", "lr"]}
TRAINING = ["--batch-size", "32", "--lr", "0.01", "--threads", "1", "--workers", "1", "--select", "last",
            "--keep", "weights", "--log-every", "5", "--quiet", "--overwrite"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/pdmp")
    parser.add_argument("--data", required=True, help="folder of dataset.json")
    parser.add_argument("--out", required=True, help="folder for the run directories; runs in it are replaced")
    parser.add_argument("--fusions", default="", help="comma-separated; all of the program's where left out")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one thread each")
    # A power of two changes no digit of a number but its exponent, so that both forms round alike; with another one
    # they drift apart as two trainings on different machines do.
    parser.add_argument("--factor", type=float, default=4, help="PDMP's on the first modality; 1/factor on the others")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="relative, between the two forms")
    parser.add_argument("--flags", default="", help="more flags of pdmp train, in one string")
    return parser.parse_args()


def coefficients(modalities, factor):
    return {name: factor if name == modalities[0] else 1 / factor for name in modalities}


def command(options, fusion, modalities, method, directory):
    words = [options.program, "train", "--data", options.data, "--run", str(directory), "--epochs", str(options.epochs),
             "--modalities", ",".join(modalities), "--fusion", OWN_ENCODERS.get(fusion, fusion),
             *METHODS[method], *TRAINING]
    if fusion not in OWN_ENCODERS:
        words += ["--encoders", ",".join(f"{name}={ENCODERS[name]}" for name in modalities)]
    if method != "joint":
        factors = coefficients(modalities, options.factor)
        words += ["--pdmp.coefficients", ",".join(f"{name}={factor:g}" for name, factor in factors.items())]
    return words + shlex.split(options.flags)


def train(options, fusion, modalities, method):
    """What a run left behind: its epoch lines and weights, or why there is none."""
    directory = pathlib.Path(options.out, f"{fusion}-{len(modalities)}-{method}")
    start = time.monotonic()
    done = subprocess.run(command(options, fusion, modalities, method, directory), capture_output=True, text=True)
    print(f"{directory.name}: {time.monotonic() - start:.0f} s, status {done.returncode}", file=sys.stderr, flush=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return {"status": done.returncode, "reason": lines[-1].removeprefix("pdmp: ")}
    with open(directory / "metrics.jsonl") as file:
        lines = [json.loads(line) for line in file]
    return {"status": 0, "epochs": [line for line in lines if line["kind"] == "epoch"],
            "weights": load_file(directory / "checkpoints" / "last" / "weights.safetensors")}


def relative_difference(a, b):
    return abs(a - b) / max(abs(b), 1e-300)


def weights_difference(a, b):
    """|a - b| / |b| over all tensors together."""
    if a.keys() != b.keys():
        return math.inf
    distance = sum(float(numpy.square(a[name].astype(float) - b[name].astype(float)).sum()) for name in b)
    return math.sqrt(distance / sum(float(numpy.square(b[name].astype(float)).sum()) for name in b))


def logged(epoch, name):
    value = epoch.get(name)
    return math.nan if value is None else value


def check_run(options, label, run, modalities, method):
    """Complaints about one finished run."""
    first, last = run["epochs"][0], run["epochs"][-1]
    if not logged(last, "train/loss") < logged(first, "train/loss"):
        yield f"{label}: the training loss does not fall: {logged(first, 'train/loss')} to {logged(last, 'train/loss')}"
    factors = coefficients(modalities, options.factor)
    for name in modalities:
        for quantity in ("acc", "dep/W", "gradnorm", "gradnorm_modulated"):
            key = f"{quantity}_{name}" if quantity == "dep/W" else f"{quantity}/{name}"
            if not math.isfinite(logged(last, key)):
                yield f"{label}: {key} is not logged"
        norm, modulated = logged(last, f"gradnorm/{name}"), logged(last, f"gradnorm_modulated/{name}")
        if not norm > 0:
            yield f"{label}: no gradient reaches {name}"
        factor = 1 if method == "joint" else factors[name]
        if not relative_difference(modulated, factor * norm) < 1e-4:
            yield f"{label}: expected the gradient of {name} x {factor:g}, found x {modulated / norm:g}"


def differences(runs):
    """Of the final training loss and of all weights, between PDMP's two forms."""
    losses = [logged(runs[method]["epochs"][-1], "train/loss") for method in ("grad", "lr")]
    return relative_difference(*losses), weights_difference(runs["grad"]["weights"], runs["lr"]["weights"])


def check(options, label, runs, modalities):
    for method, run in runs.items():
        yield from check_run(options, f"{label} {method}", run, modalities, method)
    for what, difference in zip(("losses", "weights"), differences(runs)):
        if not difference <= options.tolerance:
            yield f"{label}: {what} of PDMP by grad and by lr differ by {difference:.1e}, allowed {options.tolerance:g}"


def per_modality(epoch, prefix, modalities, digits):
    return " / ".join(f"{logged(epoch, prefix + name):.{digits}f}" for name in modalities)


def row(fusion, modalities, runs):
    joint, pdmp = runs["joint"]["epochs"], runs["lr"]["epochs"]
    last = joint[-1]
    loss, weights = differences(runs)
    falls = [f"{epochs[0]['train/loss']:.3f} → {epochs[-1]['train/loss']:.3f}" for epochs in (joint, pdmp)]
    return [fusion, str(len(modalities)), *falls,
            f"{logged(last, 'val/accuracy'):.3f} / {logged(pdmp[-1], 'val/accuracy'):.3f}",
            per_modality(last, "acc/", modalities, 3), per_modality(last, "dep/W_", modalities, 2),
            per_modality(last, "gradnorm/", modalities, 3), f"{loss:.0e} / {weights:.0e}"]


HEAD = ["fusion", "M", "loss, joint", "loss, pdmp", "val accuracy, joint / pdmp", "branch accuracy", "dependency W",
        "gradient norms", "grad - lr: loss / weights"]


def print_table(rows):
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for cells in rows:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")


def collect(options, fusions, result_of):
    """Rows of the table and complaints, in the order of the fusions."""
    rows, complaints = [], []
    for fusion in fusions:
        for modalities in MODALITIES:
            label = f"{fusion}, {len(modalities)} modalities,"
            runs = {method: result_of(fusion, len(modalities), method) for method in METHODS}
            failed = {method: run for method, run in runs.items() if run["status"] != 0}
            if not failed:
                rows.append(row(fusion, modalities, runs))
                complaints += check(options, label, runs, modalities)
                continue
            reason = next(iter(failed.values()))["reason"]
            rows.append([fusion, str(len(modalities)), f"n/a: {reason}"] + [""] * (len(HEAD) - 3))
            # Asymmetric fusions may refuse a third modality, in all three trainings alike; nothing else may fail.
            if len(modalities) == 2 or any(run["status"] != 2 for run in runs.values()):
                complaints += [f"{label} {method}: {run['reason']}" for method, run in failed.items()]
    return rows, complaints


def main():
    options = parse_arguments()
    listed = subprocess.run([options.program, "list", "fusions", "--json"], capture_output=True, text=True, check=True)
    fusions = options.fusions.split(",") if options.fusions else [entry["name"] for entry in json.loads(listed.stdout)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = {(fusion, len(modalities), method): pool.submit(train, options, fusion, modalities, method)
                for fusion in fusions for modalities in MODALITIES for method in METHODS}
        rows, complaints = collect(options, fusions, lambda *key: jobs[key].result())
    print_table(rows)
    print(f"\nBranch accuracy, dependency (mean over samples of the sum of |s_m|) and gradient norms: joint training, "
          f"mean over the sampled steps of epoch {options.epochs}. PDMP: x {options.factor:g} on the first modality, "
          f"x {1 / options.factor:g} on the others, SGD.")
    for complaint in complaints:
        print(f"FAILED {complaint}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
