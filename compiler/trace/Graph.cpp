#include "compiler/trace/GraphImpl.h"

#include "dialects/lamina/LaminaDialect.h"
#include "lamina/error.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace lamina::trace {
namespace {

mlir::Value unwrap(const Value &value) { return mlir::Value::getFromOpaquePointer(value.impl()); }
Value wrap(mlir::Value value, Graph &graph) { return Value(value.getAsOpaquePointer(), graph); }

mlir::Type elementType(DType dtype, mlir::MLIRContext *context) {
  mlir::Builder b(context);
  switch (dtype) {
  case DType::Bool: return b.getI1Type();
  case DType::Int8: return b.getI8Type();
  case DType::Int32: return b.getI32Type();
  case DType::Int64: return b.getI64Type();
  case DType::Float16: return b.getF16Type();
  case DType::BFloat16: return b.getBF16Type();
  case DType::Float32: return b.getF32Type();
  case DType::Float64: return b.getF64Type();
  default:
    throw Error("arrays of " + std::string(dtype_name(dtype)) +
                " cannot be computed with; convert them with astype(DType::Int32) or astype(DType::Float32)");
  }
}

DType dtypeOf(mlir::Type type) {
  if (type.isInteger(1))
    return DType::Bool;
  if (type.isInteger(8))
    return DType::Int8;
  if (type.isInteger(32))
    return DType::Int32;
  if (type.isInteger(64) || type.isIndex())
    return DType::Int64;
  if (type.isF16())
    return DType::Float16;
  if (type.isBF16())
    return DType::BFloat16;
  return type.isF64() ? DType::Float64 : DType::Float32;
}

Shape shapeOf(mlir::Type type) {
  Shape shape;
  if (auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type))
    for (int64_t size : tensor.getShape())
      shape.push_back(mlir::ShapedType::isDynamic(size) ? none : size);
  return shape;
}

mlir::Attribute toAttribute(mlir::Builder &b, std::string_view op, const Attr &attr) {
  return std::visit(
      [&](const auto &value) -> mlir::Attribute {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>)
          return b.getBoolAttr(value);
        else if constexpr (std::is_same_v<T, std::int64_t>)
          return b.getI64IntegerAttr(value);
        else if constexpr (std::is_same_v<T, double>)
          return b.getF64FloatAttr(value);
        else if constexpr (std::is_same_v<T, std::string>)
          return b.getStringAttr(value);
        else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>)
          return b.getDenseI64ArrayAttr(value);
        else if constexpr (std::is_same_v<T, std::vector<double>>)
          return b.getDenseF64ArrayAttr(value);
        else
          return mlir::TypeAttr::get(elementType(value, b.getContext()));
      },
      attr.storage());
}

/// "'lamina.conv' op kernel has …" → "kernel has …"
std::string sentence(const mlir::Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  if (text.rfind("'lamina.", 0) == 0)
    if (auto end = text.find("' op "); end != std::string::npos)
      text = text.substr(end + 5);
  for (char &c : text)
    if (c == '\n')
      c = ' ';
  return text;
}

/// Runs action; what MLIR objects to meanwhile is thrown.
template <typename F> auto reporting(Graph::Impl &impl, std::string_view what, F action) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(impl.context.get(), [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error && message.empty())
      message = sentence(diagnostic);
    return mlir::success();
  });
  auto result = action();
  if (!result) {
    bool inLayer = !impl.scopes.empty() && impl.scopes.back().isLayer;
    std::string layer = inLayer ? "layer '" + impl.scopes.back().name + "': " : "";
    throw Error(layer + (message.empty() ? std::string(what) + " does not fit its operands" : message));
  }
  return result;
}

mlir::Operation *create(Graph::Impl &impl, mlir::OperationState &state) {
  std::optional<mlir::RegisteredOperationName> info = state.name.getRegisteredInfo();
  if (!info)
    throw Error("no such op: " + state.name.getStringRef().str());
  auto attributes = state.attributes.getDictionary(impl.context.get());
  return reporting(impl, state.name.getStringRef().str(), [&]() -> mlir::Operation * {
    auto *interface = info->getInterface<mlir::InferTypeOpInterface>();
    if (interface) {
      // Inference reads attributes from the op's properties, which exist only once the op does.
      std::size_t size = info->getOpPropertyByteSize();
      auto storage = std::make_unique<std::max_align_t[]>(size / sizeof(std::max_align_t) + 1);
      mlir::OpaqueProperties properties(size ? storage.get() : nullptr);
      if (size)
        info->initOpProperties(properties, mlir::OpaqueProperties(nullptr));
      llvm::scope_exit destroy([&] {
        if (size)
          info->destroyOpProperties(properties);
      });
      auto complain = [&] { return mlir::emitError(state.location); };
      if (size && mlir::failed(info->setOpPropertiesFromAttribute(state.name, properties, attributes, complain)))
        return nullptr;
      if (mlir::failed(interface->inferReturnTypes(impl.context.get(), state.location, state.operands, attributes,
                                                   properties, mlir::RegionRange(state.regions), state.types)))
        return nullptr;
    }
    mlir::Operation *op = impl.builder.create(state);
    if (mlir::failed(mlir::verify(op, /*verifyRecursively=*/false))) {
      op->erase();
      return nullptr;
    }
    return op;
  });
}

std::string mlirName(std::string_view op) { return "lamina." + std::string(op); }

} // namespace

std::shared_ptr<mlir::MLIRContext> makeContext() {
  auto context = std::make_shared<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
  context->loadDialect<mlir::func::FuncDialect, mlir::lamina::LaminaDialect>();
  return context;
}

Graph::Impl::Impl() : context(makeContext()), builder(context.get()) {
  auto location = builder.getUnknownLoc();
  module = mlir::ModuleOp::create(location);
  builder.setInsertionPointToEnd(module->getBody());
  function = mlir::func::FuncOp::create(builder, location, "main", builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
}

mlir::Location Graph::Impl::location() {
  if (scopes.empty())
    return builder.getUnknownLoc();
  return mlir::NameLoc::get(builder.getStringAttr(scopes.back().name));
}

mlir::Type Graph::Impl::tensorType(const Shape &shape, DType dtype) {
  llvm::SmallVector<int64_t> sizes;
  for (std::int64_t size : shape)
    sizes.push_back(size == none ? mlir::ShapedType::kDynamic : size);
  return mlir::RankedTensorType::get(sizes, elementType(dtype, context.get()));
}

unsigned Graph::Impl::addArgument(Argument argument) {
  function.getBody().front().addArgument(tensorType(argument.shape, argument.dtype), builder.getUnknownLoc());
  arguments.push_back(std::move(argument));
  return static_cast<unsigned>(arguments.size() - 1);
}

Graph::Graph() : pimpl(std::make_unique<Impl>()) {}
Graph::Graph(Graph &&) noexcept = default;
Graph &Graph::operator=(Graph &&) noexcept = default;
Graph::~Graph() = default;

Value Graph::addInput(const std::string &name, const Shape &shape, DType dtype) {
  std::size_t inputs = 0;
  for (const Argument &argument : pimpl->arguments)
    inputs += argument.kind == Kind::Input;
  Argument argument{Kind::Input, name, shape, dtype};
  argument.input = inputs;
  return wrap(pimpl->function.getArgument(pimpl->addArgument(std::move(argument))), *this);
}

Value Graph::argument(const Variable &variable) {
  auto [place, added] = pimpl->bound.try_emplace(variable.id(), 0);
  if (added) {
    Argument argument{Kind::Weight, variable.name(), variable.shape(), variable.dtype()};
    argument.variable = variable;
    place->second = pimpl->addArgument(std::move(argument));
  }
  return wrap(pimpl->function.getArgument(place->second), *this);
}

Value Graph::read(const Variable &variable) {
  for (auto &[updated, value] : pimpl->updates)
    if (updated.id() == variable.id())
      return wrap(value, *this);
  return argument(variable);
}

Value Graph::bind(const Tensor &tensor) {
  auto [place, added] = pimpl->bound.try_emplace(tensor.raw(), 0);
  if (added) {
    Argument argument{Kind::Weight, "constant_" + std::to_string(pimpl->arguments.size()), tensor.shape(),
                      tensor.dtype()};
    argument.tensor = tensor;
    place->second = pimpl->addArgument(std::move(argument));
  }
  return wrap(pimpl->function.getArgument(place->second), *this);
}

Value Graph::seed() {
  static const char key = 0;
  auto [place, added] = pimpl->bound.try_emplace(&key, 0);
  if (added)
    place->second = pimpl->addArgument({Kind::Seed, "seed", {}, DType::Int64});
  return wrap(pimpl->function.getArgument(place->second), *this);
}

Values Graph::emit(std::string_view op, std::span<const Value> operands, const Attrs &attrs) {
  mlir::OperationState state(pimpl->location(), mlirName(op));
  for (const Value &operand : operands)
    state.operands.push_back(unwrap(operand));
  for (const auto &[name, value] : attrs)
    state.addAttribute(name, toAttribute(pimpl->builder, op, value));
  Values results;
  for (mlir::Value result : create(*pimpl, state)->getResults())
    results.push_back(wrap(result, *this));
  return results;
}

Value Graph::constant(double value, DType dtype, const Shape &shape) {
  auto type = mlir::cast<mlir::RankedTensorType>(pimpl->tensorType(shape, dtype));
  mlir::Type element = type.getElementType();
  mlir::Attribute attribute;
  if (auto floating = mlir::dyn_cast<mlir::FloatType>(element)) {
    llvm::APFloat number(value);
    bool lossy;
    number.convert(floating.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lossy);
    attribute = mlir::FloatAttr::get(element, number);
  } else {
    attribute = mlir::IntegerAttr::get(element, element.isInteger(1) ? value != 0 : static_cast<int64_t>(value));
  }
  mlir::OperationState state(pimpl->location(), mlirName("constant"));
  state.addAttribute("value", mlir::DenseElementsAttr::get(type, attribute));
  return wrap(create(*pimpl, state)->getResult(0), *this);
}

Value Graph::constant(const Tensor &value) {
  auto type = mlir::cast<mlir::RankedTensorType>(pimpl->tensorType(value.shape(), value.dtype()));
  mlir::OperationState state(pimpl->location(), mlirName("constant"));
  mlir::DenseElementsAttr elements;
  if (value.dtype() == DType::Bool)
    elements =
        mlir::DenseElementsAttr::get(type, llvm::ArrayRef(value.data<bool>(), static_cast<std::size_t>(value.numel())));
  else
    elements = mlir::DenseElementsAttr::getFromRawBuffer(
        type, llvm::ArrayRef(static_cast<const char *>(value.raw()), value.nbytes()));
  state.addAttribute("value", elements);
  return wrap(create(*pimpl, state)->getResult(0), *this);
}

Values Graph::scan(std::span<const Value> states, std::span<const Value> sequences,
                   const std::function<ScanStep(std::span<const Value>, std::span<const Value>)> &step, bool reverse) {
  mlir::OperationState state(pimpl->location(), mlirName("scan"));
  mlir::OpBuilder &b = pimpl->builder;
  auto region = std::make_unique<mlir::Region>();
  auto *block = new mlir::Block;
  region->push_back(block);
  for (const Value &value : states) {
    state.operands.push_back(unwrap(value));
    block->addArgument(unwrap(value).getType(), b.getUnknownLoc());
  }
  for (const Value &value : sequences) {
    auto type = mlir::cast<mlir::RankedTensorType>(unwrap(value).getType());
    if (type.getRank() == 0)
      throw Error("scan: a sequence needs a first axis to run along, got a scalar");
    state.operands.push_back(unwrap(value));
    block->addArgument(mlir::RankedTensorType::get(type.getShape().drop_front(), type.getElementType()),
                       b.getUnknownLoc());
  }
  Values arguments;
  for (mlir::BlockArgument argument : block->getArguments())
    arguments.push_back(wrap(argument, *this));
  {
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(block);
    auto first = std::span<const Value>(arguments);
    ScanStep next = step(first.subspan(0, states.size()), first.subspan(states.size()));
    if (next.states.size() != states.size())
      throw Error("scan: the step gives " + std::to_string(next.states.size()) + " states, expected " +
                  std::to_string(states.size()));
    mlir::OperationState yield(pimpl->location(), mlirName("yield"));
    for (const Value &value : next.states)
      yield.operands.push_back(unwrap(value));
    for (const Value &value : next.outputs)
      yield.operands.push_back(unwrap(value));
    b.create(yield);
  }
  state.addRegion(std::move(region));
  state.addAttribute("reverse", b.getBoolAttr(reverse));
  state.addAttribute("operandSegmentSizes", b.getDenseI32ArrayAttr({static_cast<int32_t>(states.size()),
                                                                    static_cast<int32_t>(sequences.size()), 0}));
  Values results;
  for (mlir::Value result : create(*pimpl, state)->getResults())
    results.push_back(wrap(result, *this));
  return results;
}

Values Graph::gradient(std::span<const Value> losses, std::span<const Value> cotangents, std::span<const Value> wrt) {
  mlir::OperationState state(pimpl->location(), mlirName("gradient"));
  llvm::SmallVector<mlir::Value> weights;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    state.operands.push_back(unwrap(losses[i]));
    if (i < cotangents.size() && cotangents[i].defined())
      weights.push_back(unwrap(cotangents[i]));
    else
      weights.push_back(unwrap(constant(1.0, losses[i].dtype(), losses[i].shape())));
  }
  state.operands.append(weights.begin(), weights.end());
  for (const Value &value : wrt)
    state.operands.push_back(unwrap(value));
  auto count = static_cast<int32_t>(losses.size());
  state.addAttribute("operandSegmentSizes",
                     pimpl->builder.getDenseI32ArrayAttr({count, count, static_cast<int32_t>(wrt.size())}));
  Values results;
  for (mlir::Value result : create(*pimpl, state)->getResults())
    results.push_back(wrap(result, *this));
  return results;
}

void Graph::update(const Variable &variable, const Value &value) {
  argument(variable);
  for (auto &[updated, last] : pimpl->updates)
    if (updated.id() == variable.id()) {
      last = unwrap(value);
      return;
    }
  pimpl->updates.emplace_back(variable, unwrap(value));
}

void Graph::dropUpdates() { pimpl->updates.clear(); }

void Graph::addResult(const std::string &name, const Value &value) {
  pimpl->results.push_back({name, value.shape(), value.dtype()});
  pimpl->returned.push_back(unwrap(value));
}

Value Graph::mask(const Value &value) const {
  auto found = pimpl->masks.find(value.impl());
  return found == pimpl->masks.end() ? Value() : found->second;
}

void Graph::setMask(const Value &value, const Value &mask) { pimpl->masks[value.impl()] = mask; }

Graph::Scope::Scope(Graph &graph, const std::string &name, bool isLayer) : graph(graph) {
  graph.pimpl->scopes.push_back({name, isLayer});
}
Graph::Scope::~Scope() { graph.pimpl->scopes.pop_back(); }

void Graph::finish() {
  if (pimpl->finished)
    return;
  pimpl->finished = true;
  for (auto &[variable, value] : pimpl->updates) {
    unsigned argument = pimpl->bound.at(variable.id());
    pimpl->arguments[argument].kind = Kind::State;
    Value wrapped = wrap(value, *this);
    if (wrapped.shape() != variable.shape() || wrapped.dtype() != variable.dtype())
      throw Error("the update of '" + variable.name() + "' has shape " + wrapped.shape().str() + " of " +
                  std::string(dtype_name(wrapped.dtype())) + ", expected " + variable.shape().str() + " of " +
                  std::string(dtype_name(variable.dtype())));
    pimpl->results.push_back({variable.name(), variable.shape(), variable.dtype(), static_cast<int>(argument)});
    pimpl->returned.push_back(value);
  }
  mlir::OpBuilder &b = pimpl->builder;
  mlir::func::FuncOp function = pimpl->function;
  mlir::func::ReturnOp::create(b, b.getUnknownLoc(), pimpl->returned);
  llvm::SmallVector<mlir::Type> types;
  for (mlir::Value value : pimpl->returned)
    types.push_back(value.getType());
  function.setFunctionType(b.getFunctionType(function.getBody().front().getArgumentTypes(), types));
  static const char *kinds[] = {"input", "weight", "state", "seed"};
  for (unsigned i = 0; i < pimpl->arguments.size(); ++i) {
    function.setArgAttr(i, "lamina.kind", b.getStringAttr(kinds[static_cast<int>(pimpl->arguments[i].kind)]));
    function.setArgAttr(i, "lamina.name", b.getStringAttr(pimpl->arguments[i].name));
  }
  for (unsigned i = 0; i < pimpl->results.size(); ++i) {
    const Result &result = pimpl->results[i];
    if (result.updates < 0)
      function.setResultAttr(i, "lamina.name", b.getStringAttr(result.name));
    else
      function.setResultAttr(i, "lamina.updates", b.getI64IntegerAttr(result.updates));
  }
  reporting(*pimpl, "the traced function", [&] { return mlir::succeeded(mlir::verify(*pimpl->module)); });
}

const std::vector<Argument> &Graph::arguments() const { return pimpl->arguments; }
const std::vector<Result> &Graph::results() const { return pimpl->results; }

std::string Graph::str() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // Errors and profiles take the layers' names from the locations.
  pimpl->module->print(stream, mlir::OpPrintingFlags().enableDebugInfo());
  return text;
}

} // namespace lamina::trace

namespace lamina {

Shape Value::shape() const { return trace::shapeOf(trace::unwrap(*this).getType()); }
DType Value::dtype() const { return trace::dtypeOf(mlir::getElementTypeOrSelf(trace::unwrap(*this).getType())); }

Values emit_all(std::string_view op, std::span<const Value> operands, const Attrs &attrs) {
  for (const Value &operand : operands)
    if (!operand.defined())
      throw Error(std::string(op) + " was given no value");
  if (operands.empty())
    throw Error(std::string(op) + " needs an operand");
  return operands[0].graph().emit(op, operands, attrs);
}

Value emit(std::string_view op, std::span<const Value> operands, const Attrs &attrs) {
  return emit_all(op, operands, attrs)[0];
}
Value emit(std::string_view op, std::initializer_list<Value> operands, const Attrs &attrs) {
  return emit(op, std::span(operands.begin(), operands.size()), attrs);
}

Value constant(trace::Graph &graph, double value, DType dtype, const Shape &shape) {
  return graph.constant(value, dtype, shape);
}
Value constant(trace::Graph &graph, const Tensor &value) { return graph.constant(value); }
Value bind(trace::Graph &graph, const Tensor &tensor) { return graph.bind(tensor); }

Value dim(const Value &x, std::int64_t axis) { return emit("dim", {x}, {{"axis", axis < 0 ? axis + x.rank() : axis}}); }

Values scan(std::span<const Value> states, std::span<const Value> sequences,
            const std::function<ScanStep(std::span<const Value>, std::span<const Value>)> &step, bool reverse) {
  const Value &any = states.empty() ? sequences[0] : states[0];
  return any.graph().scan(states, sequences, step, reverse);
}

Values gradient(const Value &loss, std::span<const Value> wrt) {
  if (loss.rank() != 0)
    throw Error("a gradient needs a scalar, got shape " + loss.shape().str() + "; take its sum or mean first");
  return loss.graph().gradient(std::span(&loss, 1), {}, wrt);
}

} // namespace lamina
