#include "compiler/model/model_state.h"

#include "compiler/Compiler.h"
#include "compiler/trace/Graph.h"
#include "lamina/error.h"
#include "runtime/files.h"

#include <cctype>

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

std::string shape_macro(const Shape &shape) {
  std::string text = "{";
  for (std::size_t i = 0; i < shape.rank(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[static_cast<std::int64_t>(i)]);
  return text + "}";
}

/// The C header of the compiled functions.
std::string header_text(const Network &network, const trace::Graph &graph, const ObjectOptions &options) {
  const std::string &name = options.name;
  std::string big = upper(name), dims, inputs, outputs, macros, comment;
  int open = 0;
  bool batch_named = false;
  for (const trace::Argument &argument : graph.arguments()) {
    if (argument.kind != trace::Kind::Input)
      continue;
    std::string number = std::to_string(argument.input);
    comment += " * input_" + number + ": '" + argument.name + "' " + argument.shape.str() + " " +
               std::string(dtype_name(argument.dtype)) + "\n";
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
    comment += " * output_" + std::to_string(number) + ": " + result.shape.str() + " " +
               std::string(dtype_name(result.dtype)) + "\n";
    outputs += std::string(", ") + c_type(result.dtype) + "* output_" + std::to_string(number);
    macros += "#define " + big + "_OUTPUT_" + std::to_string(number++) + "_SHAPE " + shape_macro(result.shape) + "\n";
  }
  std::string text = "/* Model '" + network.name() + "', compiled ahead of time.\n" + comment;
  if (open)
    text += " * dim_0 ...: the open sizes (None, -1 in the macros) of the inputs in order, the batch once.\n";
  text += " * Reentrant; neither allocates nor writes anything but outputs and workspace, which is aligned to 64 "
          "bytes. */\n";
  if (options.threads)
    text += "/* Runs on the threads of lamina_default_context(), which liblamina defines and a program may define "
            "itself. */\n";
  text += "#ifndef " + big + "_H\n#define " + big +
          "_H\n\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n" + macros +
          "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  text += "/* Bytes of workspace; 0 if none is needed. */\nsize_t " + name + "_workspace_size(" +
          (dims.empty() ? "void" : dims) + ");\n";
  text += "/* 0, or a code for " + name + "_error. */\nint " + name + "_run(" + (dims.empty() ? "" : dims + ", ") +
          inputs + outputs + ", void* workspace);\n";
  text += "const char* " + name + "_error(int code);\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  return text;
}

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
  compiler::ObjectFile file = compiler::compile_object(std::move(graph), {.name = options.name,
                                                                          .target = options.target,
                                                                          .cpu = options.cpu,
                                                                          .threads = options.threads,
                                                                          .emit = options.emit});
  result.object = std::move(file.object);
  result.text = std::move(file.text);
  return result;
}

void compile_object(const Model &model, const std::string &object_path, const std::string &header_path,
                    const ObjectOptions &options) {
  ObjectResult result = compile_object(model, options);
  runtime::write_file(object_path, result.object);
  runtime::write_file(header_path, result.header);
}

} // namespace lamina
