// Walks the last axes of an elementwise kernel as one where its rows are no whole vectors: images of three channels are
// rows of width and channels.

#include "compiler/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_COLLAPSEAXESPASS
#include "compiler/Passes.h.inc"

namespace {

/// Axes from `first` on become one.
SmallVector<ReassociationIndices> joinFrom(int64_t first, int64_t rank) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (axis <= first)
      groups.push_back({axis});
    else
      groups.back().push_back(axis);
  return groups;
}

bool isStaticFrom(ShapedType type, int64_t first) {
  return !ShapedType::isDynamicShape(type.getShape().drop_front(first));
}

/// Whether a slice takes known places of axis `first`, and later axes whole.
bool keepsRows(OffsetSizeAndStrideOpInterface slice, RankedTensorType whole, RankedTensorType part, int64_t first) {
  if (whole.getRank() != part.getRank() || !isStaticFrom(whole, first) || !isStaticFrom(part, first))
    return false;
  for (int64_t axis = first; axis < whole.getRank(); ++axis) {
    bool isWhole = part.getDimSize(axis) == whole.getDimSize(axis);
    if (slice.isDynamicOffset(axis) || slice.isDynamicStride(axis) || slice.getStaticStride(axis) != 1 ||
        (axis > first && !isWhole))
      return false;
  }
  return true;
}

/// A kernel of one operation, whose buffers it joins.
class Collapser {
public:
  Collapser(linalg::GenericOp root, int64_t vectorBytes) : root(root), b(root), vectorBytes(vectorBytes) {}

  void run() {
    if (std::optional<int64_t> first = firstLoop())
      join(*first);
  }

private:
  std::optional<int64_t> firstLoop();
  bool reads(OpOperand &operand, int64_t first);
  bool canJoin(Value value, int64_t first);
  bool canJoinResult(OpResult result, int64_t first);
  Value joined(Value value, int64_t first);
  Value buffer(Value memref, int64_t first);
  template <class Slice> SmallVector<SmallVector<OpFoldResult>, 3> places(Slice slice, int64_t first);
  void join(int64_t first);
  void write(OpResult old, Value result, int64_t first);

  linalg::GenericOp root;
  OpBuilder b;
  int64_t vectorBytes;
  /// What is read from the buffers anew.
  DenseMap<Value, Value> known;
};

/// The outermost of the loops that are worth walking as one.
std::optional<int64_t> Collapser::firstLoop() {
  constexpr int64_t vectors = 4, longRow = 1024;
  if (root.getNumReductionLoops() || root.hasIndexSemantics() || !root.getBody()->getOps<tensor::ExtractOp>().empty() ||
      !llvm::all_of(root.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); }))
    return std::nullopt;
  int64_t bytes = 1;
  for (Value operand : root->getOperands())
    bytes = std::max<int64_t>(bytes, getElementTypeOrSelf(operand).getIntOrFloatBitWidth() / 8);
  int64_t lanes = std::max<int64_t>(1, vectorBytes / bytes);
  SmallVector<int64_t> ranges = root.getStaticLoopRanges();
  int64_t row = 1;
  std::optional<int64_t> first;
  for (int64_t loop = ranges.size() - 1; loop >= 0 && !ShapedType::isDynamic(ranges[loop]); --loop) {
    row *= ranges[loop];
    bool last = loop + 1 == int64_t(ranges.size());
    if (!last) {
      if (!llvm::all_of(root->getOpOperands(), [&](OpOperand &operand) { return reads(operand, loop); }) ||
          !llvm::all_of(root->getResults(), [&](OpResult result) { return canJoinResult(result, loop); }))
        break;
      first = loop;
    }
    if (row % (last ? lanes : vectors * lanes) == 0 || row >= longRow)
      break;
  }
  return first;
}

/// Whether an operand has all of the loops from `first` on as its last axes, in one piece, or none of them.
bool Collapser::reads(OpOperand &operand, int64_t first) {
  AffineMap map = root.getMatchingIndexingMap(&operand);
  int64_t joins = root.getNumLoops() - first, before = map.getNumResults() - joins;
  auto isJoined = [&](AffineExpr expr) { return int64_t(cast<AffineDimExpr>(expr).getPosition()) >= first; };
  if (llvm::none_of(map.getResults(), isJoined))
    return true;
  if (before < 0)
    return false;
  for (auto [axis, expr] : llvm::enumerate(map.getResults()))
    if (int64_t loop = cast<AffineDimExpr>(expr).getPosition();
        int64_t(axis) < before ? loop >= first : loop != first + int64_t(axis) - before)
      return false;
  return canJoin(operand.get(), before);
}

bool Collapser::canJoin(Value value, int64_t first) {
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>())
    return keepsRows(slice, slice.getSourceType(), slice.getType(), first) && canJoin(slice.getSource(), first);
  return value.getDefiningOp<bufferization::ToTensorOp>() && isStaticFrom(cast<ShapedType>(value.getType()), first);
}

bool Collapser::canJoinResult(OpResult result, int64_t first) {
  if (!result.hasOneUse())
    return false;
  Operation *user = *result.user_begin();
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(user)) {
    if (insert.getSource() != result || !insert->hasOneUse() ||
        !keepsRows(insert, insert.getDestType(), insert.getSourceType(), first) || !canJoin(insert.getDest(), first))
      return false;
    user = *insert->user_begin();
  }
  return isa<bufferization::MaterializeInDestinationOp>(user) && user->getNumResults() == 0;
}

Value Collapser::buffer(Value memref, int64_t first) {
  auto type = cast<MemRefType>(memref.getType());
  return memref::CollapseShapeOp::create(b, memref.getLoc(), memref, joinFrom(first, type.getRank()));
}

/// Offsets, sizes and strides of a slice whose axes are joined.
template <class Slice> SmallVector<SmallVector<OpFoldResult>, 3> Collapser::places(Slice slice, int64_t first) {
  SmallVector<SmallVector<OpFoldResult>, 3> places{slice.getMixedOffsets(), slice.getMixedSizes(),
                                                   slice.getMixedStrides()};
  RankedTensorType whole;
  if constexpr (std::is_same_v<Slice, tensor::ExtractSliceOp>)
    whole = slice.getSourceType();
  else
    whole = slice.getDestType();
  int64_t row = llvm::product_of(whole.getShape().drop_front(first + 1));
  for (SmallVector<OpFoldResult> &list : places)
    list.truncate(first + 1);
  for (SmallVector<OpFoldResult> &list : MutableArrayRef(places).drop_back())
    list.back() = b.getIndexAttr(*getConstantIntValue(list.back()) * row);
  return places;
}

Value Collapser::joined(Value value, int64_t first) {
  if (Value result = known.lookup(value))
    return result;
  Location loc = value.getLoc();
  Value result;
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>()) {
    Value source = joined(slice.getSource(), first);
    auto at = places(slice, first);
    result = tensor::ExtractSliceOp::create(b, loc, source, at[0], at[1], at[2]);
  } else {
    auto read = value.getDefiningOp<bufferization::ToTensorOp>();
    Value memref = buffer(read.getBuffer(), first);
    auto type = cast<MemRefType>(memref.getType());
    result = bufferization::ToTensorOp::create(b, loc, RankedTensorType::get(type.getShape(), type.getElementType()),
                                               memref, read.getRestrict(), read.getWritable());
  }
  return known[value] = result;
}

/// Writes the result where the old one went.
void Collapser::write(OpResult old, Value result, int64_t first) {
  Operation *user = *old.user_begin();
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(user)) {
    auto at = places(insert, first);
    Value dest = joined(insert.getDest(), first);
    result = tensor::InsertSliceOp::create(b, insert.getLoc(), result, dest, at[0], at[1], at[2]);
    user = *insert->user_begin();
  }
  auto write = cast<bufferization::MaterializeInDestinationOp>(user);
  auto moved = bufferization::MaterializeInDestinationOp::create(b, write.getLoc(), Type(), result,
                                                                 buffer(write.getDest(), first));
  moved.setRestrict(write.getRestrict());
  moved.setWritable(write.getWritable());
  Operation *insert = write.getSource().getDefiningOp();
  write.erase();
  if (insert != root)
    insert->erase();
}

void Collapser::join(int64_t first) {
  unsigned loops = first + 1;
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands;
  for (OpOperand &operand : root->getOpOperands()) {
    AffineMap map = root.getMatchingIndexingMap(&operand);
    SmallVector<AffineExpr> kept;
    for (AffineExpr expr : map.getResults())
      if (int64_t(cast<AffineDimExpr>(expr).getPosition()) <= first)
        kept.push_back(expr);
    bool joins = kept.size() < map.getNumResults();
    maps.push_back(AffineMap::get(loops, 0, kept, root.getContext()));
    operands.push_back(joins ? joined(operand.get(), kept.size() - 1) : operand.get());
  }
  ArrayRef<Value> all = operands;
  ValueRange inits = all.drop_front(root.getNumDpsInputs());
  SmallVector<utils::IteratorType> iterators(loops, utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(b, root.getLoc(), TypeRange(inits), all.take_front(root.getNumDpsInputs()), inits,
                                      maps, iterators);
  op.getRegion().takeBody(root.getRegion());
  // Loops that the group shares are all there are, or none.
  auto shared = root->getAttrOfType<IntegerAttr>("lamina.shared_dims");
  op->setAttr("lamina.shared_dims", b.getI64IntegerAttr(std::min<int64_t>(shared.getInt(), loops)));
  b.setInsertionPoint(root->getBlock()->getTerminator());
  for (auto [old, result] : llvm::zip_equal(root->getResults(), op->getResults()))
    write(old, result, first);
  // Two readings of a buffer would look as if one could see what the other writes.
  Block *block = root->getBlock();
  root.erase();
  for (Operation &dead : llvm::make_early_inc_range(llvm::reverse(*block)))
    if (isOpTriviallyDead(&dead))
      dead.erase();
}

struct CollapseAxesPass : impl::CollapseAxesPassBase<CollapseAxesPass> {
  using CollapseAxesPassBase::CollapseAxesPassBase;

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr("lamina.kernel"))
      return;
    auto ops = llvm::to_vector(kernel.getOps<linalg::LinalgOp>());
    auto root = ops.size() == 1 ? dyn_cast<linalg::GenericOp>(ops.front().getOperation()) : linalg::GenericOp();
    if (root && root->hasAttr("lamina.shared_dims"))
      Collapser(root, vectorBytes).run();
  }
};

} // namespace
} // namespace mlir::lamina
