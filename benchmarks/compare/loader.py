#!/usr/bin/env python3
"""pdmp's loader beside a Python one on the same media: both in turn, medians, a table and a file.

loader.py --program build/release/pdmp_loader_benchmark --python VENV/bin/python [--data DIR] [--rounds 5]
          [--workers 2] [--seconds 3] [--run RUN] [--out benchmarks/results/loader.json]

--python: an interpreter with the packages of loader_peer.py. --run: the run directory of a training with the sample
cache, whose data wait is reported (timing.jsonl, without the first epoch, which fills the cache). The machine should do
nothing else meanwhile.
"""
import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROWS = [  # ours, the peer's, the ratio wanted
    ("media_training", "media_training", 1.8),
    ("cache_training", "media_training", 7),
    ("cache_evaluation", "media_evaluation", 20),
    ("video_keyframes_12", "video_keyframes_12", 1.3),
    ("video_keyframes_250", "video_keyframes_250", 1.3),
]


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


def compare(options, directory):
    shared = [directory, "--workers", options.workers, "--seconds", options.seconds]
    run([options.program, directory, "--memory", 2, "--workers", options.workers])  # makes the media
    ours, peers = [], []
    for number in range(options.rounds):
        ours.append(run([options.program, *shared]))
        peers.append(run([options.python, HERE / "loader_peer.py", *shared]))
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    rows = []
    for our_name, peer_name, wanted in ROWS:
        our, peer = (statistics.median(r[n] for r in rs) for rs, n in ((ours, our_name), (peers, peer_name)))
        rows.append({"name": our_name, "pdmp": our, "peer": peer, "peer_measure": peer_name, "ratio": our / peer,
                     "wanted": wanted, "pdmp_rounds": [r[our_name] for r in ours],
                     "peer_rounds": [r[peer_name] for r in peers]})
    return {"rows": rows, "video_codec": ours[0]["video_codec"], "peer_versions": peers[0]["versions"]}


def memory(options, directory):
    sizes = {rows: run([options.program, directory, "--memory", rows, "--workers", options.workers])["resident_bytes"]
             for rows in (1000, 50000)}
    return {"resident_bytes": sizes, "difference": sizes[50000] / sizes[1000] - 1}


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
    parser.add_argument("--run", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "results" / "loader.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = options.data or pathlib.Path(temporary)
        result = {"machine": machine(), "workers": options.workers, "rounds": options.rounds,
                  **compare(options, directory), "memory": memory(options, directory)}
    if options.run:
        result["data_wait"] = data_wait(options.run)
    print("| samples a second | pdmp | Python | ratio | wanted |\n|---|---|---|---|---|")
    for row in result["rows"]:
        print(f"| {row['name']} | {row['pdmp']:.0f} | {row['peer']:.0f} | {row['ratio']:.2f} | {row['wanted']} |")
    print(f"\nresident memory, 50,000 rows beside 1,000: {100 * result['memory']['difference']:+.1f} %")
    if options.run:
        print(f"data wait: {100 * result['data_wait']:.2f} % of the training time")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
