#include "compiler/simplify/Sizes.h"

#include "dialects/lamina/LaminaOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::lamina {

Sizes::Sizes(func::FuncOp function, func::FuncOp check)
    : context(function.getContext()), entry(&function.front()), builder(check.getContext()) {
  builder.setInsertionPointToEnd(&check.front());
  Location loc = builder.getUnknownLoc();
  Type pointer = LLVM::LLVMPointerType::get(context), i64 = builder.getI64Type();
  int32_t next = 0;
  AffineExpr batch;
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    auto kind = function.getArgAttrOfType<StringAttr>(i, "lamina.kind");
    auto name = function.getArgAttrOfType<StringAttr>(i, "lamina.name");
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      if (!type.isDynamicDim(axis))
        continue;
      int32_t number = next++;
      // Inputs share their batch.
      bool isBatch = axis == 0 && kind && kind.getValue() == "input";
      if (isBatch && batch) {
        arguments[{argument, axis}] = batch;
        continue;
      }
      Value address =
          LLVM::GEPOp::create(builder, loc, pointer, i64, check.getArgument(0), ArrayRef<LLVM::GEPArg>{number});
      Value loaded = LLVM::LoadOp::create(builder, loc, i64, address);
      AffineExpr expr = symbol(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), loaded));
      arguments[{argument, axis}] = expr;
      openDims[expr] = {name ? name.str() : "argument " + std::to_string(i), axis};
      if (isBatch)
        batch = expr;
    }
  }
}

AffineExpr Sizes::symbol(Value value) {
  symbols.push_back(value);
  return getAffineSymbolExpr(symbols.size() - 1, context);
}

const OpenDim *Sizes::argument(AffineExpr expr) const {
  auto found = openDims.find(expr);
  return found == openDims.end() ? nullptr : &found->second;
}

Value Sizes::value(OpBuilder &b, AffineExpr expr) const {
  return affine::expandAffineExpr(b, b.getUnknownLoc(), expr, {}, symbols);
}

AffineExpr Sizes::derived(Kind kind, AffineExpr lhs, AffineExpr rhs) {
  for (const Derived &known : deriveds)
    if (known.kind == kind && known.lhs == lhs && known.rhs == rhs)
      return known.symbol;
  Location loc = builder.getUnknownLoc();
  Value left = value(builder, lhs), right = value(builder, rhs), result;
  switch (kind) {
  case Kind::Max: result = arith::MaxSIOp::create(builder, loc, left, right); break;
  case Kind::Min: result = arith::MinSIOp::create(builder, loc, left, right); break;
  case Kind::Quotient: {
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    result = arith::DivSIOp::create(builder, loc, left, arith::MaxSIOp::create(builder, loc, right, one));
  }
  }
  deriveds.push_back({kind, lhs, rhs, symbol(result)});
  return deriveds.back().symbol;
}

AffineExpr Sizes::ofIndex(Value index) {
  IntegerAttr known;
  if (matchPattern(index, m_Constant(&known)))
    return constant(known.getInt());
  if (auto dim = index.getDefiningOp<DimOp>())
    return of(dim.getInput(), normalizeAxis(dim.getAxis(), tensorType(dim.getInput())));
  return {};
}

AffineExpr Sizes::of(Value tensor, int64_t axis) {
  RankedTensorType type = tensorType(tensor);
  if (!type.isDynamicDim(axis))
    return constant(type.getDimSize(axis));
  auto [it, added] = arguments.try_emplace({tensor, axis});
  if (!added)
    return it->second;
  AffineExpr size = isa<BlockArgument>(tensor) ? ofBlockArgument(cast<BlockArgument>(tensor), axis)
                                               : ofResult(cast<OpResult>(tensor), axis);
  return arguments[{tensor, axis}] = size;
}

AffineExpr Sizes::ofBlockArgument(BlockArgument argument, int64_t axis) {
  auto scan = dyn_cast_or_null<ScanOp>(argument.getOwner()->getParentOp());
  if (!scan)
    return {};
  unsigned number = argument.getArgNumber(), states = scan.getInits().size();
  return number < states ? of(scan.getInits()[number], axis) : of(scan.getSequences()[number - states], axis + 1);
}

// Entry `position` of a `shape` attribute.
AffineExpr Sizes::ofTarget(ArrayRef<int64_t> shape, ValueRange dims, Value input, int64_t position) {
  int64_t size = shape[position];
  if (size == ShapedType::kDynamic)
    return ofIndex(dims[llvm::count(shape.take_front(position), ShapedType::kDynamic)]);
  if (isDimOfInput(size))
    return of(input, inputDim(size));
  if (size != inferredDim)
    return constant(size);
  // Sizes that stay cancel.
  SmallVector<bool> kept(tensorType(input).getRank());
  AffineExpr others = constant(1), total = constant(1);
  for (int64_t other = 0; other < static_cast<int64_t>(shape.size()); ++other) {
    if (other == position)
      continue;
    if (isDimOfInput(shape[other]) && !kept[inputDim(shape[other])]) {
      kept[inputDim(shape[other])] = true;
      continue;
    }
    AffineExpr known = ofTarget(shape, dims, input, other);
    if (!known)
      return {};
    others = others * known;
  }
  for (auto [axis, stays] : llvm::enumerate(kept)) {
    if (stays)
      continue;
    AffineExpr known = of(input, axis);
    if (!known)
      return {};
    total = total * known;
  }
  if (auto divisor = dyn_cast<AffineConstantExpr>(others); divisor && divisor.getValue() > 0)
    return total.floorDiv(divisor.getValue());
  return derived(Kind::Quotient, total, others);
}

AffineExpr Sizes::sliced(int64_t start, int64_t limit, int64_t stride, AffineExpr size) {
  auto bound = [&](int64_t at) {
    if (at == 0)
      return constant(0);
    return at < 0 ? derived(Kind::Max, size + at, constant(0)) : derived(Kind::Min, size, constant(at));
  };
  AffineExpr first = bound(start), last = limit == ShapedType::kDynamic ? size : bound(limit);
  AffineExpr length = last - first;
  if (!(limit == ShapedType::kDynamic && start == 0))
    length = derived(Kind::Max, length, constant(0));
  return length.ceilDiv(stride);
}

AffineExpr Sizes::ofResult(OpResult result, int64_t axis) {
  Operation *op = result.getOwner();
  RankedTensorType type = tensorType(result);
  if (isElementwise(op)) {
    for (Value operand : op->getOperands()) {
      int64_t own = axis - (type.getRank() - tensorType(operand).getRank());
      if (own >= 0 && tensorType(operand).isDynamicDim(own))
        return of(operand, own);
    }
    return {};
  }
  auto window = [&](const Window &info, Value input) -> AffineExpr {
    if (axis == 0)
      return of(input, 0);
    if (axis > info.rank() || ShapedType::isDynamicShape(info.size))
      return {};
    AffineExpr size = of(input, axis);
    if (!size)
      return {};
    int64_t at = axis - 1;
    if (info.mode == PaddingMode::same)
      return size.ceilDiv(info.strides[at]);
    AffineExpr count = (size + (info.low[at] + info.high[at] - info.extent(at))).floorDiv(info.strides[at]) + 1;
    return derived(Kind::Max, count, constant(0));
  };
  return llvm::TypeSwitch<Operation *, AffineExpr>(op)
      .Case<ReshapeOp, BroadcastToOp>(
          [&](auto shaped) { return ofTarget(shaped.getShape(), shaped.getDims(), shaped.getInput(), axis); })
      .Case<IotaOp, RandomUniformOp, RandomNormalOp>(
          [&](auto shaped) { return ofTarget(shaped.getShape(), shaped.getDims(), {}, axis); })
      .Case<TransposeOp>([&](TransposeOp transpose) {
        return of(transpose.getInput(), normalizeAxis(transpose.getPermutation()[axis], type));
      })
      .Case<ReduceOp>([&](ReduceOp reduce) -> AffineExpr {
        if (reduce.getKeepdims())
          return of(reduce.getInput(), axis);
        RankedTensorType input = tensorType(reduce.getInput());
        SmallVector<int64_t> axes = normalizeAxes(reduce.getAxes(), input);
        int64_t kept = axis;
        for (int64_t i = 0; i < input.getRank(); ++i)
          if (!llvm::is_contained(axes, i) && kept-- == 0)
            return of(reduce.getInput(), i);
        return {};
      })
      .Case<DotGeneralOp>([&](DotGeneralOp dot) -> AffineExpr {
        int64_t rest = axis - static_cast<int64_t>(dot.getLhsBatching().size());
        if (rest < 0)
          return of(dot.getLhs(), normalizeAxis(dot.getLhsBatching()[axis], tensorType(dot.getLhs())));
        for (auto [operand, batching, contracting] :
             {std::tuple(dot.getLhs(), dot.getLhsBatching(), dot.getLhsContracting()),
              std::tuple(dot.getRhs(), dot.getRhsBatching(), dot.getRhsContracting())}) {
          RankedTensorType own = tensorType(operand);
          SmallVector<int64_t> used = normalizeAxes(batching, own);
          llvm::append_range(used, normalizeAxes(contracting, own));
          for (int64_t i = 0; i < own.getRank(); ++i)
            if (!llvm::is_contained(used, i) && rest-- == 0)
              return of(operand, i);
        }
        return {};
      })
      .Case<SliceOp>([&](SliceOp slice) -> AffineExpr {
        AffineExpr size = of(slice.getInput(), axis);
        return size ? sliced(slice.getStarts()[axis], slice.getLimits()[axis], slice.getStrides()[axis], size)
                    : AffineExpr();
      })
      .Case<ArgmaxOp>([&](ArgmaxOp argmax) {
        int64_t dropped = normalizeAxis(argmax.getAxis(), tensorType(argmax.getInput()));
        return of(argmax.getInput(), axis + (axis >= dropped));
      })
      .Case<CumsumOp, ReverseOp>([&](auto same) { return of(same.getInput(), axis); })
      .Case<PadOp>([&](PadOp pad) -> AffineExpr {
        AffineExpr size = of(pad.getInput(), axis);
        return size ? size + (pad.getLow()[axis] + pad.getHigh()[axis]) : AffineExpr();
      })
      .Case<ConcatenateOp>([&](ConcatenateOp concatenate) -> AffineExpr {
        if (axis != normalizeAxis(concatenate.getAxis(), type)) {
          for (Value input : concatenate.getInputs())
            if (tensorType(input).isDynamicDim(axis))
              return of(input, axis);
          return {};
        }
        AffineExpr sum = constant(0);
        for (Value input : concatenate.getInputs()) {
          AffineExpr size = of(input, axis);
          if (!size)
            return {};
          sum = sum + size;
        }
        return sum;
      })
      .Case<GatherOp>([&](GatherOp gather) {
        int64_t rank = tensorType(gather.getIndices()).getRank();
        return axis < rank ? of(gather.getIndices(), axis) : of(gather.getTable(), axis - rank + 1);
      })
      .Case<ScatterAddOp>([&](ScatterAddOp scatter) { return of(scatter.getInit(), axis); })
      .Case<OneHotOp>([&](OneHotOp oneHot) { return of(oneHot.getIndices(), axis); })
      .Case<ConvOp, MaxPoolOp, AvgPoolOp>([&](auto pool) -> AffineExpr {
        if (isa<ConvOp>(op) && axis == type.getRank() - 1)
          return {};
        return axis == type.getRank() - 1 ? of(pool.getInput(), axis) : window(pool.getWindowInfo(), pool.getInput());
      })
      .Case<MaxPoolGradOp>([&](MaxPoolGradOp grad) { return of(grad.getInput(), axis); })
      .Case<ConvTransposeOp>([&](ConvTransposeOp conv) -> AffineExpr {
        if (axis == 0 || axis == type.getRank() - 1)
          return axis == 0 ? of(conv.getInput(), 0) : AffineExpr();
        return ofTarget(conv.getShape(), conv.getDims(), {}, axis - 1);
      })
      .Case<AvgPoolGradOp>([&](AvgPoolGradOp grad) {
        if (axis == 0 || axis == type.getRank() - 1)
          return of(grad.getCotangent(), axis);
        return ofTarget(grad.getShape(), grad.getDims(), {}, axis - 1);
      })
      .Case<ScanOp>([&](ScanOp scan) -> AffineExpr {
        unsigned number = result.getResultNumber(), states = scan.getInits().size();
        if (number < states)
          return of(scan.getInits()[number], axis);
        if (axis > 0)
          return of(scan.getYieldedOutputs()[number - states], axis - 1);
        return scan.getLength() ? ofIndex(scan.getLength()) : of(scan.getSequences().front(), 0);
      })
      .Case<GradientOp>([&](GradientOp gradient) { return of(gradient.getWrt()[result.getResultNumber()], axis); })
      .Default([](Operation *) { return AffineExpr(); });
}

} // namespace mlir::lamina
