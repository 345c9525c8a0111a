// RUN: lamina-opt %s --lamina-schedule="vector-bytes=64 registers=32" | lamina-opt | FileCheck %s

#row = affine_map<(d0, d1) -> (d0, d1)>
#sum = affine_map<(d0, d1) -> (d1)>
#result = affine_map<(d0) -> (d0)>

// A mean down the columns: as many columns at a time as four vectors hold.
// CHECK-LABEL: func @mean_of_columns
// CHECK: #lamina.schedule<inner = {{\[}}1, 0]>
// CHECK: #lamina.schedule<distribute = {{\[}}0], tile = [64], inner = [0]>
func.func @mean_of_columns(%x: tensor<32x128xf32>, %start: tensor<128xf32>, %to: tensor<128xf32>) -> tensor<128xf32> attributes {lamina.kernel} {
  %count = arith.constant 32.0 : f32
  %sum = linalg.generic {indexing_maps = [#row, #sum], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<32x128xf32>) outs(%start : tensor<128xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<128xf32>
  %mean = linalg.generic {indexing_maps = [#result, #result], iterator_types = ["parallel"]}
      ins(%sum : tensor<128xf32>) outs(%to : tensor<128xf32>) attrs = {lamina.shared_dims = 1 : i64} {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %count : f32
    linalg.yield %0 : f32
  } -> tensor<128xf32>
  return %mean : tensor<128xf32>
}

#lhs = affine_map<(d0, d1, d2) -> (d2, d0)>
#rhs = affine_map<(d0, d1, d2) -> (d2, d1)>
#out = affine_map<(d0, d1, d2) -> (d0, d1)>

// A long sum of products: blocks of terms outermost.
// CHECK-LABEL: func @long_sum
// CHECK: tile = [8, 32, 320], order = [2, {{.*}}], inner = [0, 0, 1]
func.func @long_sum(%x: tensor<9600x64xf32>, %y: tensor<9600x128xf32>, %start: tensor<64x128xf32>) -> tensor<64x128xf32> attributes {lamina.kernel} {
  %sum = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<9600x64xf32>, tensor<9600x128xf32>) outs(%start : tensor<64x128xf32>) attrs = {lamina.shared_dims = 2 : i64} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<64x128xf32>
  return %sum : tensor<64x128xf32>
}

#image = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
#kernel = affine_map<(d0, d1, d2, d3, d4) -> (d4, d3)>
#positions = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>

// A convolution of single positions: rows of positions are shared out, images one by one.
// CHECK-LABEL: func @pointwise
// CHECK: #lamina.schedule<distribute = {{\[}}1, 12, 0, 0, 0], tile = [1, 1, 8, 32, 0]
func.func @pointwise(%x: tensor<?x48x48x32xf32>, %k: tensor<32x64xf32>, %to: tensor<?x48x48x64xf32>) -> tensor<?x48x48x64xf32> attributes {lamina.kernel} {
  %y = linalg.generic {indexing_maps = [#image, #kernel, #positions], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %k : tensor<?x48x48x32xf32>, tensor<32x64xf32>) outs(%to : tensor<?x48x48x64xf32>) attrs = {lamina.shared_dims = 4 : i64} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<?x48x48x64xf32>
  return %y : tensor<?x48x48x64xf32>
}

#left = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d1, d4, d0 + d5 * 16 + d6)>
#right = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d3, d2, d4, d5, d6)>
#pairs = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d6)>

// Rows of both operands that meet along the columns, in squares, in blocks of terms that the nearest cache holds for all
// of them. Places of a window along the columns are taken one by one.
// CHECK-LABEL: func @pairs
// CHECK: #lamina.schedule<{{.*}}tile = [1, 4, 4, {{.*}}, 16], {{.*}}inner = [0, 0, 0, 1, 1, 1, 0]>
func.func @pairs(%x: tensor<?x8x32x36xf32>, %y: tensor<?x8x32x2x16xf32>, %start: tensor<3x8x8x16xf32>) -> tensor<3x8x8x16xf32> attributes {lamina.kernel} {
  %sum = linalg.generic {indexing_maps = [#left, #right, #pairs], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "parallel"]}
      ins(%x, %y : tensor<?x8x32x36xf32>, tensor<?x8x32x2x16xf32>) outs(%start : tensor<3x8x8x16xf32>) attrs = {lamina.shared_dims = 0 : i64} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<3x8x8x16xf32>
  return %sum : tensor<3x8x8x16xf32>
}
