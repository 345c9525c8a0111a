// Gives entry functions the signature of runtime/abi.h. Guarantees that afterwards an entry function reads its tensors
// from `buffers` and its open dimensions from `dims`, returns a status, and writes every result into a buffer.

#include "compiler/Passes.h"
#include "compiler/bufferize/CallerMemory.h"
#include "dialects/lamina/KernelOps.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_ENTRYABIPASS
#include "compiler/Passes.h.inc"

namespace {

MemRefType bufferType(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return MemRefType::get(type.getShape(), type.getElementType());
}

/// What an operation writes into a destination, and what a loop carries, keeps its shape.
struct DimOfDestination : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::DimOp op, PatternRewriter &rewriter) const override {
    auto result = dyn_cast<OpResult>(op.getSource());
    Value source;
    if (!result) {
      auto argument = cast<BlockArgument>(op.getSource());
      if (auto loop = dyn_cast_or_null<scf::ForOp>(argument.getOwner()->getParentOp());
          loop && argument.getArgNumber() > 0)
        source = loop.getInitArgs()[argument.getArgNumber() - 1];
    } else if (auto loop = dyn_cast<scf::ForOp>(result.getOwner())) {
      source = loop.getInitArgs()[result.getResultNumber()];
    } else if (auto write = dyn_cast<bufferization::MaterializeInDestinationOp>(result.getOwner())) {
      source = write.getDest();
    } else if (auto style = dyn_cast<DestinationStyleOpInterface>(result.getOwner())) {
      source = style.getTiedOpOperand(result)->get();
    }
    if (!source)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getSourceMutable().assign(source); });
    return success();
  }
};

/// What `value`, a destination written to, was before: one step back.
OpOperand *destinationOf(Value value) {
  auto result = dyn_cast<OpResult>(value);
  if (!result)
    return nullptr;
  if (auto loop = dyn_cast<scf::ForOp>(result.getOwner()))
    return loop.getTiedLoopInit(result);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(result.getOwner()))
    return &insert.getDestMutable();
  if (auto style = dyn_cast<DestinationStyleOpInterface>(result.getOwner()))
    return style.getTiedOpOperand(result);
  return nullptr;
}

/// Where what computes `value` would write into fresh memory: to be written into a buffer from the start. One that is
/// `read` as an argument too is written by the last operation alone.
SmallVector<OpOperand *> freshDestinations(Value value, bool read) {
  SmallVector<OpOperand *> starts;
  OpOperand *start = destinationOf(value);
  while (OpOperand *step = start && !read ? destinationOf(start->get()) : nullptr)
    start = step;
  if (!start || !start->get().getDefiningOp<tensor::EmptyOp>() || start->get().getType() != value.getType())
    return starts;
  starts.push_back(start);
  // A part that is written first is a slice of the same memory.
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(start->getOwner())) {
    Value part = insert.getSource();
    while (OpOperand *step = destinationOf(part))
      part = step->get();
    if (auto slice = part.getDefiningOp<tensor::ExtractSliceOp>(); slice && slice.getSource() == start->get())
      starts.push_back(&slice.getSourceMutable());
  }
  return starts;
}

/// Lets them write into the buffer, if it is there by then.
void writeInto(OpBuilder &builder, ArrayRef<OpOperand *> destinations, Value buffer) {
  Operation *place = buffer.getDefiningOp();
  for (OpOperand *use : destinations)
    if (place->getBlock() != use->getOwner()->getBlock() || !place->isBeforeInBlock(use->getOwner()))
      return;
  if (destinations.empty())
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(place);
  Value memory = destinations.front()->get();
  memory = bufferization::ToTensorOp::create(builder, memory.getLoc(), memory.getType(), buffer, /*restrict=*/true,
                                             /*writable=*/true);
  for (OpOperand *use : destinations)
    use->set(memory);
}

/// The operation of an argument's own block that reads it first.
Operation *firstUser(Value argument) {
  Operation *first = nullptr;
  for (Operation *user : argument.getUsers()) {
    Operation *ancestor = argument.getParentBlock()->findAncestorOpInBlock(*user);
    if (!first || ancestor->isBeforeInBlock(first))
      first = ancestor;
  }
  return first;
}

/// The tensor whose elements `value` is a reshape of, if its open dimensions are the same; else the value.
Value withoutReshapes(Value value) {
  auto keepsOpen = [](ArrayRef<ReassociationIndices> groups, RankedTensorType merged, RankedTensorType split) {
    for (auto [axis, group] : llvm::enumerate(groups))
      if (merged.isDynamicDim(axis) ? group.size() != 1 || !split.isDynamicDim(group[0])
                                    : llvm::any_of(group, [&](int64_t i) { return split.isDynamicDim(i); }))
        return false;
    return true;
  };
  while (Operation *op = value.getDefiningOp()) {
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op);
        collapse && keepsOpen(collapse.getReassociationIndices(), collapse.getResultType(), collapse.getSrcType()))
      value = collapse.getSrc();
    else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op);
             expand && keepsOpen(expand.getReassociationIndices(), expand.getSrcType(), expand.getResultType()))
      value = expand.getSrc();
    else
      break;
  }
  return value;
}

class EntryBuilder {
public:
  EntryBuilder(ModuleOp module, func::FuncOp entry) : module(module), entry(entry), builder(entry.getContext()) {
    pointer = LLVM::LLVMPointerType::get(entry.getContext());
  }

  LogicalResult run();

private:
  StringRef kind(unsigned argument) {
    auto attr = entry.getArgAttrOfType<StringAttr>(argument, "lamina.kind");
    return attr ? attr.getValue() : StringRef();
  }
  void resolveDims();
  void shapesFunction(ArrayRef<Value> dims, ArrayRef<Value> openResults);

  ModuleOp module;
  func::FuncOp entry;
  OpBuilder builder;
  Type pointer;
};

void EntryBuilder::resolveDims() {
  RewritePatternSet patterns(entry.getContext());
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  memref::populateResolveShapedTypeResultDimsPatterns(patterns);
  scf::populateSCFForLoopCanonicalizationPatterns(patterns);
  tensor::DimOp::getCanonicalizationPatterns(patterns, entry.getContext());
  patterns.add<DimOfDestination>(entry.getContext());
  (void)applyPatternsGreedily(entry, std::move(patterns));
}

/// @<entry>_shapes(dims, out_dims): the slice of the entry function that computes the results' open dimensions.
void EntryBuilder::shapesFunction(ArrayRef<Value> dims, ArrayRef<Value> openResults) {
  OpBuilder::InsertionGuard guard(builder);
  Location loc = entry.getLoc();
  builder.setInsertionPoint(entry);
  auto function = func::FuncOp::create(builder, loc, (entry.getName() + "_shapes").str(),
                                       builder.getFunctionType({pointer, pointer}, {builder.getI32Type()}));
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToStart(block);
  IRMapping map;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    Value loaded = loadAt(builder, loc, block->getArgument(0), i, builder.getI64Type());
    map.map(dim, arith::IndexCastOp::create(builder, loc, builder.getIndexType(), loaded));
  }
  for (auto [i, value] : llvm::enumerate(openResults)) {
    llvm::SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.filter = [&](Operation *op) {
      return llvm::none_of(op->getResults(), [&](Value v) { return map.contains(v); });
    };
    if (!map.contains(value)) {
      (void)getBackwardSlice(value, &slice, options);
      for (Operation *op : slice)
        builder.clone(*op, map);
      if (Operation *def = value.getDefiningOp(); def && !map.contains(value))
        builder.clone(*def, map);
    }
    Value extent = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), map.lookup(value));
    storeAt(builder, loc, extent, block->getArgument(1), i, builder.getI64Type());
  }
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 32);
  func::ReturnOp::create(builder, loc, zero);
}

LogicalResult EntryBuilder::run() {
  Location loc = entry.getLoc();
  Block &body = entry.front();
  bool isPrepare = entry.getName() == "prepare";
  auto terminator = cast<func::ReturnOp>(body.getTerminator());

  // Results: where each goes, and its open dimensions while tensors still know them.
  SmallVector<int64_t> updates;
  SmallVector<Value> openResults;
  builder.setInsertionPoint(terminator);
  SmallVector<Value> returned(terminator.getOperands());
  for (auto [i, value] : llvm::enumerate(returned)) {
    auto attr = entry.getResultAttrOfType<IntegerAttr>(i, "lamina.updates");
    updates.push_back(attr ? attr.getInt() : -1);
    auto type = cast<RankedTensorType>(value.getType());
    for (int64_t axis = 0; axis < type.getRank() && !attr; ++axis)
      if (type.isDynamicDim(axis))
        openResults.push_back(tensor::DimOp::create(builder, loc, value, axis));
  }
  // The terminator keeps them alive while they are resolved.
  unsigned resultCount = returned.size();
  terminator->insertOperands(resultCount, openResults);
  resolveDims();

  unsigned arguments = body.getNumArguments();
  SmallVector<Value> old(body.getArguments());
  SmallVector<Type> types(4, pointer);
  if (isPrepare)
    types = {pointer, pointer, pointer};
  for (Type type : types)
    body.addArgument(type, loc);
  Value buffers = body.getArgument(arguments), context = body.getArguments().back();
  Value dims = isPrepare ? Value() : body.getArgument(arguments + 1);
  Value outputs = isPrepare ? body.getArgument(arguments + 1) : buffers;

  builder.setInsertionPointToStart(&body);
  Value zero = arith::ConstantIntOp::create(builder, loc, 0, 32);
  SmallVector<Value> allDims, argumentBuffers(arguments);
  llvm::SmallDenseSet<int64_t> written(updates.begin(), updates.end());
  unsigned results = llvm::count(updates, -1), plain = 0;
  for (unsigned i = 0; i < arguments; ++i)
    plain += isa<RankedTensorType>(old[i].getType()) && kind(i) != "prepared";
  unsigned nextPlain = 0, nextPrepared = 0;
  for (unsigned i = 0; i < arguments; ++i) {
    auto type = dyn_cast<RankedTensorType>(old[i].getType());
    if (!type) {
      old[i].replaceAllUsesWith(context);
      continue;
    }
    int64_t slot = kind(i) == "prepared" ? plain + results + nextPrepared++ : nextPlain++;
    if (auto source = entry.getArgAttrOfType<IntegerAttr>(i, "lamina.source"))
      slot = source.getInt();
    SmallVector<Value> open;
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis)) {
        Value loaded = loadAt(builder, loc, dims, allDims.size(), builder.getI64Type());
        open.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), loaded));
        allDims.push_back(open.back());
      }
    // A weight's pointer is loaded where it is first read: hundreds of them would only be spilled.
    OpBuilder::InsertionGuard guard(builder);
    if (open.empty() && !written.contains(i) && !old[i].use_empty())
      builder.setInsertionPoint(firstUser(old[i]));
    Value address = loadAt(builder, loc, buffers, slot, pointer);
    argumentBuffers[i] = bufferFromPointer(builder, loc, address, bufferType(type), open);
    Value tensor = bufferization::ToTensorOp::create(builder, loc, type, argumentBuffers[i], /*restrict=*/true,
                                                     /*writable=*/written.contains(i));
    // Dimensions of arguments are read from `dims`.
    unsigned next = 0;
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      if (!type.isDynamicDim(axis))
        continue;
      Value extent = open[next++];
      for (Operation *user : llvm::make_early_inc_range(old[i].getUsers()))
        if (auto dim = dyn_cast<tensor::DimOp>(user); dim && dim.getConstantIndex() == axis) {
          dim.replaceAllUsesWith(extent);
          dim.erase();
        }
    }
    old[i].replaceAllUsesWith(tensor);
  }
  openResults.assign(terminator.getOperands().begin() + resultCount, terminator.getOperands().end());
  terminator->eraseOperands(resultCount, openResults.size());
  if (!openResults.empty())
    shapesFunction(allDims, openResults);

  Operation *prologueEnd = &*std::prev(builder.getInsertionPoint());

  // Results are written where the caller wants them. The buffers exist before what computes them, so that kernels can
  // write into them.
  SmallVector<Value> resultBuffers;
  builder.setInsertionPoint(terminator);
  unsigned nextOpen = 0, nextResult = 0;
  for (auto [i, result] : llvm::enumerate(terminator.getOperands())) {
    Value value = result, buffer;
    SmallVector<OpOperand *> destinations;
    if (updates[i] >= 0) {
      buffer = argumentBuffers[updates[i]];
      destinations = freshDestinations(value, /*read=*/true);
    } else {
      auto type = cast<RankedTensorType>(value.getType());
      SmallVector<Value> open;
      for (int64_t axis = 0; axis < type.getRank(); ++axis)
        if (type.isDynamicDim(axis))
          open.push_back(openResults[nextOpen++]);
      OpBuilder::InsertionGuard guard(builder);
      value = withoutReshapes(value);
      destinations = freshDestinations(value, /*read=*/false);
      for (OpOperand *use : destinations)
        if (Operation *user = use->getOwner(); open.empty() && user->getBlock() == builder.getInsertionBlock() &&
                                               user->isBeforeInBlock(&*builder.getInsertionPoint()))
          builder.setInsertionPoint(user);
      if (!open.empty() && llvm::all_of(open, [&](Value extent) { return llvm::is_contained(allDims, extent); }))
        builder.setInsertionPointAfter(prologueEnd);
      Value address = loadAt(builder, loc, outputs, isPrepare ? nextResult : plain + nextResult, pointer);
      ++nextResult;
      buffer = bufferFromPointer(builder, loc, address, bufferType(value.getType()), open);
    }
    writeInto(builder, destinations, buffer);
    auto write = bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), value, buffer);
    write.setRestrict(true);
    write.setWritable(true);
  }
  builder.setInsertionPoint(terminator);
  func::ReturnOp::create(builder, loc, zero);
  terminator.erase();

  body.eraseArguments(0, arguments);
  entry.setType(builder.getFunctionType(types, {builder.getI32Type()}));
  entry.removeArgAttrsAttr();
  entry.removeResAttrsAttr();
  return success();
}

struct EntryAbiPass : impl::EntryAbiPassBase<EntryAbiPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> entries(module.getOps<func::FuncOp>());
    for (func::FuncOp entry : entries)
      if (!entry.isExternal() && !entry->hasAttr("lamina.messages") && failed(EntryBuilder(module, entry).run()))
        return signalPassFailure();
  }
};

} // namespace
} // namespace mlir::lamina
