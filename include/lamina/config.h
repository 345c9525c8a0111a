#ifndef LAMINA_CONFIG_H
#define LAMINA_CONFIG_H

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <lamina/shape.h>

namespace lamina {

/// A value as JSON has them; dictionaries keep their order.
class Config {
public:
  using List = std::vector<Config>;
  using Dict = std::vector<std::pair<std::string, Config>>;

  Config() = default;
  Config(std::nullptr_t) {}
  Config(bool value) : value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Config(T value) : value_(static_cast<std::int64_t>(value)) {}
  template <std::floating_point T> Config(T value) : value_(static_cast<double>(value)) {}
  Config(const char *value) : value_(std::string(value)) {}
  Config(std::string value) : value_(std::move(value)) {}
  Config(std::string_view value) : value_(std::string(value)) {}
  Config(List value) : value_(std::move(value)) {}
  Config(Dict value) : value_(std::move(value)) {}
  /// A dictionary: `{{"units", 4}, {"activation", "relu"}}`.
  Config(std::initializer_list<std::pair<std::string, Config>> entries) : value_(Dict(entries)) {}
  /// A list; an unknown dimension is null.
  Config(const Shape &shape);
  template <typename T>
    requires(!std::same_as<T, Config>)
  Config(const std::vector<T> &values) : value_(List(values.begin(), values.end())) {}
  template <typename T> Config(const std::optional<T> &value) {
    if (value)
      *this = Config(*value);
  }

  static Config list(std::initializer_list<Config> values) { return Config(List(values)); }
  static Config dict() { return Config(Dict()); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_list() const { return std::holds_alternative<List>(value_); }
  bool is_dict() const { return std::holds_alternative<Dict>(value_); }

  /// Errors: a value of another kind, with its text.
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_double() const;
  const std::string &as_string() const;
  const List &as_list() const;
  const Dict &as_dict() const;
  List &as_list() { return const_cast<List &>(std::as_const(*this).as_list()); }
  Dict &as_dict() { return const_cast<Dict &>(std::as_const(*this).as_dict()); }

  operator bool() const { return as_bool(); }
  operator std::int64_t() const { return as_int(); }
  operator int() const { return static_cast<int>(as_int()); }
  operator double() const { return as_double(); }
  operator float() const { return static_cast<float>(as_double()); }
  operator std::string() const { return as_string(); }
  operator Shape() const;

  /// The entry of a dictionary, or null where there is none.
  const Config *find(std::string_view key) const;
  Config *find(std::string_view key) { return const_cast<Config *>(std::as_const(*this).find(key)); }
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// Errors: no such entry.
  const Config &operator[](std::string_view key) const;
  const Config &operator[](const char *key) const { return (*this)[std::string_view(key)]; }
  template <std::integral T> const Config &operator[](T index) const { return at(static_cast<std::size_t>(index)); }
  const Config &at(std::size_t index) const;
  std::size_t size() const;
  /// Sets or replaces an entry.
  void set(std::string_view key, Config value);
  void erase(std::string_view key);
  void push_back(Config value);

  /// JSON. Numbers keep their bits; NaN and infinities are written as Python does.
  std::string str(int indent = -1) const;
  /// Errors: text that is no JSON, with the line; lists nested too deep.
  static Config parse(std::string_view json);

  bool operator==(const Config &other) const;

private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Dict> value_;
};

} // namespace lamina

#endif
