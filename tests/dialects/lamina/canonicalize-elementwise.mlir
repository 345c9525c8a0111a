// RUN: lamina-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: @splats
func.func @splats() -> (tensor<f32>, tensor<2xf32>, tensor<i32>, tensor<i1>, tensor<f32>, tensor<bf16>) {
  // CHECK-DAG: dense<0.964027583> : tensor<f32>
  // CHECK-DAG: dense<5.000000e+00> : tensor<2xf32>
  // CHECK-DAG: dense<0> : tensor<i32>
  // CHECK-DAG: dense<true> : tensor<i1>
  // CHECK-DAG: dense<2.000000e+00> : tensor<f32>
  // CHECK-DAG: dense<1.601560e+00> : tensor<bf16>
  // CHECK-NOT: lamina.{{[^c]}}
  %two = lamina.constant dense<2.0> : tensor<f32>
  %three = lamina.constant dense<3.0> : tensor<2xf32>
  %zero = lamina.constant dense<0> : tensor<i32>
  %seven = lamina.constant dense<7> : tensor<i32>
  %x = lamina.constant dense<1.6> : tensor<f32>
  %0 = lamina.tanh %two : tensor<f32>
  %1 = lamina.add %two, %three : tensor<f32>, tensor<2xf32>
  %2 = lamina.div %seven, %zero : tensor<i32>, tensor<i32>
  %3 = lamina.compare gt, %seven, %zero : tensor<i32>, tensor<i32>
  %4 = lamina.select %3, %two, %x : tensor<i1>, tensor<f32>, tensor<f32>
  %5 = lamina.cast %x to bf16 : tensor<f32>
  return %0, %1, %2, %3, %4, %5 : tensor<f32>, tensor<2xf32>, tensor<i32>, tensor<i1>, tensor<f32>, tensor<bf16>
}

// -----

// NaN compares unequal and becomes integer 0; large numbers saturate.
// CHECK-LABEL: @casts
func.func @casts() -> (tensor<i1>, tensor<i1>, tensor<i8>, tensor<i8>, tensor<i1>) {
  // CHECK-DAG: %[[TRUE:.*]] = lamina.constant dense<true> : tensor<i1>
  // CHECK-DAG: %[[FALSE:.*]] = lamina.constant dense<false> : tensor<i1>
  // CHECK-DAG: %[[ZERO:.*]] = lamina.constant dense<0> : tensor<i8>
  // CHECK-DAG: %[[MOST:.*]] = lamina.constant dense<127> : tensor<i8>
  // CHECK: return %[[TRUE]], %[[FALSE]], %[[ZERO]], %[[MOST]], %[[TRUE]]
  %nan = lamina.constant dense<0x7FC00000> : tensor<f32>
  %large = lamina.constant dense<1.0e9> : tensor<f32>
  %0 = lamina.compare ne, %nan, %nan : tensor<f32>, tensor<f32>
  %1 = lamina.compare ge, %nan, %large : tensor<f32>, tensor<f32>
  %2 = lamina.cast %nan to i8 : tensor<f32>
  %3 = lamina.cast %large to i8 : tensor<f32>
  %4 = lamina.cast %large to i1 : tensor<f32>
  return %0, %1, %2, %3, %4 : tensor<i1>, tensor<i1>, tensor<i8>, tensor<i8>, tensor<i1>
}

// -----

// CHECK-LABEL: @identities
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<?x4xi1>)
func.func @identities(%x: tensor<?x4xf32>, %b: tensor<?x4xi1>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xi1>) {
  // CHECK-NEXT: return %[[X]], %[[X]], %[[B]]
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %one = lamina.constant dense<1.0> : tensor<4xf32>
  %true = lamina.constant dense<true> : tensor<i1>
  %0 = lamina.add %zero, %x : tensor<f32>, tensor<?x4xf32>
  %1 = lamina.sub %0, %zero : tensor<?x4xf32>, tensor<f32>
  %2 = lamina.mul %1, %one : tensor<?x4xf32>, tensor<4xf32>
  %3 = lamina.div %2, %one : tensor<?x4xf32>, tensor<4xf32>
  %4 = lamina.pow %3, %one : tensor<?x4xf32>, tensor<4xf32>
  %5 = lamina.cast %4 to f32 : tensor<?x4xf32>
  %6 = lamina.neg %5 : tensor<?x4xf32>
  %7 = lamina.neg %6 : tensor<?x4xf32>
  %8 = lamina.maximum %7, %7 : tensor<?x4xf32>, tensor<?x4xf32>
  %9 = lamina.select %true, %8, %zero : tensor<i1>, tensor<?x4xf32>, tensor<f32>
  %10 = lamina.select %b, %9, %9 : tensor<?x4xi1>, tensor<?x4xf32>, tensor<?x4xf32>
  %11 = lamina.and %b, %true : tensor<?x4xi1>, tensor<i1>
  %12 = lamina.not %11 : tensor<?x4xi1>
  %13 = lamina.not %12 : tensor<?x4xi1>
  return %8, %10, %13 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xi1>
}

// -----

// An identity that would change the type stays.
// CHECK-LABEL: @broadcasting_zero
func.func @broadcasting_zero(%x: tensor<4xf32>) -> tensor<3x4xf32> {
  // CHECK: lamina.add
  %zero = lamina.constant dense<0.0> : tensor<3x4xf32>
  %0 = lamina.add %x, %zero : tensor<4xf32>, tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// Not x * 0: x may be infinite.
// CHECK-LABEL: @times_zero
func.func @times_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: lamina.mul
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %0 = lamina.mul %x, %zero : tensor<4xf32>, tensor<f32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: @negations
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>)
func.func @negations(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: lamina.sub %[[X]], %[[Y]]
  // CHECK-DAG: lamina.sub %[[Y]], %[[X]]
  // CHECK-DAG: lamina.add %[[X]], %[[Y]]
  // CHECK-DAG: lamina.neg %[[X]]
  %minus = lamina.constant dense<-1.0> : tensor<f32>
  %nx = lamina.mul %minus, %x : tensor<f32>, tensor<4xf32>
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %ny = lamina.sub %zero, %y : tensor<f32>, tensor<4xf32>
  %0 = lamina.add %x, %ny : tensor<4xf32>, tensor<4xf32>
  %1 = lamina.add %nx, %y : tensor<4xf32>, tensor<4xf32>
  %2 = lamina.sub %x, %ny : tensor<4xf32>, tensor<4xf32>
  return %0, %1, %2, %nx : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @powers
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @powers(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[QUARTER:.*]] = lamina.constant dense<2.500000e-01>
  // CHECK-DAG: lamina.mul %[[X]], %[[X]]
  // CHECK-DAG: lamina.sqrt %[[X]]
  // CHECK-DAG: lamina.rsqrt %[[X]]
  // CHECK-DAG: lamina.pow %[[X]]
  // CHECK-DAG: lamina.mul %[[X]], %[[QUARTER]]
  %two = lamina.constant dense<2.0> : tensor<f32>
  %half = lamina.constant dense<0.5> : tensor<f32>
  %minus_half = lamina.constant dense<-0.5> : tensor<f32>
  %other = lamina.constant dense<2.5> : tensor<f32>
  %four = lamina.constant dense<4.0> : tensor<f32>
  %0 = lamina.pow %x, %two : tensor<4xf32>, tensor<f32>
  %1 = lamina.pow %x, %half : tensor<4xf32>, tensor<f32>
  %2 = lamina.pow %x, %minus_half : tensor<4xf32>, tensor<f32>
  %3 = lamina.pow %x, %other : tensor<4xf32>, tensor<f32>
  %4 = lamina.div %x, %four : tensor<4xf32>, tensor<f32>
  return %0, %1, %2, %3, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
