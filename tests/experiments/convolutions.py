#!/usr/bin/env python3
"""How far rounding in convolutions carries a training: pdmp's forms against PyTorch. Prints a Markdown table.

    .venv/bin/python tests/experiments/convolutions.py [--program build/release/pdmp] [--steps 20] [--side 112]

Two ResNet-18 and concat, SGD with momentum, on made-up tensors; one batch holds all samples, so that every step sees the
same data in any order. Distances are those of all weights, divided by how far PyTorch's float64 moved them:
|a - b| / |end - start|. ReLUs that tip over make every rounding error grow from step to step, in PyTorch too.
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
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
from architectures_check import ARCHITECTURES  # noqa: E402

CLASSES, CHANNELS = 6, {"audio": 1, "visual": 3}
LR, MOMENTUM, DECAY = 1e-3, 0.9, 1e-4
FORMS = ["direct", "winograd"]


def write_data(folder, samples, side, seed):
    """Smooth random fields, and random labels."""
    rng = numpy.random.default_rng(seed)
    folder.mkdir(parents=True)
    inputs, labels = {}, numpy.arange(samples) % CLASSES
    for name, channels in CHANNELS.items():
        noise = rng.standard_normal((samples, channels, side + 2, side + 2))
        smooth = sum(noise[..., i:i + side, j:j + side] for i in range(3) for j in range(3)) / 3
        inputs[name] = smooth.astype(numpy.float32)
        for i in range(samples):
            numpy.save(folder / f"{name}{i}.npy", inputs[name][i])
    lines = [f"s{i},train,c{labels[i]}," + ",".join(f"{name}{i}.npy" for name in CHANNELS) for i in range(samples)]
    (folder / "metadata.csv").write_text("id,split,label," + ",".join(CHANNELS) + "\n" + "\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({
        "name": "fields", "classes": [f"c{c}" for c in range(CLASSES)],
        "modalities": [{"name": name, "type": "tensor", "column": name} for name in CHANNELS]}))
    return {name: torch.from_numpy(x) for name, x in inputs.items()}, torch.from_numpy(labels)


def weights_of_pdmp(options, folder, seed, form, epochs, lr):
    """Weights after so many steps, and the median seconds of one."""
    run = folder / f"{form}{epochs}.{seed}"
    command = [options.program, "train", "--data", folder / f"data{seed}", "--run", run, "--seed", seed, "--epochs",
               epochs, "--batch-size", options.samples, "--lr", lr, "--momentum", MOMENTUM, "--weight-decay", DECAY,
               "--val", "none", "--select", "last", "--precision", "fp32", "--convolution", form, "--encoders",
               "audio=resnet18,visual=resnet18", "--threads", options.threads, "--workers", 0, "--quiet"]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stderr)
    seconds = [json.loads(line).get("train_seconds") for line in (run / "timing.jsonl").read_text().splitlines()]
    return load_file(run / "checkpoints/last/weights.safetensors"), statistics.median(s for s in seconds if s)


def weights_of_pytorch(options, start, inputs, labels, dtype):
    model = ARCHITECTURES["resnet18_concat"]()
    model.load_state_dict(start)
    model.train().to(dtype).to(memory_format=torch.channels_last)
    batch = {name: inputs[name].to(dtype).contiguous(memory_format=torch.channels_last) for name in model.encoders}
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=DECAY)
    seconds = []
    for _ in range(options.steps):
        begin = time.monotonic()
        optimizer.zero_grad()
        F.cross_entropy(model(batch)[1], labels).backward()
        optimizer.step()
        seconds.append(time.monotonic() - begin)
    return {name: p.detach() for name, p in model.named_parameters()}, statistics.median(seconds)


def one_seed(options, folder, seed):
    """name -> (distance from PyTorch's float64, from its float32, seconds of a step)"""
    inputs, labels = write_data(folder / f"data{seed}", options.samples, options.side, seed)
    start, _ = weights_of_pdmp(options, folder, seed, "direct", 1, 1e-30)  # one step of nothing
    start = {name: value.clone() for name, value in start.items()}
    for name in start:  # that step has moved the running statistics
        if name.endswith("running_mean"):
            start[name].zero_()
        elif name.endswith("running_var"):
            start[name].fill_(1)
    double, _ = weights_of_pytorch(options, start, inputs, labels, torch.float64)
    single, seconds = weights_of_pytorch(options, start, inputs, labels, torch.float32)

    def distance(a, b):
        return sum((a[name].double() - b[name].double()).square().sum() for name in double).sqrt().item()

    movement = distance(start, double)
    rows = {"PyTorch float32": (distance(single, double) / movement, 0.0, seconds)}
    for form in FORMS:
        weights, seconds = weights_of_pdmp(options, folder, seed, form, options.steps, LR)
        rows[f"pdmp, --convolution {form}"] = (distance(weights, double) / movement,
                                               distance(weights, single) / movement, seconds)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/pdmp")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--side", type=int, default=112)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="pdmp-convolutions-") as folder:
        seeds = [one_seed(options, pathlib.Path(folder), seed) for seed in range(options.seeds)]
    print(f"| {options.steps} steps | from PyTorch's float64 | of each seed | from its float32 | ms a step |\n|---|---|---|---|---|")
    for name in seeds[0]:
        from_double, from_single, seconds = zip(*(rows[name] for rows in seeds))
        print(f"| {name} | {statistics.mean(from_double):.1e} | {', '.join(f'{d:.1e}' for d in from_double)} | "
              f"{statistics.mean(from_single):.1e} | {1000 * statistics.median(seconds):.0f} |")


if __name__ == "__main__":
    main()
