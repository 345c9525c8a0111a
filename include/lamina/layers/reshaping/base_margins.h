#ifndef LAMINA_LAYERS_RESHAPING_BASE_MARGINS_H
#define LAMINA_LAYERS_RESHAPING_BASE_MARGINS_H

#include <array>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// How much to add or to cut at both ends of each spatial axis: one number for all ends, one an axis, or {low, high} an
/// axis.
class Margins {
public:
  using Pair = std::array<std::int64_t, 2>;

  Margins(int size) : Margins(static_cast<std::int64_t>(size)) {}
  Margins(std::int64_t size) : entries_(size) {}
  Margins(std::initializer_list<std::int64_t> sizes) : entries_(std::vector<std::int64_t>(sizes)) {}
  Margins(std::initializer_list<std::initializer_list<std::int64_t>> pairs) : entries_(Config::List()) {
    for (const auto &pair : pairs)
      entries_.push_back(Config(std::vector<std::int64_t>(pair)));
  }
  static Margins from_config(const Config &config) {
    Margins result(0);
    result.entries_ = config;
    return result;
  }
  operator Config() const { return entries_; }

  /// {low, high} of `spatial` axes. Errors: another form, a negative number.
  std::vector<Pair> pairs(std::size_t spatial, const char *what) const {
    auto fail = [&]() -> Error {
      return Error(std::string(what) + " must be one integer, or " +
                   (spatial == 1 ? "a pair of integers" : std::to_string(spatial) + " integers or pairs of integers") +
                   ", none negative, got " + entries_.str());
    };
    auto number = [&](const Config &entry) {
      if (!entry.is_int() || entry.as_int() < 0)
        throw fail();
      return entry.as_int();
    };
    std::vector<Pair> result;
    if (!entries_.is_list())
      return std::vector<Pair>(spatial, Pair{number(entries_), number(entries_)});
    const Config::List &list = entries_.as_list();
    if (spatial == 1 && list.size() == 2)
      return {Pair{number(list[0]), number(list[1])}};
    if (list.size() != spatial)
      throw fail();
    for (const Config &entry : list) {
      if (!entry.is_list())
        result.push_back({number(entry), number(entry)});
      else if (entry.size() == 2)
        result.push_back({number(entry.at(0)), number(entry.at(1))});
      else
        throw fail();
    }
    return result;
  }
  /// In Keras's written form: a pair for one axis, pairs for several.
  void normalize(std::size_t spatial, const char *what) {
    std::vector<Pair> all = pairs(spatial, what);
    Config::List list;
    for (const Pair &pair : all)
      list.push_back(Config::list({pair[0], pair[1]}));
    entries_ = spatial == 1 ? list[0] : Config(std::move(list));
  }

private:
  Config entries_;
};

/// What the paddings with zeros share, and the croppings: Margins around the spatial axes.
template <typename D, std::size_t Spatial, bool Crop> class MarginsBase : public Layer<D> {
public:
  struct Options {
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  MarginsBase(const Margins &margins, const Options &options) : margins(margins), options(options) {
    this->init(options.name, options.trainable, options.dtype);
  }

  void prepare() {
    margins.normalize(Spatial, argument);
    is_channels_first(options.data_format);
  }

  Value call(const Value &x, CallContext &) const {
    check_rank(x.shape(), Spatial + 2);
    std::size_t first = is_channels_first(options.data_format) ? 2 : 1;
    std::vector<Margins::Pair> ends = margins.pairs(Spatial, argument);
    std::vector<std::int64_t> low(Spatial + 2, 0), high(Spatial + 2, Crop ? to_end : 0);
    for (std::size_t i = 0; i < Spatial; ++i) {
      std::int64_t size = x.shape()[static_cast<std::int64_t>(first + i)];
      if (Crop && size != none && ends[i][0] + ends[i][1] >= size)
        throw Error("cropping leaves nothing of shape " + x.shape().str());
      low[first + i] = ends[i][0];
      if (ends[i][1])
        high[first + i] = Crop ? -ends[i][1] : ends[i][1];
    }
    return Crop ? slice(x, low, high) : pad(x, low, high);
  }

  template <typename F> void fields(F &f) {
    f(argument, margins);
    f("data_format", options.data_format);
  }

  Margins margins;
  Options options;

private:
  static constexpr const char *argument = Crop ? "cropping" : "padding";
};

} // namespace lamina::layers

#endif
