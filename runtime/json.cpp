#include "runtime/json.h"

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

} // namespace

Json parse_json(std::string_view text, const std::string &where) {
  Checker checker;
  if (!Json::sax_parse(text, &checker))
    throw Error(where + ": " + checker.problem);
  return Json::parse(text);
}

} // namespace lamina::runtime
