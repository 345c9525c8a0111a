// RUN: lamina-opt %s --lamina-form-kernels | FileCheck %s

// What is read where it is written is read through the destination.
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #{{.*}}], iterator_types = ["parallel"]} ins(%{{.*}} : tensor<8xf32>) outs(%{{.*}} : tensor<8xf32>)
// CHECK-NEXT: ^bb0(%[[STEP:.*]]: f32, %[[OLD:.*]]: f32):
// CHECK-NEXT: arith.subf %[[OLD]], %[[STEP]]
#id = affine_map<(d0) -> (d0)>
func.func @main(%w: tensor<8xf32> {lamina.kind = "state"}, %d: tensor<8xf32> {lamina.kind = "input"})
    -> (tensor<8xf32> {lamina.updates = 0 : i64}) {
  %empty = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%w, %d : tensor<8xf32>, tensor<8xf32>) outs(%empty : tensor<8xf32>) {
  ^bb0(%old: f32, %step: f32, %out: f32):
    %1 = arith.subf %old, %step : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
