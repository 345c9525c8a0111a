// RUN: lamina-opt %s --split-input-file --lamina-pack-weights=panel=32 | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>

// Few columns: the weights lie as rows, along which the sum runs.
// CHECK-DAG: #[[ROWS:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func @narrow
// CHECK-NOT: linalg.unpack
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[ROWS]], #{{.*}}]{{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x512xf32>, tensor<10x512xf32>)
func.func @narrow(%x: tensor<?x512xf32>, %w: tensor<512x10xf32> {lamina.kind = "weight"}, %y: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %0 = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x512xf32>, tensor<512x10xf32>) outs(%y : tensor<?x10xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %c, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x10xf32>
  return %0 : tensor<?x10xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func @wide
// CHECK: linalg.unpack {{.*}} inner_tiles = [32] {{.*}} : tensor<2x512x32xf32> -> tensor<512x64xf32>
func.func @wide(%x: tensor<?x512xf32>, %w: tensor<512x64xf32> {lamina.kind = "weight"}, %y: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x512xf32>, tensor<512x64xf32>) outs(%y : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %c, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}
