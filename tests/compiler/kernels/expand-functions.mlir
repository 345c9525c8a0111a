// RUN: lamina-opt %s --lamina-expand-functions --canonicalize | FileCheck %s

// A bound above, one step for the rounded quotient, two for the rest, six of a polynomial; the power of two is bits.
// Below, the result is chosen.
// CHECK-LABEL: func @exp(
// CHECK: arith.select
// CHECK-NOT: arith.select
// CHECK-COUNT-9: math.fma
// CHECK-NOT: math.
// CHECK: %[[POWER:.*]] = arith.mulf
// CHECK: %[[RESULT:.*]] = arith.select %{{.*}}, %{{.*}}, %[[POWER]]
// CHECK-NEXT: return %[[RESULT]]
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

// What the largest of its row is subtracted from needs no bound above.
// CHECK-LABEL: func @from_maximum(
// CHECK: linalg.generic
// CHECK: arith.maxnumf
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK-NEXT: math.fma
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK-NEXT: arith.cmpf ogt
// CHECK-NEXT: arith.select
func.func @from_maximum(%x: tensor<4x8xf32>, %start: tensor<4xf32>, %to: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %top = linalg.generic {
    indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]
  } ins(%x : tensor<4x8xf32>) outs(%start : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.maxnumf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %from_top = linalg.generic {
    indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
    iterator_types = ["parallel", "parallel"]
  } ins(%x, %top : tensor<4x8xf32>, tensor<4xf32>) outs(%to : tensor<4x8xf32>) {
  ^bb0(%in: f32, %most: f32, %out: f32):
    %0 = arith.subf %in, %most : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  %from_start = linalg.generic {
    indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
    iterator_types = ["parallel", "parallel"]
  } ins(%x, %start : tensor<4x8xf32>, tensor<4xf32>) outs(%to : tensor<4x8xf32>) {
  ^bb0(%in: f32, %most: f32, %out: f32):
    %0 = arith.subf %in, %most : f32
    %1 = math.exp %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %from_top, %from_start : tensor<4x8xf32>, tensor<4x8xf32>
}
