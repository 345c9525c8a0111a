// Threefry 2x32 with 13 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011, who find no fewer
// to pass Crush): the counter is an element's position, the key comes from seed and stream. Any order and any number of
// threads give the same bits. It adds, turns and xors words of 32 bits, which every vector unit does; Philox multiplies
// to 64.
#include <array>

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {

namespace {

constexpr uint32_t kParity = 0x1BD11BDA;
constexpr std::array<unsigned, 8> kTurns = {13, 15, 26, 6, 17, 29, 16, 24};
constexpr unsigned kRounds = 13;

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

Value turn(Scalar &s, Value x, unsigned bits) {
  Value up = arith::ShLIOp::create(s.builder(), s.location(), x, s.constantInt(x.getType(), bits));
  return s.logicalOr(up, shiftRight(s, x, 32 - bits));
}

Words threefry(Scalar &s, Words counter, Words key) {
  Value parity = s.constantInt(key[0].getType(), static_cast<int32_t>(kParity));
  std::array<Value, 3> keys = {key[0], key[1], s.logicalXor(parity, s.logicalXor(key[0], key[1]))};
  Value x = s.add(counter[0], key[0]), y = s.add(counter[1], key[1]);
  for (unsigned round = 0; round < kRounds; ++round) {
    x = s.add(x, y);
    y = s.logicalXor(turn(s, y, kTurns[round % kTurns.size()]), x);
    if (unsigned injection = (round + 1) / 4; round % 4 == 3) {
      x = s.add(x, keys[injection % 3]);
      y = s.add(y, s.add(keys[(injection + 1) % 3], s.constantInt(y.getType(), injection)));
    }
  }
  return {x, y};
}

// The upper 24 bits as a float in [0, 1).
Value toUnit(Scalar &s, Value word) {
  Type f32 = s.builder().getF32Type();
  Value bits = arith::SIToFPOp::create(s.builder(), s.location(), f32, shiftRight(s, word, 8));
  return s.mul(bits, s.constant(f32, 0x1p-24));
}

// cos 2πv for a v drawn from [-½, ½): minimax in v², to 1e-8.
Value cosineOfTurn(Scalar &s, Value word) {
  constexpr double coefficients[] = {0.999999989, -19.7392045, 64.939119, -85.4501655,
                                     60.1678317,  -25.9683133, 6.52961039};
  Type f32 = s.builder().getF32Type();
  Value upper = arith::ShRSIOp::create(s.builder(), s.location(), word, s.constantInt(word.getType(), 8));
  Value v = s.mul(arith::SIToFPOp::create(s.builder(), s.location(), f32, upper), s.constant(f32, 0x1p-24));
  Value square = s.mul(v, v), sum = s.constant(f32, coefficients[6]);
  for (double coefficient : llvm::reverse(ArrayRef(coefficients).drop_back()))
    sum = s.add(s.mul(sum, square), s.constant(f32, coefficient));
  return sum;
}

Value uniform(Scalar &s, Words words) { return toUnit(s, words[0]); }

// Box and Muller's transform; 1 - u keeps the logarithm finite.
Value normal(Scalar &s, Words words) {
  Type f32 = s.builder().getF32Type();
  Value u = s.sub(s.constant(f32, 1.0), toUnit(s, words[0]));
  Value log = math::LogOp::create(s.builder(), s.location(), u);
  return s.mul(s.sqrt(s.mul(s.constant(f32, -2.0), log)), cosineOfTurn(s, words[1]));
}

template <typename Op, Value (*distribution)(Scalar &, Words)>
FailureOr<Value> lowerRandom(Op op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Scalar outer(rewriter, loc);
  Type i32 = rewriter.getI32Type();
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
        // Words of 32 bits: the place in the first axis, and that in the rest.
        Scalar &s = r.s;
        Words counter = {s.constantInt(i32, 0), s.constantInt(i32, 0)};
        for (auto [loop, size] : llvm::enumerate(sizes)) {
          if (staticSize(size) == 1)
            continue;
          Value at = s.cast(r.index(loop), i32), &word = counter[loop == 0];
          Value extent = s.cast(getValueOrCreateConstantIndexOp(s.builder(), loc, size), i32);
          word = s.add(s.mul(word, extent), at);
        }
        return SmallVector<Value>{s.cast(distribution(s, threefry(s, counter, {r.in[0], r.in[1]})), element)};
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
