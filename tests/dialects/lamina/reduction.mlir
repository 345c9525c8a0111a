// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @reduction
func.func @reduction(%x: tensor<?x4x8xf32>, %b: tensor<?x4xi1>) {
// CHECK: lamina.reduce sum, %{{.*}} axes [1, 2] : tensor<?x4x8xf32>
  %0 = lamina.reduce sum, %x axes [1, 2] : tensor<?x4x8xf32>
// CHECK: lamina.reduce prod, %{{.*}} axes [-1] {keepdims = true} : tensor<?x4x8xf32>
  %1 = lamina.reduce prod, %x axes [-1] {keepdims = true} : tensor<?x4x8xf32>
// CHECK: lamina.reduce min, %{{.*}} axes [0] : tensor<?x4x8xf32>
  %2 = lamina.reduce min, %x axes [0] : tensor<?x4x8xf32>
// CHECK: lamina.reduce max, %{{.*}} axes [0, 1, 2] : tensor<?x4x8xf32>
  %3 = lamina.reduce max, %x axes [0, 1, 2] : tensor<?x4x8xf32>
// CHECK: lamina.reduce any, %{{.*}} axes [0] : tensor<?x4xi1>
  %4 = lamina.reduce any, %b axes [0] : tensor<?x4xi1>
// CHECK: lamina.reduce all, %{{.*}} axes [1] : tensor<?x4xi1>
  %5 = lamina.reduce all, %b axes [1] : tensor<?x4xi1>
// CHECK: lamina.argmax %{{.*}} axis 2 : tensor<?x4x8xf32>
  %6 = lamina.argmax %x axis 2 : tensor<?x4x8xf32>
// CHECK: lamina.size %{{.*}} axes [0, 1] : tensor<?x4x8xf32>
  %7 = lamina.size %x axes [0, 1] : tensor<?x4x8xf32>
// CHECK: lamina.cumsum %{{.*}} axis 1 : tensor<?x4x8xf32>
  %8 = lamina.cumsum %x axis 1 : tensor<?x4x8xf32>
// CHECK: lamina.cumsum %{{.*}} axis -1 {exclusive = true, reverse = true} : tensor<?x4x8xf32>
  %9 = lamina.cumsum %x axis -1 {exclusive = true, reverse = true} : tensor<?x4x8xf32>
  return
}
