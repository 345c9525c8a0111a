#pragma once

#include <memory>
#include <string>

namespace llvm {
class Regex;
}

namespace lamina {

/// A regular expression over the paths of weights, in the part of Python's syntax that POSIX and the classes \d, \w and
/// \s cover: matching takes time in proportion to the path, whatever a file says. Errors: an expression beyond that.
class PathPattern {
public:
  explicit PathPattern(const std::string &text);
  bool matches(const std::string &path) const; ///< as a whole
  bool occurs_in(const std::string &path) const;

private:
  std::shared_ptr<llvm::Regex> whole_, anywhere_;
};

} // namespace lamina
