// RUN: lamina-opt %s -split-input-file -lamina-form-attention | FileCheck %s
// RUN: lamina-opt %s -split-input-file -lamina-form-attention -lamina-differentiate -lamina-simplify -convert-lamina-to-linalg | FileCheck %s --check-prefix=LOOPS

// A scale, a term and a mask by positions; no tensor of queries × keys is left.
// CHECK-LABEL: func.func @main(
// CHECK: %[[Q:.*]] = lamina.mul %{{.*}}, %{{.*}} : tensor<?x4x2048x64xf32>, tensor<f32>
// CHECK: lamina.attention %[[Q]], %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<1x4x1x4096xf32>) mask(%{{.*}} : tensor<1x1x2048x4096xi1>)
// CHECK-NOT: lamina.dot_general
// LOOPS-LABEL: func.func @main(
// LOOPS-NOT: 2048x4096xf32
// LOOPS: scf.for
// LOOPS: linalg.index
// LOOPS-NOT: 2048x4096xf32
// LOOPS: return
func.func @main(%q: tensor<?x4x2048x64xf32>, %k: tensor<?x4x4096x64xf32>, %v: tensor<?x4x4096x32xf32>,
                %bias: tensor<4x1x4096xf32>) -> tensor<?x4x2048x32xf32> {
  %scale = lamina.constant dense<0.125> : tensor<f32>
  %fill = lamina.constant dense<-1.0e30> : tensor<f32>
  %rows = lamina.iota [2048, 4096] axis 0 : i32
  %columns = lamina.iota [2048, 4096] axis 1 : i32
  %seen = lamina.compare ge, %rows, %columns : tensor<2048x4096xi32>, tensor<2048x4096xi32>
  %dot = lamina.dot_general %q, %k batching [0, 1] x [0, 1] contracting [3] x [3] : tensor<?x4x2048x64xf32>, tensor<?x4x4096x64xf32>
  %scaled = lamina.mul %dot, %scale : tensor<?x4x2048x4096xf32>, tensor<f32>
  %biased = lamina.add %scaled, %bias : tensor<?x4x2048x4096xf32>, tensor<4x1x4096xf32>
  %s = lamina.select %seen, %biased, %fill : tensor<2048x4096xi1>, tensor<?x4x2048x4096xf32>, tensor<f32>
  %max = lamina.reduce max, %s axes [3] {keepdims = true} : tensor<?x4x2048x4096xf32>
  %stop = lamina.stop_gradient %max : tensor<?x4x2048x1xf32>
  %d = lamina.sub %s, %stop : tensor<?x4x2048x4096xf32>, tensor<?x4x2048x1xf32>
  %e = lamina.exp %d : tensor<?x4x2048x4096xf32>
  %sum = lamina.reduce sum, %e axes [3] {keepdims = true} : tensor<?x4x2048x4096xf32>
  %p = lamina.div %e, %sum : tensor<?x4x2048x4096xf32>, tensor<?x4x2048x1xf32>
  %y = lamina.dot_general %p, %v batching [0, 1] x [0, 1] contracting [3] x [2] : tensor<?x4x2048x4096xf32>, tensor<?x4x4096x32xf32>
  return %y : tensor<?x4x2048x32xf32>
}

// -----

// The derivative computes the weights again, block by block.
// CHECK-LABEL: func.func @main(
// CHECK: lamina.attention
// LOOPS-LABEL: func.func @main(
// LOOPS-NOT: 2048x2048xf32
// LOOPS: scf.for
// LOOPS-NOT: 2048x2048xf32
// LOOPS: return
func.func @main(%q: tensor<2048x64xf32>, %v: tensor<2048x64xf32>, %g: tensor<2048x64xf32>) -> tensor<2048x64xf32> {
  %s = lamina.dot_general %q, %v contracting [1] x [1] : tensor<2048x64xf32>, tensor<2048x64xf32>
  %max = lamina.reduce max, %s axes [1] {keepdims = true} : tensor<2048x2048xf32>
  %d = lamina.sub %s, %max : tensor<2048x2048xf32>, tensor<2048x1xf32>
  %e = lamina.exp %d : tensor<2048x2048xf32>
  %sum = lamina.reduce sum, %e axes [1] {keepdims = true} : tensor<2048x2048xf32>
  %p = lamina.div %e, %sum : tensor<2048x2048xf32>, tensor<2048x1xf32>
  %y = lamina.dot_general %p, %v contracting [1] x [0] : tensor<2048x2048xf32>, tensor<2048x64xf32>
  %dv = lamina.gradient of(%y : tensor<2048x64xf32>) cotangents(%g : tensor<2048x64xf32>) wrt(%v : tensor<2048x64xf32>)
  return %dv : tensor<2048x64xf32>
}

// -----

// Weights that something else reads, a bias with a derivative, and few scores stay as they are.
// CHECK-LABEL: func.func @weights(
// CHECK-NOT: lamina.attention
// LOOPS-LABEL: func.func @weights(
func.func @weights(%q: tensor<2048x64xf32>) -> (tensor<2048x64xf32>, tensor<2048x2048xf32>) {
  %s = lamina.dot_general %q, %q contracting [1] x [1] : tensor<2048x64xf32>, tensor<2048x64xf32>
  %max = lamina.reduce max, %s axes [1] {keepdims = true} : tensor<2048x2048xf32>
  %d = lamina.sub %s, %max : tensor<2048x2048xf32>, tensor<2048x1xf32>
  %e = lamina.exp %d : tensor<2048x2048xf32>
  %sum = lamina.reduce sum, %e axes [1] {keepdims = true} : tensor<2048x2048xf32>
  %p = lamina.div %e, %sum : tensor<2048x2048xf32>, tensor<2048x1xf32>
  %y = lamina.dot_general %p, %q contracting [1] x [0] : tensor<2048x2048xf32>, tensor<2048x64xf32>
  return %y, %p : tensor<2048x64xf32>, tensor<2048x2048xf32>
}

// CHECK-LABEL: func.func @learned(
// CHECK-NOT: lamina.attention
func.func @learned(%q: tensor<2048x64xf32>, %bias: tensor<2048x2048xf32>, %g: tensor<2048x64xf32>) -> tensor<2048x2048xf32> {
  %dot = lamina.dot_general %q, %q contracting [1] x [1] : tensor<2048x64xf32>, tensor<2048x64xf32>
  %s = lamina.add %dot, %bias : tensor<2048x2048xf32>, tensor<2048x2048xf32>
  %max = lamina.reduce max, %s axes [1] {keepdims = true} : tensor<2048x2048xf32>
  %d = lamina.sub %s, %max : tensor<2048x2048xf32>, tensor<2048x1xf32>
  %e = lamina.exp %d : tensor<2048x2048xf32>
  %sum = lamina.reduce sum, %e axes [1] {keepdims = true} : tensor<2048x2048xf32>
  %p = lamina.div %e, %sum : tensor<2048x2048xf32>, tensor<2048x1xf32>
  %y = lamina.dot_general %p, %q contracting [1] x [0] : tensor<2048x2048xf32>, tensor<2048x64xf32>
  %db = lamina.gradient of(%y : tensor<2048x64xf32>) cotangents(%g : tensor<2048x64xf32>) wrt(%bias : tensor<2048x2048xf32>)
  return %db : tensor<2048x2048xf32>
}

// CHECK-LABEL: func.func @short(
// CHECK-NOT: lamina.attention
func.func @short(%q: tensor<512x64xf32>) -> tensor<512x64xf32> {
  %s = lamina.dot_general %q, %q contracting [1] x [1] : tensor<512x64xf32>, tensor<512x64xf32>
  %max = lamina.reduce max, %s axes [1] {keepdims = true} : tensor<512x512xf32>
  %d = lamina.sub %s, %max : tensor<512x512xf32>, tensor<512x1xf32>
  %e = lamina.exp %d : tensor<512x512xf32>
  %sum = lamina.reduce sum, %e axes [1] {keepdims = true} : tensor<512x512xf32>
  %p = lamina.div %e, %sum : tensor<512x512xf32>, tensor<512x1xf32>
  %y = lamina.dot_general %p, %q contracting [1] x [0] : tensor<512x512xf32>, tensor<512x64xf32>
  return %y : tensor<512x64xf32>
}
