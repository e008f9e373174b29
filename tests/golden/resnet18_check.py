"""Compares recorded training passes of pdmp's ResNet-18 with plain PyTorch in float64. Usage: resnet18_check.py DIR

DIR holds weights.safetensors (before each pass) and record_*.safetensors (input, labels, pooled, logits, grad.*, after.*).
Names must be torchvision's, logits agree to 1e-4 of their norm in every pass, and everything recorded in two passes at
least: a ReLU at zero to rounding may tip over, which moves gradients by some 1e-2, in about one pass of eight.
"""
import pathlib
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


def network(weights):
    encoder, head = ResNet18(), nn.Linear(512, 6)
    encoder.load_state_dict({name.removeprefix(ENCODER): t for name, t in weights.items() if name.startswith(ENCODER)})
    head.load_state_dict({"weight": weights["fusion.weight_0"], "bias": weights["fusion.bias"]})
    return encoder.double().train(), head.double()


def errors(weights, record):
    """Relative error of everything recorded, by name."""
    encoder, head = network(weights)
    pooled = encoder(record["input"].double())
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
    directory = pathlib.Path(sys.argv[1])
    weights = load_file(directory / "weights.safetensors")
    worst = []
    for path in sorted(directory.glob("record_*.safetensors")):
        found = errors(weights, load_file(path))
        name = max(found, key=found.get)
        worst.append(found[name])
        print(f"{path.stem}: logits {found['logits']:.1e}, worst of {len(found)} tensors {worst[-1]:.1e} ({name})")
        if found["logits"] > LIMIT:
            sys.exit(f"{path.stem}: logits differ by {found['logits']:.1e} of their norm, allowed {LIMIT}")
    if len(worst) < 2 or sorted(worst)[1] > LIMIT:
        sys.exit(f"expected two passes within {LIMIT}, found {worst}")


if __name__ == "__main__":
    main()
