// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @random
func.func @random(%n: index, %seed: tensor<i64>) {
// CHECK: lamina.random_uniform [%{{.*}}, 4] seed %{{.*}} stream 7 : f32
  %0 = lamina.random_uniform [%n, 4] seed %seed stream 7 : f32
// CHECK: lamina.random_normal [] seed %{{.*}} stream 0 : f64
  %1 = lamina.random_normal [] seed %seed stream 0 : f64
  return
}
