#include "compiler/model/model_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace lamina {
namespace {

std::string with_commas(std::int64_t n) {
  std::string digits = std::to_string(n);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

std::string memory(double bytes) {
  static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes / 1024 >= 1 && unit + 1 < std::size(units)) {
    bytes /= 1024;
    ++unit;
  }
  char text[40];
  std::snprintf(text, sizeof text, "%.2f %s", bytes, units[unit]);
  return text;
}

struct Count {
  std::int64_t elements = 0;
  double bytes = 0;
  explicit Count(const std::vector<Variable> &variables) {
    for (const Variable &variable : variables) {
      elements += variable.shape().num_elements();
      bytes += static_cast<double>(variable.shape().num_elements()) * static_cast<double>(size_of(variable.dtype()));
    }
  }
};

/// Characters, not bytes.
std::size_t width_of(const std::string &text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string repeated(const char *text, std::size_t n) {
  std::string result;
  for (std::size_t i = 0; i < n; ++i)
    result += text;
  return result;
}

/// Breaks at spaces; words longer than a line are cut.
std::vector<std::string> wrapped(const std::string &text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find(' ', at);
    std::string word = text.substr(at, end == std::string::npos ? end : end - at);
    at = end == std::string::npos ? text.size() : end + 1;
    if (!line.empty() && width_of(line) + 1 + word.size() <= width) {
      line += " " + word;
      continue;
    }
    if (!line.empty())
      lines.push_back(line);
    line = word.size() > width ? word.substr(0, width - 1) + "…" : word;
  }
  if (!line.empty() || lines.empty())
    lines.push_back(line);
  return lines;
}

using Row = std::vector<std::string>;

class Table {
public:
  Table(Row header, std::vector<std::size_t> widths, std::vector<bool> right)
      : header_(std::move(header)), widths_(std::move(widths)), right_(std::move(right)) {}
  void add(Row row) { rows_.push_back(std::move(row)); }

  std::string str() const {
    std::string out = border("┏", "┳", "┓", "━") + lines(header_, "┃") + border("┡", "╇", "┩", "━");
    for (std::size_t i = 0; i < rows_.size(); ++i)
      out += (i ? border("├", "┼", "┤", "─") : "") + lines(rows_[i], "│");
    return out + border("└", "┴", "┘", "─");
  }

private:
  std::string border(const char *left, const char *middle, const char *right, const char *line) const {
    std::string out = left;
    for (std::size_t i = 0; i < widths_.size(); ++i)
      out += (i ? middle : "") + repeated(line, widths_[i] + 2);
    return out + right + "\n";
  }

  std::string lines(const Row &row, const char *side) const {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 1;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      cells.push_back(wrapped(row[i], widths_[i]));
      height = std::max(height, cells.back().size());
    }
    std::string out;
    for (std::size_t y = 0; y < height; ++y) {
      for (std::size_t i = 0; i < widths_.size(); ++i) {
        std::string text = y < cells[i].size() ? cells[i][y] : "";
        std::string space(widths_[i] - std::min(widths_[i], width_of(text)), ' ');
        out += std::string(side) + " " + (right_[i] ? space + text : text + space) + " ";
      }
      out += std::string(side) + "\n";
    }
    return out;
  }

  Row header_;
  std::vector<std::size_t> widths_;
  std::vector<bool> right_;
  std::vector<Row> rows_;
};

std::string shapes_text(const std::vector<TensorSpec> &outputs) {
  if (outputs.size() == 1)
    return outputs[0].shape.str();
  std::string text = "[";
  for (std::size_t i = 0; i < outputs.size(); ++i)
    text += (i ? ", " : "") + outputs[i].shape.str();
  return text + "]";
}

} // namespace

std::string summary_text(const Network &network, const Optimizer *optimizer) {
  // A chain is shown without its connections.
  bool chain = true;
  std::vector<const LayerBase *> called;
  if (network.form() == Network::Form::Functional)
    for (const auto &node : network.nodes()) {
      chain = chain && node->inputs.size() <= 1 &&
              std::find(called.begin(), called.end(), node->layer.get()) == called.end();
      called.push_back(node->layer.get());
    }
  chain = chain && network.inputs().size() <= 1 && network.outputs().size() <= 1;
  constexpr std::size_t length = 76;
  std::vector<double> ends = chain ? std::vector<double>{0.45, 0.80, 1.0} : std::vector<double>{0.3, 0.56, 0.74, 1.0};
  std::vector<std::size_t> widths;
  std::size_t used = 0;
  for (double end : ends) {
    std::size_t width = static_cast<std::size_t>(end * static_cast<double>(length)) - used;
    used += width;
    widths.push_back(width);
  }
  // Borders and margins take three characters a column and one more; each column gives its share, rounded half to even.
  std::size_t excess = used + 3 * widths.size() + 1 - length;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    auto share =
        static_cast<std::size_t>(std::nearbyint(static_cast<double>(excess) / static_cast<double>(widths.size() - i)));
    widths[i] -= share;
    excess -= share;
  }
  Row header{"Layer (type)", "Output Shape", "Param #"};
  std::vector<bool> right{false, false, true};
  if (!chain) {
    header.push_back("Connected to");
    right.push_back(false);
  }
  Table table(header, widths, right);
  for (const auto &layer : network.layers()) {
    std::vector<TensorSpec> outputs;
    std::string connections;
    std::map<const LayerBase *, int> numbers;
    std::map<const Node *, int> node_number;
    for (const auto &input : network.inputs())
      node_number.try_emplace(input.node().get(), 0);
    for (const auto &node : network.nodes()) {
      node_number[node.get()] = numbers[node->layer.get()]++;
      if (node->layer != layer)
        continue;
      outputs = node->outputs;
      for (const KerasTensor &input : node->inputs)
        connections += (connections.empty() ? "" : ", ") + input.layer().name() + "[" +
                       std::to_string(node_number[input.node().get()]) + "][" + std::to_string(input.index()) + "]";
    }
    bool unbuilt = !layer->built() && !network.has_graph();
    Row row{layer->name() + " (" + layer->class_name() + ")", outputs.empty() ? "?" : shapes_text(outputs),
            unbuilt ? "0 (unbuilt)" : with_commas(layer->count_params())};
    if (!chain)
      row.push_back(connections.empty() ? "-" : connections);
    table.add(row);
  }
  Count trained(network.trainable_weights()), others(network.non_trainable_weights());
  Count state(optimizer && optimizer->built() ? optimizer->variables() : std::vector<Variable>());
  std::string text = "Model: \"" + network.name() + "\"\n" + table.str();
  text += " Total params: " + with_commas(trained.elements + others.elements + state.elements) + " (" +
          memory(trained.bytes + others.bytes + state.bytes) + ")\n";
  text += " Trainable params: " + with_commas(trained.elements) + " (" + memory(trained.bytes) + ")\n";
  text += " Non-trainable params: " + with_commas(others.elements) + " (" + memory(others.bytes) + ")\n";
  if (optimizer && optimizer->built())
    text += " Optimizer params: " + with_commas(state.elements) + " (" + memory(state.bytes) + ")\n";
  return text;
}

} // namespace lamina
