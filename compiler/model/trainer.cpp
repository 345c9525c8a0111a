#include "compiler/model/layer_support.h"
#include "compiler/model/model_state.h"

#include "compiler/trace/Graph.h"
#include "lamina/error.h"
#include "runtime/progress.h"
#include "runtime/random.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>

namespace lamina {
namespace {

/// Arrays of a training or an evaluation, of equal length.
struct Data {
  std::vector<Tensor> x, y;
  Tensor weight;
  std::int64_t rows = 0;

  Data slice(std::int64_t first, std::int64_t last) const {
    Data part;
    part.rows = last - first;
    for (const Tensor &tensor : x)
      part.x.push_back(tensor.slice(first, last));
    for (const Tensor &tensor : y)
      part.y.push_back(tensor.slice(first, last));
    if (weight.defined())
      part.weight = weight.slice(first, last);
    return part;
  }
};

Tensor rows_of(const Tensor &from, std::span<const std::int64_t> rows) {
  Shape shape = from.shape();
  shape[0] = static_cast<std::int64_t>(rows.size());
  Tensor to(shape, from.dtype(), Tensor::Fill::None);
  std::size_t bytes = from.shape().front() ? from.nbytes() / static_cast<std::size_t>(from.shape().front()) : 0;
  auto *target = static_cast<char *>(to.raw());
  auto *source = static_cast<const char *>(from.raw());
  for (std::int64_t row : rows) {
    std::memcpy(target, source + static_cast<std::size_t>(row) * bytes, bytes);
    target += bytes;
  }
  return to;
}

Data gathered(const Data &data, std::span<const std::int64_t> rows) {
  Data part;
  part.rows = static_cast<std::int64_t>(rows.size());
  for (const Tensor &tensor : data.x)
    part.x.push_back(rows_of(tensor, rows));
  for (const Tensor &tensor : data.y)
    part.y.push_back(rows_of(tensor, rows));
  if (data.weight.defined())
    part.weight = rows_of(data.weight, rows);
  return part;
}

/// Running sums of what the steps report, for what is said of an epoch.
class Totals {
public:
  struct Part {
    std::string name; ///< with the output's where there are several, and unlike all others
    Metric metric;
  };
  Totals(std::vector<std::string> losses, std::vector<Part> metrics)
      : losses_(std::move(losses)), metrics_(std::move(metrics)), loss_sums_(losses_.size()),
        metric_sums_(metrics_.size()) {}

  /// Results of a step: the losses, then the sums of each metric.
  void add(const std::vector<Tensor> &results, std::int64_t rows) {
    rows_ += rows;
    for (std::size_t i = 0; i < losses_.size(); ++i)
      loss_sums_[i] += static_cast<double>(results[i].item<float>()) * static_cast<double>(rows);
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
      std::span<const float> sums = results[losses_.size() + i].values<float>();
      metric_sums_[i].resize(sums.size());
      std::transform(sums.begin(), sums.end(), metric_sums_[i].begin(), metric_sums_[i].begin(), std::plus<>());
    }
  }

  Scores scores(const std::string &prefix = "") const {
    Scores result;
    for (std::size_t i = 0; i < losses_.size(); ++i)
      result.emplace_back(prefix + losses_[i], rows_ ? loss_sums_[i] / static_cast<double>(rows_) : 0.0);
    for (std::size_t i = 0; i < metrics_.size(); ++i)
      for (const auto &[name, value] : metrics_[i].metric.results(metric_sums_[i]))
        result.emplace_back(prefix + metrics_[i].name + name.substr(metrics_[i].metric.name().size()), value);
    std::sort(result.begin(), result.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
    return result;
  }

private:
  std::vector<std::string> losses_;
  std::vector<Part> metrics_;
  std::vector<double> loss_sums_;
  std::vector<std::vector<double>> metric_sums_;
  std::int64_t rows_ = 0;
};

} // namespace

/// The parts of training that look into the model's state.
class Trainer {
public:
  explicit Trainer(Model::State &state) : state_(state), network_(state.graph()) {
    if (!state.compiled || state.compiled->loss.empty())
      throw Error("model '" + state.network->name() + "' was not compiled with a loss: call compile first" +
                  (state.compile_problem.empty() ? "" : "; the file's settings: " + state.compile_problem));
    for (const KerasTensor &output : network_.outputs())
      names_.push_back(output.layer().name());
    try {
      losses_ = state.compiled->loss.resolve(names_);
      for (auto [resolved, given] : {std::pair(&metrics_, &state.compiled->metrics),
                                     std::pair(&weighted_metrics_, &state.compiled->weighted_metrics)})
        *resolved = given->resolve(names_);
      loss_weights_ = loss_weights();
    } catch (const Error &error) {
      throw Error("model '" + network_.name() + "': " + error.what());
    }
    trained_ = static_cast<std::size_t>(
        std::count_if(losses_.begin(), losses_.end(), [](const Loss &loss) { return loss.defined(); }));
    if (!trained_)
      throw Error("model '" + network_.name() + "': no output has a loss");
  }

  Data data(const std::vector<Tensor> &x, const std::vector<Tensor> &y, const Tensor &weight) const {
    Data data;
    data.x = state_.checked_inputs(x);
    const auto &outputs = network_.outputs();
    if (y.size() != outputs.size())
      throw Error("model '" + network_.name() + "' has " + std::to_string(outputs.size()) + " outputs, got " +
                  std::to_string(y.size()) + " targets");
    if (data.x.empty() || data.x[0].rank() == 0)
      throw Error("training needs inputs with a batch axis");
    data.rows = data.x[0].shape().front();
    auto check_rows = [&](const Tensor &tensor, const std::string &what) {
      if (!tensor.defined() || tensor.rank() == 0 || tensor.shape().front() != data.rows)
        throw Error(what + " has " +
                    (tensor.defined() && tensor.rank() ? std::to_string(tensor.shape().front()) : "no") +
                    " rows, x has " + std::to_string(data.rows));
    };
    for (std::size_t i = 0; i < data.x.size(); ++i)
      check_rows(data.x[i], "input '" + network_.inputs()[i].layer().name() + "'");
    for (std::size_t i = 0; i < y.size(); ++i) {
      check_rows(y[i], y.size() == 1 ? "y" : "y_" + std::to_string(i));
      data.y.push_back(y[i].astype(is_floating(y[i].dtype()) ? DType::Float32 : DType::Int32));
    }
    if (weight.defined()) {
      check_rows(weight, "sample_weight");
      data.weight = weight.astype(DType::Float32);
    }
    if (data.rows == 0)
      throw Error("training needs at least one row");
    return data;
  }

  Totals totals() const {
    std::vector<std::string> losses{"loss"};
    if (trained_ > 1)
      for (std::size_t i = 0; i < losses_.size(); ++i)
        if (losses_[i].defined())
          losses.push_back(names_[i] + "_loss");
    std::vector<Totals::Part> parts;
    std::map<std::string, int> counts;
    for (const Reported &reported : reported_metrics()) {
      auto named = [&](const std::string &name) {
        return names_.size() > 1 ? names_[reported.output] + "_" + name : name;
      };
      std::string name = named(reported.metric->name());
      if (reported.weighted && counts.contains(name))
        name = named("weighted_" + reported.metric->name());
      int number = counts[name]++;
      parts.push_back({number ? name + "_" + std::to_string(number) : name, *reported.metric});
    }
    return {losses, parts};
  }

  /// One call of the traced step (or evaluation) on a batch.
  std::vector<Tensor> step(const Data &batch, bool training, std::uint64_t seed, const runtime::RunOptions &options) {
    std::string key = training ? "train" : "evaluate";
    for (const Tensor &y : batch.y) {
      key += " " + std::string(dtype_name(y.dtype()));
      for (std::size_t axis = 1; axis < y.rank(); ++axis)
        key += "," + std::to_string(y.shape()[static_cast<std::int64_t>(axis)]);
    }
    if (batch.weight.defined())
      key += " weights " + std::to_string(batch.weight.rank());
    Program &program = state_.program(key, options.profile, [&] { return trace(batch, training); });
    std::vector<Tensor> inputs = batch.x;
    inputs.insert(inputs.end(), batch.y.begin(), batch.y.end());
    if (batch.weight.defined())
      inputs.push_back(batch.weight);
    return program.run(inputs, seed, options);
  }

  Scores evaluate(const Data &data, std::int64_t batch_size, int threads, const std::string &prefix) {
    Totals totals = this->totals();
    for (std::int64_t first = 0; first < data.rows; first += batch_size) {
      Data batch = data.slice(first, std::min(data.rows, first + batch_size));
      totals.add(step(batch, false, 0, {.threads = threads}), batch.rows);
    }
    return totals.scores(prefix);
  }

  Optimizer &optimizer() { return state_.compiled->optimizer; }

private:
  static Shape open_batch(const Tensor &tensor) {
    Shape shape = tensor.shape();
    shape[0] = none;
    return shape;
  }

  trace::Graph trace(const Data &batch, bool training) const {
    trace::Graph graph;
    graph.training = training;
    const CompileArguments &compiled = *state_.compiled;
    Values inputs;
    Values outputs = traced_outputs(graph, network_, inputs), targets;
    for (Value &output : outputs)
      if (is_half(output.dtype()))
        output = converted(graph, output, DType::Float32);
    for (std::size_t i = 0; i < batch.y.size(); ++i) {
      Shape shape = open_batch(batch.y[i]);
      // Sizes that the model leaves open stay open in the targets.
      for (std::int64_t axis = 1;
           axis < std::min<std::int64_t>(outputs[i].rank(), static_cast<std::int64_t>(shape.rank())); ++axis)
        if (outputs[i].shape()[axis] == none)
          shape[axis] = none;
      targets.push_back(
          graph.addInput(batch.y.size() == 1 ? "y" : "y_" + std::to_string(i), shape, batch.y[i].dtype()));
    }
    Value weight;
    if (batch.weight.defined())
      weight = graph.addInput("sample_weight", open_batch(batch.weight), DType::Float32);
    Value total;
    Values separate;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Loss &loss = losses_[i];
      if (!loss.defined())
        continue;
      trace::Graph::Scope scope(graph, loss.name(), /*isLayer=*/false);
      try {
        Value value = loss.reduced(targets[i], outputs[i], weight);
        separate.push_back(value);
        if (!loss_weights_.empty())
          value = value * loss_weights_[i];
        total = total.defined() ? Value(total + value) : value;
      } catch (const Error &error) {
        throw Error("loss " + loss.name() + " of output '" + names_[i] + "': " + error.what());
      }
    }
    if (Value penalty = regularization_losses(graph, network_); penalty.defined())
      total = total + penalty;
    graph.addResult("loss", total);
    if (separate.size() > 1)
      for (std::size_t i = 0; i < separate.size(); ++i)
        graph.addResult("loss_" + std::to_string(i), separate[i]);
    for (const Reported &reported : reported_metrics())
      graph.addResult(reported.metric->name(),
                      stop_gradient(reported.metric->sums(targets[reported.output], outputs[reported.output],
                                                          reported.weighted ? weight : Value())));
    if (!training)
      return graph;
    std::vector<Variable> weights = network_.trainable_weights();
    Values wrt;
    for (const Variable &variable : weights)
      wrt.push_back(graph.argument(variable));
    Values gradients;
    compiled.optimizer.build(weights);
    if (!wrt.empty())
      gradients = gradient(compiled.optimizer.scaled(graph, total), wrt);
    compiled.optimizer.apply(graph, weights, gradients);
    return graph;
  }

  /// One for each output: those of compile stand by the losses, or one stands for all.
  std::vector<double> loss_weights() const {
    const std::vector<double> &given = state_.compiled->loss_weights;
    if (given.size() == 1)
      return std::vector<double>(names_.size(), given[0]);
    if (!given.empty() && given.size() != names_.size())
      throw Error("loss_weights needs one number for each output");
    std::vector<double> result(given.size());
    const std::vector<std::string> &order = state_.compiled->loss.names();
    for (std::size_t i = 0; i < given.size(); ++i)
      result[order.empty()
                 ? i
                 : static_cast<std::size_t>(std::find(names_.begin(), names_.end(), order[i]) - names_.begin())] =
          given[i];
    return result;
  }

  struct Reported {
    const Metric *metric;
    std::size_t output;
    bool weighted;
  };
  /// In Keras's order, which decides about names that several have.
  std::vector<Reported> reported_metrics() const {
    std::vector<Reported> result;
    for (bool weighted : {false, true})
      for (std::size_t i = 0; i < names_.size(); ++i)
        for (const Metric &metric : (weighted ? weighted_metrics_ : metrics_)[i])
          result.push_back({&metric, i, weighted});
    return result;
  }

  Model::State &state_;
  const Network &network_;
  /// By output.
  std::vector<std::string> names_;
  std::vector<Loss> losses_;
  std::vector<double> loss_weights_;
  std::vector<MetricList> metrics_, weighted_metrics_;
  std::size_t trained_ = 0; ///< outputs with a loss
};

namespace {

/// Random bits differ from step to step and are the same in every run with one seed.
std::uint64_t step_seed(std::uint64_t seed, std::int64_t iteration) {
  return (seed * 0x9E3779B97F4A7C15u) ^ (static_cast<std::uint64_t>(iteration) + 1) * 0xBF58476D1CE4E5B9u;
}

void ensure_graph(Network &network, const std::vector<Tensor> &x) {
  if (network.has_graph() || x.size() != 1 || !x[0].defined() || x[0].rank() == 0)
    return;
  Shape shape = x[0].shape();
  shape[0] = none;
  network.build_sequential(shape, is_floating(x[0].dtype()) ? DType::Float32 : x[0].dtype());
}

} // namespace

void Model::compile(const CompileArguments &arguments) const {
  state_->compile_config = compile_config(arguments);
  state_->compiled = arguments;
  state_->compile_problem.clear();
  state_->programs.clear();
  if (state_->network->has_graph() && !arguments.loss.empty())
    Trainer check(*state_);
}

History Model::fit(const std::vector<Tensor> &x, const std::vector<Tensor> &y, const FitArguments &arguments) const {
  if (arguments.epochs < 1 || arguments.batch_size < 1)
    throw Error("fit: epochs and batch_size must be positive, got " + std::to_string(arguments.epochs) + " and " +
                std::to_string(arguments.batch_size));
  if (!(arguments.validation_split >= 0.0 && arguments.validation_split < 1.0))
    throw Error("fit: validation_split must lie in [0, 1), got " + Config(arguments.validation_split).str());
  ensure_graph(*state_->network, x);
  Trainer trainer(*state_);
  Data data = trainer.data(x, y, arguments.sample_weight), validation;
  if (!arguments.validation_x.empty()) {
    validation = trainer.data(arguments.validation_x, arguments.validation_y, arguments.validation_sample_weight);
  } else if (arguments.validation_split > 0.0) {
    auto at =
        static_cast<std::int64_t>(std::floor(static_cast<double>(data.rows) * (1.0 - arguments.validation_split)));
    if (at == 0 || at == data.rows)
      throw Error("fit: validation_split " + Config(arguments.validation_split).str() +
                  " leaves no rows for one of the two parts");
    validation = data.slice(at, data.rows);
    data = data.slice(0, at);
  }
  using runtime::ProgressStyle;
  ProgressStyle style = !arguments.verbose        ? runtime::default_progress_style()
                        : *arguments.verbose == 0 ? ProgressStyle::Silent
                        : *arguments.verbose == 1 ? ProgressStyle::Bar
                                                  : ProgressStyle::Line;
  std::int64_t steps = (data.rows + arguments.batch_size - 1) / arguments.batch_size;
  runtime::Progress progress(style, arguments.epochs, steps);
  History history;
  for (int epoch = 0; epoch < arguments.epochs; ++epoch) {
    progress.begin_epoch(epoch + 1);
    std::vector<std::int64_t> order;
    if (arguments.shuffle)
      order = runtime::permutation(data.rows, arguments.seed, static_cast<std::uint64_t>(epoch) + 1);
    Totals totals = trainer.totals();
    for (std::int64_t step = 0; step < steps; ++step) {
      std::int64_t first = step * arguments.batch_size, last = std::min(data.rows, first + arguments.batch_size);
      Data batch = arguments.shuffle ? gathered(data, std::span(order).subspan(static_cast<std::size_t>(first),
                                                                               static_cast<std::size_t>(last - first)))
                                     : data.slice(first, last);
      std::uint64_t seed = step_seed(arguments.seed, trainer.optimizer().iterations());
      totals.add(trainer.step(batch, true, seed, {.threads = arguments.threads}), batch.rows);
      if (style == ProgressStyle::Bar)
        progress.step(step + 1, totals.scores());
    }
    Scores scores = totals.scores();
    if (validation.rows) {
      Scores more = trainer.evaluate(validation, arguments.batch_size, arguments.threads, "val_");
      scores.insert(scores.end(), more.begin(), more.end());
    }
    progress.end_epoch(scores);
    for (const auto &[name, value] : scores) {
      auto entry =
          std::find_if(history.history.begin(), history.history.end(), [&](const auto &e) { return e.first == name; });
      if (entry == history.history.end())
        entry = history.history.insert(history.history.end(), {name, {}});
      entry->second.push_back(value);
    }
  }
  trainer.optimizer().finalize(state_->network->trainable_weights());
  return history;
}

Scores Model::evaluate(const std::vector<Tensor> &x, const std::vector<Tensor> &y,
                       const EvaluateArguments &arguments) const {
  if (arguments.batch_size < 1)
    throw Error("evaluate: batch_size must be positive, got " + std::to_string(arguments.batch_size));
  ensure_graph(*state_->network, x);
  Trainer trainer(*state_);
  return trainer.evaluate(trainer.data(x, y, arguments.sample_weight), arguments.batch_size, arguments.threads, "");
}

Scores Model::train_on_batch(const std::vector<Tensor> &x, const std::vector<Tensor> &y,
                             const TrainArguments &arguments) const {
  ensure_graph(*state_->network, x);
  Trainer trainer(*state_);
  Data batch = trainer.data(x, y, arguments.sample_weight);
  Totals totals = trainer.totals();
  totals.add(trainer.step(batch, true, step_seed(arguments.seed, trainer.optimizer().iterations()),
                          {.threads = arguments.threads, .profile = arguments.profile}),
             batch.rows);
  return totals.scores();
}

} // namespace lamina
