// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{'lamina.reduce' op axis 2 is out of range for input of shape (?, 4)}}
  lamina.reduce sum, %x axes [2] : tensor<?x4xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{'lamina.reduce' op axis 1 is listed twice for input of shape (?, 4)}}
  lamina.reduce sum, %x axes [-1, 1] : tensor<?x4xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{'lamina.reduce' op takes bool, not float32}}
  lamina.reduce any, %x axes [1] : tensor<?x4xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xi1>) {
  // expected-error @+1 {{'lamina.reduce' op takes numbers, not bool}}
  lamina.reduce max, %x axes [1] : tensor<?x4xi1>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{'lamina.reduce' op attribute 'kind' failed to satisfy constraint: one of sum, prod, min, max, any, all}}
  lamina.reduce mean, %x axes [1] : tensor<?x4xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{'lamina.argmax' op axis 0 is out of range for input of shape ()}}
  lamina.argmax %x axis 0 : tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'lamina.argmax' op takes numbers, not bool}}
  lamina.argmax %x axis 0 : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.size' op axis -2 is out of range for input of shape (4,)}}
  lamina.size %x axes [-2] : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.cumsum' op axis 1 is out of range for input of shape (4,)}}
  lamina.cumsum %x axis 1 : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'lamina.cumsum' op takes numbers, not bool}}
  lamina.cumsum %x axis 0 : tensor<4xi1>
  return
}
