#!/usr/bin/env python3
"""Damages small media files of eighteen formats at random and has pdmp read them all.

    tests/data/mutate_media.py PDMP [--per-format 30] [--formats png,mp4] [--seed 0] [--jobs 1] [--keep DIR]

PDMP is the program. Whatever is in a file, the program ends by itself, takes at most 5 s and 500 MB for it, opens no
socket, and says of each file that it decodes or why it does not. Prints a line a format; exit status 1 where something
went wrong, with the files kept. Needs the programs `ffmpeg` (it makes the good files) and `strace` (it sees sockets).
"""
import argparse
import concurrent.futures
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from pathlib import Path

SECONDS = 5  # for one file
PEAK_MB = 500
BATCH = 100  # files a process

PICTURE = ["-f", "lavfi", "-i", "testsrc=size=48x32:rate=5:duration=1", "-frames:v", "1"]
MOVING = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1"]
TONE = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=0.6"]
FFMPEG = {  # arguments before the name of the file
    "jpg": PICTURE, "png": PICTURE, "webp": PICTURE + ["-c:v", "libwebp"], "bmp": PICTURE, "tiff": PICTURE,
    "gif": MOVING, "wav": TONE, "flac": TONE, "ogg": TONE + ["-c:a", "libvorbis"], "mp3": TONE,
    "opus": TONE + ["-ar", "48000", "-c:a", "libopus"],
    "mp4": MOVING + TONE + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"],
    "avi": MOVING + TONE + ["-c:v", "mpeg4", "-c:a", "pcm_s16le"],
    "mkv": MOVING + TONE + ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac"],
    "webm": MOVING + TONE + ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"],
}
IMAGE = {"type": "image", "size": 16}
AUDIO = {"type": "audio", "profile": "log_mel_2s"}
FRAMES = {"type": "frames", "size": 16, "frames": 3}
MODALITIES = {  # what reads a format
    **dict.fromkeys(["jpg", "png", "webp", "bmp", "gif", "tiff", "svg"], [IMAGE]),
    **dict.fromkeys(["wav", "flac", "ogg", "mp3", "opus"], [AUDIO]),
    **dict.fromkeys(["mp4", "avi", "mkv", "webm"], [FRAMES, AUDIO]),
    "npy": [{"type": "tensor"}],
}
SVG = """<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300" height="280" viewBox="0 0 60 56">
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#f80"/><stop offset="1" stop-color="#08f"/>
</linearGradient><filter id="f" x="-.1" y="-.1" width="1.2" height="1.2"><feGaussianBlur stdDeviation="1.5"/><feOffset dx="1" dy="2"/>
<feFlood width="20" height="20"/><feTile/><feTurbulence baseFrequency=".05" numOctaves="2"/><feComposite in="SourceGraphic"/></filter>
<pattern id="p" width="4" height="4" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1.5"/></pattern>
<mask id="m"><rect width="60" height="56" fill="white"/></mask><clipPath id="c"><path d="M0 0L40 0L30 50Z"/></clipPath></defs>
<rect width="50" height="40" fill="url(#g)" filter="url(#f)" opacity=".8"/><g transform="rotate(12 30 28) scale(1.1)" mask="url(#m)">
<path d="M5 5C10 20 30 -5 50 30S20 50 5 5z" fill="url(#p)" stroke="#333" stroke-width="1.2" stroke-dasharray="3 2" clip-path="url(#c)"/>
<text x="5" y="50" font-size="8" font-family="serif">text &amp; more</text><use xlink:href="#p" x="3"/></g></svg>
"""


def npy():
    header = str({"descr": "<f4", "fortran_order": False, "shape": (4, 6)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<24f", *range(24))


def tar(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def good_file(form, folder):
    if form == "svg":
        return SVG.encode()
    if form == "npy":
        return npy()
    if form == "tar":
        wav = good_file("wav", folder)
        return tar([("a.wav", wav[:2000]), ("a.cls", b"one"), ("b.wav", wav[:1000]), ("b.json", b'{"label": "two"}'),
                    ("a" * 120 + ".txt", b"a long name"), ("c.cls", b"one"), ("c.txt", b"words")])
    file = folder / f"good.{form}"
    subprocess.run(["ffmpeg", "-v", "error", "-y", *FFMPEG[form], "-bitexact", str(file)], check=True,
                   stdin=subprocess.DEVNULL)
    return file.read_bytes()


# --- damage ----------------------------------------------------------------------------------------------------------
NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
TEXT_NUMBERS = [b"0", b"-1", b"1e9", b"9999999", b"NaN", b"1e-9", b"32768", b"0.0001", b"100%", b"1e308"]


def flip(data, rng):
    for _ in range(1 << rng.randrange(6)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(data, rng):
    del data[rng.randrange(len(data)):]


def splice(data, rng):
    begin, length = rng.randrange(len(data)), rng.randrange(1, 64 + len(data) // 8)
    part = data[begin:begin + length]
    at = rng.randrange(len(data))
    data[at:at + (len(part) if rng.random() < .5 else 0)] = part


def insert(data, rng):
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(1 << rng.randrange(10))


def zero(data, rng):
    begin, length = rng.randrange(len(data)), 1 << rng.randrange(10)
    data[begin:begin + length] = bytes(len(data[begin:begin + length]))


def remove(data, rng):
    begin = rng.randrange(len(data))
    del data[begin:begin + (1 << rng.randrange(8))]


def field(data, rng):
    """A number of 1 to 4 bytes, more often near the beginning."""
    reach = len(data) if rng.random() < .4 else min(len(data), 256)
    at, width = rng.randrange(reach), rng.choice([1, 2, 4, 4])
    number = rng.choice(NUMBERS) & (1 << 8 * width) - 1
    data[at:at + width] = number.to_bytes(width, rng.choice(["big", "little"]))


def text_number(data, rng):
    digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
    if digits:
        at = rng.choice(digits)
        data[at:at + 1] = rng.choice(TEXT_NUMBERS)


def nest(data, rng):
    tags = [i for i, byte in enumerate(data) if byte == ord("<")]
    if len(tags) > 2:
        begin, end = sorted(rng.sample(tags, 2))
        data[end:end] = data[begin:end] * rng.choice([1, 3, 40])


BINARY = [flip, flip, flip, cut, splice, insert, zero, remove, field, field, field]
TEXT = [text_number, text_number, text_number, nest, flip, cut, splice, remove]


def repair(form, data):
    """Checksums that would hide what lies behind them, as far as the lengths still lead."""
    at = 8
    while form == "png" and at + 12 <= len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        if length > len(data) - at - 12:
            return
        data[at + 8 + length:at + 12 + length] = struct.pack(">I", zlib.crc32(data[at + 4:at + 8 + length]))
        at += 12 + length
    at = 0
    while form == "tar" and at + 512 <= len(data) and any(data[at:at + 512]):
        block = data[at:at + 512]
        block[148:156] = b" " * 8
        data[at + 148:at + 156] = b"%06o\0 " % sum(block)
        try:
            size = int(bytes(block[124:135]) or b"0", 8)
        except ValueError:
            return
        at += 512 + (size + 511) // 512 * 512


def damaged(form, good, rng):
    data = bytearray(good)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        if data:
            rng.choice(TEXT if form == "svg" else BINARY)(data, rng)
    if rng.random() < .5:
        repair(form, data)
    return bytes(data)


# --- reading ---------------------------------------------------------------------------------------------------------
class Outcome:
    def __init__(self):
        self.files = self.cells = self.failed = self.slow = self.sockets = 0
        self.peak_mb = 0
        self.wrong = []  # what went wrong, for people

    def add(self, other):
        for name in ("files", "cells", "failed", "slow", "sockets"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.peak_mb = max(self.peak_mb, other.peak_mb)
        self.wrong += other.wrong


def run(program, arguments, folder, seconds):
    """Exit status (negative: a signal, None: it was ended), stdout, peak of any process in MB, calls of the network."""
    trace, output = folder / "trace", folder / "output"
    command = [str(program), *arguments]
    if shutil.which("strace"):
        command = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=%network", "-e", "signal=none", "-o",
                   str(trace), *command]
    with output.open("wb") as stdout, (folder / "errors").open("wb") as stderr:
        child = subprocess.Popen(command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL,
                                 start_new_session=True)
        deadline, status, usage = time.monotonic() + seconds, None, None
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done or time.monotonic() > deadline:
                break
            time.sleep(.01)
        if not done:
            os.killpg(child.pid, 9)
            _, _, usage = os.wait4(child.pid, 0)
            child.returncode = -9
        else:
            child.returncode = os.waitstatus_to_exitcode(status)
    calls = [line for line in trace.read_text(errors="replace").splitlines() if "(" in line] if trace.exists() else []
    return (child.returncode if done else None), output.read_bytes(), usage.ru_maxrss / 1000, len(calls)


def judge(outcome, status, peak, calls, where):
    outcome.peak_mb, outcome.sockets = peak, calls
    if status is None:
        outcome.wrong.append(f"{where}: does not end")
    elif status not in (0, 1):
        outcome.wrong.append(f"{where}: ends with {'signal' if status < 0 else 'status'} {abs(status)}")
    if peak > PEAK_MB:
        outcome.wrong.append(f"{where}: takes {peak:.0f} MB")
    if calls:
        outcome.wrong.append(f"{where}: {calls} calls of the network")


def check_batch(program, form, files, folder):
    """The files as cells of a data set, which is checked."""
    modalities = [{"name": f"m{i}", "column": "file", **entry} for i, entry in enumerate(MODALITIES[form])]
    (folder / "dataset.json").write_text(json.dumps({"classes": ["a", "b"], "modalities": modalities}))
    rows = [f"{i},train,{'ab'[i % 2]},{i}.{form}" for i in range(len(files))]
    (folder / "metadata.csv").write_text("\n".join(["id,split,label,file", *rows]) + "\n")
    for i, data in enumerate(files):
        (folder / f"{i}.{form}").write_bytes(data)
    arguments = ["data", "check", str(folder), "--json", "--workers", "1", "--max-file-seconds", str(SECONDS)]
    outcome = Outcome()
    outcome.files = len(files)
    status, output, peak, calls = run(program, arguments, folder, 60 + SECONDS * len(files))
    judge(outcome, status, peak, calls, folder)
    if status in (0, 1):
        try:
            report = json.loads(output)
        except ValueError:
            outcome.wrong.append(f"{folder}: no report")
            return outcome
        outcome.cells, outcome.failed = report["cells"], report["failed"]
        for failure in report["failures"]:
            if "--max-file-seconds" in failure["reason"]:
                outcome.slow += 1
                outcome.wrong.append(f"{folder}/{failure['cell']}: takes longer than {SECONDS} s")
            if f"{failure['cell']}" not in failure["reason"]:
                outcome.wrong.append(f"{folder}/{failure['cell']}: is not named: {failure['reason']}")
    return outcome


def check_tar(program, files, folder):
    """One archive a run: a damaged one stops it."""
    total = Outcome()
    for i, data in enumerate(files):
        raw = folder / f"raw{i}"
        raw.mkdir()
        (raw / "train.tar").write_bytes(data)
        outcome = Outcome()
        outcome.files = outcome.cells = 1
        status, _, peak, calls = run(program, ["prepare", "webdataset", "--raw", str(raw), "--out", str(folder / f"out{i}")],
                                     folder, 4 * SECONDS)
        judge(outcome, status, peak, calls, raw)
        outcome.failed = int(status != 0)
        total.add(outcome)
        shutil.rmtree(folder / f"out{i}", ignore_errors=True)
    return total


def check_format(program, form, count, seed, base):
    begin, total = time.monotonic(), Outcome()
    rng = random.Random(f"{seed}/{form}")
    good = good_file(form, base)
    while total.files < count:
        files = [damaged(form, good, rng) for _ in range(min(BATCH, count - total.files))]
        if total.files == 0:
            files[0] = good
        folder = base / f"{form}{total.files}"
        folder.mkdir()
        outcome = (check_tar if form == "tar" else check_batch)(program, *([] if form == "tar" else [form]), files, folder)
        total.add(outcome)
        if not outcome.wrong:
            shutil.rmtree(folder)
    if total.failed == total.cells:
        total.wrong.append(f"{form}: not even the good file decodes")
    return form, total, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--per-format", type=int, default=30)
    parser.add_argument("--formats", default=",".join([*FFMPEG, "svg", "npy", "tar"]))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave what went wrong there")
    arguments = parser.parse_args()
    if not shutil.which("ffmpeg"):
        sys.exit("expected the program ffmpeg, found none; run scripts/setup")
    base = arguments.keep or Path(tempfile.mkdtemp(prefix="pdmp_mutate_"))
    base.mkdir(parents=True, exist_ok=True)
    print(f"{'format':8}{'files':>8}{'cells':>8}{'refused':>9}{'over 5 s':>10}{'sockets':>9}{'peak MB':>9}{'seconds':>9}")
    wrong = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = [pool.submit(check_format, arguments.program.resolve(), form, arguments.per_format, arguments.seed, base)
                for form in arguments.formats.split(",")]
        for job in jobs:
            form, total, seconds = job.result()
            print(f"{form:8}{total.files:8}{total.cells:8}{total.failed:9}{total.slow:10}{total.sockets:9}"
                  f"{total.peak_mb:9.0f}{seconds:9.0f}", flush=True)
            wrong += total.wrong
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong and arguments.keep is None:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
