// Chooses tile sizes for every operation of a kernel and writes them as #lamina.schedule. Decides everything that the
// passes below do; changes nothing else.

#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "dialects/lamina/KernelOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>
#include <numeric>

namespace mlir::lamina {
#define GEN_PASS_DEF_SCHEDULEPASS
#include "compiler/Passes.h.inc"

namespace {

/// Loops of an operation that a vector may run along: those that walk the last axis of an operand or of the result.
struct Access {
  /// The loop of the result's last axis, or -1 for a scalar.
  int64_t result = -1;
  /// Loops that walk some input's last axis.
  SmallVector<int64_t> inputs;
};

int64_t lastLoop(AffineMap map) {
  for (AffineExpr expr : llvm::reverse(map.getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return dim.getPosition();
    if (!isa<AffineConstantExpr>(expr))
      return -1;
  }
  return -1;
}

Access accessOf(linalg::LinalgOp op) {
  Access access;
  access.result = lastLoop(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<RankedTensorType>(input->get().getType()))
      access.inputs.push_back(lastLoop(op.getMatchingIndexingMap(input)));
  return access;
}

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

/// Whether an input is read again for other results.
bool reusesFactors(linalg::LinalgOp op) {
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    AffineMap map = op.getMatchingIndexingMap(input);
    return llvm::any_of(llvm::seq(op.getNumLoops()), [&](unsigned loop) {
      return op.getIteratorTypesArray()[loop] == utils::IteratorType::parallel && !map.isFunctionOfDim(loop);
    });
  });
}

/// What a contraction reads in panels.
int64_t weightBytes(linalg::LinalgOp op) {
  int64_t bytes = 0;
  for (Value input : op.getDpsInputs())
    if (auto type = dyn_cast<RankedTensorType>(input.getType());
        type && input.getDefiningOp<linalg::UnPackOp>() && type.hasStaticShape())
      bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  return bytes;
}

bool takesExtremes(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op->getNumResults() != 1)
    return false;
  Operation *last = op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp, arith::MinimumFOp>(last);
}

class Scheduler {
public:
  Scheduler(func::FuncOp kernel, int64_t vectorBytes, int64_t registers)
      : kernel(kernel), vectorBytes(vectorBytes), registers(registers) {}

  void run();

private:
  using Sizes = SmallVector<int64_t>;

  int64_t lanes(linalg::LinalgOp op) const {
    int64_t bits = 8;
    for (Value value : op->getOperands())
      if (auto type = dyn_cast<RankedTensorType>(value.getType()))
        bits = std::max<int64_t>(bits, type.getElementTypeBitWidth());
    return std::max<int64_t>(1, vectorBytes * 8 / bits);
  }
  void write(linalg::LinalgOp op, Sizes distribute, Sizes tile, Sizes order, Sizes inner, Sizes partial);
  void scheduleContraction(linalg::LinalgOp root, linalg::LinalgOp contraction);
  void scheduleRows(linalg::LinalgOp root, unsigned shared);
  void scheduleAlone(linalg::LinalgOp op, Sizes &tile, Sizes &partial, ArrayRef<bool> done);
  bool tileFewRows(linalg::LinalgOp root, ArrayRef<int64_t> rows, int64_t column, int64_t width, Sizes &tile) const;
  void cutOuter(linalg::LinalgOp root, Sizes &items, int64_t m, int64_t n, int64_t fewestRows, int64_t terms);
  SmallVector<unsigned> blockSums(linalg::LinalgOp contraction, Sizes &tile, int64_t bytes);
  int64_t rows(int64_t size, int64_t best) const;
  int64_t denseRows(int64_t length, int64_t width, int64_t range) const;
  int64_t rowsTogether(linalg::LinalgOp root, unsigned shared, int64_t range) const;
  int64_t columns(int64_t size, int64_t lanes, int64_t vectors) const;
  Sizes distribute(linalg::LinalgOp root, ArrayRef<int64_t> tile, int64_t workPerElement, unsigned limit);

  func::FuncOp kernel;
  int64_t vectorBytes, registers;
  /// The width of the panels that contractions read, if any do: that of the root's columns.
  int64_t panel = 0;
};

/// A row tile that divides a known size where possible, so that no rest remains.
int64_t Scheduler::rows(int64_t size, int64_t best) const {
  if (ShapedType::isDynamic(size))
    return best;
  if (size <= best + 2)
    return size;
  for (int64_t candidate : {best, best - 1, best + 1, best - 2, best + 2, best - 3})
    if (candidate > 1 && size % candidate == 0)
      return candidate;
  return best;
}

/// A column tile of whole vectors; a short axis is one tile.
int64_t Scheduler::columns(int64_t size, int64_t lanes, int64_t vectors) const {
  int64_t most = lanes * vectors;
  if (!ShapedType::isDynamic(size)) {
    if (size <= most)
      return size;
    for (int64_t n = vectors; n > 1; n /= 2)
      if (size % (lanes * n) == 0)
        return lanes * n;
  }
  return most;
}

void Scheduler::write(linalg::LinalgOp op, Sizes distribute, Sizes tile, Sizes order, Sizes inner, Sizes partial) {
  op->setAttr("lamina.schedule", ScheduleAttr::get(op->getContext(), distribute, tile, order, inner, partial));
}

/// Cuts the root's outer loops into items of work for threads, large enough that handing one out costs little.
Scheduler::Sizes Scheduler::distribute(linalg::LinalgOp root, ArrayRef<int64_t> tile, int64_t workPerElement,
                                       unsigned limit) {
  constexpr int64_t itemWork = 1 << 19;
  Sizes sizes(root.getNumLoops(), 0);
  SmallVector<int64_t> ranges = root.getStaticLoopRanges();
  int64_t inside = std::max<int64_t>(1, workPerElement);
  for (unsigned i = 0; i < root.getNumLoops(); ++i)
    inside *= ShapedType::isDynamic(ranges[i]) ? 1 : ranges[i];
  // From the outermost loop inwards, cut until an item is small enough.
  for (unsigned i = 0; i < limit && inside > itemWork / 2; ++i) {
    if (root.getIteratorTypesArray()[i] != utils::IteratorType::parallel)
      break;
    int64_t range = ranges[i];
    int64_t below = ShapedType::isDynamic(range) ? inside : inside / range;
    int64_t step = std::max<int64_t>(1, itemWork / std::max<int64_t>(1, below));
    int64_t unit = std::max<int64_t>(1, i < tile.size() ? tile[i] : 1);
    step = std::max<int64_t>(unit, step / unit * unit);
    if (!ShapedType::isDynamic(range)) {
      if (step >= range)
        break;
      // A rest of open size would need masks.
      while (step > unit && range % step)
        step -= unit;
      if (range % step)
        break;
    }
    sizes[i] = step;
    inside = below * step;
  }
  if (llvm::all_of(sizes, [](int64_t s) { return s == 0; }) && limit > 0 && ShapedType::isDynamic(ranges[0]) &&
      root.getIteratorTypesArray()[0] == utils::IteratorType::parallel) {
    int64_t unit = std::max<int64_t>(1, tile.empty() ? 1 : tile[0]);
    sizes[0] = std::max<int64_t>(unit, itemWork / inside / unit * unit);
  }
  return sizes;
}

/// Cuts a long sum into blocks of terms that stay in the cache for all tiles of the result, which is added up in
/// memory. Sets the tile of the loops that are cut and returns them.
SmallVector<unsigned> Scheduler::blockSums(linalg::LinalgOp contraction, Sizes &tile, int64_t bytes) {
  constexpr int64_t fewestTerms = 128;
  SmallVector<int64_t> ranges = contraction.getStaticLoopRanges();
  SmallVector<unsigned> sums;
  for (auto [i, type] : llvm::enumerate(contraction.getIteratorTypesArray()))
    if (type == utils::IteratorType::reduction)
      sums.push_back(i);
  auto [terms, termBytes] = sumSize(contraction);
  int64_t block = std::max(fewestTerms, bytes / termBytes);
  if (terms < 4 * block)
    return {};
  SmallVector<unsigned> cut;
  for (unsigned loop : llvm::reverse(sums)) {
    int64_t step = std::max<int64_t>(1, block);
    if (!ShapedType::isDynamic(ranges[loop])) {
      step = std::min(step, ranges[loop]);
      while (ranges[loop] % step)
        --step;
    }
    if (step == ranges[loop]) {
      block /= step;
      continue;
    }
    tile[loop] = step;
    cut.push_back(loop);
    block = 1;
  }
  std::reverse(cut.begin(), cut.end());
  return cut;
}

/// Tiles several loops of rows, innermost first, where a single one has too few to keep the multipliers busy: as many
/// whole loops as registers hold, and of the next what divides it. Compares widths by the cycles of all tiles for one
/// term of the sums, each tile's bounded by multiplications, loads, and the latency of a sum's step. Leaves the tile
/// alone if the loop of the innermost rows is enough.
bool Scheduler::tileFewRows(linalg::LinalgOp root, ArrayRef<int64_t> rows, int64_t column, int64_t width,
                            Sizes &tile) const {
  constexpr int64_t enoughRows = 8, latency = 4;
  SmallVector<int64_t> ranges = root.getStaticLoopRanges();
  if (rows.size() < 2 || ranges[rows.front()] >= enoughRows || ShapedType::isDynamic(ranges[column]) ||
      llvm::any_of(rows, [&](int64_t loop) { return ShapedType::isDynamic(ranges[loop]); }))
    return false;
  int64_t total = 1;
  for (int64_t loop : rows)
    total *= ranges[loop];
  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  int64_t best = none, n = ranges[column];
  for (int64_t vectors : {4, 2, 1}) {
    // Columns that are no whole vector take one by themselves.
    int64_t columns = std::min(n, vectors * width), most = (registers - vectors - 2) / vectors, count = 1;
    if (most < 1 || columns <= (vectors - 1) * width || columns != wholeVectors(columns, width))
      continue;
    Sizes own(tile);
    for (int64_t loop : rows) {
      int64_t step = std::min(ranges[loop], most / count);
      while (ranges[loop] % step)
        --step;
      own[loop] = step;
      count *= step;
      if (step < ranges[loop])
        break;
    }
    own[column] = columns;
    auto cycles = [&](int64_t across) { return std::max({count * across, count + across, 2 * latency}); };
    int64_t cost = n / columns * cycles(vectors);
    if (n % columns)
      cost += cycles(llvm::divideCeil(n % columns, width));
    cost *= total / count;
    if (cost < best) {
      best = cost;
      tile = own;
    }
  }
  return best < none;
}

/// Cuts the loops around rows m and columns n, which are cut already, until an item of work is small enough, but keeps
/// the rows that reuse a panel together.
void Scheduler::cutOuter(linalg::LinalgOp root, Sizes &items, int64_t m, int64_t n, int64_t fewestRows, int64_t terms) {
  constexpr int64_t itemWork = 1 << 20;
  SmallVector<int64_t> ranges = root.getStaticLoopRanges(), outer;
  int64_t rows = 1, inside = terms;
  for (int64_t i = 0; i < root.getNumLoops(); ++i) {
    if (root.getIteratorTypesArray()[i] != utils::IteratorType::parallel)
      continue;
    int64_t extent = items[i] ? items[i] : ShapedType::isDynamic(ranges[i]) ? 1 : ranges[i];
    inside *= extent;
    if (i != n)
      rows *= extent;
    if (i != m && i != n)
      outer.push_back(i);
  }
  for (int64_t i : outer) {
    if (ShapedType::isDynamic(ranges[i])) {
      items[i] = std::max<int64_t>(1, itemWork / inside);
      continue;
    }
    int64_t step = std::max(
        {int64_t(1), itemWork / (inside / ranges[i]), int64_t(llvm::divideCeil(fewestRows, rows / ranges[i]))});
    while (step < ranges[i] && ranges[i] % step)
      ++step;
    if (step >= ranges[i])
      continue;
    items[i] = step;
    inside = inside / ranges[i] * step;
    rows = rows / ranges[i] * step;
  }
}

void Scheduler::scheduleContraction(linalg::LinalgOp root, linalg::LinalgOp contraction) {
  // Loops of the contraction in terms of the root's: the result map is a permutation of both.
  SmallVector<int64_t> ranges = root.getStaticLoopRanges();
  unsigned rootLoops = root.getNumLoops();
  SmallVector<utils::IteratorType> iterators = root.getIteratorTypesArray();
  int64_t n = accessOf(root).result;
  if (n < 0)
    n = 0;
  int64_t width = lanes(contraction);

  SmallVector<int64_t> ofContraction(contraction.getNumLoops(), -1);
  if (root == contraction) {
    for (unsigned i = 0; i < rootLoops; ++i)
      ofContraction[i] = i;
  } else {
    AffineMap written = contraction.getIndexingMapMatchingResult(contraction->getResult(0));
    for (OpOperand &use : contraction->getResult(0).getUses()) {
      if (use.getOwner() != root)
        continue;
      AffineMap read = root.getMatchingIndexingMap(&use);
      for (auto [in, out] : llvm::zip_equal(read.getResults(), written.getResults()))
        ofContraction[cast<AffineDimExpr>(out).getPosition()] = cast<AffineDimExpr>(in).getPosition();
    }
  }
  // Which of the operands moves with n, and is it contiguous there?
  int64_t contractionN = -1;
  for (auto [loop, rootLoop] : llvm::enumerate(ofContraction))
    if (rootLoop == n)
      contractionN = loop;
  Access access = accessOf(contraction);
  bool columnsContiguous = llvm::is_contained(access.inputs, contractionN);
  int64_t sharedReduction = -1;
  for (int64_t loop : access.inputs)
    if (loop >= 0 && contraction.getIteratorTypesArray()[loop] == utils::IteratorType::reduction &&
        llvm::all_of(access.inputs, [&](int64_t other) { return other == loop; }))
      sharedReduction = loop;

  Sizes tile(rootLoops, 0), order;
  Sizes inner(contraction.getNumLoops(), 0), partial;
  // Rows: the innermost parallel loop besides n, one of a single operand if there is any, as its rows share the
  // other's.
  auto isShared = [&](int64_t i) {
    auto loop = llvm::find(ofContraction, i);
    return loop == ofContraction.end() || llvm::all_of(contraction.getDpsInputOperands(), [&](OpOperand *input) {
             return contraction.getMatchingIndexingMap(input).isFunctionOfDim(loop - ofContraction.begin());
           });
  };
  int64_t m = -1;
  for (bool shared : {false, true})
    for (int64_t i = rootLoops - 1; i >= 0; --i)
      if (i != n && iterators[i] == utils::IteratorType::parallel && m < 0 && ranges[i] != 1 && isShared(i) == shared)
        m = i;
  for (unsigned i = 0; i < rootLoops; ++i)
    if (iterators[i] == utils::IteratorType::parallel)
      tile[i] = 1;

  bool windowed = false;
  for (unsigned i = 0; i < contraction.getNumLoops(); ++i)
    windowed |= isWindowed(contraction, i);
  SmallVector<int64_t> rowLoops;
  bool together = false;
  // Few rows take so little time that the next block has to arrive meanwhile.
  constexpr int64_t nearBytes = 1 << 15;
  bool dot = !columnsContiguous && sharedReduction >= 0;
  if (dot) {
    // Both operands are contiguous along the reduction: vectors run along it, 4 x 4 sums at a time.
    tile[n] = rows(ranges[n], 4);
    if (m >= 0)
      tile[m] = rows(ranges[m], 4);
    partial.assign(contraction.getNumLoops(), 0);
    int64_t k = contraction.getStaticLoopRanges()[sharedReduction];
    int64_t sums = tile[n] * (m >= 0 ? tile[m] : 1);
    partial[sharedReduction] = columns(k, width, sums <= 2 ? 4 : sums <= 4 ? 2 : 1);
    for (auto [i, type] : llvm::enumerate(contraction.getIteratorTypesArray()))
      if (type == utils::IteratorType::reduction && (int64_t)i != sharedReduction)
        inner[i] = 1;
  } else {
    bool fewRows = m < 0 || (!ShapedType::isDynamic(ranges[m]) && ranges[m] <= 4);
    tile[n] = wholeVectors(columns(ranges[n], width, fewRows ? 4 : 2), width);
    for (int64_t i = rootLoops - 1; i >= 0; --i)
      if (i != n && iterators[i] == utils::IteratorType::parallel && ranges[i] != 1 && !isShared(i))
        rowLoops.push_back(i);
    // A packed operand, this contraction's or another's, is read panel by panel.
    if (panel)
      tile[n] = panel;
    int64_t vectors = llvm::divideCeil(tile[n], width);
    // Accumulators, a row of the right operand and a broadcast must fit the registers.
    int64_t best = std::min<int64_t>(vectors == 1 ? 14 : 8, (registers - vectors - 2) / vectors);
    best = std::max<int64_t>(1, registers >= 32 ? std::min<int64_t>(best, vectors == 1 ? 12 : 8) : best);
    together = windowed && !panel && tileFewRows(root, rowLoops, n, width, tile);
    if (m >= 0 && !together)
      tile[m] = rows(ranges[m], best);
    for (auto [i, type] : llvm::enumerate(contraction.getIteratorTypesArray()))
      if (type == utils::IteratorType::reduction)
        inner[i] = 1;
  }
  // Rows run innermost, so that a panel of the right operand stays in the cache.
  SmallVector<unsigned> blocks;
  // Packed operands are read in order as they are.
  bool packed =
      llvm::any_of(contraction.getDpsInputs(), [](Value input) { return input.getDefiningOp<linalg::UnPackOp>(); });
  if (root == contraction && !dot && !packed)
    blocks = blockSums(contraction, tile, together ? nearBytes : cacheBytes / 2);
  llvm::append_range(order, blocks);
  for (unsigned i = 0; i < rootLoops; ++i)
    if ((int64_t)i != n && !llvm::is_contained(blocks, i))
      order.push_back(i);
  auto at = windowed || m < 0 ? order.end() : llvm::find(order, m);
  // Weights that fill the cache are read once an image, panel by panel, and the image once a panel.
  auto isPosition = [&](int64_t i) {
    auto loop = llvm::find(ofContraction, i);
    return loop != ofContraction.end() && isWindowed(contraction, loop - ofContraction.begin());
  };
  bool panelsFirst = windowed && packed && weightBytes(contraction) >= cacheBytes && ranges[n] % tile[n] == 0;
  if (panelsFirst)
    at = llvm::find_if(order, isPosition);
  // A sum of open length may have few terms: most is then what it writes, row by row.
  bool isOpen = llvm::any_of(llvm::zip_equal(contraction.getStaticLoopRanges(), contraction.getIteratorTypesArray()),
                             [](auto loop) {
                               auto [range, type] = loop;
                               return type == utils::IteratorType::reduction && ShapedType::isDynamic(range);
                             });
  bool rowsFirst = isOpen && !windowed && !dot && m >= 0 && blocks.empty() && !ShapedType::isDynamic(ranges[m]) &&
                   !ShapedType::isDynamic(ranges[n]);
  if (rowsFirst)
    at = order.end();
  order.insert(at, n);

  int64_t work = 1;
  SmallVector<int64_t> contractionRanges = contraction.getStaticLoopRanges();
  for (auto [i, type] : llvm::enumerate(contraction.getIteratorTypesArray()))
    if (type == utils::IteratorType::reduction)
      work *= ShapedType::isDynamic(contractionRanges[i]) ? 64 : contractionRanges[i];
  Sizes items = distribute(root, tile, work, root == contraction ? root.getNumParallelLoops() : rootLoops);
  if (windowed && !blocks.empty()) {
    // The tiles of an item share the block.
    for (int64_t i = 0; i < rootLoops; ++i)
      items[i] = i != m && i != n && iterators[i] == utils::IteratorType::parallel;
    // Few rows are in one item, for which the other operand is read once.
    for (int64_t i : rowLoops)
      if (together)
        items[i] = 0;
    if (together && llvm::all_of(items, [](int64_t size) { return size == 0; }) && tile[n] < ranges[n])
      items[n] = tile[n];
  }
  if (panelsFirst)
    for (int64_t i = 0; i < rootLoops; ++i)
      items[i] = i == n ? tile[n] : !isPosition(i) && iterators[i] == utils::IteratorType::parallel;
  if (!windowed && m >= 0 && !dot) {
    // Blocks of eight row tiles reuse a panel from the cache; a row of panels is cut where it stays whole.
    std::fill(items.begin(), items.end(), 0);
    items[m] = tile[m] * 8;
    // Known rows are cut where no rest remains.
    while (rowsFirst && items[m] > tile[m] && ranges[m] % items[m])
      items[m] -= tile[m];
    if (!ShapedType::isDynamic(ranges[m]) && (ranges[m] <= items[m] || ranges[m] % items[m]))
      items[m] = 0;
    int64_t width = (rowsFirst ? 4 : 2) * tile[n];
    if (!ShapedType::isDynamic(ranges[n]) && ranges[n] > width && ranges[n] % width == 0)
      items[n] = width;
    cutOuter(root, items, m, n, 8 * tile[m], work);
  }
  if (root == contraction)
    return write(root, items, tile, order, inner, partial);
  write(root, items, tile, order, {}, {});
  write(contraction, {}, {}, {}, inner, partial);
}

/// Tile sizes for one operation by itself, for the loops that the group has not cut to one yet.
void Scheduler::scheduleAlone(linalg::LinalgOp op, Sizes &tile, Sizes &partial, ArrayRef<bool> done) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  int64_t width = lanes(op);
  tile.assign(op.getNumLoops(), 0);
  for (unsigned i = 0; i < op.getNumLoops(); ++i)
    if (!done[i])
      tile[i] = 1;
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
  constexpr int64_t vectors = 16, most = 8;
  int64_t length = 1, width = lanes(root);
  SmallVector<int64_t> ranges = root.getStaticLoopRanges();
  for (int64_t size : ArrayRef(ranges).drop_front(shared))
    length = ShapedType::isDynamic(size) ? std::numeric_limits<int32_t>::max() : length * size;
  if (int64_t rows = denseRows(length, width, range))
    return rows;
  int64_t rows = std::clamp<int64_t>(vectors / llvm::divideCeil(length, width), 2, most);
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
    int64_t work = workOfTurn(root);
    scheduleAlone(root, tile, partial, done);
    if (root.getNumReductionLoops()) {
      inner.assign(loops, 0);
      for (unsigned i = 0; i < loops; ++i)
        if (root.getIteratorTypesArray()[i] == utils::IteratorType::reduction)
          std::swap(inner[i], tile[i]);
    }
    for (unsigned i = 0; i < loops; ++i)
      if (root.getIteratorTypesArray()[i] == utils::IteratorType::reduction) {
        int64_t range = root.getStaticLoopRanges()[i];
        work *= ShapedType::isDynamic(range) ? 64 : range;
      }
    write(root, distribute(root, tile, work, root.getNumParallelLoops()), tile, {}, inner, partial);
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
  }
  // What a row costs for each of the root's elements.
  constexpr int64_t openSum = 64;
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
    int64_t points = workOfTurn(op);
    for (auto [range, isCut, type] : llvm::zip_equal(op.getStaticLoopRanges(), cut, op.getIteratorTypesArray()))
      if (!isCut)
        points *= !ShapedType::isDynamic(range) ? range : type == utils::IteratorType::reduction ? openSum : 1;
    rowWork += points;
    if (op == root)
      rowElements = points / workOfTurn(op);
    Sizes own, partial;
    scheduleAlone(op, own, partial, cut);
    if (op == root)
      rootInner = own, rootPartial = partial;
    else
      write(op, {}, {}, {}, own, partial);
  }
  write(root, distribute(root, tile, rowWork / rowElements, shared), tile, {}, rootInner, rootPartial);
}

void Scheduler::run() {
  linalg::LinalgOp root;
  SmallVector<linalg::LinalgOp> contractions;
  kernel.walk([&](linalg::LinalgOp op) {
    if (isa<linalg::FillOp>(op))
      return;
    // A sum of everything has no columns to tile, and where every product has factors of its own a tile reuses nothing.
    if (isContraction(op) && accessOf(op).result >= 0 && reusesFactors(op))
      contractions.push_back(op);
    if (op->hasAttr("lamina.shared_dims"))
      root = op;
  });
  if (!root)
    return;
  unsigned shared = root->getAttrOfType<IntegerAttr>("lamina.shared_dims").getInt();
  root->removeAttr("lamina.shared_dims");
  // What has no elements stays as it is.
  WalkResult empty = kernel.walk([](linalg::LinalgOp op) {
    return llvm::is_contained(op.getStaticLoopRanges(), 0) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (empty.wasInterrupted())
    return;
  if (contractions.empty())
    return scheduleRows(root, shared);
  kernel.walk([&](linalg::UnPackOp unpack) { panel = unpack.getStaticInnerTiles()[0]; });
  // The last contraction decides the root's tile, every one its own inner loops.
  for (linalg::LinalgOp contraction : contractions)
    scheduleContraction(root, contraction);
}

struct SchedulePass : impl::SchedulePassBase<SchedulePass> {
  using SchedulePassBase::SchedulePassBase;

  void runOnOperation() override {
    if (getOperation()->hasAttr("lamina.kernel"))
      Scheduler(getOperation(), vectorBytes, registers).run();
  }
};

} // namespace
} // namespace mlir::lamina
