// RUN: lamina-opt %s --lamina-expand-functions --canonicalize | FileCheck %s

// Two steps into range, one for the rounded quotient, two for the rest, six of a polynomial; the power of two is bits.
// CHECK-LABEL: func @exp(
// CHECK-COUNT-2: arith.select
// CHECK-COUNT-9: math.fma
// CHECK-NOT: math.
// CHECK: arith.mulf
// CHECK-NEXT: return
func.func @exp(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  return %0 : f32
}

// What is known to lie between 0 and 1 has one polynomial and no exponent to take apart.
// CHECK-LABEL: func @softplus(
// CHECK-NOT: arith.sitofp
// CHECK: return
func.func @softplus(%x: f32) -> f32 {
  %0 = math.absf %x : f32
  %1 = arith.negf %0 : f32
  %2 = math.exp %1 : f32
  %3 = math.log1p %2 : f32
  return %3 : f32
}

// CHECK-LABEL: func @log1p(
// CHECK: arith.sitofp
// CHECK-NOT: math.log
// CHECK: return
func.func @log1p(%x: f32) -> f32 {
  %0 = math.log1p %x : f32
  return %0 : f32
}

// Other types keep their functions.
// CHECK-LABEL: func @wide(
// CHECK: math.exp
func.func @wide(%x: f64) -> f64 {
  %0 = math.exp %x : f64
  return %0 : f64
}
