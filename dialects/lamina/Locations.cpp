#include "dialects/lamina/Locations.h"

#include "llvm/ADT/SetVector.h"

namespace mlir::lamina {

static constexpr StringLiteral gradientMark = "gradient";

Location gradientOf(Location location) {
  MLIRContext *context = location.getContext();
  return FusedLoc::get(context, {location}, StringAttr::get(context, gradientMark));
}

bool hasGradient(Location location) {
  auto isMarked = [](Location part) {
    auto fused = dyn_cast<FusedLoc>(part);
    auto mark = fused ? dyn_cast_or_null<StringAttr>(fused.getMetadata()) : StringAttr();
    return mark && mark.getValue() == gradientMark ? WalkResult::interrupt() : WalkResult::advance();
  };
  return location->walk(isMarked).wasInterrupted();
}

SmallVector<StringAttr> layersOf(Location location) {
  llvm::SmallSetVector<StringAttr, 4> layers;
  location->walk([&](Location part) {
    if (auto name = dyn_cast<NameLoc>(part))
      layers.insert(name.getName());
    return WalkResult::advance();
  });
  return layers.takeVector();
}

} // namespace mlir::lamina
