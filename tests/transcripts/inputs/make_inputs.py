#!/usr/bin/env python3
"""Makes the generated inputs of the transcripts: points.csv, scores.csv, words.txt.

Run by hand when they must change; the files are kept beside it, so that no test depends on
the last bits of a mathematical library.
"""
import math
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))

LAWS = {
    "llama": (1.70, 400.0, 900.0, 0.34, 0.30),
    "rnn": (1.75, 300.0, 900.0, 0.31, 0.30),
    "linear": (1.70, 410.0, 880.0, 0.34, 0.30),
}


def write(name, text):
    with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="\n") as f:
        f.write(text)


def points():
    rng = random.Random(7)
    rows = ["arch,run,seed,N,D,C,loss,bits_per_byte,hours"]
    for arch, (e, a, b, alpha, beta) in LAWS.items():
        for i in range(6):
            for seed in (1, 2):
                n = round(2e6 * 2.5**i)
                between = rng.gauss(0.0, 0.003)
                for j in range(4):
                    d = round(4e7 * 3.0**j)
                    loss = e + a * n**-alpha + b * d**-beta
                    loss *= math.exp(between + rng.gauss(0.0, 0.001))
                    hours = 6.0 * n * d / 4e15 * (0.6 if arch == "rnn" else 1.0)
                    rows.append(
                        f"{arch},{arch}-{i}-s{seed},{seed},{n},{d},{6 * n * d},{loss:.5f},"
                        f"{loss / 2.9:.5f},{hours:.5g}"
                    )
    write("points.csv", "\n".join(rows) + "\n")


def scores():
    rng = random.Random(11)
    rows = ["model,family,N,D,C,arc,hellaswag,mmlu,winogrande,humaneval"]
    for f, family in enumerate(("alder", "birch", "cedar")):
        for i in range(8):
            n = 1e8 * 2.6**i
            d = 3e11 * (1 + f)
            c = 6 * n * d
            ability = 0.45 * (math.log10(c) - 21.5) + 0.2 * f
            cells = []
            for lift, slope, low in ((0.1, 1.0, 0.25), (0.5, 1.3, 0.25), (-0.8, 1.2, 0.25), (0.2, 0.8, 0.5), (-1.2, 1.5, 0.0)):
                p = low + (0.97 - low) / (1 + math.exp(-(lift + slope * ability + rng.gauss(0, 0.12))))
                cells.append(f"{p:.4f}")
            rows.append(f"{family}-{i},{family},{n:.4g},{d:.4g},{c:.4g}," + ",".join(cells))
    write("scores.csv", "\n".join(rows) + "\n")


def words():
    rng = random.Random(3)
    nouns = "river stone lamp bread garden winter letter bridge horse road window harbour field".split()
    verbs = "holds finds keeps follows leaves carries covers remembers".split()
    kinds = "old quiet broad early narrow bright heavy plain".split()
    out = []
    for _ in range(30):
        lines = []
        for _ in range(12):
            lines.append(
                f"The {rng.choice(kinds)} {rng.choice(nouns)} {rng.choice(verbs)} "
                f"the {rng.choice(nouns)}, and a {rng.choice(nouns)} {rng.choice(verbs)} it."
            )
        out.append("\n".join(lines))
    write("words.txt", "\n\n".join(out) + "\n")


points()
scores()
words()
