#include "dialects/lamina/LaminaOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::lamina {
namespace {

// The shapes that both ops have in common.
struct Shapes {
  SmallVector<int64_t> batch;
  int64_t queries, keys, columns;
};

template <typename Adaptor> FailureOr<Shapes> inferShapes(Inference &inference, Adaptor op, unsigned required) {
  for (unsigned i = 0; i < required; ++i)
    if (op.getODSOperands(i).size() != 1)
      return inference.fail("takes " + Twine(required) + " operands and perhaps a bias and a mask");
  RankedTensorType query = tensorType(op.getQuery()), key = tensorType(op.getKey()), value = tensorType(op.getValue());
  auto describe = [&] { return formatShape(query) + ", " + formatShape(key) + " and " + formatShape(value); };
  int64_t rank = query.getRank();
  if (rank < 2 || key.getRank() != rank || value.getRank() != rank)
    return inference.fail("takes query, key and value of one rank, at least 2, got " + describe());
  if (failed(inference.sameElements({op.getQuery(), op.getKey(), op.getValue()})))
    return failure();
  Shapes shapes;
  for (int64_t axis = 0; axis + 2 < rank; ++axis) {
    std::optional<int64_t> size = meet(query.getDimSize(axis), key.getDimSize(axis));
    if (size)
      size = meet(*size, value.getDimSize(axis));
    if (!size)
      return inference.fail("takes query, key and value of one batch, got " + describe());
    shapes.batch.push_back(*size);
  }
  std::optional<int64_t> keys = meet(key.getDimSize(rank - 2), value.getDimSize(rank - 2));
  if (!keys || !meet(query.getDimSize(rank - 1), key.getDimSize(rank - 1)))
    return inference.fail("takes as many keys as values, of the size of queries, got " + describe());
  shapes.queries = query.getDimSize(rank - 2);
  shapes.keys = *keys;
  shapes.columns = value.getDimSize(rank - 1);
  SmallVector<int64_t> scores(shapes.batch);
  scores.append({shapes.queries, shapes.keys});
  for (Value side : {op.getBias(), op.getMask()}) {
    if (!side)
      continue;
    RankedTensorType type = tensorType(side);
    bool fits = type.getRank() == rank;
    for (int64_t axis = 0; fits && axis < rank; ++axis)
      fits = type.getDimSize(axis) == 1 || meet(type.getDimSize(axis), scores[axis]);
    if (!fits)
      return inference.fail("takes bias and mask that broadcast to " + formatShape(scores) + ", got " +
                            formatShape(type));
  }
  if (Value bias = op.getBias(); bias && failed(inference.sameElements({op.getQuery(), bias})))
    return failure();
  return shapes;
}

} // namespace

LogicalResult AttentionOp::inferTypes(Inference &inference, Adaptor op) {
  FailureOr<Shapes> shapes = inferShapes(inference, op, 3);
  if (failed(shapes))
    return failure();
  Type element = tensorType(op.getQuery()).getElementType();
  SmallVector<int64_t> rows(shapes->batch);
  rows.push_back(shapes->queries);
  SmallVector<int64_t> result(rows);
  result.push_back(shapes->columns);
  inference.results.append({RankedTensorType::get(result, element), RankedTensorType::get(rows, element),
                            RankedTensorType::get(rows, element)});
  return success();
}

LogicalResult AttentionGradientOp::inferTypes(Inference &inference, Adaptor op) {
  FailureOr<Shapes> shapes = inferShapes(inference, op, 7);
  if (failed(shapes))
    return failure();
  SmallVector<int64_t> rows(shapes->batch);
  rows.push_back(shapes->queries);
  SmallVector<int64_t> result(rows);
  result.push_back(shapes->columns);
  auto fits = [&](Value operand, ArrayRef<int64_t> shape) {
    return succeeded(verifyCompatibleShape(tensorType(operand).getShape(), shape)) &&
           tensorType(operand).getElementType() == tensorType(op.getQuery()).getElementType();
  };
  if (!fits(op.getCotangent(), result) || !fits(op.getMaximum(), rows) || !fits(op.getSum(), rows) ||
      !fits(op.getProjection(), rows))
    return inference.fail("takes a cotangent of shape " + formatShape(result) + " and three numbers for each query");
  for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
    inference.results.push_back(operand.getType());
  return success();
}

} // namespace mlir::lamina

#define GET_OP_CLASSES
#include "dialects/lamina/AttentionOps.cpp.inc"
