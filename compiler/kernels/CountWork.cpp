// Counts what each call of a kernel in @main computes and moves, in arithmetic on the sizes that the call has when it
// runs. Guarantees that every call of @main has a site of the table `lamina.sites`, and changes nothing else.

#include "compiler/Passes.h"
#include "dialects/lamina/KernelOps.h"
#include "dialects/lamina/Locations.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_COUNTWORKPASS
#include "compiler/Passes.h.inc"

namespace {

/// Operations on numbers that count, each as often as the limit of multiply-adds counts it.
int64_t operations(Operation &op) {
  if (isa<math::FmaOp>(op))
    return 2;
  if (op.getNumResults() != 1 || op.hasTrait<OpTrait::ConstantLike>() || isa<CastOpInterface, arith::SelectOp>(op))
    return 0;
  Type type = op.getResult(0).getType();
  if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::XOrIOp>(op))
    return isa<IntegerType>(type) && !type.isInteger(1);
  return isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op.getDialect()) && isa<FloatType>(type);
}

/// The work of one call. The kernel's operations are repeated before the call, for their sizes; what is not needed for
/// those dies.
class WorkCounter {
public:
  WorkCounter(CallKernelOp call, func::FuncOp kernel) : builder(call), loc(call.getLoc()), kernel(kernel) {
    map.map(kernel.getArguments(), call->getOperands());
    for (Operation &op : kernel.front().without_terminator()) {
      if (auto tensor = dyn_cast<bufferization::ToTensorOp>(op))
        map.map(tensor.getResult(), map.lookup(tensor.getBuffer()));
      else if (!isa<bufferization::MaterializeInDestinationOp>(op))
        builder.clone(op, map);
    }
  }

  Value flops() {
    Value total = number(0);
    kernel.walk([&](linalg::LinalgOp op) {
      int64_t each = 0;
      op->walk([&](Operation *scalar) { each += operations(*scalar); });
      if (each == 0)
        return;
      Value count = multiply(points(op), number(each));
      // Zeros that fill a vector are no work.
      if (auto terms = op->getAttrOfType<DenseI64ArrayAttr>("lamina.terms"))
        count = builder.createOrFold<arith::DivUIOp>(loc, multiply(count, number(terms[0])), number(terms[1]));
      total = add(total, count);
    });
    return total;
  }

  /// What is read and written; `within`: with all of an array where the call says which slice of it is its own.
  Value bytes(bool within) {
    Value total = number(0);
    for (auto tensor : kernel.getOps<bufferization::ToTensorOp>())
      total = add(total, bytesRead(tensor, within));
    for (auto write : kernel.getOps<bufferization::MaterializeInDestinationOp>()) {
      auto slice = write.getSource().getDefiningOp<tensor::InsertSliceOp>();
      bool part = slice && !(within && isChosen(slice));
      total = add(total, size(part ? slice.getSource() : write.getSource()));
    }
    return total;
  }

private:
  Value number(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }
  Value multiply(Value a, Value b) { return builder.createOrFold<arith::MulIOp>(loc, a, b); }

  int64_t elementBytes(Value tensor) {
    return llvm::divideCeil(getElementTypeOrSelf(tensor).getIntOrFloatBitWidth(), 8);
  }

  /// Turns of the operation's loops.
  Value points(linalg::LinalgOp op) {
    Value total = number(1);
    auto clone = cast<TilingInterface>(map.lookup(op->getResult(0)).getDefiningOp());
    for (Range range : clone.getIterationDomain(builder))
      total = multiply(total, getValueOrCreateConstantIndexOp(builder, loc, range.size));
    return total;
  }

  /// Bytes of a tensor.
  Value size(Value tensor) {
    Value total = number(elementBytes(tensor));
    for (OpFoldResult extent : tensor::getMixedSizes(builder, loc, map.lookup(tensor)))
      total = multiply(total, getValueOrCreateConstantIndexOp(builder, loc, extent));
    return total;
  }

  static bool isChosen(OffsetSizeAndStrideOpInterface slice) {
    return llvm::any_of(slice.getMixedOffsets(), [](OpFoldResult offset) { return isa<Value>(offset); });
  }

  /// Bytes that the kernel reads of a tensor: all, or less if only slices or elements are looked at.
  Value bytesRead(Value tensor, bool within) {
    Value total = number(0);
    for (OpOperand &use : tensor.getUses()) {
      Operation *user = use.getOwner();
      auto op = dyn_cast<linalg::LinalgOp>(user);
      if (isa<tensor::DimOp, linalg::FillOp>(user) ||
          (op && op.isDpsInit(&use) && !op.payloadUsesValueFromOperand(&use)))
        continue;
      if (auto insert = dyn_cast<tensor::InsertSliceOp>(user); insert && tensor == insert.getDest())
        continue;
      if (auto slice = dyn_cast<tensor::ExtractSliceOp>(user)) {
        Value part = bytesRead(slice, within);
        bool whole = within && isChosen(slice) && getConstantIntValue(part) != 0;
        total = add(total, whole ? size(tensor) : part);
      } else if (auto around = user->getParentOfType<linalg::LinalgOp>(); around && !within)
        total = add(total, multiply(points(around), number(elementBytes(tensor))));
      else
        return size(tensor);
    }
    return builder.createOrFold<arith::MinUIOp>(loc, total, size(tensor));
  }

  OpBuilder builder;
  Location loc;
  func::FuncOp kernel;
  IRMapping map;
};

struct CountWorkPass : impl::CountWorkPassBase<CountWorkPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto entry = module.lookupSymbol<func::FuncOp>("main");
    if (!entry)
      return;
    Builder builder(&getContext());
    llvm::SetVector<Attribute> sites;
    SmallVector<CallKernelOp> calls;
    entry.walk([&](CallKernelOp call) { calls.push_back(call); });
    for (CallKernelOp call : calls) {
      auto kernel = cast<func::FuncOp>(SymbolTable::lookupSymbolIn(module, call.getCallee()));
      auto layers = llvm::to_vector_of<Attribute>(layersOf(call.getLoc()));
      SmallVector<NamedAttribute> fields{
          builder.getNamedAttr("kernel", call.getCallee().getRootReference()),
          builder.getNamedAttr("layers", builder.getArrayAttr(layers)),
          builder.getNamedAttr("gradient", builder.getBoolAttr(hasGradient(call.getLoc())))};
      Attribute site = builder.getDictionaryAttr(fields);
      sites.insert(site);
      call.setSite(std::distance(sites.begin(), llvm::find(sites, site)));
      WorkCounter work(call, kernel);
      call.getFlopsMutable().assign(work.flops());
      call.getBytesMutable().assign(work.bytes(/*within=*/false));
      call.getWithinMutable().assign(work.bytes(/*within=*/true));
    }
    module->setAttr("lamina.sites", builder.getArrayAttr(sites.getArrayRef()));

    RewritePatternSet patterns(&getContext());
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    memref::populateResolveShapedTypeResultDimsPatterns(patterns);
    tensor::DimOp::getCanonicalizationPatterns(patterns, &getContext());
    (void)applyPatternsGreedily(entry, std::move(patterns));
  }
};

} // namespace
} // namespace mlir::lamina
