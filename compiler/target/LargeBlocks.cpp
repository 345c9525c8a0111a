#include "compiler/target/LargeBlocks.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/CodeExtractor.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

namespace lamina::target {

namespace {

using namespace llvm;

bool isLarge(const BasicBlock &block) {
  constexpr int64_t fewest = 600;
  return count_if(block, [](const Instruction &op) { return op.getType()->isVectorTy(); }) >= fewest;
}

/// What a loop of one block does besides going on to its next turn, if that neither takes vectors from outside nor
/// leaves any.
std::optional<SmallVector<Instruction *>> findBody(BasicBlock &block) {
  SmallPtrSet<Instruction *, 8> goesOn{block.getTerminator()};
  SmallVector<Instruction *> body;
  for (Instruction &op : reverse(block)) {
    if (&op == block.getTerminator() || isa<PHINode>(op))
      continue;
    auto onlyGoesOn = [&](User *user) { return isa<PHINode>(user) || goesOn.contains(cast<Instruction>(user)); };
    if (!op.use_empty() && !op.mayReadOrWriteMemory() && all_of(op.users(), onlyGoesOn))
      goesOn.insert(&op);
    else if (any_of(op.users(), onlyGoesOn) || op.isUsedOutsideOfBlock(&block))
      return std::nullopt;
    else
      body.push_back(&op);
  }
  for (Instruction *op : body)
    for (Value *operand : op->operands()) {
      auto source = dyn_cast<Instruction>(operand);
      bool isOutside = isa<Argument>(operand) || (source && (source->getParent() != &block || isa<PHINode>(source)));
      if (isOutside && operand->getType()->isVectorTy())
        return std::nullopt;
    }
  return body;
}

/// Repeats in the block what arithmetic on numbers it takes from before its loop, which would be as many arguments.
void takeArithmetic(BasicBlock &block) {
  SetVector<Instruction *> sources;
  auto collect = [&](auto &self, Instruction &user) -> void {
    for (Value *operand : user.operands()) {
      auto source = dyn_cast<Instruction>(operand);
      if (!source || source->getParent() == &block || sources.contains(source) ||
          !isa<BinaryOperator, CastInst, GetElementPtrInst>(source))
        continue;
      self(self, *source);
      sources.insert(source);
    }
  };
  for (Instruction &op : block)
    collect(collect, op);
  BasicBlock::iterator first = block.begin();
  ValueToValueMapTy own;
  for (Instruction *source : sources) {
    Instruction *clone = source->clone();
    clone->insertBefore(first);
    own[source] = clone;
  }
  for (Instruction &op : block)
    RemapInstruction(&op, own, RF_NoModuleLevelChanges | RF_IgnoreMissingLocals);
}

} // namespace

void outlineLargeBlocks(Module &module) {
  for (Function &function : make_early_inc_range(module)) {
    if (function.isDeclaration())
      continue;
    DominatorTree tree(function);
    LoopInfo loops(tree);
    SmallVector<BasicBlock *> blocks;
    for (Loop *loop : loops.getLoopsInPreorder())
      if (loop->getNumBlocks() == 1 && isLarge(*loop->getHeader()))
        blocks.push_back(loop->getHeader());
    for (BasicBlock *block : blocks) {
      std::optional<SmallVector<Instruction *>> body = findBody(*block);
      if (!body)
        continue;
      // The body first, then what goes on.
      BasicBlock *inner = block->splitBasicBlock(block->getFirstNonPHIIt());
      BasicBlock *latch = inner->splitBasicBlock(inner->getTerminator());
      for (Instruction &op : make_early_inc_range(*inner))
        if (!op.isTerminator() && !is_contained(*body, &op))
          op.moveBefore(latch->getTerminator()->getIterator());
      takeArithmetic(*inner);
      CodeExtractor extractor(inner);
      if (Function *outlined =
              extractor.isEligible() ? extractor.extractCodeRegion(CodeExtractorAnalysisCache(function)) : nullptr)
        outlined->addFnAttr(Attribute::NoInline);
    }
  }
}

} // namespace lamina::target
