#!/usr/bin/env python3
"""pdmp's loader beside a Python one on the same media: both in turn, medians, a table and a file.

loader.py --program build/release/pdmp_loader_benchmark --python VENV/bin/python [--data DIR] [--rounds 5]
          [--workers 2] [--seconds 3] [--only speed|memory] [--run RUN] [--out benchmarks/results/loader.json]

--python: an interpreter with the packages of loader_peer.py. --run: the run directory of a training with the sample
cache, whose data wait is reported (timing.jsonl, without the first epoch, which fills the cache). --only: the other
part of --out stays as it is.

The machine should do nothing else meanwhile. A round in which other processes used more than 5 % of it is dropped, and
how many were is written down. --rounds are those to have in the end: run it again, and the rounds in --out of the same
machine, program, packages and settings are kept and the missing ones added.
"""
import argparse
import hashlib
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROWS = [  # ours, the peer's, the ratio wanted
    ("media_training", "media_training", 1.8),
    ("cache_training", "media_training", 7),
    ("cache_evaluation", "media_evaluation", 20),
    ("media_training", "media_training_kaiser_best", None),  # with the resampling filter that ours has
    ("video_keyframes_12", "video_keyframes_12", 1.3),
    ("video_keyframes_250", "video_keyframes_250", 1.3),
]
MOST_OF_OTHERS = 0.05


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
    return json.loads(done.stdout)


def machine():
    fields = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = [f for f in fields.get("flags", "").split() if f.startswith(("avx", "fma", "amx"))]
    count = pathlib.Path("/proc/cpuinfo").read_text().count("processor\t")
    return {"cpu": fields.get("model name", platform.machine()), "cpus": count, "flags": flags,
            "system": platform.platform(), "python": platform.python_version()}


def processor_seconds():
    """Of all processes since the machine started, and what its host took away; then those of our finished children."""
    user, nice, system, _, _, irq, softirq, steal = map(int, pathlib.Path("/proc/stat").read_text().split()[1:9])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return busy, children.ru_utime + children.ru_stime


def measure_round(options, directory):
    """Both programs once, and the share of the machine that others used meanwhile."""
    shared = [directory, "--workers", options.workers, "--seconds", options.seconds]
    start, busy_before, own_before = time.monotonic(), *processor_seconds()
    ours = run([options.program, *shared])
    peer = run([options.python, HERE / "loader_peer.py", *shared])
    busy, own = processor_seconds()
    others = (busy - busy_before) - (own - own_before)
    return {"pdmp": ours, "peer": peer, "others": others / (time.monotonic() - start) / os.cpu_count()}


def compare(options, directory, before):
    run([options.program, directory, "--memory", 2, "--workers", options.workers])  # makes the media
    sources = [options.program, HERE / "loader_peer.py", HERE / "loader.py"]
    setting = {"machine": machine(), "workers": options.workers, "seconds": options.seconds,
               "sources": {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sources},
               "peer_versions": run([options.python, HERE / "loader_peer.py", directory, "--versions"])}
    same = before.get("setting") == setting
    rounds, dropped = (before["rounds"], before["rounds_dropped"]) if same else ([], 0)
    for _ in range(options.rounds - len(rounds)):
        one = measure_round(options, directory)
        quiet = one["others"] <= MOST_OF_OTHERS
        rounds, dropped = (rounds + [one], dropped) if quiet else (rounds, dropped + 1)
        print(f"{len(rounds)} of {options.rounds} rounds; others used {100 * one['others']:.1f} % of the machine"
              + ("" if quiet else ": dropped"), file=sys.stderr)
    return {"setting": setting, "rounds": rounds, "rounds_dropped": dropped, "rows": rows(rounds)}


def rows(rounds):
    result = []
    for our_name, peer_name, wanted in ROWS if rounds else ():
        ours, peers = ([r[who][name] for r in rounds] for who, name in (("pdmp", our_name), ("peer", peer_name)))
        ratios = sorted(our / peer for our, peer in zip(ours, peers))
        result.append({"name": our_name, "peer_name": peer_name, "pdmp": statistics.median(ours),
                       "peer": statistics.median(peers), "ratio": statistics.median(ratios), "low": ratios[0],
                       "high": ratios[-1], "wanted": wanted})
    return result


def memory(options, directory):
    measured = {rows: run([options.program, directory, "--memory", rows, "--workers", options.workers])
                for rows in (1000, 50000)}
    kinds = {kind: {rows: values[kind] for rows, values in measured.items()}
             for kind in ("resident_bytes", "anonymous_bytes")}
    sizes = kinds["resident_bytes"]
    return {**kinds, "difference": sizes[50000] / sizes[1000] - 1}


def data_wait(path):
    lines = [json.loads(line) for line in (path / "timing.jsonl").read_text().splitlines()][1:]
    if not lines:
        sys.exit(f"{path}: expected a training of two epochs or more, found less; train longer")
    return sum(line["data_wait_seconds"] for line in lines) / sum(line["train_seconds"] for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--python", required=True, type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", choices=("speed", "memory"))
    parser.add_argument("--run", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "results" / "loader.json")
    options = parser.parse_args()
    result = json.loads(options.out.read_text()) if options.out.exists() else {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = options.data or pathlib.Path(temporary)
        if options.only != "memory":
            result["speed"] = compare(options, directory, result.get("speed", {}))
        if options.only != "speed":
            result["memory"] = memory(options, directory)
    if options.run:
        result["data_wait"] = data_wait(options.run)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    show(options, result)


def show(options, result):
    if options.only != "memory":
        print("| samples a second | pdmp | Python | | ratio | wanted |\n|---|---|---|---|---|---|")
        for row in result["speed"]["rows"]:
            wanted = f">= {row['wanted']}" if row["wanted"] else ""
            print(f"| {row['name']} | {row['pdmp']:.0f} | {row['peer']:.0f} | {row['peer_name']} | {row['ratio']:.2f} "
                  f"({row['low']:.2f} to {row['high']:.2f}) | {wanted} |")
        found = len(result["speed"]["rounds"])
        if found < options.rounds:
            sys.exit(f"{found} of {options.rounds} rounds were quiet enough; run it again for the rest")
    if options.only != "speed":
        print(f"\nresident memory, 50,000 rows beside 1,000: {100 * result['memory']['difference']:+.1f} %")
    if options.run:
        print(f"data wait: {100 * result['data_wait']:.2f} % of the training time")


if __name__ == "__main__":
    main()
