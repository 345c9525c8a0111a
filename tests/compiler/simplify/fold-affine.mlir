// RUN: lamina-opt %s -lamina-simplify -split-input-file | FileCheck %s

// Batch normalization after a convolution with bias: the convolution with a scaled kernel, plus one bias.
// CHECK-LABEL: @conv
// CHECK-SAME: (%[[X:.*]]: tensor<?x9x9x3xf32> {{.*}}, %[[K:.*]]: tensor<3x3x3x8xf32> {{.*}}, %[[B:[^:]*]]: tensor<8xf32> {{.*}}, %[[S:[^:]*]]: tensor<8xf32> {{.*}}, %[[T:[^:]*]]: tensor<8xf32>
func.func @conv(%x: tensor<?x9x9x3xf32> {lamina.kind = "input"}, %k: tensor<3x3x3x8xf32> {lamina.kind = "weight"},
                %b: tensor<8xf32> {lamina.kind = "weight"}, %s: tensor<8xf32> {lamina.kind = "weight"},
                %t: tensor<8xf32> {lamina.kind = "weight"}) -> tensor<?x9x9x8xf32> {
  // CHECK-DAG: %[[BS:.*]] = lamina.mul %[[B]], %[[S]]
  // CHECK-DAG: %[[BIAS:.*]] = lamina.sub %[[BS]], %[[T]]
  // CHECK-DAG: %[[KERNEL:.*]] = lamina.mul %[[K]], %[[S]]
  // CHECK: %[[Y:.*]] = lamina.conv %[[X]], %[[KERNEL]] {padding = "same"}
  // CHECK-NEXT: %[[Z:.*]] = lamina.add %[[Y]], %[[BIAS]]
  // CHECK-NEXT: lamina.relu %[[Z]]
  %0 = lamina.conv %x, %k {padding = "same"} : tensor<?x9x9x3xf32>, tensor<3x3x3x8xf32>
  %1 = lamina.add %0, %b : tensor<?x9x9x8xf32>, tensor<8xf32>
  %2 = lamina.mul %1, %s : tensor<?x9x9x8xf32>, tensor<8xf32>
  %3 = lamina.sub %2, %t : tensor<?x9x9x8xf32>, tensor<8xf32>
  %4 = lamina.relu %3 : tensor<?x9x9x8xf32>
  return %4 : tensor<?x9x9x8xf32>
}

// -----

// Every kind of step: y = (w - (-(x · k) / s)) + t
// CHECK-LABEL: @steps
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32> {{.*}}, %[[K:.*]]: tensor<3x8xf32> {{.*}}, %[[S:[^:]*]]: tensor<8xf32> {{.*}}, %[[W:[^:]*]]: tensor<8xf32> {{.*}}, %[[T:[^:]*]]: tensor<8xf32>
func.func @steps(%x: tensor<?x3xf32> {lamina.kind = "input"}, %k: tensor<3x8xf32> {lamina.kind = "weight"},
                 %s: tensor<8xf32> {lamina.kind = "weight"}, %w: tensor<8xf32> {lamina.kind = "weight"},
                 %t: tensor<8xf32> {lamina.kind = "weight"}) -> tensor<?x8xf32> {
  // CHECK-DAG: %[[MINUS:.*]] = lamina.constant dense<-1.000000e+00>
  // CHECK-DAG: %[[SCALE:.*]] = lamina.div %[[MINUS]], %[[S]]
  // CHECK-DAG: %[[NEGATED:.*]] = lamina.neg %[[SCALE]]
  // CHECK-DAG: %[[KERNEL:.*]] = lamina.mul %[[K]], %[[NEGATED]]
  // CHECK-DAG: %[[BIAS:.*]] = lamina.add %[[W]], %[[T]]
  // CHECK-DAG: %[[Y:.*]] = lamina.dot_general %[[X]], %[[KERNEL]]
  // CHECK: lamina.add %[[Y]], %[[BIAS]]
  // CHECK-NEXT: return
  %0 = lamina.dot_general %x, %k contracting [1] x [0] : tensor<?x3xf32>, tensor<3x8xf32>
  %1 = lamina.neg %0 : tensor<?x8xf32>
  %2 = lamina.div %1, %s : tensor<?x8xf32>, tensor<8xf32>
  %3 = lamina.sub %w, %2 : tensor<8xf32>, tensor<?x8xf32>
  %4 = lamina.add %3, %t : tensor<?x8xf32>, tensor<8xf32>
  return %4 : tensor<?x8xf32>
}

// -----

// The scale of a transposed convolution acts on the last but one axis of the kernel.
// CHECK-LABEL: @conv_transpose
func.func @conv_transpose(%x: tensor<?x9x8xf32> {lamina.kind = "input"}, %k: tensor<3x4x8xf32> {lamina.kind = "weight"},
                          %s: tensor<4xf32> {lamina.kind = "weight"}) -> tensor<?x11x4xf32> {
  // CHECK: %[[S:.*]] = lamina.reshape %{{.*}} to [4, 1] : tensor<4xf32>
  // CHECK: %[[KERNEL:.*]] = lamina.mul %{{.*}}, %[[S]] : tensor<3x4x8xf32>, tensor<4x1xf32>
  // CHECK: lamina.conv_transpose %{{.*}}, %[[KERNEL]]
  // CHECK-NEXT: return
  %0 = lamina.conv_transpose %x, %k to [11] {padding = "valid"} : tensor<?x9x8xf32>, tensor<3x4x8xf32>
  %1 = lamina.mul %0, %s : tensor<?x11x4xf32>, tensor<4xf32>
  return %1 : tensor<?x11x4xf32>
}

// -----

// A contraction with two free kernel axes, scaled along both.
// CHECK-LABEL: @heads
func.func @heads(%x: tensor<?x?x6xf32> {lamina.kind = "input"}, %k: tensor<6x4x8xf32> {lamina.kind = "weight"},
                 %s: tensor<1x4x1xf32> {lamina.kind = "weight"}) -> tensor<?x?x4x8xf32> {
  // CHECK: %[[S:.*]] = lamina.reshape %{{.*}} to [4, 1]
  // CHECK: %[[KERNEL:.*]] = lamina.mul %{{.*}}, %[[S]] : tensor<6x4x8xf32>, tensor<4x1xf32>
  // CHECK: lamina.dot_general %{{.*}}, %[[KERNEL]]
  // CHECK-NEXT: return
  %0 = lamina.dot_general %x, %k contracting [2] x [0] : tensor<?x?x6xf32>, tensor<6x4x8xf32>
  %1 = lamina.mul %0, %s : tensor<?x?x4x8xf32>, tensor<1x4x1xf32>
  return %1 : tensor<?x?x4x8xf32>
}

// -----

// CHECK-LABEL: @biases
// CHECK-SAME: %[[B:[^:]*]]: tensor<8xf32> {{.*}}, %[[C:[^:]*]]: tensor<8xf32>
func.func @biases(%x: tensor<?x3xf32> {lamina.kind = "input"}, %k: tensor<3x8xf32> {lamina.kind = "weight"},
                  %b: tensor<8xf32> {lamina.kind = "weight"}, %c: tensor<8xf32> {lamina.kind = "weight"}) -> tensor<?x8xf32> {
  // CHECK: %[[BIAS:.*]] = lamina.add %[[B]], %[[C]]
  // CHECK: %[[Y:.*]] = lamina.dot_general
  // CHECK-NEXT: lamina.add %[[Y]], %[[BIAS]]
  // CHECK-NEXT: return
  %0 = lamina.dot_general %x, %k contracting [1] x [0] : tensor<?x3xf32>, tensor<3x8xf32>
  %1 = lamina.add %0, %b : tensor<?x8xf32>, tensor<8xf32>
  %2 = lamina.add %1, %c : tensor<?x8xf32>, tensor<8xf32>
  return %2 : tensor<?x8xf32>
}

// -----

// Weights that a step updates, results used twice, scales along other axes and scales that change the shape stay as they are.
// CHECK-LABEL: @state
func.func @state(%x: tensor<?x3xf32> {lamina.kind = "input"}, %k: tensor<3x8xf32> {lamina.kind = "state"},
                 %s: tensor<8xf32> {lamina.kind = "weight"}) -> tensor<?x8xf32> {
  // CHECK: %[[Y:.*]] = lamina.dot_general
  // CHECK-NEXT: lamina.mul %[[Y]]
  %0 = lamina.dot_general %x, %k contracting [1] x [0] : tensor<?x3xf32>, tensor<3x8xf32>
  %1 = lamina.mul %0, %s : tensor<?x8xf32>, tensor<8xf32>
  return %1 : tensor<?x8xf32>
}
// CHECK-LABEL: @used_twice
func.func @used_twice(%x: tensor<?x3xf32> {lamina.kind = "input"}, %k: tensor<3x8xf32> {lamina.kind = "weight"},
                      %s: tensor<8xf32> {lamina.kind = "weight"}) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  // CHECK: %[[Y:.*]] = lamina.dot_general
  // CHECK-NEXT: lamina.mul %[[Y]]
  %0 = lamina.dot_general %x, %k contracting [1] x [0] : tensor<?x3xf32>, tensor<3x8xf32>
  %1 = lamina.mul %0, %s : tensor<?x8xf32>, tensor<8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
}
// CHECK-LABEL: @other_axis
func.func @other_axis(%x: tensor<?x9x3xf32> {lamina.kind = "input"}, %k: tensor<3x3x8xf32> {lamina.kind = "weight"},
                      %s: tensor<9x1xf32> {lamina.kind = "weight"}) -> tensor<?x9x8xf32> {
  // CHECK: %[[Y:.*]] = lamina.conv
  // CHECK-NEXT: lamina.mul %[[Y]]
  // CHECK-NEXT: return
  %0 = lamina.conv %x, %k {padding = "same"} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  %1 = lamina.mul %0, %s : tensor<?x9x8xf32>, tensor<9x1xf32>
  return %1 : tensor<?x9x8xf32>
}
// CHECK-LABEL: @other_shape
func.func @other_shape(%x: tensor<?x3xf32> {lamina.kind = "input"}, %k: tensor<3x8xf32> {lamina.kind = "weight"},
                       %s: tensor<2x1x8xf32> {lamina.kind = "weight"}) -> tensor<2x?x8xf32> {
  // CHECK: %[[Y:.*]] = lamina.dot_general
  // CHECK-NEXT: lamina.mul %[[Y]]
  %0 = lamina.dot_general %x, %k contracting [1] x [0] : tensor<?x3xf32>, tensor<3x8xf32>
  %1 = lamina.mul %0, %s : tensor<?x8xf32>, tensor<2x1x8xf32>
  return %1 : tensor<2x?x8xf32>
}
