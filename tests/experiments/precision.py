#!/usr/bin/env python3
"""The same trainings in fp32 and in bf16: does the accuracy stay? Prints a Markdown table.

    .venv/bin/python tests/experiments/precision.py [--program build/release/pdmp] [--seeds 5] [--epochs 10]
    .venv/bin/python tests/experiments/precision.py --data demo/stamps --seeds 5 --epochs 5 -- --encoders ...

Without --data on SYN (tests/support/syn_task.h), by joint and by pdmp; with it by joint. What follows `--` goes to all.
Accuracies are those of the test split, of validation where there is none. Needs a CPU with bf16 instructions.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from analysis_stop import SYN, write_syn


def accuracy(program, arguments, run):
    result = subprocess.run([program, "train", "--run", str(run), *arguments, "--quiet"], capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        sys.exit(result.stderr)
    summary = json.loads((run / "summary.json").read_text())
    return (summary.get("test") or summary["val"])["accuracy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/pdmp")
    parser.add_argument("--data", help="folder of dataset.json; left out: SYN")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("more", nargs="*", help="after --: options of pdmp for all trainings")
    options = parser.parse_args()
    print("| training | fp32 | bf16 | difference of the same seed |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="pdmp-precision-") as folder:
        folder = pathlib.Path(folder)
        data = options.data or folder / "syn"
        if not options.data:
            write_syn(data, 0)
        for method in ("joint",) if options.data else ("joint", "pdmp"):
            found = {"fp32": [], "bf16": []}
            for seed in range(options.seeds):
                for precision, values in found.items():
                    arguments = ["--data", str(data), "--method", method, "--seed", str(seed), "--epochs",
                                 str(options.epochs), "--precision", precision, "--threads", "1",
                                 *([] if options.data else SYN), *options.more]
                    values.append(accuracy(options.program, arguments, folder / f"{method}{precision}{seed}"))
            found["difference"] = [b - a for a, b in zip(found["fp32"], found["bf16"])]
            cells = [f"{statistics.mean(v):+.3f} ± {statistics.stdev(v):.3f}" if name == "difference" else
                     f"{statistics.mean(v):.3f} ± {statistics.stdev(v):.3f}" for name, v in found.items()]
            print(f"| {method}, {options.epochs} epochs, {options.seeds} seeds | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
