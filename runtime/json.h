#ifndef LAMINA_RUNTIME_JSON_H
#define LAMINA_RUNTIME_JSON_H

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace lamina::runtime {

/// Objects keep the order of their keys.
using Json = nlohmann::ordered_json;

/// Deeper nesting is refused, so that whoever walks a value may recurse.
inline constexpr int deepest_json = 256;

/// Numbers past a double's range, and Python's Infinity, become the largest double.
/// Errors: text that is no JSON, broken UTF-8, nesting past deepest_json. `where` begins the message.
Json parse_json(std::string_view text, const std::string &where);

} // namespace lamina::runtime

#endif
