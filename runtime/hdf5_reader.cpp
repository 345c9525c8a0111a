#include "runtime/hdf5_reader.h"

#include <algorithm>

#include "runtime/files.h"
#include "runtime/hdf5_format.h"

// The structures are those of the "HDF5 File Format Specification Version 3.0" of The HDF Group.

namespace lamina::runtime {

using namespace hdf5;

namespace {

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
constexpr int deepest_group = 64;
constexpr int deepest_tree = 16;
constexpr std::size_t symbol_size = 40;

} // namespace

Hdf5Reader::Hdf5Reader(Tensor image, std::string where)
    : image_(std::move(image)), data_(static_cast<const char *>(image_.raw()), image_.nbytes()),
      where_(std::move(where)) {
  try {
    walk({"", root_header(), ""}, "", 0);
  } catch (const Error &error) {
    fail(error.what());
  }
}

void Hdf5Reader::fail(const std::string &reason) const {
  throw Error(reason.starts_with(where_) ? reason : where_ + ": " + reason);
}

std::string_view Hdf5Reader::bytes(std::uint64_t offset, std::uint64_t size) const {
  if (offset > data_.size() || size > data_.size() - offset)
    throw Error("damaged: a part lies outside the file");
  return data_.substr(offset, size);
}

/// No file holds more structures than bytes; more steps than that walk in circles.
void Hdf5Reader::count_step() const {
  if (++steps_ > data_.size())
    throw Error("damaged: its structures refer to each other in circles");
}

std::uint64_t Hdf5Reader::root_header() {
  if (data_.substr(0, signature.size()) != signature)
    throw Error("it is no HDF5 file");
  Cursor cursor(data_.substr(signature.size()));
  std::uint8_t version = cursor.u8();
  if (version > 3)
    throw Error("its HDF5 superblock version " + std::to_string(version) + " is not known");
  if (version < 2)
    cursor.skip(4);
  std::uint8_t offset_size = cursor.u8(), length_size = cursor.u8();
  if (offset_size != 8 || length_size != 8)
    throw Error("its HDF5 offsets are not of 8 bytes");
  cursor.skip(version < 2 ? 1 + 2 + 2 + 4 : 1);
  if (version == 1)
    cursor.skip(4);
  std::uint64_t base = cursor.u64();
  cursor.skip(8);
  std::uint64_t end = cursor.u64();
  if (base != 0)
    throw Error("it begins with a user block, which is not supported");
  if (end > data_.size())
    throw Error("it is cut off: " + std::to_string(data_.size()) + " of " + std::to_string(end) + " bytes are there");
  if (version < 2)
    cursor.skip(8 + 8);
  return cursor.u64();
}

std::vector<Hdf5Reader::Message> Hdf5Reader::object_header(std::uint64_t address) const {
  std::vector<Message> messages;
  std::string_view start = bytes(address, 16);
  bool second_version = start.substr(0, 4) == "OHDR", ordered = false;
  if (second_version) {
    Cursor cursor(bytes(address, data_.size() - address));
    cursor.skip(5);
    std::uint8_t flags = cursor.u8();
    cursor.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
    std::uint64_t size = cursor.number(std::size_t(1) << (flags & 3));
    ordered = flags & 4;
    messages_of_block(cursor.take(size), true, ordered, messages);
  } else {
    Cursor cursor(start);
    if (cursor.u8() != 1)
      throw Error("damaged: an object header is missing");
    cursor.skip(7);
    messages_of_block(bytes(address + 16, cursor.u32()), false, false, messages);
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].type != Continuation)
      continue;
    Cursor cursor(messages[i].data);
    std::uint64_t offset = cursor.u64(), size = cursor.u64();
    std::string_view block = bytes(offset, size);
    if (second_version) {
      if (block.substr(0, 4) != "OCHK" || block.size() < 8)
        throw Error("damaged: the continuation of an object header is missing");
      block = block.substr(4, block.size() - 8);
    }
    messages_of_block(block, second_version, ordered, messages);
  }
  return messages;
}

void Hdf5Reader::messages_of_block(std::string_view block, bool second_version, bool ordered,
                                   std::vector<Message> &messages) const {
  Cursor cursor(block);
  std::size_t prefix = second_version ? (ordered ? 6 : 4) : 8;
  while (cursor.left() >= prefix) {
    count_step();
    Message message{};
    message.type = second_version ? cursor.u8() : cursor.u16();
    std::uint16_t size = cursor.u16();
    message.flags = cursor.u8();
    cursor.skip(second_version ? (ordered ? 2 : 0) : 3);
    message.data = cursor.take(size);
    messages.push_back(message);
  }
}

std::vector<Hdf5Reader::Link> Hdf5Reader::links(const std::vector<Message> &messages) const {
  std::vector<Link> result;
  for (const Message &message : messages) {
    Cursor cursor(message.data);
    if (message.type == SymbolTable) {
      std::uint64_t tree = cursor.u64();
      Cursor heap(bytes(cursor.u64(), 32));
      if (heap.take(4) != "HEAP")
        throw Error("damaged: the names of a group are missing");
      heap.skip(4);
      std::uint64_t size = heap.u64();
      heap.skip(8);
      symbol_table(tree, bytes(heap.u64(), size), 0, result);
    } else if (message.type == LinkMessage) {
      read_link(message.data, result);
    } else if (message.type == LinkInfo) {
      cursor.skip(1);
      cursor.skip(cursor.u8() & 1 ? 8 : 0);
      if (cursor.u64() != undefined)
        throw Error("a group is stored in HDF5's dense form; save it with h5py's default settings");
    }
  }
  return result;
}

void Hdf5Reader::symbol_table(std::uint64_t tree, std::string_view heap, int depth, std::vector<Link> &links) const {
  count_step();
  if (depth > deepest_tree)
    throw Error("damaged: the index of a group is too deep");
  Cursor node(bytes(tree, data_.size() - std::min<std::uint64_t>(tree, data_.size())));
  std::string_view kind = node.take(4);
  if (kind == "TREE") {
    if (node.u8() != 0)
      throw Error("damaged: the index of a group is no such");
    node.skip(1);
    std::uint16_t children = node.u16();
    node.skip(16);
    for (int i = 0; i < children; ++i) {
      node.skip(8);
      symbol_table(node.u64(), heap, depth + 1, links);
    }
    return;
  }
  if (kind != "SNOD")
    throw Error("damaged: the index of a group is missing");
  node.skip(2);
  std::uint16_t count = node.u16();
  for (int i = 0; i < count; ++i) {
    count_step();
    Cursor symbol(node.take(symbol_size));
    std::uint64_t name = symbol.u64(), address = symbol.u64();
    std::size_t end = name < heap.size() ? heap.find('\0', name) : std::string_view::npos;
    if (end == std::string_view::npos)
      throw Error("damaged: the name of an object is missing");
    std::string text(heap.substr(name, end - name));
    bool soft = symbol.u32() == 2 || address == undefined;
    links.push_back({text, address, soft ? "it is a soft link; only arrays in the file itself are read" : ""});
  }
}

void Hdf5Reader::read_link(std::string_view data, std::vector<Link> &links) const {
  Cursor cursor(data);
  cursor.skip(1);
  std::uint8_t flags = cursor.u8(), type = flags & 8 ? cursor.u8() : 0;
  cursor.skip((flags & 4 ? 8 : 0) + (flags & 0x10 ? 1 : 0));
  std::string name(cursor.take(cursor.number(std::size_t(1) << (flags & 3))));
  if (type == 0)
    links.push_back({name, cursor.u64(), ""});
  else
    links.push_back({name, 0,
                     std::string("it is ") +
                         (type == 1    ? "a soft"
                          : type == 64 ? "an external"
                                       : "an unknown kind of") +
                         " link; only arrays in the file itself are read"});
}

void Hdf5Reader::walk(const Link &link, const std::string &path, int depth) {
  auto add_dataset = [&] {
    if (!datasets_.emplace(path, link).second)
      throw Error("damaged: two arrays are named " + in_quotes(path));
    paths_.push_back(path);
  };
  if (!link.refusal.empty())
    return add_dataset();
  if (depth > deepest_group)
    throw Error("its groups nest too deep");
  std::vector<Message> messages = object_header(link.address);
  auto has = [&](MessageType type) {
    return std::any_of(messages.begin(), messages.end(), [&](const Message &message) { return message.type == type; });
  };
  if (has(Layout))
    return add_dataset();
  if (!has(SymbolTable) && !has(LinkInfo) && !has(LinkMessage))
    return; // a named datatype
  if (!visited_.insert(link.address).second)
    throw Error("the group " + in_quotes(path) + " is linked twice");
  groups_.insert(path);
  for (const Link &child : links(messages)) {
    if (child.name.empty() || child.name == "." || child.name.find('/') != std::string::npos)
      throw Error("damaged: an object is named " + in_quotes(child.name));
    walk(child, path.empty() ? child.name : path + "/" + child.name, depth + 1);
  }
}

} // namespace lamina::runtime
