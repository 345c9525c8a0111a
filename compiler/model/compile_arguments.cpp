#include "compiler/model/model_state.h"

#include "compiler/model/registry.h"
#include "lamina/error.h"

#include <algorithm>

namespace lamina {
namespace {

std::string listed(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

std::size_t output_index(const std::string &name, const std::vector<std::string> &outputs, const char *what) {
  auto found = std::find(outputs.begin(), outputs.end(), name);
  if (found == outputs.end())
    throw Error(std::string(what) + " name an output '" + name + "'; the model has " + listed(outputs));
  return static_cast<std::size_t>(found - outputs.begin());
}

/// One metric or a list of them.
MetricList metric_list(const Config &config) {
  MetricList metrics;
  if (config.is_list())
    for (const Config &item : config.as_list())
      metrics.push_back(Metric::from_config(item));
  else if (!config.is_null())
    metrics.push_back(Metric::from_config(config));
  return metrics;
}

bool is_object(const Config &config) { return config.is_string() || config.contains("class_name"); }

} // namespace

LossList LossList::named(const std::vector<std::pair<std::string, Loss>> &losses) {
  LossList result;
  for (const auto &[name, loss] : losses) {
    result.names_.push_back(name);
    result.push_back(loss);
  }
  return result;
}

LossList LossList::from_config(const Config &config) {
  auto loss_of = [](const Config &item) { return item.is_null() ? Loss::none() : Loss::from_config(item); };
  LossList result;
  if (config.is_null())
    return result;
  if (config.is_list())
    for (const Config &item : config.as_list())
      result.push_back(loss_of(item));
  else if (config.is_dict() && !is_object(config))
    for (const auto &[name, item] : config.as_dict()) {
      result.names_.push_back(name);
      result.push_back(loss_of(item));
    }
  else
    result.push_back(Loss::from_config(config));
  return result;
}

std::vector<Loss> LossList::resolve(const std::vector<std::string> &outputs) const {
  if (size() == 1 && names_.empty())
    return std::vector<Loss>(outputs.size(), front());
  if (size() != outputs.size())
    throw Error("compile got " + std::to_string(size()) + " losses; the model has the outputs " + listed(outputs));
  std::vector<Loss> result(outputs.size(), Loss::none());
  for (std::size_t i = 0; i < size(); ++i)
    result[names_.empty() ? i : output_index(names_[i], outputs, "losses")] = (*this)[i];
  return result;
}

Config LossList::get_config() const {
  auto config_of = [](const Loss &loss) { return loss.defined() ? loss.get_config() : Config(); };
  if (!names_.empty()) {
    Config config = Config::dict();
    for (std::size_t i = 0; i < size(); ++i)
      config.set(names_[i], config_of((*this)[i]));
    return config;
  }
  if (size() <= 1)
    return empty() ? Config() : config_of(front());
  Config config = Config::List();
  for (const Loss &loss : *this)
    config.push_back(config_of(loss));
  return config;
}

OutputMetrics::OutputMetrics(const MetricList &metrics) {
  if (!metrics.empty())
    entries_.emplace_back("", metrics);
}

OutputMetrics OutputMetrics::of(const std::vector<MetricList> &outputs) {
  OutputMetrics result;
  result.form_ = Form::List;
  for (const MetricList &metrics : outputs)
    result.entries_.emplace_back("", metrics);
  return result;
}

OutputMetrics OutputMetrics::named(const std::vector<std::pair<std::string, MetricList>> &outputs) {
  OutputMetrics result;
  result.form_ = Form::Named;
  result.entries_ = outputs;
  return result;
}

OutputMetrics OutputMetrics::from_config(const Config &config) {
  if (config.is_null())
    return {};
  if (config.is_dict() && !is_object(config)) {
    std::vector<std::pair<std::string, MetricList>> outputs;
    for (const auto &[name, item] : config.as_dict())
      outputs.emplace_back(name, metric_list(item));
    return named(outputs);
  }
  if (config.is_list() && !std::all_of(config.as_list().begin(), config.as_list().end(), is_object)) {
    std::vector<MetricList> outputs;
    for (const Config &item : config.as_list())
      outputs.push_back(metric_list(item));
    return of(outputs);
  }
  return metric_list(config);
}

std::vector<MetricList> OutputMetrics::resolve(const std::vector<std::string> &outputs) const {
  std::vector<MetricList> result(outputs.size());
  if (entries_.empty())
    return result;
  if (outputs.size() == 1) {
    // As in Keras, whatever the structure.
    for (const auto &[name, metrics] : entries_)
      result[0].insert(result[0].end(), metrics.begin(), metrics.end());
    return result;
  }
  if (form_ == Form::Named) {
    for (const auto &[name, metrics] : entries_)
      result[output_index(name, outputs, "metrics")] = metrics;
    return result;
  }
  std::size_t count = form_ == Form::Plain ? entries_[0].second.size() : entries_.size();
  if (count != outputs.size())
    throw Error("metrics have " + std::to_string(count) + (count == 1 ? " entry" : " entries") +
                "; the model has the outputs " + listed(outputs) + ": give a list for each, or lists by name");
  for (std::size_t i = 0; i < count; ++i)
    result[i] = form_ == Form::Plain ? MetricList{entries_[0].second[i]} : entries_[i].second;
  return result;
}

Config OutputMetrics::get_config() const {
  auto list_of = [](const MetricList &metrics) {
    Config list = Config::List();
    for (const Metric &metric : metrics)
      list.push_back(metric.get_config());
    return list;
  };
  if (entries_.empty())
    return {};
  if (form_ == Form::Plain)
    return list_of(entries_[0].second);
  Config config = form_ == Form::Named ? Config::dict() : Config(Config::List());
  for (const auto &[name, metrics] : entries_)
    if (form_ == Form::Named)
      config.set(name, list_of(metrics));
    else
      config.push_back(list_of(metrics));
  return config;
}

std::optional<CompileArguments> compile_arguments(const Config &config) {
  auto entry = [&](const char *key) {
    const Config *found = config.find(key);
    return found ? *found : Config();
  };
  if (entry("optimizer").is_null() || entry("loss").is_null())
    return {};
  CompileArguments arguments;
  arguments.optimizer = Optimizer::from_config(entry("optimizer"));
  arguments.loss = LossList::from_config(entry("loss"));
  arguments.metrics = OutputMetrics::from_config(entry("metrics"));
  arguments.weighted_metrics = OutputMetrics::from_config(entry("weighted_metrics"));
  Config weights = entry("loss_weights");
  if (weights.is_number())
    arguments.loss_weights = {weights.as_double()};
  else if (weights.is_list())
    for (const Config &item : weights.as_list())
      arguments.loss_weights.push_back(item.as_double());
  else if (weights.is_dict() && arguments.loss.names().empty())
    for (const auto &[name, item] : weights.as_dict())
      arguments.loss_weights.push_back(item.as_double());
  else if (weights.is_dict())
    for (const std::string &name : arguments.loss.names())
      arguments.loss_weights.push_back(weights[name].as_double());
  return arguments;
}

Config compile_config(const CompileArguments &arguments) {
  // Keras wants a loss for each weight.
  LossList losses = arguments.loss;
  if (losses.size() == 1 && arguments.loss_weights.size() > 1)
    losses = std::vector<Loss>(arguments.loss_weights.size(), losses[0]);
  if (arguments.loss_weights.size() > 1 && arguments.loss_weights.size() != losses.size())
    throw Error("compile got " + std::to_string(losses.size()) + " losses and " +
                std::to_string(arguments.loss_weights.size()) + " loss_weights");
  Config weights;
  if (losses.names().empty())
    weights = arguments.loss_weights.empty() ? Config() : Config(arguments.loss_weights);
  else if (!arguments.loss_weights.empty())
    for (std::size_t i = 0; i < losses.size(); ++i) {
      weights = i ? weights : Config::dict();
      weights.set(losses.names()[i], arguments.loss_weights[arguments.loss_weights.size() == 1 ? 0 : i]);
    }
  return {
      {"optimizer", serialized("keras.optimizers", arguments.optimizer.class_name(), arguments.optimizer.get_config())},
      {"loss", losses.get_config()},
      {"loss_weights", weights},
      {"metrics", arguments.metrics.get_config()},
      {"weighted_metrics", arguments.weighted_metrics.get_config()},
      {"run_eagerly", false},
      {"steps_per_execution", 1},
      {"jit_compile", true}};
}

} // namespace lamina
