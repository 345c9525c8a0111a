// RUN: lamina-opt %s --lamina-pack-weights=panel=32 --split-input-file | FileCheck %s

// A convolution of 64 channels to 3 features: vectors run along the channels, of which each feature's lie side by side.
#image = affine_map<(n, x, f, k, c) -> (n, x + k, c)>
#kernel = affine_map<(n, x, f, k, c) -> (k, c, f)>
#result = affine_map<(n, x, f, k, c) -> (n, x, f)>
// CHECK: #[[TURNED:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d2, d4)>
// CHECK-LABEL: func.func @few_features
// CHECK: %[[K:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<5x3x64xf32>)
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[TURNED]], #{{.*}}]{{.*}} ins(%{{.*}}, %[[K]] :
func.func @few_features(%x: tensor<?x36x64xf32>, %k: tensor<5x64x3xf32> {lamina.kind = "weight"}, %to: tensor<?x32x3xf32>) -> tensor<?x32x3xf32> {
  %0 = linalg.generic {indexing_maps = [#image, #kernel, #result],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %k : tensor<?x36x64xf32>, tensor<5x64x3xf32>) outs(%to : tensor<?x32x3xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x32x3xf32>
  return %0 : tensor<?x32x3xf32>
}
