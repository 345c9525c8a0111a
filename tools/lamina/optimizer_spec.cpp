#include "tools/lamina/optimizer_spec.h"

#include <charconv>
#include <cmath>

#include <lamina/error.h>

#include "runtime/files.h"

namespace lamina::tools {

using runtime::in_quotes;

namespace {

Config parse_value(const std::string &key, std::string_view text) {
  if (text == "true" || text == "True")
    return true;
  if (text == "false" || text == "False")
    return false;
  if (text == "none" || text == "None")
    return nullptr;
  const char *begin = text.data(), *end = begin + text.size();
  std::int64_t integer;
  if (auto parsed = std::from_chars(begin, end, integer); parsed.ec == std::errc() && parsed.ptr == end)
    return integer;
  double number;
  if (auto parsed = std::from_chars(begin, end, number);
      parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(number))
    return number;
  throw Error("optimizer option " + in_quotes(key) + " is " + in_quotes(text) + "; give a number, true, false or none");
}

} // namespace

OptimizerSpec parse_optimizer_spec(const std::string &text) {
  std::size_t colon = text.find(':');
  OptimizerSpec spec{text.substr(0, colon), Config::dict()};
  if (spec.name.empty())
    throw Error("the optimizer " + in_quotes(text) +
                " has no name; write it like 'sgd:learning_rate=0.1,momentum=0.9'");
  for (std::string_view rest = colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1);
       !rest.empty();) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    std::size_t equals = item.find('=');
    std::string key(item.substr(0, equals));
    if (key.empty() || equals == std::string_view::npos || equals + 1 == item.size())
      throw Error("optimizer option " + in_quotes(item) + " has no value; write it like 'learning_rate=0.1'");
    if (spec.options.contains(key))
      throw Error("optimizer option " + in_quotes(key) + " is given twice");
    spec.options.set(key, parse_value(key, item.substr(equals + 1)));
  }
  return spec;
}

} // namespace lamina::tools
