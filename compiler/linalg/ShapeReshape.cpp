// A reshape is a collapse of adjacent axes, then an expansion: both cost nothing. Sizes are compared as products of
// known factors and of the open sizes they were made from, so that axes which stay are seen to stay.
#include "Lowering.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace mlir::lamina {

namespace {

struct Extent {
  int64_t known = 1;
  SmallVector<unsigned> open; // sorted

  bool operator==(const Extent &other) const { return known == other.known && open == other.open; }
  void multiply(const Extent &other) {
    known *= other.known;
    open.append(other.open);
    llvm::sort(open);
  }
  bool divide(const Extent &other) {
    if (other.known == 0 || known % other.known != 0)
      return false;
    Extent rest = *this;
    rest.known /= other.known;
    for (unsigned symbol : other.open) {
      auto *found = llvm::find(rest.open, symbol);
      if (found == rest.open.end())
        return false;
      rest.open.erase(found);
    }
    *this = rest;
    return true;
  }
};

bool isSameSize(Value a, Value b) {
  if (a == b)
    return true;
  auto x = a.getDefiningOp<tensor::DimOp>(), y = b.getDefiningOp<tensor::DimOp>();
  return x && y && x.getSource() == y.getSource() && x.getConstantIndex() &&
         x.getConstantIndex() == y.getConstantIndex();
}

class Symbols {
public:
  Extent extentOf(OpFoldResult size) {
    if (int64_t known = staticSize(size); !ShapedType::isDynamic(known))
      return {known, {}};
    Value value = cast<Value>(size);
    auto *found = llvm::find_if(values, [&](Value other) { return isSameSize(value, other); });
    unsigned symbol = found - values.begin();
    if (found == values.end())
      values.push_back(value);
    return {1, {symbol}};
  }
  OpFoldResult sizeOf(OpBuilder &b, Location loc, const Extent &extent) {
    SmallVector<OpFoldResult> factors{b.getIndexAttr(extent.known)};
    for (unsigned symbol : extent.open)
      factors.push_back(values[symbol]);
    return productOf(b, loc, factors);
  }

private:
  SmallVector<Value> values;
};

Extent product(ArrayRef<Extent> extents) {
  Extent all;
  for (const Extent &extent : extents)
    all.multiply(extent);
  return all;
}

// The inferred size: what is left of all elements.
Extent infer(OpBuilder &b, Location loc, MutableArrayRef<OpFoldResult> sizes, unsigned hole, ArrayRef<Extent> input,
             Symbols &symbols) {
  SmallVector<Extent> others;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (dim != hole)
      others.push_back(symbols.extentOf(size));
  Extent rest = product(input), divisor = product(others);
  if (rest.divide(divisor)) {
    sizes[hole] = symbols.sizeOf(b, loc, rest);
    return rest;
  }
  AffineExpr s0, s1;
  bindSymbols(b.getContext(), s0, s1);
  Scalar s(b, loc);
  Value by = getValueOrCreateConstantIndexOp(b, loc, symbols.sizeOf(b, loc, divisor));
  by = s.maximum(by, s.constantInt(b.getIndexType(), 1));
  sizes[hole] = sizeExpr(b, loc, s0.floorDiv(s1), {symbols.sizeOf(b, loc, product(input)), OpFoldResult(by)});
  return symbols.extentOf(sizes[hole]);
}

// Pairs of adjacent axes of the one and the other shape that hold the same elements.
struct Groups {
  SmallVector<ReassociationIndices> from, to;
};

Groups matchAxes(ArrayRef<Extent> from, ArrayRef<Extent> to) {
  Groups groups;
  auto indices = [](unsigned begin, unsigned end) {
    return ReassociationIndices(llvm::to_vector(llvm::seq<int64_t>(begin, end)));
  };
  unsigned fromBegin = 0, toBegin = 0;
  Extent fromProduct;
  for (unsigned i = 0; i < from.size(); ++i) {
    fromProduct.multiply(from[i]);
    Extent toProduct = product(to.take_front(toBegin));
    for (unsigned j = toBegin; j < to.size(); ++j) {
      toProduct.multiply(to[j]);
      if (!(toProduct == fromProduct))
        continue;
      groups.from.push_back(indices(fromBegin, i + 1));
      groups.to.push_back(indices(toBegin, j + 1));
      fromBegin = i + 1;
      toBegin = j + 1;
      break;
    }
  }
  if (groups.from.empty())
    return {{indices(0, from.size())}, {indices(0, to.size())}};
  // What remains are axes of size 1, or sizes of which the equality is not seen: they join the last group.
  if (fromBegin < from.size() || toBegin < to.size()) {
    for (unsigned i = fromBegin; i < from.size(); ++i)
      groups.from.back().push_back(i);
    for (unsigned j = toBegin; j < to.size(); ++j)
      groups.to.back().push_back(j);
  }
  return groups;
}

RankedTensorType collapsedType(RankedTensorType type, ArrayRef<ReassociationIndices> groups) {
  SmallVector<int64_t> shape;
  for (const ReassociationIndices &group : groups) {
    int64_t size = 1;
    for (int64_t dim : group)
      size = ShapedType::isDynamic(size) || type.isDynamicDim(dim) ? ShapedType::kDynamic : size * type.getDimSize(dim);
    shape.push_back(size);
  }
  return RankedTensorType::get(shape, type.getElementType());
}

} // namespace

SmallVector<OpFoldResult> resolveShape(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> input,
                                       ArrayRef<int64_t> shape, ValueRange dims) {
  SmallVector<OpFoldResult> sizes;
  unsigned next = 0;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      sizes.push_back(dims[next++]);
    else if (size >= 0)
      sizes.push_back(b.getIndexAttr(size));
    else if (size == -1)
      sizes.push_back({});
    else
      sizes.push_back(input[-2 - size]);
  }
  return sizes;
}

Value reshape(OpBuilder &b, Location loc, Value x, SmallVector<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(x.getType());
  Symbols symbols;
  SmallVector<Extent> from, to;
  for (OpFoldResult size : dimSizes(b, loc, x))
    from.push_back(symbols.extentOf(size));
  SmallVector<int64_t> shape;
  for (unsigned dim = 0; dim < sizes.size(); ++dim) {
    to.push_back(sizes[dim] ? symbols.extentOf(sizes[dim]) : infer(b, loc, sizes, dim, from, symbols));
    shape.push_back(staticSize(sizes[dim]));
  }
  auto resultType = RankedTensorType::get(shape, type.getElementType());
  if (resultType.hasStaticShape() && resultType.getNumElements() == 0)
    return emptyTensor(b, loc, sizes, type.getElementType());

  Groups groups;
  if (!from.empty() && !to.empty())
    groups = matchAxes(from, to);
  auto isOneToOne = [](ArrayRef<ReassociationIndices> groups, unsigned rank) { return groups.size() == rank; };
  if (!isOneToOne(groups.from, from.size()))
    x = b.createOrFold<tensor::CollapseShapeOp>(loc, collapsedType(type, groups.from), x, groups.from);
  x = castTo(b, loc, x, collapsedType(resultType, groups.to));
  if (!isOneToOne(groups.to, to.size()))
    x = b.createOrFold<tensor::ExpandShapeOp>(loc, resultType, x, groups.to, foldSizes(b, sizes));
  return x;
}

} // namespace mlir::lamina
