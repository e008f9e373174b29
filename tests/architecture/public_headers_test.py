#!/usr/bin/env python3
"""Each public header compiles alone, without a warning, and brings neither JSON nor our sources.

    public_headers_test.py COMPILER INCLUDE_FOLDER TORCH_INCLUDE...
"""

import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
UNWANTED = ["/nlohmann/", "/spdlog/", "/CLI/", "/fmt/", "/src/"]  # LibTorch brings copies of some, in its own folder


def problem_of(header, compiler, include, torch):
    """What is wrong with the header; empty where nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        source, dependencies = pathlib.Path(folder, "alone.cpp"), pathlib.Path(folder, "alone.d")
        source.write_text(f'#include "{header.relative_to(include)}"\n')
        command = [compiler, *FLAGS, "-fsyntax-only", "-MD", "-MF", str(dependencies), f"-I{include}"]
        for path in torch:
            command += ["-isystem", path]
        result = subprocess.run([*command, str(source)], capture_output=True, text=True)
        if result.returncode != 0:
            return result.stderr
        reached = dependencies.read_text().replace("\\\n", " ").split()[1:]
        ours = [path for path in reached if not any(path.startswith(folder) for folder in torch)]
        return "\n".join(path for path in ours if any(part in path for part in UNWANTED))


def main():
    compiler, include, torch = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    headers = sorted(include.glob("pdmp/**/*.h"))
    assert headers, f"no header in {include}"
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = dict(zip(headers, pool.map(lambda header: problem_of(header, compiler, include, torch), headers)))
    for header, problem in problems.items():
        if problem:
            print(f"{header.relative_to(include)}:\n{problem}")
    return 1 if any(problems.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
