#ifndef LAMINA_RUNTIME_HDF5_READER_H
#define LAMINA_RUNTIME_HDF5_READER_H

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <lamina/tensor.h>

namespace lamina::runtime {

/// Reads arrays from the image of an HDF5 file: what h5py writes unless told otherwise (symbol-table groups; compact,
/// contiguous and chunked data; gzip, shuffle and checksum filters; integers, floats, booleans, bfloat16 as opaque V2).
///
/// The HDF5 library trusts its files more than we may, hence a reader of our own: every offset and size is checked
/// against the image, what lies behind soft and external links is not read, and the work done is bounded by the image's
/// size.
class Hdf5Reader {
public:
  /// Walks all groups. `where` begins messages. Errors: no HDF5 file, damage.
  Hdf5Reader(Tensor image, std::string where);

  /// Paths of all arrays ("layers/dense/vars/0"), in the order of the file.
  const std::vector<std::string> &paths() const { return paths_; }
  bool contains(std::string_view path) const { return datasets_.find(path) != datasets_.end(); }
  bool contains_group(std::string_view path) const { return groups_.find(path) != groups_.end(); }

  /// Errors: no such array; a soft or external link; elements that are no numbers; a shape that the bytes do not fill.
  Tensor read(std::string_view path) const;

private:
  friend class Hdf5Dataset;
  struct Message {
    std::uint16_t type;
    std::uint8_t flags;
    std::string_view data;
  };
  struct Link {
    std::string name;
    std::uint64_t address = 0;
    std::string refusal; ///< why it is not followed
  };

  [[noreturn]] void fail(const std::string &reason) const;
  std::string_view bytes(std::uint64_t offset, std::uint64_t size) const;
  std::uint64_t root_header();
  std::vector<Message> object_header(std::uint64_t address) const;
  void messages_of_block(std::string_view block, bool second_version, bool ordered,
                         std::vector<Message> &messages) const;
  std::vector<Link> links(const std::vector<Message> &messages) const;
  void symbol_table(std::uint64_t tree, std::string_view heap, int depth, std::vector<Link> &links) const;
  void read_link(std::string_view data, std::vector<Link> &links) const;
  void walk(const Link &link, const std::string &path, int depth);
  void count_step() const;

  Tensor image_;
  std::string_view data_;
  std::string where_;
  std::vector<std::string> paths_;
  std::map<std::string, Link, std::less<>> datasets_;
  std::set<std::string, std::less<>> groups_;
  std::set<std::uint64_t> visited_;
  mutable std::uint64_t steps_ = 0;
};

} // namespace lamina::runtime

#endif
