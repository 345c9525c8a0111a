// Outlines every group of structured operations of the entry functions into a nested module with one function, called
// through lamina.call_kernel. Guarantees that no structured operation is left in an entry function, and that equal
// kernels are one.

#include "compiler/Contraction.h"
#include "compiler/Passes.h"
#include "compiler/kernels/Groups.h"
#include "dialects/lamina/KernelOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::lamina {
#define GEN_PASS_DEF_FORMKERNELSPASS
#include "compiler/Passes.h.inc"

namespace {

MemRefType bufferType(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return MemRefType::get(type.getShape(), type.getElementType());
}

/// The locations of all that the group computes, in its order, each once: they name the layers.
Location locationOf(KernelGroup &group) {
  llvm::SmallSetVector<Location, 4> locations;
  for (Operation *op : group.ops) {
    // Scalars first: the operation is where its last producer was fused into.
    op->walk([&](Operation *inner) {
      if (!inner->hasTrait<OpTrait::ConstantLike>() && !inner->hasTrait<OpTrait::IsTerminator>())
        locations.insert(inner->getLoc());
    });
  }
  return FusedLoc::get(group.root.getContext(), locations.getArrayRef());
}

/// The result tensor's destination in the entry function, and how the kernel starts from it.
struct Destination {
  Value tensor;                 // what the call writes into
  bool fill = false;            // the kernel fills it first
  OpOperand *inPlace = nullptr; // an input of the root that is the destination itself
};

// An element that is read where its new value is written is read through the destination: an input of its own would
// look as if one tile could read what another has written, and cost a copy of the whole tensor.
void readFromInits(linalg::GenericOp op) {
  if (op.getNumReductionLoops())
    return;
  for (int64_t i = op.getNumDpsInputs() - 1; i >= 0; --i) {
    OpOperand *input = op.getDpsInputOperand(i);
    for (OpOperand &init : op.getDpsInitsMutable()) {
      if (init.get() != input->get() || op.getMatchingIndexingMap(&init) != op.getMatchingIndexingMap(input))
        continue;
      SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
      maps.erase(maps.begin() + i);
      op.getMatchingBlockArgument(input).replaceAllUsesWith(op.getMatchingBlockArgument(&init));
      op.getBody()->eraseArgument(i);
      op.getInputsMutable().erase(i);
      op.setIndexingMapsAttr(ArrayAttr::get(op.getContext(), maps));
      break;
    }
  }
}

class Outliner {
public:
  Outliner(ModuleOp module, func::FuncOp entry, Value context, llvm::StringMap<std::string> &known)
      : module(module), entry(entry), context(context), known(known) {}

  void outline(KernelGroup &group);

private:
  Destination destinationOf(KernelGroup &group, unsigned result);
  BlockArgument updatedArgument(Value value);

  ModuleOp module;
  func::FuncOp entry;
  Value context;
  llvm::StringMap<std::string> &known;
};

// The argument that the entry function updates with `value`, if any.
BlockArgument Outliner::updatedArgument(Value value) {
  Operation *terminator = entry.front().getTerminator();
  for (OpOperand &use : value.getUses())
    if (use.getOwner() == terminator)
      if (auto index = entry.getResultAttrOfType<IntegerAttr>(use.getOperandNumber(), "lamina.updates"))
        return entry.getArgument(index.getInt());
  return {};
}

Destination Outliner::destinationOf(KernelGroup &group, unsigned result) {
  linalg::LinalgOp root = group.root;
  Destination destination;
  Value init = root.getDpsInits()[result];
  if (auto fill = init.getDefiningOp<linalg::FillOp>()) {
    destination.fill = true;
    init = fill.getDpsInits()[0];
  }
  destination.tensor = init;
  if (tensor::InsertSliceOp sink = group.sinks[result]) {
    destination.tensor = sink.getDest();
    return destination;
  }
  if (!init.getDefiningOp<tensor::EmptyOp>())
    return destination;
  BlockArgument argument = updatedArgument(root->getResult(result));
  if (!argument)
    return destination;
  // An elementwise update may run in place; any other reader of the old value keeps it apart.
  AffineMap written = root.getIndexingMapMatchingResult(root->getResult(result));
  for (Operation *op : group.ops)
    for (OpOperand &operand : op->getOpOperands()) {
      if (operand.get() != argument)
        continue;
      if (op != root || destination.inPlace || root.getNumReductionLoops() != 0 ||
          root.getMatchingIndexingMap(&operand) != written) {
        destination.inPlace = nullptr;
        return destination;
      }
      destination.inPlace = &operand;
    }
  destination.tensor = argument;
  return destination;
}

// True when the group reads a sink's destination, and only the slice that it writes, element by element.
bool readsOnlyWrittenSlice(KernelGroup &group, unsigned result) {
  tensor::InsertSliceOp sink = group.sinks[result];
  bool reads = false;
  for (Operation *op : group.ops)
    for (OpOperand &operand : op->getOpOperands()) {
      if (operand.get() == sink.getDest())
        return false;
      auto slice = operand.get().getDefiningOp<tensor::ExtractSliceOp>();
      if (!slice || slice.getSource() != sink.getDest())
        continue;
      if (op != group.root || group.root.getNumReductionLoops() != 0 ||
          !isEqualConstantIntOrValueArray(slice.getMixedOffsets(), sink.getMixedOffsets()) ||
          !isEqualConstantIntOrValueArray(slice.getMixedSizes(), sink.getMixedSizes()) ||
          !isEqualConstantIntOrValueArray(slice.getMixedStrides(), sink.getMixedStrides()) ||
          group.root.getMatchingIndexingMap(&operand) !=
              group.root.getIndexingMapMatchingResult(group.root->getResult(result)))
        return false;
      reads = true;
    }
  return reads;
}

void Outliner::outline(KernelGroup &group) {
  linalg::LinalgOp root = group.root;
  bool single = root->getNumResults() == 1 && group.sinks[0];
  Operation *position = single ? group.sinks[0].getOperation() : root.getOperation();
  OpBuilder builder(position);
  Location loc = root.getLoc();

  SmallVector<Destination> destinations;
  for (unsigned i = 0; i < root->getNumResults(); ++i)
    destinations.push_back(destinationOf(group, i));
  auto isInPlace = [&](OpOperand &operand) {
    return llvm::any_of(destinations, [&](const Destination &d) { return d.inPlace == &operand; });
  };

  // What the kernel reads from outside, in order of first use; repeated operations are followed to their own operands.
  llvm::SetVector<Value> inputs;
  SmallVector<Operation *> repeated;
  DenseSet<Operation *> seen;
  auto visit = [&](auto &&self, Value value) -> void {
    Operation *def = value.getDefiningOp();
    if (def && group.ops.contains(def))
      return;
    if (def && isRepeated(def)) {
      if (!seen.insert(def).second)
        return;
      for (Value operand : def->getOperands())
        self(self, operand);
      repeated.push_back(def);
      return;
    }
    inputs.insert(value);
  };
  for (Operation *op : group.ops) {
    for (OpOperand &operand : op->getOpOperands()) {
      bool isRootInit = op == root && root.isDpsInit(&operand);
      if (isInPlace(operand))
        continue;
      if (isRootInit) {
        unsigned i = operand.getOperandNumber() - root.getNumDpsInputs();
        if (destinations[i].fill)
          visit(visit, operand.get().getDefiningOp<linalg::FillOp>().getInputs()[0]);
        continue;
      }
      visit(visit, operand.get());
    }
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    for (Value value : captured)
      visit(visit, value);
  }
  for (tensor::InsertSliceOp sink : group.sinks)
    if (sink)
      for (Value operand : sink->getOperands().drop_front(2))
        visit(visit, operand);

  // A row that is read and written back at the same place is updated where it is.
  SmallVector<unsigned> updatedRows;
  for (unsigned i = 0; i < group.sinks.size(); ++i)
    if (group.sinks[i] && readsOnlyWrittenSlice(group, i)) {
      updatedRows.push_back(i);
      inputs.remove(group.sinks[i].getDest());
    }

  // The function.
  SmallVector<Type> types{context.getType()};
  for (Value input : inputs)
    types.push_back(isa<RankedTensorType>(input.getType()) ? Type(bufferType(input.getType())) : input.getType());
  for (Destination &destination : destinations)
    types.push_back(bufferType(destination.tensor.getType()));
  OwningOpRef<ModuleOp> kernelModule = ModuleOp::create(loc);
  OpBuilder inner = OpBuilder::atBlockBegin(kernelModule->getBody());
  auto function = func::FuncOp::create(inner, loc, "kernel", inner.getFunctionType(types, {}));
  function->setAttr("lamina.kernel", inner.getUnitAttr());
  inner.setInsertionPointToStart(function.addEntryBlock());

  IRMapping map;
  for (auto [input, argument] : llvm::zip(inputs, function.getArguments().drop_front(1))) {
    Value value = argument;
    if (isa<RankedTensorType>(input.getType()))
      value = bufferization::ToTensorOp::create(inner, loc, input.getType(), argument, /*restrict=*/true,
                                                /*writable=*/false);
    map.map(input, value);
  }
  SmallVector<Value> buffers(function.getArguments().take_back(destinations.size()));
  SmallVector<Value> outputs;
  for (auto [destination, buffer] : llvm::zip_equal(destinations, buffers))
    outputs.push_back(bufferization::ToTensorOp::create(inner, loc, destination.tensor.getType(), buffer,
                                                        /*restrict=*/true,
                                                        /*writable=*/true));
  for (unsigned i : updatedRows)
    map.map(group.sinks[i].getDest(), outputs[i]);
  for (Operation *op : repeated)
    inner.clone(*op, map);
  SmallVector<Value> starts;
  for (auto [i, destination] : llvm::enumerate(destinations)) {
    Value out = outputs[i];
    Value init = root.getDpsInits()[i];
    auto fill = init.getDefiningOp<linalg::FillOp>();
    Value start = out;
    if (tensor::InsertSliceOp sink = group.sinks[i]) {
      auto remap = [&](SmallVector<OpFoldResult> list) {
        for (OpFoldResult &entry : list)
          if (auto value = dyn_cast<Value>(entry))
            entry = map.lookup(value);
        return list;
      };
      start = tensor::ExtractSliceOp::create(inner, loc, cast<RankedTensorType>(init.getType()), out,
                                             remap(sink.getMixedOffsets()), remap(sink.getMixedSizes()),
                                             remap(sink.getMixedStrides()));
    }
    if (destination.fill)
      start =
          linalg::FillOp::create(inner, fill.getLoc(), ValueRange{map.lookup(fill.getInputs()[0])}, ValueRange{start})
              .getResult(0);
    starts.push_back(start);
    if (destination.inPlace)
      map.map(destination.inPlace->get(), start);
  }
  Operation *rootClone = nullptr;
  for (Operation *op : group.ops)
    rootClone = inner.clone(*op, map);
  // Results may have started from one empty tensor; in memory each has its own place.
  cast<linalg::LinalgOp>(rootClone).getDpsInitsMutable().assign(starts);
  if (auto generic = dyn_cast<linalg::GenericOp>(rootClone))
    readFromInits(generic);
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    Value value = rootClone->getResult(i);
    if (tensor::InsertSliceOp sink = group.sinks[i]) {
      IRMapping sinkMap = map;
      sinkMap.map(sink.getSource(), value);
      sinkMap.map(sink.getDest(), outputs[i]);
      value = inner.clone(*sink, sinkMap)->getResult(0);
    }
    auto write = bufferization::MaterializeInDestinationOp::create(inner, loc, Type(), value, buffer);
    write.setRestrict(true);
    write.setWritable(true);
  }
  func::ReturnOp::create(inner, loc);
  rootClone->setAttr("lamina.shared_dims", inner.getI64IntegerAttr(group.sharedDims));

  // Equal kernels are one.
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernelModule->print(stream);
  auto [it, added] = known.try_emplace(text);
  if (added) {
    it->second = "kernel_" + std::to_string(known.size() - 1);
    kernelModule->setSymName(it->second);
    module.push_back(kernelModule.release());
  }
  auto callee =
      SymbolRefAttr::get(builder.getContext(), it->second, {FlatSymbolRefAttr::get(builder.getContext(), "kernel")});

  SmallVector<Value> arguments{context};
  llvm::append_range(arguments, inputs);
  SmallVector<Value> outs(llvm::map_range(destinations, [](const Destination &d) { return d.tensor; }));
  auto call = CallKernelOp::create(builder, locationOf(group), TypeRange(outs), callee, arguments, outs);
  bool reads = llvm::any_of(group.sinks, [](tensor::InsertSliceOp sink) { return sink != nullptr; });
  for (auto [i, destination] : llvm::enumerate(destinations))
    reads |=
        destination.inPlace || !isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(root.getDpsInits()[i].getDefiningOp());
  if (reads)
    call->setAttr("reads_destinations", builder.getUnitAttr());
  for (auto [i, result] : llvm::enumerate(call.getResults())) {
    if (tensor::InsertSliceOp sink = group.sinks[i]) {
      sink.replaceAllUsesWith(result);
      sink->erase();
    } else {
      root->getResult(i).replaceAllUsesWith(result);
    }
  }
  for (Operation *op : llvm::reverse(group.ops))
    op->erase();
}

// A border of a padded tensor.
bool isBorder(linalg::FillOp fill) {
  return fill && fill.getDpsInits()[0].getDefiningOp<tensor::ExtractSliceOp>() && fill->hasOneUse() &&
         isa<tensor::InsertSliceOp>(*fill->user_begin());
}

// What reads elements by their place in a slice reads them from where the slice lies: vectors take elements from whole
// tensors.
void readThroughSlices(func::FuncOp entry) {
  SmallVector<tensor::ExtractOp> reads;
  entry.walk([&](tensor::ExtractOp read) { reads.push_back(read); });
  for (tensor::ExtractOp read : reads)
    while (auto slice = read.getTensor().getDefiningOp<tensor::ExtractSliceOp>()) {
      OpBuilder b(read);
      Location loc = read.getLoc();
      llvm::SmallBitVector dropped = slice.getDroppedDims();
      SmallVector<Value> indices;
      auto own = read.getIndices().begin();
      for (auto [axis, offset] : llvm::enumerate(slice.getMixedOffsets())) {
        // Arithmetic that becomes vectors, unlike affine.apply.
        Value place = getValueOrCreateConstantIndexOp(b, loc, offset);
        if (!dropped.test(axis)) {
          Value stride = getValueOrCreateConstantIndexOp(b, loc, slice.getMixedStrides()[axis]);
          place = b.createOrFold<arith::AddIOp>(loc, b.createOrFold<arith::MulIOp>(loc, *own++, stride), place);
        }
        indices.push_back(place);
      }
      read.getTensorMutable().assign(slice.getSource());
      read.getIndicesMutable().assign(indices);
    }
}

// Values that leave the function's structured part as a slice need a buffer of their own.
void materializeSlices(func::FuncOp entry) {
  SmallVector<OpOperand *> uses;
  entry.walk([&](tensor::ExtractSliceOp slice) {
    for (OpOperand &use : slice->getUses())
      if (!isa<linalg::LinalgOp, tensor::ExtractSliceOp>(use.getOwner()))
        uses.push_back(&use);
  });
  entry.walk([&](tensor::InsertSliceOp insert) {
    Value source = insert.getSource();
    auto fill = source.getDefiningOp<linalg::FillOp>();
    if (isBorder(fill))
      return;
    if (!source.getDefiningOp<linalg::LinalgOp>() || fill || !sinkOf(cast<OpResult>(source)))
      uses.push_back(&insert.getSourceMutable());
  });
  for (OpOperand *use : uses) {
    OpBuilder builder(use->getOwner());
    Value source = use->get();
    Location loc = source.getLoc();
    auto type = cast<RankedTensorType>(source.getType());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, source);
    Value empty = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
    AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
    auto copy = linalg::GenericOp::create(
        builder, loc, TypeRange{type}, ValueRange{source}, ValueRange{empty}, ArrayRef<AffineMap>{identity, identity},
        iterators, [](OpBuilder &b, Location l, ValueRange args) { linalg::YieldOp::create(b, l, args[0]); });
    use->set(copy.getResult(0));
  }
}

// A fill that is more than the start of a structured operation needs an operation that writes it.
void materializeFills(func::FuncOp entry) {
  SmallVector<linalg::FillOp> fills;
  entry.walk([&](linalg::FillOp fill) { fills.push_back(fill); });
  for (linalg::FillOp fill : fills) {
    if (isBorder(fill))
      continue;
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : fill->getUses())
      if (!isa<linalg::LinalgOp>(use.getOwner()) && !isa<tensor::ExtractSliceOp>(use.getOwner()))
        uses.push_back(&use);
    if (uses.empty())
      continue;
    OpBuilder builder(fill);
    auto type = cast<RankedTensorType>(fill.getResult(0).getType());
    AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
    Value scalar = fill.getInputs()[0];
    auto write = linalg::GenericOp::create(
        builder, fill.getLoc(), TypeRange{type}, ValueRange{}, fill.getDpsInits(), ArrayRef<AffineMap>{identity},
        iterators, [&](OpBuilder &b, Location l, ValueRange) { linalg::YieldOp::create(b, l, scalar); });
    for (OpOperand *use : uses)
      use->set(write.getResult(0));
  }
}

// A loop of one turn has been unfolded: what it carried needs no buffer of its own, and its first values, which several
// may share, must stay.
void forgetUnfoldedLoops(func::FuncOp entry) {
  entry.walk([](bufferization::MaterializeInDestinationOp write) {
    if (write->getNumResults() == 0)
      return;
    auto carried = dyn_cast<BlockArgument>(write.getDest());
    auto loop = carried ? dyn_cast_or_null<scf::ForOp>(carried.getOwner()->getParentOp()) : scf::ForOp();
    if (loop && llvm::is_contained(write->getUsers(), loop.getBody()->getTerminator()))
      return;
    write->getResult(0).replaceAllUsesWith(write.getSource());
    write.erase();
  });
}

// What a loop carries is written into the buffer that carries it, after all of its readers.
void carryInPlace(func::FuncOp entry) {
  entry.walk([](scf::ForOp loop) {
    auto yield = cast<scf::YieldOp>(loop.getBody()->getTerminator());
    for (auto write : llvm::to_vector(loop.getBody()->getOps<bufferization::MaterializeInDestinationOp>()))
      if (write->hasOneUse() && *write->user_begin() == yield)
        write->moveBefore(yield);
    OpBuilder builder(yield);
    for (OpOperand &operand : yield->getOpOperands()) {
      Value carried = loop.getRegionIterArg(operand.getOperandNumber());
      if (!isa<RankedTensorType>(carried.getType()) || operand.get() == carried)
        continue;
      // A chain of updates of the carried tensor is in place already.
      Value source = operand.get();
      while (true) {
        if (auto insert = source.getDefiningOp<tensor::InsertSliceOp>())
          source = insert.getDest();
        else if (auto inner = source.getDefiningOp<scf::ForOp>())
          source = inner.getInitArgs()[cast<OpResult>(source).getResultNumber()];
        else
          break;
      }
      if (source == carried)
        continue;
      if (auto written = source.getDefiningOp<bufferization::MaterializeInDestinationOp>();
          written && written.getDest() == carried)
        continue;
      auto write = bufferization::MaterializeInDestinationOp::create(builder, yield.getLoc(), carried.getType(),
                                                                     operand.get(), carried);
      operand.set(write.getResult());
    }
  });
}

// Says of which places along each axis the first operand of a contraction is not known to be zero: what lies outside
// was padded and need not be multiplied.
void markPadding(func::FuncOp entry) {
  entry.walk([](tensor::PadOp pad) {
    Value value = pad.getConstantPaddingValue();
    if (!value || !(matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_Zero())))
      return;
    SmallVector<int64_t> places;
    for (auto [low, size] : llvm::zip_equal(pad.getStaticLow(), pad.getSourceType().getShape())) {
      bool open = ShapedType::isDynamic(low) || ShapedType::isDynamic(size);
      places.push_back(open ? 0 : low);
      places.push_back(open ? ShapedType::kDynamic : low + size);
    }
    for (OpOperand &use : pad->getUses())
      if (auto op = dyn_cast<linalg::GenericOp>(use.getOwner()); op && isContraction(op) && use.getOperandNumber() == 0)
        op->setAttr("lamina.filled", DenseI64ArrayAttr::get(pad.getContext(), places));
  });
}

// Padding is an insertion between borders of one value, of which each is filled once. No kernel fills them: they are
// too small.
void decomposePads(func::FuncOp entry) {
  SmallVector<tensor::PadOp> pads;
  entry.walk([&](tensor::PadOp pad) { pads.push_back(pad); });
  IRRewriter rewriter(entry.getContext());
  for (tensor::PadOp pad : pads) {
    rewriter.setInsertionPoint(pad);
    Location loc = pad.getLoc();
    RankedTensorType type = pad.getResultType();
    SmallVector<OpFoldResult> low = pad.getMixedLowPad(), high = pad.getMixedHighPad(),
                              inner = tensor::getMixedSizes(rewriter, loc, pad.getSource());
    AffineExpr s0, s1, s2;
    bindSymbols(rewriter.getContext(), s0, s1, s2);
    SmallVector<OpFoldResult> sizes, steps(type.getRank(), rewriter.getIndexAttr(1));
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      sizes.push_back(
          affine::makeComposedFoldedAffineApply(rewriter, loc, s0 + s1 + s2, {low[axis], inner[axis], high[axis]}));
    Value result = tensor::EmptyOp::create(rewriter, loc, sizes, type.getElementType());
    // The borders of an axis have the whole width of later axes and the inner one of those before.
    SmallVector<OpFoldResult> at(type.getRank(), rewriter.getIndexAttr(0)), extents = sizes;
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      OpFoldResult last = affine::makeComposedFoldedAffineApply(rewriter, loc, s0 + s1, {low[axis], inner[axis]});
      for (auto [start, width] : {std::pair(OpFoldResult(rewriter.getIndexAttr(0)), low[axis]), {last, high[axis]}}) {
        if (isZeroInteger(width))
          continue;
        at[axis] = start;
        extents[axis] = width;
        Value border = tensor::ExtractSliceOp::create(rewriter, loc, result, at, extents, steps);
        border = linalg::FillOp::create(rewriter, loc, pad.getConstantPaddingValue(), border).getResult(0);
        result = tensor::InsertSliceOp::create(rewriter, loc, border, result, at, extents, steps);
      }
      at[axis] = low[axis];
      extents[axis] = inner[axis];
    }
    rewriter.replaceOpWithNewOp<tensor::InsertSliceOp>(pad, pad.getSource(), result, at, extents, steps);
  }
  if (pads.empty())
    return;
  // What is inserted is computed in its place if nothing else reads it, be it for a size.
  RewritePatternSet patterns(entry.getContext());
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  tensor::DimOp::getCanonicalizationPatterns(patterns, entry.getContext());
  (void)applyPatternsGreedily(entry, std::move(patterns));
}

struct FormKernelsPass : impl::FormKernelsPassBase<FormKernelsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::StringMap<std::string> known;
    SmallVector<func::FuncOp> entries(module.getOps<func::FuncOp>());
    for (func::FuncOp entry : entries) {
      if (entry.isExternal() || entry->hasAttr("lamina.messages"))
        continue;
      auto pointer = LLVM::LLVMPointerType::get(&getContext());
      unsigned index = entry.getNumArguments();
      (void)entry.insertArgument(index, pointer, {}, entry.getLoc());
      markPadding(entry);
      decomposePads(entry);
      collapseSlicedUnits(entry);
      forgetUnfoldedLoops(entry);
      carryInPlace(entry);
      materializeFills(entry);
      readThroughSlices(entry);
      materializeSlices(entry);
      Outliner outliner(module, entry, entry.getArgument(index), known);
      SmallVector<Block *> blocks;
      entry.walk([&](Operation *op) {
        if (isa<func::FuncOp, scf::ForOp, scf::IfOp, scf::WhileOp>(op))
          for (Region &region : op->getRegions())
            for (Block &block : region)
              blocks.push_back(&block);
      });
      for (Block *block : blocks) {
        SmallVector<KernelGroup> groups = formGroups(*block);
        for (KernelGroup &group : groups)
          outliner.outline(group);
      }
      // Repeated operations now live in the kernels.
      bool changed = true;
      while (changed) {
        changed = false;
        SmallVector<Operation *> dead;
        entry.walk([&](Operation *op) {
          if (isOpTriviallyDead(op))
            dead.push_back(op);
        });
        for (Operation *op : dead)
          op->erase();
        changed = !dead.empty();
      }
    }
  }
};

} // namespace
} // namespace mlir::lamina
