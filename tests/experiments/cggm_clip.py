#!/usr/bin/env python3
"""Why cggm falls behind joint training under SGD: its parts switched off one by one. Prints a Markdown table.

    .venv/bin/python tests/experiments/cggm_clip.py [--program build/release/pdmp] [--seeds 3] [--epochs 10]

Ten classes of pictures and sounds, generated: a picture is one of ten patterns under noise, a sound one of ten pairs of
tones under noise, both easy to confuse. Every training has the same encoders, learning rate and batches. What follows
`--` goes to all. Accuracies are those of the test split.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import wave
import zlib

import numpy

CLASSES, SIDE, RATE, SECONDS = 10, 32, 16000, 0.5
SAMPLES = {"train": 400, "val": 100, "test": 300}
ENCODERS = "picture=resnet18:width=16,sound=resnet18:width=16"
SGD, ADAMW = ["--lr", "0.01"], ["--optimizer", "adamw", "--lr", "0.001"]
TRAININGS = [
    ("joint", SGD, "joint"),
    ("joint, all gradients clipped to .8", [*SGD, "--clip-norm", "0.8"], "joint"),
    ("cggm, its defaults", SGD, "cggm"),
    ("cggm, clip .8", [*SGD, "--cggm.clip", "0.8"], "cggm"),
    ("cggm, clip .8, shares not clamped", [*SGD, "--cggm.clip", "0.8", "--cggm.clamp", "false"], "cggm"),
    ("cggm, magnitude off", [*SGD, "--cggm.magnitude", "false"], "cggm"),
    ("cggm, direction off", [*SGD, "--cggm.direction", "off"], "cggm"),
    ("joint, AdamW", ADAMW, "joint"),
    ("cggm, AdamW, clip .8", [*ADAMW, "--cggm.clip", "0.8"], "cggm"),
    ("cggm, AdamW, clip off", [*ADAMW, "--cggm.clip", "0"], "cggm"),
]


def png(pixels):
    """(H, W) uint8 as a gray PNG."""
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    height, width = pixels.shape
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def picture(rng, label):
    """A wave of one of five directions and two lengths, somewhere, under noise."""
    y, x = numpy.mgrid[:SIDE, :SIDE] / SIDE
    angle, cycles = numpy.pi * (label % 5) / 5, 3 + 2 * (label // 5)
    shape = numpy.sin(2 * numpy.pi * (cycles * (x * numpy.cos(angle) + y * numpy.sin(angle)) + rng.random()))
    return numpy.clip(128 + 22 * shape + 60 * rng.standard_normal((SIDE, SIDE)), 0, 255).astype(numpy.uint8)


def sound(rng, label):
    """Two of five tones under noise: ten pairs."""
    pairs = [(i, j) for i in range(5) for j in range(i)]
    t = numpy.arange(int(RATE * SECONDS)) / RATE
    tones = sum(numpy.sin(2 * numpy.pi * (400 * 1.5**k * t + rng.random())) for k in pairs[label])
    return numpy.clip(900 * tones + 7000 * rng.standard_normal(t.size), -32768, 32767).astype("<i2")


def write_data(folder):
    rng = numpy.random.default_rng(0)
    folder.mkdir(parents=True)
    lines = ["id,split,label,picture,sound"]
    for split, samples in SAMPLES.items():
        for i in range(samples):
            name, label = f"{split}{i}", i % CLASSES
            (folder / f"{name}.png").write_bytes(png(picture(rng, label)))
            with wave.open(str(folder / f"{name}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes(sound(rng, label).tobytes())
            lines.append(f"{name},{split},c{label},{name}.png,{name}.wav")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({
        "name": "ten", "task": "classification", "classes": [f"c{c}" for c in range(CLASSES)], "modalities": [
            {"name": "picture", "type": "image", "column": "picture", "size": SIDE},
            {"name": "sound", "type": "audio", "column": "sound", "profile": "log_mel_2s", "seconds": SECONDS}]}))


def accuracy(program, arguments, run):
    result = subprocess.run([program, "train", "--run", str(run), *arguments, "--quiet"], capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        sys.exit(result.stderr)
    return json.loads((run / "summary.json").read_text())["test"]["accuracy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/pdmp")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("more", nargs="*", help="after --: options of pdmp for all trainings")
    options = parser.parse_args()
    print("| training | test accuracy | of each seed |\n|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="pdmp-cggm-") as folder:
        folder = pathlib.Path(folder)
        write_data(folder / "data")
        for number, (name, settings, method) in enumerate(TRAININGS):
            values = [accuracy(options.program, [
                "--data", str(folder / "data"), "--method", method, "--seed", str(seed), "--epochs", str(options.epochs),
                "--batch-size", "16", "--encoders", ENCODERS, "--select", "last", "--keep", "none", "--threads", "1",
                "--workers", "0", "--precision", "fp32", *settings, *options.more], folder / f"run{number}.{seed}")
                for seed in range(options.seeds)]
            print(f"| {name} | {statistics.mean(values):.3f} | {', '.join(f'{v:.3f}' for v in values)} |", flush=True)


if __name__ == "__main__":
    main()
