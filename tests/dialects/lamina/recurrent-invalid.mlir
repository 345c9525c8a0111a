// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%h: tensor<4xf32>) {
  // expected-error @+2 {{'lamina.scan' op needs a sequence or a length}}
  // expected-error @+1 {{failed to infer returned types}}
  lamina.scan inits(%h : tensor<4xf32>) {
  ^bb0(%s: tensor<4xf32>):
    lamina.yield %s : tensor<4xf32>
  } -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>, %n: index) {
  // expected-error @+2 {{'lamina.scan' op takes its length from its sequences, not from an operand}}
  // expected-error @+1 {{failed to infer returned types}}
  lamina.scan sequences(%x : tensor<3x4xf32>) length %n {
  ^bb0(%s: tensor<4xf32>):
    lamina.yield %s : tensor<4xf32>
  } -> tensor<3x4xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>, %y: tensor<2x4xf32>) {
  // expected-error @+2 {{'lamina.scan' op takes sequences of equal length, not 3 and 2}}
  // expected-error @+1 {{failed to infer returned types}}
  lamina.scan sequences(%x, %y : tensor<3x4xf32>, tensor<2x4xf32>) {
  ^bb0(%s: tensor<4xf32>, %t: tensor<4xf32>):
    lamina.yield %s : tensor<4xf32>
  } -> tensor<3x4xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @+2 {{'lamina.scan' op takes sequences with a time axis, not scalars}}
  // expected-error @+1 {{failed to infer returned types}}
  lamina.scan sequences(%x : tensor<f32>) {
  ^bb0(%s: tensor<f32>):
    lamina.yield %s : tensor<f32>
  } -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<3x4xf32>) {
  // expected-error @+2 {{'lamina.scan' op its step must take the states, then one slice of each sequence, as they are typed}}
  // expected-error @+1 {{failed to infer returned types}}
  lamina.scan sequences(%x : tensor<3x4xf32>) {
  ^bb0(%s: tensor<3x4xf32>):
    lamina.yield %s : tensor<3x4xf32>
  } -> tensor<3x3x4xf32>
  return
}

// -----

func.func @f(%h: tensor<4xf32>, %x: tensor<3x4xf32>) {
  // expected-error @+2 {{'lamina.scan' op its step yields 0 values for 1 states}}
  // expected-error @+1 {{failed to infer returned types}}
  lamina.scan inits(%h : tensor<4xf32>) sequences(%x : tensor<3x4xf32>) {
  ^bb0(%s: tensor<4xf32>, %t: tensor<4xf32>):
    lamina.yield
  } -> tensor<4xf32>
  return
}

// -----

func.func @f(%h: tensor<4xf32>, %x: tensor<3x2xf32>) {
  // expected-error @+2 {{'lamina.scan' op state 0 is float32 (4,) but its step yields float32 (2,)}}
  // expected-error @+1 {{failed to infer returned types}}
  lamina.scan inits(%h : tensor<4xf32>) sequences(%x : tensor<3x2xf32>) {
  ^bb0(%s: tensor<4xf32>, %t: tensor<2xf32>):
    lamina.yield %t : tensor<2xf32>
  } -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.gradient' op has 2 losses but 1 cotangents}}
  lamina.gradient of(%x, %x : tensor<4xf32>, tensor<4xf32>) cotangents(%x : tensor<4xf32>) wrt(%x : tensor<4xf32>)
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<f32>) {
  // expected-error @+1 {{'lamina.gradient' op loss of shape (4,) has a cotangent of shape ()}}
  lamina.gradient of(%x : tensor<4xf32>) cotangents(%y : tensor<f32>) wrt(%x : tensor<4xf32>)
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @+1 {{'lamina.gradient' op takes floating point numbers, not int32}}
  lamina.gradient of(%x : tensor<4xf32>) cotangents(%x : tensor<4xf32>) wrt(%i : tensor<4xi32>)
  return
}
