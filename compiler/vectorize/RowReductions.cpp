#include "compiler/vectorize/RowReductions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::lamina {

namespace {

/// What changes nothing under a combination.
TypedAttr identityOf(vector::CombiningKind kind, Type element, OpBuilder &b, Location loc) {
  using vector::CombiningKind;
  auto rmw = [&] {
    switch (kind) {
    case CombiningKind::ADD: return isa<FloatType>(element) ? arith::AtomicRMWKind::addf : arith::AtomicRMWKind::addi;
    case CombiningKind::MUL: return isa<FloatType>(element) ? arith::AtomicRMWKind::mulf : arith::AtomicRMWKind::muli;
    case CombiningKind::MINUI: return arith::AtomicRMWKind::minu;
    case CombiningKind::MINSI: return arith::AtomicRMWKind::mins;
    case CombiningKind::MAXUI: return arith::AtomicRMWKind::maxu;
    case CombiningKind::MAXSI: return arith::AtomicRMWKind::maxs;
    case CombiningKind::AND: return arith::AtomicRMWKind::andi;
    case CombiningKind::OR: return arith::AtomicRMWKind::ori;
    case CombiningKind::XOR: return arith::AtomicRMWKind::xori;
    case CombiningKind::MINNUMF: return arith::AtomicRMWKind::minnumf;
    case CombiningKind::MAXNUMF: return arith::AtomicRMWKind::maxnumf;
    case CombiningKind::MINIMUMF: return arith::AtomicRMWKind::minimumf;
    case CombiningKind::MAXIMUMF: return arith::AtomicRMWKind::maximumf;
    }
    llvm_unreachable("a combining kind");
  };
  return arith::getIdentityValueAttr(rmw(), element, b, loc);
}

/// Reduces several rows of one length together: a step halves the rows of two vectors into one vector, so that lanes
/// stay full until there are no more vectors to put together.
class RowTree {
public:
  RowTree(PatternRewriter &rewriter, Location loc, vector::CombiningKind kind)
      : rewriter(rewriter), loc(loc), kind(kind) {}

  /// A vector of one element a row.
  Value reduce(SmallVector<Value> rows) {
    int64_t count = rows.size(), lanes = 1;
    int64_t length = cast<VectorType>(rows.front().getType()).getNumElements();
    while (lanes < length && lanes < mostLanes)
      lanes *= 2;
    for (Value &row : rows)
      row = narrow(row, length, lanes);
    // Whole pairs at every step.
    while (!llvm::isPowerOf2_64(rows.size()))
      rows.push_back(rows.front());
    for (; lanes > 1; lanes /= 2)
      rows = halve(rows, lanes);
    Value all = rows.front();
    for (Value row : llvm::drop_begin(rows))
      all = shuffle(all, row, llvm::to_vector(llvm::seq<int64_t>(0, elements(all) + elements(row))));
    // Rows that only made pairs whole are left out.
    return elements(all) == count ? all : shuffle(all, all, llvm::to_vector(llvm::seq<int64_t>(0, count)));
  }

private:
  static constexpr int64_t mostLanes = 16;

  static int64_t elements(Value vector) { return cast<VectorType>(vector.getType()).getNumElements(); }
  Value shuffle(Value a, Value b, ArrayRef<int64_t> lanes) {
    return vector::ShuffleOp::create(rewriter, loc, a, b, lanes);
  }
  Value combine(Value a, Value b) { return vector::makeArithReduction(rewriter, loc, kind, a, b); }

  /// The row in one vector of these lanes; those past its end change nothing.
  Value narrow(Value row, int64_t length, int64_t lanes) {
    Value result;
    for (int64_t begin = 0; begin < length; begin += lanes) {
      SmallVector<int64_t> places;
      for (int64_t lane = 0; lane < lanes; ++lane)
        places.push_back(begin + lane < length ? begin + lane : length);
      Value part = row;
      if (length != lanes)
        part = begin + lanes <= length ? shuffle(row, row, places) : shuffle(row, neutral(row), places);
      result = result ? combine(result, part) : part;
    }
    return result;
  }

  Value neutral(Value like) {
    auto type = cast<VectorType>(like.getType());
    return arith::ConstantOp::create(
        rewriter, loc, DenseElementsAttr::get(type, identityOf(kind, type.getElementType(), rewriter, loc)));
  }

  /// Each vector holds rows of `length` lanes; the results hold rows of half of it.
  SmallVector<Value> halve(ArrayRef<Value> vectors, int64_t length) {
    SmallVector<Value> result;
    bool pairs = vectors.size() > 1;
    for (size_t i = 0; i < vectors.size(); i += pairs ? 2 : 1) {
      Value a = vectors[i], b = pairs ? vectors[i + 1] : a;
      int64_t width = elements(a);
      SmallVector<int64_t> low, high;
      for (int64_t row = 0; row < (pairs ? 2 : 1) * width; row += length)
        for (int64_t lane = 0; lane < length / 2; ++lane) {
          low.push_back(row + lane);
          high.push_back(row + length / 2 + lane);
        }
      result.push_back(combine(shuffle(a, b, low), shuffle(a, b, high)));
    }
    return result;
  }

  PatternRewriter &rewriter;
  Location loc;
  vector::CombiningKind kind;
};

/// Whether all of the vector is reduced, in a known number of lanes.
bool isWhole(vector::MultiDimReductionOp op) {
  return !op.getSourceVectorType().isScalable() && !isa<vector::MaskOp>(op->getParentOp());
}

/// A reduction without axes of one element, which would hide where the others lie.
struct DropUnitAxes : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getSourceVectorType();
    if (!isWhole(op) || !llvm::is_contained(type.getShape(), 1))
      return failure();
    Location loc = op.getLoc();
    SmallVector<int64_t> shape, kept;
    SmallVector<bool> mask;
    for (auto [size, reduced] : llvm::zip_equal(type.getShape(), op.getReductionMask())) {
      if (size == 1)
        continue;
      shape.push_back(size);
      mask.push_back(reduced);
      if (!reduced)
        kept.push_back(size);
    }
    if (!llvm::is_contained(mask, true) || kept.empty())
      return failure();
    VectorType result = VectorType::get(kept, type.getElementType());
    auto cast = [&](Type to, Value value) { return vector::ShapeCastOp::create(rewriter, loc, to, value).getResult(); };
    Value reduced = vector::MultiDimReductionOp::create(
        rewriter, loc, cast(VectorType::get(shape, type.getElementType()), op.getSource()), cast(result, op.getAcc()),
        mask, op.getKind());
    rewriter.replaceOp(op, cast(op.getType(), reduced));
    return success();
  }
};

/// A reduction over the last axes of a vector, all rows together.
struct ReduceRows : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getSourceVectorType();
    SmallVector<bool> reduced = op.getReductionMask();
    unsigned outer = llvm::find(reduced, true) - reduced.begin();
    if (!isWhole(op) || llvm::is_contained(ArrayRef(reduced).drop_front(outer), false))
      return failure();
    int64_t rows = 1, length = 1;
    for (auto [axis, size] : llvm::enumerate(type.getShape()))
      (axis < outer ? rows : length) *= size;
    if (length < 4)
      return failure();

    Location loc = op.getLoc();
    auto kept = type.getShape().take_front(outer);
    SmallVector<int64_t> flat(kept);
    flat.push_back(length);
    Value source =
        rewriter.createOrFold<vector::ShapeCastOp>(loc, VectorType::get(flat, type.getElementType()), op.getSource());
    SmallVector<Value> all;
    for (int64_t row = 0; row < rows; ++row)
      all.push_back(
          outer ? vector::ExtractOp::create(rewriter, loc, source, delinearize(row, computeStrides(kept))).getResult()
                : source);
    Value result = RowTree(rewriter, loc, op.getKind()).reduce(all);
    auto resultType = dyn_cast<VectorType>(op.getType());
    result = resultType ? rewriter.createOrFold<vector::ShapeCastOp>(loc, resultType, result)
                        : vector::ExtractOp::create(rewriter, loc, result, 0).getResult();
    Attribute start;
    bool nothing = matchPattern(op.getAcc(), m_Constant(&start));
    if (auto splat = dyn_cast_or_null<SplatElementsAttr>(start))
      start = splat.getSplatValue<Attribute>();
    nothing = nothing && start == identityOf(op.getKind(), type.getElementType(), rewriter, loc);
    rewriter.replaceOp(op,
                       nothing ? result : vector::makeArithReduction(rewriter, loc, op.getKind(), op.getAcc(), result));
    return success();
  }
};

/// A reduction over the first axes of a vector, in pairs: a chain would wait for every step.
struct ReduceColumns : OpRewritePattern<vector::MultiDimReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::MultiDimReductionOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getSourceVectorType();
    SmallVector<bool> reduced = op.getReductionMask();
    unsigned outer = llvm::find(reduced, false) - reduced.begin();
    if (!isWhole(op) || outer == 0 || outer == reduced.size() ||
        llvm::is_contained(ArrayRef(reduced).drop_front(outer), true))
      return failure();
    ArrayRef<int64_t> shape = type.getShape().take_front(outer);
    int64_t count = llvm::product_of(shape);
    if (count < 3)
      return failure();
    SmallVector<Value> rows;
    for (int64_t row = 0; row < count; ++row)
      rows.push_back(
          vector::ExtractOp::create(rewriter, op.getLoc(), op.getSource(), delinearize(row, computeStrides(shape))));
    auto combine = [&](Value a, Value b) {
      return vector::makeArithReduction(rewriter, op.getLoc(), op.getKind(), a, b);
    };
    for (; rows.size() > 1; rows.resize((rows.size() + 1) / 2))
      for (size_t i = 0; i < rows.size() / 2; ++i)
        rows[i] = combine(rows[i], rows[rows.size() - 1 - i]);
    rewriter.replaceOp(op, combine(op.getAcc(), rows.front()));
    return success();
  }
};

/// A value a row, repeated along the rows: row by row, where the generic way takes column after column apart.
struct RepeatAlongRows : OpRewritePattern<vector::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::TransposeOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getVector().getDefiningOp<vector::BroadcastOp>();
    auto source = broadcast ? dyn_cast<VectorType>(broadcast.getSourceType()) : VectorType();
    VectorType type = op.getResultVectorType();
    if (!source || type.isScalable())
      return failure();
    int64_t kept = source.getRank(), rank = type.getRank();
    if (kept == 0 || kept == rank || type.getShape().take_front(kept) != source.getShape() ||
        !llvm::equal(op.getPermutation().take_front(kept), llvm::seq(rank - kept, rank)))
      return failure();
    Location loc = op.getLoc();
    VectorType row = VectorType::get(type.getShape().drop_front(kept), type.getElementType());
    Value result = ub::PoisonOp::create(rewriter, loc, type);
    for (int64_t i = 0; i < source.getNumElements(); ++i) {
      SmallVector<int64_t> position = delinearize(i, computeStrides(source.getShape()));
      Value element = vector::ExtractOp::create(rewriter, loc, broadcast.getSource(), position);
      result = vector::InsertOp::create(rewriter, loc, vector::BroadcastOp::create(rewriter, loc, row, element), result,
                                        position);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void populateRowReductionPatterns(RewritePatternSet &patterns) {
  patterns.add<DropUnitAxes, ReduceRows, ReduceColumns, RepeatAlongRows>(patterns.getContext());
}

} // namespace mlir::lamina
