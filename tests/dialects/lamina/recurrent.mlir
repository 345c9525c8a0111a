// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @scan
func.func @scan(%h0: tensor<?x4xf32>, %xs: tensor<?x?x4xf32>, %n: index, %w: tensor<4x4xf32>) {
// CHECK: lamina.scan inits(%{{.*}} : tensor<?x4xf32>) sequences(%{{.*}} : tensor<?x?x4xf32>) attributes {reverse = true} {
  %h, %ys = lamina.scan inits(%h0 : tensor<?x4xf32>) sequences(%xs : tensor<?x?x4xf32>) attributes {reverse = true} {
  ^bb0(%state: tensor<?x4xf32>, %x: tensor<?x4xf32>):
// CHECK: lamina.dot_general %{{.*}}, %{{.*}} contracting [1] x [0] : tensor<?x4xf32>, tensor<4x4xf32>
    %0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x4xf32>, tensor<4x4xf32>
// CHECK: lamina.add %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<?x4xf32>
    %next = lamina.add %state, %0 : tensor<?x4xf32>, tensor<?x4xf32>
// CHECK: lamina.yield %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<?x4xf32>
    lamina.yield %next, %next : tensor<?x4xf32>, tensor<?x4xf32>
// CHECK: } -> tensor<?x4xf32>, tensor<?x?x4xf32>
  } -> tensor<?x4xf32>, tensor<?x?x4xf32>
// CHECK: lamina.scan inits(%{{.*}} : tensor<?x4xf32>) length %{{.*}} {
  %last = lamina.scan inits(%h0 : tensor<?x4xf32>) length %n {
  ^bb0(%state: tensor<?x4xf32>):
// CHECK: lamina.tanh %{{.*}} : tensor<?x4xf32>
    %next = lamina.tanh %state : tensor<?x4xf32>
// CHECK: lamina.yield %{{.*}} : tensor<?x4xf32>
    lamina.yield %next : tensor<?x4xf32>
// CHECK: } -> tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @gradient
func.func @gradient(%x: tensor<?x4xf32>, %one: tensor<?x4xf32>) {
// CHECK: lamina.tanh %{{.*}} : tensor<?x4xf32>
  %y = lamina.tanh %x : tensor<?x4xf32>
// CHECK: lamina.gradient of(%{{.*}} : tensor<?x4xf32>) cotangents(%{{.*}} : tensor<?x4xf32>) wrt(%{{.*}} : tensor<?x4xf32>)
  %dx = lamina.gradient of(%y : tensor<?x4xf32>) cotangents(%one : tensor<?x4xf32>) wrt(%x : tensor<?x4xf32>)
  return
}
