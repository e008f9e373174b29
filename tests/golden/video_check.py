#!/usr/bin/env python3
"""Compares the frames that pdmp decodes of videos made here, and their times, with ffmpeg's.

    tests/golden/video_check.py build/release/media_dump

By hand: it needs ffmpeg and ffprobe and, in an environment of its own, pip install numpy; media_dump is a target of its own
(cmake --build build/release --target media_dump). Prints a table and every difference with its reason; exit status 1
where one has none.

Videos over container x codec x constant or variable rate x start x rotation and mirroring x B-frames x sound that begins
earlier or later. Every frame must equal, to the bit, what ffmpeg writes with swscale's
bicubic+accurate_rnd+full_chroma_int, turned by its autorotate; every frame's time what ffprobe says, less the start of
the earlier of pictures and sound (a sound that is earlier by no more than an encoder's delay does not count).
"""
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from dumped import Dump, Report, ffmpeg

FLAGS = "bicubic+accurate_rnd+full_chroma_int"
RATE = 20
REASONS = {}
SOURCE = ["-f", "lavfi", "-i", "testsrc2=d=2:r=20:s=64x48"]
VARIABLE = ["-vf", "setpts='if(lt(N,10),N*0.2,2+(N-10)*0.04)/TB'", "-vsync", "vfr", "-enc_time_base", "1:1000"]
LATE = ["-output_ts_offset", "8"]


def entries(path, what, *streams):
    command = ["ffprobe", "-v", "error", *streams, "-show_entries", what, "-of", "json", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def frame_times(path):
    """Seconds on the file's clock."""
    frames = entries(path, "frame=best_effort_timestamp_time", "-select_streams", "v:0")["frames"]
    times = np.array([float(frame.get("best_effort_timestamp_time", "nan")) for frame in frames])
    streams = entries(path, "stream=codec_type,codec_name,start_time,sample_rate")["streams"]
    start = {stream["codec_type"]: float(stream["start_time"]) for stream in streams if "start_time" in stream}
    begin = start.get("video", times[0])
    sound = next((stream for stream in streams if stream["codec_type"] == "audio"), None)
    if sound is not None and "audio" in start:
        block = {"aac": 1024, "mp3": 1152, "mp2": 1152, "opus": 960}.get(sound["codec_name"], 0)
        if start["audio"] < begin - 2 * block / int(sound["sample_rate"]):
            begin = start["audio"]
    if path.name.endswith("_b.avi"):  # notes no times of presentation; ffprobe gives those of decoding, which are late
        return np.arange(len(times)) / RATE
    return times - begin


# What a display orientation beside the frames makes of a clip (N, H, W, 3). ffmpeg turns the one frame that carries it and
# no other; by ITU-T H.264, D.2.27, it holds until the next coded sequence.
BESIDE_FRAMES = {"sei_rotate_90": lambda x: np.rot90(x, 1, (1, 2)), "sei_rotate_270": lambda x: np.rot90(x, 3, (1, 2)),
                 "sei_flip": lambda x: x[:, :, ::-1], "sei_vflip": lambda x: x[:, ::-1]}


def reference(path, height, width):
    raw = ffmpeg("-i", path, "-map", "v:0", "-vsync", "passthrough", "-enc_time_base", "1:90000", "-sws_flags", FLAGS, "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def difference(ours, path):
    """In words; "" where frames and times are equal."""
    if isinstance(ours, str):
        return "refused: " + ours
    frames, answer = ours
    try:
        turn = BESIDE_FRAMES.get(path.stem)
        expected = turn(reference(path.parent / "plain.mp4", 48, 64)) if turn else reference(path, answer["height"], answer["width"])
    except ValueError:
        return f"frames of {answer['height']} x {answer['width']}, expected others"
    if len(frames) != len(expected):
        return f"{len(frames)} frames, expected {len(expected)}"
    if frames.shape != expected.shape:
        return f"shape {frames.shape}, expected {expected.shape}"
    worst = int(np.max(np.abs(frames.astype(int) - expected)))
    if worst > 0:
        return f"worst difference of a pixel {worst}"
    times = frame_times(path)
    if len(times) != len(answer["times"]):
        return f"{len(answer['times'])} times, expected {len(times)}"
    late = float(np.nanmax(np.abs(np.array(answer["times"]) - times)))  # ffprobe gives some frames no time
    return "" if late < 2e-6 else f"a time differs by {late:.4f} s"  # ffprobe prints six digits


# ---- The videos -------------------------------------------------------------------------------------------------------

def streams(folder):
    """Container x rate x B-frames x start."""
    kinds = [("mp4", "libx264", []), ("mov", "libx264", []), ("mkv", "libx264", []), ("flv", "libx264", []),
             ("ts", "libx264", ["-f", "mpegts"]), ("mp4", "libx265", ["-x265-params", "log-level=none"])]
    for (ending, codec, more), variable, bframes, late in itertools.product(kinds, (0, 1), (0, 3), (0, 1)):
        if codec == "libx265" and late:
            continue
        path = folder / f"{codec}_{'variable' if variable else 'constant'}_bf{bframes}_{'late' if late else 'start0'}.{ending}"
        ffmpeg(*SOURCE, *(VARIABLE if variable else []), "-c:v", codec, "-pix_fmt", "yuv420p", "-bf", bframes, "-g", 12, *more,
               *(LATE if late else []), path)
        yield "container, rate, B-frames, start", path


def other_codecs(folder):
    kinds = [("vp8.webm", ["-c:v", "libvpx"]), ("vp9.webm", ["-c:v", "libvpx-vp9"]), ("mpeg4.mp4", ["-c:v", "mpeg4", "-bf", "2"]),
             ("mpeg4.avi", ["-c:v", "mpeg4"]), ("mpeg4_b.avi", ["-c:v", "mpeg4", "-bf", "2"]), ("mjpeg.avi", ["-c:v", "mjpeg"]),
             ("h264.avi", ["-c:v", "libx264", "-bf", "0"]), ("h264_b.avi", ["-c:v", "libx264", "-bf", "2"]),
             ("mpeg2.mpg", ["-c:v", "mpeg2video", "-r", "25"]), ("mpeg2_b.mpg", ["-c:v", "mpeg2video", "-r", "25", "-bf", "2"]),
             ("mpeg2.ts", ["-c:v", "mpeg2video", "-r", "25", "-bf", "2", "-f", "mpegts"]), ("wmv2.wmv", ["-c:v", "wmv2"]),
             ("flv1.flv", ["-c:v", "flv1"]), ("h263.3gp", ["-c:v", "h263", "-s", "128x96"]), ("ffv1.mkv", ["-c:v", "ffv1"])]
    for name, options in kinds:
        ffmpeg(*SOURCE, *options, folder / name)
        yield "other codecs", folder / name
    for name, options in kinds[:2] + kinds[14:]:
        path = folder / f"variable_{name}"
        ffmpeg(*SOURCE, *VARIABLE, *options, path)
        yield "other codecs", path


# a, b, c, d of the display matrix; EXIF's orientations 1 to 8.
MATRICES = [(1, 0, 0, 1), (-1, 0, 0, 1), (-1, 0, 0, -1), (1, 0, 0, -1), (0, 1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0), (0, -1, 1, 0)]


def turned(folder):
    for ending in ("mp4", "mov"):
        plain = folder / f"plain.{ending}"  # without halved color, which ffmpeg turns before it converts
        ffmpeg(*SOURCE, "-c:v", "libx264", "-pix_fmt", "yuv444p", plain)
        for number, matrix in enumerate(MATRICES, 1):
            data = bytearray(plain.read_bytes())
            at = data.index(b"tkhd") + 44
            for place, value in zip((0, 4, 12, 16), matrix):
                data[at + place:at + place + 4] = (value << 16).to_bytes(4, "big", signed=True)
            path = folder / f"turned_{number}.{ending}"
            path.write_bytes(data)
            yield "rotation and mirroring", path
    for name, option in (("rotate_90", "rotate=90"), ("rotate_270", "rotate=270"), ("flip", "flip=horizontal"), ("vflip", "flip=vertical")):
        path = folder / f"sei_{name}.mp4"
        ffmpeg("-i", folder / "plain.mp4", "-c", "copy", "-bsf:v", f"h264_metadata=display_orientation=insert:{option}", path)
        yield "rotation and mirroring", path
    for name in ("tag.mp4", "tag.mkv"):
        ffmpeg("-i", folder / "plain.mp4", "-c", "copy", "-metadata:s:v:0", "rotate=90", folder / name)
        yield "rotation and mirroring", folder / name


def with_sound(folder):
    sine = ["-f", "lavfi", "-i", "sine=440:d=2"]
    kinds = [("mp4", ["-c:v", "libx264", "-c:a", "aac"]), ("mkv", ["-c:v", "libx264", "-c:a", "aac"]),
             ("webm", ["-c:v", "libvpx", "-c:a", "libopus"]), ("flv", ["-c:v", "libx264", "-ar", "44100", "-c:a", "aac"]),
             ("ts", ["-c:v", "libx264", "-c:a", "aac", "-f", "mpegts"])]
    for ending, options in kinds:
        for name, inputs in (("together", [*SOURCE, *sine]), ("late_sound", [*SOURCE, "-itsoffset", "1", *sine]),
                             ("late_pictures", ["-itsoffset", "1", *SOURCE, *sine])):
            path = folder / f"{name}.{ending}"
            ffmpeg(*inputs, "-map", "0", "-map", "1", *options, path)
            yield "beside sound", path


def main(program):
    report = Report(REASONS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dump = Dump(program, folder)
        for make in (streams, other_codecs, turned, with_sound):
            for kind, path in make(folder):
                report.add(kind, path.name, difference(dump.video(path), path))
    return report.finish()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
