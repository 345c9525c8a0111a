#include "compiler/model/pairwise_losses.h"

#include "lamina/error.h"
#include "lamina/ops.h"

namespace lamina::losses {
namespace {

/// log of a probability that is 0 for every purpose; finite, so that differences of two stay 0
constexpr double log_zero = -1e5;

/// log(eᵃ + eᵇ)
Value log_add(const Value &a, const Value &b) { return maximum(a, b) + log1p(exp(-abs(a - b))); }

/// Adds `added` in log space to all but the first column.
Value advance(const Value &blank, const Value &added) {
  return concatenate({slice_axis(blank, 1, 0, 1), log_add(slice_axis(blank, 1, 1), added)}, 1);
}

Value labels_of(const Value &t, const Value &p, const char *name) {
  Value labels = cast(t, DType::Int32);
  if (labels.rank() == 2 && labels.shape().back() == 1)
    labels = squeeze(labels, 1);
  if (labels.rank() != 1 || p.rank() != 2)
    throw Error(std::string(name) + " needs one label a sample and predictions of two axes, got " + t.shape().str() +
                " and " + p.shape().str());
  return labels;
}

} // namespace

Value ctc(const Value &t, const Value &p) {
  if (t.rank() != 2 || p.rank() != 3 || p.shape().back() == none)
    throw Error("ctc needs labels of shape (batch, length) and predictions of shape (batch, time, classes), got " +
                t.shape().str() + " and " + p.shape().str());
  Value labels = cast(t, DType::Int32);
  Value log_p = log_softmax(p);
  // [T, B, 1] for the blank, [T, B, N] for the labels
  Value blank_p = transpose(slice_axis(log_p, 2, 0, 1), {1, 0, 2});
  Value emit_p =
      transpose(dot_general(log_p, one_hot(labels, p.shape().back(), p.dtype()), {2}, {2}, {0}, {0}), {1, 0, 2});
  // 1 where the next label is the same: between the two a blank must stand.
  Value same = cast(equal(slice_axis(labels, 1, 0, -1), slice_axis(labels, 1, 1)), p.dtype());
  Value repeat = pad(same, {0, 0}, {0, 1});

  Value nothing = full_like(repeat, log_zero);
  Value start = concatenate({full_like(slice_axis(repeat, 1, 0, 1), 0.0), nothing}, 1);
  Values states{start, nothing}, sequences{blank_p, emit_p};
  Values last = scan(states, sequences, [&](std::span<const Value> state, std::span<const Value> step) -> ScanStep {
    const Value &emit = state[1];
    // From a label to the blank behind it without a step, unless the same label follows.
    Value blank = advance(state[0], emit + log_zero * repeat);
    Value next_emit = log_add(slice_axis(blank, 1, 0, -1) + step[1], emit + step[1]);
    Value next_blank = advance(blank + step[0], emit + step[0] + log_zero * (1.0 - repeat));
    return {{next_blank, next_emit}, {}};
  });
  Value final = advance(last[0], last[1]);
  // The column of the sample's number of labels.
  Value column = cumsum(ones_like(final), 1) - 1.0;
  Value length = sum(cast(not_equal(labels, 0), final.dtype()), 1, true);
  return -sum(final * cast(equal(column, length), final.dtype()), 1);
}

Value circle(const Value &t, const Value &p, double gamma, double margin, bool remove_diagonal) {
  Value labels = labels_of(t, p, "circle");
  Value distance = maximum(1.0 - dot_general(p, p, {1}, {1}), 0.0);
  Value positive = equal(expand_dims(labels, 1), expand_dims(labels, 0)), negative = logical_not(positive);
  if (remove_diagonal) {
    Value row = cumsum(ones_like(distance), 0), column = cumsum(ones_like(distance), 1);
    positive = logical_and(positive, not_equal(row, column));
  }
  auto logsumexp_where = [](const Value &mask, const Value &x) -> Value {
    return logsumexp(where(mask, x, -std::numeric_limits<double>::infinity()), 1);
  };
  Value pull = maximum((margin + distance) * cast(positive, p.dtype()), 0.0) * (margin - distance) * -gamma;
  Value push = maximum((1.0 + margin - distance) * cast(negative, p.dtype()), 0.0) * (1.0 - margin - distance) * gamma;
  return softplus(logsumexp_where(positive, pull) + logsumexp_where(negative, push));
}

Value categorical_generalized_cross_entropy(const Value &t, const Value &p, double q) {
  Value labels = labels_of(t, p, "categorical_generalized_cross_entropy");
  Value chosen = sum(p * one_hot(labels, p.shape().back(), p.dtype()), -1);
  return (1.0 - power(chosen, q)) / q;
}

} // namespace lamina::losses
