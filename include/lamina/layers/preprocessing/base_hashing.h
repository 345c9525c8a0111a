#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_HASHING_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_HASHING_H

#include <array>
#include <cstdint>
#include <span>

#include <lamina/layers/preprocessing/base_encoding.h>

namespace lamina::layers {

/// Arithmetic on the bits of 64-bit integers, as hashes do it: sums and products wrap around.
namespace bits {

inline Value word(const Value &like, std::uint64_t value) {
  return constant(like.graph(), Tensor::scalar(static_cast<std::int64_t>(value)));
}
inline Value exclusive_or(const Value &x, const Value &y) { return emit("xor", {x, y}); }
inline Value shift_right(const Value &x, int by) {
  return emit("shift_right", {x, word(x, static_cast<std::uint64_t>(by))});
}
inline Value shift_left(const Value &x, int by) { return x * word(x, std::uint64_t{1} << by); }
inline Value rotate_right(const Value &x, int by) { return shift_right(x, by) + shift_left(x, 64 - by); }
inline Value times(const Value &x, std::uint64_t factor) { return x * word(x, factor); }
inline Value plus(const Value &x, std::uint64_t term) { return x + word(x, term); }
inline Value shift_mix(const Value &x) { return exclusive_or(x, shift_right(x, 47)); }

/// x mod n of x as an unsigned number.
inline Value modulo(const Value &x, std::int64_t n) {
  Value half = shift_right(x, 1), divisor = word(x, static_cast<std::uint64_t>(n));
  auto remainder = [&](const Value &y) { return emit("rem", {y, divisor}); };
  return remainder(shift_left(remainder(half), 1) + (x - shift_left(half, 1)));
}

} // namespace bits

/// Integers written in decimal: the text's bytes, at most 20, as three little-endian words, and its last 1, 4, 8 and 16
/// bytes' first words.
struct Decimal {
  std::array<Value, 3> words;
  Value length;
  std::array<Value, 4> last;
};

inline Decimal decimal(const Value &x) {
  constexpr std::int64_t most_digits = 19;
  constexpr std::array<std::int64_t, 4> marks{1, 4, 8, 16};
  using namespace bits;
  // state: what is left of -|x|, which exists for every x, then words, length, last.
  auto prepend = [&](std::span<const Value> state, const Value &character, const Value &active) {
    Value length = state[3] + 1;
    Values next{shift_left(state[0], 8) + character, shift_left(state[1], 8) + shift_right(state[0], 56),
                shift_left(state[2], 8) + shift_right(state[1], 56), length};
    for (std::size_t i = 0; i < marks.size(); ++i)
      next.push_back(where(equal(length, marks[i]), next[0], state[4 + i]));
    for (std::size_t i = 0; i < next.size(); ++i)
      next[i] = where(active, next[i], state[i]);
    return next;
  };
  Values states{minimum(x, negative(x))};
  for (std::size_t i = 0; i < 8; ++i)
    states.push_back(zeros_like(x));
  Value count = iota(x.graph(), {Dim(most_digits)}, 0, DType::Int64);
  states = scan(states, std::array{count}, [&](std::span<const Value> state, std::span<const Value> index) {
    Value ten = word(x, 10), digit = negative(emit("rem", {state[0], ten}));
    Value active = logical_or(not_equal(state[0], 0), equal(index[0], 0));
    Values next = prepend(state.subspan(1), digit + 48, active);
    next.insert(next.begin(), emit("div", {state[0], ten}));
    return ScanStep{next, {}};
  });
  states = prepend(std::span(states).subspan(1), word(x, '-'), less(x, 0));
  return {{states[0], states[1], states[2]}, states[3], {states[4], states[5], states[6], states[7]}};
}

/// FarmHash's Fingerprint64 of the decimal text. Pike and Alakuijala, https://github.com/google/farmhash.
inline Value farm_hash(const Value &x) {
  using namespace bits;
  constexpr std::uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;
  Decimal text = decimal(x);
  const auto &[first, second, third] = text.words;
  const auto &[last1, last4, last8, last16] = text.last;
  Value mul = plus(text.length * 2, k2);
  auto hash_pair = [&](const Value &u, const Value &v) {
    Value a = shift_mix(exclusive_or(u, v) * mul);
    return shift_mix(exclusive_or(v, a) * mul) * mul;
  };
  // 1 to 3 bytes: the first, the middle and the last one.
  auto byte = [&](const Value &word, int i) {
    Value shifted = i == 0 ? word : shift_right(word, 8 * i);
    return shifted - shift_left(shift_right(shifted, 8), 8);
  };
  Value y = byte(first, 0) + shift_left(where(equal(text.length, 1), byte(first, 0), byte(first, 1)), 8);
  Value z = text.length + shift_left(last1, 2);
  Value to3 = times(shift_mix(exclusive_or(times(y, k2), times(z, k0))), k2);
  // 4 to 7 bytes
  Value low = first - shift_left(shift_right(first, 32), 32);
  Value to7 = hash_pair(text.length + shift_left(low, 3), last4);
  // 8 to 16 bytes
  Value a = plus(first, k2), b = last8;
  Value to16 = hash_pair(rotate_right(b, 37) * mul + a, (rotate_right(a, 25) + b) * mul);
  // 17 to 20 bytes
  Value a2 = times(first, k1), b2 = second, c2 = last8 * mul, d2 = times(last16, k2);
  Value to20 =
      hash_pair(rotate_right(a2 + b2, 43) + rotate_right(c2, 30) + d2, a2 + rotate_right(plus(b2, k2), 18) + c2);
  return where(less(text.length, 4), to3,
               where(less(text.length, 8), to7, where(less_equal(text.length, 16), to16, to20)));
}

/// SipHash-2-4 of the decimal text under a key of two words. Aumasson and Bernstein, 2012.
inline Value sip_hash(const Value &x, const std::array<std::int64_t, 2> &key) {
  using namespace bits;
  Decimal text = decimal(x);
  auto rounds = [](Values v, int count) {
    for (int i = 0; i < count; ++i) {
      v[0] = v[0] + v[1];
      v[2] = v[2] + v[3];
      v[1] = exclusive_or(rotate_right(v[1], 51), v[0]);
      v[3] = exclusive_or(rotate_right(v[3], 48), v[2]);
      v[0] = rotate_right(v[0], 32);
      v[2] = v[2] + v[1];
      v[0] = v[0] + v[3];
      v[1] = exclusive_or(rotate_right(v[1], 47), v[2]);
      v[3] = exclusive_or(rotate_right(v[3], 43), v[0]);
      v[2] = rotate_right(v[2], 32);
    }
    return v;
  };
  constexpr std::array<std::uint64_t, 4> initial{0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261,
                                                 0x7465646279746573};
  Values states;
  for (std::size_t i = 0; i < 4; ++i)
    states.push_back(plus(zeros_like(x), initial[i] ^ static_cast<std::uint64_t>(key[i % 2])));
  Value full = shift_right(text.length, 3), length = shift_left(text.length, 56);
  // The last block, which no whole word fills, ends in the length.
  Value blocks = stack({text.words[0], text.words[1], text.words[2]});
  Value index = iota(x.graph(), {Dim(3)}, 0, DType::Int64);
  states = scan(states, std::array{blocks, index}, [&](std::span<const Value> state, std::span<const Value> slice) {
    Value block = where(equal(slice[1], full), slice[0] + length, slice[0]);
    Values v(state.begin(), state.end());
    v[3] = exclusive_or(v[3], block);
    v = rounds(v, 2);
    v[0] = exclusive_or(v[0], block);
    for (std::size_t i = 0; i < v.size(); ++i)
      v[i] = where(less_equal(slice[1], full), v[i], state[i]);
    return ScanStep{v, {}};
  });
  states[2] = exclusive_or(states[2], word(x, 0xff));
  states = rounds(states, 4);
  return exclusive_or(exclusive_or(states[0], states[1]), exclusive_or(states[2], states[3]));
}

/// The bin of an integer among n: FarmHash of its decimal text, or SipHash where there is a key.
inline Value hash_to_bin(const Value &x, std::int64_t n, const std::optional<std::array<std::int64_t, 2>> &key) {
  return bits::modulo(key ? sip_hash(x, *key) : farm_hash(x), n);
}

/// Keras's salt: one integer, two, or none. Errors: anything else.
inline std::optional<std::array<std::int64_t, 2>> hash_key(const Config &salt) {
  if (salt.is_null())
    return {};
  if (salt.is_int())
    return std::array{salt.as_int(), salt.as_int()};
  if (salt.is_list() && salt.size() == 2)
    return std::array{salt[0].as_int(), salt[1].as_int()};
  throw Error("salt must be one integer or two, got " + salt.str());
}

} // namespace lamina::layers

#endif
