// The C functions of an object file. They gather the caller's pointers and the constants into the arrays of
// runtime/abi.h; inlining takes the arrays apart again.

#include "compiler/target/Library.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"

namespace lamina::target {

namespace {

class InterfaceBuilder {
public:
  InterfaceBuilder(llvm::Module &module, const LibraryInterface &interface)
      : module(module), interface(interface), context(module.getContext()), builder(context) {
    pointer = llvm::PointerType::getUnqual(context);
    i64 = llvm::Type::getInt64Ty(context);
    i32 = llvm::Type::getInt32Ty(context);
    size = module.getDataLayout().getIntPtrType(context);
  }

  void run() {
    for (llvm::Function &function : module)
      if (!function.isDeclaration())
        function.setLinkage(llvm::GlobalValue::InternalLinkage);
    model = module.getFunction("main");
    model->setName("lamina_main");
    buildRun();
    buildWorkspaceSize();
    buildError();
  }

private:
  llvm::Function *create(llvm::StringRef suffix, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters) {
    auto *function = llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
                                            llvm::Function::ExternalLinkage, interface.name + suffix, module);
    // As the code that it calls, so that it can be inlined.
    for (llvm::StringRef kind : {"target-cpu", "target-features", "prefer-vector-width", "min-legal-vector-width"})
      if (model->hasFnAttribute(kind))
        function->addFnAttr(model->getFnAttribute(kind));
    function->addFnAttr(llvm::Attribute::NoUnwind);
    builder.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
    return function;
  }

  llvm::Value *constant(llvm::StringRef bytes) {
    auto *data = llvm::ConstantDataArray::getString(context, bytes, /*AddNull=*/false);
    auto *global =
        new llvm::GlobalVariable(module, data->getType(), true, llvm::GlobalValue::PrivateLinkage, data, "constant");
    global->setAlignment(llvm::Align(64));
    global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return global;
  }

  /// An array on the stack with the values; null without any.
  llvm::Value *array(llvm::Type *type, llvm::ArrayRef<llvm::Value *> values) {
    if (values.empty())
      return llvm::ConstantPointerNull::get(pointer);
    auto *arrayType = llvm::ArrayType::get(type, values.size());
    llvm::Value *memory = builder.CreateAlloca(arrayType);
    for (auto [i, value] : llvm::enumerate(values))
      builder.CreateStore(value, builder.CreateConstInBoundsGEP2_64(arrayType, memory, 0, i));
    return memory;
  }

  llvm::Value *dimArray(llvm::Function *function) {
    llvm::SmallVector<llvm::Value *> values;
    for (const LibraryArgument &argument : interface.arguments)
      for (unsigned dim : argument.dims)
        values.push_back(function->getArg(dim));
    return array(i64, values);
  }

  llvm::Value *threads() {
    if (!interface.threads)
      return llvm::ConstantPointerNull::get(pointer);
    llvm::FunctionCallee pool = module.getOrInsertFunction("lamina_default_context", pointer);
    return builder.CreateCall(pool);
  }

  void buildRun() {
    llvm::SmallVector<llvm::Type *> parameters(interface.dims, i64);
    unsigned pointers = interface.results + 1;
    for (const LibraryArgument &argument : interface.arguments)
      pointers += argument.constant.empty();
    parameters.append(pointers, pointer);
    llvm::Function *function = create("_run", i32, parameters);
    unsigned next = interface.dims;
    llvm::SmallVector<llvm::Value *> buffers;
    for (const LibraryArgument &argument : interface.arguments)
      buffers.push_back(argument.constant.empty() ? function->getArg(next++) : constant(argument.constant));
    for (unsigned i = 0; i < interface.results; ++i)
      buffers.push_back(function->getArg(next++));
    for (llvm::StringRef bytes : interface.prepared)
      buffers.push_back(constant(bytes));
    llvm::Value *workspace = function->getArg(next), *dims = dimArray(function);
    if (llvm::Function *check = module.getFunction("main_check")) {
      llvm::Value *status = builder.CreateCall(check, {dims});
      auto *refused = llvm::BasicBlock::Create(context, "", function);
      auto *taken = llvm::BasicBlock::Create(context, "", function);
      builder.CreateCondBr(builder.CreateIsNull(status), taken, refused);
      builder.SetInsertPoint(refused);
      builder.CreateRet(status);
      builder.SetInsertPoint(taken);
    }
    builder.CreateRet(builder.CreateCall(model, {array(pointer, buffers), dims, workspace, threads()}));
  }

  void buildWorkspaceSize() {
    llvm::Function *function = create("_workspace_size", size, llvm::SmallVector<llvm::Type *>(interface.dims, i64));
    llvm::Value *bytes = llvm::ConstantInt::get(i64, 0);
    if (llvm::Function *compute = module.getFunction("main_workspace"))
      bytes = builder.CreateCall(compute, {dimArray(function)});
    builder.CreateRet(builder.CreateZExtOrTrunc(bytes, size));
  }

  void buildError() {
    llvm::Function *function = create("_error", pointer, {i32});
    auto *other = builder.CreateGlobalString("unknown code");
    auto *otherBlock = llvm::BasicBlock::Create(context, "", function);
    auto *cases = builder.CreateSwitch(function->getArg(0), otherBlock);
    auto add = [&](int64_t code, llvm::StringRef text) {
      auto *block = llvm::BasicBlock::Create(context, "", function);
      cases->addCase(builder.getInt32(code), block);
      builder.SetInsertPoint(block);
      builder.CreateRet(builder.CreateGlobalString(text));
    };
    add(0, "success");
    for (auto [code, text] : llvm::enumerate(interface.messages))
      if (code > 0)
        add(code, text);
    builder.SetInsertPoint(otherBlock);
    builder.CreateRet(other);
  }

  llvm::Module &module;
  const LibraryInterface &interface;
  llvm::LLVMContext &context;
  llvm::IRBuilder<> builder;
  llvm::PointerType *pointer;
  llvm::Type *i64, *i32, *size;
  llvm::Function *model = nullptr;
};

} // namespace

void addLibraryInterface(llvm::Module &module, const LibraryInterface &interface) {
  InterfaceBuilder(module, interface).run();
}

} // namespace lamina::target
