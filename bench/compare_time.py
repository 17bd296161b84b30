"""Training steps of Slaw and of PyTorch in turn."""

import json
import statistics
import subprocess
import sys
import time

import torch

import compare_models as models
import compare_step

QUICK_SIZES = ["85k", "6.5m"]  # width 64 and 256

LARGE = 192  # width from which a step takes seconds


def passes(size, precision):
    """PyTorch takes the batch at once or in four passes whose gradients add up: in float32 four are
    as fast or faster (what a pass makes stays in the cache), in bfloat16 one is (weights are
    converted once).  Small models do both, and the faster counts."""
    if compare_step.SIZES[size][1] < LARGE:
        return [1, 4]
    return [4] if precision == "f32" else [1]


def ours(program, o, architecture, size, precision):
    """One turn of bench_step: its JSON."""
    args = [program, "--json", "--architecture", architecture, "--size", size,
            "--precision", precision, "--threads", str(o.threads), "--seconds", str(o.seconds),
            "--batch", str(o.batch)]
    return json.loads(subprocess.run(args, check=True, stdout=subprocess.PIPE).stdout)


class Theirs:
    def __init__(self, architecture, size, precision, batch):
        self.passes = passes(size, precision)
        self.steps = [compare_step.Step(architecture, size, precision, batch=batch, parts=p)
                      for p in self.passes]
        self.took = [[] for _ in self.passes]
        self.processor = []  # seconds of all threads a step
        for s in self.steps:
            s.step()

    def turn(self, seconds):
        for step, took in zip(self.steps, self.took):
            begin = now = time.perf_counter()
            n = 0
            while n < 2 or now - begin < seconds / len(self.steps):
                t, p = time.perf_counter(), time.process_time()
                step.step()
                now = time.perf_counter()
                self.processor.append(time.process_time() - p)
                took.append(now - t)
                n += 1

    def best(self):
        """Seconds of the best step, the median of the faster way, and its passes."""
        i = min(range(len(self.steps)), key=lambda k: min(self.took[k]))
        return min(self.took[i]), statistics.median(self.took[i]), self.passes[i]


def one(program, o, architecture, size, precision):
    theirs = Theirs(architecture, size, precision, o.batch)
    turns, medians, peak = [], [], 0.0
    rounds = 1 if o.quick and compare_step.SIZES[size][1] >= LARGE else o.rounds
    for _ in range(rounds):
        mine = ours(program, o, architecture, size, precision)
        r = mine["results"][0]
        peak = max(peak, mine["peak_gflops"][precision] or mine["peak_gflops"]["f32"])
        turns.append(r["seconds_per_step"])
        medians.append(r.get("median_seconds_per_step", r["seconds_per_step"]))
        theirs.turn(o.seconds)
    tokens = r["tokens_per_s"] * r["seconds_per_step"]
    flops = r["gflops"] / r["tokens_per_s"]  # GFLOP a token
    best, median, ways = theirs.best()

    def side(seconds, middle):
        return {"tokens_per_s": tokens / seconds, "median_tokens_per_s": tokens / middle,
                "gflops": flops * tokens / seconds,
                "share_of_peak": flops * tokens / seconds / (peak * o.threads)}

    return {"architecture": architecture, "size": size, "layers": r["layers"], "width": r["width"],
            "N": r["N"], "precision": precision, "threads": o.threads, "sequence": r["sequence"],
            "batch": r["batch"], "peak_gflops": peak,
            "ours": side(min(turns), statistics.median(medians)),
            "pytorch": dict(side(best, median), passes=ways), "ratio": best / min(turns),
            # of PyTorch's processor time to our wall time: what a busy machine cannot flatter
            "least_ratio": min(theirs.processor) / o.threads / min(turns),
            "median_ratio": median / statistics.median(medians)}


HEADER = (f"{'':11} {'size':5} {'':5} {'ours':>9} {'median':>9} {'GFLOP/s':>8} {'peak':>5}"
          f" {'PyTorch':>9} {'median':>9} {'GFLOP/s':>8} {'peak':>5} {'ratio':>6}")


def line(r):
    def side(x):
        return (f"{x['tokens_per_s']:9.0f} {x['median_tokens_per_s']:9.0f} {x['gflops']:8.1f}"
                f" {100 * x['share_of_peak']:4.0f}%")
    return (f"{r['architecture']:11} {r['size']:5} {r['precision']:5} {side(r['ours'])}"
            f" {side(r['pytorch'])} {r['ratio']:6.2f}")


def run(program, o):
    """The report as an object; a table line by line on the way unless o.json."""
    if o.quick and not o.size:
        sizes = QUICK_SIZES
    else:
        sizes = [o.size] if o.size else list(compare_step.SIZES)
    if set(sizes) - set(compare_step.SIZES):
        print(f"compare: no size '{o.size}'", file=sys.stderr)
        raise SystemExit(2)
    if o.quick:
        o.rounds, o.seconds, o.batch = min(o.rounds, 2), min(o.seconds, 0.3), 4096
    compare_step.set_threads(o.threads)
    if not o.json:
        print(f"tokens/s of whole steps, {o.threads} thread(s); PyTorch {torch.__version__}")
        print(HEADER)
    rows = []
    for precision in [o.precision] if o.precision else ["f32", "bf16"]:
        for size in sizes:
            for architecture in [o.architecture] if o.architecture else models.MODELS:
                rows.append(one(program, o, architecture, size, precision))
                if not o.json:
                    print(line(rows[-1]), flush=True)
    return {"schema": 1, "pytorch": torch.__version__, "threads": o.threads,
            "results": rows}
