#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "runtime/files.h"
#include "runtime/hdf5_format.h"
#include "runtime/hdf5_reader.h"

namespace lamina::runtime {

using namespace hdf5;

namespace {

constexpr std::uint64_t most_inflation = 1032;
constexpr std::uint64_t largest_chunk = std::uint64_t(1) << 32;
constexpr int deepest_tree = 16;

struct Element {
  DType dtype = DType::Float32;
  std::uint32_t size = 0;
  bool swapped = false;
};

struct Filter {
  std::uint16_t id;
  std::uint32_t parameter;
};

Element parse_number(Cursor cursor, bool boolean) {
  std::uint8_t kind = cursor.u8() & 15;
  auto bits = static_cast<std::uint32_t>(cursor.number(3));
  Element element;
  element.size = cursor.u32();
  element.swapped = bits & 1;
  auto integer = [&](DType one, DType two, DType four, DType eight) {
    return element.size == 1 ? one : element.size == 2 ? two : element.size == 4 ? four : eight;
  };
  bool known = std::has_single_bit(element.size) && element.size <= 8;
  if (kind == 0 && known) {
    std::uint16_t offset = cursor.u16(), precision = cursor.u16();
    bool is_signed = bits & 8;
    known = offset == 0 && precision == element.size * 8 && (is_signed || element.size != 2);
    element.dtype = boolean     ? DType::Bool
                    : is_signed ? integer(DType::Int8, DType::Int16, DType::Int32, DType::Int64)
                                : integer(DType::UInt8, DType::Int32, DType::UInt32, DType::UInt64);
    known = known && (!boolean || element.size == 1);
  } else if (kind == 1 && known && !boolean) {
    std::uint16_t offset = cursor.u16(), precision = cursor.u16();
    cursor.skip(1);
    std::uint8_t exponent = cursor.u8();
    known = offset == 0 && precision == element.size * 8 && !(bits & 0x40) && element.size > 1 &&
            (exponent == 5 || exponent == 8 || exponent == 11);
    element.dtype = element.size == 8   ? DType::Float64
                    : element.size == 4 ? DType::Float32
                    : exponent == 8     ? DType::BFloat16
                                        : DType::Float16;
  } else {
    known = false;
  }
  if (!known)
    throw Error("its numbers are of an unusual format, which is not supported");
  return element;
}

Element parse_datatype(std::string_view data, std::uint8_t flags) {
  if (flags & 2)
    throw Error("its elements have a named type; save plain numbers");
  Cursor cursor(data);
  std::uint8_t kind = cursor.u8() & 15;
  switch (kind) {
  case 0:
  case 1: return parse_number(Cursor(data), false);
  case 5: // opaque
    cursor.skip(3);
    if (cursor.u32() != 2)
      throw Error("its elements are opaque bytes; save numbers");
    return {DType::BFloat16, 2, false};
  case 8: // an enumeration of a small integer is how h5py stores booleans
    cursor.skip(7);
    return parse_number(cursor, true);
  case 3:
  case 9: throw Error("its elements are strings or lists; only numbers are read");
  case 6: throw Error("its elements are compound; only numbers are read");
  default: throw Error("its elements are of an HDF5 class (" + std::to_string(kind) + ") that is not supported");
  }
}

Shape parse_dataspace(std::string_view data) {
  Cursor cursor(data);
  std::uint8_t version = cursor.u8(), rank = cursor.u8();
  cursor.skip(1);
  std::uint8_t kind = version == 2 ? cursor.u8() : 1;
  if (version == 1)
    cursor.skip(5);
  if ((version != 1 && version != 2) || kind > 1)
    throw Error("its shape is of a kind that is not supported");
  Shape shape;
  for (int i = 0; i < rank; ++i) {
    std::uint64_t dim = cursor.u64();
    if (dim > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      throw Error("its shape has the impossible dimension " + std::to_string(dim));
    shape.push_back(static_cast<std::int64_t>(dim));
  }
  return shape;
}

std::vector<Filter> parse_filters(std::string_view data) {
  Cursor cursor(data);
  std::uint8_t version = cursor.u8(), count = cursor.u8();
  cursor.skip(version == 1 ? 6 : 0);
  std::vector<Filter> filters;
  for (int i = 0; i < count; ++i) {
    std::uint16_t id = cursor.u16();
    std::uint16_t name = version == 1 || id >= 256 ? cursor.u16() : 0;
    cursor.skip(2);
    std::uint16_t values = cursor.u16();
    cursor.skip(version == 1 ? (name + 7u) / 8 * 8 : name);
    std::uint32_t first = 0;
    for (int v = 0; v < values; ++v) {
      std::uint32_t value = cursor.u32();
      first = v == 0 ? value : first;
    }
    if (version == 1 && values % 2)
      cursor.skip(4);
    if (id < 1 || id > 3)
      throw Error("it is compressed in a way (HDF5 filter " + std::to_string(id) + ") that is not supported; use gzip");
    filters.push_back({id, first});
  }
  return filters;
}

/// `have` bytes inflated into exactly `size`.
std::string inflated(std::string_view have, std::uint64_t size) {
  if (size / most_inflation > have.size())
    throw Error("damaged: a chunk claims more bytes than it can hold");
  std::string out(size, '\0');
  uLongf length = out.size();
  if (uncompress(reinterpret_cast<Bytef *>(out.data()), &length, reinterpret_cast<const Bytef *>(have.data()),
                 have.size()) != Z_OK ||
      length != size)
    throw Error("damaged: a compressed chunk cannot be inflated");
  return out;
}

std::string unshuffled(const std::string &have, std::uint32_t element) {
  if (element < 2)
    return have;
  std::size_t count = have.size() / element;
  std::string out = have;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t b = 0; b < element; ++b)
      out[i * element + b] = have[b * count + i];
  return out;
}

void swap_bytes(const Tensor &tensor, std::size_t size) {
  auto *bytes = static_cast<char *>(tensor.raw());
  for (std::size_t i = 0; size > 1 && i < tensor.nbytes(); i += size)
    std::reverse(bytes + i, bytes + i + size);
}

} // namespace

/// One array's header, and how to read what it describes.
class Hdf5Dataset {
public:
  Hdf5Dataset(const Hdf5Reader &file, std::uint64_t address) : file_(file) {
    for (const auto &message : file.object_header(address))
      switch (message.type) {
      case Dataspace:
        shape_ = parse_dataspace(message.data);
        has_shape_ = true;
        break;
      case Datatype: element_ = parse_datatype(message.data, message.flags); break;
      case Layout: layout_ = message.data; break;
      case FilterPipeline: filters_ = parse_filters(message.data); break;
      case ExternalFiles: throw Error("its data is in another file; only arrays in the file itself are read");
      default: break;
      }
    if (!has_shape_ || element_.size == 0)
      throw Error("damaged: its shape or element type is missing");
    std::int64_t count = shape_.num_elements();
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(count), element_.size, &nbytes_))
      throw Error("shape " + shape_.str() + " is more than a file can hold");
  }

  Tensor read() const {
    Cursor cursor(layout_);
    std::uint8_t version = cursor.u8(), kind = cursor.u8();
    if (version != 3 && version != 4)
      throw Error("its HDF5 layout version " + std::to_string(version) + " is not supported");
    Tensor result;
    if (kind == 0) {
      std::uint16_t size = cursor.u16();
      result = copy(cursor.take(size));
    } else if (kind == 1) {
      std::uint64_t address = cursor.u64(), size = cursor.u64();
      result = nbytes_ == 0 ? Tensor(shape_, element_.dtype) : copy(stored(address, size));
    } else if (kind == 2 && version == 3) {
      result = read_chunks(cursor);
    } else {
      throw Error("its HDF5 layout (class " + std::to_string(kind) + ", version " + std::to_string(version) +
                  ") is not supported; save it with h5py's default settings");
    }
    if (element_.swapped)
      swap_bytes(result, element_.size);
    if (element_.dtype == DType::Bool)
      for (auto *p = static_cast<unsigned char *>(result.raw()), *end = p + result.numel(); p != end; ++p)
        *p = *p != 0;
    return result;
  }

private:
  std::string_view stored(std::uint64_t address, std::uint64_t size) const {
    if (address == undefined)
      throw Error("shape " + shape_.str() + ", but no data is stored");
    if (size < nbytes_ || address > file_.data_.size() || nbytes_ > file_.data_.size() - address)
      throw Error("shape " + shape_.str() + " takes " + std::to_string(nbytes_) +
                  " bytes, more than the file holds for it");
    return file_.data_.substr(address, nbytes_);
  }

  Tensor copy(std::string_view bytes) const {
    if (bytes.size() < nbytes_)
      throw Error("shape " + shape_.str() + " takes " + std::to_string(nbytes_) +
                  " bytes, more than the file holds for it");
    return Tensor::copy_of(bytes.data(), shape_, element_.dtype);
  }

  Tensor read_chunks(Cursor cursor) const {
    std::size_t rank = shape_.rank();
    if (cursor.u8() != rank + 1 || rank == 0)
      throw Error("damaged: its chunks have another rank than its shape");
    std::uint64_t tree = cursor.u64(), chunk_bytes = element_.size;
    std::vector<std::uint64_t> chunk;
    std::uint64_t wanted = 1;
    for (std::size_t i = 0; i < rank; ++i) {
      chunk.push_back(cursor.u32());
      if (chunk.back() == 0 || __builtin_mul_overflow(chunk_bytes, chunk.back(), &chunk_bytes) ||
          chunk_bytes > largest_chunk)
        throw Error("damaged: its chunks have an impossible size");
      auto dim = static_cast<std::uint64_t>(shape_.data()[i]);
      if (__builtin_mul_overflow(wanted, (dim + chunk.back() - 1) / chunk.back(), &wanted))
        throw Error("shape " + shape_.str() + " is more than a file can hold");
    }
    if (cursor.u32() != element_.size)
      throw Error("damaged: its chunks have another element type");
    if (nbytes_ == 0)
      return Tensor(shape_, element_.dtype);
    if (nbytes_ / most_inflation > file_.data_.size() || wanted > file_.data_.size())
      throw Error("shape " + shape_.str() + " is more than the file can hold");
    Tensor result(shape_, element_.dtype, Tensor::Fill::None);
    std::set<std::vector<std::uint64_t>> seen;
    read_tree(tree, chunk, chunk_bytes, result, seen, 0);
    if (seen.size() != wanted)
      throw Error("only " + std::to_string(seen.size()) + " of its " + std::to_string(wanted) + " chunks are stored");
    return result;
  }

  void read_tree(std::uint64_t address, const std::vector<std::uint64_t> &chunk, std::uint64_t chunk_bytes,
                 const Tensor &result, std::set<std::vector<std::uint64_t>> &seen, int depth) const {
    file_.count_step();
    if (address == undefined)
      throw Error("shape " + shape_.str() + ", but no data is stored");
    if (depth > deepest_tree || address > file_.data_.size())
      throw Error("damaged: the index of its chunks is broken");
    Cursor node(file_.data_.substr(address));
    if (node.take(4) != "TREE" || node.u8() != 1)
      throw Error("damaged: the index of its chunks is missing");
    std::uint8_t level = node.u8();
    std::uint16_t children = node.u16();
    node.skip(16);
    for (int i = 0; i < children; ++i) {
      file_.count_step();
      std::uint32_t size = node.u32(), mask = node.u32();
      std::vector<std::uint64_t> at;
      for (std::size_t axis = 0; axis < chunk.size(); ++axis)
        at.push_back(node.u64());
      node.skip(8);
      std::uint64_t child = node.u64();
      if (level > 0) {
        read_tree(child, chunk, chunk_bytes, result, seen, depth + 1);
        continue;
      }
      for (std::size_t axis = 0; axis < chunk.size(); ++axis)
        if (at[axis] % chunk[axis] != 0 || at[axis] >= static_cast<std::uint64_t>(shape_.data()[axis]))
          throw Error("damaged: one of its chunks lies outside its shape");
      if (!seen.insert(at).second)
        throw Error("damaged: it has a chunk twice");
      place(unfiltered(file_.bytes(child, size), mask, chunk_bytes), at, chunk, result);
    }
  }

  std::string unfiltered(std::string_view bytes, std::uint32_t mask, std::uint64_t chunk_bytes) const {
    std::string data(bytes);
    for (std::size_t i = filters_.size(); i-- > 0;) {
      if (skipped(i, mask))
        continue;
      if (filters_[i].id == 1) {
        data = inflated(data, chunk_bytes + checksums_before(i, mask));
      } else if (filters_[i].id == 2) {
        data = unshuffled(data, filters_[i].parameter);
      } else {
        if (data.size() < 4)
          throw Error("damaged: a chunk has no checksum");
        data.resize(data.size() - 4);
      }
    }
    if (data.size() != chunk_bytes)
      throw Error("damaged: a chunk has " + std::to_string(data.size()) + " bytes instead of " +
                  std::to_string(chunk_bytes));
    return data;
  }

  static bool skipped(std::size_t filter, std::uint32_t mask) { return filter < 32 && (mask >> filter & 1); }

  /// Bytes of the checksums that were appended before filter i ran.
  std::uint64_t checksums_before(std::size_t i, std::uint32_t mask) const {
    std::uint64_t bytes = 0;
    for (std::size_t before = 0; before < i; ++before)
      bytes += filters_[before].id == 3 && !skipped(before, mask) ? 4 : 0;
    return bytes;
  }

  /// Copies the part of the chunk that lies inside the shape, row by row of the last axis.
  void place(const std::string &data, const std::vector<std::uint64_t> &at, const std::vector<std::uint64_t> &chunk,
             const Tensor &result) const {
    std::size_t rank = chunk.size();
    auto dim = [&](std::size_t axis) { return static_cast<std::uint64_t>(shape_.data()[axis]); };
    auto extent = [&](std::size_t axis) { return std::min(chunk[axis], dim(axis) - at[axis]); };
    std::vector<std::uint64_t> index(rank, 0);
    std::uint64_t row = extent(rank - 1) * element_.size;
    for (;;) {
      std::uint64_t from = 0, to = 0;
      for (std::size_t axis = 0; axis < rank; ++axis) {
        from = from * chunk[axis] + index[axis];
        to = to * dim(axis) + at[axis] + index[axis];
      }
      std::memcpy(static_cast<char *>(result.raw()) + to * element_.size, data.data() + from * element_.size, row);
      std::size_t axis = rank - 1;
      while (axis-- > 0 && ++index[axis] == extent(axis))
        index[axis] = 0;
      if (axis == std::numeric_limits<std::size_t>::max())
        return;
    }
  }

  const Hdf5Reader &file_;
  Shape shape_;
  bool has_shape_ = false;
  Element element_;
  std::uint64_t nbytes_ = 0;
  std::string_view layout_;
  std::vector<Filter> filters_;
};

Tensor Hdf5Reader::read(std::string_view path) const {
  auto found = datasets_.find(path);
  if (found == datasets_.end())
    fail(contains_group(path) ? in_quotes(path) + " is a group, not an array" : "it holds no array " + in_quotes(path));
  try {
    steps_ = 0;
    if (!found->second.refusal.empty())
      throw Error(found->second.refusal);
    return Hdf5Dataset(*this, found->second.address).read();
  } catch (const Error &error) {
    fail("array " + in_quotes(path) + ": " + error.what());
  }
}

} // namespace lamina::runtime
