#!/usr/bin/env python3
"""Where the rounding errors of Winograd's F(4x4, 3x3) come from, by a model of it in NumPy. Prints two Markdown tables.

    .venv/bin/python tests/experiments/winograd_rounding.py [--tiles 16] [--filters 16]

First, what each choice of points does to independent roundings of the transformed numbers (root mean square, 1: none of
it is amplified). Second, the error of results where one step at a time is done in float32, the others in float64.
"""
import argparse

import numpy
from numpy.polynomial import polynomial

NEAR, FAR = 0.5**0.5, 2**0.5
POINTS = {
    "0, ±1, ±2 (usual)": [0, 1, -1, 2, -2], "0, ±1/2, ±1": [0, 1, -1, .5, -.5], "0, ±1, 1/2, -2": [0, 1, -1, .5, -2],
    "0, ±1/2, ±3/2": [0, .5, -.5, 1.5, -1.5], "0, ±3/4, ±3/2": [0, .75, -.75, 1.5, -1.5],
    "0, ±√½, ±√2 (pdmp)": [0, NEAR, -NEAR, FAR, -FAR], "0, ±0.66, ±1.54 (best found)": [0, .66, -.66, 1.54, -1.54],
}


def transforms(points, outputs=4, taps=3):
    """A^T, G and B^T of F(outputs, taps) at these points and infinity: y = A^T [(G g) * (B^T d)]."""
    size = outputs + taps - 1
    result, filters, data = numpy.zeros((outputs, size)), numpy.zeros((size, taps)), numpy.zeros((size, size))
    for i, p in enumerate(points):
        others = [q for q in points if q != p]
        result[:, i] = [p**k for k in range(outputs)]
        filters[i] = [p**k / numpy.prod([p - q for q in others]) for k in range(taps)]
        data[i, :size - 1] = polynomial.polyfromroots(others)
    result[-1, -1] = filters[-1, -1] = 1
    data[-1] = polynomial.polyfromroots(points)
    return result, filters, data


def amplification(points, outputs=4):
    """Of white data and filters, both dimensions, over what the exact result is."""
    result, filters, data = transforms(points, outputs)
    return (result**2 @ ((data**2).sum(1) * (filters**2).sum(1)) / 3).mean()


def rounded(x):
    return x.astype(numpy.float32).astype(numpy.float64)


def fused_sum(v, u, run):
    """sum_c v[..., t, c] u[..., k, c] by fused multiply-adds in float32, in runs that are added afterwards."""
    total = None
    for first in range(0, v.shape[-1], run):
        part = numpy.zeros((*v.shape[:3], u.shape[2]))
        for c in range(first, min(first + run, v.shape[-1])):
            part = rounded(part + v[..., :, None, c] * u[..., None, :, c])
        total = part if total is None else rounded(total + part)
    return total


def layer(channels, tiles, filters):
    """Nonnegative smooth tiles, as behind a ReLU, and filters as they start."""
    rng = numpy.random.default_rng(channels)
    noise = rng.standard_normal((tiles, channels, 8, 8))
    x = noise[..., 1:7, 1:7] + .5 * (noise[..., :6, 1:7] + noise[..., 2:, 1:7] + noise[..., 1:7, :6] + noise[..., 1:7, 2:])
    return rounded(numpy.maximum(x, 0)), rounded(rng.standard_normal((filters, channels, 3, 3)) / channels**.5)


def direct(x, w):
    total = numpy.zeros((x.shape[0], w.shape[0], 4, 4))
    for i in range(3):
        for j in range(3):
            for c in range(x.shape[1]):
                total = rounded(total + x[:, None, c, i:i + 4, j:j + 4] * w[None, :, c, i, j, None, None])
    return total


def errors(points, channels, tiles, filters):
    result, kernel, data = transforms(points)
    x, w = layer(channels, tiles, filters)
    v = numpy.einsum("pi,tcij,qj->pqtc", data, x, data, optimize=True)
    u = numpy.einsum("pi,kcij,qj->pqkc", kernel, w, kernel, optimize=True)

    def tiles_of(m):
        return numpy.einsum("ip,pqtk,jq->tkij", result, m, result, optimize=True)

    def product(v, u):
        return numpy.einsum("pqtc,pqkc->pqtk", v, u, optimize=True)

    exact = tiles_of(product(v, u))

    def error(y):
        return numpy.linalg.norm(y - exact) / numpy.linalg.norm(exact)

    found = {"maps": error(tiles_of(product(rounded(v), u))), "filters": error(tiles_of(product(v, rounded(u))))}
    for run in (channels, 64, 32, 16):
        found[f"sums, {'one run' if run == channels else f'runs of {run}'}"] = error(tiles_of(fused_sum(v, u, run)))
    return found | {"direct, one sum": error(direct(x, w))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiles", type=int, default=16)
    parser.add_argument("--filters", type=int, default=16)
    options = parser.parse_args()
    print("| points, and infinity | amplification |\n|---|---|")
    for name, points in POINTS.items():
        print(f"| {name} | {amplification(points):.1f} |")
    print(f"| F(2x2, 3x3) at 0, ±1 | {amplification([0, 1, -1], 2):.1f} |\n")
    columns = {c: errors([0, NEAR, -NEAR, FAR, -FAR], c, options.tiles, options.filters) for c in (128, 256, 512)}
    print("| in float32, at pdmp's points | " + " | ".join(f"{c} channels" for c in columns) + " |\n|---|" + "---|" * len(columns))
    for name in columns[128]:
        print(f"| {name} | " + " | ".join(f"{found.get(name, float('nan')):.1e}" for found in columns.values()) + " |")


if __name__ == "__main__":
    main()
