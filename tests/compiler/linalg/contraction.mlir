// RUN: lamina-opt %s --convert-lamina-to-linalg | FileCheck %s

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[ATTENTION:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d1, d4)>

// CHECK-LABEL: func @matmul
func.func @matmul(%x: tensor<?x784xf32>, %w: tensor<784x10xf32>) -> tensor<?x10xf32> {
  // CHECK: linalg.fill
  // CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]], iterator_types = ["parallel", "parallel", "reduction"]}
  // CHECK: arith.mulf {{.*}} fastmath<contract>
  // CHECK: arith.addf {{.*}} fastmath<contract>
  %0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x784xf32>, tensor<784x10xf32>
  return %0 : tensor<?x10xf32>
}

// Batch axes come first, wherever they lie.
// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<2x?x4x8xf32>, %k: tensor<2x?x4x8xf32>) -> tensor<2x4x?x?xf32> {
  // CHECK: linalg.generic {indexing_maps = [#[[ATTENTION]],
  %0 = lamina.dot_general %q, %k batching [0, 2] x [0, 2] contracting [3] x [3] : tensor<2x?x4x8xf32>, tensor<2x?x4x8xf32>
  return %0 : tensor<2x4x?x?xf32>
}

// A vector times a matrix has no loop over its one row.
// CHECK-LABEL: func @vector
func.func @vector(%x: tensor<1x784xf32>, %w: tensor<784x10xf32>) -> tensor<1x10xf32> {
  // CHECK: iterator_types = ["parallel", "reduction"]
  %0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<1x784xf32>, tensor<784x10xf32>
  return %0 : tensor<1x10xf32>
}
