// RUN: lamina-opt %s --lamina-form-kernels | FileCheck %s

// A short sum takes what follows along; a long one stays by itself, so that blocks of its terms may stay in the cache.
#lhs = affine_map<(i, j, k) -> (k, i)>
#rhs = affine_map<(i, j, k) -> (k, j)>
#out = affine_map<(i, j, k) -> (i, j)>
#id = affine_map<(i, j) -> (i, j)>

// CHECK-LABEL: func.func @short
// CHECK-COUNT-1: lamina.call_kernel
// CHECK-NOT: lamina.call_kernel
func.func @short(%x: tensor<64x16xf32> {lamina.kind = "input"}, %y: tensor<64x32xf32> {lamina.kind = "input"})
    -> tensor<16x32xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x32xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x32xf32>) -> tensor<16x32xf32>
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<64x16xf32>, tensor<64x32xf32>) outs(%fill : tensor<16x32xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<16x32xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<16x32xf32>) outs(%empty : tensor<16x32xf32>) {
  ^bb0(%a: f32, %out: f32):
    %4 = arith.negf %a : f32
    linalg.yield %4 : f32
  } -> tensor<16x32xf32>
  return %3 : tensor<16x32xf32>
}

// CHECK-LABEL: func.func @long
// CHECK-COUNT-2: lamina.call_kernel
func.func @long(%x: tensor<65536x16xf32> {lamina.kind = "input"}, %y: tensor<65536x32xf32> {lamina.kind = "input"})
    -> tensor<16x32xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x32xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x32xf32>) -> tensor<16x32xf32>
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<65536x16xf32>, tensor<65536x32xf32>) outs(%fill : tensor<16x32xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<16x32xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<16x32xf32>) outs(%empty : tensor<16x32xf32>) {
  ^bb0(%a: f32, %out: f32):
    %4 = arith.negf %a : f32
    linalg.yield %4 : f32
  } -> tensor<16x32xf32>
  return %3 : tensor<16x32xf32>
}
