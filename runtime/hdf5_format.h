#ifndef LAMINA_RUNTIME_HDF5_FORMAT_H
#define LAMINA_RUNTIME_HDF5_FORMAT_H

#include <cstdint>
#include <string_view>

#include <lamina/error.h>

namespace lamina::runtime::hdf5 {

inline constexpr std::uint64_t undefined = ~std::uint64_t(0);

enum MessageType : std::uint16_t {
  Dataspace = 0x01,
  LinkInfo = 0x02,
  Datatype = 0x03,
  FillValue = 0x05,
  LinkMessage = 0x06,
  ExternalFiles = 0x07,
  Layout = 0x08,
  GroupInfo = 0x0a,
  FilterPipeline = 0x0b,
  Attribute = 0x0c,
  Continuation = 0x10,
  SymbolTable = 0x11,
};

/// Little-endian fields one after the other; reading past the end is an Error.
class Cursor {
public:
  explicit Cursor(std::string_view data) : data_(data) {}

  std::uint64_t number(std::size_t size) {
    std::string_view field = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(field[i]);
    return value;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }

  std::string_view take(std::uint64_t size) {
    if (size > data_.size())
      throw Error("a structure ends too early");
    std::string_view result = data_.substr(0, size);
    data_.remove_prefix(size);
    return result;
  }
  void skip(std::uint64_t size) { take(size); }
  std::size_t left() const { return data_.size(); }

private:
  std::string_view data_;
};

} // namespace lamina::runtime::hdf5

#endif
