#include "compiler/model/operations/call.h"

#include "compiler/trace/Graph.h"
#include "lamina/layers/support.h"

namespace lamina::operations {
namespace {

const Config *given(const Config *entry) { return entry && !entry->is_null() ? entry : nullptr; }

/// An array as Keras writes it: {class_name: "__numpy__", config: {value, dtype}}.
const Config *array_of(const Config &entry) {
  const Config *name = entry.find("class_name");
  bool array = name && name->is_string() && (name->as_string() == "__numpy__" || name->as_string() == "__tensor__");
  return array ? entry.find("config") : nullptr;
}

bool is_whole(const Config &list) {
  if (!list.is_list())
    return list.is_int();
  return std::ranges::all_of(list.as_list(), is_whole);
}

/// true and false as 1 and 0.
Config as_numbers(const Config &list) {
  if (list.is_bool())
    return list.as_bool() ? 1 : 0;
  if (!list.is_list())
    return list;
  Config result = Config::List();
  for (const Config &item : list.as_list())
    result.push_back(as_numbers(item));
  return result;
}

} // namespace

Tensor to_array(const Config &list) {
  return layers::to_numbers(as_numbers(list)).astype(is_whole(list) ? DType::Int32 : DType::Float32);
}

const Config *numbers_of(const Config *entry) {
  const Config *array = entry ? array_of(*entry) : nullptr;
  return array ? array->find("value") : entry;
}

const Config *Call::argument(std::size_t position, std::string_view name) const {
  if (args_.is_list() && position < args_.size())
    return &args_[position];
  if (const Config *entry = kwargs_.find(name))
    return entry;
  return config_.find(name);
}

const Config *Call::find(std::size_t position, std::string_view name) const { return given(argument(position, name)); }

const Config *Call::setting(std::string_view name) const {
  if (const Config *entry = kwargs_.find(name))
    return given(entry);
  return given(config_.find(name));
}

Value Call::to_value(const Config &entry) const {
  if (const Config *index = entry.find("__tensor__"))
    return inputs_.at(static_cast<std::size_t>(index->as_int()));
  if (const Config *array = array_of(entry)) {
    const Config *dtype = array->find("dtype");
    Tensor values = layers::to_numbers(as_numbers((*array)["value"]));
    return constant(graph_,
                    values.astype(dtype && dtype->is_string() ? dtype_from_name(dtype->as_string()) : DType::Float32));
  }
  if (entry.is_list())
    return constant(graph_, to_array(entry));
  if (entry.is_bool())
    return constant(graph_, entry.as_bool(), DType::Bool);
  if (entry.is_number()) {
    DType partner = inputs_.empty() ? DType::Float32 : inputs_[0].dtype();
    return detail::weak_constant(graph_, entry.as_double(), !entry.is_int(), partner);
  }
  throw Error("expects a tensor or a number, got " + entry.str().substr(0, 60));
}

Value Call::value(std::size_t position, std::string_view name) const {
  const Config *entry = find(position, name);
  if (!entry)
    throw Error("argument '" + std::string(name) + "' is missing");
  return to_value(*entry);
}

Value Call::optional(std::size_t position, std::string_view name) const {
  const Config *entry = find(position, name);
  return entry ? to_value(*entry) : Value();
}

Values Call::list(std::size_t position, std::string_view name) const {
  const Config *entry = find(position, name);
  if (!entry || !entry->is_list())
    throw Error("expects a list of tensors");
  Values result;
  for (const Config &item : entry->as_list())
    result.push_back(to_value(item));
  return result;
}

Values Call::all() const {
  Values result;
  for (const Config &item : args_.as_list())
    result.push_back(to_value(item));
  return result;
}

std::vector<std::int64_t> Call::sizes(std::string_view name, const Value &x, std::int64_t otherwise) const {
  Sizes sizes = otherwise;
  if (const Config *entry = setting(name))
    detail::read(*entry, sizes);
  return sizes.expanded(static_cast<std::size_t>(std::max<std::int64_t>(x.rank() - 2, 0)), std::string(name).c_str());
}

bool Call::channels_first() const {
  return layers::is_channels_first(setting("data_format", std::string("channels_last")));
}

Value Call::cast_to_setting(const Value &x) const {
  std::string dtype = setting("dtype", std::string());
  return dtype.empty() ? x : detail::to(x, dtype_from_name(dtype));
}

void Table::Module::calls(std::initializer_list<Named<Run>> list) {
  for (const auto &[name, run] : list)
    table_.entries_[name] = {name_, run};
}

void Table::Module::unary(std::initializer_list<Named<Unary>> list) {
  for (const auto &[name, function] : list)
    table_.entries_[name] = {name_, [function](const Call &c) { return Values{function(c.value(0, "x"))}; }};
}

void Table::Module::binary(std::initializer_list<Named<Binary>> list) {
  for (const auto &[name, function] : list)
    table_.entries_[name] = {
        name_, [function](const Call &c) { return Values{function(c.value(0, "x1"), c.value(1, "x2"))}; }};
}

void Table::Module::reductions(std::initializer_list<Named<Reduction>> list) {
  for (const auto &[name, function] : list)
    table_.entries_[name] = {
        name_, [function](const Call &c) { return Values{function(c.value(0, "x"), c.axes(), c.keepdims())}; }};
}

const Table &table() {
  static const Table operations = [] {
    Table result;
    add_elementwise(result);
    add_reductions(result);
    add_ordering(result);
    add_shapes(result);
    add_indexing(result);
    add_contractions(result);
    add_networks(result);
    add_images(result);
    add_transforms(result);
    add_integers(result);
    add_sequences(result);
    add_segments(result);
    add_rearrange(result);
    add_fourier(result);
    add_matrices(result);
    return result;
  }();
  return operations;
}

std::int64_t known_size(const Value &x, std::int64_t axis) {
  std::int64_t size = x.shape()[axis];
  if (size == none)
    throw Error("axis " + std::to_string(axis) + " must have a known size, got shape " + x.shape().str());
  return size;
}

Value flat(const Value &x) { return reshape(x, std::vector<std::int64_t>{-1}); }

Value move_axis(const Value &x, std::int64_t from, std::int64_t to) {
  from = resolve_axis(from, x.rank());
  to = resolve_axis(to, x.rank());
  if (from == to)
    return x;
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < x.rank(); ++i)
    if (i != from)
      order.push_back(i);
  order.insert(order.begin() + to, from);
  return transpose(x, order);
}

} // namespace lamina::operations
