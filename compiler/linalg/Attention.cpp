#include "AttentionBlocks.h"

#include <limits>

namespace mlir::lamina {

namespace {

Value identity(Structured::Region &r) { return r.in[0]; }

// For each block of queries over the blocks of keys, with s = query · keyᵀ of one block:
//   m' = max(m, max s), p = exp(s - m'), r = exp(m - m'), l' = r · l + Σ p, y' = r · y + p · value;  at last y / l
struct LowerAttention : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const final {
    AttentionBlocks a(rewriter, op.getLoc(), op.getQuery(), op.getKey(), op.getValue(), op.getBias(), op.getMask(),
                      op.getFill().convertToDouble());
    std::string row = a.block("q"), result = a.block("qv");
    auto output = [&](Value tensor) { return Lettered{tensor, a.whole("qv")}; };
    auto statistic = [&](Value tensor) { return Lettered{tensor, a.whole("q")}; };

    auto blockOfKeys = [&](ValueRange carried, const Lettered &turned) -> SmallVector<Value> {
      Lettered y = output(carried[0]), m = statistic(carried[1]), l = statistic(carried[2]);
      Lettered s =
          a.eachScore(a.product(a.block("qk"), 'd', a.at({op.getQuery(), a.whole("qd")}), a.at(turned)), "k", {});
      // A finite maximum: where all scores are -∞ so far, weights are 0.
      Lettered top = a.each(row, {a.combined(Combine::MaxNum, 'k', s), a.at(m)}, [&](Structured::Region &r) {
        Value lowest = r.s.constant(r.in[0].getType(), std::numeric_limits<float>::lowest());
        return r.s.maximum(r.in[0], r.s.select(a.isFirst(r, 'k'), lowest, r.in[1]));
      });
      auto decayed = [&](Structured::Region &r) {
        return r.s.select(a.isFirst(r, 'k'), r.in[0], r.s.add(r.in[0], r.s.mul(r.in[1], r.in[2])));
      };
      auto difference = [&](Structured::Region &r) { return r.s.exp(r.s.sub(r.in[0], r.in[1])); };
      Lettered p = a.each(a.block("qk"), {s, top}, difference), decay = a.each(row, {a.at(m), top}, difference);
      Lettered sum = a.each(row, {a.combined(Combine::Sum, 'k', p), a.at(l), decay}, decayed);
      Lettered product = a.product(result, 'k', p, a.at({op.getValue(), a.whole("kv")}));
      Lettered next = a.each(result, {product, a.at(y), decay}, decayed);
      return {a.put(next, y), a.put(top, m), a.put(sum, l)};
    };
    // Sums start at 0, which keeps their places apart: tensors that start from nothing may share one.
    SmallVector<Value> results =
        a.overBatch({a.zeros(a.whole("qv")), a.empty(a.whole("q")), a.zeros(a.whole("q"))}, [&](ValueRange carried) {
          Lettered turned = a.emptyTurned('d');
          turned.tensor = a.over('k', turned.tensor, [&](ValueRange inner) {
                             Lettered key = a.each(a.block("dk"), a.at({op.getKey(), a.whole("kd")}), identity);
                             return SmallVector<Value>{a.put(key, {inner[0], turned.axes})};
                           }).front();
          return a.over('q', carried, [&](ValueRange outer) {
            SmallVector<Value> last = a.over('k', outer, [&](ValueRange inner) { return blockOfKeys(inner, turned); });
            Lettered mean = a.each(result, {a.at(output(last[0])), a.at(statistic(last[2]))},
                                   [](Structured::Region &r) { return r.s.div(r.in[0], r.in[1]); });
            last[0] = a.put(mean, output(last[0]));
            return last;
          });
        });
    replaceWith(rewriter, op, results);
    return success();
  }
};

// For each block of keys over the blocks of queries, with the weights p of one block from the rows' statistics:
//   dp = g · valueᵀ, ds = p · (dp - Σ g · y);  dvalue += pᵀ · g, dkey += dsᵀ · query, dquery += ds · key
struct LowerAttentionGradient : OpRewritePattern<AttentionGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionGradientOp op, PatternRewriter &rewriter) const final {
    Location loc = op.getLoc();
    AttentionBlocks a(rewriter, loc, op.getQuery(), op.getKey(), op.getValue(), op.getBias(), op.getMask(),
                      op.getFill().convertToDouble());
    Value inverse = pointwise(rewriter, loc, cast<RankedTensorType>(op.getSum().getType()), op.getSum(),
                              [](Scalar &s, ValueRange x) { return s.div(s.constant(x[0].getType(), 1.0), x[0]); });

    auto blockOfQueries = [&](ValueRange carried, const Lettered &turnedKey,
                              const Lettered &turnedValue) -> SmallVector<Value> {
      Lettered query = a.at({op.getQuery(), a.whole("qd")}), g = a.at({op.getCotangent(), a.whole("qv")});
      auto row = [&](Value tensor) { return a.at({tensor, a.whole("q")}); };
      Lettered p =
          a.eachScore({a.product(a.block("qk"), 'd', query, turnedKey), row(op.getMaximum()), row(inverse)}, "qk",
                      [](Structured::Region &r) { return r.s.mul(r.s.exp(r.s.sub(r.in[0], r.in[1])), r.in[2]); });
      Lettered ds = a.eachSeen({a.product(a.block("qk"), 'v', g, turnedValue), p, row(op.getProjection())},
                               [](Structured::Region &r) { return r.s.mul(r.in[1], r.s.sub(r.in[0], r.in[2])); });
      auto addTo = [&](Value whole, StringRef axes, char along, const Lettered &left, const Lettered &right) {
        Lettered sum{whole, a.whole(axes)}, more = a.product(a.block(axes), along, left, right);
        return a.put(
            a.each(a.block(axes), {more, a.at(sum)}, [](Structured::Region &r) { return r.s.add(r.in[0], r.in[1]); }),
            sum);
      };
      return {addTo(carried[0], "qd", 'k', ds, a.at({op.getKey(), a.whole("kd")})),
              addTo(carried[1], "kd", 'q', ds, query), addTo(carried[2], "kv", 'q', p, g)};
    };
    SmallVector<Value> results =
        a.overBatch({a.zeros(a.whole("qd")), a.zeros(a.whole("kd")), a.zeros(a.whole("kv"))}, [&](ValueRange carried) {
          return a.over('k', carried, [&](ValueRange outer) {
            Lettered key = a.each(a.block("dk"), a.at({op.getKey(), a.whole("kd")}), identity);
            Lettered value = a.each(a.block("vk"), a.at({op.getValue(), a.whole("kv")}), identity);
            return a.over('q', outer, [&](ValueRange inner) { return blockOfQueries(inner, key, value); });
          });
        });
    replaceWith(rewriter, op, results);
    return success();
  }
};

} // namespace

void populateAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerAttention, LowerAttentionGradient>(patterns.getContext());
}

} // namespace mlir::lamina
