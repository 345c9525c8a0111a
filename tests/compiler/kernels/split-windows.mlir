// RUN: lamina-opt %s --lamina-split-windows --split-input-file | FileCheck %s

// Pooling of 2 x 2 with steps of 2: position and place in a window are axes of their own, walked in the order in which
// they lie.
#image = affine_map<(n, x, y, c, i, j) -> (n, x * 2 + i, y * 2 + j, c)>
#window = affine_map<(n, x, y, c, i, j) -> (i, j)>
#result = affine_map<(n, x, y, c, i, j) -> (n, x, y, c)>
// CHECK: #[[RESULT:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d5)>
// CHECK-LABEL: func.func @pool
// CHECK: %[[ROWS:.*]] = tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2], [3, 4], [5]] {{.*}} into tensor<?x14x2x14x2x6xf32>
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[RESULT]]], iterator_types = ["parallel", "parallel", "reduction", "parallel", "reduction", "parallel"]} ins(%[[ROWS]] :
func.func @pool(%x: tensor<?x28x28x6xf32>, %to: tensor<?x14x14x6xf32>) -> tensor<?x14x14x6xf32> attributes {lamina.kernel} {
  %window = tensor.empty() : tensor<2x2xf32>
  %0 = linalg.generic {indexing_maps = [#image, #window, #result],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %window : tensor<?x28x28x6xf32>, tensor<2x2xf32>) outs(%to : tensor<?x14x14x6xf32>) {
  ^bb0(%a: f32, %unused: f32, %max: f32):
    %1 = arith.maximumf %max, %a : f32
    linalg.yield %1 : f32
  } -> tensor<?x14x14x6xf32>
  return %0 : tensor<?x14x14x6xf32>
}

// -----

// Windows that overlap, or do not reach the end, stay; so do channels that fill vectors.
#overlapping = affine_map<(n, x, c, i) -> (n, x + i, c)>
#apart = affine_map<(n, x, c, i) -> (n, x * 2 + i, c)>
#window = affine_map<(n, x, c, i) -> (i)>
#result = affine_map<(n, x, c, i) -> (n, x, c)>
// CHECK-NOT: tensor.expand_shape
func.func @overlapping(%x: tensor<?x29x6xf32>, %to: tensor<?x28x6xf32>) -> tensor<?x28x6xf32> attributes {lamina.kernel} {
  %window = tensor.empty() : tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [#overlapping, #window, #result], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %window : tensor<?x29x6xf32>, tensor<2xf32>) outs(%to : tensor<?x28x6xf32>) {
  ^bb0(%a: f32, %unused: f32, %max: f32):
    %1 = arith.maximumf %max, %a : f32
    linalg.yield %1 : f32
  } -> tensor<?x28x6xf32>
  return %0 : tensor<?x28x6xf32>
}
func.func @rest(%x: tensor<?x29x6xf32>, %to: tensor<?x14x6xf32>) -> tensor<?x14x6xf32> attributes {lamina.kernel} {
  %window = tensor.empty() : tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [#apart, #window, #result], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %window : tensor<?x29x6xf32>, tensor<2xf32>) outs(%to : tensor<?x14x6xf32>) {
  ^bb0(%a: f32, %unused: f32, %max: f32):
    %1 = arith.maximumf %max, %a : f32
    linalg.yield %1 : f32
  } -> tensor<?x14x6xf32>
  return %0 : tensor<?x14x6xf32>
}
func.func @channels(%x: tensor<?x28x32xf32>, %to: tensor<?x14x32xf32>) -> tensor<?x14x32xf32> attributes {lamina.kernel} {
  %window = tensor.empty() : tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [#apart, #window, #result], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %window : tensor<?x28x32xf32>, tensor<2xf32>) outs(%to : tensor<?x14x32xf32>) {
  ^bb0(%a: f32, %unused: f32, %max: f32):
    %1 = arith.maximumf %max, %a : f32
    linalg.yield %1 : f32
  } -> tensor<?x14x32xf32>
  return %0 : tensor<?x14x32xf32>
}
