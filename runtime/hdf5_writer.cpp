#include "runtime/hdf5_writer.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>

#include "runtime/files.h"
#include "runtime/hdf5_format.h"

// The structures are those of the "HDF5 File Format Specification Version 3.0" of The HDF Group: superblock 0, version
// 1 object headers, symbol-table groups and contiguous data, as the HDF5 library writes unless told otherwise.

namespace lamina::runtime {

using namespace hdf5;

namespace {

constexpr std::size_t symbols_per_leaf = 8, children_per_node = 32; ///< twice the superblock's K
constexpr std::size_t superblock_size = 96, symbol_size = 40, data_alignment = 64;

/// Bytes with numbers in little-endian order.
class Bytes {
public:
  Bytes &number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      text += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  Bytes &u8(std::uint64_t value) { return number(value, 1); }
  Bytes &u16(std::uint64_t value) { return number(value, 2); }
  Bytes &u32(std::uint64_t value) { return number(value, 4); }
  Bytes &u64(std::uint64_t value) { return number(value, 8); }
  Bytes &add(std::string_view more) {
    text += more;
    return *this;
  }
  Bytes &pad(std::size_t alignment) {
    text.append((alignment - text.size() % alignment) % alignment, '\0');
    return *this;
  }
  Bytes &fill_to(std::size_t size) {
    text.resize(size, '\0');
    return *this;
  }

  std::string text;
};

struct Group {
  std::map<std::string, Group> groups;
  std::map<std::string, const Tensor *> arrays;
};

/// Class and version, bit field and properties of an element type.
std::string datatype(DType dtype) {
  Bytes out;
  std::size_t size = size_of(dtype), bits = 8 * size;
  auto integer = [&](bool is_signed) { out.u8(0x10).number(is_signed ? 8 : 0, 3).u32(size).u16(0).u16(bits); };
  auto real = [&](std::size_t exponent, std::size_t mantissa) {
    // Normalized mantissa; sign, exponent and mantissa stand in this order from the top.
    out.u8(0x11).number(0x20 | (bits - 1) << 8, 3).u32(size).u16(0).u16(bits);
    out.u8(mantissa).u8(exponent).u8(0).u8(mantissa).u32((std::uint64_t(1) << (exponent - 1)) - 1);
  };
  switch (dtype) {
  case DType::Bool: // h5py's enumeration of an 8-bit integer
    out.u8(0x18).number(2, 3).u32(1);
    out.u8(0x10).number(8, 3).u32(1).u16(0).u16(8);
    out.add(std::string_view("FALSE\0\0\0", 8)).add(std::string_view("TRUE\0\0\0\0", 8)).u8(0).u8(1);
    break;
  case DType::BFloat16: // opaque V2, as Keras stores it
    out.u8(0x15).number(0, 3).u32(2);
    break;
  case DType::Float16: real(5, 10); break;
  case DType::Float32: real(8, 23); break;
  case DType::Float64: real(11, 52); break;
  case DType::UInt8:
  case DType::UInt32:
  case DType::UInt64: integer(false); break;
  default: integer(true);
  }
  return out.text;
}

std::string message(MessageType type, std::string_view data) {
  Bytes body;
  body.add(data).pad(8);
  Bytes out;
  out.u16(type).u16(body.text.size()).u8(type == Datatype || type == FillValue ? 1 : 0).number(0, 3).add(body.text);
  return out.text;
}

std::string object_header(const std::vector<std::string> &messages) {
  std::size_t size = 0;
  for (const std::string &each : messages)
    size += each.size();
  Bytes out;
  out.u8(1).u8(0).u16(messages.size()).u32(1).u32(size).u32(0);
  for (const std::string &each : messages)
    out.add(each);
  return out.text;
}

class Writer {
public:
  std::string write(const Group &root, std::size_t expected) {
    image_.reserve(expected);
    image_.assign(superblock_size, '\0');
    Symbol symbol = write_group("", root);
    Bytes block;
    block.add("\x89HDF\r\n\x1a\n").u8(0).u8(0).u8(0).u8(0).u8(0).u8(8).u8(8).u8(0);
    block.u16(symbols_per_leaf / 2).u16(children_per_node / 2).u32(0);
    block.u64(0).u64(undefined).u64(image_.size()).u64(undefined);
    block.add(symbol_entry(symbol));
    image_.replace(0, superblock_size, block.text);
    return std::move(image_);
  }

private:
  /// An entry of a group: an object, and for a group where its index and names are.
  struct Symbol {
    std::string name;
    std::uint64_t header = 0, tree = undefined, heap = 0, name_offset = 0;
  };

  std::uint64_t append(std::string_view bytes, std::size_t alignment = 8) {
    image_.append((alignment - image_.size() % alignment) % alignment, '\0');
    std::uint64_t at = image_.size();
    image_ += bytes;
    return at;
  }

  static std::string symbol_entry(const Symbol &symbol) {
    bool group = symbol.tree != undefined;
    Bytes out;
    out.u64(symbol.name_offset).u64(symbol.header).u32(group ? 1 : 0).u32(0);
    out.u64(group ? symbol.tree : 0).u64(group ? symbol.heap : 0);
    return out.text;
  }

  Symbol write_group(const std::string &name, const Group &group) {
    std::vector<Symbol> symbols;
    for (const auto &[child, inner] : group.groups)
      symbols.push_back(write_group(child, inner));
    for (const auto &[child, tensor] : group.arrays)
      symbols.push_back(write_array(child, *tensor));
    std::sort(symbols.begin(), symbols.end(), [](const Symbol &a, const Symbol &b) { return a.name < b.name; });

    Bytes names; // begins with the empty name
    names.u64(0);
    for (Symbol &symbol : symbols) {
      symbol.name_offset = names.text.size();
      names.add(symbol.name).u8(0).pad(8);
    }
    constexpr std::uint64_t no_free_space = 1;
    std::uint64_t segment = append(names.text);
    Bytes heap;
    heap.add("HEAP").u32(0).u64(names.text.size()).u64(no_free_space).u64(segment);
    Symbol result{name};
    result.heap = append(heap.text);
    result.tree = write_tree(symbols);
    Bytes table;
    table.u64(result.tree).u64(result.heap);
    result.header = append(object_header({message(SymbolTable, table.text)}));
    return result;
  }

  /// The B-tree over the sorted symbols: leaves of symbols, then levels of nodes until one is left. A child's key is
  /// the name before it and its last name.
  std::uint64_t write_tree(const std::vector<Symbol> &symbols) {
    struct Child {
      std::uint64_t address, last_name;
    };
    std::vector<Child> children;
    for (std::size_t first = 0; first < symbols.size(); first += symbols_per_leaf) {
      std::size_t last = std::min(first + symbols_per_leaf, symbols.size());
      Bytes leaf;
      leaf.add("SNOD").u8(1).u8(0).u16(last - first);
      for (std::size_t i = first; i < last; ++i)
        leaf.add(symbol_entry(symbols[i]));
      leaf.fill_to(8 + symbols_per_leaf * symbol_size);
      children.push_back({append(leaf.text), symbols[last - 1].name_offset});
    }
    constexpr std::size_t node_size = 24 + children_per_node * 16 + 8;
    for (int level = 0;; ++level) {
      std::vector<Child> parents;
      std::size_t count = std::max<std::size_t>(1, (children.size() + children_per_node - 1) / children_per_node);
      image_.append((8 - image_.size() % 8) % 8, '\0');
      std::uint64_t start = image_.size(), key = 0;
      for (std::size_t n = 0; n < count; ++n) {
        std::size_t first = n * children_per_node, last = std::min(first + children_per_node, children.size());
        Bytes node;
        node.add("TREE").u8(0).u8(level).u16(last - first);
        node.u64(n == 0 ? undefined : start + (n - 1) * node_size);
        node.u64(n + 1 == count ? undefined : start + (n + 1) * node_size);
        node.u64(key);
        for (std::size_t i = first; i < last; ++i) {
          node.u64(children[i].address).u64(children[i].last_name);
          key = children[i].last_name;
        }
        node.fill_to(node_size);
        parents.push_back({append(node.text), key});
      }
      if (count == 1)
        return parents.front().address;
      children = parents;
    }
  }

  Symbol write_array(const std::string &name, const Tensor &tensor) {
    std::uint64_t data = undefined;
    if (tensor.nbytes())
      data = append({static_cast<const char *>(tensor.raw()), tensor.nbytes()}, data_alignment);
    Bytes space, fill, layout;
    space.u8(1).u8(tensor.rank()).u8(0).u8(0).u32(0);
    for (std::int64_t dim : tensor.shape())
      space.u64(static_cast<std::uint64_t>(dim));
    fill.u8(2).u8(2).u8(2).u8(1).u32(0);
    layout.u8(3).u8(1).u64(data).u64(tensor.nbytes());
    std::vector<std::string> messages = {message(Dataspace, space.text), message(Datatype, datatype(tensor.dtype())),
                                         message(FillValue, fill.text), message(Layout, layout.text)};
    if (tensor.dtype() == DType::BFloat16)
      messages.push_back(message(Attribute, text_attribute("dtype", "bfloat16")));
    return {name, append(object_header(messages))};
  }

  /// A scalar attribute of a variable-length UTF-8 string; the string itself lies in a global heap of its own.
  std::string text_attribute(const std::string &name, const std::string &value) {
    constexpr std::size_t heap_size = 4096, heap_header = 16, object_header_size = 16;
    Bytes heap;
    heap.add("GCOL").u8(1).number(0, 3).u64(heap_size);
    heap.u16(1).u16(1).u32(0).u64(value.size()).add(value).pad(8);
    std::size_t used = heap.text.size();
    heap.u16(0).u16(0).u32(0).u64(heap_size - used).fill_to(heap_size);
    static_assert(heap_size > heap_header + 2 * object_header_size);
    std::uint64_t at = append(heap.text);

    Bytes type, space, out;
    type.u8(0x19).number(0x101, 3).u32(16);          // a list that is a string, UTF-8
    type.u8(0x10).number(0, 3).u32(1).u16(0).u16(8); // of bytes
    space.u8(1).u8(0).u8(0).u8(0).u32(0);
    out.u8(1).u8(0).u16(name.size() + 1).u16(type.text.size()).u16(space.text.size());
    out.add(name).u8(0).pad(8).add(type.text).pad(8).add(space.text).pad(8);
    out.u32(value.size()).u64(at).u32(1);
    return out.text;
  }

  std::string image_;
};

} // namespace

std::string write_hdf5(const NamedTensors &arrays) {
  Group root;
  std::size_t bytes = superblock_size;
  for (const auto &[path, tensor] : arrays) {
    Group *group = &root;
    std::string_view rest = path;
    bool fits = true;
    for (std::size_t slash; (slash = rest.find('/')) != std::string_view::npos; rest.remove_prefix(slash + 1)) {
      std::string name(rest.substr(0, slash));
      fits = fits && !name.empty() && !group->arrays.contains(name);
      group = &group->groups[name];
    }
    std::string name(rest);
    fits = fits && !name.empty() && !group->groups.contains(name) && group->arrays.emplace(name, &tensor).second;
    if (!fits)
      throw Error("two arrays cannot both be stored at " + in_quotes(path));
    bytes += tensor.nbytes() + 1024;
  }
  return Writer().write(root, bytes);
}

} // namespace lamina::runtime
