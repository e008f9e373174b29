#!/usr/bin/env python3
"""The loader that loader.py compares with: PIL, librosa and torch's DataLoader, as released code of the field has it.

loader_peer.py DIR [--workers N] [--samples N] [--seconds S]     on the media pdmp_loader_benchmark left in DIR

Wants numpy, pillow, librosa, resampy, av (PyAV) and torch. torchvision is not used: RandomResizedCrop, flip, ToTensor
and Normalize are written with PIL and torch as it does them.
"""
import argparse
import json
import math
import pathlib
import random
import time

import av
import librosa
import numpy
import torch
from PIL import Image

MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
SIZE = 224


def crop_box(width, height):
    for _ in range(10):
        area = width * height * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            left, top = random.randint(0, width - w), random.randint(0, height - h)
            return left, top, left + w, top + h
    return 0, 0, width, height


def to_tensor(picture):
    pixels = torch.from_numpy(numpy.array(picture)).permute(2, 0, 1).contiguous()
    return (pixels.to(torch.float32).div(255) - MEAN) / DEVIATION


def load_picture(path, training):
    picture = Image.open(path).convert("RGB")
    if not training:
        return to_tensor(picture.resize((SIZE, SIZE), Image.BILINEAR))
    picture = picture.crop(crop_box(*picture.size)).resize((SIZE, SIZE), Image.BILINEAR)
    if random.random() < 0.5:
        picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
    return to_tensor(picture)


def load_sound(path):
    samples, rate = librosa.load(path, sr=22050, res_type="kaiser_best")
    window = numpy.tile(samples, 3)[: rate * 3]
    window[window > 1.0] = 1.0
    window[window < -1.0] = -1.0
    spectrum = librosa.stft(window, n_fft=512, hop_length=353)
    return torch.from_numpy(numpy.log(numpy.abs(spectrum) + 1e-7).astype(numpy.float32)).unsqueeze(0)


def load_clip(path):
    """The middle frame of each third; stops at the last one wanted."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        count = stream.frames
        wanted = [int((2 * i + 1) * count / 6) for i in range(3)]
        pictures = []
        for index, frame in enumerate(container.decode(stream)):
            if index == wanted[len(pictures)]:
                pictures.append(frame.to_image())
                if len(pictures) == 3:
                    break
    return torch.stack([to_tensor(p.resize((SIZE, SIZE), Image.BILINEAR)) for p in pictures], 1)


class Samples(torch.utils.data.Dataset):
    def __init__(self, directory, count, training):
        self.directory, self.count, self.training = directory, count, training

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return (
            load_sound(self.directory / f"sound{i:04}.wav"),
            load_picture(self.directory / f"picture{i:04}.jpg", self.training),
            i % 6,
        )


class Clips(torch.utils.data.Dataset):
    def __init__(self, directory, kind):
        self.directory, self.kind = directory, kind

    def __len__(self):
        return 8

    def __getitem__(self, i):
        return load_clip(self.directory / f"{self.kind}{i:04}.mp4"), i % 6


def samples_per_second(data, shuffle, workers, seconds):
    loader = torch.utils.data.DataLoader(
        data, batch_size=64, shuffle=shuffle, num_workers=workers, persistent_workers=workers > 0
    )
    samples, taken = 0, 0.0
    epoch = 0
    while epoch == 0 or taken < seconds:
        start = time.perf_counter()
        loaded = sum(len(batch[-1]) for batch in loader)
        if epoch > 0:  # epoch 0 starts processes and warms caches
            samples += loaded
            taken += time.perf_counter() - start
        epoch += 1
    return samples / taken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)

    def speed(data, shuffle):
        return samples_per_second(data, shuffle, options.workers, options.seconds)

    training = Samples(options.directory, options.samples, True)
    result = {
        "media_training": speed(training, True),
        "media_evaluation": speed(Samples(options.directory, options.samples, False), False),
        "video_keyframes_12": speed(Clips(options.directory, "clip"), False),
        "video_keyframes_250": speed(Clips(options.directory, "long"), False),
        "shapes": [list(part.shape) for part in training[0][:2]],
        "versions": {"pillow": Image.__version__, "librosa": librosa.__version__, "av": av.__version__,
                     "torch": torch.__version__},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
