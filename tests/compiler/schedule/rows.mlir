// RUN: lamina-opt %s --lamina-schedule="vector-bytes=64 registers=32" | FileCheck %s

#image = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d0 + d5, d1 + d6, d2)>
#features = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
#kernel = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>

// The gradient of a kernel of three channels: three by three rows of two vectors are one tile, all tiles one item.
// CHECK-LABEL: func @few_rows
// CHECK: #lamina.schedule<distribute = {{\[}}0, 0, 0, 0, 0, 0, 0], tile = [1, 3, 3, 32,
func.func @few_rows(%x: tensor<?x66x66x3xf32>, %dy: tensor<?x64x64x32xf32>, %start: tensor<3x3x3x32xf32>) -> tensor<3x3x3x32xf32> attributes {lamina.kernel} {
  %sum = linalg.generic {indexing_maps = [#image, #features, #kernel],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x66x66x3xf32>, tensor<?x64x64x32xf32>) outs(%start : tensor<3x3x3x32xf32>)
      attrs = {lamina.shared_dims = 4 : i64} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<3x3x3x32xf32>
  return %sum : tensor<3x3x3x32xf32>
}

#pixels = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channels = affine_map<(d0, d1, d2, d3) -> (d3)>

// Pixels of three channels, scaled by channel: 32 of them are six vectors.
// CHECK-LABEL: func @short_rows
// CHECK: tile = [1, 1, 32, 3]
func.func @short_rows(%x: tensor<?x224x224x3xf32>, %scale: tensor<3xf32>, %to: tensor<?x224x224x3xf32>) -> tensor<?x224x224x3xf32> attributes {lamina.kernel} {
  %y = linalg.generic {indexing_maps = [#pixels, #channels, #pixels], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %scale : tensor<?x224x224x3xf32>, tensor<3xf32>) outs(%to : tensor<?x224x224x3xf32>) attrs = {lamina.shared_dims = 4 : i64} {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x224x224x3xf32>
  return %y : tensor<?x224x224x3xf32>
}

#means = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#sums = affine_map<(d0, d1, d2) -> (d0, d2)>
#mean = affine_map<(d0, d1) -> (d0, d1)>

// The mean over many positions: what a row sums counts, so that few rows are an item of work.
// CHECK-LABEL: func @work_of_sums
// CHECK: #lamina.schedule<distribute = {{\[}}1, 0], tile = [1, 64]
func.func @work_of_sums(%x: tensor<?x1024x64xf32>, %start: tensor<?x64xf32>, %to: tensor<?x64xf32>) -> tensor<?x64xf32> attributes {lamina.kernel} {
  %count = arith.constant 1024.0 : f32
  %sum = linalg.generic {indexing_maps = [#means, #sums], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x : tensor<?x1024x64xf32>) outs(%start : tensor<?x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  %mean = linalg.generic {indexing_maps = [#mean, #mean], iterator_types = ["parallel", "parallel"]}
      ins(%sum : tensor<?x64xf32>) outs(%to : tensor<?x64xf32>) attrs = {lamina.shared_dims = 2 : i64} {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.divf %in, %count : f32
    linalg.yield %0 : f32
  } -> tensor<?x64xf32>
  return %mean : tensor<?x64xf32>
}

#windows = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4, d5)>
#largest = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d5)>

// Windows side by side of few channels: as many rows of the result at once as fill vectors, and their windows whole.
// CHECK-LABEL: func @windows
// CHECK: #lamina.schedule<distribute = {{.*}}, tile = [1, 1, 0, 14, 0, 0], inner = [0, 0, 0, 0, 0, 0]>
func.func @windows(%x: tensor<?x14x2x14x2x6xf32>, %to: tensor<?x14x14x6xf32>) -> tensor<?x14x14x6xf32> attributes {lamina.kernel} {
  %y = linalg.generic {indexing_maps = [#windows, #largest], iterator_types = ["parallel", "parallel", "reduction", "parallel", "reduction", "parallel"]}
      ins(%x : tensor<?x14x2x14x2x6xf32>) outs(%to : tensor<?x14x14x6xf32>) attrs = {lamina.shared_dims = 0 : i64} {
  ^bb0(%a: f32, %max: f32):
    %0 = arith.maximumf %max, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x14x14x6xf32>
  return %y : tensor<?x14x14x6xf32>
}

#long = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Long rows that are read again: four together, of which the nearest cache keeps all.
// CHECK-LABEL: func @long_rows
// CHECK: #lamina.schedule<distribute = {{.*}}, tile = [4, 0], inner = [0, 64]>
func.func @long_rows(%x: tensor<?x768xf32>, %start: tensor<?xf32>, %to: tensor<?x768xf32>) -> tensor<?x768xf32> attributes {lamina.kernel} {
  %sum = linalg.generic {indexing_maps = [#long, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x768xf32>) outs(%start : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#long, #row, #long], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<?x768xf32>, tensor<?xf32>) outs(%to : tensor<?x768xf32>) attrs = {lamina.shared_dims = 1 : i64} {
  ^bb0(%in: f32, %s: f32, %out: f32):
    %0 = arith.divf %in, %s : f32
    linalg.yield %0 : f32
  } -> tensor<?x768xf32>
  return %y : tensor<?x768xf32>
}
