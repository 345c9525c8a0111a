// RUN: lamina-opt %s --convert-lamina-to-linalg | FileCheck %s

// Seed and stream are mixed once, outside; thirteen rounds an element.
// CHECK-LABEL: func @uniform
func.func @uniform(%seed: tensor<i64>, %n: index) -> tensor<?x4xf32> {
  // CHECK: tensor.extract
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : i32, i32)
  // CHECK-COUNT-13: arith.shli {{.*}} : i32
  // CHECK-NOT: arith.shli
  // CHECK: return
  %0 = lamina.random_uniform [%n, 4] seed %seed stream 7 : f32
  return %0 : tensor<?x4xf32>
}
