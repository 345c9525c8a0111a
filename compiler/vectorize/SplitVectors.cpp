#include "compiler/vectorize/SplitVectors.h"

#include "compiler/vectorize/RegisterLayout.h"
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

/// Whether an operation swaps the last two axes, of which one is shorter than a register.
bool turnsFew(Operation *op, int64_t lanes) {
  auto transpose = dyn_cast<vector::TransposeOp>(op);
  if (!transpose || isMove(op) || transpose.getResultVectorType().getRank() < 2)
    return false;
  ArrayRef<int64_t> permutation = transpose.getPermutation();
  int64_t rank = permutation.size();
  if (permutation[rank - 1] != rank - 2 || permutation[rank - 2] != rank - 1 ||
      !llvm::equal(permutation.drop_back(2), llvm::seq<int64_t>(0, rank - 2)))
    return false;
  ArrayRef<int64_t> sizes = transpose.getResultVectorType().getShape().take_back(2);
  int64_t few = std::min(sizes[0], sizes[1]);
  return few > 1 && few < lanes;
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

/// A reduction that leaves rows, or of the last axes, which leaves an element of each.
bool reduces(vector::MultiDimReductionOp op, bool rows) {
  SmallVector<bool> mask = op.getReductionMask();
  if (rows)
    return !mask.back() && llvm::is_contained(mask, true);
  auto change = llvm::find(mask, true);
  return change != mask.begin() && !llvm::is_contained(llvm::make_range(change, mask.end()), false);
}

/// The elements of a reduction's source that become the given one of its result, in order.
Lanes termsOf(vector::MultiDimReductionOp op, int64_t element) {
  SmallVector<bool> mask = op.getReductionMask();
  ArrayRef<int64_t> shape = op.getSourceVectorType().getShape();
  SmallVector<int64_t> kept, summed;
  for (auto [size, isReduced] : llvm::zip_equal(shape, mask))
    (isReduced ? summed : kept).push_back(size);
  Lanes result, own = delinearize(element, computeStrides(kept));
  for (int64_t term = 0; term < ShapedType::getNumElements(summed); ++term) {
    Lanes other = delinearize(term, computeStrides(summed)), place;
    for (auto [i, j, axis] = std::tuple(0, 0, 0u); axis < mask.size(); ++axis)
      place.push_back(mask[axis] ? other[i++] : own[j++]);
    result.push_back(linearize(place, computeStrides(shape)));
  }
  return result;
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

  /// How many of so many parts are computed side by side.
  int64_t groupOf(int64_t parts) const {
    for (int64_t group = together; 2 * group >= together; --group)
      if (parts % group == 0)
        return group;
    return together;
  }

  /// How many of the last axes lie in memory as one, if a register or more: short ones would be no better together.
  unsigned axesOfRow(VectorTransferOpInterface op) const {
    VectorType type = op.getVectorType();
    auto memory = cast<MemRefType>(op.getShapedType());
    for (unsigned axes = type.getRank(); axes > 1; --axes) {
      auto row = VectorType::get(type.getShape().take_back(axes), type.getElementType());
      if (row.getNumElements() >= lanes && vector::isContiguousSlice(memory, row))
        return axes;
    }
    return 1;
  }
  /// Parts of rows of so many elements.
  RegisterLayout inRows(VectorType type, int64_t row) const {
    return {type.getNumElements(), row % lanes ? row : type.getNumElements(), lanes};
  }
  RegisterLayout byRows(VectorType type) const { return {type.getNumElements(), type.getShape().back(), lanes}; }
  RegisterLayout dense(VectorType type) const { return inRows(type, type.getNumElements()); }
  RegisterLayout layoutOf(VectorTransferOpInterface op) const {
    VectorType type = op.getVectorType();
    return inRows(type, ShapedType::getNumElements(type.getShape().take_back(axesOfRow(op))));
  }
  RegisterLayout layoutOf(vector::TransposeOp op) const {
    VectorType type = op.getResultVectorType();
    return inRows(type, ShapedType::getNumElements(type.getShape().take_back(2)));
  }
  RegisterLayout layoutOf(Value value) const;
  RegisterLayout layoutOfOperands(Value value) const;
  std::optional<RegisterLayout> dealtLayoutOf(Value value) const;
  bool dealsRows(VectorType type, int64_t length) const;

  VectorType typeOf(Value like, int64_t size) const {
    return VectorType::get(size, cast<VectorType>(like.getType()).getElementType());
  }
  Value part(Value value, RegisterLayout layout, int64_t index);
  Value compute(Operation *op, RegisterLayout layout, int64_t index);
  Value pick(Value value, ArrayRef<int64_t> wanted);
  SmallVector<Value> turn(vector::TransposeOp op, int64_t begin);
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
  DenseMap<Value, RegisterLayout> layouts;
  std::map<std::tuple<void *, bool, int64_t>, Value> parts;
};

bool Splitter::canSplit(Operation *op) const {
  if (op->getNumResults() != 1 || op->getNumRegions() || !isLarge(op->getResult(0).getType()))
    return false;
  if (auto read = dyn_cast<vector::TransferReadOp>(op))
    return isPlain(read);
  if (auto reduction = dyn_cast<vector::MultiDimReductionOp>(op))
    return reduces(reduction, true);
  if (isMove(op) || turnsFew(op, lanes))
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

RegisterLayout Splitter::layoutOf(Value value) const {
  if (auto known = layouts.find(value); known != layouts.end())
    return known->second;
  if (isSplit(value))
    if (auto read = value.getDefiningOp<vector::TransferReadOp>())
      return layoutOf(cast<VectorTransferOpInterface>(read.getOperation()));
  if (isSplit(value) && turnsFew(value.getDefiningOp(), lanes))
    return layoutOf(value.getDefiningOp<vector::TransposeOp>());
  auto type = cast<VectorType>(value.getType());
  // What others compute is taken row by row, or whole.
  return isLarge(type) && type.getShape().back() % lanes ? byRows(type) : dense(type);
}

/// The layout of what is loaded for a chain of operations.
RegisterLayout Splitter::layoutOfOperands(Value value) const {
  while (isSplit(value) && OpTrait::hasElementwiseMappableTraits(value.getDefiningOp())) {
    auto large = llvm::find_if(value.getDefiningOp()->getOperands(), [&](Value operand) { return isSplit(operand); });
    if (large == value.getDefiningOp()->operand_end())
      break;
    value = *large;
  }
  return layoutOf(value);
}

/// The layout of the dealt values that a value is computed from, however it is stored.
std::optional<RegisterLayout> Splitter::dealtLayoutOf(Value value) const {
  if (auto known = layouts.find(value); known != layouts.end())
    return known->second.dealt ? std::optional(known->second) : std::nullopt;
  if (isSplit(value) && OpTrait::hasElementwiseMappableTraits(value.getDefiningOp()))
    for (Value operand : value.getDefiningOp()->getOperands())
      if (std::optional<RegisterLayout> layout = dealtLayoutOf(operand))
        return layout;
  return std::nullopt;
}

/// Whether rows are cheaper to compute with when their elements are dealt to pairs of registers: the first step of each
/// sum is no shuffle then, and what is the same all along a row is spread once for both, but what is loaded or stored
/// takes one.
bool Splitter::dealsRows(VectorType type, int64_t length) const {
  if (length % 2 || type.getNumElements() % (2 * lanes))
    return false;
  // What an element is moved from.
  auto origin = [&](Operation *op, int64_t element) {
    for (; op && split.contains(op) && isMove(op) && isa<VectorType>(op->getOperand(0).getType());
         op = op->getOperand(0).getDefiningOp())
      element = sourceOf(op, element);
    return element;
  };
  int64_t saved = 0, cost = 0;
  auto isOfRows = [&](Type other) {
    auto vector = dyn_cast<VectorType>(other);
    return vector && vector.getNumElements() == type.getNumElements() && vector.getShape().back() == length;
  };
  for (Operation *op : split)
    if (isOfRows(op->getResult(0).getType())) {
      if (isa<vector::TransferReadOp>(op))
        cost += 2;
      else if (isMove(op) && origin(op, 0) == origin(op, 1))
        saved += 1;
    }
  for (Operation *root : roots)
    if (isOfRows(sourceOfRoot(root).getType())) {
      if (isa<vector::TransferWriteOp>(root))
        cost += 2;
      else
        saved += 2;
    }
  return saved > cost;
}

Value Splitter::part(Value value, RegisterLayout layout, int64_t index) {
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    if (auto splat = dyn_cast<SplatElementsAttr>(constant))
      return arith::ConstantOp::create(b, value.getLoc(), splat.resizeSplat(typeOf(value, layout.length(index))));
  if (isSplit(value) && isa<vector::ShapeCastOp>(value.getDefiningOp()) &&
      isSplit(value.getDefiningOp()->getOperand(0)))
    return part(value.getDefiningOp()->getOperand(0), layout, index);
  if (!isSplit(value) || isMove(value.getDefiningOp()))
    return pick(value, layout.all(index));
  if (isa<vector::TransferReadOp>(value.getDefiningOp()) || turnsFew(value.getDefiningOp(), lanes))
    layouts.try_emplace(value, layoutOf(value));
  else
    layouts.try_emplace(value, layout);
  auto known = [&](int64_t i) -> Value & { return parts[{value.getAsOpaquePointer(), layout.dealt, i}]; };
  if (layouts.at(value) != layout) {
    if (!layout.dealt)
      return pick(value, layout.all(index));
    // Kept: another load would be dealt again.
    if (!known(index)) {
      Value dealt = pick(value, layout.all(index));
      known(index) = dealt;
    }
    return known(index);
  }
  if (Value computed = known(index))
    return computed;
  Operation *op = value.getDefiningOp();
  if (turnsFew(op, lanes)) {
    auto type = cast<VectorType>(value.getType());
    int64_t block = ShapedType::getNumElements(type.getShape().take_back(2)), begin = layout.begin(index);
    begin -= begin % block;
    for (auto [i, result] : llvm::enumerate(turn(cast<vector::TransposeOp>(op), begin)))
      known(layout.partOf(begin) + i) = result;
    return known(index);
  }
  int64_t group = groupOf(layout.size()), first = index / group * group, end = std::min(first + group, layout.size());
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

Value Splitter::compute(Operation *op, RegisterLayout layout, int64_t index) {
  if (auto read = dyn_cast<vector::TransferReadOp>(op))
    return load(read, layout.begin(index), layout.length(index));
  Location loc = op->getLoc();
  if (auto reduction = dyn_cast<vector::MultiDimReductionOp>(op)) {
    Value source = reduction.getSource();
    // What is computed for the reduction is in parts like its operands'.
    if (isSplit(source))
      part(source, layoutOfOperands(source), 0);
    SmallVector<Lanes> places;
    for (int64_t element : layout.all(index))
      places.push_back(termsOf(reduction, element));
    SmallVector<Value> terms;
    for (size_t i = 0; i < places.front().size(); ++i)
      terms.push_back(pick(source, llvm::map_to_vector(places, [&](const Lanes &of) { return of[i]; })));
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
  RegisterLayout layout = layoutOf(value);
  SmallVector<Value> sources;
  Lanes places(wanted.size());
  int64_t before = 0;
  for (int64_t index = 0; index < layout.size(); ++index) {
    bool any = false;
    for (auto [place, which] : llvm::zip_equal(places, wanted))
      if (layout.partOf(which) == index) {
        place = before + layout.laneOf(which);
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

/// The parts of one block that is turned, from its first element on. Takes a prime factor of the shorter axis at a
/// time, from the front of all axes to their end or back, so that a part comes from as few registers as that.
SmallVector<Value> Splitter::turn(vector::TransposeOp op, int64_t begin) {
  ArrayRef<int64_t> sizes = op.getResultVectorType().getShape().take_back(2);
  bool toEnd = sizes[1] <= sizes[0];
  int64_t left = std::min(sizes[0], sizes[1]), block = sizes[0] * sizes[1];
  RegisterLayout layout = dense(VectorType::get(block, op.getResultVectorType().getElementType()));
  SmallVector<Value> vectors;
  for (int64_t factor = 2; left > 1; ++factor)
    for (; left % factor == 0; left /= factor) {
      int64_t rest = block / factor;
      SmallVector<Value> next;
      for (int64_t index = 0; index < layout.size(); ++index) {
        Lanes from;
        for (int64_t to : layout.all(index))
          from.push_back(toEnd ? to % factor * rest + to / factor : to % rest * factor + to / rest);
        if (vectors.empty())
          for (int64_t &place : from)
            place += begin;
        next.push_back(vectors.empty() ? pick(op.getVector(), from) : pickElements(b, op.getLoc(), vectors, from));
      }
      vectors = std::move(next);
    }
  return vectors;
}

Value Splitter::element(Value value, int64_t which) {
  if (isSplit(value)) {
    RegisterLayout layout = layoutOf(value);
    int64_t index = layout.partOf(which);
    return vector::ExtractOp::create(b, value.getLoc(), part(value, layout, index), layout.laneOf(which));
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
  unsigned joined = type.getShape().back() % lanes ? axesOfRow(op) : 1;
  SmallVector<int64_t> sizes(type.getShape());
  if (joined > 1) {
    // Parts of rows together are parts of one axis.
    auto source = cast<MemRefType>(memref.getType());
    unsigned first = indices.size() - joined;
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
    indices.push_back(affine::makeComposedAffineApply(b, loc, at, operands));
    int64_t row = ShapedType::getNumElements(ArrayRef(sizes).take_back(joined));
    sizes.resize(sizes.size() - joined);
    sizes.push_back(row);
  }
  unsigned first = indices.size() - sizes.size();
  for (auto [axis, by] : llvm::enumerate(delinearize(element, computeStrides(sizes))))
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
        parts.erase({read->getResult(0).getAsOpaquePointer(), false, index});
  RegisterLayout layout = layoutOf(cast<VectorTransferOpInterface>(op.getOperation()));
  if (std::optional<RegisterLayout> dealt = dealtLayoutOf(op.getVector()))
    layouts.try_emplace(op.getVector(), *dealt);
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
  RegisterLayout layout =
      together || length % lanes == 0 ? dense(type) : RegisterLayout{type.getNumElements(), length, lanes};
  layout.dealt = together && dealsRows(type, length);
  auto partsFrom = [&](int64_t begin, int64_t count) {
    return llvm::map_to_vector(llvm::seq(begin, begin + count),
                               [&](int64_t index) { return part(op.getSource(), layout, index); });
  };
  RowTree tree(b, op.getLoc(), op.getKind());
  Value result;
  if (together) {
    // As many rows at once as have a register of results: the next ones' elements are computed while a sum is waited
    // for.
    int64_t some = rows % lanes ? rows : lanes, perSum = some * length / lanes;
    SmallVector<Value> results;
    for (int64_t begin = 0; begin < layout.size(); begin += perSum) {
      SmallVector<Value> vectors = partsFrom(begin, perSum);
      results.push_back(layout.dealt ? tree.reduceDealt(vectors, some, length, layout.lanesOfPairs())
                                     : tree.reduceDense(vectors, some, length));
    }
    result = pickElements(b, op.getLoc(), results, llvm::to_vector(llvm::seq<int64_t>(0, rows)));
  } else {
    SmallVector<SmallVector<Value>> lists;
    int64_t perRow = layout.size() / rows;
    for (int64_t row = 0; row < rows; ++row)
      lists.push_back(partsFrom(row * perRow, perRow));
    result = tree.reduce(lists);
  }
  op.getResult().replaceAllUsesWith(finishRows(b, op, result));
}

void Splitter::run() {
  choose();
  // As many registers as go side by side anyway need no order. LLVM would widen odd rows, though, and turn element by
  // element.
  if (llvm::none_of(split, [&](Operation *op) { return turnsFew(op, lanes); }) &&
      llvm::all_of(roots, [&](Operation *root) {
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
