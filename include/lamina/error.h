#ifndef LAMINA_ERROR_H
#define LAMINA_ERROR_H

#include <stdexcept>

namespace lamina {

/// A mistake in what the user gave: one line that names the layer or file, what was found, and the remedy.
class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace lamina

#endif
