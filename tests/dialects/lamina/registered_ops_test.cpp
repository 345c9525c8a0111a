// Every op that a model is built from has an example that parses, can be built by name and says how it is
// differentiated.
#include "dialects/lamina/LaminaDialect.h"
#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

using namespace mlir;

namespace {

// The documentation of an op in docs/dialect.md.
std::string section(StringRef op) {
  std::ifstream file(LAMINA_SOURCE_DIR "/docs/dialect.md");
  std::ostringstream text;
  text << file.rdbuf();
  std::string all = text.str(), title = "### `" + op.str() + "`";
  size_t begin = all.find(title);
  return begin == std::string::npos ? "" : all.substr(begin, all.find("\n### ", begin + 1) - begin);
}

// The example as a function; a first line `// %x: type, …` names its arguments.
std::string exampleFunction(StringRef op) {
  std::string text = section(op);
  constexpr StringRef fence = "```mlir\n";
  size_t begin = text.find(fence.str());
  if (begin == std::string::npos)
    return "";
  StringRef example = StringRef(text).substr(begin + fence.size());
  example = example.take_front(example.find("```"));
  StringRef arguments;
  if (example.consume_front("// "))
    std::tie(arguments, example) = example.split('\n');
  return ("func.func @example(" + arguments + ") {\n" + example + "  return\n}\n").str();
}

class RegisteredOps : public testing::Test {
protected:
  RegisteredOps() { context.loadDialect<lamina::LaminaDialect, func::FuncDialect>(); }

  // The ops of models; those that carry scheduling or end a region infer no types.
  std::vector<RegisteredOperationName> ops() {
    std::vector<RegisteredOperationName> result;
    for (RegisteredOperationName name : context.getRegisteredOperations())
      if (name.getDialectNamespace() == "lamina" && name.hasInterface<InferTypeOpInterface>())
        result.push_back(name);
    return result;
  }

  MLIRContext context;
};

TEST_F(RegisteredOps, HaveAnExample) {
  EXPECT_GT(ops().size(), 60u);
  for (RegisteredOperationName name : ops()) {
    std::string example = exampleFunction(name.getStringRef());
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(example, &context);
    ASSERT_TRUE(module) << name.getStringRef().str() << " has no example that parses:\n" << example;
    bool found = false;
    module->walk([&](Operation *op) { found |= op->getName() == name; });
    EXPECT_TRUE(found) << "the example of " << name.getStringRef().str() << " shows another op";
  }
}

TEST_F(RegisteredOps, AreDifferentiableOrSayThatTheyAreNot) {
  for (RegisteredOperationName name : ops()) {
    if (name.getStringRef() == lamina::GradientOp::getOperationName())
      continue;
    bool differentiable = name.hasInterface<lamina::DifferentiableOpInterface>();
    bool constant = name.hasTrait<lamina::NonDifferentiable>();
    EXPECT_NE(differentiable, constant) << name.getStringRef().str();
  }
}

TEST_F(RegisteredOps, AreBuiltByName) {
  for (RegisteredOperationName name : ops()) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(exampleFunction(name.getStringRef()), &context);
    ASSERT_TRUE(module);
    module->walk([&](Operation *op) {
      if (op->getName() != name)
        return;
      auto *inference = name.getInterface<InferTypeOpInterface>();
      ASSERT_TRUE(inference) << name.getStringRef().str();
      SmallVector<Type> types;
      ASSERT_TRUE(
          succeeded(inference->inferReturnTypes(&context, op->getLoc(), op->getOperands(), op->getAttrDictionary(),
                                                /*properties=*/nullptr, op->getRegions(), types)))
          << name.getStringRef().str();
      EXPECT_EQ(TypeRange(types), op->getResultTypes()) << name.getStringRef().str();
    });
  }
}

TEST_F(RegisteredOps, RejectMissingAttributesAndOperands) {
  context.getDiagEngine().registerHandler([](Diagnostic &) { return success(); });
  for (RegisteredOperationName name : ops()) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(exampleFunction(name.getStringRef()), &context);
    ASSERT_TRUE(module);
    module->walk([&](Operation *op) {
      if (op->getName() != name)
        return;
      auto *inference = name.getInterface<InferTypeOpInterface>();
      auto infer = [&](ValueRange operands, ArrayRef<NamedAttribute> attributes) {
        SmallVector<Type> types;
        return inference->inferReturnTypes(&context, op->getLoc(), operands, DictionaryAttr::get(&context, attributes),
                                           nullptr, {}, types);
      };
      // Whatever is left out, nothing is read that is not there.
      (void)infer(op->getOperands(), {});
      (void)infer({}, op->getAttrs());
      for (size_t i = 0; i < op->getAttrs().size(); ++i) {
        SmallVector<NamedAttribute> attributes(op->getAttrs());
        attributes[i].setValue(UnitAttr::get(&context));
        EXPECT_TRUE(failed(infer(op->getOperands(), attributes))) << name.getStringRef().str();
      }
    });
  }
}

} // namespace
