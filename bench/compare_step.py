"""One training step in PyTorch: forward, backward, clipping at 1, AdamW."""

import ctypes
import math

import torch

import compare_models as models

SIZES = {  # experiments/milli.yaml: layers, width; heads of 32
    "20k": (2, 32),
    "85k": (2, 64),
    "334k": (3, 96),
    "906k": (5, 128),
    "2.8m": (6, 192),
    "6.5m": (8, 256),
}
HEAD_WIDTH, VOCABULARY = 32, 256


def mlp_width(d):
    """8/3 d up to a multiple of 16, as arch_default_mlp_width() below d = 512."""
    return (8 * d + 2) // 3 // 16 * 16 if (8 * d + 2) // 3 % 16 == 0 else ((8 * d + 2) // 3 // 16 + 1) * 16


def shape_of(architecture, size):
    layers, width = SIZES[size]
    return models.Shape(architecture, layers, width, width // HEAD_WIDTH, mlp_width(width), VOCABULARY)


def first_weights(shape):
    """Initial values as Slaw's, other random numbers: what a step costs does not depend on them."""
    d = shape.width
    std = math.sqrt(2.0 / (5.0 * d))
    t, g = shape.head, shape.mlp
    rows = 3 * d + (t if shape.architecture in ("tnl", "cosformer2") else 0)
    size = {"embed": (shape.vocabulary, d), "tpe": (d, t), "bounds": (shape.layers, d), "norm": (d,),
            "in": (rows, d), "out": (d, d), "gate_up": (d, t), "gate_up_mlp": (2 * g, d),
            "down": (d, g), "norm1": (d,), "norm2": (d,)}
    w = {}
    for name, _ in models.fused(shape):
        kind = name.split(".")[-1]
        x = torch.randn(size[kind]) * std
        if kind in ("out", "down"):
            x /= math.sqrt(2.0 * shape.layers)
        elif kind == "tpe":
            x = torch.randn(size[kind]) * 0.02 / math.sqrt(t)
        elif "norm" in kind:
            x = torch.ones(size[kind])
        elif kind == "bounds":
            x = torch.zeros(size[kind])
        w[name] = x.requires_grad_()
    return w


def set_threads(n):
    torch.set_num_threads(n)
    for name in ("libopenblas.so.0",):
        try:
            ctypes.CDLL(name).openblas_set_num_threads(n)
        except (OSError, AttributeError):
            pass


class Step:
    """step() trains on one batch of random tokens, in `parts` passes of equal size whose gradients
    add up (1: the whole batch at once)."""

    def __init__(self, architecture, size, precision, sequence=512, batch=8192, parts=1, **knobs):
        torch.manual_seed(1)
        shape = shape_of(architecture, size)
        self.w = first_weights(shape)
        self.model = models.MODELS[architecture](shape, self.w, sequence)
        for k, v in knobs.items():
            setattr(self.model, k, v)
        if knobs:
            self.model.prepare()
        plain = [p for k, p in self.w.items() if not models.is_decayed(k)]
        decayed = [p for k, p in self.w.items() if models.is_decayed(k)]
        groups = [{"params": decayed, "weight_decay": 0.1}]
        if plain:
            groups.append({"params": plain, "weight_decay": 0.0})
        self.opt = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.95), eps=1e-8, foreach=True)
        self.tokens = torch.randint(0, VOCABULARY, (batch // sequence, sequence + 1)).chunk(parts)
        self.cast = precision == "bf16"

    def step(self):
        params = list(self.w.values())
        self.opt.zero_grad(set_to_none=True)
        for tokens in self.tokens:
            with torch.autocast("cpu", torch.bfloat16, enabled=self.cast):
                loss = self.model.loss(tokens)
            loss.backward()
        grads = [p.grad for p in params]
        scale = 1.0 / len(self.tokens)
        total = torch.stack(torch._foreach_norm(grads)).norm() * scale
        torch._foreach_mul_(grads, float((scale / (total + 1e-6)).clamp_max(scale)))
        self.opt.step()
