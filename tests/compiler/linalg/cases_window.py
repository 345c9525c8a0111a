"""Convolutions and pools, their gradients."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from numeric import case, normal, rng

LETTERS = "HWD"


def pads(shape, window, strides, dilations, padding):
    """(low, high) of each spatial axis, as Keras pads."""
    result = []
    for i, (n, k, s, d) in enumerate(zip(shape, window, strides, dilations)):
        if padding == "valid":
            result.append((0, 0))
        elif padding == "same":
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            result.append((total // 2, total - total // 2))
        else:
            result.append((padding[2 * i], padding[2 * i + 1]))
    return result


def conv(x, k, strides, dilations, groups, padding):
    rank = x.ndim - 2
    s = LETTERS[:rank]
    numbers = jax.lax.conv_dimension_numbers(x.shape, k.shape, (f"N{s}C", f"{s}IO", f"N{s}C"))
    return jax.lax.conv_general_dilated(x, k, strides, pads(x.shape[1:-1], k.shape[:-2], strides, dilations, padding),
                                        rhs_dilation=dilations, dimension_numbers=numbers, feature_group_count=groups,
                                        precision="highest")


def attributes(**values):
    parts = []
    for name, value in values.items():
        if isinstance(value, str):
            parts.append(f'{name} = "{value}"')
        elif isinstance(value, int):
            parts.append(f"{name} = {value} : i64")
        else:
            parts.append(f"{name} = array<i64: {', '.join(map(str, value))}>")
    return "{" + ", ".join(parts) + "}"


CONVS = [  # name, spatial, window, channels, features, strides, dilations, groups, padding
    ("plain", (6, 7), (3, 3), 3, 4, (1, 1), (1, 1), 1, "valid"), ("same", (6, 7), (3, 3), 3, 4, (1, 1), (1, 1), 1, "same"),
    ("even", (5, 6), (2, 4), 2, 3, (1, 1), (1, 1), 1, "same"), ("stride", (7, 8), (3, 2), 3, 4, (2, 3), (1, 1), 1, "valid"),
    ("stride_same", (7, 8), (3, 3), 3, 4, (2, 3), (1, 1), 1, "same"), ("dilated", (9, 8), (3, 2), 2, 3, (1, 1), (2, 3), 1, "valid"),
    ("dilated_same", (9, 8), (3, 3), 2, 3, (1, 1), (2, 3), 1, "same"), ("groups", (5, 6), (3, 3), 4, 6, (1, 1), (1, 1), 2, "same"),
    ("depthwise", (5, 6), (3, 3), 4, 4, (1, 1), (1, 1), 4, "same"), ("depthwise2", (6, 6), (3, 3), 3, 6, (2, 2), (1, 1), 3, "same"),
    ("point", (5, 6), (1, 1), 3, 4, (1, 1), (1, 1), 1, "valid"), ("point_stride", (5, 6), (1, 1), 3, 4, (2, 2), (1, 1), 1, "same"),
    ("explicit", (5, 6), (3, 3), 2, 3, (2, 1), (1, 1), 1, (2, 1, 0, 3)), ("wide", (5,), (2,), 2, 3, (1,), (1,), 1, (3, 4)),
    ("wide_stride", (5,), (2,), 2, 3, (2,), (1,), 1, (3, 4)),
    ("line", (9,), (3,), 2, 3, (2,), (1,), 1, "same"), ("cube", (4, 5, 3), (2, 3, 2), 2, 3, (1, 2, 1), (1, 1, 1), 1, "same"),
    ("whole", (4, 4), (4, 4), 2, 3, (1, 1), (1, 1), 1, "valid"), ("skip", (3, 5), (2, 2), 2, 3, (2, 2), (1, 1), 1, "valid"),
    ("sparse", (7, 7), (2, 2), 2, 3, (3, 3), (1, 1), 1, "valid"), ("one_channel", (6, 6), (3, 3), 1, 4, (1, 1), (1, 1), 1, "same"),
    ("one_feature", (6, 6), (3, 3), 3, 1, (1, 1), (1, 1), 1, "same"), ("stride_dilated", (9, 9), (3, 3), 2, 3, (2, 2), (2, 2), 1, "valid"),
]
for name, spatial, window, channels, features, strides, dilations, groups, padding in CONVS:
    for batch in (2, 1):
        x, k = normal(batch, *spatial, channels), normal(*window, channels // groups, features)
        a = attributes(strides=strides, dilations=dilations, groups=groups, padding=padding)

        def forward(x, k, s=strides, d=dilations, g=groups, p=padding):
            return conv(x, k, s, d, g, p)

        y = np.asarray(forward(x, k))
        dy = normal(*y.shape)
        inner = tuple(range(x.ndim - 1))
        opens = [[(0,), ()], [inner, ()]] if batch == 2 else []
        case(f"conv_{name}_{batch}", [x, k], f"%r = lamina.conv %a0, %a1 {a} : {{0}}, {{1}}", forward, opens, 2e-5)
        sizes = ", ".join(map(str, spatial))
        case(f"conv_transpose_{name}_{batch}", [dy, k, x], f"%r = lamina.conv_transpose %a0, %a1 to [{sizes}] {a} : {{0}}, {{1}}",
             lambda dy, k, x, f=forward: jax.vjp(lambda x: f(x, k), x)[1](jnp.asarray(dy))[0],
             [[(0,), (), (0,)]] if batch == 2 else [], 2e-5)
        if batch == 2:
            names = [f"%n{i}" for i in range(len(spatial))]
            dims = "".join(f"{n} = lamina.dim %a2 axis {i + 1} : {{2}}\n" for i, n in enumerate(names))
            case(f"conv_transpose_open_{name}", [dy, k, x],
                 f"{dims}%r = lamina.conv_transpose %a0, %a1 to [{', '.join(names)}] {a} : {{0}}, {{1}}",
                 lambda dy, k, x, f=forward: jax.vjp(lambda x: f(x, k), x)[1](jnp.asarray(dy))[0], [[inner, (), inner]], 2e-5)
        case(f"conv_kernel_grad_{name}_{batch}", [x, dy, k],
             f"%r = lamina.conv_kernel_grad %a0, %a1 kernel [{', '.join(map(str, window))}] {a} : {{0}}, {{1}}",
             lambda x, dy, k, f=forward: jax.vjp(lambda k: f(x, k), k)[1](jnp.asarray(dy))[0],
             [[(0,), (0,), ()], [inner, inner, ()]] if batch == 2 else [], 5e-5)


def windows(x, window, strides, padding):
    """Yields (position, the window's coordinates in x, those outside as None)."""
    spatial = x.shape[1:-1]
    low = pads(spatial, window, strides, (1,) * len(window), padding)
    counts = [(n + lo + hi - k) // s + 1 for n, k, s, (lo, hi) in zip(spatial, window, strides, low)]
    for position in itertools.product(*map(range, counts)):
        places = []
        for offset in itertools.product(*map(range, window)):
            at = tuple(p * s + o - lo for p, s, o, (lo, _) in zip(position, strides, offset, low))
            places.append(at if all(0 <= a < n for a, n in zip(at, spatial)) else None)
        yield position, places, counts


def pool(x, window, strides, padding, combine):
    result = None
    for position, places, counts in windows(x, window, strides, padding):
        if result is None:
            result = np.zeros((x.shape[0], *counts, x.shape[-1]), x.dtype)
        values = np.stack([x[(slice(None), *at)] for at in places if at is not None])
        result[(slice(None), *position)] = combine(values)
    return result


def pool_grad(x, dy, window, strides, padding, largest):
    dx = np.zeros_like(x)
    for position, places, _ in windows(x, window, strides, padding):
        inside = [at for at in places if at is not None]
        g = dy[(slice(None), *position)]
        values = np.stack([x[(slice(None), *at)] for at in inside])
        first = values.argmax(0)
        for i, at in enumerate(inside):
            dx[(slice(None), *at)] += np.where(first == i, g, 0) if largest else g / len(inside)
    return dx


POOLS = [
    ("plain", (6, 4), (2, 2), (2, 2), "valid"), ("odd", (7, 5), (2, 2), (2, 2), "valid"), ("odd_same", (7, 5), (2, 2), (2, 2), "same"),
    ("overlap", (7, 6), (3, 3), (2, 2), "valid"), ("overlap_same", (7, 6), (3, 3), (2, 2), "same"), ("dense", (5, 5), (3, 2), (1, 1), "same"),
    ("sparse", (8, 9), (2, 2), (3, 4), "valid"), ("sparse_same", (8, 9), (2, 2), (3, 4), "same"), ("line", (7,), (3,), (3,), "same"),
    ("cube", (4, 5, 3), (2, 2, 2), (2, 2, 2), "same"), ("flat", (3, 9), (1, 4), (1, 4), "same"), ("flat_overlap", (3, 9), (1, 4), (2, 3), "valid"), ("rows", (6, 4), (2, 1), (2, 1), "valid"), ("whole", (4, 3), (4, 3), (4, 3), "valid"),
]
for name, spatial, window, strides, padding in POOLS:
    for batch, channels in ((2, 3), (1, 1)):
        x = rng.integers(-3, 3, (batch, *spatial, channels)).astype(np.float32)
        a = attributes(strides=strides, padding=padding)
        inner = tuple(range(x.ndim - 1))
        every = tuple(range(x.ndim))
        opens = [[(0,)], [inner], [every]] if batch == 2 else []
        w = list(window)
        case(f"max_pool_{name}_{batch}", [x], f"%r = lamina.max_pool %a0 window {w} {a} : {{0}}",
             lambda x, w=window, s=strides, p=padding: pool(x, w, s, p, lambda v: v.max(0)), opens)
        case(f"avg_pool_{name}_{batch}", [x], f"%r = lamina.avg_pool %a0 window {w} {a} : {{0}}",
             lambda x, w=window, s=strides, p=padding: pool(x, w, s, p, lambda v: v.mean(0)), opens)
        dy = normal(*pool(x, window, strides, padding, lambda v: v.max(0)).shape)
        opens = [[o[0], o[0]] for o in opens]
        case(f"max_pool_grad_{name}_{batch}", [x, dy], f"%r = lamina.max_pool_grad %a0, %a1 window {w} {a} : {{0}}, {{1}}",
             lambda x, dy, w=window, s=strides, p=padding: pool_grad(x, dy, w, s, p, True), opens)
        names = [f"%n{i}" for i in range(len(spatial))]
        dims = "".join(f"{n} = lamina.dim %a0 axis {i + 1} : {{0}}\n" for i, n in enumerate(names))
        for kind, text, sizes in (("", "", ", ".join(map(str, spatial))), ("open_", dims, ", ".join(names))):
            case(f"avg_pool_grad_{kind}{name}_{batch}", [x, dy], f"{text}%r = lamina.avg_pool_grad %a1 to [{sizes}] window {w} {a} : {{1}}",
                 lambda x, dy, w=window, s=strides, p=padding: pool_grad(x, dy, w, s, p, False),
                 opens if kind else opens[:1])
