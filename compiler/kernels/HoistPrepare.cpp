// Splits an entry function in two: what depends on `weight` arguments alone runs once in @prepare, the rest takes its
// values. Guarantees that @main reads weights only through `prepared` or plain `weight` arguments.

#include "compiler/Passes.h"
#include "compiler/kernels/Weights.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_HOISTPREPAREPASS
#include "compiler/Passes.h.inc"

namespace {

// Views and constants are as cheap in @main as an argument would be.
bool isFree(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() ||
         isa<tensor::EmptyOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::DimOp, tensor::CastOp,
             linalg::UnPackOp, linalg::FillOp>(op) ||
         llvm::none_of(op->getResultTypes(), [](Type type) { return isa<RankedTensorType>(type); });
}

struct HoistPreparePass : impl::HoistPreparePassBase<HoistPreparePass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    Block &body = main.front();

    SmallVector<Operation *> hoisted = findWeightValues(main).ops;
    SetVector<Value> prepared;
    for (Operation *op : hoisted) {
      if (isFree(op))
        continue;
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) {
              Operation *ancestor = body.findAncestorOpInBlock(*user);
              return !llvm::is_contained(hoisted, ancestor) || isFree(ancestor);
            }))
          prepared.insert(result);
    }
    if (prepared.empty())
      return;

    OpBuilder builder(main);
    SmallVector<Type> argumentTypes, resultTypes(llvm::map_range(prepared, [](Value v) { return v.getType(); }));
    SmallVector<BlockArgument> weights;
    for (BlockArgument argument : body.getArguments())
      if (isWeight(main, argument)) {
        weights.push_back(argument);
        argumentTypes.push_back(argument.getType());
      }
    auto prepare =
        func::FuncOp::create(builder, main.getLoc(), "prepare", builder.getFunctionType(argumentTypes, resultTypes));
    Block *block = prepare.addEntryBlock();
    IRMapping map;
    for (auto [weight, argument] : llvm::zip(weights, block->getArguments())) {
      map.map(weight, argument);
      prepare.setArgAttr(argument.getArgNumber(), "lamina.source", builder.getI64IntegerAttr(weight.getArgNumber()));
    }
    builder.setInsertionPointToStart(block);
    for (Operation *op : hoisted)
      builder.clone(*op, map);
    SmallVector<Value> results(llvm::map_range(prepared, [&](Value v) { return map.lookup(v); }));
    func::ReturnOp::create(builder, main.getLoc(), results);

    for (Value value : prepared) {
      unsigned index = main.getNumArguments();
      (void)main.insertArgument(
          index, value.getType(),
          builder.getDictionaryAttr(builder.getNamedAttr("lamina.kind", builder.getStringAttr("prepared"))),
          value.getLoc());
      value.replaceAllUsesWith(main.getArgument(index));
    }
    for (Operation *op : llvm::reverse(hoisted))
      if (isOpTriviallyDead(op))
        op->erase();
  }
};

} // namespace
} // namespace mlir::lamina
