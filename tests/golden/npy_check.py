#!/usr/bin/env python3
"""Compares the arrays that pdmp reads with what NumPy itself makes of them, on files that NumPy writes.

    tests/golden/npy_check.py build/release/pdmp

Every dtype of real numbers (bool, integers and floats of every width) in either byte order, in C and Fortran order, in
every version of the format, with several shapes and with extreme values; and in .npz files, stored and compressed. Each
must equal `numpy.load(file).astype(numpy.float32)` to the bit. Files that NumPy reads and pdmp does not are listed with
the reason; exit status 1 where another is refused, or one is read otherwise. By hand: pip install numpy, in an
environment of its own. The numbers come from `pdmp data show DIR --id X --modality M --out x.npy`.
"""
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

KINDS = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
SHAPES = [(1,), (7,), (3, 5), (5, 1), (2, 3, 4), (2, 1, 3, 2)]

# What NumPy reads and pdmp does not, and why.
REFUSED = {
    "c8": "complex numbers are no float32",
    "c16": "complex numbers are no float32",
    "f16": "long double is another format on every kind of machine, and the file does not say which",
    "M8[s]": "times are no numbers",
    "U3": "text",
    "O": "pickled objects, which run code when they are read",
    "record": "several fields",
    "scalar": "a sample has at least one dimension",
    "empty": "a sample has values",
    "several": "a cell is one array",
    "nan": "training would end in NaN",
    "overflow": "beyond float32",
}


def values_of(kind, shape, random):
    """Extremes first, then anything."""
    dtype = np.dtype(kind)
    count = int(np.prod(shape))
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        extremes = np.array([limits.min, limits.max, 0, limits.max // 3, limits.max - 1], dtype)
        rest = random.integers(limits.min, limits.max, count, dtype=dtype, endpoint=True)
    else:
        largest = min(float(np.finfo(dtype).max), float(np.finfo(np.float32).max))
        tiny = float(np.finfo(dtype).smallest_subnormal)
        extremes = np.array([largest, -largest, tiny, -0.0, 1 / 3, 1e-50 if kind == "f8" else tiny], dtype)
        rest = random.normal(size=count).astype(dtype)
    rest[: min(count, len(extremes))] = extremes[:count]
    return rest.reshape(shape)


def written(array, version):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


class Data:
    """Arrays of one data set; each is a modality of its own, as their shapes differ."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def read(self, content, name):
        """The array pdmp reads, or None and what it says."""
        (self.folder / name).write_bytes(content)
        (self.folder / "dataset.json").write_text(json.dumps(
            {"classes": ["a", "b"], "modalities": [{"name": "m", "type": "tensor", "column": "file"}]}))
        (self.folder / "metadata.csv").write_text(f"id,split,label,file\nx,train,a,{name}\n")
        out = self.folder / "out.npy"
        out.unlink(missing_ok=True)
        command = [self.program, "data", "show", self.folder, "--id", "x", "--modality", "m", "--out", out]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        return (np.load(out), "") if done.returncode == 0 else (None, done.stderr.strip())


def same(ours, theirs):
    return ours is not None and ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes()


def expected_of(content):
    array = np.load(io.BytesIO(content))
    array = array[array.files[0]] if isinstance(array, np.lib.npyio.NpzFile) else array
    return np.ascontiguousarray(array.astype(np.float32))


def check_arrays(data, counts, problems):
    random = np.random.default_rng(0)

    def check(line, content, name):
        ours, said = data.read(content, name)
        good = same(ours, expected_of(content))
        counts.setdefault(line, [0, 0])[0] += 1
        counts[line][1] += good
        if not good:
            problems.append(f"{line}: {said or 'other values'}")

    for kind in KINDS:
        for order in "<>" if np.dtype(kind).itemsize > 1 else "|":
            for memory in "CF":
                for version in [(1, 0), (2, 0), (3, 0)]:
                    for shape in SHAPES:
                        array = np.asarray(values_of(kind, shape, random).astype(order + kind), order=memory)
                        check(f".npy {kind} {order} {memory} version {version[0]}", written(array, version), "a.npy")
            array = values_of(kind, (4, 6), random).astype(order + kind)
            for save, how in ((np.savez, "stored"), (np.savez_compressed, "compressed")):
                for content in (array, array.T):
                    file = io.BytesIO()
                    save(file, content)
                    check(f".npz {kind} {order} {how}", file.getvalue(), "a.npz")


def refused_files():
    def save(array, **options):
        file = io.BytesIO()
        np.save(file, array, **options)
        return file.getvalue()

    several = io.BytesIO()
    np.savez(several, a=np.ones(2), b=np.ones(2))
    yield "c8", save(np.ones(2, np.complex64))
    yield "c16", save(np.ones(2, np.complex128))
    yield "f16", save(np.ones(2, np.longdouble))
    yield "M8[s]", save(np.array(["2020-01-01"], "M8[s]"))
    yield "U3", save(np.array(["abc"]))
    yield "O", save(np.array([{}], object), allow_pickle=True)
    yield "record", save(np.zeros(2, [("a", "f4"), ("b", "f4")]))
    yield "scalar", save(np.float32(1))
    yield "empty", save(np.ones((0, 3)))
    yield "several", several.getvalue()
    yield "nan", save(np.array([1, np.nan]))
    yield "overflow", save(np.array([1e300]))


def check_refusals(data, problems):
    print("refused, and why:")
    for name, content in refused_files():
        ours, said = data.read(content, "a.npz" if name == "several" else "a.npy")
        print(f"  {name:10}{REFUSED[name]}")
        if ours is not None or "expected" not in said:
            problems.append(f"{name}: expected a refusal, found {said or 'values'}")


def main():
    program = Path(sys.argv[1]).resolve()
    counts, problems = {}, []
    with tempfile.TemporaryDirectory(prefix="pdmp_npy_") as folder:
        data = Data(program, Path(folder))
        check_arrays(data, counts, problems)
        print(f"{'':32}{'files':>8}{'equal':>8}")
        for line, (files, equal) in counts.items():
            print(f"{line:32}{files:8}{equal:8}")
        print(f"{'all':32}{sum(c[0] for c in counts.values()):8}{sum(c[1] for c in counts.values()):8}")
        check_refusals(data, problems)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
