#include "compiler/target/LibraryCalls.h"

#include "llvm/CodeGen/TargetLowering.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

#include <cmath>

namespace lamina::target {

namespace {

using llvm::Intrinsic::ID;

/// x rounded, by conversion to an integer and back: exact below 2^mantissa, above which every x is whole.
llvm::Value *roundByConversion(llvm::IRBuilder<> &b, ID id, llvm::Value *x) {
  llvm::Type *type = x->getType();
  unsigned mantissa = type->getFPMantissaWidth() - 1;
  auto number = [&](double value) { return llvm::ConstantFP::get(type, value); };
  llvm::Value *limit = number(std::ldexp(1.0, mantissa));
  llvm::Value *small = b.CreateFCmpOLT(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x), limit);
  llvm::Value *result;
  if (id == llvm::Intrinsic::roundeven || id == llvm::Intrinsic::rint || id == llvm::Intrinsic::nearbyint) {
    llvm::Value *shift = b.CreateCopySign(limit, x);
    result = b.CreateFSub(b.CreateFAdd(x, shift), shift);
  } else {
    llvm::Value *inside = b.CreateSelect(small, x, number(0));
    llvm::Type *integer = type->getWithNewType(b.getIntNTy(type->getScalarSizeInBits()));
    result = b.CreateSIToFP(b.CreateFPToSI(inside, integer), type);
    if (id == llvm::Intrinsic::floor)
      result = b.CreateFSub(result, b.CreateSelect(b.CreateFCmpOGT(result, x), number(1), number(0)));
    else if (id == llvm::Intrinsic::ceil)
      result = b.CreateFAdd(result, b.CreateSelect(b.CreateFCmpOLT(result, x), number(1), number(0)));
  }
  return b.CreateSelect(small, b.CreateCopySign(result, x), x);
}

unsigned nodeFor(ID id) {
  switch (id) {
  case llvm::Intrinsic::floor: return llvm::ISD::FFLOOR;
  case llvm::Intrinsic::ceil: return llvm::ISD::FCEIL;
  case llvm::Intrinsic::trunc: return llvm::ISD::FTRUNC;
  case llvm::Intrinsic::roundeven: return llvm::ISD::FROUNDEVEN;
  case llvm::Intrinsic::rint: return llvm::ISD::FRINT;
  case llvm::Intrinsic::nearbyint: return llvm::ISD::FNEARBYINT;
  default: return 0;
  }
}

/// What takes the intrinsic's place on this machine; null if it may stay.
llvm::Value *replacement(llvm::IntrinsicInst *call, const llvm::TargetLowering &lowering) {
  llvm::IRBuilder<> b(call);
  ID id = call->getIntrinsicID();
  if (id == llvm::Intrinsic::fma)
    return b.CreateIntrinsic(llvm::Intrinsic::fmuladd, {call->getType()},
                             llvm::SmallVector<llvm::Value *>(call->args()));
  unsigned node = nodeFor(id);
  if (!node)
    return nullptr;
  llvm::Type *scalar = call->getType()->getScalarType();
  bool there = !(scalar->isFloatTy() || scalar->isDoubleTy()) ||
               lowering.isOperationLegalOrCustom(node, llvm::MVT::getVT(scalar));
  return there ? nullptr : roundByConversion(b, id, call->getArgOperand(0));
}

} // namespace

void avoidLibraryCalls(llvm::Module &module, const llvm::TargetMachine &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    const llvm::TargetLowering &lowering = *target.getSubtargetImpl(function)->getTargetLowering();
    for (llvm::Instruction &instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
      llvm::Value *other = call ? replacement(call, lowering) : nullptr;
      if (!other)
        continue;
      call->replaceAllUsesWith(other);
      call->eraseFromParent();
    }
  }
}

} // namespace lamina::target
