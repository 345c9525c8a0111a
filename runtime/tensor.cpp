#include <lamina/tensor.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "runtime/memory.h"

namespace lamina {

namespace {

std::string describe(const Shape &shape, DType dtype) {
  return std::string(dtype_name(dtype)) + " tensor of shape " + shape.str();
}

std::shared_ptr<void> allocate(std::size_t bytes, const Shape &shape, DType dtype) {
  runtime::Memory memory = runtime::allocate(bytes);
  if (!memory)
    throw Error("no memory for a " + describe(shape, dtype));
  return memory;
}

/// A static_cast that is defined for every value.
template <typename To, typename From> To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    if constexpr (std::is_arithmetic_v<From>)
      return value != From{};
    else
      return static_cast<float>(value) != 0.0f;
  } else if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<To, float16> || std::is_same_v<To, bfloat16>) {
    return To(static_cast<float>(value));
  } else if constexpr (std::is_same_v<From, float16> || std::is_same_v<From, bfloat16>) {
    return convert<To>(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    using Limits = std::numeric_limits<To>;
    if (std::isnan(value))
      return 0;
    if (value <= static_cast<From>(Limits::min()))
      return Limits::min();
    if (value >= static_cast<From>(Limits::max()))
      return Limits::max();
    return static_cast<To>(value);
  } else if constexpr (std::is_integral_v<To> && !std::is_same_v<From, bool>) {
    if (std::in_range<To>(value))
      return static_cast<To>(value);
    return value < 0 ? std::numeric_limits<To>::min() : std::numeric_limits<To>::max();
  } else {
    return static_cast<To>(value);
  }
}

} // namespace

Tensor::Tensor(const Shape &shape, DType dtype, Fill fill)
    : shape_(shape), numel_(shape.num_elements()), dtype_(dtype) {
  std::int64_t bytes;
  if (__builtin_mul_overflow(numel_, static_cast<std::int64_t>(size_of(dtype)), &bytes))
    throw Error("no memory for a " + describe(shape, dtype));
  data_ = allocate(static_cast<std::size_t>(bytes), shape, dtype);
  if (fill == Fill::Zero)
    std::memset(data_.get(), 0, static_cast<std::size_t>(bytes));
}

Tensor Tensor::copy_of(const void *data, const Shape &shape, DType dtype) {
  Tensor result(shape, dtype, Fill::None);
  if (result.nbytes())
    std::memcpy(result.raw(), data, result.nbytes());
  return result;
}

Tensor Tensor::wrap(void *data, const Shape &shape, DType dtype, std::function<void()> deleter) {
  if (!data)
    throw Error("Tensor::wrap: no memory given for a " + describe(shape, dtype));
  Tensor result;
  result.shape_ = shape;
  result.numel_ = shape.num_elements();
  result.dtype_ = dtype;
  result.data_ = std::shared_ptr<void>(data, [deleter = std::move(deleter)](void *) {
    if (deleter)
      deleter();
  });
  return result;
}

Tensor Tensor::full(const Shape &shape, double value, DType dtype) {
  Tensor result(shape, dtype, Fill::None);
  result.fill(value);
  return result;
}

Tensor Tensor::clone() const {
  Tensor result(shape_, dtype_, Fill::None);
  result.copy_from(*this);
  return result;
}

Tensor Tensor::reshape(const Shape &shape) const {
  Shape resolved = shape;
  std::int64_t known = 1, *open = nullptr;
  for (std::int64_t &dim : resolved) {
    if (dim != none)
      known = __builtin_mul_overflow(known, dim, &known) ? 0 : known;
    else if (open)
      throw Error("cannot reshape " + shape_.str() + " to " + shape.str() + ": more than one open dimension");
    else
      open = &dim;
  }
  if (open)
    *open = known > 0 ? numel_ / known : 0;
  if (resolved.num_elements() != numel_)
    throw Error("cannot reshape " + shape_.str() + " to " + shape.str() + ": " + std::to_string(numel_) +
                " elements do not fill it");
  Tensor result = *this;
  result.shape_ = resolved;
  return result;
}

Tensor Tensor::slice(std::int64_t first, std::int64_t last) const {
  if (rank() == 0)
    throw Error("cannot slice a tensor of shape ()");
  std::int64_t rows = shape_[0];
  auto bound = [rows](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + rows : i, 0, rows); };
  first = bound(first);
  last = std::max(first, bound(last));
  std::int64_t row = rows ? numel_ / rows : 0;
  Tensor result = *this;
  result.shape_[0] = last - first;
  result.numel_ = (last - first) * row;
  result.data_ = std::shared_ptr<void>(data_, static_cast<char *>(raw()) +
                                                  static_cast<std::size_t>(first * row) * size_of(dtype_));
  return result;
}

Tensor Tensor::operator[](std::int64_t row) const {
  std::int64_t rows = rank() ? shape_[0] : 0, at = row < 0 ? row + rows : row;
  if (at < 0 || at >= rows)
    throw Error("no row " + std::to_string(row) + " in a tensor of shape " + shape_.str());
  Tensor result = slice(at, at + 1);
  result.shape_ = shape_.subshape(1, rank());
  return result;
}

Tensor Tensor::astype(DType dtype) const {
  if (dtype == dtype_)
    return *this;
  Tensor result(shape_, dtype, Fill::None);
  visit_dtype(dtype_, [&](auto from) {
    visit_dtype(dtype, [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      std::transform(data<From>(), data<From>() + numel_, result.data<To>(), convert<To, From>);
    });
  });
  return result;
}

void Tensor::copy_from(const Tensor &other) const {
  if (!(other.shape_ == shape_) || other.dtype_ != dtype_)
    throw Error("cannot copy a " + describe(other.shape_, other.dtype_) + " into a " + describe(shape_, dtype_));
  if (nbytes())
    std::memmove(raw(), other.raw(), nbytes());
}

void Tensor::fill(double value) const {
  visit_dtype(dtype_, [&](auto element) {
    using T = decltype(element);
    std::fill_n(data<T>(), numel_, convert<T>(value));
  });
}

void Tensor::check_list(std::int64_t count, const Shape &shape, std::int64_t axis) {
  if (count != shape[axis])
    throw Error("rows of different lengths: one has " + std::to_string(count) + " items, the first " +
                std::to_string(shape[axis]));
}

void Tensor::check_count(std::size_t count, const Shape &shape) {
  if (static_cast<std::uint64_t>(shape.num_elements()) != count)
    throw Error(std::to_string(count) + " values do not fill shape " + shape.str());
}

void Tensor::throw_dtype(DType asked) const {
  if (!data_)
    throw Error("the tensor is empty");
  throw Error("asked for " + std::string(dtype_name(asked)) + " elements of a " + describe(shape_, dtype_));
}

std::int64_t Tensor::offset(std::span<const std::int64_t> indices) const {
  if (indices.size() != rank())
    throw Error(std::to_string(indices.size()) + " indices into a tensor of shape " + shape_.str());
  std::int64_t result = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::int64_t dim = shape_[static_cast<std::int64_t>(i)], at = indices[i] < 0 ? indices[i] + dim : indices[i];
    if (at < 0 || at >= dim)
      throw Error("index " + std::to_string(indices[i]) + " is out of range for axis " + std::to_string(i) +
                  " of shape " + shape_.str());
    result = result * dim + at;
  }
  return result;
}

Tensor Tensor::single() const {
  if (numel_ != 1)
    throw Error("item() wants one element; the shape is " + shape_.str());
  return *this;
}

} // namespace lamina
