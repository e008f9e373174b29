"""Compares a recorded training pass of pdmp's ResNet-18 with plain PyTorch. Usage: resnet18_check.py DIR

DIR holds weights.safetensors (before the pass) and record.safetensors (input, labels, pooled, logits, grad.*, after.*).
Fails where a name differs from torchvision's or a tensor from PyTorch's by more than 1e-4 of its norm.
"""
import sys

import torch
from safetensors.torch import load_file
from torch import nn

LIMIT = 1e-4
ENCODER = "encoders.visual."


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet18(nn.Module):
    """Attribute names as in torchvision.models.resnet18, classifier `fc` left out."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        widths = [64, 64, 128, 256, 512]
        for i in range(1, 5):
            first = BasicBlock(widths[i - 1], widths[i], 1 if i == 1 else 2)
            setattr(self, f"layer{i}", nn.Sequential(first, BasicBlock(widths[i], widths[i], 1)))

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


def relative_error(found, expected):
    expected = expected.double()
    return ((found.double() - expected).norm() / expected.norm().clamp_min(1e-300)).item()


def network(weights, dtype):
    encoder, head = ResNet18(), nn.Linear(512, 6)
    encoder.load_state_dict({name.removeprefix(ENCODER): t for name, t in weights.items() if name.startswith(ENCODER)})
    head.load_state_dict({"weight": weights["fusion.weight_0"], "bias": weights["fusion.bias"]})
    return encoder.to(dtype).train(), head.to(dtype)


def errors(weights, record, dtype):
    """Relative error of everything recorded, by name, against PyTorch in `dtype`."""
    encoder, head = network(weights, dtype)
    pooled = encoder(record["input"].to(dtype))
    logits = head(pooled)
    nn.functional.cross_entropy(logits, record["labels"]).backward()
    expected = {"pooled": pooled.detach(), "logits": logits.detach()}
    expected |= {f"grad.{ENCODER}{name}": p.grad for name, p in encoder.named_parameters()}
    expected |= {f"after.{ENCODER}{name}": b for name, b in encoder.named_buffers()}
    expected |= {"grad.fusion.weight_0": head.weight.grad, "grad.fusion.bias": head.bias.grad}
    if missing := set(record) - set(expected) - {"input", "labels"}:
        sys.exit(f"recorded, but not known to PyTorch: {sorted(missing)}")
    return {name: relative_error(record[name], tensor) for name, tensor in expected.items()}


def main():
    weights = load_file(f"{sys.argv[1]}/weights.safetensors")
    record = load_file(f"{sys.argv[1]}/record.safetensors")
    for dtype in (torch.float64, torch.float32):
        found = errors(weights, record, dtype)
        worst = max(found, key=found.get)
        print(f"PyTorch {dtype}: logits {found['logits']:.1e}, worst of {len(found)} tensors {found[worst]:.1e} ({worst})")
    # The last one, float32, decides: against float64 a ReLU at zero to rounding may tip over.
    if found[worst] > LIMIT:
        sys.exit(f"{worst} differs by {found[worst]:.1e} of its norm, allowed {LIMIT}")


if __name__ == "__main__":
    main()
