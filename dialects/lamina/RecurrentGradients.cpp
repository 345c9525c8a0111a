#include "dialects/lamina/GradientBuilder.h"
#include "dialects/lamina/LaminaOps.h"
#include "dialects/lamina/TimeSum.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::lamina {

namespace {

void eraseDeadOps(Block &block) {
  auto ops = llvm::to_vector(llvm::make_pointer_range(block.without_terminator()));
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op))
      op->erase();
}

/// Results that the backward loop reads back instead of computing them again.
bool isWorthSaving(Operation *op) { return isa<DotGeneralOp, ConvOp, ConvTransposeOp, ScanOp>(op); }

/// The backward loop of a scan: a scan in the other direction whose step is the gradient of the forward step. The
/// states of each step and the results of contractions come from the forward loop; everything else is computed again.
class ScanGradient {
public:
  ScanGradient(ScanOp op, GradientBuilder &outer) : op(op), outer(outer) {
    OpBuilder builder(op);
    holder = ModuleOp::create(builder, op.getLoc());
    body = holder.getBody();
  }
  ~ScanGradient() { holder->erase(); }

  LogicalResult build();

private:
  /// A sequence read by the backward loop.
  struct Sequence {
    Value value;         // null as long as the forward loop does not give it
    BlockArgument slice; // in the backward step
    Value forward;       // in the forward step, for a value saved there
  };

  void findActive();
  void cloneStep();
  LogicalResult differentiateStep();
  void saveForward();
  void emitLoop();
  DenseSet<Operation *> findLive(ArrayRef<Value> needed);

  BlockArgument readSequence(Value value, Type sliceType, Value forward = {}) {
    BlockArgument slice = body->addArgument(sliceType, op.getLoc());
    sequences.push_back({value, slice, forward});
    return slice;
  }

  ScanOp op;
  GradientBuilder &outer;
  ModuleOp holder; // of the backward step, beside the scan so that the same values are above it
  Block *body;

  DenseSet<Value> active;             // in the forward step
  llvm::SetVector<Value> captured;    // values from above whose cotangents are wanted
  SmallVector<unsigned> states;       // states that have cotangents
  SmallVector<unsigned> inputs;       // sequences whose cotangents are wanted
  SmallVector<BlockArgument> carried; // the cotangents of `states`
  SmallVector<Sequence> sequences;
  IRMapping mapping; // forward step to backward step
  SmallVector<Operation *> clones;
  SmallVector<Value> roots; // cotangents of states, inputs, captured
};

void ScanGradient::findActive() {
  llvm::SetVector<Value> above;
  getUsedValuesDefinedAbove(op->getRegions(), above);
  for (Value value : above)
    if (outer.wanted(value)) {
      captured.insert(value);
      active.insert(value);
    }
  for (auto [index, sequence] : llvm::enumerate(op.getSequences()))
    if (outer.wanted(sequence)) {
      inputs.push_back(index);
      active.insert(op.getSliceArguments()[index]);
    }
  for (auto [init, argument] : llvm::zip(op.getInits(), op.getStateArguments()))
    if (outer.wanted(init))
      active.insert(argument);
  SmallVector<Operation *> ops;
  for (Operation &step : op.getStep().without_terminator())
    ops.push_back(&step);
  // A state that depends on an active value makes what reads it active in the next step.
  for (bool changed = true; changed;) {
    changed = false;
    collectDependents(ops, active);
    for (auto [argument, next] : llvm::zip(op.getStateArguments(), op.getYieldedStates()))
      if (active.contains(next) && active.insert(argument).second)
        changed = true;
  }
  for (auto [index, argument] : llvm::enumerate(op.getStateArguments()))
    if (active.contains(argument))
      states.push_back(index);
}

void ScanGradient::cloneStep() {
  for (unsigned index : states)
    carried.push_back(body->addArgument(op.getStateArguments()[index].getType(), op.getLoc()));
  for (auto [sequence, slice] : llvm::zip(op.getSequences(), op.getSliceArguments()))
    mapping.map(slice, readSequence(sequence, slice.getType()));
  for (Value state : op.getStateArguments())
    mapping.map(state, readSequence({}, state.getType(), state));
  OpBuilder builder(op.getContext());
  builder.setInsertionPointToEnd(body);
  for (Operation &step : op.getStep().without_terminator())
    clones.push_back(builder.clone(step, mapping));
}

LogicalResult ScanGradient::differentiateStep() {
  DenseSet<Value> activeClones;
  for (Value value : active)
    activeClones.insert(mapping.lookupOrDefault(value));
  OpBuilder builder(op.getContext());
  builder.setInsertionPointToEnd(body);
  GradientBuilder inner(builder, op.getLoc(), activeClones);
  for (auto [index, cotangent] : llvm::zip(states, carried))
    inner.accumulate(mapping.lookupOrDefault(op.getYieldedStates()[index]), cotangent);
  for (auto [output, value] : llvm::zip(op.getOutputs(), op.getYieldedOutputs()))
    if (Value cotangent = outer.lookup(output))
      inner.accumulate(mapping.lookupOrDefault(value), readSequence(cotangent, value.getType()));
  if (failed(inner.backpropagate(clones)))
    return failure();

  SmallVector<Value> cotangents;
  for (auto [index, cotangent] : llvm::zip(states, carried))
    cotangents.push_back(inner.lookupOrZero(mapping.lookup(Value(op.getStateArguments()[index])), cotangent));
  for (unsigned index : inputs) {
    Value slice = mapping.lookup(Value(op.getSliceArguments()[index]));
    cotangents.push_back(inner.lookupOrZero(slice, slice));
  }
  captured.remove_if([&](Value value) { return !inner.lookup(value); });
  for (Value value : captured)
    cotangents.push_back(inner.lookup(value));
  // Held by a terminator while ops are replaced.
  auto yield = YieldOp::create(builder, op.getLoc(), cotangents);

  for (auto [step, clone] : llvm::zip(op.getStep().without_terminator(), clones))
    if (isWorthSaving(&step))
      for (auto [result, copy] : llvm::zip(step.getResults(), clone->getResults()))
        copy.replaceAllUsesWith(readSequence({}, result.getType(), result));
  inner.applyReplacements();
  eraseDeadOps(*body);
  roots = llvm::to_vector(yield->getOperands());
  return success();
}

void ScanGradient::saveForward() {
  SmallVector<Sequence *> saved;
  for (Sequence &sequence : sequences)
    if (!sequence.value && !sequence.slice.use_empty())
      saved.push_back(&sequence);
  if (saved.empty())
    return;
  OpBuilder builder(op);
  auto forward = ScanOp::create(builder, op.getLoc(), op.getInits(), op.getSequences(), op.getLength(), op.getReverse(),
                                [&](OpBuilder &step, Location, ValueRange stateArguments, ValueRange slices) {
                                  IRMapping copy;
                                  copy.map(op.getStateArguments(), stateArguments);
                                  copy.map(op.getSliceArguments(), slices);
                                  for (Operation &inside : op.getStep().without_terminator())
                                    step.clone(inside, copy);
                                  SmallVector<Value> yielded;
                                  for (Value value : op.getYield()->getOperands())
                                    yielded.push_back(copy.lookupOrDefault(value));
                                  for (Sequence *sequence : saved)
                                    yielded.push_back(copy.lookupOrDefault(sequence->forward));
                                  return yielded;
                                });
  for (auto [sequence, stacked] : llvm::zip(saved, forward->getResults().drop_front(op->getNumResults())))
    sequence->value = stacked;
  outer.replaceOp(op, forward->getResults().take_front(op->getNumResults()));
}

void ScanGradient::emitLoop() {
  ArrayRef<Value> stateRoots = ArrayRef(roots).take_front(states.size());
  ArrayRef<Value> inputRoots = ArrayRef(roots).slice(states.size(), inputs.size());
  ArrayRef<Value> capturedRoots = ArrayRef(roots).take_back(captured.size());

  TimeSum sum(*body);
  for (auto [value, root] : llvm::zip(captured, capturedRoots))
    sum.request(root, value);
  SmallVector<Value> inits;
  for (unsigned index : states) {
    Value cotangent = outer.lookup(op.getFinalStates()[index]);
    inits.push_back(cotangent ? cotangent : outer.zeros(op.getInits()[index]));
  }
  for (auto [value, like] : sum.getCarried())
    inits.push_back(outer.zeros(like));

  llvm::SetVector<Value> outputs(inputRoots.begin(), inputRoots.end());
  for (Value value : sum.getStacked()) {
    // A slice of a sequence need not be stacked again.
    auto *sequence = llvm::find_if(sequences, [&](const Sequence &s) { return s.slice == value; });
    if (sequence != sequences.end())
      sum.resolveStacked(value, sequence->value);
    else
      outputs.insert(value);
  }

  SmallVector<Value> needed(stateRoots);
  for (auto [value, like] : sum.getCarried())
    needed.push_back(value);
  llvm::append_range(needed, outputs);
  DenseSet<Operation *> live = findLive(needed);
  auto isRead = [&](const Sequence &sequence) {
    return llvm::is_contained(needed, sequence.slice) || llvm::any_of(sequence.slice.getUsers(), [&](Operation *user) {
             return live.contains(body->findAncestorOpInBlock(*user));
           });
  };
  SmallVector<Sequence> read = llvm::to_vector(llvm::make_filter_range(sequences, isRead));
  SmallVector<Value> readValues = llvm::map_to_vector(read, [](const Sequence &s) { return s.value; });
  Value length = op.getLength();
  if (!readValues.empty())
    length = {};
  else if (!length)
    length = outer.dim(op.getSequences().front(), 0);

  auto loop = ScanOp::create(outer.getBuilder(), op.getLoc(), inits, readValues, length, !op.getReverse(),
                             [&](OpBuilder &step, Location loc, ValueRange stateArguments, ValueRange slices) {
                               IRMapping copy;
                               copy.map(carried, stateArguments.take_front(carried.size()));
                               for (auto [sequence, slice] : llvm::zip(read, slices))
                                 copy.map(sequence.slice, slice);
                               for (Operation &inside : body->without_terminator())
                                 if (live.contains(&inside))
                                   step.clone(inside, copy);
                               SmallVector<Value> yielded;
                               for (Value root : stateRoots)
                                 yielded.push_back(copy.lookupOrDefault(root));
                               for (auto [entry, total] :
                                    llvm::zip(sum.getCarried(), stateArguments.drop_front(carried.size())))
                                 yielded.push_back(AddOp::create(step, loc, total, copy.lookupOrDefault(entry.first)));
                               for (Value output : outputs)
                                 yielded.push_back(copy.lookupOrDefault(output));
                               return yielded;
                             });

  auto results = loop->getResults();
  for (auto [index, cotangent] : llvm::zip(states, results))
    outer.propagate(op.getInits()[index], cotangent);
  for (auto [entry, total] : llvm::zip(sum.getCarried(), results.drop_front(states.size())))
    sum.resolveCarried(entry.first, total);
  IRMapping stacked;
  stacked.map(outputs.getArrayRef(), results.take_back(outputs.size()));
  for (Value value : sum.getStacked())
    if (Value sequence = stacked.lookupOrNull(value))
      sum.resolveStacked(value, sequence);
  for (auto [index, root] : llvm::zip(inputs, inputRoots))
    outer.propagate(op.getSequences()[index], stacked.lookup(root));
  for (auto [value, root] : llvm::zip(captured, capturedRoots))
    outer.propagate(value, sum.emit(outer, root));
}

DenseSet<Operation *> ScanGradient::findLive(ArrayRef<Value> needed) {
  DenseSet<Operation *> live;
  auto mark = [&](Value value) {
    Operation *definition = value.getDefiningOp();
    if (definition && definition->getBlock() == body)
      live.insert(definition);
  };
  llvm::for_each(needed, mark);
  for (Operation &inside : llvm::reverse(body->without_terminator())) {
    if (!live.contains(&inside))
      continue;
    llvm::for_each(inside.getOperands(), mark);
    llvm::SetVector<Value> above;
    getUsedValuesDefinedAbove(inside.getRegions(), above);
    llvm::for_each(above, mark);
  }
  return live;
}

LogicalResult ScanGradient::build() {
  findActive();
  cloneStep();
  if (failed(differentiateStep()))
    return failure();
  saveForward();
  emitLoop();
  return success();
}

} // namespace

void ScanOp::buildGradient(GradientBuilder &b) {
  // sₜ, yₜ = f(sₜ₋₁, xₜ, c) read backwards: dsₜ₋₁, dxₜ = fᵀ(dsₜ, dyₜ), dc = Σₜ of its part
  if (failed(ScanGradient(*this, b).build()))
    b.abort();
}

} // namespace mlir::lamina
