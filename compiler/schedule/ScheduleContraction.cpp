// Register tiles, blocks and items of products, whatever their epilogue.

#include "compiler/Contraction.h"
#include "compiler/schedule/Scheduler.h"

#include <limits>

namespace mlir::lamina {

namespace {

/// What a contraction reads in panels.
int64_t weightBytes(linalg::LinalgOp op) {
  int64_t bytes = 0;
  for (Value input : op.getDpsInputs())
    if (auto type = dyn_cast<RankedTensorType>(input.getType());
        type && input.getDefiningOp<linalg::UnPackOp>() && type.hasStaticShape())
      bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  return bytes;
}

/// The turns that loops have together if they are fewer than the elements of a vector, or 0.
int64_t fewTurns(ArrayRef<int64_t> ranges, int64_t lanes) {
  int64_t turns = llvm::is_contained(ranges, ShapedType::kDynamic) ? lanes : ShapedType::getNumElements(ranges);
  return turns < lanes ? turns : 0;
}

} // namespace

/// Cuts a long sum into blocks of terms that stay in the cache for all tiles of the result, which is added up in
/// memory. Sets the tile of the loops that are cut and returns them.
SmallVector<unsigned> Scheduler::blockSums(linalg::LinalgOp contraction, Sizes &tile, int64_t block) {
  SmallVector<int64_t> ranges = contraction.getStaticLoopRanges();
  SmallVector<unsigned> sums;
  for (auto [i, type] : llvm::enumerate(contraction.getIteratorTypesArray()))
    if (type == utils::IteratorType::reduction)
      sums.push_back(i);
  int64_t terms = sumSize(contraction).terms;
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
  // Open rows are those of a batch.
  rows = rows.take_while([&](int64_t loop) { return !ShapedType::isDynamic(ranges[loop]); });
  if (rows.size() < 2 || ranges[rows.front()] >= enoughRows || ShapedType::isDynamic(ranges[column]))
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

/// Tiles a loop of each operand where both are walked along the columns: a row of one meets all rows of the other, so
/// that vectors are loaded for several products. Of the tiles that registers hold takes the one with the most.
void Scheduler::tilePairs(ArrayRef<int64_t> ranges, int64_t left, int64_t right, Sizes &tile) const {
  int64_t most = 0;
  auto divides = [&](int64_t loop, int64_t step) { return step == 1 || (loop >= 0 && ranges[loop] % step == 0); };
  for (int64_t a = 1; a < registers; ++a)
    for (int64_t b = 1; a * b + a + b < registers; ++b)
      // Squares have the fewest loads.
      if (int64_t value = a * b * registers - a - b; value > most && divides(left, a) && divides(right, b)) {
        most = value;
        if (left >= 0)
          tile[left] = a;
        if (right >= 0)
          tile[right] = b;
      }
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
  int64_t rootLoops = root.getNumLoops();
  SmallVector<utils::IteratorType> iterators = root.getIteratorTypesArray();
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
  // Columns are the root's, but the contraction's where the root turns it into few: those are written in whole rows.
  Access access = accessOf(contraction);
  int64_t n = std::max<int64_t>(0, accessOf(root).result), turned = 1;
  if (int64_t own = ofContraction[access.result]; own >= 0 && own < n)
    if (int64_t behind = fewTurns(ArrayRef(ranges).drop_front(own + 1), width)) {
      n = own;
      turned = behind;
    }
  // Which of the operands moves with n, and is it contiguous there?
  int64_t contractionN = -1;
  for (auto [loop, rootLoop] : llvm::enumerate(ofContraction))
    if (rootLoop == n)
      contractionN = loop;
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
  auto walks = [&](unsigned input, int64_t i) {
    auto loop = llvm::find(ofContraction, i);
    return loop == ofContraction.end() || contraction.getMatchingIndexingMap(contraction.getDpsInputOperand(input))
                                              .isFunctionOfDim(loop - ofContraction.begin());
  };
  auto isShared = [&](int64_t i) {
    return llvm::all_of(llvm::seq(contraction.getNumDpsInputs()), [&](unsigned input) { return walks(input, i); });
  };
  // Rows that are places of a window along the columns are vectors of their own.
  auto isPlace = [&](int64_t i) {
    auto loop = llvm::find(ofContraction, i);
    return contractionN >= 0 && loop != ofContraction.end() &&
           llvm::any_of(contraction.getIndexingMapsArray(), [&](AffineMap map) {
             return llvm::any_of(map.getResults(), [&](AffineExpr expr) {
               return expr.isFunctionOfDim(contractionN) && expr.isFunctionOfDim(loop - ofContraction.begin());
             });
           });
  };
  int64_t m = -1;
  for (bool shared : {false, true})
    for (int64_t i = rootLoops - 1; i >= 0; --i)
      if (i != n && iterators[i] == utils::IteratorType::parallel && m < 0 && ranges[i] != 1 && isShared(i) == shared &&
          !isPlace(i))
        m = i;
  for (int64_t i = 0; i < rootLoops; ++i)
    if (iterators[i] == utils::IteratorType::parallel)
      tile[i] = turned > 1 && i > n ? ranges[i] : 1;

  bool windowed = false;
  for (unsigned i = 0; i < contraction.getNumLoops(); ++i)
    windowed |= isWindowed(contraction, i);
  SmallVector<int64_t> rowLoops;
  bool together = false, inPairs = false;
  // What one term of all rows of both operands reads, where they meet in pairs.
  int64_t pairBytes = 0;
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
      if (i != n && iterators[i] == utils::IteratorType::parallel && ranges[i] != 1 && !isShared(i) && !isPlace(i))
        rowLoops.push_back(i);
    // A packed operand, this contraction's or another's, is read panel by panel.
    if (panel)
      tile[n] = panel;
    int64_t vectors = llvm::divideCeil(tile[n], width);
    // Accumulators, a row of the right operand and a broadcast must fit the registers.
    int64_t best = std::min<int64_t>(vectors == 1 ? 14 : 8, (registers - vectors - 2) / vectors);
    best = std::max<int64_t>(1, registers >= 32 ? std::min<int64_t>(best, vectors == 1 ? 12 : 8) : best);
    // Loops that one operand alone walks, where both walk the columns.
    std::array<int64_t, 2> alone{-1, -1};
    inPairs = windowed && !panel && turned == 1 && contraction.getNumDpsInputs() == 2 && contractionN >= 0 &&
              llvm::all_of(contraction.getDpsInputOperands(), [&](OpOperand *input) {
                return contraction.getMatchingIndexingMap(input).isFunctionOfDim(contractionN);
              });
    for (int64_t i : rowLoops)
      for (unsigned side : {0, 1})
        if (alone[side] < 0 && !ShapedType::isDynamic(ranges[i]) && !walks(1 - side, i))
          alone[side] = i;
    inPairs &= alone[0] >= 0 && alone[1] >= 0;
    if (inPairs) {
      tilePairs(ranges, alone[0], alone[1], tile);
      for (unsigned side : {0, 1}) {
        int64_t bytes = vectorBytes;
        for (int64_t i : rowLoops)
          if (!walks(1 - side, i) && !isWindowed(contraction, i))
            bytes *= ranges[i];
        pairBytes += bytes;
      }
    }
    together = inPairs || (windowed && !panel && tileFewRows(root, rowLoops, n, width, tile));
    if (m >= 0 && !together && tile[m] == 1)
      tile[m] = rows(ranges[m], std::max<int64_t>(1, best / turned));
    for (auto [i, type] : llvm::enumerate(contraction.getIteratorTypesArray()))
      if (type == utils::IteratorType::reduction)
        inner[i] = 1;
  }
  SmallVector<unsigned> blocks;
  // Packed operands are read in order as they are.
  bool packed =
      llvm::any_of(contraction.getDpsInputs(), [](Value input) { return input.getDefiningOp<linalg::UnPackOp>(); });
  if (root == contraction && !dot && !packed)
    blocks = blockSums(
        contraction, tile,
        inPairs ? std::max<int64_t>(32, nearBytes / pairBytes)
                : std::max<int64_t>(128, (together ? nearBytes : cacheBytes / 2) / sumSize(contraction).termBytes));
  llvm::append_range(order, blocks);
  for (unsigned i = 0; i < rootLoops; ++i)
    if ((int64_t)i != n && !llvm::is_contained(blocks, i))
      order.push_back(i);
  // Rows run innermost, so that a panel of the right operand stays in the cache.
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

  int64_t work = workOfElement(contraction);
  Sizes items = distribute(root, tile, work, root == contraction ? root.getNumParallelLoops() : rootLoops);
  if (windowed && !blocks.empty()) {
    // The tiles of an item share the block.
    for (int64_t i = 0; i < rootLoops; ++i)
      items[i] = i != m && i != n && iterators[i] == utils::IteratorType::parallel;
    // Few rows are in one item, for which the other operand is read once.
    if (together) {
      for (int64_t i : rowLoops)
        items[i] = 0;
      if (llvm::all_of(items, [](int64_t size) { return size == 0; }) && tile[n] < ranges[n])
        items[n] = tile[n];
    }
    // So are the places of a window, where there are other items.
    if (inPairs && llvm::any_of(llvm::seq(rootLoops), [&](int64_t i) { return items[i] && !isPlace(i); }))
      for (int64_t i = 0; i < rootLoops; ++i)
        items[i] = isPlace(i) ? 0 : items[i];
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

} // namespace mlir::lamina
