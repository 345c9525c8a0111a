#include "AttentionBlocks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "llvm/ADT/SmallBitVector.h"

#include <limits>

namespace mlir::lamina {

namespace {

/// Rows of queries, of all heads together, and keys of a block: its scores and the operands stay in the second cache.
constexpr int64_t rowsOfBlock = 512, keysOfBlock = 256;
/// More heads than this are a loop.
constexpr int64_t mostHeads = 64;

} // namespace

AttentionBlocks::AttentionBlocks(OpBuilder &b, Location loc, Value query, Value key, Value value, Value bias,
                                 Value mask, double fill)
    : b(b), loc(loc), bias(bias), mask(mask), fill(fill), element(getElementTypeOrSelf(query)) {
  SmallVector<OpFoldResult> sizesOfQuery = dimSizes(b, loc, query);
  int64_t rank = sizesOfQuery.size(), together = 1;
  for (int64_t axis = 0; axis + 2 < rank; ++axis) {
    int64_t known = staticSize(sizesOfQuery[axis]);
    bool last = axis + 3 == rank, small = !ShapedType::isDynamic(known) && known <= mostHeads;
    char letter = last && small ? 'h' : static_cast<char>('A' + axis);
    batch += letter;
    sizes[letter] = sizesOfQuery[axis];
    if (letter == 'h' && known > 1) {
      heads = "h";
      together = known;
    }
  }
  sizes['q'] = sizesOfQuery[rank - 2];
  sizes['k'] = dimSize(b, loc, key, rank - 2);
  sizes['d'] = sizesOfQuery[rank - 1];
  sizes['v'] = dimSize(b, loc, value, rank - 1);
  if (ShapedType::isDynamic(staticSize(sizes['d'])))
    sizes['d'] = dimSize(b, loc, key, rank - 1);
  blocks['q'] = blocksOf(sizes['q'], std::max<int64_t>(32, rowsOfBlock / together));
  blocks['k'] = blocksOf(sizes['k'], keysOfBlock);
}

AttentionBlocks::Blocks AttentionBlocks::blocksOf(OpFoldResult length, int64_t most) {
  Blocks result;
  result.length = length;
  constexpr int64_t unit = 32;
  if (int64_t known = staticSize(length); !ShapedType::isDynamic(known)) {
    int64_t size = std::min(known, most);
    for (int64_t divisor = size / unit * unit; divisor >= most / 2; divisor -= unit)
      if (known % divisor == 0) {
        size = divisor;
        break;
      }
    result.size = b.getIndexAttr(size);
    result.count = b.getIndexAttr(size ? llvm::divideCeil(known, size) : 0);
    result.overlap = size && known % size;
    return result;
  }
  Value open = getValueOrCreateConstantIndexOp(b, loc, length);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value size = arith::MinUIOp::create(b, loc, open, arith::ConstantIndexOp::create(b, loc, most));
  Value step = arith::MaxUIOp::create(b, loc, size, one);
  Value last = arith::SubIOp::create(b, loc, arith::AddIOp::create(b, loc, open, step), one);
  result.size = size;
  result.count = arith::DivUIOp::create(b, loc, last, step).getResult();
  result.overlap = true;
  return result;
}

SmallVector<OpFoldResult> AttentionBlocks::sizesOf(StringRef axes) {
  return llvm::map_to_vector(axes, [&](char axis) {
    return axis == number ? blocks['k'].count : axis == inBlock ? blocks['k'].size : sizes.at(axis);
  });
}

Value AttentionBlocks::empty(StringRef axes) { return emptyTensor(b, loc, sizesOf(axes), element); }

Value AttentionBlocks::zeros(StringRef axes) {
  return filledTensor(b, loc, sizesOf(axes), cast<TypedAttr>(b.getZeroAttr(element)));
}

Lettered AttentionBlocks::emptyTurned(char size) {
  std::string axes = std::string(1, number) + heads + size + inBlock;
  return {empty(axes), axes};
}

SmallVector<Value> AttentionBlocks::overBatch(unsigned axis, ValueRange carried, Body body) {
  while (axis < batch.size() && batch[axis] == 'h')
    ++axis;
  if (axis == batch.size())
    return body(carried);
  char letter = batch[axis];
  if (staticSize(sizes[letter]) == 1) {
    places[letter] = b.getIndexAttr(0);
    return overBatch(axis + 1, carried, body);
  }
  return SmallVector<Value>(
      loopOver(b, loc, sizes[letter], carried, [&](OpBuilder &, Value position, ValueRange inner) {
        places[letter] = position;
        return overBatch(axis + 1, inner, body);
      }));
}

SmallVector<Value> AttentionBlocks::over(char axis, ValueRange carried, Body body) {
  return SmallVector<Value>(
      loopOver(b, loc, blocks[axis].count, carried, [&](OpBuilder &, Value position, ValueRange inner) {
        Blocks &now = blocks[axis];
        AffineExpr s0 = b.getAffineSymbolExpr(0), s1 = b.getAffineSymbolExpr(1);
        now.number = position;
        now.begin = now.offset = sizeExpr(b, loc, s0 * s1, {position, now.size});
        if (now.overlap) {
          Value latest = getValueOrCreateConstantIndexOp(b, loc, sizeExpr(b, loc, s0 - s1, {now.length, now.size}));
          now.offset =
              arith::MinUIOp::create(b, loc, getValueOrCreateConstantIndexOp(b, loc, now.begin), latest).getResult();
        }
        return body(inner);
      }));
}

void AttentionBlocks::slice(const Lettered &tensor, SmallVectorImpl<OpFoldResult> &offsets,
                            SmallVectorImpl<OpFoldResult> &extents) {
  auto type = cast<RankedTensorType>(tensor.tensor.getType());
  for (auto [axis, letter] : llvm::enumerate(tensor.axes)) {
    OpFoldResult offset = b.getIndexAttr(0), extent = b.getIndexAttr(1);
    if (letter == number) {
      offset = blocks['k'].number;
    } else if (letter == inBlock) {
      extent = blocks['k'].size;
    } else if (type.getDimSize(axis) != 1) {
      if (isOpen(letter)) {
        offset = blocks[letter].offset;
        extent = blocks[letter].size;
      } else if (letter == 'h' || letter == 'd' || letter == 'v') {
        extent = sizes[letter];
      } else {
        offset = places[letter];
      }
    }
    offsets.push_back(offset);
    extents.push_back(extent);
  }
}

// A part of what is computed element by element is computed by itself: a mask by positions is never whole in memory.
Value AttentionBlocks::recompute(Value tensor, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> extents) {
  if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>()) {
    // Axes of one place are left out below, if that is all there is to it.
    SmallVector<OpFoldResult> innerOffsets, innerExtents;
    llvm::SmallBitVector units(offsets.size());
    for (ReassociationIndices group : expand.getReassociationIndices()) {
      SmallVector<int64_t> real =
          llvm::filter_to_vector(group, [&](int64_t axis) { return expand.getResultType().getDimSize(axis) != 1; });
      if (real.size() > 1)
        return {};
      int64_t kept = real.empty() ? group.front() : real.front();
      innerOffsets.push_back(offsets[kept]);
      innerExtents.push_back(extents[kept]);
      for (int64_t axis : group)
        if (axis != kept)
          units.set(axis);
    }
    if (Value inner = recompute(expand.getSrc(), innerOffsets, innerExtents))
      return expandTo(b, loc, inner, extents, units);
    return {};
  }
  if (auto cast = tensor.getDefiningOp<tensor::CastOp>())
    return recompute(cast.getSource(), offsets, extents);
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  if (!op || op.getNumParallelLoops() != op.getNumLoops() || op->getNumResults() != 1 ||
      !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); }))
    return {};
  FailureOr<TilingResult> tiled =
      cast<TilingInterface>(op.getOperation()).generateResultTileValue(b, 0, offsets, extents);
  if (failed(tiled) || tiled->tiledOps.size() != 1)
    return {};
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(tiled->tiledOps.front());
  auto part = cast<linalg::LinalgOp>(tiled->tiledOps.front());
  part.getDpsInitsMutable()[0].assign(
      castTo(b, loc, emptyTensor(b, loc, extents, getElementTypeOrSelf(tensor)), part.getDpsInits()[0].getType()));
  for (OpOperand *input : part.getDpsInputOperands())
    if (auto slice = input->get().getDefiningOp<tensor::ExtractSliceOp>();
        slice && slice.getDroppedDims().none() && slice.hasUnitStride())
      if (Value inner = recompute(slice.getSource(), slice.getMixedOffsets(), slice.getMixedSizes()))
        input->set(castTo(b, loc, inner, input->get().getType()));
  return tiled->tiledValues.front();
}

Lettered AttentionBlocks::at(const Lettered &tensor) {
  SmallVector<OpFoldResult> offsets, extents;
  slice(tensor, offsets, extents);
  auto type = cast<RankedTensorType>(tensor.tensor.getType());
  llvm::SmallBitVector dropped(type.getRank());
  std::string kept;
  SmallVector<int64_t> shape;
  for (auto [axis, letter] : llvm::enumerate(tensor.axes)) {
    bool stays = letter == inBlock || (letter != number && type.getDimSize(axis) != 1 && !places.contains(letter));
    if (!stays) {
      dropped.set(axis);
      continue;
    }
    kept += letter == inBlock ? 'k' : letter;
    shape.push_back(staticSize(extents[axis]));
  }
  if (tensor.tensor == bias || tensor.tensor == mask)
    if (Value computed = recompute(tensor.tensor, offsets, extents))
      return {dropDims(b, loc, computed, dropped), kept};
  SmallVector<OpFoldResult> strides(offsets.size(), b.getIndexAttr(1));
  return {tensor::ExtractSliceOp::create(b, loc, type.clone(shape), tensor.tensor, offsets, extents, strides), kept};
}

Value AttentionBlocks::put(const Lettered &block, const Lettered &tensor) {
  SmallVector<OpFoldResult> offsets, extents;
  slice(tensor, offsets, extents);
  SmallVector<OpFoldResult> strides(offsets.size(), b.getIndexAttr(1));
  return tensor::InsertSliceOp::create(b, loc, block.tensor, tensor.tensor, offsets, extents, strides);
}

Lettered AttentionBlocks::each(StringRef axes, ArrayRef<Lettered> operands, Each body) {
  Structured nest(b, loc);
  std::map<char, AffineExpr> loops;
  SmallVector<AffineExpr> result;
  for (char axis : axes) {
    loops[axis] = nest.loop(isOpen(axis) ? blocks[axis].size : sizes[axis]);
    result.push_back(loops[axis]);
  }
  for (const Lettered &operand : operands)
    nest.in(operand.tensor, llvm::map_to_vector(operand.axes, [&](char axis) { return loops.at(axis); }));
  nest.out(element, result);
  return {nest.build([&](Structured::Region &r) { return SmallVector<Value>{body(r)}; }).front(), axes.str()};
}

Lettered AttentionBlocks::eachScore(ArrayRef<Lettered> operands, StringRef apart, Each body) {
  SmallVector<Lettered> all(operands);
  for (Value side : {bias, mask})
    if (side)
      all.push_back(at({side, whole("qk")}));
  std::string axes = block("qk");
  if (!body && all.size() == 1 && llvm::none_of(apart, [&](char axis) { return blocks[axis].overlap; }))
    return operands.front();
  return each(axes, all, [&](Structured::Region &r) {
    Scalar &s = r.s;
    unsigned next = operands.size();
    Value score = r.in[0];
    if (bias)
      score = s.add(score, r.in[next++]);
    if (mask)
      score = s.select(r.in[next++], score, s.constant(element, fill));
    for (char axis : apart) {
      Blocks &now = blocks[axis];
      if (!now.overlap)
        continue;
      auto value = [&](OpFoldResult size) -> Value {
        if (auto known = getConstantIntValue(size))
          return s.constantInt(b.getIndexType(), *known);
        return cast<Value>(size);
      };
      Value position = s.add(r.index(axes.find(axis)), value(now.offset));
      score = s.select(s.compare(Predicate::Ge, position, value(now.begin)), score,
                       s.constant(element, -std::numeric_limits<double>::infinity()));
    }
    r.in[0] = score;
    return body ? body(r) : score;
  });
}

Lettered AttentionBlocks::eachSeen(ArrayRef<Lettered> operands, Each body) {
  SmallVector<Lettered> all(operands);
  if (mask)
    all.push_back(at({mask, whole("qk")}));
  return each(block("qk"), all, [&](Structured::Region &r) {
    Value value = body(r);
    return mask ? r.s.select(r.in[operands.size()], value, r.s.constant(element, 0.0)) : value;
  });
}

Lettered AttentionBlocks::combined(Combine kind, char along, const Lettered &operand) {
  size_t axis = operand.axes.find(along);
  std::string kept = operand.axes;
  kept.erase(axis, 1);
  return {reduction(b, loc, operand.tensor, static_cast<int64_t>(axis), /*keepDims=*/false, kind, element, {}), kept};
}

Lettered AttentionBlocks::product(StringRef axes, char along, const Lettered &left, const Lettered &right) {
  Structured nest(b, loc);
  std::map<char, AffineExpr> loops;
  SmallVector<AffineExpr> result;
  auto size = [&](char axis) { return isOpen(axis) ? blocks[axis].size : sizes[axis]; };
  for (char axis : axes) {
    loops[axis] = nest.loop(size(axis));
    result.push_back(loops[axis]);
  }
  loops[along] = nest.reduction(size(along));
  for (const Lettered *operand : {&left, &right})
    nest.in(operand->tensor, llvm::map_to_vector(operand->axes, [&](char axis) { return loops.at(axis); }));
  nest.out(element, result, cast<TypedAttr>(b.getZeroAttr(element)));
  return {nest.build([&](Structured::Region &r) {
                return SmallVector<Value>{r.s.add(r.out[0], r.s.mul(r.in[0], r.in[1]))};
              })
              .front(),
          axes.str()};
}

Value AttentionBlocks::isFirst(Structured::Region &r, char axis) {
  Value block = cast<Value>(blocks[axis].number);
  return r.s.compare(Predicate::Eq, block, r.s.constantInt(block.getType(), 0));
}

} // namespace mlir::lamina
