// RUN: lamina-opt %s --split-input-file --lamina-fuse-elementwise | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A step of arithmetic on one tensor merges into each of its readers.
// CHECK-LABEL: func @cheap
// CHECK-COUNT-2: arith.subf
// CHECK-NOT: arith.subf
func.func @cheap(%x: tensor<4x8xf32>, %m: tensor<4xf32>, %e: tensor<4x8xf32>, %s: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4x8xf32>) {
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<4x8xf32>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%d : tensor<4x8xf32>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %out, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %exp = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  return %sum, %exp : tensor<4xf32>, tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A function is computed once.
// CHECK-LABEL: func @dear
// CHECK-COUNT-1: math.exp
// CHECK-NOT: math.exp
func.func @dear(%x: tensor<4x8xf32>, %e: tensor<4x8xf32>, %s: tensor<4xf32>) -> (tensor<4xf32>, tensor<4x8xf32>) {
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%d : tensor<4x8xf32>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %out, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %twice = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  return %sum, %twice : tensor<4xf32>, tensor<4x8xf32>
}

// -----

// What was a scalar is padded in its own shape.
// CHECK-LABEL: func @scalar
// CHECK: tensor.pad
// CHECK: : tensor<1x1xf32> to tensor<3x4xf32>
func.func @scalar(%x: tensor<f32>) -> tensor<3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.expand_shape %x [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
  %1 = tensor.pad %0 low[0, 0] high[2, 3] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<1x1xf32> to tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}
