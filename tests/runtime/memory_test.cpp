#include "runtime/memory.h"

#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace lamina::runtime {
namespace {

TEST(Memory, IsAlignedAndWritableToTheEnd) {
  for (std::size_t bytes : {0, 1, 100, 1 << 17, (1 << 21) + 1}) {
    Memory memory = allocate(bytes);
    ASSERT_TRUE(memory);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.get()) % alignment, 0u);
    if (bytes)
      static_cast<char *>(memory.get())[bytes - 1] = 1;
  }
  EXPECT_FALSE(allocate(std::size_t(1) << 50));
}

#ifndef __SANITIZE_ADDRESS__
TEST(Memory, LargeBlocksServeTheNextOfTheirSize) {
  constexpr std::size_t bytes = 3 << 20;
  Memory first = allocate(bytes);
  void *place = first.get();
  first.reset();
  // A small one would waste it.
  EXPECT_NE(allocate(bytes / 4).get(), place);
  Memory second = allocate(bytes - 100);
  EXPECT_EQ(second.get(), place);
  // It is in use.
  EXPECT_NE(allocate(bytes).get(), place);
}
#endif

TEST(Memory, IsOneThreadsAtATime) {
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id)
    threads.emplace_back([id] {
      for (int i = 0; i < 200; ++i) {
        Memory memory = allocate((1 << 17) + 64 * i);
        auto *value = static_cast<volatile int *>(memory.get());
        *value = id;
        std::this_thread::yield();
        EXPECT_EQ(*value, id);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
} // namespace lamina::runtime
