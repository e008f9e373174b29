#!/usr/bin/env python3
"""Compares the pixels that pdmp decodes from images with Pillow's, on files made here.

    tests/golden/images_check.py build/release/pdmp [-v]

Some 1,200 files over format, mode, depth, alpha, palette, orientation, interlace, sampling, compression and packing. What
Pillow gives is what ImageOps.exif_transpose(Image.open(file)) converts to RGB, with transparency laid on white. Prints a
table; what is not equal to the bit is listed with its reason, and the exit status is 1 where something differs that has
none in REASONS. By hand: pip install pillow numpy tifffile, in an environment of its own. The numbers come from `pdmp
data show`, which is asked once for all files of one size (as frames of one folder).
"""
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from image_files import write_files

# Kinds of files whose values are not Pillow's, why, and what they are instead: a function of the file's path.
REASONS = {}


def reason(text):
    def add(function):
        REASONS[function.__name__] = (text, function)
        return function

    return add


def on_white(image):
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        white.alpha_composite(image)
        image = white
    return np.asarray(image.convert("RGB"))


def by_pillow(path):
    with Image.open(path) as image:
        return on_white(ImageOps.exif_transpose(image))


# ---- The program ----------------------------------------------------------------------------------------------------

class Program:
    """Asks pdmp for the pixels of files."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def _run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, check=False)

    def _show(self, paths, size):
        data = self.folder / "data"
        frames = data / "frames"
        subprocess.run(["rm", "-rf", data], check=True)
        frames.mkdir(parents=True)
        for i, path in enumerate(paths):
            (frames / f"{i:04}{path.suffix}").write_bytes(path.read_bytes())
        modality = {"name": "m", "type": "frames", "column": "file", "size": size, "frames": len(paths),
                    "policy": "first", "mean": [0, 0, 0], "std": [1, 1, 1]}
        (data / "dataset.json").write_text(json.dumps({"classes": ["a","b"], "modalities": [modality]}))
        (data / "metadata.csv").write_text("id,split,label,file\nx,train,a,frames\ny,test,b,frames\n")
        done = self._run("data", "show", data, "--id", "x", "--modality", "m", "--out", data / "x.npy")
        if done.returncode != 0 or not (data / "x.npy").exists():
            return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no output"
        values = np.round(np.load(data / "x.npy") * 255).astype(np.uint8)  # (3, T, H, W)
        return [np.moveaxis(values[:, i], 0, -1) for i in range(len(paths))]

    def pixels(self, paths, size):
        """A picture for each path, or why there is none."""
        shown = self._show(paths, size)
        if not isinstance(shown, str):
            return shown
        if len(paths) == 1:
            return [shown]
        half = len(paths) // 2
        return self.pixels(paths[:half], size) + self.pixels(paths[half:], size)


# ---- What is not Pillow's -------------------------------------------------------------------------------------------

@reason("16-bit gray: Pillow clips at 255, pdmp keeps the upper byte (docs/data-format.md)")
def gray16(path):
    with Image.open(path) as image:
        if image.mode not in ("I;16", "I;16B", "I;16L") and (path.suffix != ".ppm" or image.mode != "I"):
            return None
        values = np.asarray(ImageOps.exif_transpose(image)).astype(np.uint16)
        gray = (values >> 8).astype(np.uint8)
        if "transparency" in image.info:
            gray = np.where(values == image.info["transparency"], 255, gray).astype(np.uint8)
        return np.repeat(gray[..., None], 3, -1)


@reason("PNG gray of 2 and 4 bits with a transparent value: Pillow compares it, unscaled, with scaled samples")
def gray_transparency(path):
    with Image.open(path) as image:
        if path.suffix != ".png" or image.mode != "L" or "transparency" not in image.info:
            return None
        depth = path.read_bytes()[24]
        gray = np.asarray(image)
        key = image.info["transparency"] * 255 // ((1 << depth) - 1)
        return np.repeat(np.where(gray == key, 255, gray).astype(np.uint8)[..., None], 3, -1)


@reason("PNG of 16-bit colors with a transparent one: Pillow compares upper bytes with 16 bits, so that none is")
def color_transparency(path):
    with Image.open(path) as image:
        if path.suffix != ".png" or image.mode != "RGB" or "transparency" not in image.info:
            return None
        if path.read_bytes()[24] != 16:
            return None
        colors = np.asarray(image)  # in these files, the upper byte says what the lower one is
        through = (colors == [value >> 8 for value in image.info["transparency"]]).all(-1, keepdims=True)
        return np.where(through, 255, colors).astype(np.uint8)


@reason("TIFF of uncompressed YCbCr: Pillow converts it by its own tables, but compressed YCbCr by libtiff, as here")
def uncompressed_ycbcr(path):
    with Image.open(path) as image:
        if path.suffix != ".tif" or image.mode != "YCbCr":
            return None
        compressed = io.BytesIO()
        image.save(compressed, "tiff", compression="tiff_lzw")
    with Image.open(compressed) as image:
        return np.asarray(image.convert("RGB"))


# ---- All of it ------------------------------------------------------------------------------------------------------

def expected_of(path):
    try:
        return by_pillow(path)
    except Exception as error:  # whatever Pillow says of a file
        return f"Pillow: {error}"


def judge(path, ours, theirs):
    """'equal', a reason, or what is wrong."""
    if isinstance(theirs, str):
        return f"! {theirs}, here {ours if isinstance(ours, str) else 'read'}"
    for text, instead in REASONS.values():
        other = instead(path)
        if other is not None and not isinstance(ours, str) and np.array_equal(ours, other):
            return "equal" if np.array_equal(ours, theirs) else text
    if isinstance(ours, str):
        return f"! {ours}"
    if ours.shape != theirs.shape:
        return f"! shape {ours.shape} instead of {theirs.shape}"
    difference = np.abs(ours.astype(int) - theirs)
    if not difference.any():
        return "equal"
    return f"! {np.count_nonzero(difference)} values differ, by up to {difference.max()}"


def main(program, verbose):
    with tempfile.TemporaryDirectory(prefix="pdmp_images_") as name:
        folder = Path(name)
        (folder / "files").mkdir()
        files = write_files(folder / "files")
        theirs = {name: expected_of(path) for name, path in files.items()}
        groups = {}
        for name, picture in theirs.items():
            size = tuple(picture.shape[:2]) if not isinstance(picture, str) else (23, 31)
            groups.setdefault(size, []).append(name)
        runner, verdicts = Program(program, folder), {}
        for size, names in groups.items():
            for name, ours in zip(names, runner.pixels([files[name] for name in names], list(size))):
                verdicts[name] = judge(files[name], ours, theirs[name])
    return report(verdicts, verbose)


def report(verdicts, verbose):
    formats = {}
    for name, verdict in verdicts.items():
        counts = formats.setdefault(name.split()[0], {"files": 0, "equal": 0, "with a reason": 0, "wrong": 0})
        counts["files"] += 1
        counts["equal" if verdict == "equal" else "wrong" if verdict.startswith("!") else "with a reason"] += 1
    print(f"{'':8}{'files':>8}{'equal':>8}{'with a reason':>15}{'wrong':>8}")
    total = {}
    for kind, counts in formats.items():
        print(f"{kind:8}" + "".join(f"{value:{width}}" for value, width in zip(counts.values(), (8, 8, 15, 8))))
        total = {key: total.get(key, 0) + value for key, value in counts.items()}
    print(f"{'all':8}" + "".join(f"{value:{width}}" for value, width in zip(total.values(), (8, 8, 15, 8))))
    for text in sorted({text for text, _ in REASONS.values()} & set(verdicts.values())):
        print(f"{sum(verdict == text for verdict in verdicts.values())} files: {text}")
    for name, verdict in verdicts.items():
        if verdict.startswith("!") or (verbose and verdict != "equal"):
            print(f"{name}: {verdict}")
    return 1 if total["wrong"] else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], "-v" in sys.argv))
