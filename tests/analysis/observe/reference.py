#!/usr/bin/env python3
"""Prints the figures that test_observe.c compares with: numpy's SVD, scipy's least squares.

Run once by hand (numpy, scipy); the C test holds what it printed.  Both make the same table: score
(i, j) = 0.15 + 0.5 i / 11 (0.6 + 0.1 j) + 0.08 (-1)^j sin 2i + 0.02 sin(3 i j + j), 12 models by 5
benchmarks.
"""
import numpy as np
from scipy import stats
from scipy.optimize import least_squares

N, T = 12, 5
X = np.array([[0.15 + 0.5 * i / 11 * (0.6 + 0.1 * j) + 0.08 * (-1) ** j * np.sin(2 * i)
               + 0.02 * np.sin(3 * i * j + j) for j in range(T)] for i in range(N)])
MISSING = [(0, 1), (3, 4), (7, 0), (7, 2), (10, 3)]


def show(name, x):
    print(f"{name}:", ", ".join(f"{v:.15g}" for v in np.ravel(x)))


def pca(x, scaled):
    z = x - x.mean(0)
    if scaled:
        z = z / x.std(0)
    _, s, v = np.linalg.svd(z, full_matrices=False)
    sign = np.sign(v.sum(1))
    return s ** 2 / np.sum(s ** 2), v * sign[:, None], z @ (v * sign[:, None]).T


def impute(x, k):
    mean, sd = np.nanmean(x, 0), np.nanstd(x, 0)
    z = (x - mean) / sd
    hole = np.isnan(z)
    z[hole] = 0.0
    for _ in range(100000):
        centre = z.mean(0)
        _, _, v = np.linalg.svd(z - centre, full_matrices=False)
        fitted = (z - centre) @ v[:k].T @ v[:k] + centre
        move = np.abs(fitted[hole] - z[hole]).max()
        z[hole] = fitted[hole]
        if move < 1e-13:
            break
    return np.clip(z * sd + mean, 0, 1)


for scaled in (False, True):
    share, weight, score = pca(X, scaled)
    show(f"scaled={scaled} share", share)
    show(f"scaled={scaled} weight of 2", weight[:2])
    show(f"scaled={scaled} scores of model 4", score[4])
holes = X.copy()
for i, j in MISSING:
    holes[i, j] = np.nan
for k in (1, 2):
    show(f"imputed by {k}", [impute(holes, k)[i, j] for i, j in MISSING])

x, y = X[:, 0] * 10, X[:, 1]
line = stats.linregress(x, y)
t = stats.t.ppf(0.975, N - 2)
show("line slope, level, r2, se, lo, hi", [line.slope, line.intercept, line.rvalue ** 2, line.stderr,
                                           line.slope - t * line.stderr,
                                           line.slope + t * line.stderr])

# a metric for links: rises with the first two columns, with a wobble
M = 40
S = np.array([[np.sin(0.9 * i) + i / 20 - 1, np.cos(1.7 * i)] for i in range(M)])
E = 0.1 + 0.85 / (1 + np.exp(-(0.3 + 2.0 * S[:, 0] + 0.7 * S[:, 1]))) + 0.02 * np.sin(5.0 * np.arange(M))


def best(residual, starts):
    found = [least_squares(residual, p, xtol=1e-15, ftol=1e-15, gtol=1e-15) for p in starts]
    return min(found, key=lambda f: f.cost)


def curve(z):
    return 1 / (1 + np.exp(-z))


starts = [(a, b) for a in (-2, 0, 2) for b in (-3, 0.5, 3, 9)]
E1 = 0.1 + 0.85 * curve(0.3 + 2.0 * S[:, 0]) + 0.02 * np.sin(5.0 * np.arange(M))
free = best(lambda p: p[2] + p[3] * curve(p[0] + p[1] * S[:, 0]) - E1, [(a, b, 0.1, 0.8) for a, b in starts])
show("free, one: alpha beta lo range objective", [*free.x, 2 * free.cost])
two = best(lambda p: 0.1 + p[3] * curve(p[0] + S @ p[1:3]) - E,
           [(a, b, c, 0.8) for a, b in starts for c in (-1, 1)])
show("height, chance 0.1, two: alpha beta beta range objective", [*two.x, 2 * two.cost])
one = best(lambda p: curve(p[0] + S @ p[1:3]) - E, [(a, b, c) for a, b in starts for c in (-1, 1)])
show("fixed, chance 0, two: alpha beta beta objective", [*one.x, 2 * one.cost])
A = np.column_stack([np.ones(M), S])
coef = np.linalg.lstsq(A, E, rcond=None)[0]
show("linear, two: alpha beta beta objective", [*coef, np.sum((A @ coef - E) ** 2)])
