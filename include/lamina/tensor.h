#ifndef LAMINA_TENSOR_H
#define LAMINA_TENSOR_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <lamina/dtype.h>
#include <lamina/error.h>
#include <lamina/shape.h>

struct DLManagedTensor;

namespace lamina {

/// A dense array, row major, 64-byte aligned. Copies share the elements: constness is the handle's, not theirs;
/// `clone` makes a second array.
class Tensor {
public:
  enum class Fill { Zero, None };

  /// No array at all; only `defined`, assignment and destruction make sense.
  Tensor() = default;

  /// Errors: an unknown dimension, a size that does not fit memory.
  Tensor(const Shape &shape, DType dtype, Fill fill = Fill::Zero);

  /// Nested lists, `Tensor{{1., 2.}, {3., 4.}}`. As in Keras, literals of type double make float32 and int makes int32.
  /// Errors: rows of different lengths.
  template <Element T> Tensor(std::initializer_list<T> values) : Tensor(from_list(values)) {}
  template <Element T> Tensor(std::initializer_list<std::initializer_list<T>> values) : Tensor(from_list(values)) {}
  template <Element T> Tensor(std::initializer_list<std::initializer_list<std::initializer_list<T>>> values)
      : Tensor(from_list(values)) {}
  template <Element T>
  Tensor(std::initializer_list<std::initializer_list<std::initializer_list<std::initializer_list<T>>>> values)
      : Tensor(from_list(values)) {}

  /// A copy of the values, one-dimensional or of the given shape. Errors: another number of elements than the shape's.
  template <Element T>
    requires(!std::is_same_v<T, bool>)
  explicit Tensor(const std::vector<T> &values)
      : Tensor(copy_of(values.data(), {static_cast<std::int64_t>(values.size())}, dtype_of<T>)) {}
  template <Element T>
    requires(!std::is_same_v<T, bool>)
  Tensor(const std::vector<T> &values, const Shape &shape) : Tensor(from(std::span<const T>(values), shape)) {}
  template <Element T> static Tensor from(std::span<const T> values, const Shape &shape) {
    check_count(values.size(), shape);
    return copy_of(values.data(), shape, dtype_of<T>);
  }

  /// A copy of shape.num_elements() elements at data.
  static Tensor copy_of(const void *data, const Shape &shape, DType dtype);

  /// The memory itself, kept until the last handle is gone, when deleter (if any) is called.
  static Tensor wrap(void *data, const Shape &shape, DType dtype, std::function<void()> deleter = {});

  /// A rank 0 tensor; a double makes float32 unless a dtype is given.
  template <Element T> static Tensor scalar(T value) {
    Literal<T> stored = static_cast<Literal<T>>(value);
    return copy_of(&stored, {}, dtype_of<Literal<T>>);
  }
  static Tensor scalar(double value, DType dtype) { return full({}, value, dtype); }

  static Tensor zeros(const Shape &shape, DType dtype = DType::Float32) { return Tensor(shape, dtype); }
  static Tensor full(const Shape &shape, double value, DType dtype = DType::Float32);

  bool defined() const { return data_ != nullptr; }
  explicit operator bool() const { return defined(); }

  const Shape &shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  std::size_t rank() const { return shape_.rank(); }
  std::int64_t numel() const { return numel_; }
  std::size_t nbytes() const { return static_cast<std::size_t>(numel_) * size_of(dtype_); }

  void *raw() const { return data_.get(); }

  /// The elements. Errors: T is not the element type of dtype().
  template <Element T> T *data() const {
    check_dtype(dtype_of<T>);
    return static_cast<T *>(data_.get());
  }
  template <Element T> std::span<T> values() const { return {data<T>(), static_cast<std::size_t>(numel_)}; }

  /// One element. Errors: another number of indices than the rank, an index out of range.
  template <Element T, typename... Index> T &at(Index... index) const {
    const std::int64_t indices[] = {static_cast<std::int64_t>(index)..., 0};
    return data<T>()[offset(std::span(indices, sizeof...(Index)))];
  }

  /// The only element, converted. Errors: more or fewer than one element.
  template <Element T> T item() const {
    Tensor one = single();
    return one.astype(dtype_of<T>).template data<T>()[0];
  }

  /// Own copy of the elements.
  Tensor clone() const;

  /// The same elements under another shape; one dimension may be -1. Errors: another number of elements.
  Tensor reshape(const Shape &shape) const;

  /// Rows [first, last) of the first axis, sharing the elements; negative bounds count from the end.
  Tensor slice(std::int64_t first, std::int64_t last) const;

  /// Row i of the first axis, without it.
  Tensor operator[](std::int64_t row) const;

  /// Elements converted: numbers out of an integer's range saturate, NaN becomes 0. The same handle if nothing changes.
  Tensor astype(DType dtype) const;

  /// Overwrites the elements with those of another tensor of this shape and dtype.
  void copy_from(const Tensor &other) const;
  void fill(double value) const;

  /// Hands the array to another library without a copy; it calls the result's deleter.
  DLManagedTensor *to_dlpack() const;
  /// Takes over an array: no copy if it lies in rows on the CPU, else Errors; calls the deleter when done.
  static Tensor from_dlpack(DLManagedTensor *managed);

  /// As numpy prints, long arrays shortened.
  std::string str() const;

private:
  template <typename T> using Literal = std::conditional_t<std::is_same_v<T, double>, float, T>;
  template <typename T> struct Innermost {
    using type = T;
  };
  template <typename T> struct Innermost<std::initializer_list<T>> {
    using type = typename Innermost<T>::type;
  };

  template <typename List> static void list_shape(const List &list, Shape &shape) {
    shape.push_back(static_cast<std::int64_t>(list.size()));
    if constexpr (!Element<typename List::value_type>)
      if (list.size())
        list_shape(*list.begin(), shape);
  }
  template <typename List, typename T>
  static T *copy_list(const List &list, const Shape &shape, std::int64_t axis, T *to) {
    check_list(static_cast<std::int64_t>(list.size()), shape, axis);
    if constexpr (Element<typename List::value_type>)
      return std::transform(list.begin(), list.end(), to, [](auto value) { return static_cast<T>(value); });
    else
      for (const auto &row : list)
        to = copy_list(row, shape, axis + 1, to);
    return to;
  }
  template <typename List> static Tensor from_list(const List &list) {
    using T = Literal<typename Innermost<List>::type>;
    Shape shape;
    list_shape(list, shape);
    Tensor result(shape, dtype_of<T>, Fill::None);
    copy_list(list, shape, 0, result.data<T>());
    return result;
  }

  static void check_list(std::int64_t count, const Shape &shape, std::int64_t axis);
  static void check_count(std::size_t count, const Shape &shape);
  void check_dtype(DType asked) const {
    if (asked != dtype_ || !data_) [[unlikely]]
      throw_dtype(asked);
  }
  [[noreturn]] void throw_dtype(DType asked) const;
  std::int64_t offset(std::span<const std::int64_t> indices) const;
  Tensor single() const;

  std::shared_ptr<void> data_;
  Shape shape_;
  std::int64_t numel_ = 0;
  DType dtype_ = DType::Float32;
};

std::ostream &operator<<(std::ostream &stream, const Tensor &tensor);

} // namespace lamina

#endif
