// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<?x4x?x64xf32>, %k: tensor<?x4x?x64xf32>, %v: tensor<?x4x?x32xf32>, %bias: tensor<1x4x1x?xf32>,
                     %mask: tensor<?x1x?x?xi1>, %row: tensor<?x4x?xf32>) -> (tensor<?x4x?x32xf32>, tensor<?x4x?xf32>) {
// CHECK: lamina.attention %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>, tensor<?x4x?x32xf32>
  %0:3 = lamina.attention %q, %k, %v : tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>, tensor<?x4x?x32xf32>
// CHECK: lamina.attention %{{.*}}, %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<1x4x1x?xf32>) mask(%{{.*}} : tensor<?x1x?x?xi1>) {fill = -1.000000e+09 : f64} :
  %1:3 = lamina.attention %q, %k, %v bias(%bias : tensor<1x4x1x?xf32>) mask(%mask : tensor<?x1x?x?xi1>) {fill = -1.0e9 : f64}
    : tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>, tensor<?x4x?x32xf32>
// CHECK: lamina.attention_gradient %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} mask(%{{.*}} : tensor<?x1x?x?xi1>) :
  %2:3 = lamina.attention_gradient %q, %k, %v, %1#0, %1#1, %1#2, %row mask(%mask : tensor<?x1x?x?xi1>)
    : tensor<?x4x?x64xf32>, tensor<?x4x?x64xf32>, tensor<?x4x?x32xf32>, tensor<?x4x?x32xf32>, tensor<?x4x?xf32>,
      tensor<?x4x?xf32>, tensor<?x4x?xf32>
  return %0#0, %0#1 : tensor<?x4x?x32xf32>, tensor<?x4x?xf32>
}
