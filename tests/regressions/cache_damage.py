#!/usr/bin/env python3
"""Damages the sample cache and runs every command that reads it.

    tests/regressions/cache_damage.py build/release/pdmp [--cases 240] [--seed 0]

A case is one damaged copy of a filled cache: a bit flipped in a page of each kind, the file cut, or something else in
its place. No command may end by a signal or by a time limit, and training, evaluation and filling must come to the
numbers they come to without a cache, with one warning at most. Needs Python alone.
"""

import argparse
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from kill import write_pictures  # noqa: E402

PICTURES, SIZE, PAGE = 120, 40, 4096
LIMIT = 120  # seconds, of a command that takes less than one


class Commands:
    def __init__(self, program, folder):
        self.program, self.folder, self.data = program, folder, folder / "data"

    def call(self, *words):
        """Exit status, stdout, warnings and errors."""
        result = subprocess.run([self.program, *map(str, words), "--quiet"], capture_output=True, text=True,
                                errors="replace", timeout=LIMIT)
        lines = [line for line in result.stderr.splitlines() if line.startswith("pdmp")]
        if result.returncode < 0 or "terminate" in result.stderr:
            raise AssertionError(f"ended by signal {-result.returncode}: {result.stderr[-500:]}")
        return result.returncode, result.stdout, lines

    def train(self, run, cache):
        shutil.rmtree(run, ignore_errors=True)
        code, _, lines = self.call("train", "--data", self.data, "--run", run, "--method", "joint", "--epochs", 1,
                                   "--batch-size", 20, "--threads", 1, "--workers", 1, "--encoders",
                                   "picture=resnet18:width=4", "--cache", cache)
        assert code == 0, f"exit {code}: {lines}"
        return (run / "metrics.jsonl").read_text(), lines

    def evaluate(self, run, cache):
        code, out, lines = self.call("evaluate", "--run", run, "--cache", cache)
        assert code == 0, f"exit {code}: {lines}"
        return out, lines


def pages_by_kind(content):
    kinds = {1: [], 2: [], 4: [], 8: []}
    for page in range(len(content) // PAGE):
        number, flags = struct.unpack_from("<QxxH", content, page * PAGE)
        if number == page and flags in kinds:
            kinds[flags].append(page)
    return [pages for pages in kinds.values() if pages]


def flip(content, at, bit):
    damaged = bytearray(content)
    damaged[at] ^= 1 << bit
    return bytes(damaged)


def damages(content, cases, rng):
    """(name, what to do with a cache) of each case."""
    def replace(name, new):
        return name, lambda cache: (cache / "data.mdb").write_bytes(new)

    kinds = pages_by_kind(content)
    for i in range(cases):
        pages = kinds[i % len(kinds)]
        kind = i // len(kinds) % 5
        if kind == 0:
            size = rng.choice([rng.randrange(len(content)), rng.randrange(len(content) // PAGE) * PAGE])
            yield replace(f"cut to {size} of {len(content)}", content[:size])
        else:
            within = rng.randrange(PAGE) if kind == 1 else rng.randrange(160)
            at, bit = rng.choice(pages) * PAGE + within, rng.randrange(8)
            yield replace(f"bit {bit} of byte {at} flipped", flip(content, at, bit))
    yield replace("half", content[:len(content) // 2])
    yield replace("empty", b"")
    yield replace("garbage", rng.randbytes(50000))
    yield replace("zeros", bytes(len(content)))
    for name, offset, value in [("map size", 24, b"\xff" * 8), ("page size", 40, struct.pack("<I", 3)),
                                ("last page", 136, b"\xff" * 7 + b"\0"), ("root", 128, b"\xff" * 6 + b"\0\0"),
                                ("other byte order", 16, b"\xbe\xef\xc0\xde")]:
        damaged = bytearray(content)
        for meta in (0, PAGE):
            damaged[meta + offset:meta + offset + len(value)] = value
        yield replace(name, bytes(damaged))

    def instead(make):
        def work(cache):
            (cache / "data.mdb").unlink()
            make(cache / "data.mdb")
        return work

    yield "a folder instead", instead(lambda path: path.mkdir())
    yield "a pipe instead", instead(os.mkfifo)
    yield "a link to itself", instead(lambda path: path.symlink_to(path))
    yield "lock.mdb of garbage", lambda cache: (cache / "lock.mdb").write_bytes(rng.randbytes(8192))
    yield "lock.mdb empty", lambda cache: (cache / "lock.mdb").write_bytes(b"")


def check(commands, reference, cache, command):
    run, folder = commands.folder / "run", commands.folder / "whole_run"
    if command == "train":
        metrics, lines = commands.train(run, cache)
        assert metrics == reference["metrics"], "training came to other numbers"
    elif command == "evaluate":
        out, lines = commands.evaluate(folder, cache)
        assert out == reference["evaluation"], f"evaluation came to other numbers: {out}"
    elif command == "fill":
        code, _, lines = commands.call("cache", "fill", "--data", commands.data, "--cache", cache)
        assert code in (0, 1), f"exit {code}"
    else:
        code, _, lines = commands.call("cache", command, cache)
        assert code in (0, 1), f"exit {code}"
    assert len(lines) <= 1, f"expected a warning or an error, found {lines}"
    kept = list(cache.glob("data.mdb.damaged-*"))
    assert len(kept) <= 1, f"{len(kept)} files are set aside"
    # Whatever it was, the next runs come to the same.
    out, more = commands.evaluate(folder, cache)
    assert out == reference["evaluation"] and len(more) <= 1, f"the next evaluation: {out} {more}"
    return lines, bool(kept)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pdmp-damage-"))
    try:
        write_pictures(folder / "data", PICTURES, SIZE, ["train", "train", "val", "test"], 32)
        commands = Commands(options.program, folder)
        reference = {"metrics": commands.train(folder / "whole_run", "off")[0]}
        reference["evaluation"] = commands.evaluate(folder / "whole_run", "off")[0]
        assert commands.call("cache", "fill", "--data", folder / "data", "--cache", folder / "whole")[0] == 0
        content = (folder / "whole/data.mdb").read_bytes()
        order = ["train", "evaluate", "info", "verify", "fill", "clear"]
        failed, warned, set_aside, count = 0, 0, 0, 0
        for i, (name, damage) in enumerate(damages(content, options.cases, random.Random(options.seed))):
            cache, command = folder / "cache", order[(i + i // len(order)) % len(order)]
            shutil.rmtree(cache, ignore_errors=True)
            shutil.copytree(folder / "whole", cache)
            count += 1
            try:
                damage(cache)
                lines, aside = check(commands, reference, cache, command)
                warned, set_aside = warned + bool(lines), set_aside + aside
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"{command}, {name}: {error}", flush=True)
        print(f"{count} damaged caches: {failed} failed, {warned} said, {set_aside} set aside")
        sys.exit(1 if failed else 0)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
