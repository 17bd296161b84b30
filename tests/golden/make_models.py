#!/usr/bin/env python3
"""Writes tests/vectors/models.txt: losses, logits and gradients of small models, by numpy.

    python3 tests/golden/make_models.py > tests/vectors/models.txt

The four models as loops over positions in complex128.  A derivative is a complex step:
d/de f(w + e u) = Im f(w + i h u) / h with h = 1e-30, exact to rounding, no differences.
Nothing here knows chunks or backward passes.

Parameters: tensor T of a case (0, 1, ... in the order of the lines) has the elements
off + scale sin(1.7 T + 0.61 (e e) + 0.3); tokens are (7 i i + 3 i + i // 5 + 1) mod V.
"""
import math

import numpy as np

EPS = 1e-6
STEP = 1e-30

# architecture, options, l, d, h, g, V, B, T
CASES = [
    ("llama", {}, 1, 6, 1, 7, 11, 1, 1),
    ("llama", {}, 1, 6, 3, 13, 29, 2, 17),
    ("llama", {"rope_base": 500}, 3, 24, 3, 33, 50, 1, 31),
    ("llama", {}, 2, 16, 1, 21, 17, 3, 64),
    ("llama", {}, 1, 12, 6, 5, 23, 2, 65),
    ("llama", {}, 2, 20, 2, 9, 31, 1, 129),
    ("tnl", {}, 1, 6, 3, 7, 11, 1, 2),
    ("tnl", {}, 2, 18, 3, 13, 29, 2, 63),
    ("tnl", {}, 3, 24, 6, 33, 50, 1, 64),
    ("tnl", {"lrpe_layer0": 1}, 2, 12, 6, 21, 17, 2, 65),
    ("tnl", {"printed_decay": 1}, 3, 20, 5, 9, 31, 1, 129),
    ("tnl", {"swish_glu": 1}, 1, 16, 1, 5, 23, 3, 31),
    ("tnl", {"lrpe_layer0": 1, "printed_decay": 1, "swish_glu": 1}, 2, 14, 7, 11, 19, 1, 129),
    ("hgrn2", {}, 1, 6, 3, 7, 11, 1, 2),
    ("hgrn2", {}, 2, 16, 1, 13, 29, 2, 63),
    ("hgrn2", {}, 3, 24, 6, 33, 50, 1, 64),
    ("hgrn2", {"swish_glu": 1}, 4, 18, 3, 21, 17, 2, 65),
    ("hgrn2", {}, 2, 20, 2, 9, 31, 1, 129),
    ("hgrn2", {"GATES": 40}, 2, 12, 3, 9, 23, 2, 129),
    ("cosformer2", {}, 1, 6, 3, 7, 11, 1, 2),
    ("cosformer2", {}, 2, 18, 3, 13, 29, 2, 63),
    ("cosformer2", {"theta_learned": 1}, 3, 24, 6, 33, 50, 1, 64),
    ("cosformer2", {"tpe_decay_learned": 1}, 1, 16, 1, 21, 17, 2, 65),
    ("cosformer2", {"tpe": 0}, 2, 20, 2, 9, 31, 1, 129),
    ("cosformer2", {"tpe_residual": 0, "swish_glu": 1}, 1, 12, 6, 5, 23, 3, 31),
    ("cosformer2", {"theta_learned": 1, "tpe_decay_learned": 1, "tpe_residual": 0}, 2, 10, 5, 11,
     19, 1, 129),
]


def sigmoid(x):
    with np.errstate(over="ignore"):
        e = np.exp(np.where(x.real > 0, -x, x))
    return np.where(x.real > 0, 1 / (1 + e), e / (1 + e))


def silu(x):
    return x * sigmoid(x)


def norm(x, weight=1.0):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS) * weight


def slopes(h):
    """ALiBi: 2^(-8 (j+1)/h); other h: those of the power below, then every second of twice it."""
    if h & (h - 1) == 0:
        return [2.0 ** (-8.0 * (j + 1) / h) for j in range(h)]
    below = 1 << (h.bit_length() - 1)
    return slopes(below) + slopes(2 * below)[0::2][: h - below]


def frequencies(h, p):
    return (10000.0 ** (-2.0 * np.arange(h * p) / (h * p))).reshape(h, p)


def tensors(arch, opt, l, d, h, g, V):
    """(name, shape, off, scale), in the order of the file."""
    p = d // h

    def matrix(name, rows, cols, gain=1.0):
        return (name, (rows, cols), 0.0, gain * 1.2 / math.sqrt(cols))

    out = [matrix("model.embed_tokens.weight", V, d)]
    if arch == "llama":
        out.append(("model.norm.weight", (d,), 1.0, 0.3))
    if arch == "hgrn2":
        out.append(("model.lower_bounds", (l, d), 0.2, 0.8))
    if arch == "cosformer2" and opt.get("tpe", 1):
        out.append(matrix("model.tpe.weight", d, p))
        if opt.get("tpe_decay_learned"):
            out.append(("model.tpe.decay_raw", (p,), 1.0, 2.0))
    for i in range(l):
        n = f"model.layers.{i}."
        if arch == "llama":
            out.append((n + "input_layernorm.weight", (d,), 1.0, 0.3))
        a = n + ("self_attn." if arch == "llama" else "attn.")
        second, third = ("f", "i") if arch == "hgrn2" else ("k", "v")
        out.append(matrix(a + "q_proj.weight", d, d))
        out.append(matrix(a + second + "_proj.weight", d, d, opt.get("GATES", 1.0)))
        out.append(matrix(a + third + "_proj.weight", d, d))
        if arch in ("tnl", "cosformer2"):
            out.append(matrix(a + "gate_down.weight", p, d))
            out.append(matrix(a + "gate_up.weight", d, p))
        out.append(matrix(a + "o_proj.weight", d, d))
        if opt.get("theta_learned"):
            out.append((a + "theta", (h, p), 0.2, 0.2))
        if arch == "llama":
            out.append((n + "post_attention_layernorm.weight", (d,), 1.0, 0.3))
        out.append(matrix(n + "mlp.gate_proj.weight", g, d))
        out.append(matrix(n + "mlp.up_proj.weight", g, d))
        out.append(matrix(n + "mlp.down_proj.weight", d, g))
    return out


def scan(q, k, v, f):
    """S_t = diag(f_t) S_{t-1} + k_t v_t^T, o_t = S_t^T q_t; q, k, f [B, T, h, a], v [B, T, h, p]"""
    f = np.broadcast_to(f, q.shape)
    state = np.zeros((q.shape[0], q.shape[2], q.shape[3], v.shape[3]), complex)
    out = np.zeros(v.shape, complex)
    for t in range(q.shape[1]):
        state = f[:, t, :, :, None] * state + k[:, t, :, :, None] * v[:, t, :, None, :]
        out[:, t] = (state * q[:, t, :, :, None]).sum(2)
    return out


def forward(arch, opt, l, d, h, w, tokens):
    p, T, B = d // h, tokens.shape[1], tokens.shape[0]
    emb = w["model.embed_tokens.weight"]
    x = emb[tokens]

    def heads(y):
        return y.reshape(B, T, h, p)

    def positions(y, theta):
        angle = np.arange(T)[:, None, None] * theta
        return np.concatenate([y * np.cos(angle), y * np.sin(angle)], -1)

    def rotate(y):
        angle = np.arange(T)[:, None, None] * opt.get("rope_base", 1e4) ** (
            -2.0 * np.arange(p // 2) / p)
        a, b, c, s = y[..., : p // 2], y[..., p // 2:], np.cos(angle), np.sin(angle)
        return np.concatenate([a * c - b * s, a * s + b * c], -1)

    if arch == "cosformer2" and opt.get("tpe", 1):
        lam = 1 - 1 / (2 * 128.0 ** (np.arange(p) / (p - 1)))
        if opt.get("tpe_decay_learned"):
            lam = sigmoid(w["model.tpe.decay_raw"])
        state, y = np.zeros((B, d, p), complex), np.zeros(x.shape, complex)
        for t in range(T):
            state = lam * state + w["model.tpe.weight"] * x[:, t, :, None]
            y[:, t] = state.sum(-1)
        x = x + y if opt.get("tpe_residual", 1) else y
    for i in range(l):
        n = f"model.layers.{i}."
        a = n + ("self_attn." if arch == "llama" else "attn.")

        def lin(name, y):
            return y @ w[name + ".weight"].T

        xb = norm(x, w[n + "input_layernorm.weight"] if arch == "llama" else 1.0)
        q = lin(a + "q_proj", xb)
        if arch == "llama":
            q, k, v = (heads(y) for y in (q, lin(a + "k_proj", xb), lin(a + "v_proj", xb)))
            s = np.einsum("bihp,bjhp->bhij", rotate(q), rotate(k)) / math.sqrt(p)
            s = s - np.where(np.tri(T) > 0, s.real, -np.inf).max(-1, keepdims=True)
            e = np.where(np.tri(T) > 0, np.exp(np.where(np.tri(T) > 0, s, 0)), 0)
            o = np.einsum("bhij,bjhp->bihp", e / e.sum(-1, keepdims=True), v).reshape(x.shape)
        elif arch == "hgrn2":
            e = np.exp(w["model.lower_bounds"])
            share = e / e.sum(0)
            low = share[1: i + 1].sum(0)
            z = lin(a + "f_proj", xb)
            f = low + (1 - low) * sigmoid(z)
            k = (1 - low) * sigmoid(-z)
            o = scan(heads(silu(q)), heads(k), heads(lin(a + "i_proj", xb)), heads(f))
            o = norm(o.reshape(x.shape))
        else:
            q, k = heads(silu(q)), heads(silu(lin(a + "k_proj", xb)))
            f = np.ones((1, 1))
            if arch == "tnl" and opt.get("printed_decay"):
                f = np.exp(-8.0 * np.arange(h) / h * (1 - i / l))[:, None]
            elif arch == "tnl":
                depth = (1 - i / (l - 1) if l > 1 else 1.0) + 1e-5
                f = np.exp(-np.array(slopes(h)) * depth)[:, None]
            if arch == "cosformer2":
                theta = w[a + "theta"] if opt.get("theta_learned") else frequencies(h, p)
                q, k = positions(q, theta), positions(k, theta)
            elif i == 0 and opt.get("lrpe_layer0"):
                q, k = (positions(y, frequencies(h, p)) for y in (q, k))
            o = norm(scan(q, k, heads(lin(a + "v_proj", xb)), f).reshape(x.shape))
            o = o * sigmoid(lin(a + "gate_up", lin(a + "gate_down", xb)))
        x = x + lin(a + "o_proj", o)
        xb = norm(x, w[n + "post_attention_layernorm.weight"] if arch == "llama" else 1.0)
        gate = lin(n + "mlp.gate_proj", xb)
        if arch == "llama" or opt.get("swish_glu"):
            gate = silu(gate)
        x = x + lin(n + "mlp.down_proj", lin(n + "mlp.up_proj", xb) * gate)
    return norm(x, w["model.norm.weight"] if arch == "llama" else 1.0) @ emb.T


def loss(logits, target):
    z = logits - logits.real.max(-1, keepdims=True)
    lse = np.log(np.exp(z).sum(-1))
    return (lse - np.take_along_axis(z, target[..., None], -1)[..., 0]).mean()


def case(arch, opt, l, d, h, g, V, B, T):
    i = np.arange(B * (T + 1))
    text = ((7 * i * i + 3 * i + i // 5 + 1) % V).reshape(B, T + 1)
    spec = tensors(arch, opt, l, d, h, g, V)
    w, along = {}, {}
    for number, (name, shape, off, scale) in enumerate(spec):
        e = np.arange(math.prod(shape), dtype=float)
        w[name] = (off + scale * np.sin(1.7 * number + 0.61 * (e * e) + 0.3)).reshape(shape)
        along[name] = np.cos(0.83 * e + 0.2).reshape(shape)
    options = "".join(f" {k}={v}" for k, v in opt.items() if k != "GATES")
    z = forward(arch, opt, l, d, h, w, text[:, :-1]).real
    weight = np.cos(0.37 * np.arange(z.size) + 0.1)
    print(f"case {arch} {l} {d} {h} {g} {V} {B} {T}{options}")
    print(f"loss {loss(z, text[:, 1:]).real:.17g}")
    print(f"logits {z.flat[0]:.17g} {z.flat[-1]:.17g} {(z.ravel() * weight).sum():.17g}")
    for name, shape, off, scale in spec:
        moved = dict(w)
        moved[name] = w[name] + 1j * STEP * along[name]
        slope = loss(forward(arch, opt, l, d, h, moved, text[:, :-1]), text[:, 1:]).imag / STEP
        print(f"tensor {name} {off:.17g} {scale:.17g} {slope:.17g}")


if __name__ == "__main__":
    print("# made by tests/golden/make_models.py; see there")
    for c in CASES:
        case(*c)
