#pragma once

#include "lamina/value.h"

namespace lamina::losses {

/// -log of the probability of all paths through p[B, T, K] that spell the labels t[B, N]; class 0 is the blank, labels
/// of 0 are padding. One value a sample.
Value ctc(const Value &t, const Value &p);

/// Circle loss of the embeddings p[B, D] with labels t[B]: softplus(logsumexp over the same class + logsumexp over the
/// others). One value a sample.
Value circle(const Value &t, const Value &p, double gamma, double margin, bool remove_diagonal);

/// (1 - pᵍ) / q of the probability p of the true class.
Value categorical_generalized_cross_entropy(const Value &t, const Value &p, double q);

} // namespace lamina::losses
