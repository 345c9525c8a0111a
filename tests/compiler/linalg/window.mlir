// RUN: lamina-opt %s --convert-lamina-to-linalg | FileCheck %s

// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 2 + d4, d2 + d5, d6)>
// CHECK-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
// CHECK-DAG: #[[DEPTHWISE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>

// CHECK-LABEL: func @conv
func.func @conv(%x: tensor<?x28x28x3xf32>, %k: tensor<3x3x3x8xf32>) -> tensor<?x14x28x8xf32> {
  // CHECK: tensor.pad %{{.*}} low[0, 0, 1, 0] high[0, 1, 1, 0]
  // CHECK: linalg.generic {indexing_maps = [#[[X]], #[[K]],
  %0 = lamina.conv %x, %k {strides = array<i64: 2, 1>, padding = "same"} : tensor<?x28x28x3xf32>, tensor<3x3x3x8xf32>
  return %0 : tensor<?x14x28x8xf32>
}

// CHECK-LABEL: func @depthwise
func.func @depthwise(%x: tensor<?x8x8x4xf32>, %k: tensor<3x3x1x4xf32>) -> tensor<?x6x6x4xf32> {
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[DEPTHWISE]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
  %0 = lamina.conv %x, %k {groups = 4 : i64, padding = "valid"} : tensor<?x8x8x4xf32>, tensor<3x3x1x4xf32>
  return %0 : tensor<?x6x6x4xf32>
}

// Windows apart: one elementwise computation over positions and places.
// CHECK-LABEL: func @max_pool_grad
func.func @max_pool_grad(%x: tensor<?x8x8x4xf32>, %dy: tensor<?x4x4x4xf32>) -> tensor<?x8x8x4xf32> {
  // CHECK-NOT: scf.for
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "parallel"]
  // CHECK: tensor.collapse_shape {{.*}} {{\[}}[0], [1, 2], [3, 4], [5]]
  %0 = lamina.max_pool_grad %x, %dy window [2, 2] {strides = array<i64: 2, 2>, padding = "valid"} : tensor<?x8x8x4xf32>, tensor<?x4x4x4xf32>
  return %0 : tensor<?x8x8x4xf32>
}
