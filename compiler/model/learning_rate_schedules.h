#pragma once

#include "lamina/config.h"
#include "lamina/value.h"

namespace lamina {

/// Fills in the defaults of a serialized learning rate schedule of Keras.
/// Errors: an unknown class or argument, an argument out of its range.
Config complete_schedule(const Config &schedule);

/// The learning rate at an iteration counted from 0. The schedule must be complete.
Value scheduled_learning_rate(const Config &schedule, const Value &iteration);

} // namespace lamina
