/* A program around an object named net, without libc: reads inputs until there are no more and writes what net_run
   answers. INPUT and OUTPUT count floats; ROWS is the batch where it is open; STREAMS states take
   turns. */
#include "net.h"

#define ALIGNED _Alignas(64)
#ifndef STREAMS
#define STREAMS 1
#endif

/* Where a compiler may call them, for copies of blocks. */
void *memcpy(void *to, const void *from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  if ((uintptr_t)to <= (uintptr_t)from)
    return memcpy(to, from, bytes);
  for (size_t i = bytes; i-- > 0;)
    ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    ((char *)to)[i] = (char)value;
  return to;
}

#if defined(__wasm__)

#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))
IMPORT("read") long read_some(int file, void *data, size_t bytes);
IMPORT("write") long write_some(int file, const void *data, size_t bytes);
IMPORT("exit") void leave(int code);

#else

#if defined(__x86_64__)
enum { sys_read = 0, sys_write = 1, sys_exit = 60 };
__asm__(".globl _start\n_start: and $-64, %rsp\n call program\n");
static long system_call(long number, long a, long b, long c) {
  __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return number;
}
#elif defined(__aarch64__)
enum { sys_read = 63, sys_write = 64, sys_exit = 93 };
__asm__(".globl _start\n_start: bl program\n");
static long system_call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
#elif defined(__riscv)
enum { sys_read = 63, sys_write = 64, sys_exit = 93 };
__asm__(".globl _start\n_start: call program\n");
static long system_call(long number, long a, long b, long c) {
  register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}
#else
#error "the system calls of this target"
#endif

static long read_some(int file, void *data, size_t bytes) { return system_call(sys_read, file, (long)data, (long)bytes); }
static long write_some(int file, const void *data, size_t bytes) {
  return system_call(sys_write, file, (long)data, (long)bytes);
}
static void leave(int code) { system_call(sys_exit, code, 0, 0); }

#endif

/* Whether all bytes came. */
static bool receive(void *data, size_t bytes) {
  size_t done = 0;
  while (done < bytes) {
    long now = read_some(0, (char *)data + done, bytes - done);
    if (now <= 0)
      return false;
    done += (size_t)now;
  }
  return true;
}

enum { no_output = 3, no_room = 4, no_weights = 5, refused = 6 };

static void check(bool holds, int code) {
  if (!holds)
    leave(code);
}

static float input[INPUT], output[OUTPUT];
static ALIGNED char workspace[1 << 20];
#ifdef WEIGHTS
static ALIGNED char weights[1 << 20];
#endif
#ifdef STATE
static ALIGNED char states[STREAMS][1 << 12];
#endif

void program(void) {
  check(net_workspace_size(
#ifdef ROWS
            ROWS
#endif
            ) <= sizeof workspace,
        no_room);
#ifdef WEIGHTS
  check(net_weights_size() <= sizeof weights, no_room);
  check(receive(weights, net_weights_size()), no_weights);
#endif
#ifdef STATE
  check(net_state_size() <= sizeof states[0], no_room);
  for (int i = 0; i < STREAMS; ++i)
    net_reset(states[i]);
  int turn = 0;
#endif
  while (receive(input, sizeof input)) {
    check(net_run(
#ifdef ROWS
              ROWS,
#endif
              input, output,
#ifdef SEED
              SEED,
#endif
#ifdef WEIGHTS
              weights,
#endif
#ifdef STATE
              states[turn++ % STREAMS],
#endif
              workspace) == 0,
          refused);
    check(write_some(1, output, sizeof output) == (long)sizeof output, no_output);
  }
  leave(0);
}
