#include "compiler/model/operations/call.h"
#include "compiler/model/registry.h"

#include "compiler/trace/Graph.h"

namespace lamina {
namespace {

/// Numbers of 16 bits are computed with in float32, as in layers; results have the operands' type again.
struct Wide {
  explicit Wide(const Values &inputs) : operands(inputs) {
    for (Value &x : operands) {
      exact = exact || (is_floating(x.dtype()) && (!is_half(x.dtype()) || (half && *half != x.dtype())));
      if (!is_half(x.dtype()))
        continue;
      half = x.dtype();
      x = cast(x, DType::Float32);
    }
  }

  Values narrowed(Values results) const {
    for (Value &x : results)
      if (half && !exact && x.dtype() == DType::Float32)
        x = cast(x, *half);
    return results;
  }

  Values operands;
  std::optional<DType> half;
  bool exact = false; ///< other floats are among the operands
};

} // namespace

bool Operation::known(const std::string &class_name) { return operations::table().find(class_name); }

Operation::Operation(const std::string &class_name, const Config &config)
    : Operation(known(class_name) ? operations::table().find(class_name)->module : "", class_name, config) {}

Operation::Operation(const std::string &module, const std::string &class_name, const Config &config)
    : module_(module), class_name_(class_name), config_(config.is_dict() ? config : Config::dict()) {
  if (!known(class_name))
    throw Error("operation '" + class_name + "' is not known");
  const Config *name = config_.find("name");
  init(name && name->is_string() ? name->as_string() : "", true, "float32");
  config_.set("name", this->name());
}

Values Operation::invoke(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs) {
  trace::Graph::Scope scope(graph, name());
  try {
    const auto &run = operations::table().find(class_name_)->run;
    if (class_name_ == "Cast")
      return run(operations::Call(graph, inputs, args, kwargs, config_));
    Wide wide(inputs);
    return wide.narrowed(run(operations::Call(graph, wide.operands, args, kwargs, config_)));
  } catch (const Error &error) {
    std::string what = error.what();
    throw Error(what.find("'" + name() + "'") != std::string::npos ? what : "operation '" + name() + "': " + what);
  }
}

KerasTensor record(std::string_view operation, const std::vector<Argument> &arguments, const Config &config) {
  auto layer = std::make_shared<Operation>(std::string(operation), config);
  std::vector<KerasTensor> inputs;
  Config args = Config::List();
  for (const Argument &argument : arguments) {
    if (argument.tensor.defined()) {
      args.push_back(tensor_reference(inputs.size()));
      inputs.push_back(argument.tensor);
    } else {
      args.push_back(argument.value);
    }
  }
  return layer->record_call(inputs, args, Config::dict())[0];
}

KerasTensor concatenate(const std::vector<KerasTensor> &tensors, std::int64_t axis) {
  auto layer = std::make_shared<Operation>("Concatenate", Config{{"axis", axis}});
  Config list = Config::List();
  for (std::size_t i = 0; i < tensors.size(); ++i)
    list.push_back(tensor_reference(i));
  return layer->record_call(tensors, Config::list({list}), Config::dict())[0];
}

std::vector<KnownClass> known_operations() {
  std::vector<KnownClass> classes;
  for (const auto &[name, entry] : operations::table().entries())
    classes.push_back({entry.module + "." + name, {}});
  return classes;
}

} // namespace lamina
