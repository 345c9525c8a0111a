#include <lamina/dtype.h>

#include <array>
#include <bit>
#include <utility>

#include <lamina/error.h>

namespace lamina {

namespace {

constexpr std::array<std::string_view, 12> names = {"bool",   "int8",   "uint8",   "int16",    "int32",   "int64",
                                                    "uint32", "uint64", "float16", "bfloat16", "float32", "float64"};

} // namespace

float16::float16(float value) {
  std::uint32_t x = std::bit_cast<std::uint32_t>(value);
  std::uint16_t sign = static_cast<std::uint16_t>((x >> 16) & 0x8000u);
  x &= 0x7fffffffu;
  if (x >= 0x47800000u) { // past the largest half, or not a number
    bits = static_cast<std::uint16_t>(sign | (x > 0x7f800000u ? 0x7e00u : 0x7c00u));
  } else if (x < 0x38800000u) { // subnormal: adding 0.5 rounds the mantissa to half's grid
    float rounded = std::bit_cast<float>(x) + 0.5f;
    bits = static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(rounded) - 0x3f000000u));
  } else {
    x += 0xc8000fffu + ((x >> 13) & 1u); // rebias the exponent and round to even; may carry into infinity
    bits = static_cast<std::uint16_t>(sign | (x >> 13));
  }
}

float16::operator float() const {
  std::uint32_t sign = (bits & 0x8000u) << 16, exponent = (bits >> 10) & 31u, mantissa = bits & 0x3ffu;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (mantissa << 13));
}

bfloat16::bfloat16(float value) {
  std::uint32_t x = std::bit_cast<std::uint32_t>(value);
  if ((x & 0x7fffffffu) > 0x7f800000u)
    bits = static_cast<std::uint16_t>((x >> 16) | 0x40u);
  else
    bits = static_cast<std::uint16_t>((x + 0x7fffu + ((x >> 16) & 1u)) >> 16);
}

bfloat16::operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

std::string_view dtype_name(DType dtype) { return names[static_cast<std::size_t>(dtype)]; }

DType dtype_from_name(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name)
      return static_cast<DType>(i);
  std::string known;
  for (std::string_view each : names)
    known += (known.empty() ? "" : ", ") + std::string(each);
  throw Error("unknown dtype '" + std::string(name.substr(0, 100)) + "'; known are " + known);
}

} // namespace lamina
