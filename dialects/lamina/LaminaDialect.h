#pragma once

#include "mlir/IR/Dialect.h"

#include "dialects/lamina/LaminaDialect.h.inc"
