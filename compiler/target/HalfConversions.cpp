#include "compiler/target/HalfConversions.h"

#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"

namespace lamina::target {

namespace {

using llvm::Value;

bool isHalf(llvm::Type *type) { return type->getScalarType()->isHalfTy() || type->getScalarType()->isBFloatTy(); }

bool hasInstruction(llvm::Type *half, const llvm::TargetMachine &target, const llvm::Function &function) {
  const llvm::TargetSubtargetInfo &subtarget = *target.getSubtargetImpl(function);
  bool brain = half->getScalarType()->isBFloatTy();
  if (target.getTargetTriple().isX86())
    return subtarget.checkFeatures(brain ? "+avx512bf16,+avx512vl" : "+f16c");
  return target.getTargetTriple().isAArch64() && (!brain || subtarget.checkFeatures("+bf16"));
}

/// Conversions of scalars or vectors of one length.
class Bits {
public:
  Bits(llvm::IRBuilder<> &b, llvm::Type *like)
      : b(b), i16(like->getWithNewType(b.getInt16Ty())), i32(like->getWithNewType(b.getInt32Ty())),
        f32(like->getWithNewType(b.getFloatTy())) {}

  Value *extend(Value *x) const {
    bool brain = x->getType()->getScalarType()->isBFloatTy();
    Value *bits = b.CreateZExt(b.CreateBitCast(x, i16), i32);
    if (brain)
      return b.CreateBitCast(b.CreateShl(bits, number(16)), f32);
    // The product with 2^112 moves the exponent, and makes normal numbers of subnormal ones.
    Value *magnitude = b.CreateAnd(bits, number(0x7FFF));
    Value *scaled = b.CreateFMul(b.CreateBitCast(b.CreateShl(magnitude, number(13)), f32),
                                 b.CreateBitCast(number(0x77800000), f32));
    Value *finite = b.CreateBitCast(scaled, i32);
    Value *special = b.CreateOr(b.CreateShl(magnitude, number(13)), number(0x7F800000));
    Value *value = b.CreateSelect(b.CreateICmpUGE(magnitude, number(0x7C00)), special, finite);
    Value *sign = b.CreateShl(b.CreateAnd(bits, number(0x8000)), number(16));
    return b.CreateBitCast(b.CreateOr(value, sign), f32);
  }

  Value *truncate(Value *x, llvm::Type *half) const {
    Value *bits = b.CreateBitCast(x, i32);
    Value *result = half->getScalarType()->isBFloatTy() ? toBrain(bits) : toHalf(bits);
    return b.CreateBitCast(b.CreateTrunc(result, i16), half);
  }

private:
  llvm::Constant *number(uint32_t value) const { return llvm::ConstantInt::get(i32, value); }

  /// Bits above `shift`, to the nearest, ties to even.
  Value *rounded(Value *bits, unsigned shift) const {
    Value *odd = b.CreateAnd(b.CreateLShr(bits, number(shift)), number(1));
    Value *half = number((1u << (shift - 1)) - 1);
    return b.CreateLShr(b.CreateAdd(b.CreateAdd(bits, half), odd), number(shift));
  }

  Value *toBrain(Value *bits) const {
    Value *unordered = b.CreateICmpUGT(b.CreateAnd(bits, number(0x7FFFFFFF)), number(0x7F800000));
    Value *quiet = b.CreateOr(b.CreateLShr(bits, number(16)), number(0x40));
    return b.CreateSelect(unordered, quiet, rounded(bits, 16));
  }

  Value *toHalf(Value *bits) const {
    Value *magnitude = b.CreateAnd(bits, number(0x7FFFFFFF));
    Value *normal = rounded(b.CreateSub(magnitude, number(112u << 23)), 13);
    // A subnormal half counts units of 2^-24, which are the last bits of a float between 0.5 and 1.
    Value *sum = b.CreateFAdd(b.CreateBitCast(magnitude, f32), llvm::ConstantFP::get(f32, 0.5));
    Value *subnormal = b.CreateSub(b.CreateBitCast(sum, i32), number(0x3F000000));
    Value *special = b.CreateSelect(b.CreateICmpUGT(magnitude, number(0x7F800000)), number(0x7E00), number(0x7C00));
    Value *finite = b.CreateSelect(b.CreateICmpULT(magnitude, number(113u << 23)), subnormal, normal);
    Value *value = b.CreateSelect(b.CreateICmpUGE(magnitude, number(0x477FF000)), special, finite);
    return b.CreateOr(value, b.CreateLShr(b.CreateAnd(bits, number(0x80000000)), number(16)));
  }

  llvm::IRBuilder<> &b;
  llvm::Type *i16, *i32, *f32;
};

/// What takes the conversion's place; null if it may stay.
Value *replacement(llvm::Instruction &conversion, const llvm::TargetMachine &target) {
  if (!llvm::isa<llvm::FPExtInst, llvm::FPTruncInst>(conversion))
    return nullptr;
  llvm::Type *type = conversion.getType();
  Value *x = conversion.getOperand(0);
  bool extends = llvm::isa<llvm::FPExtInst>(conversion) && isHalf(x->getType());
  bool truncates = llvm::isa<llvm::FPTruncInst>(conversion) && isHalf(type);
  if ((!extends && !truncates) || hasInstruction(extends ? x->getType() : type, target, *conversion.getFunction()))
    return nullptr;
  llvm::IRBuilder<> b(&conversion);
  Bits bits(b, type);
  llvm::Type *f32 = type->getWithNewType(b.getFloatTy());
  if (extends)
    return b.CreateFPExt(bits.extend(x), type);
  return bits.truncate(b.CreateFPTrunc(x, f32), type);
}

} // namespace

void expandHalfConversions(llvm::Module &module, const llvm::TargetMachine &target) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::make_early_inc_range(llvm::instructions(function)))
      if (Value *other = replacement(instruction, target)) {
        instruction.replaceAllUsesWith(other);
        instruction.eraseFromParent();
      }
}

} // namespace lamina::target
