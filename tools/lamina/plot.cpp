#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <lamina/layer.h>
#include <lamina/model.h>

#include "runtime/files.h"
#include "tools/lamina/command.h"

namespace lamina::tools {
namespace {

/// Text inside a label of Graphviz's record shape.
std::string escaped(const std::string &text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\\\"{}|<> ").find(c) != std::string_view::npos)
      out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return out;
}

std::string shapes_text(const std::vector<Shape> &shapes) {
  std::string text;
  for (const Shape &shape : shapes)
    text += (text.empty() ? "" : ", ") + shape.str();
  return text.empty() ? "none" : text;
}

/// The calls of layers that lead to the outputs, in the order they were made.
std::vector<std::shared_ptr<Node>> nodes_of(const Model &model) {
  std::map<std::uint64_t, std::shared_ptr<Node>> found;
  std::vector<std::shared_ptr<Node>> pending;
  for (const KerasTensor &output : model.outputs())
    pending.push_back(output.node());
  while (!pending.empty()) {
    std::shared_ptr<Node> node = pending.back();
    pending.pop_back();
    if (!found.emplace(node->number, node).second)
      continue;
    for (const KerasTensor &input : node->inputs)
      pending.push_back(input.node());
  }
  std::vector<std::shared_ptr<Node>> nodes;
  for (const auto &[number, node] : found)
    nodes.push_back(node);
  return nodes;
}

std::string dot_of(const Model &model) {
  std::string text = "digraph model {\n  rankdir=TB;\n  node [shape=record, fontname=\"Helvetica\", fontsize=11];\n"
                     "  edge [arrowsize=0.7];\n";
  std::string edges;
  for (const auto &node : nodes_of(model)) {
    std::vector<Shape> inputs, outputs;
    std::string id = "n" + std::to_string(node->number);
    for (const KerasTensor &input : node->inputs) {
      inputs.push_back(input.shape());
      edges += "  n" + std::to_string(input.node()->number) + " -> " + id + ";\n";
    }
    for (const TensorSpec &output : node->outputs)
      outputs.push_back(output.shape);
    std::string title = escaped(node->layer->name()) + " (" + escaped(node->layer->class_name()) + ")";
    text += "  " + id + " [label=\"{" + title + "|" +
            (inputs.empty() ? "" : "{input|" + escaped(shapes_text(inputs)) + "}|") + "{output|" +
            escaped(shapes_text(outputs)) + "}}\"];\n";
  }
  return text + edges + "}\n";
}

/// Graphviz's picture of a graph.
std::string drawn(const std::string &dot, const std::string &format) {
  std::string source = "/tmp/lamina-plot-XXXXXX";
  int descriptor = mkstemp(source.data());
  if (descriptor < 0)
    throw Error("cannot make a temporary file in /tmp");
  close(descriptor);
  struct Removed {
    const std::string &path;
    ~Removed() { unlink(path.c_str()); }
  } removed{source};
  runtime::write_file(source, dot);
  std::FILE *pipe = popen(("dot -T" + format + " " + source + " 2>/dev/null").c_str(), "r");
  if (!pipe)
    throw Error("cannot start Graphviz's program 'dot'");
  std::string picture;
  char buffer[1 << 16];
  for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    picture.append(buffer, got);
  int status = pclose(pipe);
  if (status != 0)
    throw Error(WIFEXITED(status) && WEXITSTATUS(status) == 127
                    ? "Graphviz's program 'dot' is not installed; install the package graphviz, or write a .dot file"
                    : "Graphviz's program 'dot' could not draw the graph; write a .dot file to look at it");
  return picture;
}

void plot(const std::string &model_path, const std::string &output) {
  auto is = [&](const char *ending) { return output.ends_with(ending); };
  if (!is(".svg") && !is(".png") && !is(".dot"))
    throw UsageError("-o is " + runtime::in_quotes(output) + "; its name must end in .svg, .png or .dot");
  runtime::check_writable_file(output);
  std::string dot = dot_of(load_model(model_path));
  runtime::write_file(output, is(".dot") ? dot : drawn(dot, is(".svg") ? "svg" : "png"));
}

} // namespace

void add_plot(CLI::App &app) {
  CLI::App *command = app.add_subcommand("plot", "Draw the graph of layers with their shapes");
  auto paths = std::make_shared<std::pair<std::string, std::string>>();
  add_model(*command, paths->first);
  command->add_option("-o,--output", paths->second, "the picture: .svg, .png or .dot")
      ->required()
      ->type_name("MODEL.svg");
  command->callback([paths] { plot(paths->first, paths->second); });
}

} // namespace lamina::tools
