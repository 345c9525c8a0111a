// RUN: lamina-opt %s --convert-lamina-to-linalg | FileCheck %s

// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d0)>

// A splat is a scalar in the region; a stretched axis is gone from the operand.
// CHECK-LABEL: func @broadcast
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[C:.*]]: tensor<?x1xf32>, %[[R:.*]]: tensor<4xf32>
func.func @broadcast(%x: tensor<?x4xf32>, %c: tensor<?x1xf32>, %r: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[C]] {{\[}}[0, 1]] : tensor<?x1xf32> into tensor<?xf32>
  // CHECK: %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?x4xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[ID]], #[[COLUMN]], #[[ID]]]
  // CHECK-SAME: ins(%[[X]], %[[FLAT]] : {{.*}}) outs(%[[E]]
  // CHECK: arith.mulf {{.*}} fastmath<contract>
  %0 = lamina.mul %x, %c : tensor<?x4xf32>, tensor<?x1xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[ID]], #[[ROW]], #[[ID]]]
  %1 = lamina.add %0, %r : tensor<?x4xf32>, tensor<4xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[ID]], #[[ID]]]
  // CHECK-NEXT: ^bb0
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2.0
  // CHECK-NEXT: arith.divf %{{.*}}, %[[TWO]]
  %two = lamina.constant dense<2.0> : tensor<f32>
  %2 = lamina.div %1, %two : tensor<?x4xf32>, tensor<f32>
  return %2 : tensor<?x4xf32>
}

// The maximum of two NaNs or one is NaN; the order of zeros is free.
// CHECK-LABEL: func @relu
func.func @relu(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: arith.maximumf {{.*}} fastmath<nsz>
  %0 = lamina.relu %x : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func @square
func.func @square(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NOT: math.powf
  // CHECK: arith.mulf %[[X:.*]], %[[X]]
  %two = lamina.constant dense<2.0> : tensor<f32>
  %0 = lamina.pow %x, %two : tensor<8xf32>, tensor<f32>
  return %0 : tensor<8xf32>
}

// Integers never divide by zero.
// CHECK-LABEL: func @integers
func.func @integers(%x: tensor<8xi32>, %y: tensor<8xi32>) -> tensor<8xi32> {
  // CHECK: %[[SAFE:.*]] = arith.select
  // CHECK: arith.divsi %{{.*}}, %[[SAFE]]
  %0 = lamina.div %x, %y : tensor<8xi32>, tensor<8xi32>
  return %0 : tensor<8xi32>
}

// Loops of one iteration are gone.
// CHECK-LABEL: func @units
func.func @units(%x: tensor<1x4x1xf32>) -> tensor<1x4x1xf32> {
  // CHECK: tensor.collapse_shape {{.*}} : tensor<1x4x1xf32> into tensor<4xf32>
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]
  // CHECK-NOT: tensor.expand_shape
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]
  // CHECK: tensor.expand_shape {{.*}} output_shape [1, 4, 1]
  %0 = lamina.exp %x : tensor<1x4x1xf32>
  %1 = lamina.neg %0 : tensor<1x4x1xf32>
  return %1 : tensor<1x4x1xf32>
}
