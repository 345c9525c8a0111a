"""Elementwise, Contraction, Reduction, Shape, Random, Recurrent."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from numeric import case, everywhere, normal, rng

special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 100.0, -100.0], np.float32)
positive = np.array([0.0, 1e-3, 0.3, 1.0, 7.0, 1e4, np.inf], np.float32)
erf = np.vectorize(math.erf)

for name, reference, x in [
    ("abs", np.abs, special), ("neg", np.negative, special), ("sign", np.sign, special),
    ("relu", lambda x: np.maximum(x, 0), special), ("exp", np.exp, special), ("expm1", np.expm1, special),
    ("log", np.log, positive), ("log1p", np.log1p, positive), ("sqrt", np.sqrt, positive),
    ("rsqrt", lambda x: 1 / np.sqrt(x), positive), ("tanh", np.tanh, special),
    ("sigmoid", lambda x: 1 / (1 + np.exp(-x)), special), ("softplus", lambda x: np.logaddexp(x, 0), special),
    ("erf", erf, special), ("sin", np.sin, normal(7)), ("cos", np.cos, normal(7)), ("floor", np.floor, special),
    ("ceil", np.ceil, special), ("round", np.round, special), ("is_finite", np.isfinite, special),
    ("stop_gradient", lambda x: x, special),
]:
    case(name, [x], f"%r = lamina.{name} %a0 : {{0}}", reference, everywhere([x]), 1e-6)

# To 1e-6 of the result over the whole range, and near zeros of the function to 1e-7.
def sweep(*ends):
    return np.concatenate([np.linspace(*pair, 2001) for pair in zip(ends, ends[1:])]).astype(np.float32)


decades = np.logspace(-37, 38, 4001).astype(np.float32)
for name, reference, x in [
    ("exp", np.exp, sweep(-87, -1, 1, 88.7)), ("expm1", np.expm1, sweep(-90, -0.4, 0.4, 88.7)),
    ("log", np.log, np.concatenate([decades, sweep(0.5, 2)])),
    ("log1p", np.log1p, np.concatenate([decades, sweep(-0.9999, -0.5, 0.5, 4)])), ("erf", erf, sweep(-5, -1, 1, 5)),
    ("softplus", lambda x: np.logaddexp(x, 0), sweep(-90, -1, 1, 90)),
]:
    case(f"{name}_sweep", [x], f"%r = lamina.{name} %a0 : {{0}}",
         lambda x, f=reference: np.asarray(f(x.astype(np.float64)), np.float32), (), 1e-7)

ints = np.array([-7, -1, 0, 1, 5, np.iinfo(np.int32).min], np.int32)
for name, reference in [("abs", np.abs), ("neg", np.negative), ("sign", np.sign), ("relu", lambda x: np.maximum(x, 0))]:
    case(f"{name}_int", [ints], f"%r = lamina.{name} %a0 : {{0}}", reference)
wide = np.arange(-20, 20, dtype=np.int32)
case("abs_int_wide", [wide], "%r = lamina.abs %a0 : {0}", np.abs)
bools = np.array([True, False, True])
case("not", [bools], "%r = lamina.not %a0 : {0}", np.logical_not, everywhere([bools]))

a, b = normal(3, 5), normal(3, 5)
a[0, 0] = np.nan
b[1, 1] = np.nan
for name, reference in [("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div", np.divide), ("rem", np.fmod),
                        ("maximum", np.maximum), ("minimum", np.minimum)]:
    text = f"%r = lamina.{name} %a0, %a1 : {{0}}, {{1}}"
    case(name, [a, b], text, reference, everywhere([a, b]) + [[(0,), (1,)]])
    for shapes in [((3, 1), (5,)), ((), (2, 3)), ((2, 1, 4), (3, 1)), ((1, 1), (3, 4)), ((1, 3), (1, 3)), ((4, 1, 2), (1, 3, 1))]:
        x, y = normal(*shapes[0]), normal(*shapes[1])
        opens = [tuple(i for i, n in enumerate(s) if n != 1) for s in shapes]
        case(f"{name}_" + "_".join("".join(map(str, s)) for s in shapes), [x, y], text, reference, [opens])
x, y = np.array([7, -7, 7, -7, 5, np.iinfo(np.int32).min], np.int32), np.array([2, 2, -2, -2, 0, -1], np.int32)
case("div_int", [x, y], "%r = lamina.div %a0, %a1 : {0}, {1}", lambda x, y: np.array([3, -3, -3, 3, 0, np.iinfo(np.int32).min]))
case("rem_int", [x, y], "%r = lamina.rem %a0, %a1 : {0}, {1}", lambda x, y: np.array([1, -1, 1, -1, 0, 0]))
m, n = np.array([-1, 5, -7, 1 << 40, 3, 2], np.int64), np.array([63, 0, 1, 64, -1, 1], np.int64)
case("xor", [m, n], "%r = lamina.xor %a0, %a1 : {0}, {1}", np.bitwise_xor, everywhere([m, n]))
case("and_int", [m, n], "%r = lamina.and %a0, %a1 : {0}, {1}", np.bitwise_and, everywhere([m, n]))
case("or_int", [m, n], "%r = lamina.or %a0, %a1 : {0}, {1}", np.bitwise_or, everywhere([m, n]))
case("shift_right", [m, n], "%r = lamina.shift_right %a0, %a1 : {0}, {1}",
     lambda m, n: np.array([1, 5, (2**64 - 7) >> 1, 0, 0, 1], np.int64))
case("and", [bools, ~bools], "%r = lamina.and %a0, %a1 : {0}, {1}", np.logical_and)
case("or", [bools, ~bools], "%r = lamina.or %a0, %a1 : {0}, {1}", np.logical_or)
p, q = np.abs(normal(4)) + 0.1, normal(4)
quadrants = [np.array(v, np.float32) for v in ([1, 2, -3, -4, 1e-4, 5, 0, 0, 2, -2], [2, 1, -1, 5, 3, -1e-4, 2, -2, 0, 0])]
case("atan2", quadrants, "%r = lamina.atan2 %a0, %a1 : {0}, {1}", np.arctan2, everywhere(quadrants))
case("pow", [p, q], "%r = lamina.pow %a0, %a1 : {0}, {1}", np.power, everywhere([p, q]))
for e in (0.0, 1.0, 2.0, 3.0, 7.0, -1.0, -2.0, 0.5, -0.5, 1.7):
    case("pow_" + str(e).replace(".", "p").replace("-", "m"), [p], f"%c = lamina.constant dense<{e}> : tensor<f32>\n"
         "%r = lamina.pow %a0, %c : {0}, tensor<f32>", lambda x, e=e: x ** np.float32(e), everywhere([p]), 1e-5)
for name, reference in [("eq", np.equal), ("ne", np.not_equal), ("lt", np.less), ("le", np.less_equal), ("gt", np.greater),
                        ("ge", np.greater_equal)]:
    case(f"compare_{name}", [special, special[::-1].copy()], f"%r = lamina.compare {name}, %a0, %a1 : {{0}}, {{1}}", reference)
    case(f"compare_int_{name}", [x, y], f"%r = lamina.compare {name}, %a0, %a1 : {{0}}, {{1}}", reference)
    if name in ("eq", "ne"):
        case(f"compare_bool_{name}", [bools, ~bools], f"%r = lamina.compare {name}, %a0, %a1 : {{0}}, {{1}}", reference)
c = rng.random((3, 1)) > 0.5
u, v = normal(4), normal(3, 4)
case("select", [c, u, v], "%r = lamina.select %a0, %a1, %a2 : {0}, {1}, {2}", np.where, [[(0,), (0,), (0, 1)]])

wild = np.array([np.nan, np.inf, -np.inf, 3.9, -3.9, 1e10, -1e10, 127.5, -129, 2147483520.0, 0], np.float32)


def saturate(dtype):
    info = np.iinfo(dtype)
    return lambda x: np.array([0 if np.isnan(v) else int(max(min(math.trunc(v) if np.isfinite(v) else v * 1.0, info.max), info.min))
                               for v in x.tolist()], dtype)


for name, dtype in [("i8", np.int8), ("i32", np.int32), ("i64", np.int64)]:
    case(f"cast_f32_{name}", [wild], f"%r = lamina.cast %a0 to {name} : {{0}}", saturate(dtype))
    case(f"cast_f64_{name}", [wild.astype(np.float64)], f"%r = lamina.cast %a0 to {name} : {{0}}", saturate(dtype))
    case(f"cast_{name}_f32", [np.array([-5, 0, 100], dtype)], "%r = lamina.cast %a0 to f32 : {0}", lambda x: x.astype(np.float32))
    case(f"cast_{name}_i1", [np.array([-5, 0, 2], dtype)], "%r = lamina.cast %a0 to i1 : {0}", lambda x: x != 0)
    case(f"cast_i1_{name}", [bools], f"%r = lamina.cast %a0 to {name} : {{0}}", lambda x, d=dtype: x.astype(d))
    case(f"cast_i32_{name}", [ints], f"%r = lamina.cast %a0 to {name} : {{0}}", lambda x, d=dtype: x.astype(d))
case("cast_f32_i1", [special], "%r = lamina.cast %a0 to i1 : {0}", lambda x: x != 0)
case("cast_i1_f32", [bools], "%r = lamina.cast %a0 to f32 : {0}", lambda x: x.astype(np.float32), everywhere([bools]))
case("cast_f32_f64", [special], "%r = lamina.cast %a0 to f64 : {0}", lambda x: x.astype(np.float64))
for half in ("f16",):
    case(f"{half}_math", [normal(9)], f"%h = lamina.cast %a0 to {half} : {{0}}\n%e = lamina.mul %h, %h : tensor<9x{half}>, "
         f"tensor<9x{half}>\n%s = lamina.reduce sum, %e axes [0] : tensor<9x{half}>\n%r = lamina.cast %s to f32 : tensor<{half}>",
         lambda x: (x * x).sum(), (), 0.1)

# Contraction.
for name, lhs, rhs, dims, opens in [
    ("matmul", (4, 5), (5, 3), "contracting [1] x [0]", [[(0,), ()], [(0, 1), (0, 1)]]),
    ("vec", (1, 5), (5, 3), "contracting [1] x [0]", [[(), (0, 1)]]),
    ("outer", (4, 1), (1, 3), "contracting [1] x [0]", []),
    ("batch", (2, 4, 5), (2, 5, 3), "batching [0] x [0] contracting [2] x [1]", [[(0, 1), (0,)], [(0, 1, 2), (0, 1, 2)]]),
    ("attention", (2, 6, 3, 5), (2, 7, 3, 5), "batching [0, 2] x [0, 2] contracting [3] x [3]", [[(0, 1), (0, 1)]]),
    ("negative", (4, 5), (3, 5), "contracting [-1] x [-1]", [[(0,), ()]]), ("two", (2, 4, 5), (4, 5, 3), "contracting [1, 2] x [0, 1]", [[(0,), ()]]),
    ("none", (2, 3), (4,), "contracting [] x []", [[(0,), (0,)]]),
    ("all", (5,), (5,), "contracting [0] x [0]", [[(0,), (0,)]]),
]:
    x, y = normal(*lhs), normal(*rhs)
    import re
    lists = [[int(i) for i in re.findall(r"-?\d+", t)] for t in re.findall(r"\[([^]]*)\]", dims)]
    batch = (lists[0], lists[1]) if "batching" in dims else ((), ())
    contract = tuple([axis % array.ndim for axis in axes] for axes, array in zip(lists[-2:], (x, y)))
    case(f"dot_{name}", [x, y], f"%r = lamina.dot_general %a0, %a1 {dims} : {{0}}, {{1}}",
         lambda x, y, c=contract, d=batch: jax.lax.dot_general(x, y, (c, d), precision="highest"), opens, 5e-6)

# Reduction.
x = normal(3, 4, 5)
x[0, 0, 0] = np.nan
for kind, reference in [("sum", np.sum), ("prod", np.prod), ("max", np.max), ("min", np.min), ("maxnum", np.max)]:
    if kind == "maxnum":
        x = np.nan_to_num(x)
    for axes in ((0,), (2,), (1, 2), (0, 1, 2), (0, 2), (-1,)):
        for keep in ("", " {keepdims = true}"):
            case(f"reduce_{kind}_{''.join(map(str, axes)).replace('-', 'm')}{'k' if keep else ''}", [x],
                 f"%r = lamina.reduce {kind}, %a0 axes {list(axes)}{keep} : {{0}}",
                 lambda x, a=axes, k=bool(keep), f=reference: f(x, axis=a, keepdims=k), everywhere([x]), 1e-5)
    i = rng.integers(-5, 5, (3, 4)).astype(np.int32)
    case(f"reduce_{kind}_int", [i], f"%r = lamina.reduce {kind}, %a0 axes [1] : {{0}}", lambda i, f=reference: f(i, axis=1))
for shape in ((5, 100), (3, 64), (130, 1)):
    x = normal(*shape)
    x[2, ::2] = -np.inf
    case(f"reduce_maxnum_rows_{shape[1]}", [x], "%r = lamina.reduce maxnum, %a0 axes [1] : {0}", lambda x: np.max(x, axis=1),
         everywhere([x]))
# Rows that share vectors, and what is left over of them.
for rows, columns in ((70, 10), (131, 3), (37, 20), (64, 12), (19, 31), (9, 64), (5, 300)):
    x = 5 * normal(rows, columns)
    x[3, columns // 2] = np.nan
    x[2, 1] = -np.inf
    # The second argument is there for its type.
    case(f"softmax_{rows}x{columns}", [x, x[:, :1]],
         "%t = lamina.reduce maxnum, %a0 axes [1] {keepdims = true} : {0}\n%d = lamina.sub %a0, %t : {0}, {1}\n"
         "%e = lamina.exp %d : {0}\n%s = lamina.reduce sum, %e axes [1] {keepdims = true} : {0}\n"
         "%r = lamina.div %e, %s : {0}, {1}",
         lambda x, unused: jax.nn.softmax(x, axis=1), [[(0,), (0,)]], 1e-6)
image = normal(2, 4, 5, 3)
case("reduce_bias", [image], "%r = lamina.reduce sum, %a0 axes [0, 1, 2] : {0}", lambda x: x.sum((0, 1, 2)), [[(0,)], [(0, 1, 2)]], 1e-5)
m = rng.random((3, 4)) > 0.6
case("reduce_any", [m], "%r = lamina.reduce any, %a0 axes [1] : {0}", lambda m: m.any(1), everywhere([m]))
case("reduce_all", [m], "%r = lamina.reduce all, %a0 axes [0] : {0}", lambda m: m.all(0), everywhere([m]))
unit = normal(3, 1, 2)
case("reduce_unit", [unit], "%r = lamina.reduce sum, %a0 axes [1] : {0}", lambda x: x.sum(1), [[(0, 2)]])
empty = normal(0, 3)
case("reduce_empty", [empty], "%r = lamina.reduce sum, %a0 axes [0] : {0}", lambda x: x.sum(0), everywhere([empty]))
x = rng.integers(0, 4, (3, 6, 2)).astype(np.float32)
x[1, 3, 0] = np.nan
for axis in (0, 1, 2, -1):
    case(f"argmax_{axis}".replace("-", "m"), [x], f"%r = lamina.argmax %a0 axis {axis} : {{0}}",
         lambda x, a=axis: x.argmax(a), everywhere([x]))
case("size", [x], "%r = lamina.size %a0 axes [0, 2] : {0}", lambda x: np.float32(6), everywhere([x]))
case("mean", [x], "%s = lamina.reduce sum, %a0 axes [0, 2] : {0}\n%n = lamina.size %a0 axes [0, 2] : {0}\n"
     "%r = lamina.div %s, %n : tensor<TYPExf32>, tensor<f32>".replace("TYPE", "6"), lambda x: x.mean((0, 2)), [[(0, 2)]])
x = normal(3, 4, 2)
for axis in (0, 1, 2):
    for exclusive in (False, True):
        for reverse in (False, True):
            def cumsum(x, a=axis, e=exclusive, r=reverse):
                y = np.flip(x, a) if r else x
                s = np.cumsum(y, a)
                s = s - y if e else s
                return np.flip(s, a) if r else s
            case(f"cumsum_{axis}{int(exclusive)}{int(reverse)}", [x], f"%r = lamina.cumsum %a0 axis {axis} "
                 f"{{exclusive = {str(exclusive).lower()}, reverse = {str(reverse).lower()}}} : {{0}}", cumsum, everywhere([x]))

# Shape.
x = normal(2, 4, 6)
for name, to, shape, opens in [
    ("flat", "[infer]", (48,), [[(0, 1, 2)], [(0,)]]), ("flatten", "[dim 0, infer]", (2, 24), [[(0, 1, 2)], [(0,)], [(1,)]]),
    ("split", "[dim 0, 2, 2, dim 2]", (2, 2, 2, 6), [[(0,)], [(0, 2)]]), ("mix", "[dim 0, infer, 8]", (2, 3, 8), [[(0,)]]),
    ("units", "[1, dim 0, 1, dim 1, infer, 1]", (1, 2, 1, 4, 6, 1), [[(0, 1)], [(0, 1, 2)]]), ("same", "[dim 0, dim 1, dim 2]", (2, 4, 6), [[(0, 1)]]),
    ("across", "[3, 16]", (3, 16), [[(0,)], [(0, 1, 2)]]), ("merge", "[infer, dim 2]", (8, 6), [[(0, 1)], [(0, 1, 2)], [(2,)]]),
    ("static", "[2, 4, 6]", (2, 4, 6), [[(0, 1)]]), ("split2", "[dim 0, dim 1, 2, infer]", (2, 4, 2, 3), [[(0, 1)], [(0, 2)]]),
]:
    case(f"reshape_{name}", [x], f"%r = lamina.reshape %a0 to {to} : {{0}}", lambda x, s=shape: x.reshape(s), opens)
one = normal(1, 1)
case("reshape_scalar", [one], "%r = lamina.reshape %a0 to [] : {0}", lambda x: x.reshape(()))
case("reshape_of_scalar", [normal()], "%r = lamina.reshape %a0 to [1, 1] : {0}", lambda x: x.reshape((1, 1)))
case("reshape_squeeze", [normal(3, 1, 2)], "%r = lamina.reshape %a0 to [3, 2] : {0}", lambda x: x.reshape((3, 2)))
case("reshape_dim", [x, normal(3, 16)], "%n = lamina.dim %a1 axis 0 : {1}\n%m = lamina.dim %a1 axis -1 : {1}\n"
     "%r = lamina.reshape %a0 to [%n, %m] : {0}", lambda x, y: x.reshape(y.shape), [[(0, 1), (0,)]])
for perm in ((0, 2, 1), (2, 1, 0), (1, 2, 0), (0, 1, 2)):
    case("transpose_" + "".join(map(str, perm)), [x], f"%r = lamina.transpose %a0 by {list(perm)} : {{0}}",
         lambda x, p=perm: x.transpose(p), everywhere([x]))
r = normal(1, 4)
case("broadcast_to", [r, x], "%n = lamina.dim %a1 axis 0 : {1}\n%r = lamina.broadcast_to %a0 to [%n, 3, dim 1] : {0}",
     lambda r, x: np.broadcast_to(r, (2, 3, 4)), [[(1,), (0,)]])
s = normal()
case("broadcast_scalar", [s], "%r = lamina.broadcast_to %a0 to [3, 2] : {0}", lambda s: np.broadcast_to(s, (3, 2)))
y = normal(2, 3, 6)
case("concatenate", [x, y, x], "%r = lamina.concatenate %a0, %a1, %a2 axis 1 : {0}, {1}, {0}",
     lambda x, y, z: np.concatenate([x, y, z], 1), everywhere([x, y, x]) + [[(0,), (0, 1), (0,)]])
case("concatenate_last", [x, x], "%r = lamina.concatenate %a0, %a1 axis -1 : {0}, {1}",
     lambda x, y: np.concatenate([x, y], -1), [[(0,), (0, 1)]])
z = normal(3, 10, 4)
END = "end"
for name, starts, limits, strides, reference in [
    ("plain", [0, 1, 0], [3, 9, 4], [1, 2, 1], lambda z: z[:, 1:9:2]), ("negative", [1, -3, 0], [END, END, -1], [1, 1, 1], lambda z: z[1:, -3:, :-1]),
    ("beyond", [0, 2, 0], [100, 100, 2], [1, 3, 1], lambda z: z[:100, 2:100:3, :2]), ("none", [0, 5, 0], [END, 2, END], [1, 1, 1], lambda z: z[:, 5:2]),
    ("last", [0, -1, 0], [END, END, END], [1, 1, 1], lambda z: z[:, -1:]),
]:
    case(f"slice_{name}", [z], f"%r = lamina.slice %a0 from {starts} to [{', '.join(map(str, limits))}] by {strides} : {{0}}",
         reference, everywhere([z]) + [[(1,)]])
case("pad", [z], "%r = lamina.pad %a0 low [0, 1, 2] high [0, 3, 0] value 1.5 : {0}",
     lambda z: np.pad(z, ((0, 0), (1, 3), (2, 0)), constant_values=1.5), everywhere([z]))
for axes in ([0], [2], [0, 1], [-1]):
    case("reverse_" + "".join(map(str, axes)).replace("-", "m"), [z], f"%r = lamina.reverse %a0 axes {axes} : {{0}}",
         lambda z, a=axes: np.flip(z, a), everywhere([z]))
table, ids = normal(7, 4), np.array([[0, 6, 3], [9, -2, 3]], np.int32)
case("gather", [table, ids], "%r = lamina.gather %a0, %a1 : {0}, {1}", lambda t, i: t[np.clip(i, 0, 6)], [[(), (0, 1)], [(0, 1), (0, 1)]])
case("gather_vector", [table[:, 0].copy(), ids.astype(np.int64)], "%r = lamina.gather %a0, %a1 : {0}, {1}", lambda t, i: t[np.clip(i, 0, 6)])
case("gather_deep", [normal(5, 2, 3), ids], "%r = lamina.gather %a0, %a1 : {0}, {1}", lambda t, i: t[np.clip(i, 0, 4)], [[(0,), (1,)]])
rows = normal(2, 3, 4)


def scatter(t, i, u):
    t = t.copy()
    np.add.at(t, np.clip(i, 0, 6), u)
    return t


bins = np.array([4, 0, 4, 9, -1, 2], np.int32)
for name, row in [("scatter_add_scalars", ()), ("scatter_add_unit_rows", (1,))]:
    case(name, [np.zeros((5, *row), np.float32), bins, np.ones((6, *row), np.float32)], "%r = lamina.scatter_add %a0, %a1, %a2 : {0}, {1}, {2}",
         lambda t, i, u: np.array([2, 0, 1, 0, 3], np.float32).reshape(t.shape))
case("scatter_add", [table, ids, rows], "%r = lamina.scatter_add %a0, %a1, %a2 : {0}, {1}, {2}", scatter,
     [[(), (0, 1), (0, 1)], [(0,), (0,), (0,)], [(0, 1), (0, 1), (0, 1, 2)]])
case("iota", [x], "%n = lamina.dim %a0 axis 0 : {0}\n%r = lamina.iota [%n, 4] axis 1 : i32",
     lambda x: np.broadcast_to(np.arange(4), (2, 4)), [[(0,)]])
case("iota_f32", [x], "%n = lamina.dim %a0 axis 0 : {0}\n%r = lamina.iota [%n, 4] axis -2 : f32",
     lambda x: np.broadcast_to(np.arange(2.0)[:, None], (2, 4)), [[(0,)]])
case("one_hot", [ids], "%r = lamina.one_hot %a0 depth 7 as f32 : {0}",
     lambda i: (i[..., None] == np.arange(7)).astype(np.float32), everywhere([ids]))
case("constant", [x], "%r = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>", lambda x: np.array([[1, 2], [3, 4]]))

# Random.
M32 = 0xFFFFFFFF


def threefry(seed, stream, shape):
    mask = (1 << 64) - 1
    s = (seed + (stream + 1) * 0x9E3779B97F4A7C15) & mask
    s = ((s ^ (s >> 30)) * 0xBF58476D1CE4E5B9) & mask
    s = ((s ^ (s >> 27)) * 0x94D049BB133111EB) & mask
    s ^= s >> 31
    rest = math.prod(shape[1:])
    return np.array([threefry_2x32((i % rest, i // rest), (s & M32, s >> 32)) for i in range(math.prod(shape))], np.uint32)


def threefry_2x32(counter, key, rounds=13):
    keys = (*key, 0x1BD11BDA ^ key[0] ^ key[1])
    x, y = (counter[0] + key[0]) & M32, (counter[1] + key[1]) & M32
    for i in range(rounds):
        turn = (13, 15, 26, 6, 17, 29, 16, 24)[i % 8]
        x = (x + y) & M32
        y = ((y << turn | y >> 32 - turn) & M32) ^ x
        if i % 4 == 3:
            n = (i + 1) // 4
            x, y = (x + keys[n % 3]) & M32, (y + keys[(n + 1) % 3] + n) & M32
    return x, y


# The published answers, of 20 rounds.
assert threefry_2x32((0, 0), (0, 0), 20) == (0x6B200159, 0x99BA4EFE)
assert threefry_2x32((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), 20) == (0xC4923A9C, 0x483DF7A0)


def uniform(x, seed):
    return (threefry(int(seed), 7, x.shape)[:, 0] >> 8).reshape(x.shape) * 2.0 ** -24


def gauss(x, seed):
    words = threefry(int(seed), 7, x.shape)
    u, turn = (words[:, 0] >> 8) * 2.0 ** -24, (words[:, 1].astype(np.int32) >> 8) * 2.0 ** -24
    return (np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * turn)).reshape(x.shape)


x, seed = normal(3, 1, 5), np.array(1234567890123, np.int64)
for name, reference in [("uniform", uniform), ("normal", gauss)]:
    case(f"random_{name}", [x, seed], "%n = lamina.dim %a0 axis 0 : {0}\n%m = lamina.dim %a0 axis 2 : {0}\n"
         f"%r = lamina.random_{name} [%n, 1, %m] seed %a1 stream 7 : f32", reference, [[(0, 2), ()]], 1e-5)

# Recurrent.
for length in (4, 0):
    xs, h, w = normal(length, 2, 3), normal(2, 3), normal(3)
    for reverse in (False, True):
        def scan(xs, h, w, r=reverse):
            ys = np.zeros_like(xs)
            for t in (reversed(range(len(xs))) if r else range(len(xs))):
                h = np.tanh(h + xs[t] * w)
                ys[t] = h * 2
            return h, ys
        T = "{0}"
        case(f"scan_{length}{int(reverse)}", [xs, h, w], f"""
          %c = lamina.constant dense<2.0> : tensor<f32>
          %r:2 = lamina.scan inits(%a1 : {{1}}) sequences(%a0 : {{0}}) {"attributes {reverse = true}" if reverse else ""} {{
          ^bb0(%s: {{1}}, %x: {{1}}):
            %p = lamina.mul %x, %a2 : {{1}}, {{2}}
            %q = lamina.add %s, %p : {{1}}, {{1}}
            %n = lamina.tanh %q : {{1}}
            %y = lamina.mul %n, %c : {{1}}, tensor<f32>
            lamina.yield %n, %y : {{1}}, {{1}}
          }} -> {{1}}, {{0}}""", scan, [[(0, 1), (0,), ()], [(0,), (), ()], [(0, 1, 2), (0, 1), (0,)]], 1e-5, results=2)
