#include "compiler/model/model_state.h"

#include "compiler/Compiler.h"
#include "compiler/trace/Graph.h"
#include "lamina/error.h"
#include "runtime/files.h"

#include <cctype>
#include <filesystem>

namespace lamina {
namespace {

const char *c_type(DType dtype) {
  switch (dtype) {
  case DType::Bool: return "bool";
  case DType::Int8: return "int8_t";
  case DType::Int32: return "int32_t";
  case DType::Int64: return "int64_t";
  case DType::Float64: return "double";
  default: return "float";
  }
}

std::string upper(std::string text) {
  for (char &c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// A name out of a file, which must not end the comment that it is in.
std::string in_comment(std::string name) {
  for (char &c : name)
    if (c == '*' || c == '\\' || std::iscntrl(static_cast<unsigned char>(c)))
      c = '_';
  return "'" + name + "'";
}

std::string shape_macro(const Shape &shape) {
  std::string text = "{";
  for (std::size_t i = 0; i < shape.rank(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[static_cast<std::int64_t>(i)]);
  return text + "}";
}

std::string described(const Shape &shape, DType dtype) { return shape.str() + " " + std::string(dtype_name(dtype)); }

/// The C header of the compiled functions.
std::string header_text(const Network &network, const trace::Graph &graph, const ObjectOptions &options) {
  const std::string &name = options.name;
  std::string big = upper(name), dims, inputs, outputs, seed, macros, comment, states;
  int open = 0;
  bool batch_named = false;
  for (const trace::Argument &argument : graph.arguments()) {
    if (argument.kind == trace::Kind::State)
      states += " *   " + in_comment(argument.name) + " " + described(argument.shape, argument.dtype) + "\n";
    if (argument.kind == trace::Kind::Seed)
      seed = ", int64_t seed";
    if (argument.kind != trace::Kind::Input)
      continue;
    std::string number = std::to_string(argument.input);
    comment += " * input_" + number + ": " + in_comment(argument.name) + " " +
               described(argument.shape, argument.dtype) + "\n";
    inputs += std::string(inputs.empty() ? "" : ", ") + "const " + c_type(argument.dtype) + "* input_" + number;
    macros += "#define " + big + "_INPUT_" + number + "_SHAPE " + shape_macro(argument.shape) + "\n";
    for (std::size_t axis = 0; axis < argument.shape.rank(); ++axis) {
      if (argument.shape[static_cast<std::int64_t>(axis)] != none || (axis == 0 && batch_named))
        continue;
      batch_named = batch_named || axis == 0;
      dims += std::string(dims.empty() ? "" : ", ") + "int64_t dim_" + std::to_string(open++);
    }
  }
  int number = 0;
  for (const trace::Result &result : graph.results()) {
    if (result.updates >= 0)
      continue;
    comment += " * output_" + std::to_string(number) + ": " + described(result.shape, result.dtype) + "\n";
    outputs += std::string(", ") + c_type(result.dtype) + "* output_" + std::to_string(number);
    macros += "#define " + big + "_OUTPUT_" + std::to_string(number++) + "_SHAPE " + shape_macro(result.shape) + "\n";
  }
  std::string text = "/* Model " + in_comment(network.name()) + ", compiled ahead of time.\n" + comment;
  if (open)
    text += " * dim_0 ...: the open sizes (None, -1 in the macros) of the inputs in order, the batch once.\n";
  if (!seed.empty())
    text += " * seed: what the model's random numbers follow from.\n";
  if (options.external_weights)
    text += " * weights: the bytes of the file written with this object, which fits no other; aligned to 64 bytes.\n";
  if (!states.empty())
    text +=
        " * state: what a call leaves for the next one; aligned to 64 bytes. In order, each at a multiple of 64:\n" +
        states;
  text += " * workspace: aligned to 64 bytes; its contents do not matter.\n"
          " * Reentrant; neither allocates nor writes anything but outputs" +
          std::string(states.empty() ? "" : ", state") + " and workspace. */\n";
  if (options.threads)
    text += "/* Runs on the threads of lamina_default_context(), which liblamina defines and a program may define "
            "itself. */\n";
  text += "#ifndef " + big + "_H\n#define " + big +
          "_H\n\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n" + macros +
          "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  text += "/* Bytes of workspace; 0 if none is needed. */\nsize_t " + name + "_workspace_size(" +
          (dims.empty() ? "void" : dims) + ");\n";
  if (options.external_weights)
    text += "/* Bytes of weights. */\nsize_t " + name + "_weights_size(void);\n";
  if (!states.empty())
    text += "/* Bytes of state. */\nsize_t " + name +
            "_state_size(void);\n/* Writes the initial state; comes before the first call. */\nvoid " + name +
            "_reset(void* state);\n";
  text += "/* 0, or a code for " + name + "_error. */\nint " + name + "_run(" + (dims.empty() ? "" : dims + ", ") +
          inputs + outputs + seed + (options.external_weights ? ", const void* weights" : "") +
          (states.empty() ? "" : ", void* state") + ", void* workspace);\n";
  text += "const char* " + name + "_error(int code);\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

/// While it lives the graph's states hold what reset_states makes of them.
class InitialStates {
public:
  InitialStates(const Model &model, const trace::Graph &graph) {
    for (const trace::Argument &argument : graph.arguments())
      if (argument.kind == trace::Kind::State)
        kept.emplace_back(argument.variable, argument.variable.value().clone());
    model.reset_states();
  }
  ~InitialStates() {
    for (auto &[variable, value] : kept)
      variable.assign(value);
  }
  InitialStates(const InitialStates &) = delete;

private:
  std::vector<std::pair<Variable, Tensor>> kept;
};

} // namespace

ObjectResult compile_object(const Model &model, const ObjectOptions &options) {
  const Network &network = *model.network();
  if (options.batch < 0)
    throw Error("compile: batch must not be negative, got " + std::to_string(options.batch));
  model.inputs();
  trace::Graph graph;
  Values values;
  for (const KerasTensor &input : network.inputs()) {
    Shape shape = input.shape();
    if (options.batch && shape.rank() && shape[0] == none)
      shape[0] = options.batch;
    values.push_back(graph.addInput(input.layer().name(), shape, input.dtype()));
  }
  auto &layer = const_cast<Network &>(network);
  Values outputs = static_cast<LayerBase &>(layer).invoke(graph, values);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    graph.addResult("output_" + std::to_string(i), outputs[i]);
  graph.finish();
  ObjectResult result;
  result.header = header_text(network, graph, options);
  InitialStates initial(model, graph);
  compiler::ObjectFile file = compiler::compile_object(std::move(graph), {.name = options.name,
                                                                          .target = options.target,
                                                                          .cpu = options.cpu,
                                                                          .threads = options.threads,
                                                                          .externalWeights = options.external_weights,
                                                                          .emit = options.emit});
  result.object = std::move(file.object);
  result.weights = std::move(file.weights);
  result.text = std::move(file.text);
  return result;
}

std::string weights_path(const std::string &object_path) {
  return std::filesystem::path(object_path).replace_extension(".weights").string();
}

void compile_object(const Model &model, const std::string &object_path, const std::string &header_path,
                    const ObjectOptions &options) {
  ObjectResult result = compile_object(model, options);
  runtime::write_file(object_path, result.object);
  runtime::write_file(header_path, result.header);
  if (options.external_weights)
    runtime::write_file(weights_path(object_path), result.weights);
}

} // namespace lamina
