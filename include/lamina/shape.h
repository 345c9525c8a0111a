#ifndef LAMINA_SHAPE_H
#define LAMINA_SHAPE_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace lamina {

/// A dimension that is not known: Keras's None.
inline constexpr std::int64_t none = -1;

/// The dimensions of a tensor, outermost first; `none` where unknown.
class Shape {
public:
  static constexpr std::size_t max_rank = 12;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  Shape(const std::vector<std::int64_t> &dims) : Shape(std::span(dims)) {}
  /// Errors: more than max_rank dimensions, a dimension below `none`.
  explicit Shape(std::span<const std::int64_t> dims);

  std::size_t rank() const { return rank_; }
  std::size_t size() const { return rank_; }
  bool empty() const { return rank_ == 0; }

  /// Negative indices count from the end, as in Python. Errors: an axis that is not there.
  std::int64_t operator[](std::int64_t axis) const { return dims_[index(axis)]; }
  std::int64_t &operator[](std::int64_t axis) { return dims_[index(axis)]; }
  std::int64_t front() const { return (*this)[0]; }
  std::int64_t back() const { return (*this)[-1]; }

  const std::int64_t *begin() const { return dims_.data(); }
  const std::int64_t *end() const { return dims_.data() + rank_; }
  std::int64_t *begin() { return dims_.data(); }
  std::int64_t *end() { return dims_.data() + rank_; }
  const std::int64_t *data() const { return dims_.data(); }

  void push_back(std::int64_t dim);
  /// This shape's dimensions, then the other's.
  Shape concat(const Shape &other) const;
  /// Dimensions [first, last).
  Shape subshape(std::size_t first, std::size_t last) const;

  /// No dimension is `none`.
  bool is_static() const;
  /// Product of the dimensions. Errors: an unknown dimension, a product past 2^63-1.
  std::int64_t num_elements() const;
  /// As Python writes a tuple: "(None, 4)", "(3,)", "()".
  std::string str() const;

  bool operator==(const Shape &other) const;

private:
  std::size_t index(std::int64_t axis) const {
    auto rank = static_cast<std::int64_t>(rank_);
    if (axis < 0)
      axis += rank;
    if (axis < 0 || axis >= rank) [[unlikely]]
      throw_no_axis(axis);
    return static_cast<std::size_t>(axis);
  }
  [[noreturn]] void throw_no_axis(std::int64_t axis) const;

  std::array<std::int64_t, max_rank> dims_{};
  std::size_t rank_ = 0;
};

std::ostream &operator<<(std::ostream &stream, const Shape &shape);

} // namespace lamina

#endif
