// einops' patterns: "b (h p) c -> b h (p c)".

#include "compiler/model/operations/call.h"

#include <cctype>

namespace lamina::operations {
namespace {

using Integers = std::vector<std::int64_t>;
/// The names that one axis is made of.
using Group = std::vector<std::string>;

std::vector<Group> groups_of(const std::string &side) {
  std::vector<Group> groups;
  bool inside = false, in_word = false;
  for (char c : side) {
    bool word = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (word) {
      if (!in_word && !inside)
        groups.emplace_back();
      if (!in_word)
        groups.back().emplace_back();
      groups.back().back() += c;
    } else if (c == '(' && !inside) {
      inside = true;
      groups.emplace_back();
    } else if (c == ')' && inside) {
      inside = false;
    } else if (c != ' ') {
      throw Error("a pattern is made of names and groups of them in parentheses, got '" + side + "'");
    }
    in_word = word;
  }
  return groups;
}

/// An axis in parts, of which one may be left to be found; of an open axis that one is open.
Integers parts_of(const Call &c, const Group &group, const Shape &shape, std::int64_t axis) {
  std::int64_t size = shape[axis];
  Integers parts;
  std::int64_t known = 1, open = 0;
  for (const std::string &name : group) {
    parts.push_back(c.setting(name, none));
    known *= parts.back() == none ? 1 : parts.back();
    open += parts.back() == none;
  }
  if (open > 1 || known < 1 || (size != none && size % known != 0))
    throw Error("axis " + std::to_string(axis) + " of shape " + shape.str() +
                " does not divide as the pattern and its lengths say");
  for (std::int64_t &part : parts)
    if (part == none && size != none)
      part = size / known;
  return parts;
}

Value rearranged(const Call &c) {
  Value x = c.value(0, "tensor");
  std::string pattern = c.option(1, "pattern", std::string());
  std::size_t arrow = pattern.find("->");
  if (arrow == std::string::npos)
    throw Error("a pattern needs '->', got '" + pattern + "'");
  std::vector<Group> from = groups_of(pattern.substr(0, arrow)), to = groups_of(pattern.substr(arrow + 2));
  if (static_cast<std::int64_t>(from.size()) != x.rank())
    throw Error("pattern '" + pattern + "' does not fit shape " + x.shape().str());
  Group names;
  Integers sizes, split, order, merged;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    auto i = static_cast<std::int64_t>(axis);
    bool whole = from[axis].size() == 1;
    for (std::int64_t part : whole ? Integers{x.shape()[i]} : parts_of(c, from[axis], x.shape(), i)) {
      sizes.push_back(part);
      split.push_back(whole ? -2 - i : part);
    }
    names.insert(names.end(), from[axis].begin(), from[axis].end());
  }
  for (const Group &group : to) {
    std::int64_t size = 1;
    for (const std::string &name : group) {
      auto at = std::ranges::find(names, name);
      if (at == names.end() || std::ranges::count(names, name) > 1)
        throw Error("pattern '" + pattern + "' must name '" + name + "' once on its left side");
      order.push_back(at - names.begin());
      std::int64_t part = sizes[static_cast<std::size_t>(order.back())];
      size = size == none || part == none ? none : size * part;
    }
    merged.push_back(group.size() == 1 ? -1 - static_cast<std::int64_t>(order.size()) : size);
  }
  if (order.size() != names.size())
    throw Error("both sides of pattern '" + pattern + "' must have the same names");
  return reshape(transpose(reshape(x, split), order), merged);
}

} // namespace

void add_rearrange(Table &table) {
  Table::Module einops(table, "ops.einops");
  einops.calls({{"Rearrange", [](const Call &c) -> Values { return {rearranged(c)}; }}});
}

} // namespace lamina::operations
