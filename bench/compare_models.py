"""The four architectures in PyTorch, as opponents of Slaw's: written to be fast.

What is computed is in trainer/models/README.md and the READMEs beside each model; shapes
below use its letters: b sequences of n tokens, width d, h heads of p = d/h, chunks of c.
Written for PyTorch 1.13 on a CPU: eager mode, one process.

What was tried, and what was kept (one core with AVX-512, 8192 tokens a step, best of interleaved
steps in processor time; a few percent are noise):
- chunks for TNL and cosFormer2: 64 as fast as 32, 8 % faster than 128 and 20 % than 256;
- chunks for HGRN2: 32; 16 is 10 to 33 % slower (more states), 64 up to 40 % slower at small sizes;
- blocks of 128 queries: as fast as 64, up to 20 % faster than the whole square;
- mask added in place: 1 to 3 % faster than out of place, as fast as baddbmm onto the mask;
- rotation by roll: as fast as by halves and concatenation, or by complex numbers;
- the norm as one autograd function: 1 to 13 % faster than a chain of four;
- four passes of a quarter batch with gradients added up: up to 15 % faster in float32, slower in
  bfloat16 (compare_time.py does both);
- jemalloc and tcmalloc: no faster than glibc told to keep its memory (bench/compare); glibc as it
  comes is slower by a third and more, because large tensors get fresh pages each time;
- PyTorch's AVX-512 loops (ATEN_CPU_CAPABILITY): no faster than its AVX2 default.
Without trial: one product for query, key and value, one for gate and up, cut by split (its backward
is one concatenation, where slices would fill zeros three times); the states between chunks by one
product with a triangle instead of a loop, where the decay is not the data's.
"""

import math

import torch
import torch.nn.functional as F

NEGATIVE = float("-inf")


# ---- weights -----------------------------------------------------------------------------


class Shape:
    """What decides the tensors; mlp is the width g of the gated MLP."""

    def __init__(self, architecture, layers, width, heads, mlp, vocabulary, eps=1e-6):
        self.architecture = architecture
        self.layers, self.width, self.heads = layers, width, heads
        self.mlp, self.vocabulary, self.eps = mlp, vocabulary, eps
        self.head = width // heads


def fused(shape):
    """Pairs (name here, the names of model.safetensors that lie in it, stacked by rows)."""
    pairs = [("embed", ["model.embed_tokens.weight"])]
    arch = shape.architecture
    if arch == "cosformer2":
        pairs.append(("tpe", ["model.tpe.weight"]))
    if arch == "hgrn2":
        pairs.append(("bounds", ["model.lower_bounds"]))
    if arch == "llama":
        pairs.append(("norm", ["model.norm.weight"]))
    inputs = {"llama": "q k v", "hgrn2": "q f i"}.get(arch, "q k v").split()
    for i in range(shape.layers):
        layer = f"model.layers.{i}."
        mixer = layer + ("self_attn." if arch == "llama" else "attn.")
        rows = [f"{mixer}{x}_proj.weight" for x in inputs]
        if arch in ("tnl", "cosformer2"):
            rows.append(mixer + "gate_down.weight")
            pairs.append((f"{i}.gate_up", [mixer + "gate_up.weight"]))
        pairs.append((f"{i}.in", rows))
        pairs.append((f"{i}.out", [mixer + "o_proj.weight"]))
        mlp = layer + "mlp."
        pairs.append((f"{i}.gate_up_mlp", [mlp + "gate_proj.weight", mlp + "up_proj.weight"]))
        pairs.append((f"{i}.down", [mlp + "down_proj.weight"]))
        if arch == "llama":
            pairs.append((f"{i}.norm1", [layer + "input_layernorm.weight"]))
            pairs.append((f"{i}.norm2", [layer + "post_attention_layernorm.weight"]))
    return pairs


def is_decayed(name):
    """Weight decay is for matrices; not for norms and HGRN2's bounds."""
    return not ("norm" in name or name == "bounds")


# ---- pieces ------------------------------------------------------------------------------


class Norm(torch.autograd.Function):
    """y = x / sqrt(mean x^2 + eps), times w when there is one: 3 passes forward, 4 back,
    where autograd's own chain takes 4 and 9."""

    @staticmethod
    def forward(ctx, x, w, eps):
        d = x.shape[-1]
        r = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        r = r.square_().div_(d).add_(eps).rsqrt_()
        y = x * r
        ctx.save_for_backward(y, r, w)
        return y if w is None else y * w

    @staticmethod
    def backward(ctx, dy):
        y, r, w = ctx.saved_tensors
        dw = None
        if w is not None:
            dw = (dy * y).flatten(0, -2).sum(0)
            dy = dy * w
        mean = (dy * y).mean(-1, keepdim=True)
        return torch.addcmul(dy, y, mean, value=-1).mul_(r), dw, None


def norm(x, w, eps):
    return Norm.apply(x, w, eps)


def by_head(x, b, n, parts, h):
    """[b, n, parts d] -> [parts, b h, n, p], one copy."""
    return x.view(b, n, parts, h, -1).permute(2, 0, 3, 1, 4).reshape(parts, b * h, n, -1)


def by_token(o, b, n, h):
    """[b h, n, p] -> [b, n, d], one copy."""
    return o.view(b, h, n, -1).transpose(1, 2).reshape(b, n, -1)


def pad_rows(x, c):
    """Zero rows up to a multiple of c in the last dimension but one."""
    short = -x.shape[-2] % c
    return F.pad(x, (0, 0, 0, short)) if short else x


def causal(c, like):
    return torch.ones(c, c, dtype=like, device="cpu").tril_()


def chunks(x, c):
    """[B, n, p] -> [B n/c, c, p]"""
    return x.reshape(-1, c, x.shape[-1])


# ---- softmax attention -------------------------------------------------------------------


def attention(q, k, v, block):
    """Causal attention of q [B, n, p], already scaled, in blocks of queries: a block meets only
    the keys up to its end, so little above the diagonal is computed."""
    n = q.shape[1]
    out = []
    for i in range(0, n, block):
        j = min(i + block, n)
        s = torch.bmm(q[:, i:j], k[:, :j].transpose(1, 2))
        mask = torch.full((j - i, j), NEGATIVE, dtype=s.dtype).triu_(i + 1)
        out.append(torch.bmm(torch.softmax(s.add_(mask), -1), v[:, :j]))
    return torch.cat(out, 1) if len(out) > 1 else out[0]


# ---- linear attention --------------------------------------------------------------------


def scalar_tables(rates, c, count, dtype):
    """Decay exp(-rate) a head: within a chunk [h, c, c]; of the query's row and the key's row
    [h, c, 1]; from chunk to chunk [h, count, count], its diagonal zero."""
    rate = torch.as_tensor(rates, dtype=torch.float64).view(-1, 1, 1)
    t = torch.arange(c, dtype=torch.float64)
    inside = torch.exp(-rate * (t[:, None] - t).clamp_min(0)).tril()
    query = torch.exp(-rate * (t[:, None] + 1))
    key = torch.exp(-rate * (c - 1 - t[:, None]))
    i = torch.arange(count, dtype=torch.float64)
    across = torch.exp(-rate * c * (i[:, None] - 1 - i).clamp_min(0)).tril(-1)
    return [x.to(dtype) for x in (inside, query, key, across)]


def scalar_attention(q, k, v, tables, h, c):
    """S_t = lambda S_{t-1} + k_t v_t^T, o_t = S_t^T q_t for q, k [B, n, pk], v [B, n, pv],
    B = b h, n a multiple of c."""
    inside, query, key, across = tables
    batch, n, pk = q.shape
    pv, count = v.shape[-1], n // c

    def scaled(x, s):  # [B count, c, .] times s [h, c, .]
        return (x.view(-1, h, count, *x.shape[1:]) * s[:, None].to(x.dtype)).view_as(x)

    qc, kc, vc = chunks(q, c), chunks(k, c), chunks(v, c)
    a = scaled(torch.bmm(qc, kc.transpose(1, 2)), inside)
    added = torch.bmm(scaled(kc, key).transpose(1, 2), vc).view(batch, count, pk * pv)
    moved = across.to(added.dtype).expand(batch // h, h, count, count).reshape(batch, count, count)
    state = torch.bmm(moved, added).view(-1, pk, pv)
    o = torch.baddbmm(torch.bmm(a, vc), scaled(qc, query), state)
    return o.view(batch, n, pv)


def plain_attention(q, k, v, c):
    """The same without decay."""
    batch, n, pk = q.shape
    pv, count = v.shape[-1], n // c
    qc, kc, vc = chunks(q, c), chunks(k, c), chunks(v, c)
    a = torch.bmm(qc, kc.transpose(1, 2)).mul(causal(c, q.dtype))
    added = torch.bmm(kc.transpose(1, 2), vc).view(batch, count, pk * pv)
    before = torch.ones(count, count, dtype=added.dtype).tril_(-1).expand(batch, -1, -1)
    state = torch.bmm(before, added).view(-1, pk, pv)
    o = torch.baddbmm(torch.bmm(a, vc), qc, state)
    return o.view(batch, n, pv)


def channel_states(added, fall):
    """State before each chunk: S <- fall S + added; added [B, count, pk, pv], fall [B, count, pk]."""
    state = torch.zeros_like(added[:, 0])
    out = [state]
    for x, f in zip(added.unbind(1)[:-1], fall.unsqueeze(-1).unbind(1)[:-1]):
        state = torch.addcmul(x, state, f)
        out.append(state)
    return torch.stack(out, 1)


SAFE_RANGE = 60.0  # exp(+-30): far from overflow, and every product of two is exact to rounding


def channel_attention(q, k, v, g, c, u=16):
    """S_t = diag(e^g_t) S_{t-1} + k_t v_t^T, o_t = S_t^T q_t; q, k, g [B, n, p].

    With w the sum of g within the chunk and m its middle, q e^(w-m) and k e^(m-w) make all
    products, as long as a chunk forgets less than e^-60; else its triangle goes by
    sub-chunks of u rows (no positive exponent off the diagonal, differences on it)."""
    batch, n, p = q.shape
    pv, count = v.shape[-1], n // c
    w = chunks(g, c).cumsum(1)
    last = w[:, -1:]
    qc, kc, vc = chunks(q, c), chunks(k, c), chunks(v, c)
    if float(last.detach().min()) > -SAFE_RANGE:
        m = last / 2
        rise = torch.exp(w - m)
        qa, kb = qc * rise.to(q.dtype), kc * torch.exp(m - w).to(q.dtype)
        em = torch.exp(m).transpose(1, 2)
        a = torch.bmm(qa, kb.transpose(1, 2)).mul(causal(c, q.dtype))
        added = torch.bmm(kb.transpose(1, 2), vc).float() * em if q.dtype == torch.bfloat16 \
            else torch.bmm(kb.transpose(1, 2), vc) * em
        state = channel_states(added.view(batch, count, p, pv), torch.exp(last).view(batch, count, p))
        state = (state.view(-1, p, pv) * em).to(q.dtype)
    else:
        a = sub_chunk_triangle(qc, kc, w, u)
        qa = qc * torch.exp(w).to(q.dtype)
        added = torch.bmm((kc * torch.exp(last - w).to(q.dtype)).transpose(1, 2), vc)
        added = added.to(g.dtype)
        state = channel_states(added.view(batch, count, p, pv), torch.exp(last).view(batch, count, p))
        state = state.view(-1, p, pv).to(q.dtype)
    o = torch.baddbmm(torch.bmm(a, vc), qa, state)
    return o.view(batch, n, pv)


def sub_chunk_triangle(q, k, w, u):
    """A_ij = sum_a q_ia k_ja e^(w_ia - w_ja), j <= i, in sub-chunks of u rows; [B, c, c]."""
    c = q.shape[1]
    rows = []
    for r in range(0, c, u):
        s = min(r + u, c)
        near = w[:, r:s]
        ref = w[:, r:r + 1]
        gap = (near.unsqueeze(2) - near.unsqueeze(1)).clamp_max(0)
        own = (q[:, r:s].unsqueeze(2) * k[:, r:s].unsqueeze(1) * torch.exp(gap).to(q.dtype)).sum(-1)
        own = own.tril()
        parts = [own, own.new_zeros(own.shape[0], s - r, c - s)]
        if r > 0:
            left = q[:, r:s] * torch.exp(near - ref).to(q.dtype)
            right = k[:, :r] * torch.exp(ref - w[:, :r]).to(q.dtype)
            parts.insert(0, torch.bmm(left, right.transpose(1, 2)))
        rows.append(torch.cat(parts, 2))
    return torch.cat(rows, 1)


# ---- models ------------------------------------------------------------------------------


def alibi_slopes(h):
    power = 1 << (h.bit_length() - 1)
    first = [2.0 ** (-8.0 * (j + 1) / power) for j in range(power)]
    more = [2.0 ** (-8.0 * (2 * j + 1) / (2 * power)) for j in range(h - power)]
    return first + more


class Model:
    """Base: embedding, layers, MLP, tied head.  `w` maps the names of fused() to leaf tensors."""

    chunk = 64

    def __init__(self, shape, w, sequence, dtype=torch.float32):
        self.s, self.w, self.n, self.dtype = shape, w, sequence, dtype
        self.prepare()

    def prepare(self):
        pass

    def embed(self, tokens):
        return F.embedding(tokens, self.w["embed"])

    def gate(self, x):
        return x

    def mlp(self, i, x):
        gate, up = F.linear(x, self.w[f"{i}.gate_up_mlp"]).chunk(2, -1)
        return F.linear(self.gate(gate) * up, self.w[f"{i}.down"])

    def hidden(self, tokens):
        x = self.embed(tokens)
        for i in range(self.s.layers):
            x = x + self.mix(i, norm(x, self.w.get(f"{i}.norm1"), self.s.eps))
            x = x + self.mlp(i, norm(x, self.w.get(f"{i}.norm2"), self.s.eps))
        return norm(x, self.w.get("norm"), self.s.eps)

    def loss(self, tokens):
        """Mean cross-entropy of tokens [b, n + 1]."""
        logits = F.linear(self.hidden(tokens[:, :-1]), self.w["embed"])
        logits = logits.flatten(0, 1)
        if logits.dtype == torch.bfloat16:
            logits = logits.float()
        return F.cross_entropy(logits, tokens[:, 1:].reshape(-1))


class Llama(Model):
    block = 128

    def prepare(self):
        p = self.s.head
        theta = 10000.0 ** (-2.0 * torch.arange(p // 2, dtype=torch.float64) / p)
        angle = torch.arange(self.n, dtype=torch.float64)[:, None] * theta
        self.cos = torch.cat([angle.cos(), angle.cos()], -1).to(self.dtype)
        self.sin = torch.cat([-angle.sin(), angle.sin()], -1).to(self.dtype)

    def gate(self, x):
        return F.silu(x)

    def rotate(self, x):
        swapped = x.roll(self.s.head // 2, -1)
        return x * self.cos.to(x.dtype) + swapped * self.sin.to(x.dtype)

    def mix(self, i, x):
        b, n, _ = x.shape
        h = self.s.heads
        qk, v = by_head(F.linear(x, self.w[f"{i}.in"]), b, n, 3, h).split([2, 1])
        q, k = self.rotate(qk).unbind(0)
        o = attention(q * (1.0 / math.sqrt(self.s.head)), k, v[0], self.block)
        return F.linear(by_token(o, b, n, h), self.w[f"{i}.out"])


class Gated(Model):
    """TNL and cosFormer2: query and key through silu, low-rank gate on the output."""

    def mix(self, i, x):
        b, n, d = x.shape
        h, p = self.s.heads, self.s.head
        z, down = F.linear(x, self.w[f"{i}.in"]).split([3 * d, p], -1)
        qk, v = by_head(z, b, n, 3, h).split([2, 1])
        q, k = F.silu(qk).unbind(0)
        o = by_token(self.attend(i, q, k, v[0]), b, n, h)
        gate = torch.sigmoid(F.linear(down, self.w[f"{i}.gate_up"]))
        return F.linear(norm(o, None, self.s.eps) * gate, self.w[f"{i}.out"])


class Tnl(Gated):
    def prepare(self):
        l, h = self.s.layers, self.s.heads
        count = -(-self.n // self.chunk)
        self.tables = []
        for i in range(l):
            depth = 1.0 - i / (l - 1.0) + 1e-5 if l > 1 else 1.0 + 1e-5
            rates = [s * depth for s in alibi_slopes(h)]
            self.tables.append(scalar_tables(rates, self.chunk, count, self.dtype))

    def attend(self, i, q, k, v):
        c, n = self.chunk, q.shape[1]
        q, k, v = pad_rows(q, c), pad_rows(k, c), pad_rows(v, c)
        return scalar_attention(q, k, v, self.tables[i], self.s.heads, c)[:, :n]


class Cosformer2(Gated):
    def prepare(self):
        d, p, h, c = self.s.width, self.s.head, self.s.heads, self.chunk
        theta = 10000.0 ** (-2.0 * torch.arange(d, dtype=torch.float64) / d)
        theta = theta.float().double()  # stored as float32
        angle = torch.arange(self.n, dtype=torch.float64)[:, None] * theta
        angle = angle.view(self.n, h, p).transpose(0, 1)
        turn = torch.cat([angle.cos(), angle.sin()], -1)
        self.turn = turn.view(1, h, self.n, 2, p).to(self.dtype)
        self.prepare_tpe()

    def attend(self, _, q, k, v):
        c, n, h = self.chunk, q.shape[1], self.s.heads
        q, k = self.turned(q), self.turned(k)
        return plain_attention(pad_rows(q, c), pad_rows(k, c), pad_rows(v, c), c)[:, :n]

    def turned(self, x):
        """[B, n, p] -> [B, n, 2p]: times cos, times sin."""
        batch, n, p = x.shape
        h = self.s.heads
        return (x.view(-1, h, n, 1, p) * self.turn.to(x.dtype)).view(batch, n, 2 * p)

    # TPE: y_t = sum_s K[t-s] x_s a channel, K[j][c] = sum_e B[c,e] lam_e^j.

    def prepare_tpe(self):
        e, c = self.s.head, self.chunk
        at = torch.arange(e, dtype=torch.float64) / max(e - 1, 1)
        lam = (1.0 - 1.0 / (2.0 * 128.0 ** at)).float().double()
        t = torch.arange(c, dtype=torch.float64)
        self.power = (lam[:, None] ** t).to(self.dtype)  # [e, c]
        self.enter = (lam[:, None] ** (c - 1 - t)).t().contiguous().to(self.dtype)  # [c, e]
        self.leave = (lam[:, None] ** (t + 1)).to(self.dtype)  # [e, c]
        self.fall = (lam ** c).to(self.dtype)  # [e]
        lag = (t[None, :] - t[:, None]).long()  # [s, t] -> t - s
        self.lag, self.past = lag.clamp_min(0), (lag >= 0).to(self.dtype)

    def embed(self, tokens):
        x = super().embed(tokens)
        with torch.autocast("cpu", enabled=False):
            return x + self.tpe(x)

    def tpe(self, x):
        """x [b, n, d]; channels first, chunks of c: within a chunk a Toeplitz product a channel,
        between chunks the recurrence of [d, e] states."""
        b, n, d = x.shape
        c, weight = self.chunk, self.w["tpe"]
        x = pad_rows(x, c)
        count = x.shape[1] // c
        x = x.view(b, count, c, d).permute(3, 0, 1, 2).contiguous().view(d, b * count, c)
        kernel = (weight @ self.power)[:, self.lag] * self.past  # [d, c, c]
        y = x @ kernel
        added = (x.view(-1, c) @ self.enter).view(d, b, count, -1) * weight.view(d, 1, 1, -1)
        state, before = torch.zeros_like(added[:, :, 0]), []
        for a in added.unbind(2):
            before.append(state)
            state = torch.addcmul(a, state, self.fall)
        before = torch.stack(before, 2).view(d * b * count, -1)
        y = torch.addmm(y.view(-1, c), before, self.leave)
        return y.view(d, b, count * c).permute(1, 2, 0)[:, :n]


class Hgrn2(Model):
    chunk = 32

    def hidden(self, tokens):
        share = torch.softmax(self.w["bounds"], 0)
        self.lb = share.cumsum(0) - share[:1]
        return super().hidden(tokens)

    def mix(self, i, x):
        b, n, _ = x.shape
        h, c = self.s.heads, self.chunk
        q, z, v = by_head(F.linear(x, self.w[f"{i}.in"]), b, n, 3, h).unbind(0)
        lb = self.lb[i].view(h, 1, -1)
        open_ = (1 - lb).repeat(b, 1, 1)
        s = torch.sigmoid(z.to(self.lb.dtype))
        f = torch.addcmul(lb.repeat(b, 1, 1), open_, s)
        k, g = 1 - f, torch.log(f)
        q, k, v, g = (pad_rows(t, c) for t in (F.silu(q), k.to(q.dtype), v, g))
        o = by_token(channel_attention(q, k, v, g, c)[:, :n], b, n, h)
        return F.linear(norm(o, None, self.s.eps), self.w[f"{i}.out"])


MODELS = {"llama": Llama, "tnl": Tnl, "hgrn2": Hgrn2, "cosformer2": Cosformer2}


# ---- products of rounded operands -----------------------------------------------------------


class RoundedProducts:
    """While entered, F.linear, torch.bmm and torch.baddbmm round what they multiply to bfloat16
    and add in float32, forward and backward: Slaw's `precision: bf16`, in float32 arithmetic."""

    def __enter__(self):
        self.kept = F.linear, torch.bmm, torch.baddbmm
        F.linear, torch.bmm, torch.baddbmm = rounded_linear, rounded_bmm, rounded_baddbmm

    def __exit__(self, *_):
        F.linear, torch.bmm, torch.baddbmm = self.kept


def rounded(x):
    return x.to(torch.bfloat16).to(x.dtype)


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        a, b = rounded(a), rounded(b)
        ctx.save_for_backward(a, b)
        return a @ b

    @staticmethod
    def backward(ctx, dy):
        a, b = ctx.saved_tensors
        dy = rounded(dy)
        return dy @ b.transpose(-1, -2), a.transpose(-1, -2) @ dy


def rounded_linear(x, w):
    return Rounded.apply(x.flatten(0, -2), w.t()).view(*x.shape[:-1], -1)


def rounded_bmm(a, b):
    return Rounded.apply(a, b)


def rounded_baddbmm(c, a, b):
    return c + Rounded.apply(a, b)
