// RUN: lamina-opt %s --lamina-to-kernels --split-input-file | FileCheck %s

// The input's rows and the result's; weights and what is prepared from them are shared.
// CHECK: func.func @main({{.*}}) -> tensor<?x10xf32> attributes {lamina.row_bytes = array<i64: 4096, 0, 40, 0>}
func.func @main(%x: tensor<?x1024xf32> {lamina.kind = "input"}, %w: tensor<1024x10xf32> {lamina.kind = "weight"}) -> tensor<?x10xf32> {
  %0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x1024xf32>, tensor<1024x10xf32>
  return %0 : tensor<?x10xf32>
}

// -----

// A sum over rows joins them.
// CHECK: func.func @main
// CHECK-NOT: lamina.row_bytes
// CHECK: return
func.func @main(%x: tensor<?x8xf32> {lamina.kind = "input"}) -> tensor<?x8xf32> {
  %0 = lamina.reduce sum, %x axes [0] {keepdims = true} : tensor<?x8xf32>
  %1 = lamina.sub %x, %0 : tensor<?x8xf32>, tensor<1x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// So does what reads them in another order,
// CHECK: func.func @main
// CHECK-NOT: lamina.row_bytes
// CHECK: return
func.func @main(%x: tensor<?x8xf32> {lamina.kind = "input"}) -> tensor<?x8xf32> {
  %0 = lamina.reverse %x axes [0] : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// all but the last,
// CHECK: func.func @main
// CHECK-NOT: lamina.row_bytes
// CHECK: return
func.func @main(%x: tensor<?x8xf32> {lamina.kind = "input"}) -> tensor<?x8xf32> {
  %0 = lamina.slice %x from [0, 0] to [-1, end] by [1, 1] : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// their number,
// CHECK: func.func @main
// CHECK-NOT: lamina.row_bytes
// CHECK: return
func.func @main(%x: tensor<?x8xf32> {lamina.kind = "input"}) -> tensor<?x8xf32> {
  %0 = lamina.size %x axes [0] : tensor<?x8xf32>
  %1 = lamina.mul %x, %0 : tensor<?x8xf32>, tensor<f32>
  return %1 : tensor<?x8xf32>
}

// -----

// and rows of another input, all with all.
// CHECK: func.func @main
// CHECK-NOT: lamina.row_bytes
// CHECK: return
func.func @main(%x: tensor<?x8xf32> {lamina.kind = "input"}, %y: tensor<?x8xf32> {lamina.kind = "input"}) -> tensor<?x8xf32> {
  %0 = lamina.dot_general %x, %y contracting [1] x [1] : tensor<?x8xf32>, tensor<?x8xf32>
  %1 = lamina.dot_general %0, %y contracting [1] x [0] : tensor<?x?xf32>, tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
