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
    hasState = interface.hasSource(Source::State);
  }

  using Source = LibraryArgument::Source;

  void run() {
    for (llvm::Function &function : module)
      if (!function.isDeclaration())
        function.setLinkage(llvm::GlobalValue::InternalLinkage);
    model = module.getFunction("main");
    model->setName("lamina_main");
    buildRun();
    buildWorkspaceSize();
    if (hasState)
      buildState();
    if (interface.externalWeights)
      buildSize("_weights_size", interface.weights);
    buildError();
  }

private:
  llvm::Function *create(llvm::StringRef suffix, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters) {
    auto *function = llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
                                            llvm::Function::ExternalLinkage, interface.name + suffix, module);
    // As the code that it calls, so that it can be inlined.
    for (llvm::StringRef kind :
         {"target-cpu", "target-features", "prefer-vector-width", "min-legal-vector-width", "frame-pointer"})
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
    global->setAlignment(llvm::Align(Sections::alignment));
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
    bool hasSeed = interface.hasSource(Source::Seed);
    llvm::SmallVector<llvm::Type *> parameters(interface.dims, i64);
    parameters.append(llvm::count_if(interface.arguments, [](auto &a) { return a.source == Source::Input; }), pointer);
    parameters.append(interface.results, pointer);
    parameters.append(hasSeed, i64);
    parameters.append(interface.externalWeights + hasState + 1, pointer);
    llvm::Function *function = create("_run", i32, parameters);
    llvm::Argument *input = function->getArg(interface.dims), *next = function->arg_end() - 1;
    llvm::Value *workspace = next--;
    llvm::Value *state = hasState ? next-- : nullptr;
    llvm::Value *weights = interface.externalWeights ? next-- : constant(interface.weights.bytes());
    llvm::Value *seed = hasSeed ? array(i64, {next--}) : nullptr;
    llvm::SmallVector<llvm::Value *> buffers;
    auto inside = [&](llvm::Value *memory, uint64_t offset) {
      return builder.CreateInBoundsGEP(builder.getInt8Ty(), memory, llvm::ConstantInt::get(size, offset));
    };
    for (const LibraryArgument &argument : interface.arguments)
      switch (argument.source) {
      case Source::Input: buffers.push_back(input++); break;
      case Source::Seed: buffers.push_back(seed); break;
      case Source::Weights: buffers.push_back(inside(weights, argument.offset)); break;
      case Source::State: buffers.push_back(inside(state, argument.offset)); break;
      case Source::Unread: buffers.push_back(llvm::ConstantPointerNull::get(pointer)); break;
      }
    for (unsigned i = 0; i < interface.results; ++i)
      buffers.push_back(input++);
    for (uint64_t offset : interface.prepared)
      buffers.push_back(inside(weights, offset));
    llvm::Value *dims = dimArray(function);
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

  void buildSize(llvm::StringRef suffix, const Sections &sections) {
    create(suffix, size, {});
    builder.CreateRet(llvm::ConstantInt::get(size, sections.bytes().size()));
  }

  void buildState() {
    buildSize("_state_size", interface.state);
    llvm::Function *function = create("_reset", builder.getVoidTy(), {pointer});
    llvm::StringRef initial = interface.state.bytes();
    llvm::MaybeAlign alignment(Sections::alignment);
    llvm::Value *bytes = llvm::ConstantInt::get(size, initial.size());
    if (initial.find_first_not_of('\0') == llvm::StringRef::npos)
      builder.CreateMemSet(function->getArg(0), builder.getInt8(0), bytes, alignment);
    else
      builder.CreateMemCpy(function->getArg(0), alignment, constant(initial), alignment, bytes);
    builder.CreateRetVoid();
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
  bool hasState = false;
};

} // namespace

void addLibraryInterface(llvm::Module &module, const LibraryInterface &interface) {
  InterfaceBuilder(module, interface).run();
}

} // namespace lamina::target
