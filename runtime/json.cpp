#include "runtime/json.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <lamina/error.h>

namespace lamina::runtime {

namespace {

/// Looks at the whole text without building anything.
class Checker : public nlohmann::json_sax<Json> {
public:
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool key(string_t &) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &) override {
    problem = "it is no JSON, or damaged, at byte " + std::to_string(position);
    return false;
  }

private:
  bool enter() {
    if (++depth_ <= deepest_json)
      return true;
    problem = "it nests deeper than " + std::to_string(deepest_json) + " levels";
    return false;
  }
  bool leave() {
    --depth_;
    return true;
  }

  int depth_ = 0;
};

/// Python writes and reads numbers that JSON has not, Infinity and 1e999. They become the largest double, so that
/// whoever uses the number judges it, and can say where it stands.
std::string with_finite_numbers(std::string_view text) {
  constexpr std::string_view infinity = "Infinity", largest = "1.7976931348623157e308";
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i];
    if (in_string) {
      std::size_t length = c == '\\' ? 2 : 1;
      in_string = c != '"';
      out += text.substr(i, length);
      i += length;
    } else if (text.substr(i, infinity.size()) == infinity) {
      out += largest;
      i += infinity.size();
    } else if (c >= '0' && c <= '9') {
      std::size_t end = std::min(text.find_first_not_of("0123456789.eE+-", i), text.size());
      std::string number(text.substr(i, end - i));
      out += number.size() > 3 && std::isinf(std::strtod(number.c_str(), nullptr)) ? largest : number;
      i = end;
    } else {
      in_string = c == '"';
      out += c;
      ++i;
    }
  }
  return out;
}

} // namespace

Json parse_json(std::string_view text, const std::string &where) {
  std::string finite = with_finite_numbers(text);
  Checker checker;
  if (!Json::sax_parse(finite, &checker))
    throw Error(where + ": " + checker.problem);
  return Json::parse(finite);
}

} // namespace lamina::runtime
