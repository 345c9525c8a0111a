// RUN: lamina-opt %s --convert-lamina-to-linalg | FileCheck %s

// CHECK-LABEL: func @scan
// CHECK-SAME: %[[XS:.*]]: tensor<?x?x4xf32>, %[[H:.*]]: tensor<?x4xf32>
func.func @scan(%xs: tensor<?x?x4xf32>, %h: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x?x4xf32>) {
  // CHECK: %[[YS:.*]] = tensor.empty
  // CHECK: scf.for %[[T:.*]] = {{.*}} iter_args(%[[STATE:.*]] = %[[H]], %[[OUT:.*]] = %[[YS]])
  // CHECK: tensor.extract_slice %[[XS]][%[[T]], 0, 0]
  // CHECK: %[[SUM:.*]] = linalg.generic
  // CHECK: %[[NEXT:.*]] = bufferization.materialize_in_destination %[[SUM]] in %[[STATE]]
  // CHECK: %[[PLACED:.*]] = tensor.insert_slice %[[SUM]] into %[[OUT]][%[[T]], 0, 0]
  // CHECK: scf.yield %[[NEXT]], %[[PLACED]]
  %0:2 = lamina.scan inits(%h : tensor<?x4xf32>) sequences(%xs : tensor<?x?x4xf32>) {
  ^bb0(%s: tensor<?x4xf32>, %x: tensor<?x4xf32>):
    %n = lamina.add %s, %x : tensor<?x4xf32>, tensor<?x4xf32>
    lamina.yield %n, %n : tensor<?x4xf32>, tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?x?x4xf32>
  return %0#0, %0#1 : tensor<?x4xf32>, tensor<?x?x4xf32>
}
