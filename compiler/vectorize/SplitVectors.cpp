#include "compiler/vectorize/SplitVectors.h"

#include "compiler/vectorize/RowTree.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Utils/VectorUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

#include <map>

namespace mlir::lamina {

namespace {

using Lanes = SmallVector<int64_t>;

/// The elements of a vector, counted in row-major order, in parts of one register: no part holds elements of two rows.
struct Layout {
  int64_t elements, row, lanes;

  bool operator==(const Layout &) const = default;
  int64_t perRow() const { return llvm::divideCeil(row, lanes); }
  int64_t size() const { return elements / row * perRow(); }
  int64_t begin(int64_t part) const { return part / perRow() * row + part % perRow() * lanes; }
  int64_t length(int64_t part) const { return std::min(lanes, row - part % perRow() * lanes); }
  int64_t partOf(int64_t element) const { return element / row * perRow() + element % row / lanes; }
  Lanes all(int64_t part) const { return llvm::to_vector(llvm::seq(begin(part), begin(part) + length(part))); }
};

Value memoryOf(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

/// All of its elements, unmasked, where they lie.
bool isPlain(VectorTransferOpInterface op) {
  auto type = dyn_cast<MemRefType>(op.getShapedType());
  return type && !op.getMask() && !op.hasOutOfBoundsDim() && op.getPermutationMap().isMinorIdentity() &&
         op.getVectorType().getElementType() == type.getElementType() && op.getVectorType().getRank() > 0;
}

/// Whether an element of the result is one of the source's, in order or repeated. What turns whole blocks is none: its
/// parts share their shuffles.
bool isMove(Operation *op) {
  return isa<vector::BroadcastOp, vector::ShapeCastOp>(op) ||
         (isa<vector::TransposeOp>(op) && op->getOperand(0).getDefiningOp<vector::BroadcastOp>());
}

int64_t sourceOf(Operation *op, int64_t element) {
  auto from = dyn_cast<VectorType>(op->getOperand(0).getType());
  if (isa<vector::ShapeCastOp>(op))
    return element;
  Lanes to = delinearize(element, computeStrides(cast<VectorType>(op->getResult(0).getType()).getShape()));
  Lanes position(from.getRank());
  if (auto transpose = dyn_cast<vector::TransposeOp>(op)) {
    for (auto [axis, source] : llvm::enumerate(transpose.getPermutation()))
      position[source] = to[axis];
  } else {
    for (auto [axis, size] : llvm::enumerate(from.getShape()))
      position[axis] = size == 1 ? 0 : to[to.size() - from.getRank() + axis];
  }
  return linearize(position, computeStrides(from.getShape()));
}

/// A reduction over the first axes, or over the last, of which others are left.
bool reduces(vector::MultiDimReductionOp op, bool first) {
  SmallVector<bool> mask = op.getReductionMask();
  auto change = llvm::find(mask, !first);
  return mask.front() == first && change != mask.end() &&
         !llvm::is_contained(llvm::make_range(change, mask.end()), first);
}

class Splitter {
public:
  Splitter(Block &block, int64_t lanes, int64_t together)
      : block(block), lanes(lanes), together(together), b(block.getParentOp()) {}

  void run();

private:
  bool isLarge(Type type) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector && !vector.isScalable() && vector.getRank() > 0 && vector.getNumElements() > lanes;
  }
  bool isSplit(Value value) const { return value.getDefiningOp() && split.contains(value.getDefiningOp()); }
  bool canSplit(Operation *op) const;
  Value sourceOfRoot(Operation *op) const;
  void choose();

  bool isDense(VectorTransferOpInterface op) const {
    return op.getVectorType().getNumElements() % lanes == 0 &&
           vector::isContiguousSlice(cast<MemRefType>(op.getShapedType()), op.getVectorType());
  }
  Layout byRows(VectorType type) const { return {type.getNumElements(), type.getShape().back(), lanes}; }
  Layout dense(VectorType type) const { return {type.getNumElements(), type.getNumElements(), lanes}; }
  Layout layoutOf(VectorTransferOpInterface op) const {
    VectorType type = op.getVectorType();
    return type.getShape().back() % lanes == 0 || isDense(op) ? dense(type) : byRows(type);
  }
  Layout layoutOf(Value value) const;

  VectorType typeOf(Value like, int64_t size) const {
    return VectorType::get(size, cast<VectorType>(like.getType()).getElementType());
  }
  Value part(Value value, Layout layout, int64_t index);
  Value compute(Operation *op, Layout layout, int64_t index);
  Value pick(Value value, ArrayRef<int64_t> wanted);
  Value element(Value value, int64_t which);
  std::pair<Value, SmallVector<Value>> place(VectorTransferOpInterface op, int64_t element);
  Value load(vector::TransferReadOp op, int64_t begin, int64_t size);
  void store(vector::TransferWriteOp op);
  void reduceRows(vector::MultiDimReductionOp op);

  Block &block;
  int64_t lanes, together;
  OpBuilder b;
  llvm::SetVector<Operation *> split;
  SmallVector<Operation *> roots;
  DenseMap<Value, Layout> layouts;
  std::map<std::pair<void *, int64_t>, Value> parts;
};

bool Splitter::canSplit(Operation *op) const {
  if (op->getNumResults() != 1 || op->getNumRegions() || !isLarge(op->getResult(0).getType()))
    return false;
  if (auto read = dyn_cast<vector::TransferReadOp>(op))
    return isPlain(read);
  if (auto reduction = dyn_cast<vector::MultiDimReductionOp>(op))
    return reduces(reduction, true);
  if (isMove(op))
    return true;
  return OpTrait::hasElementwiseMappableTraits(op) && isPure(op) && llvm::all_of(op->getOperandTypes(), [&](Type type) {
           auto vector = dyn_cast<VectorType>(type);
           return !vector || vector.getShape() == cast<VectorType>(op->getResult(0).getType()).getShape();
         });
}

/// What a store or a reduction takes; null for other operations.
Value Splitter::sourceOfRoot(Operation *op) const {
  if (auto write = dyn_cast<vector::TransferWriteOp>(op))
    return isPlain(write) && isLarge(write.getVectorType()) ? write.getVector() : Value();
  if (auto reduction = dyn_cast<vector::MultiDimReductionOp>(op))
    return reduces(reduction, false) && isLarge(reduction.getSourceVectorType()) ? reduction.getSource() : Value();
  return {};
}

/// Chains whose every use is in a chain or a root.
void Splitter::choose() {
  for (Operation &op : block)
    if (sourceOfRoot(&op))
      roots.push_back(&op);
    else if (canSplit(&op))
      split.insert(&op);
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation *op : llvm::to_vector(llvm::reverse(split)))
      if (!llvm::all_of(op->getUses(), [&](OpOperand &use) {
            Operation *user = use.getOwner();
            return split.contains(user) || (llvm::is_contained(roots, user) && sourceOfRoot(user) == use.get());
          })) {
        split.remove(op);
        changed = true;
      }
  }
}

Layout Splitter::layoutOf(Value value) const {
  if (auto known = layouts.find(value); known != layouts.end())
    return known->second;
  if (isSplit(value))
    if (auto read = value.getDefiningOp<vector::TransferReadOp>())
      return layoutOf(cast<VectorTransferOpInterface>(read.getOperation()));
  auto type = cast<VectorType>(value.getType());
  // What others compute is taken row by row, or whole.
  return isLarge(type) && type.getShape().back() % lanes ? byRows(type) : dense(type);
}

Value Splitter::part(Value value, Layout layout, int64_t index) {
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    if (auto splat = dyn_cast<SplatElementsAttr>(constant))
      return arith::ConstantOp::create(b, value.getLoc(), splat.resizeSplat(typeOf(value, layout.length(index))));
  if (isSplit(value) && isa<vector::ShapeCastOp>(value.getDefiningOp()) &&
      isSplit(value.getDefiningOp()->getOperand(0)))
    return part(value.getDefiningOp()->getOperand(0), layout, index);
  if (!isSplit(value) || isMove(value.getDefiningOp()))
    return pick(value, layout.all(index));
  if (isa<vector::TransferReadOp>(value.getDefiningOp()))
    layouts.try_emplace(value, layoutOf(value));
  else
    layouts.try_emplace(value, layout);
  if (layouts.at(value) != layout)
    return pick(value, layout.all(index));
  auto known = [&](int64_t i) -> Value & { return parts[{value.getAsOpaquePointer(), i}]; };
  if (Value computed = known(index))
    return computed;
  Operation *op = value.getDefiningOp();
  int64_t first = index / together * together, end = std::min(first + together, layout.size());
  if (OpTrait::hasElementwiseMappableTraits(op))
    for (Value operand : op->getOperands())
      for (int64_t i = first; i < end; ++i)
        if (isSplit(operand))
          part(operand, layout, i);
  for (int64_t i = first; i < end; ++i)
    if (!known(i)) {
      Value result = compute(op, layout, i);
      known(i) = result;
    }
  return known(index);
}

Value Splitter::compute(Operation *op, Layout layout, int64_t index) {
  if (auto read = dyn_cast<vector::TransferReadOp>(op))
    return load(read, layout.begin(index), layout.length(index));
  Location loc = op->getLoc();
  if (auto reduction = dyn_cast<vector::MultiDimReductionOp>(op)) {
    VectorType type = reduction.getSourceVectorType();
    int64_t row = cast<VectorType>(reduction.getType()).getNumElements();
    Layout source{type.getNumElements(), layout.row, lanes};
    SmallVector<Value> terms;
    for (int64_t i = 0; i < type.getNumElements() / row; ++i)
      terms.push_back(part(reduction.getSource(), source, source.partOf(i * row + layout.begin(index))));
    auto combine = [&](Value x, Value y) { return vector::makeArithReduction(b, loc, reduction.getKind(), x, y); };
    Value sum = combinePairs(terms, combine);
    return combine(part(reduction.getAcc(), layout, index), sum);
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(isa<VectorType>(operand.getType()) ? part(operand, layout, index) : operand);
  Operation *result = b.create(loc, op->getName().getIdentifier(), operands,
                               typeOf(op->getResult(0), layout.length(index)), op->getAttrs());
  return result->getResult(0);
}

/// Elements of a value in a vector of one axis.
Value Splitter::pick(Value value, ArrayRef<int64_t> wanted) {
  Location loc = value.getLoc();
  auto type = dyn_cast<VectorType>(value.getType());
  if (!type)
    return vector::BroadcastOp::create(b, loc, VectorType::get(wanted.size(), value.getType()), value);
  if (Operation *op = value.getDefiningOp(); op && split.contains(op) && isMove(op)) {
    Lanes from;
    bool vector = isa<VectorType>(op->getOperand(0).getType());
    for (int64_t which : wanted)
      from.push_back(vector ? sourceOf(op, which) : 0);
    return pick(op->getOperand(0), from);
  }
  if (llvm::all_equal(wanted))
    return vector::BroadcastOp::create(b, loc, VectorType::get(wanted.size(), type.getElementType()),
                                       element(value, wanted.front()));
  Layout layout = layoutOf(value);
  SmallVector<Value> sources;
  Lanes places(wanted.size());
  int64_t before = 0;
  for (int64_t index = 0; index < layout.size(); ++index) {
    bool any = false;
    for (auto [place, which] : llvm::zip_equal(places, wanted))
      if (layout.partOf(which) == index) {
        place = before + which - layout.begin(index);
        any = true;
      }
    if (!any)
      continue;
    Value source;
    if (isSplit(value)) {
      source = part(value, layout, index);
    } else if (!isLarge(type)) {
      source = b.createOrFold<vector::ShapeCastOp>(loc, VectorType::get(type.getNumElements(), type.getElementType()),
                                                   value);
    } else {
      Lanes position = delinearize(layout.begin(index), computeStrides(type.getShape()));
      int64_t begin = position.pop_back_val();
      Value row = position.empty() ? value : vector::ExtractOp::create(b, loc, value, position).getResult();
      source = vector::ExtractStridedSliceOp::create(b, loc, row, begin, layout.length(index), 1);
    }
    sources.push_back(source);
    before += layout.length(index);
  }
  return pickElements(b, loc, sources, places);
}

Value Splitter::element(Value value, int64_t which) {
  if (isSplit(value)) {
    Layout layout = layoutOf(value);
    int64_t index = layout.partOf(which);
    return vector::ExtractOp::create(b, value.getLoc(), part(value, layout, index), which - layout.begin(index));
  }
  auto type = cast<VectorType>(value.getType());
  return vector::ExtractOp::create(b, value.getLoc(), value, delinearize(which, computeStrides(type.getShape())));
}

/// Where an element of a transfer lies: a memref and its indices.
std::pair<Value, SmallVector<Value>> Splitter::place(VectorTransferOpInterface op, int64_t element) {
  VectorType type = op.getVectorType();
  Location loc = op.getLoc();
  Value memref = op.getBase();
  SmallVector<Value> indices(op.getIndices());
  auto plus = [&](Value index, int64_t by) {
    return affine::makeComposedAffineApply(b, loc, b.getAffineDimExpr(0) + by, {index}).getResult();
  };
  unsigned first = indices.size() - type.getRank();
  if (type.getShape().back() % lanes && isDense(op)) {
    // Parts of rows together are parts of one axis.
    auto source = cast<MemRefType>(memref.getType());
    SmallVector<ReassociationIndices> axes;
    for (unsigned axis = 0; axis < indices.size(); ++axis)
      if (axis <= first)
        axes.push_back({int64_t(axis)});
      else
        axes.back().push_back(axis);
    memref = memref::CollapseShapeOp::create(b, loc, memref, axes);
    AffineExpr at = b.getAffineDimExpr(0);
    for (unsigned axis = first + 1; axis < indices.size(); ++axis)
      at = at * source.getDimSize(axis) + b.getAffineDimExpr(axis - first);
    SmallVector<OpFoldResult> operands(ArrayRef(indices).drop_front(first));
    indices.resize(first);
    indices.push_back(affine::makeComposedAffineApply(b, loc, at + element, operands));
    return {memref, indices};
  }
  for (auto [axis, by] : llvm::enumerate(delinearize(element, computeStrides(type.getShape()))))
    if (by)
      indices[first + axis] = plus(indices[first + axis], by);
  return {memref, indices};
}

Value Splitter::load(vector::TransferReadOp op, int64_t begin, int64_t size) {
  OpBuilder::InsertionGuard guard(b);
  // Not below what may change it.
  for (Operation *next = op->getNextNode(); next && next != &*b.getInsertionPoint(); next = next->getNextNode()) {
    if (isMemoryEffectFree(next) || hasSingleEffect<MemoryEffects::Read>(next))
      continue;
    auto write = dyn_cast<vector::TransferWriteOp>(next);
    if (!write || memoryOf(write.getBase()) == memoryOf(op.getBase())) {
      b.setInsertionPoint(op);
      break;
    }
  }
  auto [memref, indices] = place(cast<VectorTransferOpInterface>(op.getOperation()), begin);
  return vector::TransferReadOp::create(b, op.getLoc(), typeOf(op, size), memref, indices, op.getPadding(),
                                        ArrayRef<bool>{true});
}

void Splitter::store(vector::TransferWriteOp op) {
  // What was read for a reduction is read again: registers keep what is computed.
  for (Operation *read : split)
    if (isa<vector::TransferReadOp>(read))
      for (int64_t index = 0; index < layoutOf(read->getResult(0)).size(); ++index)
        parts.erase({read->getResult(0).getAsOpaquePointer(), index});
  Layout layout = layoutOf(cast<VectorTransferOpInterface>(op.getOperation()));
  for (int64_t index = 0; index < layout.size(); ++index) {
    Value value = part(op.getVector(), layout, index);
    auto [memref, indices] = place(cast<VectorTransferOpInterface>(op.getOperation()), layout.begin(index));
    vector::TransferWriteOp::create(b, op.getLoc(), value, memref, indices, ArrayRef<bool>{true});
  }
}

void Splitter::reduceRows(vector::MultiDimReductionOp op) {
  VectorType type = op.getSourceVectorType();
  int64_t rows = cast<VectorType>(op.getType()).getNumElements(), length = type.getNumElements() / rows;
  bool together = rows > 1 && length % lanes && length < 2 * lanes && type.getNumElements() % lanes == 0;
  Layout layout = together || length % lanes == 0 ? dense(type) : Layout{type.getNumElements(), length, lanes};
  SmallVector<Value> vectors;
  for (int64_t index = 0; index < layout.size(); ++index)
    vectors.push_back(part(op.getSource(), layout, index));
  RowTree tree(b, op.getLoc(), op.getKind());
  Value result;
  if (together) {
    result = tree.reduceDense(vectors, rows, length);
  } else {
    SmallVector<SmallVector<Value>> lists;
    int64_t perRow = vectors.size() / rows;
    for (int64_t row = 0; row < rows; ++row)
      lists.push_back(llvm::to_vector(ArrayRef(vectors).slice(row * perRow, perRow)));
    result = tree.reduce(lists);
  }
  op.getResult().replaceAllUsesWith(finishRows(b, op, result));
}

void Splitter::run() {
  choose();
  // As many registers as go side by side anyway need no order. LLVM would widen odd rows, though.
  if (llvm::all_of(roots, [&](Operation *root) {
        auto type = cast<VectorType>(sourceOfRoot(root).getType());
        int64_t row = type.getShape().back();
        return isa<vector::TransferWriteOp>(root) && byRows(type).size() <= together &&
               (row <= lanes || (row % lanes == 0 && llvm::isPowerOf2_64(row / lanes)));
      }))
    return;
  SmallVector<Operation *> done;
  for (Operation *root : roots) {
    // A constant row would keep what it starts in one piece.
    if (!isSplit(sourceOfRoot(root)) && !matchPattern(sourceOfRoot(root), m_Constant()))
      continue;
    b.setInsertionPoint(root);
    if (auto write = dyn_cast<vector::TransferWriteOp>(root))
      store(write);
    else
      reduceRows(cast<vector::MultiDimReductionOp>(root));
    done.push_back(root);
  }
  for (Operation *root : llvm::reverse(done))
    root->erase();
  for (Operation *op : llvm::to_vector(llvm::reverse(split)))
    if (op->use_empty())
      op->erase();
}

} // namespace

void splitVectors(FunctionOpInterface function, int64_t lanes, int64_t together) {
  SmallVector<Block *> blocks;
  function.walk([&](Block *block) {
    if (!isa<vector::MaskOp>(block->getParentOp()))
      blocks.push_back(block);
  });
  for (Block *block : blocks)
    Splitter(*block, lanes, together).run();
}

} // namespace mlir::lamina
