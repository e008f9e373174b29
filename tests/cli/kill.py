"""What the scripts that kill the program or damage its files share."""

import argparse
import json
import random
import signal
import struct
import subprocess
import zlib


def parser_of(doc):
    """The command line of a script with this docstring: program, times and seed."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def options_of(doc):
    return parser_of(doc).parse_args()


def kill_after(process, seconds):
    """Waits, and ends the process with SIGKILL where it goes on after `seconds`: whether it had to."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def png(size, rows, level=-1):
    """A PNG of size x size pixels; rows: each a bytes of 3 * size."""
    raw = b"".join(b"\0" + row for row in rows)

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, level)) + chunk(b"IEND", b"")


def write_pictures(folder, count, size, splits, decoded_size):
    """A data set of `count` random PNG files; the split of row i is splits[i % len(splits)]."""
    rng = random.Random(1)
    folder.mkdir()
    lines = ["id,split,label,file"]
    for i in range(count):
        (folder / f"{i}.png").write_bytes(png(size, (rng.randbytes(3 * size) for _ in range(size)), 1))
        lines.append(f"{i},{splits[i % len(splits)]},{'ab'[i % 3 == 0]},{i}.png")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"name": "pictures", "modalities": [
        {"name": "picture", "type": "image", "column": "file", "size": decoded_size}]}))
