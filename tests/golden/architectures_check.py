"""Compares training passes of pdmp's models with the same networks in plain PyTorch, which compute in float64.

Usage: architectures_check.py ARCHITECTURE DIR

DIR holds weights.safetensors (before each pass) and record_*.safetensors: input.<modality>, labels, pooled.<modality>,
logits, grad.<parameter>, after.<buffer>. Parameters and buffers must have the names used here, which in ResNets are
torchvision's. Logits agree to LIMIT of their norm in every pass, and everything recorded does in most passes: a ReLU at
zero to rounding may tip over, which moves gradients by some 1e-2, in about one pass of twenty with these weights.

The sizes below are those that tests/models/architectures_python_test.cpp asks for.
"""
import pathlib
import sys

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

LIMIT = 1e-4
CLASSES = 6
PICTURE = (48, 40)  # fronts bring every input to this size
GRID, DIM, HEADS, MLP, DEPTH = 4, 32, 4, 64, 2  # mmformer


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


def stage(inputs, outputs, stride=2):
    return nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1))


class ResNet(nn.Module):
    """Attribute names as in torchvision.models.resnet18; no classifier. (B, C, h, w) -> map."""

    def __init__(self, channels, kernel, stages):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, kernel, 2, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = stage(64, 64, 1)
        self.stages = stages
        for i in range(2, stages + 1):
            setattr(self, f"layer{i}", stage(64 << (i - 2), 64 << (i - 1)))

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for i in range(1, self.stages + 1):
            x = getattr(self, f"layer{i}")(x)
        return x


class SqueezeExcite(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3))))))[:, :, None, None]


class Front(ResNet):
    """Input resized, one channel repeated to three; the map after layer2, gated where asked for."""

    def __init__(self, gated):
        super().__init__(3, 3, 2)
        self.se = SqueezeExcite(128, 8) if gated else nn.Identity()

    def forward(self, x):
        x = F.interpolate(x, PICTURE, mode="bilinear", align_corners=False)
        return self.se(super().forward(x.expand(-1, 3, -1, -1)))


class Concat(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight_0 = nn.Parameter(torch.zeros(CLASSES, 512))
        self.weight_1 = nn.Parameter(torch.zeros(CLASSES, 512))
        self.bias = nn.Parameter(torch.zeros(CLASSES))

    def forward(self, maps):
        pooled = torch.cat([m.mean((2, 3)) for m in maps], 1)
        return pooled @ torch.cat([self.weight_0, self.weight_1], 1).T + self.bias


class SeFusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer3 = stage(256, 256)
        self.layer4 = stage(256, 512)
        self.fc = nn.Linear(512, CLASSES)

    def forward(self, maps):
        return self.fc(self.layer4(self.layer3(torch.cat(maps, 1))).mean((2, 3)))


class Transfer(nn.Module):
    """MMTM of two maps with as many channels each, ratio 2."""

    def __init__(self, channels):
        super().__init__()
        self.squeeze = nn.Linear(2 * channels, 2 * channels)
        self.excite_0 = nn.Linear(2 * channels, channels)
        self.excite_1 = nn.Linear(2 * channels, channels)

    def forward(self, a, b):
        hidden = torch.relu(self.squeeze(torch.cat([a.mean((2, 3)), b.mean((2, 3))], 1)))
        gates = [torch.sigmoid(excite(hidden))[:, :, None, None] for excite in (self.excite_0, self.excite_1)]
        return a * gates[0], b * gates[1]


class Mmtm(nn.Module):
    def __init__(self):
        super().__init__()
        self.mmtm1, self.mmtm2, self.mmtm3 = Transfer(128), Transfer(256), Transfer(512)
        self.layer3, self.layer4 = stage(128, 256), stage(256, 512)  # of both modalities
        self.fc = nn.Linear(1024, CLASSES)

    def forward(self, maps):
        a, b = self.mmtm1(*maps)
        a, b = self.mmtm2(self.layer3(a), self.layer3(b))
        a, b = self.mmtm3(self.layer4(a), self.layer4(b))
        return self.fc(torch.cat([a.mean((2, 3)), b.mean((2, 3))], 1))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM, bias=False)
        self.proj = nn.Linear(DIM, DIM)

    def forward(self, x):
        heads = [t.reshape(*t.shape[:2], HEADS, DIM // HEADS).transpose(1, 2) for t in self.qkv(x).split(DIM, 2)]
        scores = heads[0] @ heads[1].transpose(2, 3) / (DIM // HEADS) ** 0.5
        return self.proj((scores.softmax(3) @ heads[2]).transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.attention = Attention()
        self.fc1, self.fc2 = nn.Linear(DIM, MLP), nn.Linear(MLP, DIM)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


class Transformer(nn.Module):
    def __init__(self, tokens):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(tokens, DIM))
        self.blocks = nn.Sequential(*(TransformerBlock() for _ in range(DEPTH)))

    def forward(self, x):
        return self.blocks(x + self.position)


class Intra(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm2d(128)
        self.embed = nn.Conv2d(128, DIM, 3, 1, 1)
        self.transformer = Transformer(GRID * GRID)

    def forward(self, x):
        x = self.embed(F.leaky_relu(self.bn(F.adaptive_avg_pool2d(x, GRID)), 0.01))
        return self.transformer(x.flatten(2).transpose(1, 2))


class MmFormer(nn.Module):
    def __init__(self):
        super().__init__()
        self.intra_0, self.intra_1 = Intra(), Intra()
        self.inter = Transformer(2 * GRID * GRID)
        self.mix = nn.Linear(2 * GRID * GRID, GRID * GRID)
        self.fc = nn.Linear(DIM, CLASSES)

    def forward(self, maps):
        tokens = self.inter(torch.cat([self.intra_0(maps[0]), self.intra_1(maps[1])], 1))
        return self.fc(self.mix(tokens.transpose(1, 2)).mean(2))


class Model(nn.Module):
    def __init__(self, encoders, fusion):
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.fusion = fusion

    def forward(self, inputs):
        maps = {name: encoder(inputs[name]) for name, encoder in self.encoders.items()}
        return {name: m.mean((2, 3)) for name, m in maps.items()}, self.fusion(list(maps.values()))


def fronts(gated):
    return {"audio": Front(gated), "visual": Front(gated)}


ARCHITECTURES = {
    "resnet18_concat": lambda: Model({"audio": ResNet(1, 7, 4), "visual": ResNet(3, 7, 4)}, Concat()),
    "se_fusion": lambda: Model(fronts(True), SeFusion()),
    "mmtm": lambda: Model(fronts(False), Mmtm()),
    "mmformer": lambda: Model(fronts(False), MmFormer()),
}


def relative_error(found, expected):
    expected = expected.double()
    return ((found.double() - expected).norm() / expected.norm().clamp_min(1e-300)).item()


def errors(model, record):
    """Relative error of everything recorded, by name."""
    inputs = {name: record[f"input.{name}"].double() for name in model.encoders}
    pooled, logits = model(inputs)
    F.cross_entropy(logits, record["labels"]).backward()
    expected = {"logits": logits.detach()} | {f"pooled.{name}": z.detach() for name, z in pooled.items()}
    expected |= {f"grad.{name}": p.grad for name, p in model.named_parameters()}
    expected |= {f"after.{name}": b for name, b in model.named_buffers()}
    known = {"labels"} | {f"input.{name}" for name in inputs}
    if difference := set(record) ^ (set(expected) | known):
        sys.exit(f"recorded by one of both only: {sorted(difference)}")
    return {name: relative_error(record[name], tensor) for name, tensor in expected.items()}


def main():
    architecture, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    weights = load_file(directory / "weights.safetensors")
    passes = []
    for path in sorted(directory.glob("record_*.safetensors")):
        model = ARCHITECTURES[architecture]()
        model.load_state_dict(weights)  # strict: the names are the same on both sides
        passes.append(errors(model.double().train(), load_file(path)))
    logits = max(found["logits"] for found in passes)
    worst = [max((error, name) for name, error in found.items()) for found in passes]
    good = [entry for entry in worst if entry[0] <= LIMIT]
    summary = f"max {max(good)[0]:.1e} ({max(good)[1]})" if good else f"min {min(worst)[0]:.1e} ({min(worst)[1]})"
    print(f"{architecture}: relative difference of logits max {logits:.1e} in {len(passes)} passes; "
          f"of all {len(passes[0])} tensors {summary} in {len(good)} passes where no ReLU tips over")
    if logits > LIMIT or 2 * len(good) <= len(passes):
        sys.exit(f"{architecture}: expected logits within {LIMIT} in every pass and everything in most, found {worst}")


if __name__ == "__main__":
    main()
