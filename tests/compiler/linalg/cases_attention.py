"""Attention and its derivative: blocks that divide the lengths, that overlap, and one block that is all."""

import numpy as np
from numeric import case, normal, rng

FILL = -1e38


def scores(q, k, bias=None, mask=None):
    x = q.astype(np.float64) @ np.swapaxes(k.astype(np.float64), -1, -2)
    x = x if bias is None else x + bias
    return x if mask is None else np.where(mask, x, FILL)


def softmax(x):
    top = x.max(-1, keepdims=True)
    e = np.exp(x - top)
    return e / e.sum(-1, keepdims=True), top[..., 0], e.sum(-1)


def attention(q, k, v, bias=None, mask=None):
    p, top, total = softmax(scores(q, k, bias, mask))
    return [np.asarray(a, np.float32) for a in (p @ v, top, total)]


def gradient(q, k, v, g, bias=None, mask=None):
    p, _, _ = softmax(scores(q, k, bias, mask))
    dp = g @ np.swapaxes(v, -1, -2)
    ds = p * (dp - (p * dp).sum(-1, keepdims=True))
    if mask is not None:
        ds = np.where(mask, ds, 0)
    turn = lambda a: np.swapaxes(a, -1, -2)
    return [np.asarray(a, np.float32) for a in (ds @ k, turn(ds) @ q, turn(p) @ g)]


def both(name, batch, queries, keys, size, columns, bias=None, mask=None):
    q, k, v = normal(*batch, queries, size) * 0.3, normal(*batch, keys, size), normal(*batch, keys, columns)
    sides, text = [], ""
    for word, side in (("bias", bias), ("mask", mask)):
        if side is not None:
            text += f" {word}(%aN : {{N}})".replace("N", str(3 + len(sides)))
            sides.append(side)

    def call(f):
        return lambda *a: f(*a[:len(a) - len(sides)],
                            **dict(zip([w for w, s in (("bias", bias), ("mask", mask)) if s is not None],
                                       a[len(a) - len(sides):])))

    # A size of one stays known: an open one would be taken for that of the scores.
    def opened(arrays):
        return [[tuple(i for i, n in enumerate(a.shape) if n != 1 and i != a.ndim - 3) for a in arrays]]

    arrays = [q, k, v] + sides
    case(f"attention_{name}", arrays, f"%r:3 = lamina.attention %a0, %a1, %a2{text} : {{0}}, {{1}}, {{2}}",
         call(attention), opened(arrays), 5e-6, results=3)

    g = normal(*batch, queries, columns)
    y, top, total = call(attention)(*arrays)
    rows = np.sum(g * y, -1)
    arrays = [q, k, v, g, top, total, rows] + sides
    for i in reversed(range(len(sides))):
        text = text.replace(f"%a{3 + i} : {{{3 + i}}}", f"%a{7 + i} : {{{7 + i}}}")
    names = ", ".join(f"%a{i}" for i in range(7))
    types = ", ".join(f"{{{i}}}" for i in range(7))
    case(f"attention_gradient_{name}", arrays, f"%r:3 = lamina.attention_gradient {names}{text} : {types}",
         lambda *a: call(gradient)(*a[:4], *a[7:]), opened(arrays), 2e-5, results=3)


both("short", (2, 3), 5, 7, 4, 6)
both("plain", (1,), 64, 512, 8, 8)
both("overlapping", (2,), 550, 300, 8, 4)
both("heads", (1, 2), 300, 520, 8, 8)
both("bias", (2, 2), 40, 300, 8, 8, bias=normal(1, 2, 40, 300))
behind = np.where(np.arange(600) < 400, -np.inf, 0).astype(np.float32).reshape(1, 1, 600)
both("behind", (1,), 40, 600, 8, 8, bias=behind)
padding = rng.random((3, 1, 1, 300)) < 0.6
padding[0] = False
both("padding", (3, 2), 20, 300, 8, 8, mask=padding)
both("causal", (2, 2), 300, 300, 8, 8, bias=normal(2, 1, 1, 300), mask=np.tri(300, dtype=bool)[None, None])
