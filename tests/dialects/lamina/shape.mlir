// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @shape
func.func @shape(%x: tensor<?x4x6xf32>, %n: index, %table: tensor<1000x64xf32>, %i: tensor<?x?xi32>, %rows: tensor<?x?x64xf32>, %one: tensor<1x4xf32>) {
// CHECK: lamina.constant dense<5.000000e-01> : tensor<f32>
  %0 = lamina.constant dense<5.000000e-01> : tensor<f32>
// CHECK: lamina.constant dense<[1, 2, 3]> : tensor<3xi32>
  %1 = lamina.constant dense<[1, 2, 3]> : tensor<3xi32>
// CHECK: lamina.dim %{{.*}} axis 0 : tensor<?x4x6xf32>
  %2 = lamina.dim %x axis 0 : tensor<?x4x6xf32>
// CHECK: lamina.iota [%{{.*}}, 4] axis 0 : i32
  %3 = lamina.iota [%n, 4] axis 0 : i32
// CHECK: lamina.reshape %{{.*}} to [dim 0, infer, 8] : tensor<?x4x6xf32>
  %4 = lamina.reshape %x to [dim 0, infer, 8] : tensor<?x4x6xf32>
// CHECK: lamina.reshape %{{.*}} to [%{{.*}}, 2, infer] : tensor<?x4x6xf32>
  %5 = lamina.reshape %x to [%n, 2, infer] : tensor<?x4x6xf32>
// CHECK: lamina.broadcast_to %{{.*}} to [%{{.*}}, 3, dim 1] : tensor<1x4xf32>
  %6 = lamina.broadcast_to %one to [%n, 3, dim 1] : tensor<1x4xf32>
// CHECK: lamina.transpose %{{.*}} by [0, 2, 1] : tensor<?x4x6xf32>
  %7 = lamina.transpose %x by [0, 2, 1] : tensor<?x4x6xf32>
// CHECK: lamina.concatenate %{{.*}}, %{{.*}} axis 1 : tensor<?x4x6xf32>, tensor<?x4x6xf32>
  %8 = lamina.concatenate %x, %x axis 1 : tensor<?x4x6xf32>, tensor<?x4x6xf32>
// CHECK: lamina.slice %{{.*}} from [0, 1, -2] to [end, 9, end] by [1, 2, 1] : tensor<?x4x6xf32>
  %9 = lamina.slice %x from [0, 1, -2] to [end, 9, end] by [1, 2, 1] : tensor<?x4x6xf32>
// CHECK: lamina.pad %{{.*}} low [0, 1, 0] high [0, 2, 0] value -1.000000e+00 : tensor<?x4x6xf32>
  %10 = lamina.pad %x low [0, 1, 0] high [0, 2, 0] value -1.000000e+00 : tensor<?x4x6xf32>
// CHECK: lamina.reverse %{{.*}} axes [0, -1] : tensor<?x4x6xf32>
  %11 = lamina.reverse %x axes [0, -1] : tensor<?x4x6xf32>
// CHECK: lamina.gather %{{.*}}, %{{.*}} : tensor<1000x64xf32>, tensor<?x?xi32>
  %12 = lamina.gather %table, %i : tensor<1000x64xf32>, tensor<?x?xi32>
// CHECK: lamina.scatter_add %{{.*}}, %{{.*}}, %{{.*}} : tensor<1000x64xf32>, tensor<?x?xi32>, tensor<?x?x64xf32>
  %13 = lamina.scatter_add %table, %i, %rows : tensor<1000x64xf32>, tensor<?x?xi32>, tensor<?x?x64xf32>
// CHECK: lamina.one_hot %{{.*}} depth 10 as f64 : tensor<?x?xi32>
  %14 = lamina.one_hot %i depth 10 as f64 : tensor<?x?xi32>
  return
}
