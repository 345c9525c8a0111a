#include "compiler/vectorize/MaxNumbers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

namespace mlir::lamina {

namespace {

/// Which values are never NaN.
class Numbers {
public:
  bool contains(Value value) {
    // What a loop carries is taken for a number until what it carries on is seen to be none.
    for (;;) {
      size_t before = refuted.size();
      bool result = visit(value);
      if (refuted.size() == before)
        return result;
      seen.clear();
    }
  }

private:
  bool visit(Value value) {
    if (refuted.contains(value))
      return false;
    if (auto [known, isNew] = seen.try_emplace(value, true); !isNew)
      return known->second;
    bool result = look(value);
    seen[value] = result;
    if (!result)
      refuted.insert(value);
    return result;
  }

  bool look(Value value) {
    Attribute constant;
    if (matchPattern(value, m_Constant(&constant))) {
      if (auto splat = dyn_cast<SplatElementsAttr>(constant))
        constant = splat.getSplatValue<Attribute>();
      auto number = dyn_cast<FloatAttr>(constant);
      return number && !number.getValue().isNaN();
    }
    Operation *op = value.getDefiningOp();
    if (!op) {
      auto loop = dyn_cast<scf::ForOp>(value.getParentBlock()->getParentOp());
      OpOperand *init = loop ? loop.getTiedLoopInit(cast<BlockArgument>(value)) : nullptr;
      return init && visit(init->get()) && visit(loop.getTiedLoopYieldedValue(cast<BlockArgument>(value))->get());
    }
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return visit(loop.getTiedLoopInit(cast<OpResult>(value))->get()) &&
             visit(loop.getTiedLoopRegionIterArg(cast<OpResult>(value)));
    if (isa<arith::MaxNumFOp>(op))
      return visit(op->getOperand(0)) || visit(op->getOperand(1));
    if (isa<vector::ExtractOp, vector::ExtractStridedSliceOp, vector::InsertOp, vector::InsertStridedSliceOp,
            vector::ShapeCastOp, vector::ShuffleOp, vector::BroadcastOp>(op))
      return llvm::all_of(op->getOperands(), [&](Value operand) {
        return !isa<FloatType>(getElementTypeOrSelf(operand)) || visit(operand);
      });
    return isa<ub::PoisonOp>(op);
  }

  DenseMap<Value, bool> seen;
  DenseSet<Value> refuted;
};

Value choose(Operation *op, arith::CmpFPredicate predicate, Value x, Value y, Value chosen, Value other) {
  OpBuilder b(op);
  return arith::SelectOp::create(b, op->getLoc(), arith::CmpFOp::create(b, op->getLoc(), predicate, x, y), chosen,
                                 other);
}

/// Of how many elements LLVM takes the extremes one by one.
bool isOdd(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && vector.getRank() > 0 && !llvm::isPowerOf2_64(vector.getShape().back());
}

} // namespace

void expandExtremes(FunctionOpInterface function) {
  using P = arith::CmpFPredicate;
  Numbers numbers;
  SmallVector<std::tuple<Operation *, bool, bool>> ops;
  function.walk([&](Operation *op) {
    if (isa<arith::MaxNumFOp>(op) ||
        (isa<arith::MaximumFOp, arith::MinimumFOp>(op) && isOdd(op->getResult(0).getType())))
      ops.push_back({op, numbers.contains(op->getOperand(0)), numbers.contains(op->getOperand(1))});
  });
  for (auto [op, left, right] : ops) {
    Value x = op->getOperand(0), y = op->getOperand(1);
    if (left)
      std::swap(x, y);
    // A comparison with NaN gives the other operand, or, where NaN is the result, the left one.
    bool isNumber = isa<arith::MaxNumFOp>(op);
    P predicate = isNumber ? P::OGT : isa<arith::MaximumFOp>(op) ? P::UGT : P::ULT;
    Value result = choose(op, predicate, x, y, x, y);
    if (!left && !right)
      result = choose(op, P::UNO, y, y, isNumber ? x : y, result);
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }
}

} // namespace mlir::lamina
