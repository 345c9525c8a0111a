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

/// One contraction of a kernel and the tile that its root takes it in. Loops are the root's unless said otherwise.
class Scheduler::Product {
public:
  Product(Scheduler &scheduler, linalg::LinalgOp root, linalg::LinalgOp contraction)
      : scheduler(scheduler), root(root), contraction(contraction), ranges(root.getStaticLoopRanges()),
        iterators(root.getIteratorTypesArray()), loops(root.getNumLoops()), width(scheduler.lanes(contraction)) {}

  void schedule();

private:
  /// How tiles reuse what they load: as 4 x 4 sums that vectors run along, a loop of rows that share a row of columns,
  /// several short such loops, or rows of both operands that meet along the columns.
  enum class Form { Dot, Rows, FewRows, Pairs };

  void relate();
  void chooseColumns();
  void chooseRows();
  void tileSums();
  void tileColumns();
  bool tileFewRows();
  bool tilePairs();
  int64_t termsOfBlock();
  void blockSums();
  void orderLoops();
  void shareOut();
  void cutOuter(int64_t fewestRows);

  bool isOpen(int64_t loop) { return ShapedType::isDynamic(ranges[loop]); }
  bool isParallel(int64_t loop) { return iterators[loop] == utils::IteratorType::parallel; }
  bool isPacked() {
    return llvm::any_of(contraction.getDpsInputs(),
                        [](Value input) { return input.getDefiningOp<linalg::UnPackOp>(); });
  }
  bool isWindow() {
    return llvm::any_of(llvm::seq(contraction.getNumLoops()), [&](unsigned i) { return isWindowed(contraction, i); });
  }
  /// The contraction's loop, or -1.
  int64_t own(int64_t loop) {
    auto it = llvm::find(ofContraction, loop);
    return it == ofContraction.end() ? -1 : it - ofContraction.begin();
  }
  bool walks(unsigned input, int64_t loop) {
    return own(loop) < 0 ||
           contraction.getMatchingIndexingMap(contraction.getDpsInputOperand(input)).isFunctionOfDim(own(loop));
  }
  bool isShared(int64_t loop) {
    return llvm::all_of(llvm::seq(contraction.getNumDpsInputs()), [&](unsigned input) { return walks(input, loop); });
  }
  /// A position, or a place in a window.
  bool isPosition(int64_t loop) { return own(loop) >= 0 && isWindowed(contraction, own(loop)); }
  /// Places of a window along the columns: each has vectors of its own.
  bool isPlace(int64_t loop) {
    return own(loop) >= 0 && own(n) >= 0 && llvm::any_of(contraction.getIndexingMapsArray(), [&](AffineMap map) {
             return llvm::any_of(map.getResults(), [&](AffineExpr expr) {
               return expr.isFunctionOfDim(own(n)) && expr.isFunctionOfDim(own(loop));
             });
           });
  }

  Scheduler &scheduler;
  linalg::LinalgOp root, contraction;
  SmallVector<int64_t> ranges;
  SmallVector<utils::IteratorType> iterators;
  int64_t loops, width;
  /// Of each loop of the contraction the root's.
  SmallVector<int64_t> ofContraction;
  /// The loop of columns, that of rows or -1, and how many elements the root writes for each column that it turns.
  int64_t n = 0, m = -1, turned = 1;
  /// The contraction's loop along which it adds up what both operands have side by side, or -1.
  int64_t sharedSum = -1;
  /// Loops of rows, innermost first: one operand alone walks them.
  SmallVector<int64_t> rowLoops;
  Form form = Form::Rows;
  /// Loops of sums that are cut into blocks.
  SmallVector<unsigned> blocks;
  /// Whether rows run around the columns, as few terms are added up for each of them.
  bool rowsFirst = false;
  /// Whether weights are read once for all positions of an image.
  bool panelsFirst = false;
  Sizes tile, order, items, inner, partial;
};

/// Loops of the contraction in terms of the root's: the result map is a permutation of both.
void Scheduler::Product::relate() {
  ofContraction.assign(contraction.getNumLoops(), -1);
  if (root == contraction) {
    ofContraction = llvm::to_vector(llvm::seq(loops));
    return;
  }
  AffineMap written = contraction.getIndexingMapMatchingResult(contraction->getResult(0));
  for (OpOperand &use : contraction->getResult(0).getUses()) {
    if (use.getOwner() != root)
      continue;
    AffineMap read = root.getMatchingIndexingMap(&use);
    for (auto [in, out] : llvm::zip_equal(read.getResults(), written.getResults()))
      ofContraction[cast<AffineDimExpr>(out).getPosition()] = cast<AffineDimExpr>(in).getPosition();
  }
}

/// Columns are the root's, but the contraction's where the root turns it into few: those are written in whole rows.
void Scheduler::Product::chooseColumns() {
  Access access = accessOf(contraction);
  n = std::max<int64_t>(0, accessOf(root).result);
  if (int64_t column = ofContraction[access.result]; column >= 0 && column < n)
    if (int64_t behind = fewTurns(ArrayRef(ranges).drop_front(column + 1), width)) {
      n = column;
      turned = behind;
    }
  for (int64_t loop : access.inputs)
    if (loop >= 0 && contraction.getIteratorTypesArray()[loop] == utils::IteratorType::reduction &&
        llvm::all_of(access.inputs, [&](int64_t other) { return other == loop; }))
      sharedSum = loop;
  if (sharedSum >= 0 && !llvm::is_contained(access.inputs, own(n)))
    form = Form::Dot;
}

/// Rows are the innermost parallel loop besides the columns, one of a single operand if there is any, as its rows share
/// the other's.
void Scheduler::Product::chooseRows() {
  for (bool shared : {false, true})
    for (int64_t i = loops - 1; i >= 0; --i)
      if (i != n && isParallel(i) && m < 0 && ranges[i] != 1 && isShared(i) == shared && !isPlace(i))
        m = i;
  for (int64_t i = loops - 1; i >= 0; --i)
    if (i != n && isParallel(i) && ranges[i] != 1 && !isShared(i) && !isPlace(i))
      rowLoops.push_back(i);
}

/// Both operands are contiguous along the sum: vectors run along it, 4 x 4 sums at a time.
void Scheduler::Product::tileSums() {
  tile[n] = scheduler.rows(ranges[n], 4);
  if (m >= 0)
    tile[m] = scheduler.rows(ranges[m], 4);
  partial.assign(contraction.getNumLoops(), 0);
  int64_t sums = tile[n] * (m >= 0 ? tile[m] : 1);
  partial[sharedSum] = scheduler.columns(contraction.getStaticLoopRanges()[sharedSum], width,
                                         sums <= 2   ? 4
                                         : sums <= 4 ? 2
                                                     : 1);
  inner[sharedSum] = 0;
}

void Scheduler::Product::tileColumns() {
  bool fewRows = m < 0 || (!isOpen(m) && ranges[m] <= 4);
  tile[n] = wholeVectors(scheduler.columns(ranges[n], width, fewRows ? 4 : 2), width);
  // A packed operand, this contraction's or another's, is read panel by panel.
  if (scheduler.panel)
    tile[n] = scheduler.panel;
  else if (isWindow() && tilePairs())
    form = Form::Pairs;
  else if (isWindow() && tileFewRows())
    form = Form::FewRows;
  if (form != Form::Rows || m < 0 || tile[m] != 1)
    return;
  // Accumulators, a row of the right operand and a broadcast must fit the registers.
  int64_t vectors = llvm::divideCeil(tile[n], width), registers = scheduler.registers;
  int64_t best = std::min<int64_t>(vectors == 1 ? 14 : 8, (registers - vectors - 2) / vectors);
  best = std::max<int64_t>(1, registers >= 32 ? std::min<int64_t>(best, vectors == 1 ? 12 : 8) : best);
  tile[m] = scheduler.rows(ranges[m], std::max<int64_t>(1, best / turned));
}

/// Tiles several loops of rows, innermost first, where a single one has too few to keep the multipliers busy: as many
/// whole loops as registers hold, and of the next what divides it. Compares widths by the cycles of all tiles for one
/// term of the sums, each tile's bounded by multiplications, loads, and the latency of a sum's step. Leaves the tile
/// alone if the loop of the innermost rows is enough.
bool Scheduler::Product::tileFewRows() {
  constexpr int64_t enoughRows = 8, latency = 4;
  // Open rows are those of a batch.
  ArrayRef<int64_t> rows = ArrayRef(rowLoops).take_while([&](int64_t loop) { return !isOpen(loop); });
  if (rows.size() < 2 || ranges[rows.front()] >= enoughRows || isOpen(n))
    return false;
  int64_t total = 1;
  for (int64_t loop : rows)
    total *= ranges[loop];
  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  int64_t least = none;
  for (int64_t vectors : {4, 2, 1}) {
    // Columns that are no whole vector take one by themselves.
    int64_t columns = std::min(ranges[n], vectors * width), most = (scheduler.registers - vectors - 2) / vectors,
            count = 1;
    if (most < 1 || columns <= (vectors - 1) * width || columns != wholeVectors(columns, width))
      continue;
    Sizes candidate(tile);
    for (int64_t loop : rows) {
      int64_t step = std::min(ranges[loop], most / count);
      while (ranges[loop] % step)
        --step;
      candidate[loop] = step;
      count *= step;
      if (step < ranges[loop])
        break;
    }
    candidate[n] = columns;
    auto cycles = [&](int64_t across) { return std::max({count * across, count + across, 2 * latency}); };
    int64_t cost = ranges[n] / columns * cycles(vectors);
    if (ranges[n] % columns)
      cost += cycles(llvm::divideCeil(ranges[n] % columns, width));
    cost *= total / count;
    if (cost < least) {
      least = cost;
      tile = candidate;
    }
  }
  return least < none;
}

/// Tiles a loop of each operand where both are walked along the columns: a row of one meets all rows of the other, so
/// that vectors are loaded for several products. Of the tiles that registers hold takes the one with the most.
bool Scheduler::Product::tilePairs() {
  if (root != contraction || contraction.getNumDpsInputs() != 2 || !isShared(n) ||
      llvm::any_of(rowLoops, [&](int64_t loop) { return isOpen(loop); }))
    return false;
  std::array<int64_t, 2> alone{-1, -1};
  for (int64_t loop : rowLoops)
    for (unsigned side : {0, 1})
      if (alone[side] < 0 && !walks(1 - side, loop))
        alone[side] = loop;
  auto [left, right] = alone;
  if (left < 0 || right < 0)
    return false;
  int64_t most = 0, registers = scheduler.registers;
  for (int64_t a = 1; a < registers; ++a)
    for (int64_t b = 1; a * b + a + b < registers; ++b)
      // Squares have the fewest loads.
      if (int64_t value = a * b * registers - a - b; value > most && ranges[left] % a == 0 && ranges[right] % b == 0) {
        most = value;
        tile[left] = a;
        tile[right] = b;
      }
  return true;
}

/// How many terms of a long sum stay in the cache for all tiles of the result.
int64_t Scheduler::Product::termsOfBlock() {
  // Few rows take so little time that the next block has to arrive meanwhile.
  constexpr int64_t nearBytes = 1 << 15, fewestTerms = 128, fewestOfPairs = 32;
  if (form != Form::Pairs)
    return std::max(fewestTerms, (form == Form::FewRows ? nearBytes : cacheBytes / 2) / sumSize(contraction).termBytes);
  int64_t bytes = 0;
  for (unsigned side : {0, 1}) {
    int64_t rows = 1;
    for (int64_t loop : rowLoops)
      if (!walks(1 - side, loop) && !isPosition(loop))
        rows *= ranges[loop];
    bytes += rows * scheduler.vectorBytes;
  }
  return std::max(fewestOfPairs, nearBytes / bytes);
}

/// Cuts a long sum into blocks, which are added up in memory.
void Scheduler::Product::blockSums() {
  SmallVector<unsigned> sums;
  for (int64_t i = 0; i < loops; ++i)
    if (!isParallel(i))
      sums.push_back(i);
  int64_t block = termsOfBlock();
  if (sumSize(contraction).terms < 4 * block)
    return;
  for (unsigned loop : llvm::reverse(sums)) {
    int64_t step = std::max<int64_t>(1, block);
    if (!isOpen(loop)) {
      step = std::min(step, ranges[loop]);
      while (ranges[loop] % step)
        --step;
    }
    if (step == ranges[loop]) {
      block /= step;
      continue;
    }
    tile[loop] = step;
    blocks.push_back(loop);
    block = 1;
  }
  std::reverse(blocks.begin(), blocks.end());
}

void Scheduler::Product::orderLoops() {
  llvm::append_range(order, blocks);
  for (int64_t i = 0; i < loops; ++i)
    if (i != n && !llvm::is_contained(blocks, i))
      order.push_back(i);
  // Rows run innermost, so that a panel of the right operand stays in the cache.
  auto at = isWindow() || m < 0 ? order.end() : llvm::find(order, m);
  // Weights that fill the cache are read once an image, panel by panel, and the image once a panel.
  panelsFirst = isWindow() && isPacked() && weightBytes(contraction) >= cacheBytes && ranges[n] % tile[n] == 0;
  if (panelsFirst)
    at = llvm::find_if(order, [&](int64_t loop) { return isPosition(loop); });
  // A sum of open length may have few terms: most is then what it writes, row by row.
  bool isOpenSum = llvm::any_of(llvm::zip_equal(contraction.getStaticLoopRanges(), contraction.getIteratorTypesArray()),
                                [](auto loop) {
                                  auto [range, type] = loop;
                                  return type == utils::IteratorType::reduction && ShapedType::isDynamic(range);
                                });
  rowsFirst = isOpenSum && !isWindow() && form != Form::Dot && m >= 0 && blocks.empty() && !isOpen(m) && !isOpen(n);
  if (rowsFirst)
    at = order.end();
  order.insert(at, n);
}

/// Items of work for threads.
void Scheduler::Product::shareOut() {
  items = scheduler.distribute(root, tile, workOfElement(contraction),
                               root == contraction ? root.getNumParallelLoops() : loops);
  if (panelsFirst) {
    for (int64_t i = 0; i < loops; ++i)
      items[i] = i == n ? tile[n] : !isPosition(i) && isParallel(i);
  } else if (isWindow() && !blocks.empty()) {
    // The tiles of an item share the block.
    for (int64_t i = 0; i < loops; ++i)
      items[i] = i != m && i != n && isParallel(i);
    if (form == Form::Rows)
      return;
    // Few rows are in one item, for which the other operand is read once.
    for (int64_t i : rowLoops)
      items[i] = 0;
    if (llvm::all_of(items, [](int64_t size) { return size == 0; }) && tile[n] < ranges[n])
      items[n] = tile[n];
    // So are the places of a window, where there are other items.
    if (llvm::any_of(llvm::seq(loops), [&](int64_t i) { return items[i] && i != n && !isPlace(i); }))
      for (int64_t i = 0; i < loops; ++i)
        items[i] = i != n && isPlace(i) ? 0 : items[i];
  } else if (!isWindow() && m >= 0 && form != Form::Dot) {
    // Blocks of eight row tiles reuse a panel from the cache; a row of panels is cut where it stays whole.
    std::fill(items.begin(), items.end(), 0);
    items[m] = tile[m] * 8;
    // Known rows are cut where no rest remains.
    while (rowsFirst && items[m] > tile[m] && ranges[m] % items[m])
      items[m] -= tile[m];
    if (!isOpen(m) && (ranges[m] <= items[m] || ranges[m] % items[m]))
      items[m] = 0;
    int64_t row = (rowsFirst ? 4 : 2) * tile[n];
    if (!isOpen(n) && ranges[n] > row && ranges[n] % row == 0)
      items[n] = row;
    cutOuter(8 * tile[m]);
  }
}

/// Cuts the loops around rows and columns, which are cut already, until an item of work is small enough, but keeps the
/// rows that reuse a panel together.
void Scheduler::Product::cutOuter(int64_t fewestRows) {
  constexpr int64_t itemWork = 1 << 20;
  SmallVector<int64_t> outer;
  int64_t rows = 1, inside = workOfElement(contraction);
  for (int64_t i = 0; i < loops; ++i) {
    if (!isParallel(i))
      continue;
    int64_t extent = items[i] ? items[i] : isOpen(i) ? 1 : ranges[i];
    inside *= extent;
    if (i != n)
      rows *= extent;
    if (i != m && i != n)
      outer.push_back(i);
  }
  for (int64_t i : outer) {
    if (isOpen(i)) {
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

void Scheduler::Product::schedule() {
  relate();
  chooseColumns();
  chooseRows();
  tile.assign(loops, 0);
  for (int64_t i = 0; i < loops; ++i)
    if (isParallel(i))
      tile[i] = turned > 1 && i > n ? ranges[i] : 1;
  for (utils::IteratorType type : contraction.getIteratorTypesArray())
    inner.push_back(type == utils::IteratorType::reduction);
  if (form == Form::Dot)
    tileSums();
  else
    tileColumns();
  // Packed operands are read in order as they are.
  if (root == contraction && form != Form::Dot && !isPacked())
    blockSums();
  orderLoops();
  shareOut();
  if (root == contraction)
    return scheduler.write(root, items, tile, order, inner, partial);
  scheduler.write(root, items, tile, order, {}, {});
  scheduler.write(contraction, {}, {}, {}, inner, partial);
}

void Scheduler::scheduleContraction(linalg::LinalgOp root, linalg::LinalgOp contraction) {
  Product(*this, root, contraction).schedule();
}

} // namespace mlir::lamina
