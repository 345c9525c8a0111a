#include "Structured.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AffineMap.h"
#include "llvm/ADT/SmallBitVector.h"

namespace mlir::lamina {

Value Structured::Region::index(unsigned loop) {
  if (loops[loop] < 0)
    return s.constantInt(s.builder().getIndexType(), 0);
  return linalg::IndexOp::create(s.builder(), s.location(), loops[loop]);
}

AffineExpr Structured::loop(OpFoldResult size, bool reduction) {
  sizes.push_back(size);
  kinds.push_back(reduction ? utils::IteratorType::reduction : utils::IteratorType::parallel);
  return b.getAffineDimExpr(sizes.size() - 1);
}

AffineExpr Structured::constant(int64_t value) { return b.getAffineConstantExpr(value); }

OpFoldResult Structured::size(AffineExpr loop) const { return sizes[cast<AffineDimExpr>(loop).getPosition()]; }

void Structured::in(Value tensor, ArrayRef<AffineExpr> index) {
  operands.push_back({tensor, SmallVector<AffineExpr>(index), splatOf(tensor), {}});
}

void Structured::shapeOnly(ArrayRef<AffineExpr> loops) {
  SmallVector<OpFoldResult> extents;
  for (AffineExpr loop : loops)
    extents.push_back(size(loop));
  operands.push_back({emptyTensor(b, loc, extents, b.getF32Type()), SmallVector<AffineExpr>(loops), {}, {}, true});
}

void Structured::out(Type element, ArrayRef<AffineExpr> loops, TypedAttr init) {
  results.push_back({element, SmallVector<AffineExpr>(loops), init});
}

bool Structured::isUnit(unsigned loop) const { return staticSize(sizes[loop]) == 1; }

// Puts 0 for the loops of one iteration; dimensions that are then always read at one place are dropped.
void Structured::simplify(Operand &operand) {
  SmallVector<AffineExpr> replacements;
  for (unsigned loop = 0; loop < sizes.size(); ++loop)
    replacements.push_back(isUnit(loop) ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(loop));

  auto type = cast<RankedTensorType>(operand.tensor.getType());
  llvm::SmallBitVector dropped(type.getRank());
  SmallVector<AffineExpr> kept;
  SmallVector<OpFoldResult> offsets, extents;
  SmallVector<int64_t> known;
  bool slice = false, refine = false;
  for (auto [dim, expr] : llvm::enumerate(operand.index)) {
    AffineExpr simple = simplifyAffineExpr(expr.replaceDims(replacements), sizes.size(), 0);
    OpFoldResult offset = b.getIndexAttr(0), extent = b.getIndexAttr(1);
    int64_t size = type.getDimSize(dim);
    if (auto constant = dyn_cast<AffineConstantExpr>(simple)) {
      dropped.set(dim);
      offset = b.getIndexAttr(constant.getValue());
      slice |= size != 1 || constant.getValue() != 0;
      size = 1;
    } else {
      kept.push_back(simple);
      extent = {};
      auto loop = dyn_cast<AffineDimExpr>(simple);
      int64_t trips = loop ? staticSize(sizes[loop.getPosition()]) : ShapedType::kDynamic;
      if (!ShapedType::isDynamic(trips) && size != trips) {
        // Of a known size the loop reads the front; an open one is the loop's.
        slice |= !ShapedType::isDynamic(size);
        refine |= ShapedType::isDynamic(size);
        if (!ShapedType::isDynamic(size))
          extent = b.getIndexAttr(trips);
        size = trips;
      }
    }
    known.push_back(size);
    offsets.push_back(offset);
    extents.push_back(extent);
  }
  operand.index = kept;
  if (slice) {
    for (unsigned dim = 0; dim < extents.size(); ++dim)
      if (!extents[dim])
        extents[dim] = dimSize(b, loc, operand.tensor, dim);
    SmallVector<OpFoldResult> strides(extents.size(), b.getIndexAttr(1));
    operand.tensor = tensor::ExtractSliceOp::create(b, loc, operand.tensor, offsets, extents, strides);
  }
  if (refine)
    operand.tensor = castTo(b, loc, operand.tensor, RankedTensorType::get(known, type.getElementType()));
  operand.tensor = dropDims(b, loc, operand.tensor, dropped);
}

bool Structured::isNamedWithout(unsigned loop, const Operand &without) const {
  AffineExpr expr = b.getAffineDimExpr(loop);
  for (const Operand &operand : operands)
    if (&operand != &without && !operand.splat && !operand.scalar && llvm::is_contained(operand.index, expr))
      return true;
  return llvm::any_of(results, [&](const Result &result) { return llvm::is_contained(result.loops, expr); });
}

SmallVector<Value> Structured::runBody(Body body, OpBuilder &builder, ValueRange arguments,
                                       ArrayRef<int64_t> positions) {
  Region region{Scalar(builder, loc), {}, {}, SmallVector<int64_t>(positions)};
  unsigned next = 0;
  for (const Operand &operand : operands) {
    if (operand.splat) {
      region.in.push_back(region.s.constant(operand.splat));
      continue;
    }
    Value argument = arguments.empty() ? operand.scalar : arguments[next++];
    if (!operand.isShape)
      region.in.push_back(argument);
  }
  for (const Result &result : results)
    region.out.push_back(arguments.empty() ? region.s.constant(result.init) : arguments[next++]);
  return body(region);
}

// A computation on scalars alone stays on scalars.
std::optional<SmallVector<Value>> Structured::buildScalar(Body body) {
  for (unsigned loop = 0; loop < sizes.size(); ++loop)
    if (!isUnit(loop))
      return std::nullopt;
  for (const Operand &operand : operands)
    if (!operand.splat && !operand.scalar)
      return std::nullopt;
  for (const Result &result : results)
    if (result.init)
      return std::nullopt;
  SmallVector<Value> scalars;
  {
    Region region{Scalar(b, loc), {}, {}, SmallVector<int64_t>(sizes.size(), -1)};
    for (const Operand &operand : operands)
      region.in.push_back(operand.splat ? region.s.constant(operand.splat) : operand.scalar);
    scalars = body(region);
  }
  SmallVector<Value> tensors;
  for (auto [result, scalar] : llvm::zip_equal(results, scalars)) {
    SmallVector<int64_t> shape(result.loops.size(), 1);
    tensors.push_back(tensor::FromElementsOp::create(b, loc, RankedTensorType::get(shape, result.element), scalar));
  }
  return tensors;
}

SmallVector<Value> Structured::build(Body body) {
  for (Operand &operand : operands) {
    if (operand.splat)
      continue;
    simplify(operand);
    operand.scalar = operand.index.empty() ? scalarOf(operand.tensor) : Value();
  }
  for (unsigned loop = 0; loop < sizes.size(); ++loop)
    for (Operand &operand : operands)
      if (operand.splat && !isUnit(loop) && !isNamedWithout(loop, operand)) {
        operand.splat = {};
        simplify(operand);
      }
  if (auto scalars = buildScalar(body))
    return *scalars;

  SmallVector<int64_t> positions;
  SmallVector<utils::IteratorType> iterators;
  SmallVector<AffineExpr> renumbered;
  for (unsigned loop = 0; loop < sizes.size(); ++loop) {
    bool gone = isUnit(loop);
    positions.push_back(gone ? -1 : static_cast<int64_t>(iterators.size()));
    renumbered.push_back(gone ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(iterators.size()));
    if (!gone)
      iterators.push_back(kinds[loop]);
  }
  auto mapOf = [&](ArrayRef<AffineExpr> index) {
    SmallVector<AffineExpr> exprs;
    for (AffineExpr expr : index)
      exprs.push_back(expr.replaceDims(renumbered));
    return AffineMap::get(iterators.size(), 0, exprs, b.getContext());
  };

  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> maps;
  for (const Operand &operand : operands) {
    if (operand.splat)
      continue;
    inputs.push_back(operand.scalar ? operand.scalar : operand.tensor);
    maps.push_back(mapOf(operand.index));
  }
  for (const Result &result : results) {
    SmallVector<AffineExpr> index;
    SmallVector<OpFoldResult> extents;
    for (AffineExpr loop : result.loops) {
      if (isUnit(cast<AffineDimExpr>(loop).getPosition()))
        continue;
      index.push_back(loop);
      extents.push_back(size(loop));
    }
    maps.push_back(mapOf(index));
    inits.push_back(result.init ? filledTensor(b, loc, extents, result.init)
                                : emptyTensor(b, loc, extents, result.element));
  }

  auto generic =
      linalg::GenericOp::create(b, loc, TypeRange(ValueRange(inits)), inputs, inits, maps, iterators,
                                [&](OpBuilder &nested, Location, ValueRange arguments) {
                                  linalg::YieldOp::create(nested, loc, runBody(body, nested, arguments, positions));
                                });

  SmallVector<Value> expanded;
  for (auto [result, value] : llvm::zip_equal(results, generic.getResults())) {
    SmallVector<OpFoldResult> extents;
    llvm::SmallBitVector units(result.loops.size());
    for (auto [dim, loop] : llvm::enumerate(result.loops)) {
      extents.push_back(size(loop));
      units[dim] = isUnit(cast<AffineDimExpr>(loop).getPosition());
    }
    expanded.push_back(expandTo(b, loc, value, extents, units));
  }
  return expanded;
}

} // namespace mlir::lamina
