#!/usr/bin/env python3
"""Ours and PyTorch's in one run: pairs in turn, medians of their ratios, with the range.

    bench.py BUILD [--short] [--out FOLDER] [--only NAME,...] [--data STAMPS]     runs; BUILD: build/release
    bench.py --markdown [--out FOLDER]                                            prints the tables of the last run

Each program prepares its work once and then measures when it is asked to, so that all are warm and only one works at
a time. With six pairs the range of the ratios holds the median of all such ratios with 97 % confidence. `--short`
measures next to nothing: whether everything still runs.
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent.parent / ".venv" / "bin" / "python"
CORES = os.cpu_count()


class Program:
    """One that measures for every line it gets."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.command = command
        self.read()  # warm now

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench.py: {' '.join(map(str, self.command))} ended with status {self.process.wait()}")
        return json.loads(line)

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    def __init__(self, options):
        self.options = options
        self.build = options.build.resolve()
        self.rounds = 1 if options.short else 6
        self.steps = 1 if options.short else 3
        self.rows = []

    def add(self, name, what, peer, ratios, **more):
        """`ratios` above 1: ours is that many times as fast as `peer`."""
        ratios = sorted(ratios)
        row = {"name": name, "what": what, "against": peer, "ratio": statistics.median(ratios), "low": ratios[0],
               "high": ratios[-1], "pairs": len(ratios), **more}
        self.rows.append(row)
        print(f"{name:22} {what:34} {row['ratio']:8.3f} x {peer:24} ({row['low']:.3f} - {row['high']:.3f})", flush=True)

    def ours(self, name, *flags):
        return [self.build / "pdmp_bench", name, "--threads", 2, "--steps", self.steps, *flags]

    def peer(self, name, setting, *flags):
        return [PYTHON, HERE / "peer.py", name, "--setting", setting, "--threads", 2, "--steps", self.steps, *flags]

    def in_turn(self, commands):
        """{name: [measurement, ...]}; whoever was first is last in the next round."""
        programs = {name: Program(command) for name, command in commands.items()}
        results = {name: [] for name in programs}
        for k in range(self.rounds):
            for name in list(programs)[:: 1 if k % 2 == 0 else -1]:
                results[name].append(programs[name].measure())
        for program in programs.values():
            program.close()
        return results

    def against_all(self, name, what, commands, ours):
        """A row for each peer, and one for the best of them."""
        results = self.in_turn(commands)
        seconds = {key: [m["seconds"] for m in measured] for key, measured in results.items()}
        peers = [key for key in seconds if key != ours]
        best = min(peers, key=lambda key: statistics.median(seconds[key]))
        for key in peers:
            self.add(name, what, key + (" (best)" if key == best and len(peers) > 1 else ""),
                     [p / o for p, o in zip(seconds[key], seconds[ours])], seconds=statistics.median(seconds[ours]),
                     peer_seconds=statistics.median(seconds[key]))
        return results


def has_bf16():
    return "avx512_bf16" in cpu()["flags"]


def workloads(bench):
    return ["tiny"] if bench.options.short else ["audio_visual", "pictures"]


def step(bench):
    """Training steps, and the peak memory of the processes that made them."""
    for workload in workloads(bench):
        flags = ["--workload", workload]
        commands = {"ours": bench.ours("step", *flags), "default": bench.peer("step", "default", *flags),
                    "channels_last": bench.peer("step", "channels_last", *flags)}
        if not bench.options.short and shutil.which("g++"):
            commands["compile"] = bench.peer("step", "compile", *flags)
        results = bench.against_all("step", workload + " fp32", commands, "ours")
        peak = {key: max(m["peak_memory_bytes"] for m in measured) for key, measured in results.items()}
        for key in ("default", "channels_last"):
            bench.add("memory", workload + " fp32", key, [peak[key] / peak["ours"]], bytes=peak["ours"],
                      peer_bytes=peak[key])
        if has_bf16():
            commands = {"ours": bench.ours("step", "--precision", "bf16", *flags)}
            for setting in ("bf16", "bf16_channels_last"):
                commands[setting] = bench.peer("step", setting, *flags)
            bench.against_all("step", workload + " bf16", commands, "ours")


def convolutions(bench):
    """The convolutions alone over the step they are part of: 1 is the limit."""
    for workload in workloads(bench):
        flags = ["--workload", workload]
        for precision in ["fp32"] + (["bf16"] if has_bf16() and workload != "audio_visual" else []):
            more = [*flags, "--precision", precision]
            bench.against_all("convolutions", f"{workload} {precision}",
                              {"step": bench.ours("step", *more), "convolutions": bench.ours("convolutions", *more)},
                              "step")


def pdmp_over_joint(bench):
    workload = "tiny" if bench.options.short else "pictures"
    flags = ["--workload", workload]
    bench.against_all("pdmp", workload + " step", {"pdmp": bench.ours("step", "--method", "pdmp", *flags),
                                                   "joint": bench.ours("step", *flags)}, "pdmp")


def step_methods(bench):
    """Steps of every method next to joint's, small ones."""
    size = ["--batch", 4, "--side", 32] if bench.options.short else ["--batch", 8, "--side", 48]
    names = ["joint", "pdmp"] if bench.options.short else []
    command = [bench.build / "pdmp_step_cost", "--json", *size, *names]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            cost = json.loads(line)
            bench.add("step_" + cost["method"], cost["fusion"], "joint", [1 / r for r in cost["ratios"]],
                      expected=1 / cost["expected"])
    if process.returncode != 0:
        sys.exit(f"bench.py: {command[0]} ended with status {process.returncode}")


def inference(bench):
    workload = "tiny" if bench.options.short else "pictures"
    flags = ["--workload", workload]
    bench.against_all("inference", workload + " batch 32 fp32",
                      {"ours": bench.ours("inference", *flags), "default": bench.peer("inference", "default", *flags),
                       "channels_last": bench.peer("inference", "channels_last", *flags)}, "ours")


def analysis(bench):
    """At its defaults against one joint training of as many epochs."""
    command = [bench.build / "pdmp_bench", "analysis", "--threads", "2", "--epochs", 2 if bench.options.short else 40]
    program = Program(command)
    pairs = [program.measure() for _ in range(1 if bench.options.short else 5)]
    program.close()
    bench.add("analysis", "generated pictures", "joint training", [p["joint_seconds"] / p["seconds"] for p in pairs],
              seconds=statistics.median(p["seconds"] for p in pairs))


def write_numbers(folder, samples):
    """A data set of an array of 3 x 32 x 32 a sample."""
    import numpy
    random = numpy.random.default_rng(0)
    (folder / "x").mkdir(parents=True)
    lines = ["id,split,label,x"]
    for i in range(samples):
        label = i % 4
        values = random.standard_normal((3, 32, 32)).astype("float32")
        values[:, label * 8:label * 8 + 8] += 0.5
        numpy.save(folder / "x" / f"{i}.npy", values)
        lines.append(f"{i},{'test' if i % 8 == 0 else 'val' if i % 8 == 1 else 'train'},c{label},x/{i}.npy")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps({"name": "generated", "classes": ["c0", "c1", "c2", "c3"],
                                                     "modalities": [{"name": "x", "type": "tensor", "column": "x"}]}))


def seconds_of(command):
    start = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare_throughput(bench):
    """Four equal trainings (two seeds, each alone and joint, of one modality) at the chosen layout and in a row."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        write_numbers(data, 64 if bench.options.short else 768)
        common = [bench.build / "pdmp", "compare", "--data", data, "--methods", "joint", "--seeds", 2, "--quiet",
                  "--encoders", "x=resnet18:width=32", "--epochs", 1 if bench.options.short else 2, "--workers", 0]
        ratios = []
        for k in range(1 if bench.options.short else 5):
            together = [*common, "--out", Path(scratch) / f"together{k}"]
            in_a_row = [*common, "--out", Path(scratch) / f"row{k}", "--jobs", 1]
            order = [together, in_a_row] if k % 2 == 0 else [in_a_row, together]
            seconds = {id(command): seconds_of(command) for command in order}
            ratios.append(seconds[id(in_a_row)] / seconds[id(together)])
    bench.add("compare_throughput", "4 trainings", "one after the other", ratios)


def startup(bench):
    ours, peer = [bench.build / "pdmp", "--help"], [PYTHON, "-c", "import torch"]
    pairs = [(seconds_of(ours), seconds_of(peer)) for _ in range(1 if bench.options.short else 7)]
    bench.add("startup", "pdmp --help", "import torch", [p / o for o, p in pairs],
              seconds=statistics.median(o for o, _ in pairs))


def accuracy_time(bench):
    """Seconds to the same validation accuracy on the demo's data, reading it included."""
    data, python = bench.options.data, bench.options.python or PYTHON
    if data is None or not (data / "dataset.json").is_file():
        return print("accuracy_time          left out: --data names no data set of `pdmp prepare tuxpaint`")
    if subprocess.run([str(python), "-c", "import PIL, scipy, soundfile"], stderr=subprocess.DEVNULL).returncode != 0:
        return print(f"accuracy_time          left out: {python} has no Pillow, SciPy or soundfile (see --python)")
    output = subprocess.run([str(python), str(HERE / "accuracy_time.py"), str(bench.build / "pdmp"), str(data)],
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(output)
    bench.add("accuracy_time", f"validation {result['accuracy']:.3f}", "default + Pillow", result["ratios"])


BENCHMARKS = [startup, step, convolutions, pdmp_over_joint, inference, compare_throughput, analysis, step_methods,
              accuracy_time]


def cpu():
    fields = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines())
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = [f for f in fields.get("flags", "").split() if f.startswith(("avx", "fma", "amx"))]
    return {"model": fields.get("model name", platform.machine()), "flags": flags, "cores": CORES}


def versions(bench):
    import torch
    info = json.loads(subprocess.run([str(bench.build / "pdmp"), "info", "--json"], check=True, stdout=subprocess.PIPE,
                                     text=True).stdout)
    return {"pdmp": info["pdmp"], "libtorch": info["libtorch"], "compiler": info["compiler"],
            "torch": torch.__version__, "python": platform.python_version()}


def markdown(folder):
    for file in sorted(folder.glob("*.json")):
        result = json.loads(file.read_text())
        machine = result["machine"]
        print(f"{machine['model']}, {machine['cores']} cores, {' '.join(machine['flags'])}; LibTorch "
              f"{result['versions']['libtorch']}, PyTorch {result['versions']['torch']}; {result['date']}\n")
        print("| benchmark | what | times as fast as | ratio | range | ours |\n|---|---|---|---|---|---|")
        for row in result["rows"]:
            own = f"{row['seconds']:.3f} s" if "seconds" in row else f"{row['bytes'] / 2**20:.0f} MiB" if "bytes" in row else ""
            print(f"| {row['name']} | {row['what']} | {row['against']} | {row['ratio']:.2f} | "
                  f"{row['low']:.2f} - {row['high']:.2f} | {own} |")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, nargs="?", default=Path("build/release"))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE.parent / "results")
    parser.add_argument("--only", default="", help="some of " + ", ".join(b.__name__ for b in BENCHMARKS))
    parser.add_argument("--data", type=Path, help="folder of `pdmp prepare tuxpaint`, for accuracy_time")
    parser.add_argument("--python", type=Path, help="a Python with torch, Pillow, SciPy and soundfile, for accuracy_time")
    options = parser.parse_args()
    if options.markdown:
        return markdown(options.out)
    bench = Bench(options)
    wanted = options.only.split(",") if options.only else []
    start = time.perf_counter()
    for benchmark in BENCHMARKS:
        if not wanted or benchmark.__name__ in wanted:
            benchmark(bench)
    print(f"{time.perf_counter() - start:.0f} s in all")
    if options.short:
        return None
    machine = cpu()
    name = "".join(c if c.isalnum() else "-" for c in machine["model"].lower()).strip("-") + \
        ("-avx512" if "avx512f" in machine["flags"] else "")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{name}.json").write_text(json.dumps(
        {"machine": machine, "versions": versions(bench), "date": datetime.date.today().isoformat(),
         "rows": bench.rows}, indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
