// RUN: lamina-opt %s -split-input-file -lamina-check-sizes | FileCheck %s

// The batch of inputs is the caller's affair; the lengths are not.
// CHECK-LABEL: func.func @main_check
// CHECK-SAME: lamina.messages = ["success", "layer 'add': 'a' and 'b' must have the same size on axis 1"]
// CHECK: arith.cmpi eq
// CHECK-NOT: arith.cmpi
// CHECK: arith.select
// CHECK: return
func.func @main(%a: tensor<?x?x4xf32> {lamina.kind = "input", lamina.name = "a"},
                %b: tensor<?x?x4xf32> {lamina.kind = "input", lamina.name = "b"}) -> tensor<?x?x4xf32> {
  %t = lamina.tanh %a : tensor<?x?x4xf32>
  %y = lamina.add %t, %b : tensor<?x?x4xf32>, tensor<?x?x4xf32> loc("add")
  %z = lamina.mul %y, %b : tensor<?x?x4xf32>, tensor<?x?x4xf32> loc("multiply")
  return %z : tensor<?x?x4xf32>
}

// -----

// What comes from one dimension is equal.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: main_check
func.func @main(%a: tensor<?x?x4xf32> {lamina.kind = "input", lamina.name = "a"}) -> tensor<?x?x4xf32> {
  %s = lamina.reduce sum, %a axes [2] {keepdims = true} : tensor<?x?x4xf32>
  %f = lamina.reshape %a to [dim 0, infer] : tensor<?x?x4xf32>
  %r = lamina.reshape %f to [dim 0, infer, 4] : tensor<?x?xf32>
  %y = lamina.add %a, %s : tensor<?x?x4xf32>, tensor<?x?x1xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// An open length against a number, and a length halved and doubled against itself.
// CHECK-LABEL: func.func @main_check
// CHECK-SAME: "layer 'bias': 'a' must have the size 10 on axis 1"
// CHECK-SAME: "layer 'skip': sizes of (?, ?, 4) axis 1 and (?, ?, 4) axis 1 must be equal"
func.func @main(%a: tensor<?x?x4xf32> {lamina.kind = "input", lamina.name = "a"},
                %w: tensor<10x4xf32> {lamina.kind = "weight", lamina.name = "w"}) -> (tensor<?x10x4xf32>, tensor<?x?x8xf32>) {
  %y = lamina.add %a, %w : tensor<?x?x4xf32>, tensor<10x4xf32> loc("bias")
  %p = lamina.max_pool %a window [2] {strides = array<i64: 2>, padding = "valid"} : tensor<?x?x4xf32>
  %u = lamina.reshape %p to [dim 0, dim 1, 1, 4] : tensor<?x?x4xf32>
  %v = lamina.concatenate %u, %u axis 2 : tensor<?x?x1x4xf32>, tensor<?x?x1x4xf32>
  %d = lamina.reshape %v to [dim 0, infer, 4] : tensor<?x?x2x4xf32>
  %z = lamina.concatenate %d, %a axis 2 : tensor<?x?x4xf32>, tensor<?x?x4xf32> loc("skip")
  return %y, %z : tensor<?x10x4xf32>, tensor<?x?x8xf32>
}
