// Gives long sums of few results, as gradients of kernels and biases of convolutions are, a loop that threads can
// share: parts of an axis that is summed, added up afterwards. Guarantees the same parts, and so the same bits, for any
// number of threads.

#include "compiler/Passes.h"
#include "compiler/kernels/PartialSums.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_SPLITSUMSPASS
#include "compiler/Passes.h.inc"

namespace {

struct Split {
  unsigned loop;
  int64_t parts;
};

/// Into how many parts to split which loop, if at all: what the parts write must be little beside what they read.
std::optional<Split> splitOf(linalg::GenericOp op) {
  constexpr int64_t most = 8, mostResults = 1 << 14, fewTerms = 1 << 13, termsPerResult = 4;
  if (!isSum(op))
    return std::nullopt;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  int64_t results = 1, terms = 1;
  std::optional<unsigned> outermost;
  AffineMap last = op.getMatchingIndexingMap(op.getDpsInputOperand(op.getNumDpsInputs() - 1));
  int64_t shared = 1;
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (type == utils::IteratorType::parallel) {
      if (ShapedType::isDynamic(ranges[loop]))
        return std::nullopt;
      results *= ranges[loop];
      if (last.isFunctionOfDim(loop))
        shared *= ranges[loop];
      continue;
    }
    if (ShapedType::isDynamic(ranges[loop]))
      continue;
    terms *= ranges[loop];
    if (!outermost && ranges[loop] > 1)
      outermost = loop;
  }
  if (!outermost || results > mostResults || terms * shared < fewTerms)
    return std::nullopt;
  int64_t parts = std::min({most, ranges[*outermost], terms * shared / (termsPerResult * results)});
  while (parts > 1 && ranges[*outermost] % parts)
    --parts;
  if (parts < 2)
    return std::nullopt;
  return Split{*outermost, parts};
}

struct SplitSumsPass : impl::SplitSumsPassBase<SplitSumsPass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> sums;
    getOperation().walk([&](linalg::GenericOp op) { sums.push_back(op); });
    for (linalg::GenericOp op : sums)
      if (std::optional<Split> split = splitOf(op))
        splitSum(op, split->loop, op.getStaticLoopRanges()[split->loop] / split->parts, PartialAxis::Outer);
  }
};

} // namespace
} // namespace mlir::lamina
