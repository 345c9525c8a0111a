// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @unary
func.func @unary(%x: tensor<?x4xf32>, %b: tensor<?x4xi1>, %i: tensor<3xi32>) {
// CHECK: lamina.abs %{{.*}} : tensor<?x4xf32>
  %u0 = lamina.abs %x : tensor<?x4xf32>
// CHECK: lamina.neg %{{.*}} : tensor<?x4xf32>
  %u1 = lamina.neg %x : tensor<?x4xf32>
// CHECK: lamina.exp %{{.*}} : tensor<?x4xf32>
  %u2 = lamina.exp %x : tensor<?x4xf32>
// CHECK: lamina.expm1 %{{.*}} : tensor<?x4xf32>
  %u3 = lamina.expm1 %x : tensor<?x4xf32>
// CHECK: lamina.log %{{.*}} : tensor<?x4xf32>
  %u4 = lamina.log %x : tensor<?x4xf32>
// CHECK: lamina.log1p %{{.*}} : tensor<?x4xf32>
  %u5 = lamina.log1p %x : tensor<?x4xf32>
// CHECK: lamina.sqrt %{{.*}} : tensor<?x4xf32>
  %u6 = lamina.sqrt %x : tensor<?x4xf32>
// CHECK: lamina.rsqrt %{{.*}} : tensor<?x4xf32>
  %u7 = lamina.rsqrt %x : tensor<?x4xf32>
// CHECK: lamina.tanh %{{.*}} : tensor<?x4xf32>
  %u8 = lamina.tanh %x : tensor<?x4xf32>
// CHECK: lamina.sigmoid %{{.*}} : tensor<?x4xf32>
  %u9 = lamina.sigmoid %x : tensor<?x4xf32>
// CHECK: lamina.softplus %{{.*}} : tensor<?x4xf32>
  %u10 = lamina.softplus %x : tensor<?x4xf32>
// CHECK: lamina.erf %{{.*}} : tensor<?x4xf32>
  %u11 = lamina.erf %x : tensor<?x4xf32>
// CHECK: lamina.sin %{{.*}} : tensor<?x4xf32>
  %u12 = lamina.sin %x : tensor<?x4xf32>
// CHECK: lamina.cos %{{.*}} : tensor<?x4xf32>
  %u13 = lamina.cos %x : tensor<?x4xf32>
// CHECK: lamina.floor %{{.*}} : tensor<?x4xf32>
  %u14 = lamina.floor %x : tensor<?x4xf32>
// CHECK: lamina.ceil %{{.*}} : tensor<?x4xf32>
  %u15 = lamina.ceil %x : tensor<?x4xf32>
// CHECK: lamina.round %{{.*}} : tensor<?x4xf32>
  %u16 = lamina.round %x : tensor<?x4xf32>
// CHECK: lamina.sign %{{.*}} : tensor<?x4xf32>
  %u17 = lamina.sign %x : tensor<?x4xf32>
// CHECK: lamina.relu %{{.*}} : tensor<?x4xf32>
  %u18 = lamina.relu %x : tensor<?x4xf32>
// CHECK: lamina.stop_gradient %{{.*}} : tensor<?x4xf32>
  %u19 = lamina.stop_gradient %x : tensor<?x4xf32>
// CHECK: lamina.not %{{.*}} : tensor<?x4xi1>
  %n0 = lamina.not %b : tensor<?x4xi1>
// CHECK: lamina.is_finite %{{.*}} : tensor<?x4xf32>
  %n1 = lamina.is_finite %x : tensor<?x4xf32>
// CHECK: lamina.neg %{{.*}} : tensor<3xi32>
  %n2 = lamina.neg %i : tensor<3xi32>
// CHECK: lamina.stop_gradient %{{.*}} : tensor<?x4xi1>
  %n3 = lamina.stop_gradient %b : tensor<?x4xi1>
  return
}

// CHECK-LABEL: func.func @binary
func.func @binary(%x: tensor<?x4xf32>, %y: tensor<4xf32>, %s: tensor<f32>, %b: tensor<?x4xi1>, %i: tensor<3xi64>) {
// CHECK: lamina.add %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v0 = lamina.add %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.sub %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v1 = lamina.sub %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.mul %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v2 = lamina.mul %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.div %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v3 = lamina.div %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.rem %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v4 = lamina.rem %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.pow %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v5 = lamina.pow %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.atan2 %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %atan2 = lamina.atan2 %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.maximum %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v6 = lamina.maximum %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.minimum %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>
  %v7 = lamina.minimum %x, %y : tensor<?x4xf32>, tensor<4xf32>
// CHECK: lamina.and %{{.*}}, %{{.*}} : tensor<?x4xi1>, tensor<?x4xi1>
  %l0 = lamina.and %b, %b : tensor<?x4xi1>, tensor<?x4xi1>
// CHECK: lamina.or %{{.*}}, %{{.*}} : tensor<?x4xi1>, tensor<?x4xi1>
  %l1 = lamina.or %b, %b : tensor<?x4xi1>, tensor<?x4xi1>
// CHECK: lamina.and %{{.*}}, %{{.*}} : tensor<3xi64>, tensor<3xi64>
  %w2 = lamina.and %i, %i : tensor<3xi64>, tensor<3xi64>
// CHECK: lamina.or %{{.*}}, %{{.*}} : tensor<3xi64>, tensor<3xi64>
  %w3 = lamina.or %i, %i : tensor<3xi64>, tensor<3xi64>
// CHECK: lamina.rem %{{.*}}, %{{.*}} : tensor<3xi64>, tensor<3xi64>
  %l2 = lamina.rem %i, %i : tensor<3xi64>, tensor<3xi64>
// CHECK: lamina.xor %{{.*}}, %{{.*}} : tensor<3xi64>, tensor<3xi64>
  %w0 = lamina.xor %i, %i : tensor<3xi64>, tensor<3xi64>
// CHECK: lamina.shift_right %{{.*}}, %{{.*}} : tensor<3xi64>, tensor<3xi64>
  %w1 = lamina.shift_right %i, %i : tensor<3xi64>, tensor<3xi64>
// CHECK: lamina.compare eq, %{{.*}}, %{{.*}} : tensor<f32>, tensor<?x4xf32>
  %c0 = lamina.compare eq, %s, %x : tensor<f32>, tensor<?x4xf32>
// CHECK: lamina.compare ne, %{{.*}}, %{{.*}} : tensor<f32>, tensor<?x4xf32>
  %c1 = lamina.compare ne, %s, %x : tensor<f32>, tensor<?x4xf32>
// CHECK: lamina.compare lt, %{{.*}}, %{{.*}} : tensor<f32>, tensor<?x4xf32>
  %c2 = lamina.compare lt, %s, %x : tensor<f32>, tensor<?x4xf32>
// CHECK: lamina.compare le, %{{.*}}, %{{.*}} : tensor<f32>, tensor<?x4xf32>
  %c3 = lamina.compare le, %s, %x : tensor<f32>, tensor<?x4xf32>
// CHECK: lamina.compare gt, %{{.*}}, %{{.*}} : tensor<f32>, tensor<?x4xf32>
  %c4 = lamina.compare gt, %s, %x : tensor<f32>, tensor<?x4xf32>
// CHECK: lamina.compare ge, %{{.*}}, %{{.*}} : tensor<f32>, tensor<?x4xf32>
  %c5 = lamina.compare ge, %s, %x : tensor<f32>, tensor<?x4xf32>
// CHECK: lamina.compare eq, %{{.*}}, %{{.*}} : tensor<?x4xi1>, tensor<?x4xi1>
  %l3 = lamina.compare eq, %b, %b : tensor<?x4xi1>, tensor<?x4xi1>
// CHECK: lamina.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4xi1>, tensor<?x4xf32>, tensor<f32>
  %l4 = lamina.select %b, %x, %s : tensor<?x4xi1>, tensor<?x4xf32>, tensor<f32>
// CHECK: lamina.cast %{{.*}} to bf16 : tensor<?x4xf32>
  %l5 = lamina.cast %x to bf16 : tensor<?x4xf32>
  return
}
