// Philox 2x32 with ten rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): the counter is an
// element's position, the key comes from seed and stream. Any order and any number of threads give the same bits.
#include <array>
#include <numbers>

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

namespace {

constexpr int64_t kMultiplier = 0xD256D193;
constexpr int32_t kKeyStep = static_cast<int32_t>(0x9E3779B9);
constexpr int kRounds = 10;

using Words = std::array<Value, 2>;

Value shiftRight(Scalar &s, Value x, int64_t bits) {
  return arith::ShRUIOp::create(s.builder(), s.location(), x, s.constantInt(x.getType(), bits));
}

// 64 well-mixed bits of seed and stream (the finalizer of SplitMix64).
Words mixSeed(Scalar &s, Value seed, int64_t stream) {
  Type i64 = s.builder().getI64Type(), i32 = s.builder().getI32Type();
  uint64_t offset = (static_cast<uint64_t>(stream) + 1) * 0x9E3779B97F4A7C15u;
  Value x = s.add(seed, s.constantInt(i64, static_cast<int64_t>(offset)));
  x = s.mul(s.logicalXor(x, shiftRight(s, x, 30)), s.constantInt(i64, static_cast<int64_t>(0xBF58476D1CE4E5B9u)));
  x = s.mul(s.logicalXor(x, shiftRight(s, x, 27)), s.constantInt(i64, static_cast<int64_t>(0x94D049BB133111EBu)));
  x = s.logicalXor(x, shiftRight(s, x, 31));
  return {s.cast(x, i32), s.cast(shiftRight(s, x, 32), i32)};
}

Words philox(Scalar &s, Value low, Value high, Value key) {
  OpBuilder &b = s.builder();
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  Value multiplier = s.constantInt(i64, kMultiplier);
  for (int round = 0; round < kRounds; ++round) {
    // Not arith.mului_extended: upstream lowers it for vectors of one dimension only.
    Value wide = arith::ExtUIOp::create(b, s.location(), i64, low);
    Value product = arith::MulIOp::create(b, s.location(), wide, multiplier);
    Value upper = arith::TruncIOp::create(b, s.location(), i32, shiftRight(s, product, 32));
    low = s.logicalXor(s.logicalXor(upper, key), high);
    high = arith::TruncIOp::create(b, s.location(), i32, product);
    key = s.add(key, s.constantInt(i32, kKeyStep));
  }
  return {low, high};
}

// The upper 24 bits as a float in [0, 1).
Value toUnit(Scalar &s, Value word) {
  Type f32 = s.builder().getF32Type();
  Value bits = arith::SIToFPOp::create(s.builder(), s.location(), f32, shiftRight(s, word, 8));
  return s.mul(bits, s.constant(f32, 0x1p-24));
}

Value uniform(Scalar &s, Words words) { return toUnit(s, words[0]); }

// Box and Muller's transform; 1 - u keeps the logarithm finite.
Value normal(Scalar &s, Words words) {
  Type f32 = s.builder().getF32Type();
  Value u = s.sub(s.constant(f32, 1.0), toUnit(s, words[0]));
  Value log = math::LogOp::create(s.builder(), s.location(), u);
  Value radius = s.sqrt(s.mul(s.constant(f32, -2.0), log));
  Value angle = s.mul(s.constant(f32, 2 * std::numbers::pi), toUnit(s, words[1]));
  return s.mul(radius, math::CosOp::create(s.builder(), s.location(), angle));
}

template <typename Op, Value (*distribution)(Scalar &, Words)>
FailureOr<Value> lowerRandom(Op op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Scalar outer(rewriter, loc);
  Type i32 = rewriter.getI32Type(), i64 = rewriter.getI64Type(), indexType = rewriter.getIndexType();
  Value seed = tensor::ExtractOp::create(rewriter, loc, op.getSeed(), ValueRange());
  Words mixed = mixSeed(outer, seed, op.getStream());

  Structured nest(rewriter, loc);
  SmallVector<AffineExpr> loops;
  SmallVector<OpFoldResult> sizes = resolveShape(rewriter, loc, {}, op.getShape(), op.getDims());
  for (OpFoldResult size : sizes)
    loops.push_back(nest.loop(size));
  for (Value word : mixed)
    nest.in(tensor::FromElementsOp::create(rewriter, loc, RankedTensorType::get({}, i32), word), {});
  Type element = op.getType().getElementType();
  nest.out(element, loops);
  return nest
      .build([&](Structured::Region &r) {
        Scalar &s = r.s;
        Value position;
        for (auto [loop, size] : llvm::enumerate(sizes)) {
          if (staticSize(size) == 1)
            continue;
          Value at = r.index(loop);
          if (position) {
            Value extent = getValueOrCreateConstantIndexOp(s.builder(), loc, size);
            position = s.add(s.mul(position, extent), at);
          } else {
            position = at;
          }
        }
        if (!position)
          position = s.constantInt(indexType, 0);
        Value low = s.cast(position, i32), high = r.in[1];
        if (!op.getType().hasStaticShape() || op.getType().getNumElements() > int64_t(1) << 32)
          high = s.logicalXor(high, s.cast(shiftRight(s, s.cast(position, i64), 32), i32));
        return SmallVector<Value>{s.cast(distribution(s, philox(s, low, high, r.in[0])), element)};
      })
      .front();
}

} // namespace

void populateRandomPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<Lower<RandomUniformOp>>(context, lowerRandom<RandomUniformOp, uniform>);
  patterns.add<Lower<RandomNormalOp>>(context, lowerRandom<RandomNormalOp, normal>);
}

} // namespace mlir::lamina
