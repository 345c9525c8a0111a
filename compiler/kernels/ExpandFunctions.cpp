// Writes the functions of regions as arithmetic: range reduction and minimax polynomials in f32, without branches or
// tables. Guarantees that nothing is left that would call a library function once an element.
//
// Coefficients come from weighted least squares on Chebyshev nodes, iterated to equal ripples (Lawson); errors are
// given for exact arithmetic.

#include <cmath>
#include <limits>
#include <numbers>

#include "compiler/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_EXPANDFUNCTIONSPASS
#include "compiler/Passes.h.inc"

namespace {

/// f32 and the integers of its bits.
class Arithmetic {
public:
  explicit Arithmetic(Operation *op) : b(op), loc(op->getLoc()) {}

  Value number(double value) { return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value)); }
  Value integer(uint32_t value) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(value))); }

  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value fma(Value x, double y, Value z) { return fma(x, number(y), z); }
  Value abs(Value x) { return math::AbsFOp::create(b, loc, x); }

  Value addBits(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value subBits(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value andBits(Value x, uint32_t mask) { return arith::AndIOp::create(b, loc, x, integer(mask)); }
  Value shiftLeft(Value x, unsigned by) { return arith::ShLIOp::create(b, loc, x, integer(by)); }
  Value bits(Value x) { return arith::BitcastOp::create(b, loc, b.getI32Type(), x); }
  Value ofBits(Value x) { return arith::BitcastOp::create(b, loc, b.getF32Type(), x); }
  Value toFloat(Value x) { return arith::SIToFPOp::create(b, loc, b.getF32Type(), x); }

  /// False if one is NaN.
  Value greater(Value x, Value y) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y); }
  Value equal(Value x, Value y) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y); }
  Value select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }
  Value copySign(Value x, Value sign) { return math::CopySignOp::create(b, loc, x, sign); }

  /// NaN stays.
  Value atLeast(Value x, double low) {
    Value least = number(low);
    return select(greater(least, x), least, x);
  }
  Value atMost(Value x, double high) {
    Value most = number(high);
    return select(greater(x, most), most, x);
  }

  /// coefficients[0] + coefficients[1] x + …
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = number(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, number(coefficient));
    return sum;
  }

private:
  OpBuilder b;
  Location loc;
};

/// Whether two operands of a generic operation are elements and the largest of their row.
bool isElementAndMaximum(Value of, Value top) {
  auto element = dyn_cast<BlockArgument>(of), maximum = dyn_cast<BlockArgument>(top);
  if (!element || !maximum || element.getOwner() != maximum.getOwner())
    return false;
  auto reader = dyn_cast<linalg::GenericOp>(element.getOwner()->getParentOp());
  if (!reader)
    return false;
  OpOperand &elements = reader->getOpOperand(element.getArgNumber()),
            &maxima = reader->getOpOperand(maximum.getArgNumber());
  auto reduction = maxima.get().getDefiningOp<linalg::GenericOp>();
  if (!reduction || reduction.getNumDpsInputs() != 1 || reduction->getNumResults() != 1 ||
      reduction.getDpsInputs().front() != elements.get())
    return false;
  Operation *combine = reduction.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_nonnull<arith::MaxNumFOp, arith::MaximumFOp>(combine) &&
         llvm::all_of(combine->getOperands(), llvm::IsaPred<BlockArgument>) &&
         reduction.getIndexingMapsArray() ==
             ArrayRef<AffineMap>{reader.getMatchingIndexingMap(&elements), reader.getMatchingIndexingMap(&maxima)};
}

bool isAtMostZero(Value x) {
  if (auto difference = x.getDefiningOp<arith::SubFOp>())
    return isElementAndMaximum(difference.getLhs(), difference.getRhs());
  auto neg = x.getDefiningOp<arith::NegFOp>();
  return neg && neg.getOperand().getDefiningOp<math::AbsFOp>();
}

/// x = n ln 2 + r with |r| ≤ ln 2 / 2.
struct Reduced {
  Value r;
  Value half; // 2^(n - 1): neither the largest result nor the one beyond leave its range
};

// Adding 1.5 · 2^23 rounds to an integer, whose lowest bits are then those of the sum; with 126 more they are the
// exponent of 2^(n - 1). Below `kLeast` the power means nothing.
constexpr double kLeast = -87.4;
Reduced reduce(Arithmetic &a, Value x) {
  constexpr double shift = 0x1.8p23 + 126;
  if (!isAtMostZero(x))
    x = a.atMost(x, 89.0);
  Value shifted = a.fma(x, std::numbers::log2e, a.number(shift));
  Value n = a.sub(shifted, a.number(shift));
  // ln 2 in two parts, the first so short that its product with n is exact.
  Value r = a.fma(n, 2.12194440e-4, a.fma(n, -0.693359375, x));
  return {r, a.ofBits(a.shiftLeft(a.bits(shifted), 23))};
}

/// (e^r - 1 - r) / r² for |r| ≤ ln 2 / 2, to 3e-9 of e^r.
constexpr double kExponential[] = {0.50000001, 0.166665183, 0.0416662041, 0.00836895351, 0.00139506023};

Value expandExp(Arithmetic &a, Value x) {
  Reduced reduced = reduce(a, x);
  SmallVector<double> twice{2.0, 2.0};
  for (double coefficient : kExponential)
    twice.push_back(2 * coefficient);
  // Chosen at the end: a bound on x would be one more step to wait for.
  Value y = a.mul(a.polynomial(reduced.r, twice), reduced.half);
  return a.select(a.greater(a.number(kLeast), x), a.number(0.0), y);
}

// 2^n (e^r - 1) + (2^n - 1), from halves.
Value expandExpm1(Arithmetic &a, Value x) {
  Reduced reduced = reduce(a, a.atLeast(x, kLeast));
  Value r = reduced.r;
  Value q = a.fma(a.mul(r, r), a.polynomial(r, kExponential), r);
  Value half = a.fma(reduced.half, q, a.sub(reduced.half, a.number(0.5)));
  return a.add(half, half);
}

/// log(1 + f) for √½ ≤ 1 + f < √2, to 4e-9 of it.
Value logOnePlus(Arithmetic &a, Value f) {
  constexpr double coefficients[] = {-0.499999883, 0.333333257, -0.250015831, 0.200019746,  -0.166090814,
                                     0.141818142,  -0.13242985, 0.12904494,   -0.0762185593};
  return a.fma(a.mul(f, f), a.polynomial(f, coefficients), f);
}

constexpr uint32_t kFour = 0x40800000, kSqrtHalf = 0x3F3504F3, kExponentBits = 0xFF800000;
/// ln 2 for an exponent that is still in its place in the bits.
constexpr double kLogOfExponent = std::numbers::ln2 * 0x1p-23;

/// y where x is positive and finite, counted from `zero`; there -∞, below NaN, and ∞ and NaN themselves.
Value logDomain(Arithmetic &a, Value x, double zero, Value y) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Value start = a.number(zero);
  y = a.select(a.greater(x, start), y, a.select(a.equal(x, start), a.number(-infinity), a.number(NAN)));
  return a.select(a.greater(a.number(infinity), x), y, x);
}

Value expandLog(Arithmetic &a, Value x) {
  Value bits = a.bits(x);
  Value exponent = a.andBits(a.subBits(bits, a.integer(kSqrtHalf)), kExponentBits);
  Value f = a.sub(a.ofBits(a.subBits(bits, exponent)), a.number(1.0));
  Value y = a.fma(a.toFloat(exponent), kLogOfExponent, logOnePlus(a, f));
  return logDomain(a, x, 0.0, y);
}

/// An exponential of (0, 1].
bool isOfUnitRange(Value x) {
  auto exp = x.getDefiningOp<math::ExpOp>();
  return exp && isAtMostZero(exp.getOperand());
}

// With 1 + x = 2^e (1 + f), f is x 2^-e + (2^-e - 1), where nothing of a small x is lost.
Value expandLog1p(Arithmetic &a, Value x) {
  if (isOfUnitRange(x))
    // log(1 + x) / x for 0 ≤ x ≤ 1, to 5e-9 of it.
    return a.mul(x, a.polynomial(x, {0.999999995, -0.499999024, 0.333299624, -0.249541336, 0.196759389, -0.153055917,
                                     0.106036533, -0.0569595189, 0.0198514542, -0.00324402336}));
  Value sum = a.add(x, a.number(1.0));
  Value exponent = a.andBits(a.subBits(a.bits(sum), a.integer(kSqrtHalf)), kExponentBits);
  Value scaled = a.ofBits(a.subBits(a.bits(x), exponent));
  // A quarter of 4 · 2^-e, which no e takes out of its range.
  Value four = a.ofBits(a.subBits(a.integer(kFour), exponent));
  Value f = a.add(scaled, a.fma(four, 0.25, a.number(-1.0)));
  Value y = a.fma(a.toFloat(exponent), kLogOfExponent, logOnePlus(a, f));
  return logDomain(a, x, -1.0, y);
}

// x P(x²) / Q(x²), to 2e-8 of the result, as far as f32 tells it from ±1.
Value expandErf(Arithmetic &a, Value x) {
  constexpr double numerator[] = {1.12837915, 0.18722526, 0.0524099848, 0.0036497829, 0.000285984113, 2.12526907e-06};
  constexpr double denominator[] = {1.0, 0.499256975, 0.112868368, 0.0147365563, 0.00114118034, 3.89223177e-05};
  Value square = a.mul(x, x);
  Value y = a.div(a.mul(x, a.polynomial(square, numerator)), a.polynomial(square, denominator));
  Value beyond = a.greater(a.abs(x), a.number(3.83));
  return a.select(beyond, a.copySign(a.number(1.0), x), y);
}

struct ExpandFunctionsPass : impl::ExpandFunctionsPassBase<ExpandFunctionsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> functions;
    getOperation().walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()) && op->getResult(0).getType().isF32())
        functions.push_back(op);
    });
    // What uses a function is looked at before it, while it still tells the range of its result.
    for (Operation *op : llvm::reverse(functions)) {
      Arithmetic a(op);
      Value x = op->getOperand(0);
      Value y = llvm::TypeSwitch<Operation *, Value>(op)
                    .Case([&](math::ExpOp) { return expandExp(a, x); })
                    .Case([&](math::ExpM1Op) { return expandExpm1(a, x); })
                    .Case([&](math::LogOp) { return expandLog(a, x); })
                    .Case([&](math::Log1pOp) { return expandLog1p(a, x); })
                    .Case([&](math::ErfOp) { return expandErf(a, x); })
                    .Default(Value());
      if (!y)
        continue;
      op->getResult(0).replaceAllUsesWith(y);
      op->erase();
    }
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace mlir::lamina
