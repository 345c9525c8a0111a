#ifndef LAMINA_DTYPE_H
#define LAMINA_DTYPE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace lamina {

/// The element type of a tensor, by Keras's names ("float32", "bool", …).
enum class DType : std::uint8_t {
  Bool,
  Int8,
  UInt8,
  Int16,
  Int32,
  Int64,
  UInt32,
  UInt64,
  Float16,
  BFloat16,
  Float32,
  Float64,
};

/// IEEE 754 half precision, as bits; converts to and from float (round to nearest even).
struct float16 {
  std::uint16_t bits = 0;
  float16() = default;
  explicit float16(float value);
  operator float() const;
};

/// The upper half of a float, as bits; converts to and from float (round to nearest even).
struct bfloat16 {
  std::uint16_t bits = 0;
  bfloat16() = default;
  explicit bfloat16(float value);
  operator float() const;
};

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
  case DType::Bool:
  case DType::Int8:
  case DType::UInt8: return 1;
  case DType::Int16:
  case DType::Float16:
  case DType::BFloat16: return 2;
  case DType::Int32:
  case DType::UInt32:
  case DType::Float32: return 4;
  case DType::Int64:
  case DType::UInt64:
  case DType::Float64: return 8;
  }
  return 0;
}

constexpr bool is_floating(DType dtype) { return dtype >= DType::Float16; }
constexpr bool is_half(DType dtype) { return dtype == DType::Float16 || dtype == DType::BFloat16; }
constexpr bool is_integer(DType dtype) { return dtype != DType::Bool && !is_floating(dtype); }

/// Keras's name: "float32".
std::string_view dtype_name(DType dtype);

/// The type of that name. Errors: a name that is none, with the names that are.
DType dtype_from_name(std::string_view name);

namespace detail {
template <typename T> inline constexpr int dtype_index = -1;
template <DType D> inline constexpr int index_of = static_cast<int>(D);
template <> inline constexpr int dtype_index<bool> = index_of<DType::Bool>;
template <> inline constexpr int dtype_index<std::int8_t> = index_of<DType::Int8>;
template <> inline constexpr int dtype_index<std::uint8_t> = index_of<DType::UInt8>;
template <> inline constexpr int dtype_index<std::int16_t> = index_of<DType::Int16>;
template <> inline constexpr int dtype_index<std::int32_t> = index_of<DType::Int32>;
template <> inline constexpr int dtype_index<std::int64_t> = index_of<DType::Int64>;
template <> inline constexpr int dtype_index<std::uint32_t> = index_of<DType::UInt32>;
template <> inline constexpr int dtype_index<std::uint64_t> = index_of<DType::UInt64>;
template <> inline constexpr int dtype_index<float16> = index_of<DType::Float16>;
template <> inline constexpr int dtype_index<bfloat16> = index_of<DType::BFloat16>;
template <> inline constexpr int dtype_index<float> = index_of<DType::Float32>;
template <> inline constexpr int dtype_index<double> = index_of<DType::Float64>;
} // namespace detail

/// A C++ type that is the element of some DType.
template <typename T> concept Element = detail::dtype_index<std::remove_cv_t<T>> >= 0;

/// The DType whose element is T.
template <Element T> inline constexpr DType dtype_of = static_cast<DType>(detail::dtype_index<std::remove_cv_t<T>>);

/// Calls function(T{}) with a value of the element type of dtype.
template <typename F> decltype(auto) visit_dtype(DType dtype, F &&function) {
  switch (dtype) {
  case DType::Bool: return function(bool{});
  case DType::Int8: return function(std::int8_t{});
  case DType::UInt8: return function(std::uint8_t{});
  case DType::Int16: return function(std::int16_t{});
  case DType::Int32: return function(std::int32_t{});
  case DType::Int64: return function(std::int64_t{});
  case DType::UInt32: return function(std::uint32_t{});
  case DType::UInt64: return function(std::uint64_t{});
  case DType::Float16: return function(float16{});
  case DType::BFloat16: return function(bfloat16{});
  case DType::Float32: return function(float{});
  default: return function(double{});
  }
}

} // namespace lamina

#endif
