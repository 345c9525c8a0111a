// RUN: lamina-opt %s --split-input-file --verify-diagnostics

func.func @site_alone(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{needs flops, bytes and within with its site, and no other call has them}}
  %0 = lamina.call_kernel @kernel_0::@kernel(%x : tensor<4xf32>) into (%x : tensor<4xf32>) {site = 0 : i64} -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @work_alone(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  // expected-error @+1 {{needs flops, bytes and within with its site, and no other call has them}}
  %0 = lamina.call_kernel @kernel_0::@kernel(%x : tensor<4xf32>) into (%x : tensor<4xf32>) flops %n bytes %n -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
