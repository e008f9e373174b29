#!/usr/bin/env python3
"""Compares what a model of pdmp sees with the Python libraries of the field, on media made here.

    tests/golden/features_check.py build/release/pdmp

Prints the worst differences as a table; exit status 1 where one is above its limit. By hand: it needs Python packages
that nothing else here does, pip install numpy scipy librosa resampy kaldi-native-fbank pillow av, in an environment of
its own. The numbers come from `pdmp data show DIR --id X --modality M --out x.npy`.

    audio     the profiles with librosa (magnitudes, mel filters), scipy (power density) and Kaldi (filter bank)
    resample  profiles whose rate is not the recording's, with resampy's kaiser_best before them
    resize    PNG pictures with Pillow's bilinear and bicubic; training's crop and flip, whose random numbers are drawn
              here once more; grey; normalised as torchvision does it
    jpeg      JPEG pictures of every subsampling and EXIF orientation with Pillow's
    video     which frames, and their pixels, with PyAV's, all of them decoded from the beginning

A line without a limit is for information: the same with what a library does by default.
"""
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import kaldi_native_fbank
import librosa
import numpy as np
import resampy
import scipy.io.wavfile
import scipy.signal
from PIL import Image, ImageOps

FLOOR = 1e-7
MASK = (1 << 64) - 1


# ---- The program, the table -----------------------------------------------------------------------------------------

class Data:
    """A data set below `folder`: modalities are settings of dataset.json, rows name one file each."""

    def __init__(self, program, folder, modalities):
        self.program, self.folder, self.modalities, self.rows = program, folder, modalities, []
        folder.mkdir()

    def add(self, name, start="", end=""):
        self.rows.append(f"{Path(name).stem},train,{'ab'[len(self.rows) % 2]},{name},{start},{end}")
        return self.folder / name

    def write(self):
        modalities = [dict(settings, name=name, column="file") for name, settings in self.modalities.items()]
        (self.folder / "dataset.json").write_text(json.dumps({"classes": ["a", "b"], "modalities": modalities}))
        (self.folder / "metadata.csv").write_text("\n".join(["id,split,label,file,start,end", *self.rows]) + "\n")

    def show(self, sample, modality, *flags):
        out = self.folder / "x.npy"
        command = [self.program, "data", "show", self.folder, "--id", sample, "--modality", modality, "--out", out]
        subprocess.run([str(part) for part in [*command, *flags]], check=True, stdout=subprocess.DEVNULL)
        return np.load(out)


class Table:
    """Worst differences by line."""

    def __init__(self):
        self.lines = {}

    def compare(self, line, ours, theirs, limit=None):
        assert ours.shape == theirs.shape, (line, ours.shape, theirs.shape)
        worst = float(np.max(np.abs(ours.astype(np.float64) - theirs)))
        assert math.isfinite(worst), line
        known, count, _ = self.lines.get(line, (0.0, 0, limit))
        self.lines[line] = (max(known, worst), count + ours.size, limit)

    def compare_mean(self, line, ours, theirs, limit=None):
        mean = np.mean(np.abs(ours.astype(np.float64) - theirs), keepdims=True)
        self.compare(line, mean, np.zeros_like(mean), limit)

    def print(self):
        print(f"{'':58}{'values':>10}{'worst':>11}{'limit':>9}")
        for line, (worst, count, limit) in sorted(self.lines.items()):
            verdict = "" if limit is None or worst <= limit else "  <-- above its limit"
            print(f"{line:58}{count:10d}{worst:11.3g}{'-' if limit is None else format(limit, 'g'):>9}{verdict}")
        return all(limit is None or worst <= limit for worst, _, limit in self.lines.values())


# ---- Audio ----------------------------------------------------------------------------------------------------------

def standardised(values):
    return (values - values.mean()) / (values.std() + 1e-9)


def tiled(wave, rate, seconds):
    return np.clip(np.resize(wave, round(rate * seconds)), -1, 1)


def log_magnitude(wave, n_fft, hop, **padding):
    # Of float64 samples; librosa keeps the spectrum as complex64.
    spectrum = librosa.stft(wave.astype(np.float64), n_fft=n_fft, hop_length=hop, dtype=np.complex64, **padding)
    return np.log(np.abs(spectrum) + FLOOR)


def log_density(wave, rate):
    _, _, density = scipy.signal.spectrogram(wave.astype(np.float64), rate, nperseg=512, noverlap=353)
    return standardised(np.log(density + FLOOR))


def double_and_crop(wave, rate, seconds, start=None):
    """Evaluation's: the middle of the whole, as far as the first half goes, unless told where it starts."""
    length, doubled = round(rate * seconds), len(wave)
    while doubled < 2 * length:
        doubled *= 2
    start = min((doubled - length) // 2, length) if start is None else start
    return np.clip(np.resize(wave, 2 * length)[start:start + length], -1, 1)


def log_mel(wave, rate):
    padded = librosa.util.fix_length(np.clip(wave, -1, 1).astype(np.float64), size=2 * rate)
    frames = librosa.util.frame(padded, frame_length=400, hop_length=160).T * scipy.signal.get_window("hann", 400)
    filters = librosa.filters.mel(sr=rate, n_fft=512, n_mels=64, fmin=20, fmax=7600, htk=True, norm=None,
                                  dtype=np.float64)
    return standardised(np.log(filters @ (np.abs(np.fft.rfft(frames, 512)) ** 2).T + 1e-6))


def filter_bank(wave, rate):
    """As the Audio Spectrogram Transformer asks Kaldi for it. (1024, 128), time first."""
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = rate
    options.frame_opts.dither = 0
    options.frame_opts.window_type = "hanning"
    options.mel_opts.num_bins = 128
    options.htk_compat = True
    options.use_energy = False
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(rate, (wave - wave.mean()).tolist())
    bank.input_finished()
    frames = np.array([bank.get_frame(i) for i in range(min(bank.num_frames_ready, 1024))])
    return (np.pad(frames, ((0, 1024 - len(frames)), (0, 0))) + 4.503877) / (2 * 5.141276)


# Kaldi refuses 128 bands of lower rates, some of which have no bin of the spectrum in them.
FILTER_BANK_RATES = (44100, 48000)

# Profile -> its rate, and the reference. None: of any rate.
PROFILES = {
    "log_psd_3s": (16000, lambda wave, rate: log_density(tiled(wave, rate, 3), rate)),
    "log_psd_10s": (16000, lambda wave, rate: log_density(tiled(wave, rate, 10), rate)),
    "log_stft_cremad": (22050, lambda wave, rate: log_magnitude(tiled(wave, rate, 3), 512, 353)),
    "log_stft_av": (16000, lambda wave, rate: log_magnitude(double_and_crop(wave, rate, 5), 256, 128)),
    "log_stft_nc": (16000, lambda wave, rate: log_magnitude(tiled(wave, rate, 3), 512, 159, center=False)),
    "log_mel_2s": (16000, log_mel),
    "fbank_10s": (None, filter_bank),
}
REFLECT = "log_stft_cremad_reflect"
DRAWN = "log_stft_av_random"


def recording(random, rate, seconds, channels=1):
    """A tone, a sweep, clipped now and then, and noise, so that no band is silent. 16 bits, (n, channels)."""
    t = np.arange(round(rate * seconds)) / rate
    tones = 0.5 * np.sin(2 * np.pi * 440 * t) + 0.4 * np.sin(2 * np.pi * (200 + 900 * t) * t)
    noise = 0.15 * random.standard_normal((channels, len(t)))
    return np.clip(np.round((tones + noise) * 32768), -32768, 32767).astype(np.int16).T


def check_audio(program, folder, table):
    random = np.random.default_rng(1)
    modalities = {name: {"type": "audio", "profile": name} for name in PROFILES}
    modalities[REFLECT] = {"type": "audio", "profile": "log_stft_cremad", "stft_pad": "reflect"}
    modalities[DRAWN] = {"type": "audio", "profile": "log_stft_av", "eval_window": "random"}
    data = Data(program, folder, modalities)
    waves = {}
    for name, rate, seconds, channels in [("short", 16000, 1.3, 1), ("stereo", 16000, 2.1875, 2),
                                          ("long", 16000, 12.03, 1), ("native", 22050, 2.5, 1),
                                          ("video", 44100, 3.7, 2), ("film", 48000, 2.2, 1), ("phone", 8000, 2.9, 1)]:
        samples = recording(random, rate, seconds, channels)
        scipy.io.wavfile.write(data.add(name + ".wav"), rate, samples)
        waves[name] = rate, np.mean(samples / 32768, axis=1).astype(np.float32)
    data.write()
    for name, (rate, wave) in waves.items():
        for profile, (wanted, reference) in PROFILES.items():
            if wanted is None and rate not in FILTER_BANK_RATES:
                continue
            ours = data.show(name, profile)[0]
            if wanted in (None, rate):
                limit = 1e-5 if wanted else 1e-4  # Kaldi computes in float32
                table.compare(f"audio: {profile}", ours, reference(wave, rate), limit)
            else:
                compare_resampled(table, profile, ours, lambda to: reference(to, wanted), wave, rate, wanted)
        if rate == PROFILES["log_stft_cremad"][0]:
            expected = log_magnitude(tiled(wave, rate, 3), 512, 353, pad_mode="reflect")
            table.compare(f"audio: {REFLECT}", data.show(name, REFLECT)[0], expected, 1e-5)
        if rate == PROFILES["log_stft_av"][0]:
            start = RandomStream(0, f"window/{name}.wav/-1 -1").integer(5 * rate)
            expected = log_magnitude(double_and_crop(wave, rate, 5, start), 256, 128)
            table.compare(f"audio: {DRAWN}", data.show(name, DRAWN)[0], expected, 1e-5)


def compare_resampled(table, profile, ours, reference, wave, rate, wanted):
    length = math.ceil(len(wave) * wanted / rate)
    theirs = reference(librosa.util.fix_length(resampy.resample(wave, rate, wanted, filter="kaiser_best"), size=length))
    soxr = reference(librosa.resample(wave, orig_sr=rate, target_sr=wanted, res_type="soxr_hq"))
    if profile.startswith("log_stft"):  # bands above the recording's own are silent: their logarithms say nothing
        loud = np.exp(theirs) > 1e-2
        table.compare(f"resample: {profile}, where the magnitude is above 0.01", ours[loud], theirs[loud], 1e-3)
        table.compare(f"resample: {profile}, magnitude", np.exp(ours), np.exp(theirs), 1e-3)
    else:
        table.compare(f"resample: {profile}", ours, theirs, 1e-3)
    table.compare_mean("resample: soxr_hq instead of kaiser_best, mean", ours, soxr)  # differs near Nyquist


# ---- Pictures -------------------------------------------------------------------------------------------------------

class RandomStream:
    """The program's named random numbers: xoshiro256**, its state from splitmix64 of the seed and the name."""

    @staticmethod
    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return z ^ (z >> 31)

    def __init__(self, seed, name):
        golden = 0x9E3779B97F4A7C15
        state = self.mix(seed + golden & MASK)
        for c in name.encode():
            state = self.mix((state ^ c) + golden & MASK)
        self.state = []
        for _ in range(4):
            state = state + golden & MASK
            self.state.append(self.mix(state))

    def next(self):
        def rotated(x, k):
            return (x << k | x >> (64 - k)) & MASK

        s = self.state
        result = rotated(s[1] * 5 & MASK, 7) * 9 & MASK
        shifted = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotated(s[3], 45)
        return result

    def uniform(self, low=0.0, high=1.0):
        return low + (high - low) * ((self.next() >> 11) * 2.0 ** -53)

    def integer(self, high):
        """0 ... high; draws that would favour some results are thrown away."""
        count = high + 1
        draw = self.next()
        while draw < (1 << 64) % count:
            draw = self.next()
        return draw % count


def crop_box(width, height, random):
    """torchvision's RandomResizedCrop: (left, top, right, bottom)."""
    for _ in range(10):
        area = height * width * random.uniform(0.08, 1)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            top, left = random.integer(height - h), random.integer(width - w)
            return left, top, left + w, top + h
    w = round(height * 4 / 3) if width / height > 4 / 3 else width
    h = round(width / (3 / 4)) if width / height < 3 / 4 else height
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h


def in_training(picture, size, seed, index, modality):
    """As the first epoch of a training with `seed` sees row `index`."""
    random = RandomStream(RandomStream(seed, f"augment/0/{index}").next(), modality)
    fitted = picture.crop(crop_box(*picture.size, random)).resize((size, size), Image.Resampling.BILINEAR)
    return fitted.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.uniform() < 0.5 else fitted


def pixels(values):
    """(C, ...) of an input with mean 0 and deviation 1 -> bytes, channels last."""
    return np.moveaxis(np.round(values * 255), 0, -1).astype(np.uint8)


PLAIN = {"mean": [0, 0, 0], "std": [1, 1, 1]}
SIZE = 224


def scene(random, width, height):
    """Smooth shapes with noise on them."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(x / (9 + 4 * c) + c) * np.cos(y / (13 - 3 * c)) for c in range(3)]
    values = np.stack(waves, -1) + random.normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def check_resize(program, folder, table):
    random = np.random.default_rng(2)
    bicubic = dict(PLAIN, type="image", size=SIZE, interpolation="bicubic")
    data = Data(program, folder, {"bilinear": dict(PLAIN, type="image", size=SIZE), "bicubic": bicubic,
                                  "grey": {"type": "image", "size": SIZE, "channels": 1, "mean": [0], "std": [1]},
                                  "normalised": {"type": "image", "size": SIZE}})
    pictures = []
    for width, height in [(480, 360), (80, 100), (33, 47), (1, 9), (1000, 20), (224, 300), (SIZE, SIZE)]:
        pictures.append(scene(random, width, height))
        pictures[-1].save(data.add(f"{width}x{height}.png"))
    data.write()
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    for index, picture in enumerate(pictures):
        name = "{}x{}".format(*picture.size)
        bilinear = np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR))
        table.compare("resize: bilinear", pixels(data.show(name, "bilinear")), bilinear, 0)
        expected = np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
        table.compare("resize: bicubic", pixels(data.show(name, "bicubic")), expected, 0)
        expected = np.asarray(picture.convert("L").resize((SIZE, SIZE), Image.Resampling.BILINEAR))
        table.compare("resize: grey", pixels(data.show(name, "grey"))[..., 0], expected, 0)
        expected = np.moveaxis((bilinear.astype(np.float32) / np.float32(255) - mean) / deviation, -1, 0)
        table.compare("resize: normalised", data.show(name, "normalised"), expected, 0)
        for seed in (0, 7, 12345678901):
            ours = pixels(data.show(name, "bilinear", "--training", "--seed", seed))
            expected = np.asarray(in_training(picture, SIZE, seed, index, "bilinear"))
            table.compare("resize: crop and flip of training", ours, expected, 0)


def check_jpeg(program, folder, table):
    random = np.random.default_rng(3)
    side = 200
    kinds = {"grey": {}, "4:4:4": {"subsampling": 0}, "4:2:2": {"subsampling": 1}, "4:2:0": {"subsampling": 2},
             "progressive 4:2:0": {"subsampling": 2, "progressive": True}}
    for orientation in range(2, 9):
        kinds[f"orientation {orientation}"] = {"exif": Image.Exif()}
        kinds[f"orientation {orientation}"]["exif"][0x0112] = orientation
    data = Data(program, folder, {"picture": dict(PLAIN, type="image", size=side)})
    files = []
    for kind, options in kinds.items():
        for quality in (60, 95):
            path = data.add(f"{kind.replace(':', '').replace(' ', '_')}_{quality}.jpg")
            picture = scene(random, side, side)
            (picture.convert("L") if kind == "grey" else picture).save(path, quality=quality, **options)
            files.append((kind, path))
    data.write()
    for kind, path in files:
        theirs = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        ours = pixels(data.show(path.stem, "picture"))
        table.compare(f"jpeg: {kind}", ours, theirs, 0)


# ---- Video ----------------------------------------------------------------------------------------------------------

def write_video(path, codec, frames, fps, options):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.height, stream.width = frames[0].height, frames[0].width
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode(None))


def numbered(random, side, count):
    """Frames that differ from each other everywhere."""
    return [scene(random, side, side).rotate(7 * i).point(lambda v, i=i: (v + 5 * i) % 256) for i in range(count)]


FLAGS = "bicubic+accurate_rnd+full_chroma_int"


def converted(frame, flags):
    """To RGB by swscale with these flags. reformat() of some versions of PyAV does not hand them on."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    sink = graph.add("buffersink")
    graph.link_nodes(source, graph.add("scale", f"flags={flags}"), graph.add("format", "pix_fmts=rgb24"), sink)
    graph.configure()
    graph.push(frame)
    return sink.pull().to_ndarray()


def check_video(program, folder, table):
    random = np.random.default_rng(4)
    side, count, fps = 97, 53, 25  # an odd size: half a pixel of colour at the edge
    settings = dict(PLAIN, type="frames", size=side)
    data = Data(program, folder, {"five": dict(settings, frames=5), "middle": dict(settings, frames=1),
                                  "beginning": dict(settings, frames=4, policy="first")})
    clips = {"h264_b_frames.mp4": ("libx264", {"bf": "3", "g": "12"}), "h264_one_keyframe.mkv": ("libx264", {"g": "99"}),
             "mpeg4.avi": ("mpeg4", {"g": "12"}), "mpeg4_cut.mp4": ("mpeg4", {"g": "10", "bf": "2"})}
    for name, (codec, options) in clips.items():
        cut = (0.4, 1.6) if "cut" in name else ("", "")
        even = side - 1 if codec == "libx264" else side  # which has no odd sizes in 4:2:0
        write_video(data.add(name, *cut), codec, numbered(random, even, count), fps, options)
    data.write()
    for name in clips:
        with av.open(str(data.folder / name)) as container:
            frames = list(container.decode(video=0))
        assert len(frames) == count, (name, len(frames))
        first, last = (10, 40) if "cut" in name else (0, count)
        share = (last - first) / 5
        chosen = {"five": [first + int(i * share + share / 2) for i in range(5)],
                  "middle": [first + int((last - first) / 2)], "beginning": [first + i for i in range(4)]}
        for modality, indices in chosen.items():
            compare_frames(table, pixels(data.show(Path(name).stem, modality)), frames, indices, side)


def compare_frames(table, ours, frames, indices, side):
    def fitted(picture):
        return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))

    exact = [fitted(converted(frame, FLAGS)) for frame in frames]
    distances = [[np.mean(np.abs(picture.astype(int) - other)) for other in exact] for picture in ours]
    table.compare("video: numbers of the frames", np.argmin(distances, axis=1), np.array(indices), 0)
    for picture, index in zip(ours, indices):
        table.compare(f"video: {FLAGS}", picture, exact[index], 0)
        table.compare("video: PyAV's default conversion", picture, fitted(frames[index].to_ndarray(format="rgb24")))


def main(program):
    table = Table()
    with tempfile.TemporaryDirectory(prefix="pdmp_features_") as folder:
        for name, check in [("audio", check_audio), ("resize", check_resize), ("jpeg", check_jpeg),
                            ("video", check_video)]:
            check(program, Path(folder) / name, table)
    return 0 if table.print() else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
