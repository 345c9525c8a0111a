#pragma once

#include "lamina/ops.h"

namespace lamina {

/// y_true with an axis of size 1 less or more, where only that tells its rank from y_pred's.
Value aligned(const Value &t, const Value &p);
/// −t log p − (1 − t) log (1 − p), element by element.
Value binary_entropies(const Value &t, const Value &p, bool from_logits);
/// log p along the last axis; p is scaled to a sum of 1.
Value log_probabilities(const Value &p, bool from_logits);
/// −log p at the class t, of which each row of p has one. Errors: an open number of classes, shapes that do not fit.
Value sparse_entropies(const Value &t, const Value &p, bool from_logits);

} // namespace lamina
