#include "lamina/config.h"

#include "lamina/error.h"
#include "runtime/json.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace lamina {
namespace {

std::string shortened(const Config &config) {
  std::string text = config.str();
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

[[noreturn]] void wrong_kind(const Config &config, const char *wanted) {
  throw Error("expected " + std::string(wanted) + ", got " + shortened(config));
}

void write_string(std::string &out, std::string_view text) {
  static const char *digits = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        out += "\\u00";
        out += digits[(c >> 4) & 15];
        out += digits[c & 15];
      } else {
        out += c;
      }
    }
  }
  out += '"';
}

void write_double(std::string &out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    char text[40];
    auto end = std::to_chars(text, text + sizeof text, value).ptr;
    std::string_view number(text, end - text);
    out += number;
    if (number.find_first_of(".en") == std::string_view::npos)
      out += ".0";
  }
}

void write(std::string &out, const Config &config, int indent, int depth) {
  auto line = [&](int level) {
    if (indent >= 0) {
      out += '\n';
      out.append(static_cast<std::size_t>(indent * level), ' ');
    }
  };
  const char *comma = indent >= 0 ? "," : ", ";
  if (config.is_null()) {
    out += "null";
  } else if (config.is_bool()) {
    out += config.as_bool() ? "true" : "false";
  } else if (config.is_int()) {
    out += std::to_string(config.as_int());
  } else if (config.is_number()) {
    write_double(out, config.as_double());
  } else if (config.is_string()) {
    write_string(out, config.as_string());
  } else if (config.is_list()) {
    out += '[';
    bool first = true;
    for (const Config &item : config.as_list()) {
      if (!first)
        out += comma;
      first = false;
      line(depth + 1);
      write(out, item, indent, depth + 1);
    }
    if (!first)
      line(depth);
    out += ']';
  } else {
    out += '{';
    bool first = true;
    for (const auto &[key, value] : config.as_dict()) {
      if (!first)
        out += comma;
      first = false;
      line(depth + 1);
      write_string(out, key);
      out += ": ";
      write(out, value, indent, depth + 1);
    }
    if (!first)
      line(depth);
    out += '}';
  }
}

Config from_json(const runtime::Json &json) {
  using Kind = runtime::Json::value_t;
  switch (json.type()) {
  case Kind::boolean: return json.get<bool>();
  case Kind::number_integer: return json.get<std::int64_t>();
  case Kind::number_unsigned:
    if (std::uint64_t value = json.get<std::uint64_t>();
        value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return static_cast<double>(value);
    return json.get<std::int64_t>();
  case Kind::number_float: return json.get<double>();
  case Kind::string: return json.get<std::string>();
  case Kind::array: {
    Config::List items;
    for (const runtime::Json &item : json)
      items.push_back(from_json(item));
    return items;
  }
  case Kind::object: {
    Config::Dict entries;
    for (const auto &[key, value] : json.items())
      entries.emplace_back(key, from_json(value));
    return entries;
  }
  default: return nullptr;
  }
}

} // namespace

Config::Config(const Shape &shape) {
  List dims;
  for (std::int64_t dim : shape)
    dims.push_back(dim == none ? Config() : Config(dim));
  value_ = std::move(dims);
}

bool Config::as_bool() const {
  if (!is_bool())
    wrong_kind(*this, "true or false");
  return std::get<bool>(value_);
}

std::int64_t Config::as_int() const {
  if (!is_int())
    wrong_kind(*this, "an integer");
  return std::get<std::int64_t>(value_);
}

double Config::as_double() const {
  if (is_int())
    return static_cast<double>(as_int());
  if (!is_number())
    wrong_kind(*this, "a number");
  return std::get<double>(value_);
}

const std::string &Config::as_string() const {
  if (!is_string())
    wrong_kind(*this, "a string");
  return std::get<std::string>(value_);
}

const Config::List &Config::as_list() const {
  if (!is_list())
    wrong_kind(*this, "a list");
  return std::get<List>(value_);
}

const Config::Dict &Config::as_dict() const {
  if (!is_dict())
    wrong_kind(*this, "a dictionary");
  return std::get<Dict>(value_);
}

Config::operator Shape() const {
  if (!is_list())
    wrong_kind(*this, "a shape (a list of sizes)");
  if (as_list().size() > Shape::max_rank)
    throw Error("a shape has at most " + std::to_string(Shape::max_rank) + " dimensions, got " + shortened(*this));
  std::vector<std::int64_t> dims;
  for (const Config &dim : as_list()) {
    if (!dim.is_null() && (!dim.is_int() || dim.as_int() < 0))
      throw Error("a shape's sizes must be null or non-negative integers, got " + shortened(*this));
    dims.push_back(dim.is_null() ? none : dim.as_int());
  }
  return Shape(dims);
}

const Config *Config::find(std::string_view key) const {
  if (!is_dict())
    return nullptr;
  for (const auto &[name, value] : std::get<Dict>(value_))
    if (name == key)
      return &value;
  return nullptr;
}

const Config &Config::operator[](std::string_view key) const {
  if (const Config *entry = find(key))
    return *entry;
  throw Error("'" + std::string(key) + "' is missing");
}

const Config &Config::at(std::size_t index) const {
  const List &items = as_list();
  if (index >= items.size())
    throw Error("item " + std::to_string(index) + " is missing in " + shortened(*this));
  return items[index];
}

std::size_t Config::size() const {
  return is_list() ? std::get<List>(value_).size() : is_dict() ? std::get<Dict>(value_).size() : 0;
}

void Config::set(std::string_view key, Config value) {
  if (is_null())
    value_ = Dict();
  if (Config *entry = find(key))
    *entry = std::move(value);
  else
    as_dict().emplace_back(std::string(key), std::move(value));
}

void Config::erase(std::string_view key) {
  if (is_dict())
    std::erase_if(as_dict(), [&](const auto &entry) { return entry.first == key; });
}

void Config::push_back(Config value) {
  if (is_null())
    value_ = List();
  as_list().push_back(std::move(value));
}

std::string Config::str(int indent) const {
  std::string out;
  write(out, *this, indent, 0);
  return out;
}

Config Config::parse(std::string_view json) { return from_json(runtime::parse_json(json, "configuration")); }

bool Config::operator==(const Config &other) const {
  if (is_number() && other.is_number() && is_int() != other.is_int())
    return as_double() == other.as_double();
  return value_ == other.value_;
}

} // namespace lamina
