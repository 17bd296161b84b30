#!/usr/bin/env python3
"""A LLaMA run trained again by numpy in double, from its config.json and the tokens alone.

    training.py RUN_DIR CORPUS_DIR [--tolerance 1e-5]

The run must have a checkpoint at every step.  Initial weights, the order of the text, the
schedule, clipping and AdamW are those of docs/numerics.md ("Random numbers", "A training
step"); gradients come from a small reverse-mode differentiation below.  Compared at every
step: the loss (manifest.json), the gradient's norm and the learning rate (events.jsonl); at
the end all weights.  Exit status 1 if a relative distance is above the tolerance.
"""
import argparse
import json
import math
import os
import struct
import sys

import numpy as np

INIT, SAMPLER = 1, 2  # purposes of random numbers


# ---- random numbers -----------------------------------------------------------------

def philox(seed, stream, index):
    """The four words of Philox 4x32-10."""
    x = [index & 0xFFFFFFFF, index >> 32, stream & 0xFFFFFFFF, stream >> 32]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(p1 >> 32) ^ x[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ x[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return x


def normal(seed, stream, index):
    a, b, c, d = philox(seed, stream, index)
    u = 1.0 - ((b << 32 | a) >> 11) * 2.0 ** -53
    v = ((d << 32 | c) >> 11) * 2.0 ** -53
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


def permute(seed, stream, index, n):
    half = 1
    while 4 ** half < n:
        half += 1
    mask = 2 ** half - 1
    while True:
        left, right = index >> half, index & mask
        for r in range(6):
            a, b, _, _ = philox(seed, stream, right << 8 | r)
            left, right = right, left ^ ((b << 32 | a) & mask)
        index = left << half | right
        if index < n:
            return index


def batch(config, text, step):
    """Tokens [B, n + 1] of step 0, 1, ..."""
    n = config["training"]["sequence"]
    rows = config["training"]["batch"] // n
    windows = (len(text) - 1) // n
    out = []
    for position in range(step * rows, (step + 1) * rows):
        epoch, at = divmod(position, windows)
        w = permute(config["seed"], SAMPLER << 32 | epoch, at, windows)
        out.append(text[w * n: w * n + n + 1])
    return np.array(out, dtype=np.int64)


# ---- reverse-mode differentiation ----------------------------------------------------

class Var:
    """A value, and what turns its gradient into those of its parents."""

    def __init__(self, value, *parents):
        self.value, self.parents, self.grad = value, parents, 0.0

    def __add__(self, o):
        return Var(self.value + o.value, (self, lambda g: g), (o, lambda g: g))

    def __mul__(self, o):
        if not isinstance(o, Var):
            return Var(self.value * o, (self, lambda g: g * o))
        return Var(self.value * o.value, (self, lambda g: g * o.value),
                   (o, lambda g: g * self.value))

    def __matmul__(self, o):
        return Var(self.value @ o.value, (self, lambda g: g @ np.swapaxes(o.value, -1, -2)),
                   (o, lambda g: np.swapaxes(self.value, -1, -2) @ g))

    def map(self, y, slope):
        return Var(y, (self, lambda g: g * slope))

    def exp(self):
        y = np.exp(self.value)
        return self.map(y, y)

    def log(self):
        return self.map(np.log(self.value), 1 / self.value)

    def power(self, k):
        return self.map(self.value ** k, k * self.value ** (k - 1))

    def silu(self):
        s = 1 / (1 + np.exp(-self.value))
        return self.map(self.value * s, s * (1 + self.value * (1 - s)))

    def sum(self):
        """Over the last axis, which stays."""
        return Var(self.value.sum(-1, keepdims=True), (self, lambda g: g + 0 * self.value))

    def take(self, rows):
        def back(g):
            out = np.zeros_like(self.value)
            np.add.at(out, rows, g)
            return out
        return Var(self.value[rows], (self, back))

    def reorder(self, forward, back):
        return Var(forward(self.value), (self, back))

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                for parent, _ in v.parents:
                    visit(parent)
                order.append(v)

        visit(self)
        self.grad = np.ones_like(self.value)
        for v in reversed(order):
            for parent, back in v.parents:
                g = back(v.grad)
                while g.ndim > parent.value.ndim:  # what was broadcast is summed
                    g = g.sum(0)
                for axis, size in enumerate(parent.value.shape):
                    g = g.sum(axis, keepdims=True) if size == 1 and g.shape[axis] > 1 else g
                parent.grad = parent.grad + g


# ---- the model ------------------------------------------------------------------------

def tensor_list(m):
    d, g = m["width"], m["mlp_width"]
    out = [("model.embed_tokens.weight", (m["vocabulary"], d)), ("model.norm.weight", (d,))]
    for i in range(m["layers"]):
        n = f"model.layers.{i}."
        out.append((n + "input_layernorm.weight", (d,)))
        out += [(n + f"self_attn.{s}_proj.weight", (d, d)) for s in "qkvo"]
        out.append((n + "post_attention_layernorm.weight", (d,)))
        out += [(n + "mlp.gate_proj.weight", (g, d)), (n + "mlp.up_proj.weight", (g, d)),
                (n + "mlp.down_proj.weight", (d, g))]
    return out


def initial(config):
    m, w = config["model"], {}
    std = math.sqrt(2 / (5 * m["width"]))
    for number, (name, shape) in enumerate(tensor_list(m)):
        if len(shape) == 1:
            w[name] = np.ones(shape)
            continue
        is_output = name.endswith(("o_proj.weight", "down_proj.weight"))
        s = std / math.sqrt(2 * m["layers"]) if is_output else std
        flat = [s * normal(config["seed"], INIT << 32 | number, e) for e in range(math.prod(shape))]
        w[name] = np.array(flat, dtype=np.float32).astype(np.float64).reshape(shape)
    return w


def loss_of(m, w, tokens):
    """The mean cross-entropy as a Var; w maps names to Vars."""
    B, n, h, d = tokens.shape[0], tokens.shape[1] - 1, m["heads"], m["width"]
    p = d // h

    def linear(x, name):
        return x @ w[name].reorder(np.transpose, np.transpose)

    def norm(x, name):
        mean = (x * x).sum() * (1 / d)
        return x * mean.reorder(lambda v: v + m["norm_eps"], lambda g: g).power(-0.5) * w[name]

    def heads(x):
        return x.reorder(lambda v: v.reshape(B, n, h, p).swapaxes(1, 2),
                         lambda g: g.swapaxes(1, 2).reshape(B, n, d))

    angle = np.arange(n)[:, None] * 10000.0 ** (-2.0 * np.arange(p // 2) / p)
    cos, sin = np.tile(np.cos(angle), 2), np.tile(np.sin(angle), 2)
    sign = np.repeat([-1.0, 1.0], p // 2)

    def rope(x):
        turned = x.reorder(lambda v: np.roll(v, p // 2, -1) * sign,
                           lambda g: np.roll(g * sign, -(p // 2), -1))
        return x * cos + turned * sin

    x = w["model.embed_tokens.weight"].take(tokens[:, :-1])
    for i in range(m["layers"]):
        a = f"model.layers.{i}."
        b = norm(x, a + "input_layernorm.weight")
        q, k, v = (heads(linear(b, a + f"self_attn.{s}_proj.weight")) for s in "qkv")
        score = rope(q) @ rope(k).reorder(lambda t: t.swapaxes(-1, -2), lambda g: g.swapaxes(-1, -2))
        e = (score * (1 / math.sqrt(p))).exp() * np.tri(n)  # small numbers: no maximum needed
        o = (e * e.sum().power(-1.0)) @ v
        o = o.reorder(lambda t: t.swapaxes(1, 2).reshape(B, n, d),
                      lambda g: g.reshape(B, n, h, p).swapaxes(1, 2))
        x = x + linear(o, a + "self_attn.o_proj.weight")
        b = norm(x, a + "post_attention_layernorm.weight")
        gate = linear(b, a + "mlp.gate_proj.weight").silu()
        x = x + linear(linear(b, a + "mlp.up_proj.weight") * gate, a + "mlp.down_proj.weight")
    z = linear(norm(x, "model.norm.weight"), "model.embed_tokens.weight")
    hot = np.eye(m["vocabulary"])[tokens[:, 1:]]
    nll = z.exp().sum().log() + (z * hot).sum() * -1.0
    return nll.reorder(lambda t: t.mean(), lambda g: np.full((B, n, 1), g / (B * n)))


# ---- the training -----------------------------------------------------------------------

def rate(t, steps, step):
    """Learning rate of the update that makes `step`, 1, 2, ..."""
    lr = t["optimizer"]["adamw"]["lr"]
    (kind, s), = t["schedule"].items()
    if step < s["warmup"]:
        return lr * step / s["warmup"]
    if kind == "cosine":
        share = (step - s["warmup"]) / (steps - s["warmup"])
        return lr * (s["floor"] + (1 - s["floor"]) * (1 + math.cos(math.pi * share)) / 2)
    if kind == "wsd":
        last = round(s["decay"] * steps)
        return lr * (1 - (1 - s["floor"]) * max(0, step - (steps - last)) / last)
    return lr


def train(config, text):
    """Yields (step, loss, norm, lr, weights) for every step."""
    m, t = config["model"], config["training"]
    o = t["optimizer"]["adamw"]
    b1, b2 = o["betas"]
    steps = -(-t["tokens"] // t["batch"])
    w = initial(config)
    first = {k: np.zeros_like(v) for k, v in w.items()}
    second = {k: np.zeros_like(v) for k, v in w.items()}
    for step in range(1, steps + 1):
        var = {k: Var(v) for k, v in w.items()}
        loss = loss_of(m, var, batch(config, text, step - 1))
        loss.backward()
        norm = math.sqrt(sum((v.grad ** 2).sum() for v in var.values()))
        lr = rate(t, steps, step)
        scale = min(1.0, t["clip"] / norm) if t["clip"] > 0 else 1.0
        for k in w:
            g = var[k].grad * scale
            first[k] = b1 * first[k] + (1 - b1) * g
            second[k] = b2 * second[k] + (1 - b2) * g * g
            decay = o["weight_decay"] if w[k].ndim == 2 else 0.0
            w[k] = w[k] - lr * (decay * w[k] + first[k] / (1 - b1 ** step)
                                / (np.sqrt(second[k] / (1 - b2 ** step)) + o["eps"]))
        yield step, float(loss.value), norm, lr, w


def read_weights(path):
    raw = open(path, "rb").read()
    n, = struct.unpack("<Q", raw[:8])
    return {k: np.frombuffer(raw[8 + n:][slice(*e["data_offsets"])], "<f4").reshape(e["shape"])
            for k, e in json.loads(raw[8:8 + n]).items() if k != "__metadata__"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("corpus")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    args = parser.parse_args()
    with open(os.path.join(args.run, "config.json"), encoding="utf-8") as f:
        config = json.load(f)
    with open(os.path.join(args.run, "attempt-000", "events.jsonl"), encoding="utf-8") as f:
        events = {e["step"]: e for e in map(json.loads, f) if e["event"] == "step"}
    text = np.fromfile(os.path.join(args.corpus, "train.tokens"), dtype="u1")
    worst, compared = dict.fromkeys(("loss", "norm", "lr", "weights"), 0.0), 0

    def compare(what, got, want):
        worst[what] = max(worst[what], abs(got / want - 1))

    for step, loss, norm, lr, w in train(config, text):
        folder = os.path.join(args.run, "checkpoints", f"step-{step:08d}")
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
            compare("loss", json.load(f)["train_loss"], loss)
        compare("norm", events[step]["grad_norm"], norm)
        compare("lr", events[step]["lr"], lr)
        compared += 1
    theirs = read_weights(os.path.join(folder, "model.safetensors"))
    for k, v in w.items():
        worst["weights"] = max(worst["weights"], abs(theirs[k] - v).max() / abs(v).max())
    print(f"{compared} steps, greatest relative distances: "
          + ", ".join(f"{k} {v:.1e}" for k, v in worst.items()))
    is_near = compared > 0 and all(v <= args.tolerance for v in worst.values())
    return 0 if is_near else 1


if __name__ == "__main__":
    sys.exit(main())
