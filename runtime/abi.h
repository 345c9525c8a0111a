/* What compiled code and the runtime know of each other. Plain C: generated objects rely on this layout. */
#ifndef LAMINA_RUNTIME_ABI_H
#define LAMINA_RUNTIME_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Works on items [begin, end). May run on any thread; the runs of one call touch different memory. */
typedef void (*lamina_body)(void *closure, int64_t begin, int64_t end);

/* What one call of compiled code may use. Field order is part of the contract. */
typedef struct lamina_context {
  /* Calls body over [0, count) in consecutive ranges, perhaps on several threads; returns when all are done. */
  void (*parallel_for)(const struct lamina_context *context, int64_t count, lamina_body body, void *closure);
  /* The pool's own. */
  void *pool;
  /* Threads that parallel_for may use, the caller included. */
  int64_t threads;
  /* Only code compiled for profiles calls it, before and after each kernel, from the entry function's thread: what ran
     since the last call was this site, an index into the program's table, or -1, nothing of the table. The bytes that
     it moved lie in arrays of `within` bytes. */
  void (*mark)(const struct lamina_context *context, int64_t site, int64_t flops, int64_t bytes, int64_t within);
} lamina_context;

/* context->parallel_for, by name, for code that links with the runtime. */
void lamina_parallel_for(const lamina_context *context, int64_t count, lamina_body body, void *closure);

/* What object files compiled with threads run on: one thread a CPU that the process may use. The runtime defines it;
   a program that links without the runtime defines its own, and may return null to run on the caller's thread. */
const lamina_context *lamina_default_context(void);

/* buffers: data of the arguments in order, then of the results that update no argument, then what prepare wrote.
   dims: every open dimension of the arguments in order. Returns 0, or an index into the function's messages. */
typedef int32_t (*lamina_entry)(void *const *buffers, const int64_t *dims, void *workspace,
                                const lamina_context *context);

/* Bytes of workspace for these dims. */
typedef int64_t (*lamina_entry_workspace)(const int64_t *dims);

/* Writes every open dimension of the results that update no argument, in order. Returns a status as lamina_entry does.
 */
typedef int32_t (*lamina_entry_shapes)(const int64_t *dims, int64_t *out_dims);

/* Whether dims fit together: 0, or an index into the function's messages. What it refuses must not reach lamina_entry,
   which would read out of bounds. */
typedef int32_t (*lamina_entry_check)(const int64_t *dims);

/* Writes what depends on weights alone (packed copies) into prepared. buffers is lamina_entry's: only weights are read.
 */
typedef int32_t (*lamina_prepare)(void *const *buffers, void *const *prepared, const lamina_context *context);

#ifdef __cplusplus
}
#endif

#endif
