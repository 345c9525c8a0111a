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

} // namespace

void expandMaxNumbers(FunctionOpInterface function) {
  Numbers numbers;
  SmallVector<std::tuple<arith::MaxNumFOp, bool, bool>> ops;
  function.walk(
      [&](arith::MaxNumFOp op) { ops.push_back({op, numbers.contains(op.getLhs()), numbers.contains(op.getRhs())}); });
  for (auto [op, left, right] : ops) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    auto choose = [&](arith::CmpFPredicate predicate, Value x, Value y, Value chosen, Value other) -> Value {
      return arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, predicate, x, y), chosen, other);
    };
    using P = arith::CmpFPredicate;
    Value x = op.getLhs(), y = op.getRhs();
    if (left)
      std::swap(x, y);
    Value larger = choose(P::OGT, x, y, x, y);
    if (!left && !right)
      larger = choose(P::UNO, y, y, x, larger);
    op.getResult().replaceAllUsesWith(larger);
    op.erase();
  }
}

} // namespace mlir::lamina
