#include "compiler/model/optimizers/path_pattern.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Regex.h"

#include "lamina/error.h"

namespace lamina {
namespace {

const char *character_class(char letter) {
  switch (letter) {
  case 'd': return "[0-9]";
  case 'D': return "[^0-9]";
  case 'w': return "[A-Za-z0-9_]";
  case 'W': return "[^A-Za-z0-9_]";
  case 's': return "[[:space:]]";
  case 'S': return "[^[:space:]]";
  default: return nullptr;
  }
}

std::string posix(const std::string &python) {
  std::string result;
  for (std::size_t i = 0; i < python.size(); ++i) {
    if (python[i] == '\\' && i + 1 < python.size()) {
      const char *named = character_class(python[++i]);
      result += named ? named : std::string{'\\', python[i]};
    } else if (python.compare(i, 3, "(?:") == 0) {
      result += '(';
      i += 2;
    } else {
      result += python[i];
    }
  }
  return result;
}

std::shared_ptr<llvm::Regex> compiled(const std::string &posix, const std::string &python) {
  auto regex = std::make_shared<llvm::Regex>(posix);
  if (std::string error; !regex->isValid(error))
    throw Error("the regular expression '" + python.substr(0, 60) + "' is not one that is known here: " + error);
  return regex;
}

} // namespace

PathPattern::PathPattern(const std::string &text) {
  constexpr std::size_t longest = 500;
  if (text.size() > longest)
    throw Error("the regular expression '" + text.substr(0, 60) + "...' is longer than " + std::to_string(longest) +
                " characters");
  std::string expression = posix(text);
  anywhere_ = compiled(expression, text);
  whole_ = compiled("^(" + expression + ")$", text);
}

bool PathPattern::matches(const std::string &path) const { return whole_->match(path); }
bool PathPattern::occurs_in(const std::string &path) const { return anywhere_->match(path); }

} // namespace lamina
