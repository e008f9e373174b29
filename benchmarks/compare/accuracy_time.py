#!/usr/bin/env python3
"""Seconds to the same validation accuracy on Tux Paint's stamps, pictures and speech: `pdmp train` and a PyTorch script
that reads with Pillow, soundfile and SciPy, as scripts do. Same encoders, batch size and optimizer.

    accuracy_time.py PDMP DATA [--pairs 5] [--epochs 3]      PDMP: build/release/pdmp; DATA: of `pdmp prepare tuxpaint`

The accuracy is the lower one of what the two reach in their best epoch; each is timed from its start, reading and
starting Python or the program included, to the end of the first epoch that has it. Prints JSON.
"""
import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH, RATE, WIDTH = 32, 2e-3, 16


def train_ours(program, data, epochs, folder):
    """[(seconds, validation accuracy)] after each epoch; what is not training is at the start, where it is."""
    start = time.perf_counter()
    subprocess.run([program, "train", "--data", data, "--run", folder, "--modalities", "picture,speech", "--encoders",
                    f"picture=resnet18:width={WIDTH},speech=resnet18:width={WIDTH}", "--batch-size", str(BATCH), "--lr",
                    str(RATE), "--optimizer", "adamw", "--weight-decay", "0.05", "--epochs", str(epochs), "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    total = time.perf_counter() - start
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    accuracies = [line["val/accuracy"] for line in lines if line["kind"] == "epoch"]
    timing = [json.loads(line) for line in (folder / "timing.jsonl").read_text().splitlines()]
    seconds = [line["train_seconds"] + line["evaluation_seconds"] for line in timing]
    begun = total - sum(seconds)
    return [(begun + sum(seconds[:k + 1]), accuracy) for k, accuracy in enumerate(accuracies)]


def train_theirs(data, epochs):
    start = time.perf_counter()
    output = subprocess.run([sys.executable, __file__, "--worker", data, "--epochs", str(epochs)], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    total = time.perf_counter() - start
    curve = json.loads(output)
    begun = total - curve[-1][0]
    return [(begun + seconds, accuracy) for seconds, accuracy in curve]


def worker(folder, epochs):
    import numpy
    import scipy.signal
    import soundfile
    import torch
    from PIL import Image
    from peer import TwoModalities

    rows = list(csv.DictReader(open(folder / "metadata.csv", newline="")))
    names = sorted({row["label"] for row in rows})

    def speech(path):
        """Two seconds of sound as the logarithm of a 64-band mel spectrogram."""
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        samples = scipy.signal.resample_poly(samples.mean(1), 16000, rate)
        samples = numpy.pad(samples, (0, max(0, 32000 - len(samples))))[:32000]
        power = numpy.abs(scipy.signal.stft(samples, 16000, nperseg=400, noverlap=240, nfft=512)[2]) ** 2
        return numpy.log(MEL @ power + 1e-6).astype("float32")

    def mel_filters():
        edges = 700 * (10 ** (numpy.linspace(0, 2595 * numpy.log10(1 + 8000 / 700), 66) / 2595) - 1)
        bins = numpy.linspace(0, 8000, 257)
        up = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
        down = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
        return numpy.maximum(0, numpy.minimum(up, down)).astype("float32")

    MEL = mel_filters()

    class Stamps(torch.utils.data.Dataset):
        def __init__(self, split):
            self.rows = [row for row in rows if row["split"] == split]
            self.training = split == "train"

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, i):
            row = self.rows[i]
            picture, sound = numpy.zeros((3, 64, 64), "float32"), numpy.zeros((64, 201), "float32")
            if row["picture_file_name"]:
                image = Image.open(folder / row["picture_file_name"]).convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image).convert("RGB").resize((64, 64), Image.BILINEAR)
                picture = numpy.asarray(image, "float32").transpose(2, 0, 1) / 127.5 - 1
                if self.training and torch.rand(()) < 0.5:
                    picture = picture[:, :, ::-1].copy()
            if row["speech_file_name"]:
                found = speech(folder / row["speech_file_name"])[:, :201]
                sound[:, :found.shape[1]] = found
            return picture, sound[None], names.index(row["label"])

    def loader(split):
        return torch.utils.data.DataLoader(Stamps(split), BATCH, shuffle=split == "train", num_workers=1)

    torch.manual_seed(0)
    model = TwoModalities([3, 1], len(names), WIDTH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
    train, val = loader("train"), loader("val")
    start, curve = time.perf_counter(), []
    for _ in range(epochs):
        model.train()
        for picture, sound, label in train:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model((picture, sound)), label)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = [(model((picture, sound)).argmax(1) == label).sum().item() for picture, sound, label in val]
        curve.append((time.perf_counter() - start, sum(right) / len(val.dataset)))
    print(json.dumps(curve))


def first_time(curve, accuracy):
    return next(seconds for seconds, reached in curve if reached >= accuracy)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    ratios, reached = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for k in range(options.pairs):
            ours = train_ours(options.program, options.data, options.epochs, Path(scratch) / str(k))
            theirs = train_theirs(options.data, options.epochs)
            accuracy = min(max(a for _, a in ours), max(a for _, a in theirs))
            ratios.append(first_time(theirs, accuracy) / first_time(ours, accuracy))
            reached.append(accuracy)
    print(json.dumps({"ratios": ratios, "accuracy": sorted(reached)[len(reached) // 2]}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(Path(sys.argv[2]), int(sys.argv[4]))
    else:
        main()
