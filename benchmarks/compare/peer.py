#!/usr/bin/env python3
"""One benchmark in PyTorch, as a user would write it.

    peer.py step|inference --setting default|channels_last|compile|bf16|bf16_channels_last [--workload W] [--steps N]

Measures once and prints a line of JSON; then again for every line on standard input (as benchmarks/main.cpp does).
"""
import argparse
import json
import resource
import statistics
import sys
import time

import torch
from torch import nn

# As benchmarks/workload.cpp.
WORKLOADS = {
    "audio_visual": ([(1, 257, 299), (3, 224, 224)], 16),
    "pictures": ([(3, 112, 112), (3, 112, 112)], 32),
    "tiny": ([(3, 32, 32), (3, 32, 32)], 4),
}
CLASSES = 6


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + shortcut)


class ResNet18(nn.Module):
    """The features of ResNet-18 (He et al., 2016); `width` channels in the first stage."""

    def __init__(self, channels, width=64):
        super().__init__()
        layers = [nn.Conv2d(channels, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
                  nn.MaxPool2d(3, 2, 1)]
        inputs = width
        for stage in range(4):
            outputs = width << stage
            layers += [Block(inputs, outputs, 1 if stage == 0 else 2), Block(outputs, outputs, 1)]
            inputs = outputs
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.width = inputs

    def forward(self, x):
        return self.body(x)


class TwoModalities(nn.Module):
    """An encoder each, features side by side, one linear layer."""

    def __init__(self, channels, classes, width=64):
        super().__init__()
        self.encoders = nn.ModuleList(ResNet18(c, width) for c in channels)
        self.head = nn.Linear(sum(e.width for e in self.encoders), classes)

    def forward(self, inputs):
        return self.head(torch.cat([encoder(x) for encoder, x in zip(self.encoders, inputs)], 1))


class Work:
    """A model and a batch in the setting asked for."""

    def __init__(self, options, batch_size=None):
        shapes, usual = WORKLOADS[options.workload]
        self.batch_size = batch_size or usual
        torch.manual_seed(0)
        self.inputs = [torch.randn(self.batch_size, *shape) for shape in shapes]
        self.labels = torch.arange(self.batch_size) % CLASSES
        self.model = TwoModalities([shape[0] for shape in shapes], CLASSES)
        self.bf16 = options.setting.startswith("bf16")
        if "channels_last" in options.setting or options.setting == "compile":
            self.model = self.model.to(memory_format=torch.channels_last)
            self.inputs = [x.contiguous(memory_format=torch.channels_last) for x in self.inputs]
        if options.setting == "compile":
            self.model = torch.compile(self.model)

    def forward(self):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            return self.model(self.inputs)


def training_step(options):
    work = Work(options)
    optimizer = torch.optim.SGD(work.model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    sums = {"loss": 0.0, "correct": 0}

    def step():
        optimizer.zero_grad()
        logits = work.forward()
        loss = nn.functional.cross_entropy(logits, work.labels)
        loss.backward()
        optimizer.step()
        sums["loss"] += loss.item() * work.batch_size
        sums["correct"] += (logits.argmax(1) == work.labels).sum().item()

    return step, work.batch_size


def inference(options):
    work = Work(options, batch_size=32)
    work.model.eval()

    def step():
        with torch.no_grad():
            return work.forward().softmax(1).argmax(1)

    return step, work.batch_size


WORK = {"step": training_step, "inference": inference}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=WORK)
    parser.add_argument("--setting", default="default",
                        choices=["default", "channels_last", "compile", "bf16", "bf16_channels_last"])
    parser.add_argument("--workload", default="pictures", choices=WORKLOADS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    step, samples = WORK[options.name](options)
    step()
    line = "first"
    while line:
        step()  # wakes up
        seconds = []
        for _ in range(options.steps):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"benchmark": options.name, "setting": options.setting, "samples": samples,
                          "seconds": statistics.median(seconds),
                          "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)
        line = sys.stdin.readline()


if __name__ == "__main__":
    main()
