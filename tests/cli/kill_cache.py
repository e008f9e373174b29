#!/usr/bin/env python3
"""Kills `pdmp cache fill` with SIGKILL at random moments and looks at what is left in the cache.

    tests/cli/kill_cache.py build/release/pdmp [--times 20] [--seed 0]

After each kill no entry may be damaged, and every entry that the program said was written must be there. In the end an
undisturbed fill completes the cache. Needs Python alone.
"""

import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from kill import kill_after, options_of, write_pictures

PICTURES, SIZE = 240, 200


def fill(program, data, cache, log):
    """A parallel fill that reports the key of every entry in the file `log`."""
    command = [program, "cache", "fill", "--data", str(data), "--cache", str(cache), "--jobs", "4", "--list", "--quiet"]
    return subprocess.Popen(command, stdout=open(log, "wb"), stderr=subprocess.PIPE)


def reported(log):
    """Whole lines: the last one may be cut."""
    return set(log.read_text().split("\n")[:-1])


def verified(program, cache):
    if not (cache / "data.mdb").exists():
        return set()
    result = subprocess.run([program, "cache", "verify", str(cache), "--list"], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"pdmp cache verify: exit {result.returncode}\n{result.stdout[-2000:]}{result.stderr}")
    return set(result.stdout.split())


def main():
    options = options_of(__doc__)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pdmp-kill-"))
    try:
        data, log = folder / "data", folder / "keys"
        write_pictures(data, PICTURES, SIZE, ["test", "train"], 64)
        begin = time.monotonic()
        process = fill(options.program, data, folder / "whole", log)
        errors = process.communicate()[1]
        if process.returncode != 0:
            sys.exit(f"pdmp cache fill failed: {errors.decode()}")
        duration = time.monotonic() - begin
        whole = reported(log)
        if len(whole) != PICTURES or verified(options.program, folder / "whole") != whole:
            sys.exit(f"expected {PICTURES} entries, found {len(whole)} reported")
        rng = random.Random(options.seed)
        kills, kept = 0, 0
        for i in range(options.times):
            cache = folder / f"cache{i % 4}"  # some are killed again while they go on
            moment = rng.uniform(0.05, 1.0) * duration
            process = fill(options.program, data, cache, log)
            kills += kill_after(process, moment)
            there, said = verified(options.program, cache), reported(log)
            if lost := said - there:
                sys.exit(f"fill {i}, killed after {moment:.2f} s: {len(lost)} of {len(said)} reported entries are lost")
            kept += len(said)
            print(f"fill {i}: killed after {moment:.2f} s of {duration:.2f} s, {len(said)} reported, {len(there)} there",
                  flush=True)
        for cache in sorted(folder.glob("cache?")):
            process = fill(options.program, data, cache, log)
            errors = process.communicate()[1]
            if process.returncode != 0 or verified(options.program, cache) != whole:
                sys.exit(f"{cache.name} is not complete after an undisturbed fill: {errors.decode()}")
        if kills == 0:
            sys.exit("no fill was killed: all ended before their moment came")
        print(f"{options.times} fills, {kills} killed, {kept} entries reported: none bad, none lost")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
