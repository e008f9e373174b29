#!/usr/bin/env python3
"""Compares the samples that pdmp decodes of recordings made here with soundfile's and ffmpeg's.

    tests/golden/sound_check.py build/release/media_dump

By hand: it needs ffmpeg and, in an environment of its own, pip install numpy soundfile; media_dump is a target of its own
(cmake --build build/release --target media_dump). Prints a table and every difference with its reason; exit status 1
where one has none.

Recordings over container x codec x rate x channels x depth x byte order, with encoders' delays, tags around the stream and
timestamps that begin late. Uncompressed and lossless ones must equal soundfile's samples to the bit, and those of codecs
that soundfile does not read ffmpeg's. Decoders of lossy codecs differ in their last bits (soundfile's are libvorbis,
libopus and libmpg123; pdmp's and ffmpeg's are the same): equal to ffmpeg's to the bit, and to soundfile's within 1e-3.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from dumped import Dump, Report, ffmpeg

RATES = [8000, 16000, 22050, 44100, 48000, 96000]
LOSSLESS, BY_FFMPEG_KIND, BY_SOUNDFILE = "lossless: soundfile", "lossy: ffmpeg", "lossy: soundfile within 1e-3"
SHORT = "FFmpeg leaves the padding of the last block in Vorbis of one page; pdmp and soundfile keep the length that the page notes"
RATE = "Opus is decoded at 48 kHz, as by ffmpeg; soundfile has libopus decode at the rate of what was encoded"
REFUSED = "refused: FFmpeg does not read this order of bytes"
REASONS = {
    (LOSSLESS, "AIFF_PCM_24_22050_2_LITTLE"): REFUSED, (LOSSLESS, "AU_PCM_16_22050_2_LITTLE"): REFUSED,
    (LOSSLESS, "AU_FLOAT_22050_2_LITTLE"): REFUSED,
    (BY_SOUNDFILE, "OGG_OPUS_8000"): RATE, (BY_SOUNDFILE, "OGG_OPUS_16000"): RATE,
    (BY_FFMPEG_KIND, "OGG_VORBIS_8000"): SHORT, (BY_FFMPEG_KIND, "OGG_VORBIS_16000"): SHORT,
    (BY_FFMPEG_KIND, "OGG_VORBIS_22050_1"): SHORT,
}


def wave(rate, channels, seconds=0.5):
    """A sweep and noise, other ones on each channel, with the extremes of the range."""
    random = np.random.default_rng(rate + channels)
    time = np.arange(int(rate * seconds)) / rate
    sound = [0.6 * np.sin(2 * np.pi * (200 * (c + 1)) * time * (1 + time)) for c in range(channels)]
    sound = np.stack(sound, axis=1) + random.normal(0, 0.02, (len(time), channels))
    sound[5], sound[6] = 1 - 2.0 ** -15, -1
    return np.clip(sound, -1, 1 - 2.0 ** -15)


def mono(samples):
    """The mean of the channels as pdmp takes it: float32, one channel after the other."""
    total = np.zeros(len(samples), np.float32)
    for channel in range(samples.shape[1]):
        total = total + samples[:, channel]
    return total / np.float32(samples.shape[1])


def of_soundfile(path):
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return mono(samples), rate


def of_ffmpeg(path):
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=sample_rate,channels", "-of",
         "csv=p=0", str(path)], check=True, capture_output=True, text=True).stdout.strip().split("\n")[0].split(",")
    rate, channels = int(probe[0]), int(probe[1])
    raw = np.frombuffer(ffmpeg("-i", path, "-map", "a:0", "-f", "f32le", "-c:a", "pcm_f32le", "-"), np.float32)
    return mono(raw.reshape(-1, channels)), rate


def difference(ours, theirs, limit):
    """In words, of (samples, rate); "" where there is none."""
    if isinstance(ours, str):
        return "refused: " + ours
    if ours[1] != theirs[1]:
        return f"rate {ours[1]}, expected {theirs[1]}"
    if len(ours[0]) != len(theirs[0]):
        return f"{len(ours[0])} samples, expected {len(theirs[0])}"
    worst = np.max(np.abs(ours[0].astype(np.float64) - theirs[0])) if len(ours[0]) else 0
    return "" if worst <= limit else f"worst difference {worst:.3g}, limit {limit:g}"


# ---- Written by soundfile ---------------------------------------------------------------------------------------------

UNCOMPRESSED = {
    "WAV": ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"],
    "WAVEX": ["PCM_16", "PCM_24", "FLOAT"], "RF64": ["PCM_16", "PCM_24", "FLOAT"], "W64": ["PCM_16", "PCM_24", "FLOAT"],
    "AIFF": ["PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW"],
    "AU": ["PCM_S8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE", "ULAW"],
    "CAF": ["PCM_16", "PCM_24", "FLOAT", "ALAC_16"], "NIST": ["PCM_16"], "FLAC": ["PCM_S8", "PCM_16", "PCM_24"],
}
ENDINGS = {"WAV": "wav", "WAVEX": "wav", "RF64": "wav", "W64": "w64", "AIFF": "aiff", "AU": "au", "CAF": "caf",
           "NIST": "sph", "FLAC": "flac", "OGG": "ogg", "MP3": "mp3"}


def write(folder, container, subtype, rate, channels, endian="FILE"):
    name = f"{container}_{subtype}_{rate}_{channels}_{endian}.{ENDINGS[container]}"
    soundfile.write(folder / name, wave(rate, channels), rate, subtype, endian, container)
    return folder / name


def lossless(folder):
    count = 0
    for container, subtypes in UNCOMPRESSED.items():
        for subtype in subtypes:
            for channels in (1, 2, 6) if subtype in ("PCM_16", "PCM_24") and container != "NIST" else (1, 2):
                count += 1
                yield write(folder, container, subtype, RATES[count % len(RATES)], channels)
    for subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        for channels in (1, 2):
            yield write(folder, "WAV", subtype, 22050, channels, "BIG")
    for container, endian, subtype in (("AIFF", "LITTLE", "PCM_16"), ("AIFF", "LITTLE", "PCM_24"), ("AU", "LITTLE", "PCM_16"),
                                       ("AU", "LITTLE", "FLOAT"), ("CAF", "LITTLE", "PCM_16"), ("CAF", "LITTLE", "FLOAT")):
        yield write(folder, container, subtype, 22050, 2, endian)


def lossy(folder):
    for subtype, rates in (("VORBIS", RATES), ("OPUS", [8000, 16000, 48000])):
        for rate in rates:
            for channels in (1, 2):
                yield write(folder, "OGG", subtype, rate, channels)
    for rate in (16000, 22050, 44100, 48000):
        for channels in (1, 2):
            yield write(folder, "MP3", "MPEG_LAYER_III", rate, channels)


# ---- Written by ffmpeg ------------------------------------------------------------------------------------------------

LATE = ["-output_ts_offset", "8"]
BY_FFMPEG = [
    ("aac.m4a", ["-c:a", "aac"]), ("aac.aac", ["-c:a", "aac"]), ("aac.mka", ["-c:a", "aac"]),
    ("aac.mov", ["-c:a", "aac"]), ("aac_late.m4a", ["-c:a", "aac", *LATE]), ("aac_late.mka", ["-c:a", "aac", *LATE]),
    ("alac.m4a", ["-c:a", "alac"]), ("alac.mka", ["-c:a", "alac"]), ("mp3.mp3", ["-c:a", "libmp3lame"]),
    ("mp3_no_header.mp3", ["-c:a", "libmp3lame", "-write_xing", "0"]), ("mp3_vbr.mp3", ["-c:a", "libmp3lame", "-q:a", "4"]),
    ("mp3.mka", ["-c:a", "libmp3lame"]), ("mp2.mp2", ["-c:a", "mp2", "-f", "mp2"]), ("ac3.ac3", ["-c:a", "ac3"]),
    ("eac3.eac3", ["-c:a", "eac3"]), ("wma.wma", ["-c:a", "wmav2"]), ("opus.webm", ["-c:a", "libopus"]),
    ("opus_late.webm", ["-c:a", "libopus", *LATE]), ("vorbis.webm", ["-c:a", "libvorbis"]),
    ("vorbis.ogg", ["-c:a", "libvorbis"]), ("opus.opus", ["-c:a", "libopus"]), ("vorbis_late.ogg", ["-c:a", "libvorbis", *LATE]),
    ("flac.ogg", ["-c:a", "flac", "-f", "ogg"]), ("flac.mka", ["-c:a", "flac"]), ("wavpack.wv", ["-c:a", "wavpack"]),
    ("tta.tta", ["-c:a", "tta"]), ("adpcm.wav", ["-c:a", "adpcm_ima_wav"]), ("ms_adpcm.wav", ["-c:a", "adpcm_ms"]),
    ("pcm.mka", ["-c:a", "pcm_s24le"]), ("pcm.mov", ["-c:a", "pcm_s16be"]), ("pcm.avi", ["-c:a", "pcm_s16le"]),
    ("mp3.flv", ["-c:a", "libmp3lame", "-ar", "44100"]), ("aac.ts", ["-c:a", "aac", "-f", "mpegts"]),
    ("mp2.mpg", ["-c:a", "mp2"]), ("aac.3gp", ["-c:a", "aac"]),
]


def others(folder):
    for rate, channels in ((16000, 1), (44100, 2), (48000, 2)):
        source = folder / f"source_{rate}_{channels}.wav"
        soundfile.write(source, wave(rate, channels, 1.0), rate, "PCM_16")
        for name, options in BY_FFMPEG:
            if rate == 16000 and name.startswith(("mp2", "ac3", "eac3")):
                continue  # rates that these codecs do not have
            target = folder / f"{Path(name).stem}_{rate}_{channels}{Path(name).suffix}"
            ffmpeg("-i", source, *options, target)
            yield target


# ---- Tags around the stream -------------------------------------------------------------------------------------------

ID3V1 = b"TAG" + b"\0" * 125
APEV2 = (b"\x05\0\0\0\0\0\0\0Title\0hello" + b"APETAGEX" + (2000).to_bytes(4, "little") + (51).to_bytes(4, "little") +
         (1).to_bytes(4, "little") + b"\0" * 12)
ID3V2 = b"ID3\x04\0\0\0\0\x01\x00" + b"\0" * 128


def tagged(folder):
    """(file, the one without the tag)"""
    for ending, subtype in (("flac", "PCM_16"), ("flac", "PCM_24"), ("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III"),
                            ("wav", "PCM_16")):
        clean = folder / f"clean_{subtype}.{ending}"
        soundfile.write(clean, wave(16000, 2), 16000, subtype)
        for name, before, behind in (("id3v1", b"", ID3V1), ("apev2", b"", APEV2), ("both", b"", APEV2 + ID3V1),
                                     ("id3v2", ID3V2, b"")):
            if before and ending in ("wav", "ogg"):
                continue  # no program writes that
            path = folder / f"tag_{name}_{subtype}.{ending}"
            path.write_bytes(before + clean.read_bytes() + behind)
            yield path, clean


def main(program):
    report = Report(REASONS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dump = Dump(program, folder)
        for path in lossless(folder):
            report.add(LOSSLESS, path.name, difference(dump.sound(path), of_soundfile(path), 0))
        for path in lossy(folder):
            ours = dump.sound(path)
            report.add(BY_FFMPEG_KIND, path.name, difference(ours, of_ffmpeg(path), 0))
            report.add(BY_SOUNDFILE, path.name, difference(ours, of_soundfile(path), 1e-3))
        for path in others(folder):
            report.add("other containers: ffmpeg", path.name, difference(dump.sound(path), of_ffmpeg(path), 0))
        for path, clean in tagged(folder):
            report.add("tags: without them", path.name, difference(dump.sound(path), dump.sound(clean), 0))
    return report.finish()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
