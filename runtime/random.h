#ifndef LAMINA_RUNTIME_RANDOM_H
#define LAMINA_RUNTIME_RANDOM_H

#include <array>
#include <bit>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace lamina::runtime {

/// Philox 4x32 with 10 rounds: four random words of a 128-bit counter under a 64-bit key. Salmon, Moraes, Dror and
/// Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    std::uint64_t even = std::uint64_t(0xD2511F53u) * counter[0], odd = std::uint64_t(0xCD9E8D57u) * counter[2];
    counter = {static_cast<std::uint32_t>(odd >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(odd),
               static_cast<std::uint32_t>(even >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(even)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

/// Random words in sequence. Two streams of one seed are independent.
class Philox {
public:
  explicit Philox(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  std::uint32_t next() {
    if (used_ == words_.size()) {
      words_ = philox({low(block_), high(block_), low(stream_), high(stream_)}, {low(seed_), high(seed_)});
      ++block_;
      used_ = 0;
    }
    return words_[used_++];
  }
  std::uint64_t next64() {
    std::uint64_t first = next();
    return first << 32 | next();
  }
  /// In [0, 1), on the grid of 2^-24.
  float uniform() { return static_cast<float>(next() >> 8) * 0x1p-24f; }
  /// In [0, n), every number equally likely; n > 0.
  std::uint64_t below(std::uint64_t n) {
    std::uint64_t mask = ~std::uint64_t(0) >> std::countl_zero((n - 1) | 1), value;
    do
      value = next64() & mask;
    while (value >= n);
    return value;
  }

private:
  static constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  static constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

  std::uint64_t seed_, stream_, block_ = 0;
  std::array<std::uint32_t, 4> words_{};
  std::size_t used_ = 4;
};

/// The numbers 0 … n-1 in an order that depends on seed and stream alone.
inline std::vector<std::int64_t> permutation(std::int64_t n, std::uint64_t seed, std::uint64_t stream = 0) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  Philox random(seed, stream);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

} // namespace lamina::runtime

#endif
