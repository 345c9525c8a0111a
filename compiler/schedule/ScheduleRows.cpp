// Vectors of elementwise operations and sums, alone and in rows that share a kernel.

#include "compiler/Contraction.h"
#include "compiler/schedule/Scheduler.h"

#include <limits>
#include <numeric>

namespace mlir::lamina {

namespace {

/// Whether neighbouring results are sums of neighbouring elements.
bool sumsColumns(linalg::LinalgOp op) {
  Access access = accessOf(op);
  return access.result >= 0 && !access.inputs.empty() &&
         llvm::all_of(access.inputs, [&](int64_t loop) { return loop == access.result; });
}

/// Whether every operand has a loop and the one around it as its last axes, or not both.
bool readsRows(linalg::LinalgOp op, int64_t loop) {
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!map.isFunctionOfDim(loop) || !map.isFunctionOfDim(loop - 1))
      return map.isProjectedPermutation();
    ArrayRef<AffineExpr> last = map.getResults().take_back(2);
    MLIRContext *context = op.getContext();
    return last.size() == 2 && last[0] == getAffineDimExpr(loop - 1, context) &&
           last[1] == getAffineDimExpr(loop, context);
  });
}

bool takesExtremes(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op->getNumResults() != 1)
    return false;
  Operation *last = op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp, arith::MinimumFOp>(last);
}

/// How many neighbouring rows of few columns a sum over few rows of the operand takes at once, so that vectors of both
/// are full, or 0. The operand's last axes are those of the result's, with axes that are summed between them.
int64_t rowsOfWindows(linalg::LinalgOp op, int64_t width) {
  constexpr int64_t mostTerms = 16, mostVectors = 8;
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 1 || op->getNumResults() != 1)
    return 0;
  AffineMap read = op.getMatchingIndexingMap(op.getDpsInputOperand(0)),
            written = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  int64_t rank = written.getNumResults();
  if (rank < 2 || !read.isProjectedPermutation() || !written.isProjectedPermutation() ||
      read.getResults().back() != written.getResults().back())
    return 0;
  auto loopOf = [](AffineExpr expr) { return cast<AffineDimExpr>(expr).getPosition(); };
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  int64_t terms = 1, columns = ranges[loopOf(written.getResults().back())],
          rows = ranges[loopOf(written.getResult(rank - 2))];
  for (auto [range, iterator] : llvm::zip_equal(ranges, iterators))
    if (iterator == utils::IteratorType::reduction)
      terms = ShapedType::isDynamic(range) ? mostTerms + 1 : terms * range;
  ArrayRef<AffineExpr> axes = read.getResults().drop_back();
  while (!axes.empty() && iterators[loopOf(axes.back())] == utils::IteratorType::reduction)
    axes = axes.drop_back();
  if (terms > mostTerms || ShapedType::isDynamic(columns) || ShapedType::isDynamic(rows) || columns >= width ||
      axes.empty() || axes.back() != written.getResult(rank - 2))
    return 0;
  int64_t most = std::min(rows, mostVectors * width / columns), together = most;
  while (rows % together)
    --together;
  return 2 * together > most ? together : most;
}

} // namespace

/// Tile sizes for one operation by itself, for the loops that the group has not cut to one yet.
void Scheduler::scheduleAlone(linalg::LinalgOp op, Sizes &tile, Sizes &partial, ArrayRef<bool> done) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  int64_t width = lanes(op);
  tile.assign(op.getNumLoops(), 0);
  for (unsigned i = 0; i < op.getNumLoops(); ++i)
    if (!done[i])
      tile[i] = 1;
  if (int64_t rows = rowsOfWindows(op, width)) {
    ArrayRef<AffineExpr> written = op.getMatchingIndexingMap(op.getDpsInitOperand(0)).getResults().take_back(2);
    for (auto [i, iterator] : llvm::enumerate(iterators))
      if (iterator == utils::IteratorType::reduction)
        tile[i] = 0;
    for (auto [expr, size] : llvm::zip_equal(written, Sizes{rows, 0}))
      if (unsigned loop = cast<AffineDimExpr>(expr).getPosition(); !done[loop])
        tile[loop] = size;
    return;
  }
  Access access = accessOf(op);
  // Reductions along a contiguous axis keep a vector of partial results.
  int64_t along = -1;
  for (int64_t loop : access.inputs)
    if (loop >= 0 && iterators[loop] == utils::IteratorType::reduction)
      along = loop;
  bool readsColumns = llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    AffineMap map = op.getMatchingIndexingMap(input);
    return along >= 0 && access.result >= 0 && map.isFunctionOfDim(along) && lastLoop(map) == access.result;
  });
  // An operation that asks where it is keeps its loops: partial results have others.
  if (op.getNumReductionLoops() > 0 && along >= 0 && !isWindowed(op, along) && op->getNumResults() == 1 &&
      !readsColumns && !op.hasIndexSemantics()) {
    partial.assign(op.getNumLoops(), 0);
    partial[along] = columns(ranges[along], width, 4);
    tile[along] = 0;
    return;
  }
  int64_t loop = access.result >= 0 && !done[access.result] ? access.result : -1;
  if (loop < 0)
    return;
  tile[loop] = columns(ranges[loop], width, 4);
  // Short rows that lie one behind the other share vectors.
  if (op.getNumReductionLoops() == 0 && loop > 0 && !done[loop - 1] && !ShapedType::isDynamic(ranges[loop]) &&
      !ShapedType::isDynamic(ranges[loop - 1]) && readsRows(op, loop))
    if (int64_t rows = denseRows(ranges[loop], width, ranges[loop - 1]))
      tile[loop - 1] = rows;
  // The largest elements of few columns: several rows at once, as each step of a chain waits for two operations.
  constexpr int64_t rowsAtOnce = 8;
  if (takesExtremes(op) && llvm::all_of(access.inputs, [&](int64_t input) { return input == loop; }))
    for (int64_t i = op.getNumLoops() - 1; i >= 0; --i)
      if (iterators[i] == utils::IteratorType::reduction && !isWindowed(op, i) && ranges[i] != 1) {
        tile[i] = rows(ranges[i], rowsAtOnce);
        break;
      }
  // A transposed input is read in squares.
  if (op.getNumReductionLoops() == 0)
    for (int64_t input : access.inputs)
      if (input >= 0 && input != access.result && !done[input] && !llvm::is_contained(access.inputs, access.result)) {
        tile[loop] = columns(ranges[loop], width, 1);
        tile[input] = columns(ranges[input], width, 1);
      }
}

/// Of rows shorter than two vectors, and no whole number of them, as many as fill vectors without gaps, or 0.
int64_t Scheduler::denseRows(int64_t length, int64_t width, int64_t range) const {
  constexpr int64_t mostVectors = 20;
  int64_t unit = width / std::gcd(length, width);
  if (length >= 2 * width || unit == 1)
    return 0;
  int64_t rows = std::min(mostVectors * width / length, 4 * width) / unit * unit;
  while (rows > 0 && !ShapedType::isDynamic(range) && range % rows)
    rows -= unit;
  return rows;
}

/// The sums of a row are a chain of steps; those of several rows run side by side.
int64_t Scheduler::rowsTogether(linalg::LinalgOp root, unsigned shared, int64_t range) const {
  constexpr int64_t vectors = 16, most = 8, nearBytes = 12 * 1024;
  int64_t length = 1, width = lanes(root);
  SmallVector<int64_t> ranges = root.getStaticLoopRanges();
  for (int64_t size : ArrayRef(ranges).drop_front(shared))
    length = ShapedType::isDynamic(size) ? std::numeric_limits<int32_t>::max() : length * size;
  if (int64_t rows = denseRows(length, width, range))
    return rows;
  // Long rows too, as long as the nearest cache keeps several for what reads them again.
  int64_t fewest = nearBytes / (length * (vectorBytes / width)) >= most / 2 ? most / 2 : 2;
  int64_t rows = std::clamp<int64_t>(vectors / llvm::divideCeil(length, width), fewest, most);
  while (!ShapedType::isDynamic(range) && range % rows)
    --rows;
  return rows;
}

void Scheduler::scheduleRows(linalg::LinalgOp root, unsigned shared) {
  SmallVector<linalg::LinalgOp> ops;
  kernel.walk([&](linalg::LinalgOp op) {
    if (!isa<linalg::FillOp>(op))
      ops.push_back(op);
  });
  unsigned loops = root.getNumLoops();
  bool alone = ops.size() == 1;
  Sizes tile(loops, 0), inner, partial;
  SmallVector<bool> done(loops, false);
  if (alone) {
    scheduleAlone(root, tile, partial, done);
    if (root.getNumReductionLoops()) {
      inner.assign(loops, 0);
      for (unsigned i = 0; i < loops; ++i)
        if (root.getIteratorTypesArray()[i] == utils::IteratorType::reduction)
          std::swap(inner[i], tile[i]);
    }
    write(root, distribute(root, tile, workOfElement(root), root.getNumParallelLoops()), tile, {}, inner, partial);
    return;
  }
  for (unsigned i = 0; i < shared; ++i) {
    tile[i] = 1;
    done[i] = true;
  }
  SmallVector<linalg::LinalgOp> sums =
      llvm::filter_to_vector(ops, [](linalg::LinalgOp op) { return op.getNumReductionLoops() > 0; });
  if (!sums.empty() && shared > 0) {
    int64_t range = root.getStaticLoopRanges()[shared - 1];
    if (!llvm::all_of(sums, sumsColumns))
      tile[shared - 1] = rowsTogether(root, shared, range);
    else if (accessOf(root).result == int64_t(shared) - 1)
      // Columns are summed down the rows, as many at a time as vectors hold.
      tile[shared - 1] = columns(range, lanes(root), 4);
    bool isWhole = shared >= 2 && shared == loops &&
                   llvm::all_of(root.getIndexingMapsArray(), [](AffineMap map) { return map.isMinorIdentity(); });
    if (isWhole)
      tile[shared - 2] = std::max<int64_t>(1, rowsOfWindows(sums.front(), lanes(root)));
  }
  // What a row costs for each of the root's elements.
  int64_t rowWork = 0, rowElements = 1;
  Sizes rootInner, rootPartial;
  for (linalg::LinalgOp op : ops) {
    SmallVector<bool> cut(op.getNumLoops(), false);
    if (op == root) {
      cut = done;
    } else {
      // Parallel loops outside the row are the group's shared loops.
      auto type = cast<RankedTensorType>(op->getResult(0).getType());
      AffineMap written = op.getIndexingMapMatchingResult(op->getResult(0));
      for (auto [i, expr] : llvm::enumerate(written.getResults()))
        if (i < shared && type.getRank() >= 1)
          cut[cast<AffineDimExpr>(expr).getPosition()] = true;
    }
    int64_t work = workOf(op, cut);
    rowWork += work;
    if (op == root)
      rowElements = work / workOfTurn(op);
    Sizes own, partial;
    scheduleAlone(op, own, partial, cut);
    if (op == root)
      rootInner = own, rootPartial = partial;
    else
      write(op, {}, {}, {}, own, partial);
  }
  write(root, distribute(root, tile, rowWork / rowElements, shared), tile, {}, rootInner, rootPartial);
}

} // namespace mlir::lamina
