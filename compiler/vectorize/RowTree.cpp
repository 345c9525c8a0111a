#include "compiler/vectorize/RowTree.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

namespace mlir::lamina {

namespace {

int64_t elements(Value vector) { return cast<VectorType>(vector.getType()).getNumElements(); }

/// Whether an element combined with itself is that element.
bool isIdempotent(vector::CombiningKind kind) {
  using vector::CombiningKind;
  return !llvm::is_contained({CombiningKind::ADD, CombiningKind::MUL, CombiningKind::XOR}, kind);
}

} // namespace

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
  // Nothing is less; NaN, which is neutral as well, is no number.
  if (kind == CombiningKind::MAXNUMF)
    return b.getFloatAttr(element, -std::numeric_limits<double>::infinity());
  return arith::getIdentityValueAttr(rmw(), element, b, loc);
}

Value combinePairs(SmallVector<Value> values, llvm::function_ref<Value(Value, Value)> combine) {
  for (; values.size() > 1; values.resize((values.size() + 1) / 2))
    for (size_t i = 0; i < values.size() / 2; ++i)
      values[i] = combine(values[i], values[values.size() - 1 - i]);
  return values.front();
}

Value finishRows(OpBuilder &b, vector::MultiDimReductionOp op, Value rows) {
  Location loc = op.getLoc();
  auto type = dyn_cast<VectorType>(op.getType());
  Value result = type ? b.createOrFold<vector::ShapeCastOp>(loc, type, rows)
                      : vector::ExtractOp::create(b, loc, rows, 0).getResult();
  Attribute start;
  bool known = matchPattern(op.getAcc(), m_Constant(&start));
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(start))
    start = splat.getSplatValue<Attribute>();
  if (known && start == identityOf(op.getKind(), getElementTypeOrSelf(op.getType()), b, loc))
    return result;
  return vector::makeArithReduction(b, loc, op.getKind(), op.getAcc(), result);
}

Value pickElements(OpBuilder &b, Location loc, ArrayRef<Value> vectors, ArrayRef<int64_t> wanted) {
  // A shuffle takes from two vectors; what it does not have yet comes with the next.
  SmallVector<int64_t> lanes(wanted.size(), -1);
  Value picked;
  bool shuffled = false;
  int64_t begin = 0;
  for (Value vector : vectors) {
    int64_t size = elements(vector), before = picked ? elements(picked) : 0;
    bool any = false;
    for (auto [lane, element] : llvm::zip_equal(lanes, wanted))
      if (element >= begin && element < begin + size) {
        lane = before + element - begin;
        any = true;
      }
    begin += size;
    if (!any)
      continue;
    if (!picked) {
      picked = vector;
      continue;
    }
    picked = vector::ShuffleOp::create(b, loc, picked, vector, lanes);
    shuffled = true;
    for (auto [place, lane] : llvm::enumerate(lanes))
      lane = lane < 0 ? lane : place;
  }
  if (shuffled || llvm::equal(lanes, llvm::seq<int64_t>(0, elements(picked))))
    return picked;
  return vector::ShuffleOp::create(b, loc, picked, picked, lanes);
}

Value RowTree::shuffle(Value x, Value y, ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(b, loc, x, y, lanes);
}

Value RowTree::combine(Value x, Value y) {
  // A product and the sum that it goes into are one instruction.
  auto flags = kind == vector::CombiningKind::ADD
                   ? arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract)
                   : arith::FastMathFlagsAttr();
  return vector::makeArithReduction(b, loc, kind, x, y, flags);
}

Value RowTree::reduce(ArrayRef<SmallVector<Value>> rows) {
  int64_t count = rows.size(), lanes = 1, length = 0;
  for (Value part : rows.front())
    length += elements(part);
  while (lanes < length && lanes < mostLanes)
    lanes *= 2;
  SmallVector<Value> vectors;
  for (ArrayRef<Value> row : rows)
    vectors.push_back(narrow(row, lanes));
  // Whole pairs at every step.
  while (!llvm::isPowerOf2_64(vectors.size()))
    vectors.push_back(vectors.front());
  for (; lanes > 1; lanes /= 2)
    vectors = halve(vectors, lanes);
  Value all = vectors.front();
  for (Value vector : llvm::drop_begin(vectors))
    all = shuffle(all, vector, llvm::to_vector(llvm::seq<int64_t>(0, elements(all) + elements(vector))));
  // Rows that only made pairs whole are left out.
  return elements(all) == count ? all : shuffle(all, all, llvm::to_vector(llvm::seq<int64_t>(0, count)));
}

Value RowTree::reduceDealt(ArrayRef<Value> vectors, int64_t rows, int64_t length, ArrayRef<int64_t> places) {
  SmallVector<Value> halves;
  for (size_t i = 0; i < vectors.size(); i += 2)
    halves.push_back(combine(vectors[i], vectors[i + 1]));
  return reduceDense(std::move(halves), rows, length / 2, places);
}

Value RowTree::reduceDense(SmallVector<Value> vectors, int64_t rows, int64_t length, ArrayRef<int64_t> places) {
  int64_t width = elements(vectors.front());
  auto placeOf = [&](int64_t element) {
    return places.empty() ? element : element / width * width + places[element % width];
  };
  while (length > 1) {
    int64_t half = llvm::divideCeil(length, 2);
    SmallVector<Value> halves;
    for (int64_t begin = 0; begin < rows * half; begin += width) {
      SmallVector<int64_t> even, odd;
      SmallVector<bool> paired;
      for (int64_t i = begin; i < std::min(begin + width, rows * half); ++i) {
        int64_t element = i / half * length + i % half * 2;
        paired.push_back(i % half * 2 + 1 < length);
        even.push_back(placeOf(element));
        odd.push_back(placeOf(element + paired.back()));
      }
      Value x = pickElements(b, loc, vectors, even), y = pickElements(b, loc, vectors, odd);
      Value both = combine(x, y);
      if (llvm::is_contained(paired, false) && !isIdempotent(kind)) {
        VectorType mask = VectorType::get(paired.size(), b.getI1Type());
        Value condition = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(mask, paired));
        both = arith::SelectOp::create(b, loc, condition, both, x);
      }
      halves.push_back(both);
    }
    vectors = std::move(halves);
    length = half;
    places = {};
  }
  return vectors.size() == 1 && places.empty()
             ? vectors.front()
             : pickElements(b, loc, vectors, llvm::map_to_vector(llvm::seq<int64_t>(0, rows), placeOf));
}

/// The row in one vector of these lanes; those past its end change nothing.
Value RowTree::narrow(ArrayRef<Value> parts, int64_t lanes) {
  SmallVector<Value> whole;
  for (Value part : parts) {
    auto type = cast<VectorType>(part.getType());
    int64_t length = type.getNumElements();
    for (int64_t begin = 0; begin < length; begin += lanes) {
      SmallVector<int64_t> places;
      for (int64_t lane = 0; lane < lanes; ++lane)
        places.push_back(begin + lane < length ? begin + lane : length);
      Value other = part;
      if (begin + lanes > length)
        other = arith::ConstantOp::create(
            b, loc, DenseElementsAttr::get(type, identityOf(kind, type.getElementType(), b, loc)));
      whole.push_back(length == lanes ? part : shuffle(part, other, places));
    }
  }
  return combinePairs(whole, [&](Value x, Value y) { return combine(x, y); });
}

/// Each vector holds rows of `length` lanes; the results hold rows of half of it.
SmallVector<Value> RowTree::halve(ArrayRef<Value> vectors, int64_t length) {
  SmallVector<Value> result;
  bool pairs = vectors.size() > 1;
  for (size_t i = 0; i < vectors.size(); i += pairs ? 2 : 1) {
    Value x = vectors[i], y = pairs ? vectors[i + 1] : x;
    int64_t width = elements(x);
    SmallVector<int64_t> low, high;
    for (int64_t row = 0; row < (pairs ? 2 : 1) * width; row += length)
      for (int64_t lane = 0; lane < length / 2; ++lane) {
        low.push_back(row + lane);
        high.push_back(row + length / 2 + lane);
      }
    result.push_back(combine(shuffle(x, y, low), shuffle(x, y, high)));
  }
  return result;
}

} // namespace mlir::lamina
