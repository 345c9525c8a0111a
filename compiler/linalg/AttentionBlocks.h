// What the lowerings of attention and its derivative share: loops over the batch and over blocks of queries and keys,
// and operations on one block of every tensor.
#pragma once

#include <map>
#include <string>

#include "Lowering.h"

namespace mlir::lamina {

// A tensor and its axes, a letter each: q queries, k keys, d the size of a key, v the columns of a value, h the heads.
// Of these a block has a stretch, or all. Of every other axis, capital letters of the batch, it has one place.
struct Lettered {
  Value tensor;
  std::string axes;
};

class AttentionBlocks {
public:
  AttentionBlocks(OpBuilder &b, Location loc, Value query, Value key, Value value, Value bias, Value mask, double fill);

  // The axes of a whole tensor: the batch and the heads, then `last`; and of a block of it.
  std::string whole(StringRef last) const { return batch + last.str(); }
  std::string block(StringRef last) const { return heads + last.str(); }

  Value empty(StringRef axes);
  Value zeros(StringRef axes);
  // A place for all keys, turned block by block.
  Lettered emptyTurned(char size);

  // Loops over the places of the batch, and over blocks; `body` gives what is carried on.
  using Body = function_ref<SmallVector<Value>(ValueRange carried)>;
  SmallVector<Value> overBatch(ValueRange carried, Body body) { return overBatch(0, carried, body); }
  SmallVector<Value> over(char axis, ValueRange carried, Body body);

  // The block of a tensor where the loops are, and the tensor with its block replaced.
  Lettered at(const Lettered &tensor);
  Value put(const Lettered &block, const Lettered &tensor);

  // For every element of a block with these axes.
  using Each = function_ref<Value(Structured::Region &)>;
  Lettered each(StringRef axes, ArrayRef<Lettered> operands, Each body);
  // The same; the first operand, query · keyᵀ, becomes the score: with its bias, and with another value where the mask
  // does not hold or where a block overlaps the one before along the axes `apart`. Without a body it is the result.
  Lettered eachScore(ArrayRef<Lettered> operands, StringRef apart, Each body);
  // The same, and 0 where the mask does not hold.
  Lettered eachSeen(ArrayRef<Lettered> operands, Each body);
  // Combines along an axis.
  Lettered combined(Combine kind, char along, const Lettered &operand);
  // Sums of products along an axis.
  Lettered product(StringRef axes, char along, const Lettered &left, const Lettered &right);
  // Whether the loop over this axis is at its first block.
  Value isFirst(Structured::Region &r, char axis);

private:
  // Blocks of one size along an axis. Where they do not divide it, the last one begins early and overlaps the one
  // before.
  struct Blocks {
    OpFoldResult length, size, count;
    bool overlap = false;
    // Where the loop is: the block's number, its first element, and its first that is no other block's.
    OpFoldResult number, offset, begin;
  };
  static constexpr char number = '#', inBlock = 'K';

  Blocks blocksOf(OpFoldResult length, int64_t most);
  SmallVector<Value> overBatch(unsigned axis, ValueRange carried, Body body);
  SmallVector<OpFoldResult> sizesOf(StringRef axes);
  void slice(const Lettered &tensor, SmallVectorImpl<OpFoldResult> &offsets, SmallVectorImpl<OpFoldResult> &extents);
  Value recompute(Value tensor, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> extents);
  bool isOpen(char axis) const { return axis == 'q' || axis == 'k'; }

  OpBuilder &b;
  Location loc;
  Value bias, mask;
  double fill;
  Type element;
  std::string batch, heads;
  std::map<char, OpFoldResult> sizes, places;
  std::map<char, Blocks> blocks;
};

} // namespace mlir::lamina
