"""Same weights, same batch: are loss and gradients of Slaw and of compare_models.py the same?"""

import json
import os
import struct
import subprocess
import tempfile

import numpy
import torch

import compare_models as models

# layers, width, heads, mlp, vocabulary, sequence, batch: two that fit no tile, one of milli's.
SHAPES = [
    (2, 48, 3, 72, 97, 77, 3),
    (3, 40, 2, 56, 61, 129, 2),
    (5, 128, 4, 352, 256, 512, 2),
]

# float32 against float64, largest error of a tensor over the tensor's largest element.  A gradient
# here is a sum over rows = b n rows (77 to 1024) of products of numbers that each went through
# some twenty roundings a layer; with u = 2^-24 and errors of independent sign the sums add
# sqrt(rows) u <= 32 u, the chain 20 sqrt(layers) u <= 45 u, and the largest of 10^5 elements stands
# 5 standard deviations out: 5 (32 + 45) u = 2.3e-5, times the condition of the softmax, norms and
# decays between, for which a factor of 4 is allowed.
LIMIT_F32 = 1e-4
LIMIT_LOSS = 1e-6

# bfloat16 rounds an operand to 8 bits: relative error at most 2^-9, root mean square about
# 2^-9 / sqrt 3 = 1.1e-3.  A gradient has some 4 products a layer behind it, in each of the two
# directions, with two rounded operands each: the relative error is about
# 1.1e-3 sqrt(2 x 2 x 4 layers) = 1.0e-2 for 5 layers, and two computations that round at other
# places differ by at most sqrt 2 of it.  The cosine of two vectors that differ by r is 1 - r^2/2:
# 0.9999.  0.999 leaves room for gates and decays, through which errors grow (r = 4.5e-2).
#
# HGRN2's bounds are apart: Slaw has the decay's gradient from one reverse sum over the whole
# sequence, PyTorch from sums within chunks of 32 rows, so rounding adds up over n/32 times as many
# terms, sqrt(512/32) = 4 times the error, and the bounds sum it over all tokens: 1 - (4 x 4.5e-2)^2/2.
LIMIT_COSINE = 0.999
LIMIT_COSINE_BOUNDS = 0.984
LIMIT_LOSS_BF16 = 2e-3


def read_safetensors(path):
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(n))
        data = f.read()
    out = {}
    for name, t in header.items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            out[name] = numpy.frombuffer(data[begin:end], "<f4").reshape(t["shape"])
    return out


def dump(program, folder, architecture, shape, precision):
    names = ["layers", "width", "heads", "mlp", "vocabulary", "sequence", "batch"]
    args = [f"--{k}={v}" for k, v in zip(names, shape)]
    args = [x for a in args for x in a.split("=")]
    subprocess.run([program, "--out", folder, "--architecture", architecture,
                    "--precision", precision] + args, check=True)
    with open(os.path.join(folder, "step.json"), encoding="utf8") as f:
        step = json.load(f)
    tokens = numpy.fromfile(os.path.join(folder, "tokens.u16"), "<u2")
    tokens = tokens.reshape(step["batch"], step["sequence"] + 1).astype(numpy.int64)
    return (step, torch.from_numpy(tokens), read_safetensors(os.path.join(folder, "weights.safetensors")),
            read_safetensors(os.path.join(folder, "grads.safetensors")))


def stacked(tensors, names, dtype):
    return torch.cat([torch.from_numpy(tensors[n].copy()).to(dtype) for n in names], 0)


def torch_step(step, tokens, weights, dtype, products):
    """Loss, and gradients by the names of model.safetensors."""
    shape = models.Shape(step["architecture"], step["layers"], step["width"], step["heads"],
                         step["mlp"], step["vocabulary"])
    pairs = models.fused(shape)
    w = {k: stacked(weights, names, dtype).requires_grad_() for k, names in pairs}
    model = models.MODELS[shape.architecture](shape, w, step["sequence"], dtype)
    with products:
        loss = model.loss(tokens)
    loss.backward()
    grads = {}
    for k, names in pairs:
        rows = [weights[n].shape[0] for n in names]
        for n, g in zip(names, w[k].grad.split(rows, 0)):
            grads[n] = g.detach().double().numpy()
    return float(loss.detach()), grads


def relative(a, b):
    """Largest difference over the largest element of b."""
    scale = numpy.abs(b).max()
    return float(numpy.abs(a.astype(numpy.float64) - b).max() / scale) if scale > 0 else 0.0


def cosine(a, b):
    a, b = a.astype(numpy.float64).ravel(), b.ravel()
    return float(a @ b / numpy.sqrt((a @ a) * (b @ b)))


def group(name):
    """The name without its layer's number, so that a table has one line a kind of tensor."""
    return ".".join("*" if x.isdigit() else x for x in name.split("."))


class Checker:
    def __init__(self, verbose, say):
        self.verbose, self.say, self.failed, self.rows = verbose, say, 0, []

    def row(self, what, value, limit, ok):
        self.failed += 0 if ok else 1
        if self.verbose or not ok:
            self.say(f"    {what:66} {value:.3g}  limit {limit:.3g}{'' if ok else '  FAILED'}")

    def f32(self, program, architecture, shape):
        plain = torch.autocast("cpu", enabled=False)
        with tempfile.TemporaryDirectory() as folder:
            step, tokens, weights, ours = dump(program, folder, architecture, shape, "f32")
        loss64, g64 = torch_step(step, tokens, weights, torch.float64, plain)
        loss32, g32 = torch_step(step, tokens, weights, torch.float32, plain)
        if sorted(g64) != sorted(ours):
            raise SystemExit(f"compare: other tensors than expected: {sorted(set(g64) ^ set(ours))}")
        self.row("loss, ours - float64", abs(step["loss"] - loss64), LIMIT_LOSS * loss64,
                 abs(step["loss"] - loss64) <= LIMIT_LOSS * loss64)
        worst = {}
        for n in ours:
            e = (relative(ours[n], g64[n]), relative(g32[n], g64[n]))
            worst[group(n)] = max(worst.get(group(n), (0.0, 0.0)), e)
        for n, (mine, torch32) in worst.items():
            self.row(n + f" (torch float32: {torch32:.1e})", mine, LIMIT_F32, mine <= LIMIT_F32)
        self.rows.append({"architecture": architecture, "shape": list(shape), "precision": "f32",
                          "loss": step["loss"], "loss_error": abs(step["loss"] - loss64),
                          "worst": max(v[0] for v in worst.values()),
                          "worst_torch": max(v[1] for v in worst.values()), "limit": LIMIT_F32})

    def bf16(self, program, architecture, shape):
        with tempfile.TemporaryDirectory() as folder:
            step, tokens, weights, ours = dump(program, folder, architecture, shape, "bf16")
        loss, grads = torch_step(step, tokens, weights, torch.float32, models.RoundedProducts())
        plain = torch.autocast("cpu", enabled=False)
        loss32, g32 = torch_step(step, tokens, weights, torch.float32, plain)
        error = abs(step["loss"] - loss)
        self.row("loss, ours - torch with rounded operands", error, LIMIT_LOSS_BF16 * loss,
                 error <= LIMIT_LOSS_BF16 * loss)
        least, plain_least = {}, 1.0
        for n in ours:
            least[group(n)] = min(least.get(group(n), 1.0), cosine(ours[n], grads[n]))
            plain_least = min(plain_least, cosine(ours[n], g32[n]))
        for n, c in least.items():
            limit = LIMIT_COSINE_BOUNDS if n == "model.lower_bounds" else LIMIT_COSINE
            self.row(n + " (cosine)", c, limit, c >= limit)
        self.rows.append({"architecture": architecture, "shape": list(shape), "precision": "bf16",
                          "loss": step["loss"], "loss_error": error, "cosine": min(least.values()),
                          "cosine_to_f32": plain_least, "is_rounded": plain_least < 1 - 1e-9,
                          "limit": LIMIT_COSINE})
        if architecture == "hgrn2":
            self.rows[-1]["limit_bounds"] = LIMIT_COSINE_BOUNDS


def run(program, precisions, verbose, say):
    """Says a line a case; returns the rows for --json and how many comparisons failed."""
    check = Checker(verbose, say)
    for architecture in models.MODELS:
        for shape in SHAPES:
            for precision in precisions:
                title = "x".join(map(str, shape[:2])) + f", {shape[5]} tokens, {precision}"
                getattr(check, precision)(program, architecture, shape)
                r = check.rows[-1]
                tail = (f"worst tensor {r['worst']:.1e} (torch float32 {r['worst_torch']:.1e})"
                        if precision == "f32" else
                        f"least cosine {r['cosine']:.6f} (to float32 {r['cosine_to_f32']:.6f})")
                say(f"{architecture:11} {title:28} loss {r['loss']:.6f} "
                    f"off by {r['loss_error']:.1e}, {tail}")
    return check.rows, check.failed
