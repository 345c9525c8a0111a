// RUN: lamina-opt %s --lamina-turn-columns --split-input-file | FileCheck %s

// The gradient of a kernel to 3 features: features first, channels last, and turned at the end.
#image = affine_map<(k, c, f, n, x) -> (n, x + k, c)>
#features = affine_map<(k, c, f, n, x) -> (n, x, f)>
#kernel = affine_map<(k, c, f, n, x) -> (k, c, f)>
// CHECK-LABEL: func.func @kernel_gradient
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<5x3x64xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[SUM]] : tensor<5x3x64xf32>) outs(%{{.*}} : tensor<5x64x3xf32>)
func.func @kernel_gradient(%x: tensor<?x68x64xf32>, %dy: tensor<?x64x3xf32>) -> tensor<5x64x3xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x64x3xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x64x3xf32>) -> tensor<5x64x3xf32>
  %0 = linalg.generic {indexing_maps = [#image, #features, #kernel],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x68x64xf32>, tensor<?x64x3xf32>) outs(%fill : tensor<5x64x3xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<5x64x3xf32>
  return %0 : tensor<5x64x3xf32>
}

// -----

// Few filters: vectors run along the positions, of the image's source before it is padded too. The activation reads
// the result turned.
#image = affine_map<(n, x, f, k, c) -> (n, x + k, c)>
#kernel = affine_map<(n, x, f, k, c) -> (k, c, f)>
#result = affine_map<(n, x, f, k, c) -> (n, x, f)>
#all = affine_map<(n, x, f) -> (n, x, f)>
// CHECK-DAG: #[[SWAP:.*]] = affine_map<(d0, d1, d2) -> (d0, d2, d1)>
// CHECK-DAG: #[[IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d1 + d3)>
// CHECK-DAG: #[[RESULT:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d1)>
// CHECK-LABEL: func.func @few_filters
// CHECK: %[[SOURCE:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?x3x36xf32>)
// CHECK: %[[PADDED:.*]] = tensor.pad %[[SOURCE]] low[0, 0, 2] high[0, 0, 2]
// CHECK: %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[IMAGE]], #{{.*}}, #[[RESULT]]]{{.*}} ins(%[[PADDED]], %{{.*}} outs(%{{.*}} : tensor<?x6x36xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[SWAP]], #{{.*}}]{{.*}} ins(%[[SUM]] : tensor<?x6x36xf32>) outs(%{{.*}} : tensor<?x36x6xf32>)
func.func @few_filters(%x: tensor<?x36x3xf32>, %k: tensor<5x3x6xf32>, %empty: tensor<?x36x6xf32>) -> tensor<?x36x6xf32> {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %x low[0, 2, 0] high[0, 2, 0] {
  ^bb0(%n: index, %p: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<?x36x3xf32> to tensor<?x40x3xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x36x6xf32>) -> tensor<?x36x6xf32>
  %0 = linalg.generic {indexing_maps = [#image, #kernel, #result],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%padded, %k : tensor<?x40x3xf32>, tensor<5x3x6xf32>) outs(%fill : tensor<?x36x6xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x36x6xf32>
  %1 = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0 : tensor<?x36x6xf32>) outs(%empty : tensor<?x36x6xf32>) {
  ^bb0(%a: f32, %out: f32):
    %2 = math.tanh %a : f32
    linalg.yield %2 : f32
  } -> tensor<?x36x6xf32>
  return %1 : tensor<?x36x6xf32>
}

// -----

// One filter, which has no axis: only the image is turned.
#image = affine_map<(n, x, k, c) -> (n, x + k, c)>
#kernel = affine_map<(n, x, k, c) -> (k, c)>
#result = affine_map<(n, x, k, c) -> (n, x)>
// CHECK: #[[IMAGE:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d1 + d2)>
// CHECK-LABEL: func.func @one_filter
// CHECK: linalg.generic {indexing_maps = [#[[IMAGE]], {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x8x36xf32>, tensor<3x8xf32>)

// Steps of two are not next to each other.
// CHECK-LABEL: func.func @strided
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x68x8xf32>, tensor<3x8xf32>)
#strided = affine_map<(n, x, k, c) -> (n, x * 2 + k, c)>
func.func @one_filter(%x: tensor<?x36x8xf32>, %k: tensor<3x8xf32>, %empty: tensor<?x34xf32>) -> tensor<?x34xf32> {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x34xf32>) -> tensor<?x34xf32>
  %0 = linalg.generic {indexing_maps = [#image, #kernel, #result],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %k : tensor<?x36x8xf32>, tensor<3x8xf32>) outs(%fill : tensor<?x34xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x34xf32>
  return %0 : tensor<?x34xf32>
}
func.func @strided(%x: tensor<?x68x8xf32>, %k: tensor<3x8xf32>, %empty: tensor<?x33xf32>) -> tensor<?x33xf32> {
  %zero = arith.constant 0.0 : f32
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x33xf32>) -> tensor<?x33xf32>
  %0 = linalg.generic {indexing_maps = [#strided, #kernel, #result],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %k : tensor<?x68x8xf32>, tensor<3x8xf32>) outs(%fill : tensor<?x33xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x33xf32>
  return %0 : tensor<?x33xf32>
}

// -----

// The gradient of a kernel of 3 channels and 6 filters: along the positions, of which zeros fill the last vector. Of
// the profile's work they are none.
#image = affine_map<(k, c, f, n, x) -> (n, x + k, c)>
#features = affine_map<(k, c, f, n, x) -> (n, x, f)>
#kernel = affine_map<(k, c, f, n, x) -> (k, c, f)>
// CHECK-DAG: #[[IMAGE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d1, d0 + d4 * 16 + d5)>
// CHECK-DAG: #[[FEATURES:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d2, d4, d5)>
// CHECK-DAG: #[[SUMS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d5)>
// CHECK-LABEL: func.func @few_gradients
// CHECK: %[[PADDED:.*]] = tensor.pad %{{.*}} low[0, 0, 0] high[0, 0, 4]
// CHECK: tensor.pad %{{.*}} low[0, 0, 0] high[0, 0, 4]
// CHECK: tensor.expand_shape %[[PADDED]] {{.*}} into tensor<?x6x2x16xf32>
// CHECK: %[[SUM:.*]] = linalg.generic {indexing_maps = [#[[IMAGE]], #[[FEATURES]], #[[SUMS]]]{{.*}} attrs = {lamina.terms = array<i64: 28, 32>}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%[[SUM]] : tensor<5x3x6x16xf32>)
func.func @few_gradients(%x: tensor<?x32x3xf32>, %dy: tensor<?x28x6xf32>) -> tensor<5x3x6xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x3x6xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x3x6xf32>) -> tensor<5x3x6xf32>
  %0 = linalg.generic {indexing_maps = [#image, #features, #kernel],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x32x3xf32>, tensor<?x28x6xf32>) outs(%fill : tensor<5x3x6xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<5x3x6xf32>
  return %0 : tensor<5x3x6xf32>
}
