#pragma once

#include "compiler/model/network.h"

#include <initializer_list>
#include <map>

namespace lamina::operations {

/// A call of an operation of keras.ops: what is written at a place may be a tensor, an array, a number or a list.
class Call {
public:
  Call(trace::Graph &graph, const Values &inputs, const Config &args, const Config &kwargs, const Config &config)
      : graph_(graph), inputs_(inputs), args_(args), kwargs_(kwargs), config_(config) {}

  trace::Graph &graph() const { return graph_; }

  /// The argument at a position of the call, or of that name among keyword arguments and the operation's settings;
  /// null where it is missing or None.
  const Config *find(std::size_t position, std::string_view name) const;
  /// The same, None included.
  const Config *argument(std::size_t position, std::string_view name) const;
  bool has(std::size_t position, std::string_view name) const { return find(position, name) != nullptr; }
  /// Errors: it is missing, or no tensor.
  Value value(std::size_t position, std::string_view name) const;
  /// Numbers and arrays take the other operand's type. No value where it is missing.
  Value optional(std::size_t position, std::string_view name) const;
  Values list(std::size_t position, std::string_view name) const;
  /// All arguments that are given by position.
  Values all() const;

  /// A number or the like at a position of the call, or of that name.
  template <typename T> T option(std::size_t position, std::string_view name, T otherwise) const {
    if (const Config *entry = find(position, name))
      detail::read(*entry, otherwise);
    return otherwise;
  }

  /// A keyword argument or setting.
  const Config *setting(std::string_view name) const;
  template <typename T> T setting(std::string_view name, T otherwise) const {
    if (const Config *entry = setting(name))
      detail::read(*entry, otherwise);
    return otherwise;
  }
  /// Of windows: one for all spatial axes of x, or one each.
  std::vector<std::int64_t> sizes(std::string_view name, const Value &x, std::int64_t otherwise) const;
  Axes axes(std::string_view name = "axis") const { return setting(name, Axes()); }
  std::int64_t axis(std::int64_t otherwise, std::string_view name = "axis") const { return setting(name, otherwise); }
  /// The axis, or none of a flat array.
  std::optional<std::int64_t> open_axis() const { return setting("axis", std::optional<std::int64_t>()); }
  bool keepdims() const { return setting("keepdims", false); }
  bool channels_first() const;
  /// x in the type that the setting `dtype` names, if it does.
  Value cast_to_setting(const Value &x) const;

private:
  Value to_value(const Config &entry) const;

  trace::Graph &graph_;
  const Values &inputs_;
  const Config &args_, &kwargs_, &config_;
};

using Run = Values (*)(const Call &);

struct Entry {
  std::string module;
  std::function<Values(const Call &)> run;
};

/// The operations by Keras's class.
class Table {
public:
  const Entry *find(const std::string &class_name) const {
    auto found = entries_.find(class_name);
    return found == entries_.end() ? nullptr : &found->second;
  }
  const std::map<std::string, Entry, std::less<>> &entries() const { return entries_; }

  /// Those of a module of keras.src.
  class Module {
  public:
    Module(Table &table, std::string name) : table_(table), name_("keras.src." + std::move(name)) {}

    template <typename F> struct Named {
      const char *name;
      F function;
    };
    using Unary = Value (*)(const Value &);
    using Binary = Value (*)(const Value &, const Value &);
    using Reduction = Value (*)(const Value &, const Axes &, bool keepdims);

    void calls(std::initializer_list<Named<Run>> list);
    void unary(std::initializer_list<Named<Unary>> list);
    void binary(std::initializer_list<Named<Binary>> list);
    /// With the settings axis and keepdims.
    void reductions(std::initializer_list<Named<Reduction>> list);

  private:
    Table &table_;
    std::string name_;
  };

private:
  std::map<std::string, Entry, std::less<>> entries_;
};

const Table &table();

void add_elementwise(Table &table);
void add_reductions(Table &table);
void add_ordering(Table &table);
void add_shapes(Table &table);
void add_indexing(Table &table);
void add_contractions(Table &table);
void add_networks(Table &table);
void add_images(Table &table);
void add_transforms(Table &table);
void add_integers(Table &table);
void add_sequences(Table &table);
void add_segments(Table &table);
void add_rearrange(Table &table);
void add_fourier(Table &table);
void add_matrices(Table &table);

// ---- what several families use
/// Errors: an open size.
std::int64_t known_size(const Value &x, std::int64_t axis);
Value flat(const Value &x);
/// Axis `from` moved to `to`, the others in their order.
Value move_axis(const Value &x, std::int64_t from, std::int64_t to);
/// Elements of each row of an axis: x[…, indices[…, j], …]. Errors: an open size of the axis.
Value take_along_axis(const Value &x, const Value &indices, std::int64_t axis);
/// A tensor of the numbers in nested lists: integers where all are.
Tensor to_array(const Config &list);
/// What an array is written as holds its numbers; anything else is what it is.
const Config *numbers_of(const Config *entry);
/// Weights [size…, channels, elements] of a convolution whose result has each element of a window as a channel.
Tensor window_elements(const std::vector<std::int64_t> &size, std::int64_t channels);
/// Runs a function on [N, H, W, C], also for one image and other layouts.
Values on_images(const Call &c, const std::function<Value(const Value &images)> &function);
/// a⁻¹ b of matrices in the last two axes.
Value solve(const Value &a, const Value &b);

} // namespace lamina::operations
