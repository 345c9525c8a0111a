// RUN: lamina-opt %s --convert-lamina-to-linalg | FileCheck %s

// A kept axis is no loop: the consumer reads the reduced tensor.
// CHECK-LABEL: func @center
func.func @center(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: arith.constant 0xFF800000 : f32
  // CHECK: %[[M:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
  // CHECK: arith.maximumf
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[M]] : tensor<?x8xf32>, tensor<?xf32>)
  %0 = lamina.reduce max, %x axes [1] {keepdims = true} : tensor<?x8xf32>
  %1 = lamina.sub %x, %0 : tensor<?x8xf32>, tensor<?x1xf32>
  return %1 : tensor<?x8xf32>
}

// The number of elements is a scalar operand.
// CHECK-LABEL: func @mean
func.func @mean(%x: tensor<?x8xf32>) -> tensor<8xf32> {
  // CHECK: %[[N:.*]] = arith.sitofp
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[N]] : tensor<8xf32>, f32)
  %0 = lamina.reduce sum, %x axes [0] : tensor<?x8xf32>
  %1 = lamina.size %x axes [0] : tensor<?x8xf32>
  %2 = lamina.div %0, %1 : tensor<8xf32>, tensor<f32>
  return %2 : tensor<8xf32>
}

// CHECK-LABEL: func @argmax
func.func @argmax(%x: tensor<?x8xf32>) -> tensor<?xi32> {
  // CHECK: arith.maximumf
  // CHECK: linalg.index 1
  // CHECK: arith.minsi
  %0 = lamina.argmax %x axis 1 : tensor<?x8xf32>
  return %0 : tensor<?xi32>
}
