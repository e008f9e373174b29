"""Trains the network of pdmp's `resnet18` encoders and `concat` fusion in plain PyTorch, as pdmp did.

Usage: training_check.py DIR

DIR holds weights.safetensors (before the first step) and training.safetensors: input.<modality>.<step>, labels.<step>
and losses, those of pdmp. The optimizer is the one that tests/optim/training_python_test.cpp asks for. Every loss
agrees to LIMIT, or as well as PyTorch agrees with itself in fp64, whichever is less strict: rounding grows from step to
step, by how much depends on the CPU's kernels. At a larger rate it hides everything: at 1e-3 PyTorch's own losses in fp32
and in fp64 differ by some 5e-2 after 20 steps.
"""
import pathlib
import sys

import torch
from architectures_check import ARCHITECTURES
from safetensors.torch import load_file
from torch.nn import functional as F

LIMIT = 1e-4
AS_GOOD = 3  # times PyTorch's own difference
LR, MOMENTUM, DECAY = 5e-6, 0.9, 1e-4


def losses_of(directory, record, dtype):
    model = ARCHITECTURES["resnet18_concat"]()
    model.load_state_dict(load_file(directory / "weights.safetensors"))
    model.train().to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=DECAY)
    losses = []
    for step in range(len(record["losses"])):
        optimizer.zero_grad()
        _, logits = model({name: record[f"input.{name}.{step}"].to(dtype) for name in model.encoders})
        loss = F.cross_entropy(logits, record[f"labels.{step}"])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses, dtype=torch.float64)


def difference(losses, expected):
    return ((losses - expected) / expected).abs().max().item()


def main():
    directory = pathlib.Path(sys.argv[1])
    record = load_file(directory / "training.safetensors")
    found = record["losses"].double()
    expected = losses_of(directory, record, torch.float32)
    own = difference(expected, losses_of(directory, record, torch.float64))
    error = difference(found, expected)
    print(f"{len(found)} steps, loss {expected[0]:.4f} to {expected[-1]:.4f}: relative difference max {error:.1e}; "
          f"PyTorch's fp32 from its fp64: {own:.1e}")
    if not error <= max(LIMIT, AS_GOOD * own):
        sys.exit(f"expected the losses {expected.tolist()}, found {found.tolist()}")
    if expected[-1] > 0.8 * expected[0]:
        sys.exit("expected a loss that falls: else agreement says little")


if __name__ == "__main__":
    main()
