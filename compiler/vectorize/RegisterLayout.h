#pragma once

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

namespace mlir::lamina {

using Lanes = SmallVector<int64_t>;

/// The elements of a vector, counted in row-major order, in parts of one register: no part holds elements of two rows.
/// Dealt, two parts share the elements that two registers would hold, the first those at even places.
struct RegisterLayout {
  int64_t elements, row, lanes;
  bool dealt = false;

  bool operator==(const RegisterLayout &) const = default;
  int64_t perRow() const { return llvm::divideCeil(row, lanes); }
  int64_t size() const { return elements / row * perRow(); }
  int64_t begin(int64_t part) const { return part / perRow() * row + part % perRow() * lanes; }
  int64_t length(int64_t part) const { return std::min(lanes, row - part % perRow() * lanes); }
  int64_t partOf(int64_t element) const {
    int64_t part = element / row * perRow() + element % row / lanes;
    return dealt ? part / 2 * 2 + element % 2 : part;
  }
  int64_t laneOf(int64_t element) const {
    int64_t lane = element % row % lanes;
    // Within 128 bits, where dealing is an instruction without a table.
    return dealt ? lane / 4 * 4 + element / lanes % 2 * 2 + lane % 4 / 2 : lane;
  }
  /// Where the elements of each pair lie in two parts.
  Lanes lanesOfPairs() const {
    return llvm::map_to_vector(llvm::seq(lanes), [&](int64_t pair) { return laneOf(2 * pair); });
  }
  Lanes all(int64_t part) const {
    Lanes result(length(part));
    int64_t first = dealt ? begin(part / 2 * 2) : begin(part), count = (dealt ? 2 : 1) * length(part);
    for (int64_t element : llvm::seq(first, first + count))
      if (partOf(element) == part)
        result[laneOf(element)] = element;
    return result;
  }
};

} // namespace mlir::lamina
