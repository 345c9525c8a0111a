// RUN: lamina-opt %s --split-input-file --lamina-fuse-elementwise | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A step of arithmetic on one tensor merges into each of its readers.
// CHECK-LABEL: func @cheap
// CHECK-COUNT-2: arith.subf
// CHECK-NOT: arith.subf
func.func @cheap(%x: tensor<4x8xf32>, %m: tensor<4xf32>, %e: tensor<4x8xf32>, %s: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4x8xf32>) {
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<4x8xf32>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%d : tensor<4x8xf32>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %out, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %exp = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  return %sum, %exp : tensor<4xf32>, tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A function is computed once.
// CHECK-LABEL: func @dear
// CHECK-COUNT-1: math.exp
// CHECK-NOT: math.exp
func.func @dear(%x: tensor<4x8xf32>, %e: tensor<4x8xf32>, %s: tensor<4xf32>) -> (tensor<4xf32>, tensor<4x8xf32>) {
  %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%d : tensor<4x8xf32>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %out, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %twice = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  return %sum, %twice : tensor<4xf32>, tensor<4x8xf32>
}

// -----

// What was a scalar is padded in its own shape.
// CHECK-LABEL: func @scalar
// CHECK: tensor.pad
// CHECK: : tensor<1x1xf32> to tensor<3x4xf32>
func.func @scalar(%x: tensor<f32>) -> tensor<3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.expand_shape %x [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
  %1 = tensor.pad %0 low[0, 0] high[2, 3] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<1x1xf32> to tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Which places hold the maximum: readers of the same rows compare again, where they would read a byte instead.
// CHECK-LABEL: func @extremum
// CHECK: arith.maximumf
// CHECK: linalg.yield
// CHECK: arith.cmpf
// CHECK: arith.uitofp
// CHECK: arith.addf
// CHECK: linalg.yield
// CHECK: arith.cmpf
// CHECK: arith.select
// CHECK-NOT: linalg.generic
func.func @extremum(%x: tensor<4x8xf32>, %s: tensor<4xf32>, %b: tensor<4x8xi1>, %e: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %top = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.maximumf %out, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %is = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %top : tensor<4x8xf32>, tensor<4xf32>) outs(%b : tensor<4x8xi1>) {
  ^bb0(%a: f32, %t: f32, %out: i1):
    %0 = arith.cmpf oeq, %a, %t : f32
    linalg.yield %0 : i1
  } -> tensor<4x8xi1>
  %count = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%is : tensor<4x8xi1>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: i1, %out: f32):
    %0 = arith.uitofp %a : i1 to f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  %chosen = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%is, %x : tensor<4x8xi1>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: i1, %v: f32, %out: f32):
    %0 = arith.select %a, %v, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  return %count, %chosen : tensor<4xf32>, tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#one = affine_map<(d0) -> (d0)>

// A value a row that others repeat along it stays apart: as a second result it would keep them from the row.
// CHECK-LABEL: func @repeated
// CHECK: linalg.generic
// CHECK: arith.divf
// CHECK: linalg.generic
// CHECK: arith.mulf
// CHECK: linalg.generic
// CHECK: arith.mulf
func.func @repeated(%x: tensor<4x8xf32>, %n: tensor<4xf32>, %s: tensor<4xf32>, %e: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4x8xf32>) {
  %one = arith.constant 1.0 : f32
  %inverse = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%n : tensor<4xf32>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.divf %one, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %square = linalg.generic {indexing_maps = [#one, #one, #one], iterator_types = ["parallel"]}
      ins(%inverse, %n : tensor<4xf32>, tensor<4xf32>) outs(%s : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %scaled = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %inverse : tensor<4x8xf32>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %r: f32, %out: f32):
    %0 = arith.mulf %a, %r : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  return %square, %scaled : tensor<4xf32>, tensor<4x8xf32>
}
