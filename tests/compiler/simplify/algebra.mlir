// RUN: lamina-opt %s -lamina-simplify -split-input-file | FileCheck %s

// CHECK-LABEL: @stop_gradient
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @stop_gradient(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = lamina.stop_gradient %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: @constants
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @constants(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[FIVE:.*]] = lamina.constant dense<5.000000e-01>
  // CHECK-DAG: %[[SIX:.*]] = lamina.constant dense<6.000000e+00>
  // CHECK-DAG: lamina.add %[[X]], %[[FIVE]]
  // CHECK-DAG: lamina.mul %[[X]], %[[SIX]]
  %a = lamina.constant dense<2.0> : tensor<f32>
  %b = lamina.constant dense<1.5> : tensor<f32>
  %c = lamina.constant dense<3.0> : tensor<f32>
  %0 = lamina.add %x, %a : tensor<4xf32>, tensor<f32>
  %1 = lamina.sub %0, %b : tensor<4xf32>, tensor<f32>
  %2 = lamina.mul %a, %x : tensor<f32>, tensor<4xf32>
  %3 = lamina.mul %2, %c : tensor<4xf32>, tensor<f32>
  return %1, %3 : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @common
func.func @common(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[E:.*]] = lamina.exp
  // CHECK-NEXT: lamina.mul %[[E]], %[[E]]
  %0 = lamina.exp %x : tensor<4xf32>
  %1 = lamina.exp %x : tensor<4xf32>
  %2 = lamina.mul %0, %1 : tensor<4xf32>, tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// CHECK-LABEL: @casts
// CHECK-SAME: (%[[X:.*]]: tensor<4xf16>, %[[B:.*]]: tensor<4xi1>, %[[Y:.*]]: tensor<4xf32>)
func.func @casts(%x: tensor<4xf16>, %b: tensor<4xi1>, %y: tensor<4xf32>) -> (tensor<4xf16>, tensor<4xi1>, tensor<4xf32>) {
  // CHECK: %[[NARROW:.*]] = lamina.cast %[[Y]] to f16
  // CHECK: %[[WIDE:.*]] = lamina.cast %[[NARROW]] to f32
  // CHECK: return %[[X]], %[[B]], %[[WIDE]]
  %0 = lamina.cast %x to f32 : tensor<4xf16>
  %1 = lamina.cast %0 to f16 : tensor<4xf32>
  %2 = lamina.cast %b to i32 : tensor<4xi1>
  %3 = lamina.cast %2 to i1 : tensor<4xi32>
  %4 = lamina.cast %y to f16 : tensor<4xf32>
  %5 = lamina.cast %4 to f32 : tensor<4xf16>
  return %1, %3, %5 : tensor<4xf16>, tensor<4xi1>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @broadcast_operand
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[Y:.*]]: tensor<4xf32>)
func.func @broadcast_operand(%x: tensor<?x4xf32>, %y: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: lamina.sub %[[X]], %[[Y]]
  %n = lamina.dim %x axis 0 : tensor<?x4xf32>
  %0 = lamina.broadcast_to %y to [%n, 4] : tensor<4xf32>
  %1 = lamina.sub %x, %0 : tensor<?x4xf32>, tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: @pad_into_conv
// CHECK-SAME: (%[[X:.*]]: tensor<?x9x9x3xf32>, %[[K:.*]]: tensor<3x3x3x8xf32>)
func.func @pad_into_conv(%x: tensor<?x9x9x3xf32>, %k: tensor<3x3x3x8xf32>) -> (tensor<?x10x9x8xf32>, tensor<?x12x9x8xf32>) {
  // CHECK-DAG: lamina.conv %[[X]], %[[K]] {padding = array<i64: 1, 2, 1, 1>}
  // CHECK-DAG: %[[P:.*]] = lamina.pad
  // CHECK-DAG: lamina.conv %[[P]], %[[K]] {padding = "same"}
  %0 = lamina.pad %x low [0, 1, 0, 0] high [0, 2, 0, 0] value 0.0 : tensor<?x9x9x3xf32>
  %1 = lamina.conv %0, %k {padding = array<i64: 0, 0, 1, 1>} : tensor<?x12x9x3xf32>, tensor<3x3x3x8xf32>
  %2 = lamina.conv %0, %k {padding = "same"} : tensor<?x12x9x3xf32>, tensor<3x3x3x8xf32>
  return %1, %2 : tensor<?x10x9x8xf32>, tensor<?x12x9x8xf32>
}

// -----

// Padding with another value, or of channels, is not the convolution's.
// CHECK-LABEL: @other_padding
func.func @other_padding(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>, %k5: tensor<3x5x8xf32>) -> (tensor<?x9x8xf32>, tensor<?x7x8xf32>) {
  // CHECK-COUNT-2: lamina.pad
  %0 = lamina.pad %x low [0, 1, 0] high [0, 1, 0] value 1.0 : tensor<?x9x3xf32>
  %1 = lamina.conv %0, %k {padding = "valid"} : tensor<?x11x3xf32>, tensor<3x3x8xf32>
  %2 = lamina.pad %x low [0, 0, 1] high [0, 0, 1] value 0.0 : tensor<?x9x3xf32>
  %3 = lamina.conv %2, %k5 {padding = "valid"} : tensor<?x9x5xf32>, tensor<3x5x8xf32>
  return %1, %3 : tensor<?x9x8xf32>, tensor<?x7x8xf32>
}

// -----

// A softmax divides once a row.
// CHECK-LABEL: @softmax
func.func @softmax(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  // CHECK-DAG: %[[ONE:.*]] = lamina.constant dense<1.000000e+00> : tensor<f32>
  // CHECK-DAG: %[[EXP:.*]] = lamina.exp
  // CHECK: %[[SUM:.*]] = lamina.reduce sum, %[[EXP]]
  // CHECK: %[[INVERSE:.*]] = lamina.div %[[ONE]], %[[SUM]]
  // CHECK: lamina.mul %[[EXP]], %[[INVERSE]]
  %max = lamina.reduce max, %x axes [1] {keepdims = true} : tensor<?x64xf32>
  %top = lamina.stop_gradient %max : tensor<?x1xf32>
  %0 = lamina.sub %x, %top : tensor<?x64xf32>, tensor<?x1xf32>
  %1 = lamina.exp %0 : tensor<?x64xf32>
  %2 = lamina.reduce sum, %1 axes [1] {keepdims = true} : tensor<?x64xf32>
  %3 = lamina.div %1, %2 : tensor<?x64xf32>, tensor<?x1xf32>
  return %3 : tensor<?x64xf32>
}

// -----

// What a row of a softmax is divided by leaves the sums over that row, and so does the sign.
// CHECK-LABEL: @scale_sum
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf32>, %[[G:.*]]: tensor<?x64xf32>)
func.func @scale_sum(%x: tensor<?x64xf32>, %g: tensor<?x64xf32>) -> (tensor<?x1xf32>, tensor<1x64xf32>) {
  // CHECK-DAG: %[[EXP:.*]] = lamina.exp
  // CHECK-DAG: %[[INVERSE:.*]] = lamina.div
  // CHECK-DAG: %[[PRODUCT:.*]] = lamina.mul %[[EXP]], %[[G]]
  // CHECK-DAG: %[[SUM:.*]] = lamina.reduce sum, %[[PRODUCT]]
  // CHECK-DAG: %[[SCALED:.*]] = lamina.mul %[[SUM]], %[[INVERSE]]
  // CHECK-DAG: %[[RESULT:.*]] = lamina.neg %[[SCALED]]
  // CHECK-DAG: %[[MEAN:.*]] = lamina.mul %[[EXP]], %[[INVERSE]]
  // CHECK-DAG: %[[COLUMNS:.*]] = lamina.reduce sum, %[[MEAN]] axes [0]
  // CHECK: return %[[RESULT]], %[[COLUMNS]]
  %top = lamina.reduce maxnum, %x axes [1] {keepdims = true} : tensor<?x64xf32>
  %0 = lamina.sub %x, %top : tensor<?x64xf32>, tensor<?x1xf32>
  %1 = lamina.exp %0 : tensor<?x64xf32>
  %2 = lamina.reduce sum, %1 axes [1] {keepdims = true} : tensor<?x64xf32>
  %3 = lamina.div %1, %2 : tensor<?x64xf32>, tensor<?x1xf32>
  %4 = lamina.mul %3, %g : tensor<?x64xf32>, tensor<?x64xf32>
  %5 = lamina.neg %4 : tensor<?x64xf32>
  %6 = lamina.reduce sum, %5 axes [1] {keepdims = true} : tensor<?x64xf32>
  %7 = lamina.reduce sum, %3 axes [0] {keepdims = true} : tensor<?x64xf32>
  return %6, %7 : tensor<?x1xf32>, tensor<1x64xf32>
}
