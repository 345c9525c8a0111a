// RUN: lamina-opt %s -lamina-differentiate | FileCheck %s

// The states and the contraction are stacked by the forward loop, tanh is computed again, and the kernel's and the bias's
// cotangents are one contraction and one reduction behind the backward loop.
// CHECK-LABEL: func.func @rnn(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]{{.*}}%[[A3:[0-9a-z_]+]]{{.*}}%[[A4:[0-9a-z_]+]]{{.*}}%[[A5:[0-9a-z_]+]]{{.*}}%[[A6:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]]:4 = lamina.scan inits(%[[A0]] : tensor<?x4xf32>) sequences(%[[A1]], %[[A2]] : tensor<?x?x4xf32>, tensor<?x?x1xi1>) {
// CHECK: ^bb0(%[[A7:[0-9a-z_]+]]: tensor<?x4xf32>, %[[A8:[0-9a-z_]+]]: tensor<?x4xf32>, %[[A9:[0-9a-z_]+]]: tensor<?x1xi1>):
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.dot_general %[[A7]], %[[A3]] contracting [1] x [0]
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.add %[[V1]], %[[A8]]
// CHECK: %[[V3:[0-9a-z_]+]] = lamina.add %[[V2]], %[[A4]]
// CHECK: %[[V4:[0-9a-z_]+]] = lamina.tanh %[[V3]]
// CHECK: %[[V5:[0-9a-z_]+]] = lamina.select %[[A9]], %[[V4]], %[[A7]]
// CHECK: lamina.yield %[[V5]], %[[V5]], %[[A7]], %[[V1]]
// CHECK: } -> tensor<?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>
// CHECK: %[[V6:[0-9a-z_]+]]:2 = lamina.scan inits(%[[A5]] : tensor<?x4xf32>) sequences(%[[A1]], %[[A2]], %[[A6]], %[[V0]]#3 : tensor<?x?x4xf32>, tensor<?x?x1xi1>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) attributes {reverse = true} {
// CHECK: ^bb0(%[[A7]]: tensor<?x4xf32>, %[[A8]]: tensor<?x4xf32>, %[[A9]]: tensor<?x1xi1>, %[[A10:[0-9a-z_]+]]: tensor<?x4xf32>, %[[A11:[0-9a-z_]+]]: tensor<?x4xf32>):
// CHECK: %[[V1]] = lamina.add %[[A11]], %[[A8]]
// CHECK: %[[V2]] = lamina.add %[[V1]], %[[A4]]
// CHECK: %[[V3]] = lamina.tanh %[[V2]]
// CHECK: %[[V4]] = lamina.add %[[A7]], %[[A10]]
// CHECK: %[[V5]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V7:[0-9a-z_]+]] = lamina.select %[[A9]], %[[V4]], %[[V5]]
// CHECK: %[[V8:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V9:[0-9a-z_]+]] = lamina.select %[[A9]], %[[V8]], %[[V4]]
// CHECK: %[[V10:[0-9a-z_]+]] = lamina.mul %[[V3]], %[[V3]]
// CHECK: %[[V11:[0-9a-z_]+]] = lamina.constant dense<1.000000e+00> : tensor<f32>
// CHECK: %[[V12:[0-9a-z_]+]] = lamina.sub %[[V11]], %[[V10]]
// CHECK: %[[V13:[0-9a-z_]+]] = lamina.mul %[[V7]], %[[V12]]
// CHECK: %[[V14:[0-9a-z_]+]] = lamina.dot_general %[[V13]], %[[A3]] contracting [1] x [1]
// CHECK: %[[V15:[0-9a-z_]+]] = lamina.add %[[V9]], %[[V14]]
// CHECK: lamina.yield %[[V15]], %[[V13]]
// CHECK: } -> tensor<?x4xf32>, tensor<?x?x4xf32>
// CHECK: %[[V16:[0-9a-z_]+]] = lamina.dot_general %[[V0]]#2, %[[V6]]#1 contracting [0, 1] x [0, 1]
// CHECK: %[[V17:[0-9a-z_]+]] = lamina.reduce sum, %[[V6]]#1 axes [0, 1]
// CHECK: return %[[V6]]#0, %[[V6]]#1, %[[V16]], %[[V17]]
func.func @rnn(%h0: tensor<?x4xf32>, %xs: tensor<?x?x4xf32>, %m: tensor<?x?x1xi1>, %r: tensor<4x4xf32>, %b: tensor<4xf32>, %ct: tensor<?x4xf32>, %cy: tensor<?x?x4xf32>) -> (tensor<?x4xf32>, tensor<?x?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) {
  %h, %ys = lamina.scan inits(%h0 : tensor<?x4xf32>) sequences(%xs, %m : tensor<?x?x4xf32>, tensor<?x?x1xi1>) {
  ^bb0(%s: tensor<?x4xf32>, %x: tensor<?x4xf32>, %mt: tensor<?x1xi1>):
    %0 = lamina.dot_general %s, %r contracting [1] x [0] : tensor<?x4xf32>, tensor<4x4xf32>
    %1 = lamina.add %0, %x : tensor<?x4xf32>, tensor<?x4xf32>
    %2 = lamina.add %1, %b : tensor<?x4xf32>, tensor<4xf32>
    %3 = lamina.tanh %2 : tensor<?x4xf32>
    %4 = lamina.select %mt, %3, %s : tensor<?x1xi1>, tensor<?x4xf32>, tensor<?x4xf32>
    lamina.yield %4, %4 : tensor<?x4xf32>, tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?x?x4xf32>
  %dh, %dx, %dr, %db = lamina.gradient of (%h, %ys : tensor<?x4xf32>, tensor<?x?x4xf32>) cotangents (%ct, %cy : tensor<?x4xf32>, tensor<?x?x4xf32>) wrt (%h0, %xs, %r, %b : tensor<?x4xf32>, tensor<?x?x4xf32>, tensor<4x4xf32>, tensor<4xf32>)
  return %dh, %dx, %dr, %db : tensor<?x4xf32>, tensor<?x?x4xf32>, tensor<4x4xf32>, tensor<4xf32>
}

// What is not a contraction is summed up in a state.
// CHECK-LABEL: func.func @scaled(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]{{.*}}%[[A3:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]]:2 = lamina.scan inits(%[[A0]] : tensor<3xf32>) sequences(%[[A1]] : tensor<?x3xf32>) {
// CHECK: ^bb0(%[[A4:[0-9a-z_]+]]: tensor<3xf32>, %[[A5:[0-9a-z_]+]]: tensor<3xf32>):
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.mul %[[A4]], %[[A2]]
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.add %[[V1]], %[[A5]]
// CHECK: lamina.yield %[[V2]], %[[A4]]
// CHECK: } -> tensor<3xf32>, tensor<?x3xf32>
// CHECK: %[[V3:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK: %[[V4:[0-9a-z_]+]]:2 = lamina.scan inits(%[[A3]], %[[V3]] : tensor<3xf32>, tensor<3xf32>) sequences(%[[V0]]#1 : tensor<?x3xf32>) attributes {reverse = true} {
// CHECK: ^bb0(%[[A4]]: tensor<3xf32>, %[[A5]]: tensor<3xf32>, %[[A6:[0-9a-z_]+]]: tensor<3xf32>):
// CHECK: %[[V1]] = lamina.mul %[[A4]], %[[A2]]
// CHECK: %[[V2]] = lamina.mul %[[A4]], %[[A6]]
// CHECK: %[[V5:[0-9a-z_]+]] = lamina.add %[[A5]], %[[V2]]
// CHECK: lamina.yield %[[V1]], %[[V5]]
// CHECK: } -> tensor<3xf32>, tensor<3xf32>
// CHECK: return %[[V4]]#1
func.func @scaled(%s: tensor<3xf32>, %x: tensor<?x3xf32>, %v: tensor<3xf32>, %g: tensor<3xf32>) -> tensor<3xf32> {
  %y = lamina.scan inits(%s : tensor<3xf32>) sequences(%x : tensor<?x3xf32>) {
  ^bb0(%state: tensor<3xf32>, %slice: tensor<3xf32>):
    %0 = lamina.mul %state, %v : tensor<3xf32>, tensor<3xf32>
    %1 = lamina.add %0, %slice : tensor<3xf32>, tensor<3xf32>
    lamina.yield %1 : tensor<3xf32>
  } -> tensor<3xf32>
  %dv = lamina.gradient of (%y : tensor<3xf32>) cotangents (%g : tensor<3xf32>) wrt (%v : tensor<3xf32>)
  return %dv : tensor<3xf32>
}
