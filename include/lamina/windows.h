#ifndef LAMINA_WINDOWS_H
#define LAMINA_WINDOWS_H

#include <cstdint>
#include <string>
#include <vector>

#include <lamina/config.h>

namespace lamina {

/// A window of a signal, by scipy's name or as a list of its values; none are ones. A periodic window of n values is
/// the symmetric one of n + 1 without its last.
/// Errors: a name that is not known; a list of another length.
std::vector<double> signal_window(const Config &window, std::int64_t length, bool periodic);

} // namespace lamina

#endif
