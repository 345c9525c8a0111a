#include "lamina/config.h"

#include "lamina/error.h"

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

class Parser {
public:
  explicit Parser(std::string_view text) : text_(text) {}

  Config document() {
    Config result = value(0);
    space();
    if (at_ != text_.size())
      fail("text after the end of the document");
    return result;
  }

private:
  static constexpr int max_depth = 200;

  [[noreturn]] void fail(const std::string &what) const {
    std::size_t line = 1;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i)
      line += text_[i] == '\n';
    throw Error("not valid JSON: " + what + " (line " + std::to_string(line) + ", byte " + std::to_string(at_) + ")");
  }

  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  char peek() {
    space();
    if (at_ == text_.size())
      fail("the text ends too early");
    return text_[at_];
  }

  Config value(int depth) {
    if (depth > max_depth)
      fail("nested more than " + std::to_string(max_depth) + " deep");
    switch (peek()) {
    case '{': return dict(depth);
    case '[': return list(depth);
    case '"': return string();
    default: break;
    }
    if (take("true"))
      return true;
    if (take("false"))
      return false;
    if (take("null"))
      return nullptr;
    if (take("NaN"))
      return std::numeric_limits<double>::quiet_NaN();
    if (take("Infinity"))
      return std::numeric_limits<double>::infinity();
    if (take("-Infinity"))
      return -std::numeric_limits<double>::infinity();
    return number();
  }

  Config dict(int depth) {
    ++at_;
    Config::Dict entries;
    if (peek() == '}') {
      ++at_;
      return entries;
    }
    while (true) {
      if (peek() != '"')
        fail("expected a key");
      std::string key = string();
      if (peek() != ':')
        fail("expected ':'");
      ++at_;
      entries.emplace_back(std::move(key), value(depth + 1));
      char next = peek();
      ++at_;
      if (next == '}')
        return entries;
      if (next != ',')
        fail("expected ',' or '}'");
    }
  }

  Config list(int depth) {
    ++at_;
    Config::List items;
    if (peek() == ']') {
      ++at_;
      return items;
    }
    while (true) {
      items.push_back(value(depth + 1));
      char next = peek();
      ++at_;
      if (next == ']')
        return items;
      if (next != ',')
        fail("expected ',' or ']'");
    }
  }

  Config number() {
    std::size_t first = at_;
    bool whole = true;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) || std::string_view("+-.eE").find(text_[at_]) != std::string_view::npos)) {
      whole = whole && (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-');
      ++at_;
    }
    const char *begin = text_.data() + first, *end = text_.data() + at_;
    if (whole) {
      std::int64_t integer;
      if (auto [rest, problem] = std::from_chars(begin, end, integer); problem == std::errc() && rest == end)
        return integer;
    }
    std::string digits(begin, end);
    char *rest = nullptr;
    double real = std::strtod(digits.c_str(), &rest);
    if (digits.empty() || rest != digits.c_str() + digits.size() || digits[0] == '+')
      fail("unexpected text");
    return real;
  }

  unsigned hex() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ >= text_.size() || !std::isxdigit(static_cast<unsigned char>(text_[at_])))
        fail("a broken \\u escape");
      char c = text_[at_];
      code = code * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return code;
  }

  void append_utf8(std::string &out, unsigned code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 63));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 63));
      out += static_cast<char>(0x80 | (code & 63));
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 63));
      out += static_cast<char>(0x80 | (code >> 6 & 63));
      out += static_cast<char>(0x80 | (code & 63));
    }
  }

  /// One character of more than one byte, checked to be UTF-8.
  void utf8(std::string &out) {
    unsigned char lead = static_cast<unsigned char>(text_[at_]);
    int more = lead >= 0xF0 && lead < 0xF5 ? 3 : lead >= 0xE0 && lead < 0xF0 ? 2 : lead >= 0xC2 && lead < 0xE0 ? 1 : 0;
    if (!more || at_ + static_cast<std::size_t>(more) >= text_.size())
      fail("text that is not UTF-8");
    for (int i = 1; i <= more; ++i)
      if ((static_cast<unsigned char>(text_[at_ + static_cast<std::size_t>(i)]) & 0xC0) != 0x80)
        fail("text that is not UTF-8");
    out += text_.substr(at_, static_cast<std::size_t>(more) + 1);
    at_ += static_cast<std::size_t>(more) + 1;
  }

  std::string string() {
    ++at_;
    std::string out;
    while (true) {
      if (at_ >= text_.size())
        fail("a string without end");
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20)
        fail("a control character in a string");
      if (static_cast<unsigned char>(c) >= 0x80) {
        utf8(out);
        continue;
      }
      ++at_;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (at_ >= text_.size())
        fail("a string without end");
      switch (char escape = text_[at_++]) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case '"': case '\\': case '/': out += escape; break;
      case 'u': {
        unsigned code = hex();
        if (code >= 0xD800 && code < 0xDC00 && take("\\u"))
          code = 0x10000 + ((code - 0xD800) << 10) + ((hex() - 0xDC00) & 0x3FF);
        append_utf8(out, code);
        break;
      }
      default: fail("an unknown escape in a string");
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

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

const Config &Config::operator[](std::size_t index) const {
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

Config Config::parse(std::string_view json) { return Parser(json).document(); }

bool Config::operator==(const Config &other) const {
  if (is_number() && other.is_number() && is_int() != other.is_int())
    return as_double() == other.as_double();
  return value_ == other.value_;
}

} // namespace lamina
