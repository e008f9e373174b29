#!/usr/bin/env python3
"""Whether two versions of pdmp compute the same numbers, to the last bit. For changes that should change none.

    tests/experiments/same_numbers.py BASE [--program build/release/pdmp] [--jobs 2] [--only TEXT]

BASE is a commit, which is built in a temporary folder (preset release), or a program that is there. Both train the same
things on made-up data: every method with SGD and AdamW on vectors and on images with sound, two more fusions, absent
modalities, a modality analysis, a sample cache, bf16, a comparison, a resumed run. Compared are the weights of every
checkpoint, the predictions, and every number of metrics.jsonl, summary.json and analysis.json that BASE has too, without
those of time and memory. Exit status 1 where one differs; a training that both refuse in the same words is equal.
"""

import argparse
import concurrent.futures
import hashlib
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import wave

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from kill import png  # noqa: E402

CLASSES, SPLITS = ["a", "b", "c"], {"train": 36, "val": 12, "test": 12}
COMMON = ["--batch-size", "8", "--threads", "1", "--quiet"]
THREE = ["--epochs", "3", "--precision", "fp32"]
OPTIMIZERS = {"sgd": ["--optimizer", "sgd", "--lr", "0.005"], "adamw": ["--optimizer", "adamw", "--lr", "0.002"]}
# Of what has nothing to do with the numbers of a training.
PASSED_OVER = {"seconds", "files", "peak_memory", "host", "version", "commit", "directory", "digest"}


def sound(path, pitch, rng):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        values = (int(8000 * math.sin(2 * math.pi * pitch * t / 16000) + rng.gauss(0, 1500)) for t in range(8000))
        file.writeframes(b"".join(struct.pack("<h", max(-32768, min(32767, v))) for v in values))


def write_set(folder, modalities, cells, absent=()):
    """cells(rng, id, label): name -> cell. `absent`: of these modalities every third cell is empty."""
    folder.mkdir()
    rng = random.Random(5)
    table = ["id,split,label," + ",".join(m["name"] for m in modalities)]
    for split, count in SPLITS.items():
        for i in range(count):
            row = cells(rng, f"{split}{i}", i % len(CLASSES))
            for k, name in enumerate(absent):
                if (i + k) % 3 == 0:
                    row[name] = ""
            table.append(f"{split}{i},{split},{CLASSES[i % len(CLASSES)]}," + ",".join(row[m["name"]] for m in modalities))
    (folder / "metadata.csv").write_text("\n".join(table) + "\n")
    (folder / "dataset.json").write_text(json.dumps(
        {"name": folder.name, "task": "classification", "classes": CLASSES, "modalities": modalities}))


def write_data(folder):
    sizes = {"first": 4, "second": 3, "third": 2}
    vectors = [{"name": name, "type": "vector"} for name in sizes]

    def vector_cells(rng, _, label):
        return {name: '"' + ",".join(f"{rng.gauss((label - 1) * (k + 1) / 2, 1):.4f}" for _ in range(size)) + '"'
                for k, (name, size) in enumerate(sizes.items())}

    write_set(folder / "vectors", vectors, vector_cells)
    write_set(folder / "gaps", vectors, vector_cells, absent=("second", "third"))
    media = folder / "media"

    def media_cells(rng, name, label):
        rows = [bytes(min(255, max(0, int(rng.gauss(90 + 60 * (c == label), 50)))) for _ in range(32) for c in range(3))
                for _ in range(32)]
        (media / f"{name}.png").write_bytes(png(32, rows))
        sound(media / f"{name}.wav", 300 + 400 * label, rng)
        return {"picture": f"{name}.png", "sound": f"{name}.wav"}

    write_set(media, [{"name": "picture", "type": "image", "size": 32},
                      {"name": "sound", "type": "audio", "seconds": 0.5}], media_cells)


def cases(program):
    """name -> (data, command lines after the data): each line is run in turn, RUN stands for the run directory."""
    def train(*options, length=THREE):
        return ["train", "--run", "RUN", *COMMON, *length, *options]

    methods = [row["name"] for row in json.loads(subprocess.check_output([program, "list", "methods", "--json"]))]
    small = ["--encoders", "picture=resnet18:width=16,sound=resnet18:width=16"]
    result = {}
    for method in methods:
        fusion = ["--fusion", "mmtm:heads=branch"] if method == "greedy" else []
        for name, optimizer in OPTIMIZERS.items():
            result[f"{method}, {name}, vectors"] = ("vectors", [train("--method", method, *optimizer, *fusion)])
            result[f"{method}, {name}, media"] = ("media", [train("--method", method, *optimizer, *small, *fusion)])
    sgd = OPTIMIZERS["sgd"]
    for method in ["joint", "pdmp"]:
        for fusion in ["sum", "film", "gated"]:
            result[f"{method}, {fusion}"] = ("media", [train("--method", method, "--fusion", fusion, *sgd, *small)])
        result[f"{method}, gaps"] = ("gaps", [train("--method", method, *sgd)])
        result[f"{method}, modality dropout"] = ("gaps", [train("--method", method, "--modality-dropout", "0.3", *sgd)])
    result["analysis"] = ("vectors", [["analyze", "--out", "RUN/analysis.json", *COMMON, *THREE, *sgd]])
    result["cache"] = ("media", [train(*sgd, *small, "--cache", "RUN-cache")])
    result["bf16"] = ("media", [train(*sgd, *small, length=["--epochs", "3", "--precision", "bf16"])])
    result["resume"] = ("vectors", [train("--method", "pdmp", *sgd), train("--method", "pdmp", *sgd, "--resume",
                                                                         length=["--epochs", "5", *THREE[2:]])])
    result["compare"] = ("vectors", [["compare", "--out", "RUN", *COMMON, *THREE, *sgd, "--methods", "joint,pdmp,ogm_ge,mmpareto",
                                      "--seeds", "2"]])
    return result


def numbers(value, key=""):
    """Path -> number or text of a JSON value."""
    if isinstance(value, dict):
        return {path: leaf for name, part in value.items() if name not in PASSED_OVER and "second" not in name
                for path, leaf in numbers(part, f"{key}.{name}").items()}
    if isinstance(value, list):
        return {path: leaf for i, part in enumerate(value) for path, leaf in numbers(part, f"{key}[{i}]").items()}
    return {key: value}


def outcome(program, folder, data, lines):
    """Path -> what two versions must have alike."""
    found = {}
    run = folder / "run"
    if lines[0][0] == "analyze":
        run.mkdir()  # the others make their own
    for number, line in enumerate(lines):
        words = [word.replace("RUN", str(run)) for word in line]
        done = subprocess.run([program, words[0], "--data", str(data), *words[1:]], capture_output=True, text=True,
                              env={"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"})
        if done.returncode != 0:
            found[f"refusal {number}"] = done.stderr.replace(str(folder), "").strip().splitlines()[-1:]
    for path in sorted(run.rglob("*") if run.exists() else []):
        name = str(path.relative_to(run))
        if path.name.endswith(".safetensors") or path.name == "predictions.csv":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.name == "metrics.jsonl":
            for i, line in enumerate(path.read_text().splitlines()):
                found.update(numbers(json.loads(line), f"{name}:{i + 1}"))
        elif path.name in ("summary.json", "analysis.json"):
            found.update(numbers(json.loads(path.read_text()), name))
    return found


def compare(programs, data, lines, scratch):
    sides = []
    for side, program in enumerate(programs):
        folder = scratch / "ab"[side]
        folder.mkdir(parents=True)
        sides.append({path: str(leaf).replace(str(folder), "") for path, leaf in
                      outcome(program, folder, data, lines).items()})
    base, tree = sides
    differing = [path for path in base if base[path] != tree.get(path)]
    refusals = [text for path, text in base.items() if path.startswith("refusal")]
    return refusals[0] if refusals else f"{len(base)} values", [f"{path}: {base[path]} -> {tree.get(path)}" for path in differing]


def build(commit, folder):
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    subprocess.run(["git", "checkout", "--quiet", commit], cwd=folder, check=True)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    subprocess.run(["cmake", "--preset", "release"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "pdmp_cli"], cwd=folder, check=True)
    return folder / "build" / "release" / "pdmp"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base")
    parser.add_argument("--program", default="build/release/pdmp")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pdmp-same-") as name:
        folder = pathlib.Path(name)
        is_program = pathlib.Path(options.base).is_file()
        base = pathlib.Path(options.base).resolve() if is_program else build(options.base, folder / "base")
        programs = [str(base), str(pathlib.Path(options.program).resolve())]
        write_data(folder)
        wanted = {name: case for name, case in cases(programs[0]).items() if options.only in name}
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            futures = {name: pool.submit(compare, programs, folder / data, lines, folder / f"case{i}")
                       for i, (name, (data, lines)) in enumerate(wanted.items())}
            failed = 0
            for name, future in futures.items():
                compared, differing = future.result()
                failed += bool(differing)
                print(f"{'DIFFERS' if differing else 'same'}: {name} ({compared})", flush=True)
                for line in differing[:5]:
                    print(f"    {line[:200]}")
    print(f"{len(wanted)} trainings, {failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
