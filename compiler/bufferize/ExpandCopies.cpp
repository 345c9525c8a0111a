// Turns fills, and copies between buffers of which one has gaps, into loops. Guarantees that compiled code calls
// nothing that copies for it.

#include "compiler/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_EXPANDCOPIESPASS
#include "compiler/Passes.h.inc"

namespace {

bool hasGaps(Value buffer) { return !cast<MemRefType>(buffer.getType()).getLayout().isIdentity(); }

// Whether rows of a known size lie without gaps.
bool hasVectorRows(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return type.getRank() && !type.isDynamicDim(type.getRank() - 1) && type.areTrailingDimsContiguous(1);
}

// Writes `target` in vectors along its last axis, which `part` makes.
void writeRows(RewriterBase &rewriter, Location loc, Value target,
               function_ref<Value(OpBuilder &, VectorType, ValueRange position)> part) {
  constexpr int64_t widest = 64, unrolled = 8 * widest;
  auto type = cast<MemRefType>(target.getType());
  int64_t size = type.getShape().back();
  auto index = [loc](OpBuilder &b, int64_t i) -> Value { return arith::ConstantIndexOp::create(b, loc, i); };
  // Long rows are walked in equal steps, their rest and short ones are written out.
  int64_t walked = size > unrolled ? size / widest * widest : 0;
  auto write = [&](OpBuilder &b, SmallVector<Value> position, Value column, int64_t width) {
    position.push_back(column);
    auto vector = VectorType::get(width, type.getElementType());
    vector::StoreOp::create(b, loc, part(b, vector, position), target, position);
  };
  SmallVector<Value> zeros, steps, ends;
  for (int64_t axis = 0; axis + 1 < type.getRank(); ++axis) {
    zeros.push_back(index(rewriter, 0));
    steps.push_back(index(rewriter, 1));
    ends.push_back(rewriter.createOrFold<memref::DimOp>(loc, target, axis));
  }
  scf::LoopNest nest =
      scf::buildLoopNest(rewriter, loc, zeros, ends, steps, [&](OpBuilder &b, Location, ValueRange at) {
        if (walked)
          scf::ForOp::create(b, loc, index(b, 0), index(b, walked), index(b, widest), ValueRange(),
                             [&](OpBuilder &inside, Location, Value column, ValueRange) {
                               write(inside, SmallVector<Value>(at), column, widest);
                               scf::YieldOp::create(inside, loc);
                             });
        for (int64_t done = walked; done < size; done += widest)
          write(b, SmallVector<Value>(at), index(b, done), std::min(widest, size - done));
      });
  // Among an entry function's calls, thousands of stores in a row would only cost LLVM's time.
  if (auto function = nest.loops.empty() ? func::FuncOp() : nest.loops[0]->getParentOfType<func::FuncOp>();
      function && !function->hasAttr("lamina.kernel")) {
    auto yes = rewriter.getBoolAttr(true);
    auto asTheyAre =
        LLVM::LoopAnnotationAttr::get(rewriter.getContext(), {}, {}, {},
                                      LLVM::LoopUnrollAttr::get(rewriter.getContext(), yes, {}, {}, {}, {}, {}, {}), {},
                                      {}, {}, {}, {}, {}, {}, {}, {}, {}, {});
    for (scf::ForOp loop : nest.loops)
      loop->setAttr("llvm.loop_annotation", asTheyAre);
  }
}

struct ExpandCopiesPass : impl::ExpandCopiesPassBase<ExpandCopiesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> writes;
    getOperation().walk([&](Operation *op) {
      auto copy = dyn_cast<memref::CopyOp>(op);
      if (isa<linalg::FillOp>(op) || (copy && (hasGaps(copy.getSource()) || hasGaps(copy.getTarget()))))
        writes.push_back(op);
    });
    for (Operation *op : writes) {
      rewriter.setInsertionPoint(op);
      if (auto fill = dyn_cast<linalg::FillOp>(op)) {
        if (hasVectorRows(fill.getOutputs()[0]))
          writeRows(rewriter, op->getLoc(), fill.getOutputs()[0],
                    [&](OpBuilder &b, VectorType type, ValueRange) -> Value {
                      return vector::BroadcastOp::create(b, op->getLoc(), type, fill.getInputs()[0]);
                    });
        else
          (void)linalg::linalgOpToLoops(rewriter, fill);
      } else {
        auto copy = cast<memref::CopyOp>(op);
        Value source = copy.getSource();
        if (hasVectorRows(source) && hasVectorRows(copy.getTarget())) {
          writeRows(rewriter, op->getLoc(), copy.getTarget(),
                    [&](OpBuilder &b, VectorType type, ValueRange at) -> Value {
                      return vector::LoadOp::create(b, op->getLoc(), type, source, at);
                    });
        } else {
          linalg::GenericOp loop = linalg::makeMemRefCopyOp(rewriter, op->getLoc(), source, copy.getTarget());
          rewriter.setInsertionPoint(loop);
          (void)linalg::linalgOpToLoops(rewriter, loop);
          rewriter.eraseOp(loop);
        }
      }
      rewriter.eraseOp(op);
    }
  }
};

} // namespace
} // namespace mlir::lamina
