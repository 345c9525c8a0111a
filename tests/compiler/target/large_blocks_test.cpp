#include "compiler/target/LargeBlocks.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

namespace {

/// A loop over rows of 16 elements with so many sums of a vector and itself a turn; `carried`: from one turn to the
/// next.
std::string loopOf(int sums, bool carried) {
  std::string text = R"(
define void @kernel(ptr noalias %from, ptr noalias %to, i64 %begin, i64 %count) {
entry:
  %first = mul i64 %begin, 16
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
)";
  if (carried)
    text += "  %x = phi <16 x float> [ zeroinitializer, %entry ], [ %v" + std::to_string(sums) + ", %loop ]\n";
  text += R"(  %row = mul i64 %i, 16
  %place = add i64 %row, %first
  %source = getelementptr float, ptr %from, i64 %place
  %v0 = load <16 x float>, ptr %source
)";
  for (int i = 1; i <= sums; ++i) {
    std::string last = "%v" + std::to_string(i - 1);
    text += "  %v" + std::to_string(i) + " = fadd <16 x float> " + last + ", " +
            (carried && i == 1 ? std::string("%x") : last) + "\n";
  }
  return text + "  %target = getelementptr float, ptr %to, i64 %place\n  store <16 x float> %v" + std::to_string(sums) +
         R"(, ptr %target
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %loop, label %end
end:
  ret void
}
)";
}

struct Outlined {
  explicit Outlined(const std::string &text) {
    llvm::SMDiagnostic problem;
    module = llvm::parseAssemblyString(text, problem, context);
    EXPECT_TRUE(module) << problem.getMessage().str();
    lamina::target::outlineLargeBlocks(*module);
    EXPECT_FALSE(llvm::verifyModule(*module, &llvm::errs()));
  }
  /// What the kernel does not do itself, or null.
  const llvm::Function *body() const {
    for (const llvm::Function &function : *module)
      if (function.getName() != "kernel")
        return &function;
    return nullptr;
  }

  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
};

TEST(LargeBlocks, OutlinesALargeBody) {
  Outlined outlined(loopOf(700, false));
  const llvm::Function *body = outlined.body();
  ASSERT_TRUE(body);
  EXPECT_TRUE(body->hasFnAttribute(llvm::Attribute::NoInline));
  EXPECT_TRUE(body->hasLocalLinkage());
  // The turn, where it begins and both arrays: what follows from them is computed inside.
  EXPECT_EQ(body->arg_size(), 4u);
  for (const llvm::BasicBlock &block : *outlined.module->getFunction("kernel"))
    for (const llvm::Instruction &op : block)
      EXPECT_FALSE(op.getType()->isVectorTy());
}

TEST(LargeBlocks, LeavesSmallBodies) { EXPECT_FALSE(Outlined(loopOf(100, false)).body()); }

TEST(LargeBlocks, LeavesWhatALoopCarries) { EXPECT_FALSE(Outlined(loopOf(700, true)).body()); }

} // namespace
