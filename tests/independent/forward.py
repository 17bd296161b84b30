#!/usr/bin/env python3
"""The validation loss of a checkpoint, computed from its files by numpy alone.

An implementation of the four models that shares nothing with the program: no
chunks, no kernels, float64, the recurrent form written as a loop over positions.
docs/files.md describes the files; trainer/models/<architecture>/README.md has the
equations.

    forward.py CHECKPOINT_DIR CORPUS_DIR [--tolerance 1e-5]
    forward.py CHECKPOINT_DIR --header

prints the loss, the loss of manifest.json and their relative distance; exit
status 1 if that is above the tolerance.
"""
import argparse
import json
import math
import os
import struct
import sys

import numpy as np


def read_safetensors(path):
    """Tensors by name, as float64, and the header."""
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        data = f.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", name
        begin, end = entry["data_offsets"]
        flat = np.frombuffer(data[begin:end], dtype="<f4")
        tensors[name] = flat.reshape(entry["shape"]).astype(np.float64)
    return tensors, header


def sigmoid(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def silu(x):
    return x * sigmoid(x)


def norm(x, eps, weight=1.0):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def split_heads(x, heads):
    """[B, T, d] -> [B, T, h, p]"""
    return x.reshape(*x.shape[:-1], heads, -1)


def linear_attention(q, k, v, decay):
    """S_t = decay_t * S_{t-1} + k_t v_t^T; o_t = S_t^T q_t.  q, k [B, T, h, a], v [B, T, h, p],
    decay broadcasts against [B, T, h, a]."""
    batch, n, heads, a = q.shape
    decay = np.broadcast_to(decay, q.shape)
    state = np.zeros((batch, heads, a, v.shape[-1]))
    out = np.empty_like(v)
    for t in range(n):
        state = decay[:, t, :, :, None] * state + k[:, t, :, :, None] * v[:, t, :, None, :]
        out[:, t] = np.einsum("bhap,bha->bhp", state, q[:, t])
    return out


def with_positions(x, theta):
    """LRPE: [x cos(t theta); x sin(t theta)], theta [h, p]."""
    angle = np.arange(x.shape[1])[:, None, None] * theta
    return np.concatenate([x * np.cos(angle), x * np.sin(angle)], axis=-1)


def spread_frequencies(heads, p):
    j = np.arange(heads * p).reshape(heads, p)
    return 10000.0 ** (-2.0 * j / (heads * p))


def alibi_slopes(n):
    """Rates 2^(-8 i / n), i = 1..n; for other n than powers of two those of the power
    below, then every second one of the power above."""
    if n & (n - 1) == 0:
        return [2.0 ** (-8.0 * (i + 1) / n) for i in range(n)]
    below = 1 << (n.bit_length() - 1)
    return alibi_slopes(below) + alibi_slopes(2 * below)[0::2][: n - below]


class Model:
    def __init__(self, config, tensors):
        m = config["model"]
        self.m, self.w = m, tensors
        self.layers, self.heads, self.eps = m["layers"], m["heads"], m["norm_eps"]
        self.p = m["width"] // m["heads"]

    def option(self, name, default):
        return self.m.get(name, default)

    def weight(self, layer, name):
        return self.w[f"model.layers.{layer}.{name}.weight"]

    def linear(self, x, layer, name):
        return x @ self.weight(layer, name).T

    # Channel mixer: down(up(x) * f(gate(x))).
    def mlp(self, x, i):
        gate = self.linear(x, i, "mlp.gate_proj")
        if self.m["architecture"] == "llama" or self.option("swish_glu", False):
            gate = silu(gate)
        return self.linear(self.linear(x, i, "mlp.up_proj") * gate, i, "mlp.down_proj")

    # Token mixers, of the normed x [B, T, d].
    def attention(self, x, i):
        n, p = x.shape[1], self.p
        name = "self_attn."
        q, k, v = (split_heads(self.linear(x, i, name + s), self.heads)
                   for s in ("q_proj", "k_proj", "v_proj"))
        base = self.option("rope_base", 10000.0)
        angle = np.arange(n)[:, None] * base ** (-2.0 * np.arange(p // 2) / p)
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]

        def rotate(y):
            a, b = y[..., : p // 2], y[..., p // 2:]
            return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)

        score = np.einsum("bihp,bjhp->bhij", rotate(q), rotate(k)) / math.sqrt(p)
        score = np.where(np.tril(np.ones((n, n), dtype=bool)), score, -np.inf)
        score = np.exp(score - score.max(axis=-1, keepdims=True))
        score /= score.sum(axis=-1, keepdims=True)
        out = np.einsum("bhij,bjhp->bihp", score, v).reshape(x.shape)
        return self.linear(out, i, name + "o_proj")

    def gated(self, o, x, i):
        gate = sigmoid(self.linear(self.linear(x, i, "attn.gate_down"), i, "attn.gate_up"))
        return self.linear(norm(o.reshape(x.shape), self.eps) * gate, i, "attn.o_proj")

    def qkv(self, x, i):
        q, k, v = (self.linear(x, i, f"attn.{s}_proj") for s in "qkv")
        return (split_heads(y, self.heads) for y in (silu(q), silu(k), v))

    def tnl(self, x, i):
        q, k, v = self.qkv(x, i)
        h, l = self.heads, self.layers
        if self.option("printed_decay", False):
            rate = [8.0 * j / h * (1.0 - i / l) for j in range(h)]
        else:
            depth = 1.0 - i / (l - 1) + 1e-5 if l > 1 else 1.0
            rate = [s * depth for s in alibi_slopes(h)]
        if i == 0 and self.option("lrpe_layer0", False):
            theta = spread_frequencies(h, self.p)
            q, k = with_positions(q, theta), with_positions(k, theta)
        decay = np.exp(-np.array(rate))[:, None]
        return self.gated(linear_attention(q, k, v, decay), x, i)

    def hgrn2(self, x, i):
        lb = self.w["model.lower_bounds"]
        share = np.exp(lb - lb.max(axis=0))
        share /= share.sum(axis=0)
        bound = np.cumsum(share, axis=0)[i] - share[0]
        f = bound + (1.0 - bound) * sigmoid(self.linear(x, i, "attn.f_proj"))
        q = silu(self.linear(x, i, "attn.q_proj"))
        v = self.linear(x, i, "attn.i_proj")
        q, f, v = (split_heads(y, self.heads) for y in (q, f, v))
        o = linear_attention(q, 1.0 - f, v, f).reshape(x.shape)
        return self.linear(norm(o, self.eps), i, "attn.o_proj")

    def cosformer2(self, x, i):
        q, k, v = self.qkv(x, i)
        theta = self.w[f"model.layers.{i}.attn.theta"]
        o = linear_attention(with_positions(q, theta), with_positions(k, theta), v, np.ones(1))
        return self.gated(o, x, i)

    def tpe(self, x):
        """H_t = decay * H_{t-1} + B * x_t per channel; y_t = sum of H_t."""
        b, decay = self.w["model.tpe.weight"], self.w["model.tpe.decay"]
        state = np.zeros((x.shape[0],) + b.shape)
        y = np.empty_like(x)
        for t in range(x.shape[1]):
            state = decay * state + b * x[:, t, :, None]
            y[:, t] = state.sum(axis=-1)
        return x + y if self.option("tpe_residual", True) else y

    def logits(self, tokens):
        """[B, T] -> [B, T, V]"""
        arch, emb = self.m["architecture"], self.w["model.embed_tokens.weight"]
        is_llama = arch == "llama"
        mixer = {"llama": self.attention, "tnl": self.tnl, "hgrn2": self.hgrn2,
                 "cosformer2": self.cosformer2}[arch]
        x = emb[tokens]
        if arch == "cosformer2" and self.option("tpe", True):
            x = self.tpe(x)
        for i in range(self.layers):
            w1 = self.weight(i, "input_layernorm") if is_llama else 1.0
            w2 = self.weight(i, "post_attention_layernorm") if is_llama else 1.0
            x = x + mixer(norm(x, self.eps, w1), i)
            x = x + self.mlp(norm(x, self.eps, w2), i)
        return norm(x, self.eps, self.w["model.norm.weight"] if is_llama else 1.0) @ emb.T

    def loss(self, windows):
        """Mean over windows [B, n + 1] of the cross-entropy of every next token."""
        z = self.logits(windows[:, :-1])
        z = z - z.max(axis=-1, keepdims=True)
        z = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
        return -np.mean(np.take_along_axis(z, windows[:, 1:, None], axis=-1))


def validation_windows(corpus_dir, vocabulary, n):
    dtype = "u1" if vocabulary <= 256 else "<u2"
    tokens = np.fromfile(os.path.join(corpus_dir, "validation.tokens"), dtype=dtype)
    count = (len(tokens) - 1) // n
    return np.stack([tokens[w * n: w * n + n + 1] for w in range(count)]).astype(np.int64)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--header", action="store_true")
    args = parser.parse_args()

    def path(name):
        return os.path.join(args.checkpoint, name)

    tensors, header = read_safetensors(path("model.safetensors"))
    if args.header:
        for name, entry in header.items():
            print(name, entry)
        return 0
    with open(path("config.json"), encoding="utf-8") as f:
        config = json.load(f)
    with open(path("manifest.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    with open(os.path.join(args.corpus, "manifest.json"), encoding="utf-8") as f:
        vocabulary = json.load(f)["tokenizer"]["vocabulary"]
    windows = validation_windows(args.corpus, vocabulary, config["training"]["sequence"])
    model = Model(config, tensors)
    losses = [model.loss(part) for part in np.array_split(windows, max(1, len(windows) // 16))]
    sizes = [len(part) for part in np.array_split(windows, max(1, len(windows) // 16))]
    loss = float(np.average(losses, weights=sizes))
    want = next(e["loss"] for e in manifest["evaluations"] if e["task"] == "validation")
    distance = abs(loss / want - 1.0)
    print(f"{config['model']['architecture']}: numpy {loss:.9f}, manifest {want:.9f}, "
          f"relative distance {distance:.2e}")
    return 0 if distance <= args.tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
