#!/usr/bin/env python3
"""The loader that loader.py compares with: PIL, librosa and torch's DataLoader, as released code of the field has it.

loader_peer.py DIR [--workers N] [--samples N] [--seconds S] [--only ROW...]     on media of pdmp_loader_benchmark
loader_peer.py DIR --stages     milliseconds of CPU of each stage in one process, and samples a second by workers

Wants numpy, pillow, librosa, resampy, av (PyAV) and torch. torchvision is not used: RandomResizedCrop, flip, ToTensor
and Normalize are written with PIL and torch as it does them. Every process works with one thread.

Recordings are resampled with soxr_hq, librosa's default since 0.10. The filter of older releases, which pdmp computes
too, is kaiser_best; resampy's takes some 20 ms a recording, most of a sample, so media_training_kaiser_best is a row of
its own: a ratio to it says little about the rest.
"""
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before the libraries that read it

import argparse
import bisect
import functools
import json
import math
import pathlib
import random
import time

import av
import librosa
import numpy
import PIL
import resampy
import soxr
import torch
from PIL import Image

MEAN = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
SIZE = 224
RESAMPLER = "soxr_hq"
PICTURE_BATCH = 64  # as pdmp_loader_benchmark's
CLIP_BATCH = 8  # few, so that each worker delivers several within a measurement
CLIPS = 8


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
    return pixels.to(torch.float32).div(255).sub_(MEAN).div_(DEVIATION)


def load_picture(path, training):
    picture = Image.open(path).convert("RGB")
    if not training:
        return to_tensor(picture.resize((SIZE, SIZE), Image.BILINEAR))
    picture = picture.crop(crop_box(*picture.size)).resize((SIZE, SIZE), Image.BILINEAR)
    if random.random() < 0.5:
        picture = picture.transpose(Image.FLIP_LEFT_RIGHT)
    return to_tensor(picture)


def log_spectrogram(samples, rate):
    window = numpy.tile(samples, 3)[: rate * 3]
    window[window > 1.0] = 1.0
    window[window < -1.0] = -1.0
    spectrum = librosa.stft(window, n_fft=512, hop_length=353)
    return torch.from_numpy(numpy.log(numpy.abs(spectrum) + 1e-7).astype(numpy.float32)).unsqueeze(0)


def load_sound(path, resampler=RESAMPLER):
    return log_spectrogram(*librosa.load(path, sr=22050, res_type=resampler))


def wanted_frames(count):
    """The middle frame of each third."""
    return [int((2 * i + 1) * count / 6) for i in range(3)]


def read_clip(path):
    """The wanted frames, decoded from the keyframe before each. Seeks only where that saves frames."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        keys = [entry.timestamp for entry in stream.index_entries if entry.is_keyframe]  # decoding time
        ticks = 1 / (stream.average_rate * stream.time_base)
        pictures, begun, frames = [], None, iter(())
        for index in wanted_frames(stream.frames):
            time_wanted = (stream.start_time or 0) + round(index * ticks)
            key = bisect.bisect_right(keys, time_wanted) - 1
            if key != begun:
                container.seek(time_wanted, stream=stream)
                frames, begun = container.decode(stream), key
            pictures.append(next(frame for frame in frames if frame.pts >= time_wanted).to_image())
        return pictures


def load_clip(path):
    return torch.stack([to_tensor(p.resize((SIZE, SIZE), Image.BILINEAR)) for p in read_clip(path)], 1)


class Samples(torch.utils.data.Dataset):
    def __init__(self, directory, count, training, resampler=RESAMPLER):
        self.directory, self.count, self.training, self.resampler = directory, count, training, resampler

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return (
            load_sound(self.directory / f"sound{i:04}.wav", self.resampler),
            load_picture(self.directory / f"picture{i:04}.jpg", self.training),
            i % 6,
        )


class Clips(torch.utils.data.Dataset):
    def __init__(self, directory, kind):
        self.directory, self.kind = directory, kind

    def __len__(self):
        return CLIPS

    def __getitem__(self, i):
        return load_clip(self.directory / f"{self.kind}{i:04}.mp4"), i % 6


class EndlessBatches:
    """One epoch after the other without a gap, so that a window of time holds full work only."""

    def __init__(self, count, size, shuffle):
        self.count, self.size, self.shuffle = count, size, shuffle

    def __iter__(self):
        batch = []
        while True:
            for index in torch.randperm(self.count).tolist() if self.shuffle else range(self.count):
                batch.append(index)
                if len(batch) == self.size:
                    yield batch
                    batch = []


def samples_per_second(data, batch_size, shuffle, workers, seconds):
    """Counts from when every worker has delivered twice: processes, imports, compilation and caches are warm then."""
    loader = torch.utils.data.DataLoader(
        data,
        batch_sampler=EndlessBatches(len(data), batch_size, shuffle),
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    batches = iter(loader)
    at_once = max(workers, 1)  # workers finish together, so a window is whole turns of all
    for _ in range(2 * at_once):
        next(batches)
    samples, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(at_once):
            samples += len(next(batches)[-1])
    return samples / (time.perf_counter() - start)


def rows(options):
    """Name -> data set, batch size, shuffled."""
    directory, samples = options.directory, options.samples
    return {
        "media_training": (Samples(directory, samples, True), PICTURE_BATCH, True),
        "media_evaluation": (Samples(directory, samples, False), PICTURE_BATCH, False),
        "media_training_kaiser_best": (Samples(directory, samples, True, "kaiser_best"), PICTURE_BATCH, True),
        "video_keyframes_12": (Clips(directory, "clip"), CLIP_BATCH, False),
        "video_keyframes_250": (Clips(directory, "long"), CLIP_BATCH, False),
    }


def milliseconds(work, paths):
    """CPU time of `work` for one path: the best of three turns, after one that does not count."""
    work(paths[0])
    turns = []
    for _ in range(3):
        start = time.process_time()
        for path in paths:
            work(path)
        turns.append(1000 * (time.process_time() - start) / len(paths))
    return min(turns)


def stages(options):
    pictures = [options.directory / f"picture{i:04}.jpg" for i in range(64)]
    sounds = [options.directory / f"sound{i:04}.wav" for i in range(64)]
    picture = Image.open(pictures[0]).convert("RGB")
    small = picture.resize((SIZE, SIZE), Image.BILINEAR)
    recording, rate = librosa.load(sounds[0], sr=None)
    resample = functools.partial(librosa.resample, recording, orig_sr=rate, target_sr=22050)
    resampled = resample(res_type=RESAMPLER)
    result = {
        "decode the picture": milliseconds(lambda path: Image.open(path).convert("RGB"), pictures),
        "crop, resize": milliseconds(
            lambda _: picture.crop(crop_box(*picture.size)).resize((SIZE, SIZE), Image.BILINEAR), pictures
        ),
        "flip": milliseconds(lambda _: small.transpose(Image.FLIP_LEFT_RIGHT), pictures),
        "to tensor, normalise": milliseconds(lambda _: to_tensor(small), pictures),
        "decode the sound": milliseconds(lambda path: librosa.load(path, sr=None), sounds),
        "resample, soxr_hq": milliseconds(lambda _: resample(res_type="soxr_hq"), sounds),
        "resample, kaiser_best": milliseconds(lambda _: resample(res_type="kaiser_best"), sounds),
        "log STFT": milliseconds(lambda _: log_spectrogram(resampled, 22050), sounds),
    }
    for kind in ("clip", "long"):
        paths = [options.directory / f"{kind}{i:04}.mp4" for i in range(CLIPS)]
        result[f"{kind}: seek, decode, to RGB"] = milliseconds(read_clip, paths)
        result[f"{kind}: all"] = milliseconds(load_clip, paths)
    data = Samples(options.directory, options.samples, True)
    some = [data[i] for i in range(PICTURE_BATCH)]
    collate = milliseconds(lambda _: torch.utils.data.default_collate(some), pictures[:4])
    result["into the batch, a sample"] = collate / PICTURE_BATCH
    return {name: round(value, 3) for name, value in result.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", nargs="+", metavar="ROW")
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--versions", action="store_true", help="of the packages, without measuring")
    options = parser.parse_args()
    torch.set_num_threads(1)
    table = rows(options)
    chosen = options.only or list(table)
    unknown = sorted(set(chosen) - set(table))
    if unknown:
        parser.error(f"--only: expected some of {', '.join(table)}, found {', '.join(unknown)}")

    def speeds(workers):
        return {name: samples_per_second(*table[name], workers, options.seconds) for name in chosen}

    if options.versions:
        result = {module.__name__: module.__version__ for module in (PIL, numpy, librosa, soxr, resampy, av, torch)}
    elif options.stages:
        by_workers = {count: speeds(count) for count in range(1, options.workers + 1)}
        result = {"cpu_milliseconds": stages(options), "samples_per_second_by_workers": by_workers}
    else:
        result = speeds(options.workers)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
