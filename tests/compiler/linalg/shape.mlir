// RUN: lamina-opt %s --convert-lamina-to-linalg | FileCheck %s

// CHECK-LABEL: func @flatten
func.func @flatten(%x: tensor<?x?x?xf32>) -> tensor<?x?xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[}}[0], [1, 2]] : tensor<?x?x?xf32> into tensor<?x?xf32>
  // CHECK-NOT: tensor.expand_shape
  %0 = lamina.reshape %x to [dim 0, infer] : tensor<?x?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func @split
func.func @split(%x: tensor<?x?x8xf32>) -> tensor<?x?x2x4xf32> {
  // CHECK-NOT: tensor.collapse_shape
  // CHECK: tensor.expand_shape %{{.*}} {{\[}}[0], [1], [2, 3]]
  %0 = lamina.reshape %x to [dim 0, dim 1, 2, infer] : tensor<?x?x8xf32>
  return %0 : tensor<?x?x2x4xf32>
}

// An index out of range takes the nearest row.
// CHECK-LABEL: func @gather
func.func @gather(%table: tensor<100x16xf32>, %i: tensor<?xi32>) -> tensor<?x16xf32> {
  // CHECK: linalg.generic
  // CHECK: arith.minsi
  // CHECK: %[[ROW:.*]] = arith.maxsi
  // CHECK: %[[COLUMN:.*]] = linalg.index 1
  // CHECK: tensor.extract %{{.*}}[%[[ROW]], %[[COLUMN]]]
  %0 = lamina.gather %table, %i : tensor<100x16xf32>, tensor<?xi32>
  return %0 : tensor<?x16xf32>
}

// CHECK-LABEL: func @scatter_add
func.func @scatter_add(%table: tensor<100x16xf32>, %i: tensor<?xi32>, %rows: tensor<?x16xf32>) -> tensor<100x16xf32> {
  // CHECK: scf.for
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]
  // CHECK: tensor.insert_slice
  %0 = lamina.scatter_add %table, %i, %rows : tensor<100x16xf32>, tensor<?xi32>, tensor<?x16xf32>
  return %0 : tensor<100x16xf32>
}
