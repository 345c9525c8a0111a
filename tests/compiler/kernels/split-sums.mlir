// RUN: lamina-opt %s --lamina-split-sums | FileCheck %s

// The gradient of a convolution's kernel: rows of positions in eight parts, each summed by itself, then added up. The
// image, which windows read, stays as it is.
// CHECK-DAG: #[[IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d1 + d0 * 8 + d5, d2 + d6)>
// CHECK-DAG: #[[FEATURES:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d0, d5, d6, d3)>
// CHECK-DAG: #[[PARTS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
// CHECK-LABEL: func.func @kernel_gradient
// CHECK: %[[DY:.*]] = tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2], [3], [4]] {{.*}} into tensor<?x8x8x64x16xf32>
// CHECK: %[[SUMS:.*]] = linalg.generic {indexing_maps = [#[[IMAGE]], #[[FEATURES]], #[[PARTS]]]
// CHECK-SAME: ins(%{{.*}}, %[[DY]] :
// CHECK: -> tensor<8x3x3x16xf32>
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%[[SUMS]] :
#image = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d0 + d4, d1 + d5)>
#features = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d4, d5, d2)>
#kernel = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2)>
func.func @kernel_gradient(%x: tensor<?x66x66xf32>, %dy: tensor<?x64x64x16xf32>) -> tensor<3x3x16xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3x3x16xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x3x16xf32>) -> tensor<3x3x16xf32>
  %0 = linalg.generic {indexing_maps = [#image, #features, #kernel],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x66x66xf32>, tensor<?x64x64x16xf32>) outs(%fill : tensor<3x3x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<3x3x16xf32>
  return %0 : tensor<3x3x16xf32>
}

// Sums a row of an open axis are shared out by rows, and a maximum is no sum.
// CHECK-LABEL: func.func @whole
// CHECK-NOT: tensor.expand_shape
// CHECK: return
#in = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d0, d2)>
#columns = affine_map<(d0, d1, d2) -> (d2)>
func.func @whole(%x: tensor<?x1024x64xf32>, %rows: index) -> (tensor<?x64xf32>, tensor<64xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%rows) : tensor<?x64xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x64xf32>) -> tensor<?x64xf32>
  %0 = linalg.generic {indexing_maps = [#in, #rows], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x : tensor<?x1024x64xf32>) outs(%fill : tensor<?x64xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %1 = arith.addf %sum, %a : f32
    linalg.yield %1 : f32
  } -> tensor<?x64xf32>
  %least = tensor.empty() : tensor<64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%least : tensor<64xf32>) -> tensor<64xf32>
  %2 = linalg.generic {indexing_maps = [#in, #columns], iterator_types = ["reduction", "reduction", "parallel"]}
      ins(%x : tensor<?x1024x64xf32>) outs(%start : tensor<64xf32>) {
  ^bb0(%a: f32, %top: f32):
    %3 = arith.maximumf %top, %a : f32
    linalg.yield %3 : f32
  } -> tensor<64xf32>
  return %0, %2 : tensor<?x64xf32>, tensor<64xf32>
}
